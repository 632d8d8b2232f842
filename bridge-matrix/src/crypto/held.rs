// SPDX-License-Identifier: AGPL-3.0-or-later
//! Events whose key has not come yet.
//!
//! Rule: an event is acknowledged upstream only when it is either in the lanes or here, and here
//! means on the disk. For a moment the room waits behind it, so that what was said in order is
//! told in order; after that the room goes on, and the event comes late or never.

use std::collections::HashSet;

use bridge_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::text;

/// Where the list stands in the bot's store of keys.
pub const KEPT: &str = "freeside.held";
/// So long a room waits for a key.
pub const GRACE_MS: i64 = 10_000;
/// So long an event is kept.
const LONGEST_MS: i64 = 7 * 24 * 3600 * 1000;
/// So many bytes of events are kept: the oldest go first.
const LARGEST: usize = 8 * 1024 * 1024;

/// The events, oldest first.
#[derive(Default)]
pub struct Held {
    events: Vec<Waiting>,
}

#[derive(Clone, Serialize)]
struct Waiting {
    event: Value,
    since: i64,
}

/// The same before its event is read.
#[derive(Deserialize)]
struct Stored {
    event: Box<RawValue>,
    since: i64,
}

/// One pass at the events in order: it says which are to be tried.
pub struct ReplayPass {
    waiting: HashSet<String>,
    now: i64,
}

impl Held {
    /// Reads what [`Held::write`] wrote, each event by itself: how deep one is, strangers decide.
    pub fn read(kept: Option<&[u8]>) -> Self {
        let stored: Vec<Stored> =
            kept.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let event = |stored: Stored| {
            let event = serde_json::from_str(stored.event.get()).ok()?;
            Some(Waiting { event, since: stored.since })
        };
        Self { events: stored.into_iter().filter_map(event).collect() }
    }

    /// The list as bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.events)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether a room waits.
    pub fn blocks_any(&self, now: Timestamp) -> bool {
        self.events.iter().any(|waiting| now.0.saturating_sub(waiting.since) < GRACE_MS)
    }

    /// The events, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.events.iter().map(|waiting| waiting.event.clone()).collect()
    }

    /// Whether what is said in a room has to wait behind an event of this list.
    pub fn blocks(&self, room: &str, now: Timestamp) -> bool {
        let young = |waiting: &Waiting| now.0.saturating_sub(waiting.since) < GRACE_MS;
        self.events.iter().any(|waiting| text(&waiting.event, "room_id") == room && young(waiting))
    }

    /// Takes an event in, once.
    pub fn hold(&mut self, event: &Value, now: Timestamp) {
        let id = text(event, "event_id");
        if self.events.iter().all(|waiting| text(&waiting.event, "event_id") != id) {
            tracing::info!(event = id, "an event waits for its key");
            self.events.push(Waiting { event: event.clone(), since: now.0 });
        }
    }

    /// Lets go of events that went their way.
    pub fn settle(&mut self, done: &HashSet<String>) {
        self.events.retain(|waiting| !done.contains(text(&waiting.event, "event_id")));
    }

    /// Gives up what is too old or too much. Says whether there was something.
    pub fn give_up(&mut self, now: Timestamp) -> bool {
        let before = self.events.len();
        let mut size = 0_usize;
        let mut kept: Vec<Waiting> = Vec::new();
        for waiting in std::mem::take(&mut self.events).into_iter().rev() {
            size = size.saturating_add(waiting.event.to_string().len());
            if size <= LARGEST && now.0.saturating_sub(waiting.since) < LONGEST_MS {
                kept.push(waiting);
            } else {
                let event = text(&waiting.event, "event_id");
                tracing::error!(event, "the key of an event never came: it does not cross");
            }
        }
        kept.reverse();
        self.events = kept;
        self.events.len() != before
    }

    /// Begins a pass at the events.
    pub fn replay_pass(now: Timestamp) -> ReplayPass {
        ReplayPass { waiting: HashSet::new(), now: now.0 }
    }

    fn since(&self, id: &str) -> Option<i64> {
        let found = self.events.iter().find(|waiting| text(&waiting.event, "event_id") == id);
        found.map(|waiting| waiting.since)
    }
}

impl ReplayPass {
    /// Whether nothing that stands before `event` in its room keeps it back.
    pub fn may_go(&self, event: &Value) -> bool {
        !self.waiting.contains(text(event, "room_id"))
    }

    /// The key of `event` is still missing.
    pub fn still_waits(&mut self, event: &Value, held: &Held) {
        let since = held.since(text(event, "event_id")).unwrap_or(self.now);
        if self.now.saturating_sub(since) < GRACE_MS {
            self.waiting.insert(text(event, "room_id").into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(room: &str, id: &str) -> Value {
        json!({ "room_id": room, "event_id": id })
    }

    #[test]
    fn a_room_waits_behind_an_event_for_a_moment_and_others_do_not() {
        let mut held = Held::default();
        held.hold(&event("!a", "$1"), Timestamp(1_000));
        assert!(held.blocks("!a", Timestamp(1_000 + GRACE_MS - 1)));
        assert!(!held.blocks("!a", Timestamp(1_000 + GRACE_MS)));
        assert!(!held.blocks("!b", Timestamp(1_000)));

        let mut pass = Held::replay_pass(Timestamp(2_000));
        pass.still_waits(&event("!a", "$1"), &held);
        assert!(!pass.may_go(&event("!a", "$2")));
        assert!(pass.may_go(&event("!b", "$3")));
        let mut late = Held::replay_pass(Timestamp(1_000 + GRACE_MS));
        late.still_waits(&event("!a", "$1"), &held);
        assert!(late.may_go(&event("!a", "$2")));
    }

    #[test]
    fn an_event_is_held_once_and_survives_a_restart() {
        let mut held = Held::default();
        for _ in 0..2 {
            held.hold(&event("!a", "$1"), Timestamp(1));
        }
        held.hold(&event("!a", "$2"), Timestamp(2));
        let mut again = Held::read(Some(&held.write().unwrap()));
        assert_eq!(again.events(), [event("!a", "$1"), event("!a", "$2")]);
        again.settle(&HashSet::from(["$1".to_owned()]));
        assert_eq!(again.events(), [event("!a", "$2")]);
    }

    #[test]
    fn what_is_too_old_or_too_much_is_given_up() {
        let mut held = Held::default();
        held.hold(&event("!a", "$old"), Timestamp(0));
        held.hold(&event("!a", "$new"), Timestamp(LONGEST_MS));
        assert!(held.give_up(Timestamp(LONGEST_MS)));
        assert_eq!(held.events(), [event("!a", "$new")]);
        held.hold(&event("!a", &"x".repeat(LARGEST)), Timestamp(LONGEST_MS));
        assert!(held.give_up(Timestamp(LONGEST_MS)));
        assert!(held.is_empty(), "one that is larger than everything takes all with it");
        assert!(!held.give_up(Timestamp(LONGEST_MS)));
    }

    #[test]
    fn an_event_of_any_depth_loses_no_other_when_the_list_is_read_again() {
        let mut held = Held::default();
        let nest = |inner, _| json!({ "a": inner });
        let mut deep = event("!a", "$deep");
        deep["content"] = (0..125).fold(json!(1), nest);
        held.hold(&deep, Timestamp(1));
        held.hold(&event("!a", "$2"), Timestamp(1));
        let read = Held::read(Some(&held.write().unwrap()));
        assert_eq!(read.events(), [deep, event("!a", "$2")]);
    }
}
