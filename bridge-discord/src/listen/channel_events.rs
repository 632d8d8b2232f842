// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happened in a channel that is linked, or in a thread of it.
//!
//! Rule: events are about the channel that Discord names; the location puts them where they
//! belong.

use bridge_model::{Content, Event, VoteChange};
use serde_json::Value;

use super::linked_location::LinkedLocation;
use super::{HeardEvents, Listener};
use crate::convert::incoming::{self, Ours};

/// The flag of a message whose previews were taken away.
const SUPPRESSED: u64 = 1 << 2;

/// The flag of a copy whose original was deleted in the channel that it comes from.
const ORIGINAL_DELETED: u64 = 1 << 3;

impl Listener {
    /// What one gateway event in `channel` comes to.
    pub(super) fn hear_in(
        &mut self,
        (channel, location): (&str, &LinkedLocation),
        (kind, data): (&str, &Value),
        ours: &Ours,
    ) -> HeardEvents {
        let mut heard = HeardEvents::default();
        heard.events = match kind {
            "MESSAGE_CREATE" => {
                let id = incoming::id(data, "id");
                heard.last = id.map(|id| (channel.to_owned(), id.to_owned()));
                self.created(location, data, ours)
            }
            "MESSAGE_UPDATE" => self.updated(channel, data, ours),
            "MESSAGE_DELETE" => {
                let id = incoming::id(data, "id");
                id.and_then(|id| self.deletion(channel, id)).into_iter().collect()
            }
            "MESSAGE_DELETE_BULK" => {
                let ids = incoming::list(data, "ids").iter().filter_map(Value::as_str);
                ids.filter_map(|id| self.deletion(channel, id)).collect()
            }
            "MESSAGE_REACTION_ADD" => incoming::reacted(data, ours).into_iter().collect(),
            "MESSAGE_REACTION_REMOVE" => incoming::unreacted(data, ours).into_iter().collect(),
            "MESSAGE_REACTION_REMOVE_ALL" | "MESSAGE_REACTION_REMOVE_EMOJI" => {
                incoming::cleared(data).into_iter().collect()
            }
            "MESSAGE_POLL_VOTE_ADD" => {
                incoming::voted(data, VoteChange::Add, ours).into_iter().collect()
            }
            "MESSAGE_POLL_VOTE_REMOVE" => {
                incoming::voted(data, VoteChange::Remove, ours).into_iter().collect()
            }
            "CHANNEL_DELETE" => vec![incoming::closed(channel)],
            _ => Vec::new(),
        };
        heard.events = heard.events.into_iter().map(|event| location.place(event)).collect();
        heard
    }

    fn created(&mut self, location: &LinkedLocation, data: &Value, ours: &Ours) -> Vec<Event> {
        self.memory.announce(data);
        self.memory.meet(data, ours);
        let (_, kind) = incoming::flags_and_type(data);
        // A thread tells of its new name itself.
        if location.thread.is_some() && kind == 4 {
            return Vec::new();
        }
        let events = incoming::created(data, &self.shared.names_in(data), ours, false);
        if events.is_empty() {
            tracing::debug!(kind, "a message without anything to read was skipped");
        }
        events
    }

    fn updated(&mut self, channel: &str, data: &Value, ours: &Ours) -> Vec<Event> {
        let names = self.shared.names_in(data);
        let (flags, _) = incoming::flags_and_type(data);
        let mut events = Vec::new();
        if self.memory.is_unpinned(data) {
            let message = incoming::id(data, "id");
            events.extend(message.map(|id| incoming::about(channel, id, Content::Unpinned)));
        }
        if ours.said(data) {
            return events;
        }
        if flags & ORIGINAL_DELETED != 0 {
            let id = incoming::id(data, "id");
            return id.and_then(|id| self.deletion(channel, id)).into_iter().collect();
        }
        // Whoever thought about it may have begun before this process did; the core knows whether
        // the message is new.
        if self.memory.is_written(data) || incoming::is_late_answer(data) {
            events.extend(incoming::created(data, &names, ours, false));
            if incoming::text(data, "edited_timestamp").is_none() {
                return events;
            }
        }
        if self.memory.is_new_edit(data) {
            events.extend(incoming::edited(data, &names, ours));
        } else if flags & SUPPRESSED != 0 || incoming::is_picked(data, ours) {
            // Whose card was taken away says less than before, and the film that somebody picked
            // may come after its address; the core drops the rest.
            events.extend(incoming::changed(data, &names, ours));
        }
        events.extend(incoming::counted(data));
        events
    }

    pub(super) fn deletion(&self, channel: &str, id: &str) -> Option<Event> {
        (!self.shared.deleted_by_us(id)).then(|| incoming::deleted(channel, id))
    }
}
