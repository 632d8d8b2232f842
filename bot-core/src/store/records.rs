// SPDX-License-Identifier: AGPL-3.0-or-later
//! The shapes of stored values, where those are not the shapes of the domain.
//!
//! Rule: `tests/spine/store/pinned.rs` keeps the bytes of each. A packed record never changes
//! without a new version of its table; a named one may get fields that have a default.

use bridge_model::{
    Card, ChatChange, Event, MediaHandle, Message, MessageId, NetworkId, Person, Place, Reaction,
    Sticker, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::keys::Hash;
use crate::lane::Work;
use crate::media::preview::Preview;
use crate::network::MATRIX;
use crate::order::Part;
use crate::portal::PortalId;

/// Counters and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The layout of the store, see [`super::layout`].
    #[serde(default)]
    pub layout: u16,
    /// The next lane entry's number.
    pub next_entry: u64,
    /// The next place's number.
    pub next_place: u32,
    /// The next portal's number.
    pub next_portal: u32,
    /// A random number made with the store.
    pub instance: String,
    /// Made with the store; never leaves it.
    pub secret: String,
    /// The weeks that have message records, oldest first.
    pub buckets: Vec<u16>,
    /// Lanes that leave something out, see [`super::overflow`].
    #[serde(default)]
    pub overflowing: u32,
    /// Answers that wait, see [`super::answers`].
    #[serde(default)]
    pub answers: u32,
    /// The first week whose figures are not closed, by its number.
    #[serde(default)]
    pub open_week: i32,
    /// Chats of which something was missed that nobody was told yet, see `store/gaps.rs`.
    #[serde(default)]
    pub gaps: u32,
}

/// What was missed of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The chat in which it was said.
    pub place: Place,
    /// So many messages; 0 when nobody knows.
    pub messages: u64,
    /// When the first one was said.
    pub since: Timestamp,
    /// When the last one was said.
    pub until: Timestamp,
}

/// An answer of the core bot that yields to other messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingAnswer {
    /// Since when.
    pub since: Timestamp,
    /// The answer.
    pub work: Work,
}

/// A command that was typed and shown, and takes effect once it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirmed {
    /// Who typed it.
    pub by: Person,
    /// What was typed, without the prefix.
    pub command: String,
    /// Until when it can be confirmed.
    pub until: Timestamp,
    /// Its place among all that was typed; set when it is stored.
    pub number: u64,
}

/// What a lane leaves out while it is full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// By the chat in which it was said, in the order in which those began.
    pub left_out: Vec<LeftOut>,
}

/// What one chat said that was not kept for another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The chat in which it was said.
    pub from: Place,
    /// So many messages.
    pub messages: u64,
    /// So many edits, reactions and pins.
    pub changes: u64,
    /// When the first one came.
    pub since: Timestamp,
    /// When the last one came.
    pub until: Timestamp,
}

/// A timer that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRecord {
    /// Its name.
    pub name: String,
    /// The lane that gets the work.
    pub lane: Place,
    /// The work.
    pub work: Work,
}

/// An event that waits until the id of the message that it is about is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrphanRecord {
    /// The event.
    pub event: Event,
    /// Since when it waits.
    pub at: Timestamp,
}

/// Somebody who spoke in a portal, and in which week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Who.
    pub who: Acquaintance,
    /// The week, see [`super::keys::bucket`].
    pub week: u16,
    /// Grows with each time that this was written.
    #[serde(default)]
    pub number: u64,
}

/// What is known of how a chat looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// The last known change of each kind.
    pub known: Vec<ChatChange>,
    /// Ours that are under way, with the time at which they were ordered.
    pub coming: Vec<(ChatChange, Timestamp)>,
}

