// SPDX-License-Identifier: AGPL-3.0-or-later
//! Entries and timers of layout 4, where the work of an entry was one struct with options.
//!
//! Rule: the structs never change; what they are made into may.

use bridge_model::{Content, Event, Place, Timestamp};
use serde::Deserialize;

use crate::lane::{
    Album, Answer, BotMessage, CORE, Entry, Relayed, Speaker, Summary, SummaryMessage, Work,
};
use crate::migration::Task;
use crate::order::EntryId;
use crate::store::records::TimerRecord;

/// An entry.
#[derive(Deserialize)]
pub struct OldEntry {
    id: EntryId,
    lane: Place,
    work: OldWork,
    media_changed: bool,
    album: Option<Album>,
    summary: Option<Summary>,
    held_until: Option<Timestamp>,
}

/// A timer.
#[derive(Deserialize)]
pub struct OldTimer {
    name: String,
    lane: Place,
    work: OldWork,
}

#[derive(Deserialize)]
struct OldWork {
    event: Event,
    speaker: Speaker,
    answer: Option<Answer>,
    task: Option<Task>,
}

impl From<OldEntry> for Entry {
    fn from(old: OldEntry) -> Self {
        let OldEntry { id, lane, work, media_changed, album, summary, held_until } = old;
        let work = match summary {
            Some(summary) => {
                let Event { place: origin, message: id, .. } = work.event;
                Work::Summary(SummaryMessage { origin, id, summary })
            }
            None => match work.into() {
                Work::Relay(relayed) => {
                    Relayed { media_changed, album, held_until, ..*relayed }.into()
                }
                work @ (Work::Say(_) | Work::Summary(_) | Work::Task(_)) => work,
            },
        };
        Self { id, lane, work, since: None }
    }
}

impl From<OldTimer> for TimerRecord {
    fn from(old: OldTimer) -> Self {
        let OldTimer { name, lane, work } = old;
        Self { name, lane, work: work.into() }
    }
}

impl From<OldWork> for Work {
    fn from(old: OldWork) -> Self {
        let OldWork { event, speaker, answer, task } = old;
        let of_core = event.place.network.as_str() == CORE;
        // A task alone had an event without an id, which said nothing.
        let nothing = of_core && event.message.as_str().is_empty();
        match (task, event) {
            (Some(task), Event { content: Content::Pinned, .. }) if nothing => Self::Task(task),
            (_, Event { place: origin, message: id, content: Content::Posted(message), .. })
                if of_core =>
            {
                let answer = answer.unwrap_or_default();
                Self::Say(Box::new(BotMessage { origin, id, message, answer }))
            }
            (task, event) => {
                let completes = match task {
                    Some(Task::Effect(tag)) => Some(tag),
                    Some(
                        Task::Due(_)
                        | Task::Room(..)
                        | Task::Tell(_)
                        | Task::Notices(_)
                        | Task::Moving(_)
                        | Task::Braked(..)
                        | Task::Retire(_)
                        | Task::Policy(_)
                        | Task::Returned
                        | Task::SelfTest(..),
                    )
                    | None => None,
                };
                Relayed { completes, ..Relayed::new(event, speaker) }.into()
            }
        }
    }
}
