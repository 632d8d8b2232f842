// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is done to a room itself: its pins, its name, topic and picture; and ghosts that leave.
//!
//! Rule: what is so already is not set again, so that nothing echoes.

use bridge_model::{ChatChange, EmojiPack, MessageId, Person, Place};
use ruma::api::client::account::deactivate;
use ruma::api::client::membership::leave_room;
use ruma::api::client::profile::set_profile_field;
use ruma::profile::ProfileFieldValue;
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::{Value, json};

use crate::action_error::ActionError;
use crate::client::{ClientError, Identity};
use crate::convert::incoming::PINS;
use crate::{MatrixNetwork, NETWORK, convert, ghosts, rooms};
use bot_core::network::MediaSource;
use bot_core::order::{DeliverError, SendAs};
use bot_core::store::keys;
use bot_core::{Refusal, Right};

/// The state of a room that holds a pack of emoji, <https://github.com/matrix-org/matrix-spec-proposals/pull/2545>.
const PACKS: &str = "im.ponies.room_emotes";

/// The power level for pinned messages, as Element calls it under *Roles & Permissions*.
const MANAGE_PINS: &str = "Manage pinned events";

impl MatrixNetwork {
    /// Adds an event to those that are pinned, or takes it away; the others stay.
    pub(super) async fn pin(
        &self,
        room: &OwnedRoomId,
        target: &MessageId,
        pinned: bool,
    ) -> Result<(), ActionError> {
        let state = rooms::state(&self.client, room, PINS, "").await?;
        let listed = state.as_ref().and_then(|event| event.get("content")?.get("pinned"));
        let mut ids = listed.and_then(Value::as_array).cloned().unwrap_or_default();
        let target = Value::from(target.as_str());
        if ids.contains(&target) == pinned {
            return Ok(());
        }
        if pinned {
            ids.push(target);
        } else {
            ids.retain(|id| *id != target);
        }
        match rooms::set_state(&self.client, room, (PINS, ""), &json!({ "pinned": ids })).await {
            // The bot is in the room, for it has read what is pinned.
            Err(error) if error.is("M_FORBIDDEN") => {
                let reason = Refusal::missing(Right::Pin, MANAGE_PINS);
                Err(DeliverError::Refused { reason }.into())
            }
            other => Ok(other?),
        }
    }

    /// Sets name, topic or picture as the core bot.
    pub(super) async fn set_chat(
        &self,
        room: &OwnedRoomId,
        change: &ChatChange,
        source: &dyn MediaSource,
    ) -> Result<(), ActionError> {
        let (kind, key, value) = match change {
            ChatChange::Emoji(pack) => return Ok(self.set_pack(room, pack).await?),
            ChatChange::Name(name) => ("m.room.name", "name", name.clone()),
            ChatChange::Topic(topic) => ("m.room.topic", "topic", topic.clone()),
            ChatChange::Avatar(None) => ("m.room.avatar", "url", String::new()),
            ChatChange::Avatar(Some(handle)) => {
                let uploaded = self.picture_of_room(handle, source).await?;
                let Some((uri, mime)) = uploaded else {
                    let reason = Refusal::file("the picture cannot be fetched");
                    return Err(DeliverError::Refused { reason }.into());
                };
                let content = json!({ "url": uri, "info": { "mimetype": mime } });
                let set = rooms::set_state(&self.client, room, ("m.room.avatar", ""), &content);
                return Ok(set.await?);
            }
        };
        let state = rooms::state(&self.client, room, kind, "").await?;
        let is = state.as_ref().and_then(|event| event.get("content")?.get(key)?.as_str());
        if is.unwrap_or_default() == value {
            return Ok(());
        }
        // A topic that is gone is an empty one: Synapse refuses an event without.
        let gone = matches!(change, ChatChange::Avatar(None));
        let content = if gone { json!({}) } else { json!({ key: value }) };
        Ok(rooms::set_state(&self.client, room, (kind, ""), &content).await?)
    }