/// The state of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRecord {
    /// The chat.
    pub place: Place,
    /// Entries that wait.
    pub depth: u64,
    /// Why it stands still, see [`crate::refusal::stored`].
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
    /// Another name of a message: the number of the place where it stands, and its id there.
    Alias(u32, MessageId),
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
    /// Hash over what it says, to tell an edit from an update that changes nothing.
    pub digest: Fingerprint,
    /// Hash over its files.
    pub media: Fingerprint,
    /// It has words.
    pub words: bool,
    /// It was taken away.
    pub deleted: bool,
    /// It is pinned, and the pin has crossed.
    pub pinned: bool,
    /// Where its copies are.
    pub copies: Vec<CopyRecord>,
    /// Who reacted.
    pub reactions: Vec<ReactionRecord>,
    /// The poll in it.
    pub poll: Option<PollRecord>,
    /// The number of the topic's room that it is in, where topics have rooms.
    pub room: Option<u32>,
}

impl Origin {
    /// The message has this part in a place now.
    pub fn has_part(&self, place: u32, part: &MessageId) -> bool {
        let mut here = self.copies.iter().filter(|copy| copy.place == place);
        here.any(|copy| copy.parts.iter().any(|known| known.id == *part))
    }
}

/// A hash over a part of a message.
pub type Fingerprint = [u8; 8];

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRecord {
    /// The number of its place.
    pub place: u32,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// The messages of an album that these parts hold together; empty for one alone.
    pub shared: Vec<MessageId>,
}

/// A poll and its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollRecord {
    /// The answers: their ids at the origin, and what they say.
    pub answers: Vec<(String, String)>,
    /// How many of them one person may choose.
    pub choices: u32,
    /// Counts are shown while it is open.
    pub disclosed: bool,
    /// Nobody can vote any more.
    pub closed: bool,
    /// Who voted for what.
    pub votes: Vec<VoteRecord>,
    /// The networks' own counts, by place number; they outdo the votes that were seen there.
    pub counts: Vec<(u32, Vec<u64>)>,
}

impl PollRecord {
    /// The record of the poll in a new message.
    pub fn begin(message: &Message) -> Option<Self> {
        let Some(Card::Poll(poll)) = &message.card else { return None };
        let answers = poll.answers.iter();
        Some(Self {
            answers: answers.map(|answer| (answer.id.clone(), answer.text.plain())).collect(),
            choices: poll.choices,
            disclosed: poll.disclosed,
            closed: poll.closed,
            votes: Vec::new(),
            counts: Vec::new(),
        })
    }
}

/// What one person votes for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteRecord {
    /// The number of the place.
    pub place: u32,
    /// Hash over the person and the poll, see [`super::keys::voter`].
    pub voter: [u8; 16],
    /// The answers, as numbers in order.
    pub answers: Vec<u16>,
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
    /// The numbers of the places that cannot show it.
    pub refused: Vec<u32>,
}

/// What is known of a ghost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GhostRecord {
    /// Localpart of its Matrix id.
    pub localpart: String,
    /// Hash over the profile that was last sent to the homeserver.
    pub profile: Option<[u8; 16]>,
    /// The `mxc://` URI of its picture and the handle's hash that it was made from.
    pub avatar: Option<(String, [u8; 16])>,
    /// When the picture was last asked for.
    pub avatar_asked: Timestamp,
    /// Rooms that it has joined, as hashed places.
    pub rooms: Vec<[u8; 16]>,
}

/// Somebody who spoke in a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquaintance {
    /// Who.
    pub person: Person,
    /// The display name.
    pub name: String,
    /// The handle without `@`, where the network has one.
    pub username: Option<String>,
}

/// A custom emoji and the file that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmojiRecord {
    /// Whose it is.
    pub network: NetworkId,
    /// The network's id of it.
    pub id: String,
    /// Its short name without colons.
    pub name: String,
    /// It moves.
    pub animated: bool,
    /// The `mxc://` URI of its picture.
    pub mxc: String,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its `mxc://` URI.
    pub uri: String,
    /// The media type that it was declared as.
    pub mime: String,
    /// What it looks like.
    pub preview: Option<Preview>,
}

