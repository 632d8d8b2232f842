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
use crate::client::Identity;
use crate::{NETWORK, rooms};

/// The type of events that end a room.
pub(super) const TOMBSTONE: &str = "m.room.tombstone";

impl Listener {
    /// A linked room has ended: the core bot joins the new one. Where it may not, an invitation
    /// is waited for.
    pub(super) async fn moved(&self, room: &str, raw: &Value) -> Option<Event> {
        if raw.get("state_key").and_then(Value::as_str) != Some("") || !self.is_linked(room).await {
            return None;
        }
        let new = replacement(raw)?;
        let id = raw.get("event_id").and_then(Value::as_str).unwrap_or_default();
        self.follow((room, raw), &new, id).await
    }

    /// The core bot was asked into a room: is that where a linked one goes on?
    pub(super) async fn invited_to_successor(&self, new: &str, raw: &Value) -> Option<Event> {
        let shown = raw.get("unsigned").and_then(|unsigned| unsigned.get("invite_room_state"));
        let shown = shown.or_else(|| raw.get("invite_room_state"))?.as_array()?;
        let kind =
            |event: &&Value| event.get("type").and_then(Value::as_str) == Some("m.room.create");
        let old = predecessor(shown.iter().find(kind)?)?;
        if !self.is_linked(old).await {
            return None;
        }
        let old_id = OwnedRoomId::try_from(old).ok()?;
        let tombstone = rooms::state(&self.client, &old_id, TOMBSTONE, "").await.ok()??;
        if replacement(&tombstone).as_ref().map(|room| room.as_str()) != Some(new) {
            return None;
        }
        let new = RoomId::parse(new).ok()?;
        let id = raw.get("event_id").and_then(Value::as_str).unwrap_or_default();
        self.follow((old, &tombstone), &new, id).await
    }

    async fn follow(
        &self,
        (old, tombstone): (&str, &Value),
        new: &OwnedRoomId,
        event: &str,
    ) -> Option<Event> {
        let sender = tombstone.get("sender").and_then(Value::as_str)?;
        let mut request =
            join_room_by_id_or_alias::v3::Request::new(OwnedRoomOrAliasId::from(new.clone()));
        let server = sender.split_once(':').map(|(_, server)| server);
        request.via = Vec::from_iter(server.and_then(|it| OwnedServerName::try_from(it).ok()));
        if let Err(error) = self.client.send(request, &Identity::Bot).await {
            tracing::warn!(event, %error, "a room goes on where the core bot is not let in yet");
            return None;
        }
        let create = rooms::state(&self.client, new, "m.room.create", "").await.ok()??;
        let creator = create.get("sender").and_then(Value::as_str);
        if predecessor(&create) != Some(old) && creator != Some(sender) {
            tracing::warn!(event, "a room is said to go on in one that knows nothing of it");
            return None;
        }
        let to = ChatId::from(new.as_str());
        let place = Place::new(NETWORK, old);
        let message = MessageId::from(event);
        Some(Event { place, message, late: false, content: Content::Moved { to } })
    }

    async fn is_linked(&self, room: &str) -> bool {
        matches!(self.store.portal_of(&Place::new(NETWORK, room)).await, Ok(Some(_)))
    }
}

fn replacement(tombstone: &Value) -> Option<OwnedRoomId> {
    let room = tombstone.get("content")?.get("replacement_room")?.as_str()?;
    OwnedRoomId::try_from(room).ok()
}

fn predecessor(create: &Value) -> Option<&str> {
    create.get("content")?.get("predecessor")?.get("room_id")?.as_str()
}
