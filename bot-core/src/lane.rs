// SPDX-License-Identifier: AGPL-3.0-or-later
//! The durable, ordered queue of one destination chat.
//!
//! Rule: everything that the bridge says in a chat goes through that chat's lane,
//! one entry after the other. `Deliver::look` rests on it.

use bridge_model::{Content, Event, Message, MessageId, Place};
use serde::{Deserialize, Serialize};

use crate::order::{EntryId, Part};

/// One thing to be done in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// The chat.
    pub lane: Place,
    /// What.
    pub work: Work,
}

/// What an entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What happened, at its own place.
    pub event: Event,
    /// Who says it here.
    pub speaker: Speaker,
    /// For the core bot's answers: to whom and what.
    pub answer: Option<Answer>,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speaker {
    /// The event's author, relayed.
    Author,
    /// The core bot.
    Bot,
}

/// Where an answer of the core bot hangs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The message of this very chat that is answered.
    pub to: Option<MessageId>,
    /// The network's handle for an answer that only one person sees.
    pub via: Option<String>,
}

/// A lane as the supervisor and `status` see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// The chat.
    pub place: Place,
    /// Entries that wait.
    pub depth: u64,
    /// Why it stands still, if it does.
    pub halted: Option<String>,
}

/// The head of a lane with what its network needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The entry.
    pub entry: Entry,
    /// The newest message of the chat that the store knows.
    pub newest: Option<MessageId>,
    /// The lane stands still.
    pub halted: bool,
}

/// What is known of a message and its copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Where it was said first.
    pub origin: Place,
    /// Its id there.
    pub message: MessageId,
    /// Who said it, on the network of `origin`.
    pub author: bridge_model::UserId,
    /// It was taken away.
    pub deleted: bool,
    /// Its copies.
    pub copies: Vec<Copy>,
    /// The reactions to it.
    pub reactions: Vec<KnownReaction>,
}

/// One copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where.
    pub place: Place,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// One reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownReaction {
    /// Who reacted.
    pub by: bridge_model::Person,
    /// With what.
    pub reaction: bridge_model::Reaction,
    /// It was not taken back.
    pub live: bool,
    /// The reaction events that stand for it, by place.
    pub events: Vec<(Place, MessageId)>,
}

impl Replica {
    /// The parts of the message at `place`, also when it is where it was said first.
    pub fn parts_at(&self, place: &Place) -> Vec<Part> {
        if self.origin == *place {
            return vec![Part { id: self.message.clone(), media: false }];
        }
        let copy = self.copies.iter().find(|copy| copy.place == *place);
        copy.map(|copy| copy.parts.clone()).unwrap_or_default()
    }
}

impl Work {
    /// Something that the core bot says in the chat of `lane`. `key` names it for ever, so that
    /// it is said once; without a key the entry's number does.
    pub fn say(lane: &Place, key: Option<&str>, message: Message) -> Self {
        let event = Event {
            place: core_place(lane),
            message: MessageId::from(key.unwrap_or_default()),
            late: false,
            content: Content::Posted(message),
        };
        Self { event, speaker: Speaker::Bot, answer: None }
    }

    /// The same, as an answer.
    #[must_use]
    pub fn answering(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }
}

/// The place at which the core bot's own words for a chat have their origin, and the lane of the
/// commands that were typed there.
pub fn core_place(chat: &Place) -> Place {
    Place::new(CORE, format!("{}/{}", chat.network, chat.chat.as_str()).as_str())
}

/// The inverse of [`core_place`].
pub fn chat_of_core_place(place: &Place) -> Option<Place> {
    let (network, chat) = place.chat.as_str().split_once('/')?;
    (place.network.as_str() == CORE).then(|| Place::new(network, chat))
}

/// The network id of the core bot's own places.
pub const CORE: &str = "core";
