// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds what the homeserver has but did not hand over.
//!
//! Rule: after an outage a homeserver may keep a transaction back until the next outage (Synapse
//! decides whether we are up before it stores the transaction, and the last retry may end between
//! the two), and one that dies may forget what it was about to hand over. So for a while after every
//! start, and after every time when the homeserver could not be reached, the rooms' timelines are
//! compared with the store: each time people say something, as far back as they were compared before.

use std::collections::HashMap;
use std::time::Duration;

use bridge_model::{MessageId, Place};
use ruma::OwnedRoomId;
use ruma::api::Direction;
use ruma::api::client::message::get_message_events;
use serde_json::Value;

use super::client::Identity;
use super::listen::{Listener, Unanswered};
use crate::NETWORK;
use bot_core::network::SinkError;
use bot_core::order::Batch;

/// How long after the first transaction of a start, or after an outage, every one is compared with the
/// timeline.
const SETTLING: Duration = Duration::from_secs(60);
/// When after a start the timelines are looked at of our own accord.
const LOOKS: [Duration; 3] =
    [Duration::from_secs(3), Duration::from_secs(12), Duration::from_secs(45)];
/// The homeserver has delivered what it holds when it has said nothing for so long.
const QUIET: Duration = Duration::from_secs(2);
/// So often its quiet is waited for; then a look is taken all the same.
const WAITS: u32 = 15;
/// Between two looks at whether the homeserver could be reached.
const WATCH: Duration = Duration::from_secs(5);
/// Events on a page of the timeline.
const PAGE: u32 = 100;
/// How many pages back something known is looked for.
const PAGES: u32 = 5;

/// The events of a transaction and what was missed before them.
#[derive(Debug, Default)]
pub(super) struct WithMissed {
    /// In their order.
    pub(super) events: Vec<Value>,
    /// The rooms that were compared, each with the first event of the transaction there.
    pub(super) compared: Vec<(String, String)>,
}

impl Listener {
    /// The events of a transaction, and in their places between them what was said in the same rooms
    /// before them and is not known. A room of which only our accounts tell is not looked
    /// at: that says nothing of people.
    ///
    /// # Errors
    /// [`Unanswered`]: nothing is known of what was missed.
    pub(super) async fn with_missed(&self, raw: &[Value]) -> Result<WithMissed, Unanswered> {
        if self.age() > SETTLING {
            return Ok(WithMissed { events: raw.to_vec(), compared: Vec::new() });
        }
        // What was missed, by the event of the transaction that comes after it.
        let mut missed: HashMap<String, Vec<Value>> = HashMap::new();
        let mut compared = Vec::new();
        let is_persons = |event: &&Value| {
            text(event, "sender").is_some_and(|sender| !self.ghosts.is_ours(sender))
        };
        let persons = raw.iter().filter(is_persons);
        let mut rooms: Vec<&str> = persons.filter_map(|event| text(event, "room_id")).collect();
        rooms.sort_unstable();
        rooms.dedup();
        for room in rooms {
            if !self.is_linked(room).await? {
                // What is said there now is never shared.
                self.compared.forget(room);
                continue;
            }
            let here = raw.iter().filter(|event| text(event, "room_id") == Some(room));
            let own: Vec<&str> = here.filter_map(|event| text(event, "event_id")).collect();
            let timeline = self.unknown(room, (self.compared.up_to(room), &own)).await?;
            compared.extend(own.first().map(|first| (room.to_owned(), (*first).to_owned())));
            let mut before = Vec::new();
            for event in timeline {
                match text(&event, "event_id").filter(|id| own.contains(id)) {
                    Some(id) => drop(missed.insert(id.to_owned(), std::mem::take(&mut before))),
                    None => before.push(event),
                }
            }
        }
        let count: usize = missed.values().map(Vec::len).sum();
        if count > 0 {
            tracing::warn!(events = count, "the homeserver had kept events back");
        }
        let mut events = Vec::new();
        for event in raw {
            let before = text(event, "event_id").and_then(|id| missed.remove(id));
            events.extend(before.into_iter().flatten());
            events.push(event.clone());
        }
        Ok(WithMissed { events, compared })
    }

