// SPDX-License-Identifier: AGPL-3.0-or-later
//! What goes through the seam: batches in, orders out.

use std::time::Duration;

use bridge_model::{
    Alias, ChatChange, ChatId, Event, Message, MessageId, Moderation, NetworkId, Person, Place,
    Reaction, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::refusal::{Fallback, Refusal};
use crate::wording::Words;

/// What a listener heard, with the mark that says how far it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The network that heard it.
    pub network: NetworkId,
    /// Stored in the same transaction as the events.
    pub marks: Vec<Mark>,
    /// In the order in which they happened.
    pub events: Vec<Event>,
}

/// How far a listener has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Replaces the value under `key` (a polling offset, a session).
    Set {
        /// Unique within the network.
        key: String,
        /// Opaque to the core.
        value: Vec<u8>,
    },
    /// Makes the whole batch count once (a transaction id).
    Once {
        /// Unique within the network.
        key: String,
    },
    /// Counts messages that are too old to be shown.
    Missed(Missed),
}

/// Messages that were said in a chat while nobody listened, and that are too old to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The chat.
    pub place: Place,
    /// So many; 0 when nobody knows.
    pub messages: u64,
    /// When the first one was said.
    pub since: Timestamp,
    /// When the last one was said.
    pub until: Timestamp,
}

/// The number of a lane entry: unique over all lanes and for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub u64);

/// A lane entry made ready for its network: everything is resolved.
#[derive(Clone, Debug)]
pub struct Order {
    /// The entry's number; base of idempotency keys.
    pub entry: EntryId,
    /// Where to.
    pub chat: ChatId,
    /// What.
    pub act: Action,
    /// Parts of this order that are in the chat already.
    pub done: Vec<Part>,
    /// The newest message of the chat that the store knows; where `look` starts.
    pub after: Option<MessageId>,
    /// The source message's identity for [`Action::Post`], as a keyed hash in base32: the same on every
    /// try, different for every message, and it tells nothing about its origin.
    pub source: String,
    /// Says lines that stand for something, in the language of the chat.
    pub words: Words,
    /// It holds nothing private, and is said also where others than the members of the chat read it:
    /// in clear in an encrypted room.
    pub in_clear: bool,
}

/// What to do in a chat. Ids are those of the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Say something. Mentions of people of this network, reply targets and the thread are
    /// resolved; the rest is shown as text. `notes` are in the text already. A thread whose root
    /// the destination does not know is `None`.
    Post {
        /// As whom.
        send_as: SendAs,
        /// What; `reply_to`, if any, holds ids of the destination when `native_reply` is true.
        message: Message,
        /// The destination knows the message that is answered, under `reply_to.message`.
        native_reply: bool,
        /// Only this person sees it (Discord interaction token), where possible.
        answer_via: Option<String>,
    },
    /// Replace what was said before.
    Edit {
        /// As whom.
        send_as: SendAs,
        /// The parts that are there, in order.
        parts: Vec<Part>,
        /// The whole new version.
        message: Message,
        /// As for [`Action::Post`].
        native_reply: bool,
        /// The files are others than before. Networks cannot see what a message of theirs holds;
        /// without this they would send every file again with every corrected word.
        media_changed: bool,
    },
    /// Take away what was said before.
    Delete {
        /// As whom it was said.
        send_as: SendAs,
        /// The parts that are there.
        parts: Vec<Part>,
    },
    /// React.
    React {
        /// As whom.
        send_as: SendAs,
        /// To what.
        target: MessageId,
        /// With what.
        reaction: Reaction,
        /// The other reactions that the bridge carries to this message now, oldest first; for
        /// networks where the bot has few reactions.
        others: Vec<Reaction>,
    },
    /// Take a reaction back.
    Unreact {
        /// As whom.
        send_as: SendAs,
        /// From what.
        target: MessageId,
        /// Which.
        reaction: Reaction,
        /// The reaction's own id, on networks where it is an event.
        id: Option<MessageId>,
        /// The other reactions that the bridge carries to this message and that stay, oldest first.
        others: Vec<Reaction>,
    },
    /// Pin a message.
    Pin {
        /// Which.
        target: MessageId,
    },
    /// Unpin a message.
    Unpin {
        /// Which.
        target: MessageId,
    },
    /// Let nobody vote any more in a poll that the bridge posted.
    ClosePoll {
        /// As whom it was posted.
        send_as: SendAs,
        /// The parts that are there; the poll is among them.
        parts: Vec<Part>,
    },
    /// Make the chat look different.
    SetChat {
        /// How. A picture is a handle of any network.
        change: ChatChange,
    },
    /// Rename, close or open the thread that hangs on a message.
    SetThread {
        /// The message.
        root: MessageId,
        /// The new name.
        name: Option<String>,
        /// Close (`true`) or open it.
        closed: Option<bool>,
    },
    /// Bring what is shown of a person up to date, where the network has accounts for that.
    Refresh {
        /// The person.
        send_as: SendAs,
    },
    /// A person is no longer in the chat: their account of ours leaves it too.
    Withdraw {
        /// The person.
        send_as: SendAs,
    },
    /// A person is forgotten: their account of ours leaves the chat, and ends when that was the last
    /// one, without name and picture.
    Retire {
        /// The person.
        person: Person,
    },
    /// Let only the bot speak in the chat, or those again who could before.
    SetAccess {
        /// Who.
        access: Access,
    },
    /// Act on a member, as the bot. What is so already is a success.
    Moderate {
        /// On whom.
        whom: ModerationTarget,
        /// What.
        what: Moderation,
        /// Who wanted it and why, as the platform's log shows it.
        reason: String,
        /// When it is carried out.
        now: Timestamp,
    },
    /// Leave the chat for good (the platform forgets our webhook, ghosts part).
    Leave,
}

