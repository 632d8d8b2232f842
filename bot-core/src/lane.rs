// SPDX-License-Identifier: AGPL-3.0-or-later
//! The durable, ordered queue of one destination chat.
//!
//! Rule: everything that the bridge says in a chat goes through that chat's lane,
//! one entry after the other. `Deliver::find_sent` rests on it.

use std::time::Duration;

use bridge_model::{
    Author, AuthorKind, Content, Event, Message, MessageId, Place, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::migration::Task;
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
    /// Of an edit: the files are others than before.
    pub media_changed: bool,
    /// Of a group of files that came as several messages: the messages.
    pub album: Option<Album>,
    /// It says how things stand when it is carried; the event says nothing.
    pub summary: Option<Summary>,
    /// Until when it waits for being taken away; `None` once nobody waits any more.
    pub held_until: Option<Timestamp>,
}

/// Files that came as several messages and are shown as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Album {
    /// When the first one came in.
    pub begun: Timestamp,
    /// Until when others may join it; `None` when it is closed.
    pub open_until: Option<Timestamp>,
    /// The messages, in order.
    pub members: Vec<Member>,
}

/// One message of an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which, at the place of the event.
    pub message: MessageId,
    /// How many files it has.
    pub files: u32,
}

/// One message of the bot below another one, edited in place, that says how things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Of what.
    pub kind: SummaryKind,
    /// Where the message was said first that it is about.
    pub place: Place,
    /// Its id there.
    pub message: MessageId,
}

/// What a summary sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SummaryKind {
    /// The votes on other networks.
    Poll,
    /// The reactions on other networks, where the bot can show one of them only.
    Reactions,
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
    /// What the entry does besides; where it does nothing else, the event says nothing.
    pub task: Option<Task>,
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
    /// The message whose copy in this chat is answered; nothing is said where there is none.
    pub of: Option<Original>,
}

/// A message that was said anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Where.
    pub place: Place,
    /// Its id there.
    pub message: MessageId,
    /// It stands in a thread; else an answer on Matrix begins one.
    pub threaded: bool,
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
pub struct LaneHead {
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
    pub author: UserId,
    /// It was taken away.
    pub deleted: bool,
    /// It has words, and not only files.
    pub words: bool,
    /// Its copies.
    pub copies: Vec<MessageCopy>,
    /// The reactions to it.
    pub reactions: Vec<KnownReaction>,
    /// The poll in it.
    pub poll: Option<KnownPoll>,
}

/// One copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCopy {
    /// Where.
    pub place: Place,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// The messages of the origin whose files these parts hold together; empty when they hold
    /// those of this message only.
    pub shared: Vec<MessageId>,
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
    /// The places that cannot show it.
    pub refused: Vec<Place>,
}

/// How a poll stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPoll {
    /// What the answers say, in order.
    pub answers: Vec<String>,
    /// Counts are shown while it is open.
    pub disclosed: bool,
    /// Nobody can vote any more.
    pub closed: bool,
    /// The votes for each answer, by the place where they were given.
    pub votes: Vec<(Place, Vec<u64>)>,
}

impl KnownPoll {
    /// The votes for each answer that were not given at `place`.
    pub fn elsewhere(&self, place: &Place) -> Vec<u64> {
        let mut sums = vec![0_u64; self.answers.len()];
        for (_, votes) in self.votes.iter().filter(|(at, _)| at != place) {
            for (sum, votes) in sums.iter_mut().zip(votes) {
                *sum = sum.saturating_add(*votes);
            }
        }
        sums
    }
}

impl Entry {
    /// Ordinary work; it gets its number when it is appended.
    pub fn new(lane: Place, work: Work) -> Self {
        let id = EntryId(0);
        let (album, summary, held_until) = (None, None, None);
        Self { id, lane, work, media_changed: false, album, summary, held_until }
    }

    /// How long the courier waits: for more files of the same album, or for the message to be
    /// taken away.
    pub fn waits(&self, now: Timestamp) -> Option<Duration> {
        let album = self.album.as_ref().and_then(|album| album.open_until);
        let until = album.max(self.held_until)?;
        // A clock that was set back must not make it wait for hours.
        let left = until.0.saturating_sub(now.0).min(ALBUM_LONGEST_MS);
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Files may still join it, or it may still be taken away.
    pub fn is_open(&self) -> bool {
        let album = self.album.as_ref().is_some_and(|album| album.open_until.is_some());
        album || self.held_until.is_some()
    }
}

/// A message that a program may say again waits so long for being taken away, in milliseconds.
pub const HELD_MS: i64 = 3000;

/// An album waits so long for the next of its files, in milliseconds.
pub const ALBUM_GRACE_MS: i64 = 1500;
/// An album waits so long for all of its files.
pub const ALBUM_LONGEST_MS: i64 = 4000;

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
        Self { event, speaker: Speaker::Bot, answer: None, task: None }
    }

    /// A summary in the chat of `lane`, said under its own key for as long as messages are known.
    pub fn summary(lane: &Place, key: &str, now: Timestamp) -> Self {
        let author = Author {
            user: UserId::from("bot"),
            kind: AuthorKind::Bot,
            name: String::new(),
            username: None,
            avatar: None,
        };
        Self::say(lane, Some(key), Message::new(author, now))
    }

    /// What happened, told as its author's doing.
    pub fn of(event: Event) -> Self {
        Self { event, speaker: Speaker::Author, answer: None, task: None }
    }

    /// Something that is done for the chat of `lane`, without a word.
    pub fn task(lane: &Place, task: Task) -> Self {
        let event = Event {
            place: core_place(lane),
            message: MessageId::from(""),
            late: false,
            content: Content::Pinned,
        };
        Self { event, speaker: Speaker::Bot, answer: None, task: Some(task) }
    }

    /// The same, with a task that is done when this is.
    #[must_use]
    pub fn with(mut self, task: Task) -> Self {
        self.task = Some(task);
        self
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