/// A code that somebody was given on another network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimOffer {
    /// Whose account it is.
    pub person: Person,
    /// What it is called.
    pub name: String,
    /// The chat with the bot alone in which it was asked for, where there is one.
    pub from: Option<Place>,
    /// The community in which it was asked for.
    pub portal: PortalId,
    /// When it ends.
    pub expires: Timestamp,
    /// Set once it was used.
    pub used: bool,
    /// The language in which the code was told.
    #[serde(default)]
    pub language: Option<String>,
}

/// Who may know that two accounts are one person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tie {
    /// Nobody but the person.
    #[default]
    Quiet,
    /// Everybody.
    Open,
}

/// An account that somebody on Matrix has claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The account.
    pub person: Person,
    /// What it is called, on its own network.
    pub name: String,
    /// Who it is on Matrix.
    pub mxid: String,
    /// What it says goes on to be said by its ghost.
    pub own_voice: bool,
    /// Its owner wants the power here that it has there, and lets the admins of the room know.
    pub asks: bool,
    /// The community in which it was claimed.
    pub portal: PortalId,
    /// Since when.
    pub since: Timestamp,
    /// Who may know of it. `None` where that was not chosen yet, because the claim is older than the
    /// choice; that is quiet.
    #[serde(default)]
    pub tie: Option<Tie>,
    /// Where and since when no ghost stands for the account any more. `None` for claims from before
    /// that was noted: everywhere since the claim.
    #[serde(default)]
    pub departed: Option<Vec<(PortalId, Timestamp)>>,
    /// The communities whose admins were asked to let its owner in.
    #[serde(default)]
    pub asked_in: Vec<PortalId>,
    /// Its owner does not want to be told of mentions.
    #[serde(default)]
    pub deaf: bool,
}

impl Claim {
    /// Whose account it is, as a person on Matrix.
    #[must_use]
    pub fn on_matrix(&self) -> Person {
        Person::new(MATRIX, self.mxid.as_str())
    }

    /// Who may know of it.
    #[must_use]
    pub fn tie(&self) -> Tie {
        self.tie.unwrap_or_default()
    }

    /// Since when no ghost stands for the account in a portal.
    #[must_use]
    pub fn departed_from(&self, portal: PortalId) -> Option<Timestamp> {
        match &self.departed {
            Some(all) => all.iter().find(|(known, _)| *known == portal).map(|(_, at)| *at),
            None => Some(self.since),
        }
    }
}

/// The chat on Matrix in which somebody is alone with the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateChat {
    /// Where.
    pub place: Place,
    /// The language that the bot speaks there, where it was chosen.
    pub language: Option<String>,
    /// When something was typed there last, or later.
    pub seen: Timestamp,
}

/// What somebody was told in private within an hour about mentions of their quiet accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// When the hour began.
    pub since: Timestamp,
    /// Whose mentions were told, by the hash of the author.
    pub told: Vec<Hash>,
    /// Mentions that were not told one by one.
    pub held: u64,
}

/// A topic with a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// The portal.
    pub portal: PortalId,
    /// The chat that the topic is in.
    pub end: Place,
    /// The message that it hangs on there.
    pub root: MessageId,
    /// What it was called when it came up.
    pub name: Option<String>,
    /// Its room; a made-up id until that is made.
    pub room: Place,
    /// How far the room is.
    pub state: TopicState,
}

/// How far a topic's room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TopicState {
    /// It is being made.
    Coming,
    /// It is there.
    Ready,
    /// It is there, but topics are threads of the main room at present.
    Closed,
    /// It could not be made, or the bot is no longer in it: the topic is a thread of the main room.
    Declined,
}

/// A sticker as its own network has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickerRecord {
    /// The file there.
    pub handle: MediaHandle,
    /// Its pack, its emoji and its type there.
    pub sticker: Sticker,
}