    /// Looks at the timelines of all linked rooms, a few times after a start and after each time when
    /// the homeserver could not be reached; for ever.
    pub(super) async fn watch_timelines(&self) {
        loop {
            let outages = self.client.outages();
            self.look_around().await;
            while self.client.outages() == outages {
                self.clock.sleep(WATCH).await;
            }
        }
    }

    async fn look_around(&self) {
        for delay in LOOKS {
            self.clock.sleep(delay).await;
            // What is on its way comes first, or it would come after what was said later.
            for _ in 0..WAITS {
                if self.quiet_for() >= QUIET {
                    break;
                }
                self.clock.sleep(QUIET).await;
            }
            let rooms = self.sink.linked_chats(&NETWORK.into()).await.unwrap_or_default();
            for room in rooms {
                if let Err(error) = self.catch_up(room.as_str()).await {
                    tracing::error!(%error, "events that the homeserver kept back were not stored");
                }
            }
        }
    }

    async fn catch_up(&self, room: &str) -> Result<(), SinkError> {
        let raw = self.unknown(room, (None, &[])).await?;
        if raw.is_empty() {
            return Ok(());
        }
        let mut events = Vec::new();
        for event in &self.opened(raw).await? {
            events.extend(self.convert(event).await?);
        }
        self.sink.accept(Batch { network: NETWORK.into(), marks: Vec::new(), events }).await
    }

    /// The messages of a room after the newest one of a person that is known, oldest first; none
    /// when no such one is found, because then the room was linked a moment ago. Our own messages
    /// say nothing of what people said before them: they may be known while that is on its way.
    /// What was said before the event `until` is known; what was said since is looked for behind
    /// known messages, too. The events `own` are there, too, whatever
    /// they are.
    async fn unknown(
        &self,
        room: &str,
        (until, own): (Option<String>, &[&str]),
    ) -> Result<Vec<Value>, Unanswered> {
        let Ok(room_id) = OwnedRoomId::try_from(room) else { return Ok(Vec::new()) };
        if !self.is_linked(room).await? {
            return Ok(Vec::new());
        }
        let place = Place::new(NETWORK, room);
        let (mut unknown, mut from) = (Vec::new(), None);
        for _ in 0..PAGES {
            let mut request =
                get_message_events::v3::Request::new(room_id.clone(), Direction::Backward);
            request.limit = PAGE.into();
            request.from = from;
            let answer = self.client.send(request, &Identity::Bot).await.map(Some);
            let Some(answer) = self.answer(answer)? else { return Ok(Vec::new()) };
            for event in &answer.chunk {
                let event = serde_json::from_str::<Value>(event.json().get());
                let Ok(mut event) = event else { continue };
                let Some(id) = text(&event, "event_id").map(MessageId::from) else { continue };
                if until.as_deref() == Some(id.as_str()) {
                    unknown.reverse();
                    return Ok(unknown);
                }
                if is_arrival(&event, self.ghosts.bot()) {
                    // What was said before the bot came, or came back, was not said to it; nor what came
                    // before the room was linked, of which nothing is known.
                    return Ok(Vec::new());
                }
                if self.ghosts.is_ours(text(&event, "sender").unwrap_or_default()) {
                    continue;
                }
                let known = self.store.find_replica(&place, &id).await;
                let known = known.map_err(|error| Unanswered::from(error.to_string()))?.is_some();
                if known && until.is_none() {
                    unknown.reverse();
                    return Ok(unknown);
                }
                let is_own = own.contains(&id.as_str());
                if known && !is_own {
                    continue;
                }
                if is_message(&event) || is_own {
                    if let Value::Object(fields) = &mut event {
                        fields.insert("room_id".into(), room.into());
                    }
                    unknown.push(event);
                }
            }
            from = answer.end;
            if from.is_none() {
                break;
            }
        }
        Ok(Vec::new())
    }
}

fn text<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    event.get(key).and_then(Value::as_str)
}

/// Whether the bot comes into the room with this event; a change of its profile is none.
fn is_arrival(event: &Value, bot: &str) -> bool {
    let membership = |at: &str| event.pointer(at).and_then(Value::as_str);
    text(event, "type") == Some("m.room.member")
        && text(event, "state_key") == Some(bot)
        && membership("/content/membership") == Some("join")
        && membership("/unsigned/prev_content/membership") != Some("join")
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
