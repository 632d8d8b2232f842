// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lines that stand for what cannot be shown otherwise: the closed set of them.
//!
//! Rule: a note holds values, never sentences; the core says it in the room's language. Whoever
//! reads the line knows that something was there and what it was.

use serde::{Deserialize, Serialize};

use crate::{NetworkId, Timestamp};

/// One line that stands for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// A file that is not there.
    FileMissing {
        /// Its name.
        name: Option<String>,
        /// In bytes.
        size: Option<u64>,
        /// Why.
        why: Missing,
    },
    /// A random value: dice, darts, football.
    Dice {
        /// Which game.
        emoji: String,
        /// What came out.
        value: u32,
    },
    /// A game.
    Game {
        /// What it is called.
        title: String,
    },
    /// A bill.
    Invoice {
        /// What for.
        title: String,
        /// Such as `12.50 EUR`.
        amount: Option<String>,
    },
    /// Files that cost something.
    PaidMedia,
    /// A draw of prizes.
    Giveaway,
    /// A present.
    Gift,
    /// Somebody's story.
    Story {
        /// Whose.
        from: Option<String>,
    },
    /// A business card.
    Contact {
        /// The name on it.
        name: String,
    },
    /// A poll whose kind the network cannot show; question and answers stand above.
    PollElsewhere,
    /// The poll stands above as text.
    PollClosed,
    /// Somebody shares where they are.
    LiveLocation {
        /// Until when; `None` when it has ended.
        until: Option<Timestamp>,
    },
    /// A button that only works where the message was said.
    Button {
        /// What it says.
        label: String,
    },
    /// Something that this version does not know.
    Unknown,
    /// Something happened in the chat.
    Service(Service),
    /// So much waits for another chat that what is said here is not kept for it.
    ChatFull {
        /// The other chat's network.
        network: NetworkId,
        /// The other chat's title, where it is known.
        title: Option<String>,
    },
    /// What another chat said was not kept for this one, because too much was waiting.
    LeftOut {
        /// The other chat's network.
        network: NetworkId,
        /// The other chat's title, where it is known.
        title: Option<String>,
        /// So many messages.
        messages: u64,
        /// So many edits, reactions and pins.
        changes: u64,
        /// When the first one came.
        since: Timestamp,
        /// When the last one came.
        until: Timestamp,
    },
    /// The poll has right and wrong answers.
    Quiz,
    /// What another chat said while nobody listened is too old to be shown.
    Missed {
        /// The other chat's network.
        network: NetworkId,
        /// The other chat's title, where it is known.
        title: Option<String>,
        /// So many messages; 0 when nobody knows.
        messages: u64,
        /// When the first one was said.
        since: Timestamp,
        /// When the last one was said.
        until: Timestamp,
    },
    /// The message comes long after it was said.
    SentAt {
        /// When it was said.
        at: Timestamp,
    },
}

/// Why a file is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// Larger than what can be fetched from where it is.
    TooLargeToFetch,
    /// Larger than what can be sent here.
    TooLargeToSend,
    /// The platform does not give it.
    Unavailable,
    /// Its hidden data could not be taken out.
    Unclean,
    /// No files leave their chat.
    StaysHere,
}

/// Something happened in a chat that nobody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// People came.
    Joined {
        /// Their names.
        names: Vec<String>,
    },
    /// Somebody left, or was removed by the author.
    Left {
        /// The name.
        name: String,
        /// By somebody else.
        removed: bool,
    },
    /// The chat has another name.
    Renamed {
        /// Which.
        to: String,
    },
    /// The chat has another description.
    Described {
        /// Which; empty when there is none any more.
        to: String,
    },
    /// The chat has another picture, or none.
    Pictured {
        /// It was taken away.
        removed: bool,
    },
    /// Something was pinned.
    Pinned,
    /// A thread or topic was opened.
    ThreadOpened {
        /// What it is called.
        name: String,
    },
    /// A thread or topic has another name.
    ThreadRenamed {
        /// Which.
        to: String,
    },
    /// A thread or topic was closed.
    ThreadClosed,
    /// A thread or topic was opened again.
    ThreadReopened,
    /// A call began.
    CallStarted,
    /// A call is planned.
    CallPlanned {
        /// When.
        at: Timestamp,
    },
    /// A call ended.
    CallEnded {
        /// How long it was, in seconds.
        seconds: Option<u64>,
    },
    /// Somebody supports the chat.
    Boosted {
        /// How many times.
        count: u64,
    },
    /// Messages vanish by themselves.
    AutoDelete {
        /// After how many seconds; 0 for never.
        seconds: u64,
    },
    /// The chat follows another one.
    Followed {
        /// Which.
        name: String,
    },
    /// Somebody used a command of another bot, whose answer this is.
    CommandUsed {
        /// Who.
        by: String,
        /// Which.
        command: String,
    },
    /// Anything else that the platform says about the chat.
    Other,
    /// Whom something else is about, which is told beside it.
    About {
        /// Stands for what it is, because a converter knows no language.
        sign: String,
        /// Their names.
        names: Vec<String>,
        /// How far they are from each other.
        metres: Option<u64>,
    },
}

/// Classes of service messages, each of which a portal can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ServiceClass {
    /// Coming and going.
    Members,
    /// Name, description, picture.
    Chat,
    /// Pins.
    Pins,
    /// Threads and topics.
    Threads,
    /// Calls.
    Calls,
    /// Boosts.
    Boosts,
    /// The rest.
    Other,
}

impl ServiceClass {
    /// All of them, with the name that people type.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Members, "members"),
        (Self::Chat, "chat"),
        (Self::Pins, "pins"),
        (Self::Threads, "threads"),
        (Self::Calls, "calls"),
        (Self::Boosts, "boosts"),
        (Self::Other, "other"),
    ];
}

impl Service {
    /// Its class.
    pub fn class(&self) -> ServiceClass {
        match self {
            Self::Joined { .. } | Self::Left { .. } => ServiceClass::Members,
            Self::Renamed { .. } | Self::Described { .. } | Self::Pictured { .. } => {
                ServiceClass::Chat
            }
            Self::Pinned => ServiceClass::Pins,
            Self::ThreadOpened { .. }
            | Self::ThreadRenamed { .. }
            | Self::ThreadClosed
            | Self::ThreadReopened => ServiceClass::Threads,
            Self::CallStarted | Self::CallPlanned { .. } | Self::CallEnded { .. } => {
                ServiceClass::Calls
            }
            Self::Boosted { .. } => ServiceClass::Boosts,
            Self::AutoDelete { .. }
            | Self::Followed { .. }
            | Self::CommandUsed { .. }
            | Self::About { .. }
            | Self::Other => ServiceClass::Other,
        }
    }
}
