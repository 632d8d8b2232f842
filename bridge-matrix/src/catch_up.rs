// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds what the homeserver has but did not hand over.
//!
//! Rule: after an outage a homeserver may keep a transaction back until the next outage (Synapse
//! decides whether we are up before it stores the transaction, and the last retry may end between
//! the two). So for a while after every start the rooms' timelines are compared with the store.

use std::time::Duration;

use bridge_model::{MessageId, Place};
use ruma::OwnedRoomId;
use ruma::api::Direction;
use ruma::api::client::message::get_message_events;
use serde_json::Value;

use super::client::Identity;
use super::listen::Listener;
use crate::NETWORK;
use bot_core::order::Batch;

/// How long after a start every transaction is compared with the timeline.
const SETTLING: Duration = Duration::from_secs(60);
/// When after a start the timelines are looked at of our own accord.
const LOOKS: [Duration; 3] =
    [Duration::from_secs(3), Duration::from_secs(12), Duration::from_secs(45)];
/// How far back something known is looked for.
const DEPTH: u32 = 100;

impl Listener {
    /// What was said in the rooms of a transaction before its first event there and is not known,
    /// followed by the transaction's own events.
    pub(super) async fn with_missed(&self, raw: &[Value]) -> Vec<Value> {
        let age = self.clock.now().0.saturating_sub(self.started.0);
        if u128::try_from(age).is_ok_and(|age| age > SETTLING.as_millis()) {
            return raw.to_vec();
        }
        let mut all = Vec::new();
        let mut rooms: Vec<&str> = raw.iter().filter_map(|event| text(event, "room_id")).collect();
        rooms.sort_unstable();
        rooms.dedup();
        for room in rooms {
            let timeline = self.unknown(room).await;
            let own =
                |event: &Value| raw.iter().any(|own| own.get("event_id") == event.get("event_id"));
            if let Some(first) = timeline.iter().position(own) {
                all.extend(timeline.into_iter().take(first));
            }
        }
        if !all.is_empty() {
            tracing::warn!(events = all.len(), "the homeserver had kept events back");
        }
        all.extend_from_slice(raw);
        all
    }

    /// Looks at the timelines of all linked rooms, a few times after a start.
    pub(super) async fn look_around(&self) {
        for delay in LOOKS {
            self.clock.sleep(delay).await;
            let rooms = self.sink.linked_chats(&NETWORK.into()).await.unwrap_or_default();
            for room in rooms {
                let raw = self.unknown(room.as_str()).await;
                if raw.is_empty() {
                    continue;
                }
                let mut events = Vec::new();
                for event in &self.opened(raw).await.unwrap_or_default() {
                    events.extend(self.convert(event).await);
                }
                let batch = Batch { network: NETWORK.into(), marks: Vec::new(), events };
                if let Err(error) = self.sink.accept(batch).await {
                    tracing::error!(%error, "events that the homeserver kept back were not stored");
                }
            }
        }
    }

    /// The messages of a room after the newest one that is known, oldest first; none when nothing
    /// is known, because then the room was linked a moment ago.
    async fn unknown(&self, room: &str) -> Vec<Value> {
        let Ok(room_id) = OwnedRoomId::try_from(room) else { return Vec::new() };
        let place = Place::new(NETWORK, room);
        if !matches!(self.store.portal_of(&place).await, Ok(Some(_))) {
            return Vec::new();
        }
        let mut request = get_message_events::v3::Request::new(room_id, Direction::Backward);
        request.limit = DEPTH.into();
        let Ok(answer) = self.client.send(request, &Identity::Bot).await else { return Vec::new() };
        let mut unknown = Vec::new();
        for event in &answer.chunk {
            let Ok(mut event) = serde_json::from_str::<Value>(event.json().get()) else { continue };
            let Some(id) = text(&event, "event_id").map(MessageId::from) else { continue };
            if matches!(self.store.find_replica(&place, &id).await, Ok(Some(_))) {
                unknown.reverse();
                return unknown;
            }
            let sender = text(&event, "sender").unwrap_or_default();
            if is_message(&event) && !self.ghosts.is_ours(sender) {
                if let Value::Object(fields) = &mut event {
                    fields.insert("room_id".into(), room.into());
                }
                unknown.push(event);
            }
        }
        Vec::new()
    }
}

fn text<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    event.get(key).and_then(Value::as_str)
}

/// A first version; edits, reactions and redactions come when they come.
fn is_message(event: &Value) -> bool {
    let relation = event.get("content").and_then(|content| content.get("m.relates_to"));
    let kind = relation.and_then(|relation| relation.get("rel_type")).and_then(Value::as_str);
    let says = |kind: &str| {
        matches!(kind, "m.room.message" | "m.sticker" | "m.room.encrypted")
            || kind.ends_with("poll.start")
    };
    text(event, "type").is_some_and(says) && kind != Some("m.replace")
}
