// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rooms that go on elsewhere ("Room upgrades" in the specification).
//!
//! Rule: a room is followed only where both sides say so: the old one by its tombstone, which the
//! homeserver let only those send who may, and the new one by its creator or by naming the old
//! one.

use bridge_model::{ChatId, Content, Event, MessageId, Place};
use ruma::api::client::membership::join_room_by_id_or_alias;
use ruma::{OwnedRoomId, OwnedRoomOrAliasId, OwnedServerName, RoomId};
use serde_json::Value;

use super::Listener;
use super::context::Unanswered;
use crate::client::Identity;
use crate::{NETWORK, rooms};

/// The type of events that end a room.
pub(super) const TOMBSTONE: &str = "m.room.tombstone";

impl Listener {
    /// A linked room has ended: the core bot joins the new one. Where it may not, an invitation
    /// is waited for.
    pub(super) async fn moved(&self, room: &str, raw: &Value) -> Result<Option<Event>, Unanswered> {
        let is_state = raw.get("state_key").and_then(Value::as_str) == Some("");
        let Some(new) = replacement(raw).filter(|_| is_state) else { return Ok(None) };
        if self.was_removed_from(room).await? {
            return Ok(None);
        }
        let id = raw.get("event_id").and_then(Value::as_str).unwrap_or_default();
        self.follow((room, raw), &new, id).await
    }

    /// The core bot was asked into a room: is that where a linked one goes on?
    pub(super) async fn invited_to_successor(
        &self,
        new: &str,
        raw: &Value,
    ) -> Result<Option<Event>, Unanswered> {
        let Some(old) = predecessor_of_invitation(raw) else { return Ok(None) };
        if !self.is_linked(old).await? || self.was_removed_from(old).await? {
            return Ok(None);
        }
        let (Ok(old_id), Ok(new)) = (OwnedRoomId::try_from(old), RoomId::parse(new)) else {
            return Ok(None);
        };
        let tombstone = rooms::state(&self.client, &old_id, TOMBSTONE, "").await;
        let Some(tombstone) = self.answer(tombstone)? else { return Ok(None) };
        if replacement(&tombstone).as_ref() != Some(&new) {
            return Ok(None);
        }
        let id = raw.get("event_id").and_then(Value::as_str).unwrap_or_default();
        self.follow((old, &tombstone), &new, id).await
    }

    async fn follow(
        &self,
        (old, tombstone): (&str, &Value),
        new: &OwnedRoomId,
        event: &str,
    ) -> Result<Option<Event>, Unanswered> {
        let Some(sender) = tombstone.get("sender").and_then(Value::as_str) else {
            return Ok(None);
        };
        let mut request =
            join_room_by_id_or_alias::v3::Request::new(OwnedRoomOrAliasId::from(new.clone()));
        let server = sender.split_once(':').map(|(_, server)| server);
        request.via = Vec::from_iter(server.and_then(|it| OwnedServerName::try_from(it).ok()));
        if let Err(error) = self.client.send(request, &Identity::Bot).await {
            tracing::warn!(event, %error, "a room goes on where the core bot is not let in yet");
            return Ok(None);
        }
        let create = rooms::state(&self.client, new, "m.room.create", "").await;
        let Some(create) = self.answer(create)? else { return Ok(None) };
        let creator = create.get("sender").and_then(Value::as_str);
        if predecessor(&create) != Some(old) && creator != Some(sender) {
            tracing::warn!(event, "a room is said to go on in one that knows nothing of it");
            return Ok(None);
        }
        let to = ChatId::from(new.as_str());
        let place = Place::new(NETWORK, old);
        let message = MessageId::from(event);
        Ok(Some(Event { place, message, late: false, content: Content::Moved { to } }))
    }
}

/// The room that an invitation says its room follows.
fn predecessor_of_invitation(invitation: &Value) -> Option<&str> {
    let shown = invitation.get("unsigned").and_then(|unsigned| unsigned.get("invite_room_state"));
    let shown = shown.or_else(|| invitation.get("invite_room_state"))?.as_array()?;
    let is_create =
        |event: &&Value| event.get("type").and_then(Value::as_str) == Some("m.room.create");
    predecessor(shown.iter().find(is_create)?)
}

fn replacement(tombstone: &Value) -> Option<OwnedRoomId> {
    let room = tombstone.get("content")?.get("replacement_room")?.as_str()?;
    OwnedRoomId::try_from(room).ok()
}

fn predecessor(create: &Value) -> Option<&str> {
    create.get("content")?.get("predecessor")?.get("room_id")?.as_str()
}
