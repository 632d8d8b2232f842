// SPDX-License-Identifier: AGPL-3.0-or-later
//! The shapes of stored values that only the store sees.
//!
//! Rule: fields are only ever added at the end of an enum or in a new format version.

use bridge_model::{MessageId, Person, Place, Reaction, UserId};
use serde::{Deserialize, Serialize};

use crate::order::Part;

/// Counters and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The next lane entry's number.
    pub next_entry: u64,
    /// The next place's number.
    pub next_place: u32,
    /// The next portal's number.
    pub next_portal: u32,
    /// A random number made with the store.
    pub instance: String,
    /// The weeks that have message records, oldest first.
    pub buckets: Vec<u16>,
}

/// The state of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRecord {
    /// The chat.
    pub place: Place,
    /// Entries that wait.
    pub depth: u64,
    /// Why it stands still.
    pub halted: Option<String>,
    /// The newest message that was known when nothing of ours was under way.
    pub newest: Option<MessageId>,
    /// The newest message that is known.
    pub seen: Option<MessageId>,
}

/// What is known of one id in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageRecord {
    /// Said here first.
    Origin(Origin),
    /// A copy of what was said elsewhere: place number and id.
    Copy(u32, MessageId),
    /// A reaction event.
    Reaction {
        /// The message that was reacted to, in the same chat.
        target: MessageId,
        /// Who reacted.
        by: Person,
        /// With what.
        reaction: Reaction,
    },
    /// A command: seen, and never relayed.
    Command,
}

/// What is known of a message at its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The number of its place.
    pub place: u32,
    /// Its id there.
    pub message: MessageId,
    /// Who said it.
    pub author: UserId,
    /// Hash over the content, to tell an edit from an update that changes nothing.
    pub digest: [u8; 8],
    /// It was taken away.
    pub deleted: bool,
    /// It is pinned, and the pin has crossed.
    pub pinned: bool,
    /// Where its copies are.
    pub copies: Vec<(u32, Vec<Part>)>,
    /// Who reacted.
    pub reactions: Vec<ReactionRecord>,
}

/// One reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRecord {
    /// Who.
    pub by: Person,
    /// With what.
    pub reaction: Reaction,
    /// It was not taken back.
    pub live: bool,
    /// The reaction events that stand for it, by place number.
    pub events: Vec<(u32, MessageId)>,
}