/// Somebody in the chat of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModerationTarget {
    /// A person of the chat's own network.
    Native(UserId),
    /// The account of ours that stands for a person of another network.
    Ghost(Person),
}

/// Who may speak in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Our bot alone, besides those whom the platform lets speak anyway. Holds what
    /// [`crate::Network::access`] said before.
    BotOnly(String),
    /// Those who could when [`crate::Network::access`] said this.
    AsBefore(String),
}

/// As whom something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAs {
    /// The core bot itself.
    Bot,
    /// A person of another network.
    Person {
        /// Who.
        person: Person,
        /// The display name at the source.
        name: String,
        /// A public address of the profile picture, where there is one.
        avatar_url: Option<String>,
        /// The handle of the profile picture.
        avatar: Option<bridge_model::MediaHandle>,
    },
}

/// One message of the destination that is (part of) a delivered order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its id.
    pub id: MessageId,
    /// It carries a file, so that its text is a caption.
    pub media: bool,
}

/// What a delivered order left in the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// For [`Action::Post`] and [`Action::Edit`]: all parts that are there now, in order.
    /// For [`Action::React`] on networks where a reaction is an event: that event.
    pub parts: Vec<Part>,
    /// Other names under which the network will speak of what was posted.
    pub also: Vec<Alias>,
    /// It was posted in another way than people expect; they are told so once for each chat.
    pub fallback: Option<Fallback>,
}

/// Why an order was not carried out, and how far it came.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// The decision.
    pub error: DeliverError,
    /// Parts that are in the chat now, including those of `Order::done`.
    pub done: Vec<Part>,
}

/// The variant is the decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// Keep it at the head and try again after the platform's delay, else with back-off.
    #[error("try again: {reason}")]
    Retry {
        /// The platform's own wish.
        after: Option<Duration>,
        /// Why, for the log.
        reason: String,
    },
    /// Drop it and tell its author.
    #[error("refused: {reason}")]
    Refused {
        /// Why, for the author and the log.
        reason: Refusal,
    },
    /// It may have happened: `look` before sending again.
    #[error("uncertain: {reason}")]
    Uncertain {
        /// Why, for the log.
        reason: String,
    },
    /// Halt the lane and tell the admins: the chat is gone or closed to us.
    #[error("chat closed: {reason}")]
    ChatClosed {
        /// Why, for the admins and the log.
        reason: Refusal,
    },
}

/// Whether a call to a platform may be made twice. After a doubtful answer that decides: what may be
/// repeated is repeated, for the rest the network looks what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// A second time makes a second message.
    Once,
    /// A second time changes nothing.
    Repeatable,
}

impl Failure {
    /// Nothing of the order is in the chat.
    pub fn clean(error: DeliverError) -> Self {
        Self { error, done: Vec::new() }
    }
}

impl DeliverError {
    /// For acts that can be repeated without harm.
    pub fn or_retry(self) -> Self {
        match self {
            Self::Uncertain { reason } => Self::Retry { after: None, reason },
            Self::Retry { .. } | Self::Refused { .. } | Self::ChatClosed { .. } => self,
        }
    }
}

impl SendAs {
    /// The display name, for everybody but the bot.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Bot => None,
            Self::Person { name, .. } => Some(name),
        }
    }
}