    /// Makes custom emoji known to everybody in the room (MSC2545).
    async fn set_pack(&self, room: &OwnedRoomId, pack: &EmojiPack) -> Result<(), ClientError> {
        let content = convert::outgoing::emoji_pack(pack);
        let state = rooms::state(&self.client, room, PACKS, &pack.id).await?;
        let is = state.as_ref().and_then(|event| event.get("content"));
        if is == Some(&content) || (is.is_none() && pack.emoji.is_empty()) {
            return Ok(());
        }
        rooms::set_state(&self.client, room, (PACKS, &pack.id), &content).await
    }

    /// The ghost leaves the room. One that is not there has left already.
    pub(super) async fn withdraw(
        &self,
        send_as: &SendAs,
        room: &OwnedRoomId,
    ) -> Result<(), ActionError> {
        let SendAs::Person { person, .. } = send_as else { return Ok(()) };
        let stored = self.store.ghost(person).await.map_err(ghosts::retry)?;
        let place = keys::place(&Place::new(NETWORK, room.as_str()));
        let Some(mut record) = stored.filter(|record| record.rooms.contains(&place)) else {
            return Ok(());
        };
        let mxid = OwnedUserId::try_from(self.ghosts.mxid(&record.localpart))
            .map_err(|error| DeliverError::Refused { reason: Refusal::unexpected(error) })?;
        let request = leave_room::v3::Request::new(room.clone());
        match self.client.send(request, &Identity::Ghost(mxid)).await {
            Ok(_) => {}
            Err(error) if error.is("M_FORBIDDEN") || error.is("M_NOT_FOUND") => {}
            Err(error) => return Err(error.into()),
        }
        record.rooms.retain(|joined| *joined != place);
        Ok(self.store.save_ghost(person, record).await.map_err(ghosts::retry)?)
    }

    /// The ghost of somebody who is forgotten leaves a room. With the last one its name, picture and
    /// files go, it is deactivated, and nothing leads to it any more. Each step can be repeated.
    ///
    /// # Errors
    /// The decision about the entry.
    pub(super) async fn retire(
        &self,
        person: &Person,
        room: &OwnedRoomId,
    ) -> Result<(), ActionError> {
        let Some(record) = self.store.ghost(person).await.map_err(ghosts::retry)? else {
            return Ok(());
        };
        let mxid = OwnedUserId::try_from(self.ghosts.mxid(&record.localpart))
            .map_err(|error| DeliverError::Refused { reason: Refusal::unexpected(error) })?;
        let request = leave_room::v3::Request::new(room.clone());
        done_or_refused(self.client.send(request, &Identity::Ghost(mxid.clone())).await.map(drop))?;
        let place = Place::new(NETWORK, room.as_str());
        let left = self.store.ghost_left(person, &place).await.map_err(ghosts::retry)?;
        if left > 0 {
            return Ok(());
        }
        self.end_ghost(mxid).await?;
        Ok(self.store.drop_ghost(person).await.map_err(ghosts::retry)?)
    }

    /// Takes name, picture and files away and deactivates the account; Synapse asks an application
    /// service for no further authentication
    /// (<https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountdeactivate>).
    async fn end_ghost(&self, mxid: OwnedUserId) -> Result<(), ActionError> {
        let ghost = Identity::Ghost(mxid.clone());
        for value in [
            ProfileFieldValue::DisplayName(String::new()),
            ProfileFieldValue::AvatarUrl(ruma::OwnedMxcUri::from("")),
        ] {
            let request = set_profile_field::v3::Request::new(mxid.clone(), value);
            done_or_refused(self.client.send(request, &ghost).await.map(drop))?;
        }
        if !done_or_refused(self.client.delete_media_of(&mxid).await)? {
            tracing::info!(
                "the files of an account that ended stay: the homeserver lets only its admins \
                 delete them, and the bot is none"
            );
        }
        let mut request = deactivate::v3::Request::new();
        request.erase = true;
        if !done_or_refused(self.client.send(request, &ghost).await.map(drop))? {
            tracing::warn!("the homeserver does not let an account of ours end; it has no name");
        }
        Ok(())
    }
}

/// Whether it was done; a homeserver that refuses it, or does not know it, holds nothing up.
fn done_or_refused(result: Result<(), ClientError>) -> Result<bool, ActionError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.is_refusal() => Ok(false),
        Err(error) => Err(error.decide().or_retry().into()),
    }
}
