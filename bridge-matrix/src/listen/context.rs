// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an event needs to be understood and does not carry.
//!
//! Rule: what cannot be had is left out; the event is read without it.

use std::borrow::Cow;

use ruma::api::client::room::get_room_event;
use ruma::{OwnedEventId, OwnedRoomId};
use serde_json::Value;

use super::Listener;
use crate::client::Identity;

impl Listener {
    /// A state event with what was there before it. Homeservers put that into what they deliver,
    /// except for what they deliver late.
    pub(super) async fn with_previous<'e>(&self, room: &str, raw: &'e Value) -> Cow<'e, Value> {
        let unsigned = raw.get("unsigned");
        let has = |key: &str| unsigned.and_then(|unsigned| unsigned.get(key)).is_some();
        if raw.get("state_key").is_none() || has("prev_content") {
            return Cow::Borrowed(raw);
        }
        let replaced = unsigned.and_then(|unsigned| unsigned.get("replaces_state")?.as_str());
        let Some(replaced) = replaced else { return Cow::Borrowed(raw) };
        let before = self.event(room, replaced).await;
        let content = before.as_ref().and_then(|event| event.get("content"));
        let mut whole = raw.clone();
        if let (Some(content), Some(Value::Object(unsigned))) = (content, whole.get_mut("unsigned"))
        {
            unsigned.insert("prev_content".into(), content.clone());
        }
        Cow::Owned(whole)
    }

    /// One event of a room, as it is now
    /// (`GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`).
    pub(super) async fn event(&self, room: &str, event: &str) -> Option<Value> {
        let room = OwnedRoomId::try_from(room).ok()?;
        let event = OwnedEventId::try_from(event).ok()?;
        let request = get_room_event::v3::Request::new(room, event);
        let answer = self.client.send(request, &Identity::Bot).await.ok()?;
        serde_json::from_str(answer.event.json().get()).ok()
    }
}
