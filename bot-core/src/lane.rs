// SPDX-License-Identifier: AGPL-3.0-or-later
//! The durable, ordered queue of one destination chat.
//!
//! Rule: everything that the bridge says in a chat goes through that chat's lane,
//! one entry after the other. `Deliver::find_sent` rests on it.

use std::time::Duration;

use bridge_model::{Event, Message, MessageId, Place, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::migration::{Tag, Task};
use crate::order::{EntryId, Part};
use crate::portal::Portal;
use crate::refusal::Refusal;

/// One thing to be done in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; they grow, and none is given twice.
    pub id: EntryId,
    /// The destination chat.
    pub lane: Place,
    /// What is to be done there.
    pub work: Work,
    /// When it was put there; unknown of entries that an older version has stored.
    #[serde(default)]
    pub since: Option<Timestamp>,
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
pub enum Work {
    /// An event: for the destination chat, or, in a lane of the core, for the desk.
    Relay(Box<Relayed>),
    /// A message of the core bot.
    Say(Box<BotMessage>),
    /// The bot's summary below another message.
    Summary(SummaryMessage),
    /// Something that is no message.
    Task(Task),
}

/// An event on its way to a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// What happened, at its own place.
    pub event: Event,
    /// As whom it is sent.
    pub speaker: Speaker,
    /// Of an edit: it exchanges files, not only words.
    pub media_changed: bool,
    /// Of a post: the messages of the album that it stands for.
    pub album: Option<Album>,
    /// Of a post: while this is set, a deletion removes the entry before it is sent.
    pub held_until: Option<Timestamp>,
    /// The effect of a migration step that is done when this entry is.
    pub completes: Option<Tag>,
}

/// A message of the core bot on its way to a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotMessage {
    /// The core's place under which the message is known, see [`core_place`].
    pub origin: Place,
    /// Its id there. Empty until the entry is appended, for a message without a key.
    pub id: MessageId,
    /// The message.
    pub message: Message,
    /// What it answers.
    pub answer: Answer,
}

/// A summary on its way to a chat. The relay computes the words when it carries the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryMessage {
    /// The core's place under which the bot's message is known, see [`core_place`].
    pub origin: Place,
    /// Its id there.
    pub id: MessageId,
    /// What it sums up.
    pub summary: Summary,
}

/// As whom something is sent.
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
    pub halted: Option<Refusal>,
    /// Something is carried before all that waits.
    pub urgent: bool,
}

/// The head of a lane with what its network needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneHead {
    /// The entry.
    pub entry: Entry,
    /// It is carried before the oldest entry of the lane, which may be under way.
    pub overtakes: bool,
    /// The newest message of the chat that the store knows.
    pub newest: Option<MessageId>,
    /// The lane stands still.
    pub halted: bool,
    /// Somebody has stopped it by hand; nothing but their hand sets it going again.
    pub by_hand: bool,
    /// Somebody wants the entry left out.
    pub left_out: bool,
    /// The portal of the lane's chat; for a lane of the core, that of the chat which it is for.
    pub portal: Option<Portal>,
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
    /// An entry without a number; the store gives it one.
    pub fn new(lane: Place, work: Work) -> Self {
        Self { id: EntryId(0), lane, work, since: None }
    }

    /// How long the courier waits: for more files of the same album, or for a deletion of the
    /// message.
    pub fn waits(&self, now: Timestamp) -> Option<Duration> {
        let relayed = self.work.relayed()?;
        let album = relayed.album.as_ref().and_then(|album| album.open_until);
        let until = album.max(relayed.held_until)?;
        // A clock that was set back must not make it wait for hours.
        let left = until.0.saturating_sub(now.0).min(ALBUM_LONGEST_MS);
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Files may still join the entry, or a deletion may still remove it.
    pub fn is_open(&self) -> bool {
        self.work.relayed().is_some_and(|relayed| {
            let album = relayed.album.as_ref().is_some_and(|album| album.open_until.is_some());
            album || relayed.held_until.is_some()
        })
    }
}

/// A message that a proxy bot may repost waits so long for its deletion, in milliseconds.
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
    /// Something that the core bot says in the chat of `lane`. A message with a `key` is said
    /// once, for ever; one without gets an id from the number of its entry.
    pub fn say(lane: &Place, key: Option<&str>, message: Message) -> Self {
        let (origin, id) = (core_place(lane), MessageId::from(key.unwrap_or_default()));
        Self::Say(Box::new(BotMessage { origin, id, message, answer: Answer::default() }))
    }

    /// The same, as an answer.
    pub fn answer(lane: &Place, answer: Answer, message: Message) -> Self {
        let (origin, id) = (core_place(lane), MessageId::from(""));
        Self::Say(Box::new(BotMessage { origin, id, message, answer }))
    }

    /// An event, sent as its author.
    pub fn of(event: Event) -> Self {
        Relayed::new(event, Speaker::Author).into()
    }

    /// An event, sent as the bot.
    pub fn by_bot(event: Event) -> Self {
        Relayed::new(event, Speaker::Bot).into()
    }

    /// The event that is relayed, with what belongs to it.
    pub fn relayed(&self) -> Option<&Relayed> {
        match self {
            Self::Relay(relayed) => Some(relayed),
            Self::Say(_) | Self::Summary(_) | Self::Task(_) => None,
        }
    }

    /// The event that is relayed.
    pub fn event(&self) -> Option<&Event> {
        self.relayed().map(|relayed| &relayed.event)
    }

    /// The effect of a migration step that is carried out with this entry.
    pub fn completes(&self) -> Option<Tag> {
        match self {
            Self::Relay(relayed) => relayed.completes,
            Self::Task(Task::Effect(tag)) => Some(*tag),
            Self::Task(
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
            | Self::Say(_)
            | Self::Summary(_) => None,
        }
    }

    /// The message that the entry sends or is about: where it was said first, and its id there.
    pub fn message(&self) -> Option<(&Place, &MessageId)> {
        match self {
            Self::Relay(relayed) => Some((&relayed.event.place, &relayed.event.message)),
            Self::Say(saying) => Some((&saying.origin, &saying.id)),
            Self::Summary(summary) => Some((&summary.origin, &summary.id)),
            Self::Task(_) => None,
        }
    }
}

impl From<Relayed> for Work {
    fn from(relayed: Relayed) -> Self {
        Self::Relay(Box::new(relayed))
    }
}

impl Relayed {
    /// An event that waits for nothing.
    pub fn new(event: Event, speaker: Speaker) -> Self {
        let (album, held_until, completes) = (None, None, None);
        Self { event, speaker, media_changed: false, album, held_until, completes }
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
