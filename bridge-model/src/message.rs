// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message as its author meant it.

use serde::{Deserialize, Serialize};

use crate::{Author, Card, ChatId, Media, MessageId, Note, Person, RichText, Timestamp, UserId};

/// A message as its author meant it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub author: Author,
    /// How it was said.
    pub kind: MessageKind,
    /// The text, or the caption of the media; may be empty when there are media.
    pub body: RichText,
    /// The files, in the author's order.
    pub media: Vec<Media>,
    /// What it answers.
    pub reply_to: Option<Reply>,
    /// What else it holds: a poll, a place on the map.
    pub card: Option<Card>,
    /// Lines that stand for what cannot be shown otherwise, below the text. The core turns them
    /// into words of the room's language before a converter of the destination sees them.
    pub notes: Vec<Note>,
    /// The thread it stands in.
    pub thread: Option<Thread>,
    /// Where it was forwarded from.
    pub forwarded: Option<Forward>,
    /// Messages of one author with the same mark are one group of files.
    pub album: Option<String>,
    /// Other names under which its network will speak of it.
    pub also: Vec<Alias>,
    /// What its readers can do with one touch. Only the core bot's own words have them: what stands
    /// below other messages comes as links in the text.
    pub buttons: Vec<Button>,
    /// A program may take it away at once and say it again under another name (PluralKit), so it
    /// waits for that a moment before it crosses.
    pub held: bool,
    /// Its author asked that nobody is notified of it (Discord's `@silent`): whoever is mentioned is
    /// named and not called, and nothing rings.
    #[serde(default)]
    pub silent: bool,
    /// People of its network whom its words mention and whom its network did not notify: they are
    /// named and not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncalled: Vec<UserId>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// How long ago that was when it was heard, in milliseconds by its network's own clock; 0 where
    /// the network does not say so, and of what is heard at once.
    #[serde(default)]
    pub age_ms: u64,
}

impl Message {
    /// A message that says nothing yet.
    pub fn new(author: Author, sent_at: Timestamp) -> Self {
        Self {
            author,
            kind: MessageKind::Text,
            body: RichText::default(),
            media: Vec::new(),
            reply_to: None,
            card: None,
            notes: Vec::new(),
            thread: None,
            forwarded: None,
            album: None,
            also: Vec::new(),
            buttons: Vec::new(),
            held: false,
            silent: false,
            uncalled: Vec::new(),
            sent_at,
            age_ms: 0,
        }
    }

    /// There is nothing in it to show.
    pub fn says_nothing(&self) -> bool {
        self.body.is_empty()
            && self.media.is_empty()
            && self.card.is_none()
            && self.notes.is_empty()
    }

    /// It has words, of which a reader sees nothing, and nothing beside them: how people write a gap.
    pub fn is_gap(&self) -> bool {
        let beside = !self.media.is_empty() || self.card.is_some() || !self.notes.is_empty();
        !self.body.is_empty() && self.body.is_blank() && !beside
    }
}

/// The thread that a message stands in (Matrix thread, Telegram topic, Discord thread).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The message that the thread hangs on, in the same chat. Where a network's threads hang on
    /// none, the network names one of its own making, the same for every message of the thread.
    pub root: MessageId,
    /// What the thread is called, where the wire says so.
    pub name: Option<String>,
}

/// Another name of a message: events of its network under this chat and id mean it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// A chat that need not exist (`polls`).
    pub chat: ChatId,
    /// The id there.
    pub message: MessageId,
}

/// Something that a reader of the core bot's words can do with one touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// What it does.
    pub press: Press,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Press {
    /// The same as typing this command, without prefix; at most [`Press::LONGEST`] bytes.
    Say(String),
    /// Opens this address.
    Open(String),
}

impl Press {
    /// Most bytes of a command behind a button: Telegram's `callback_data`
    /// (<https://core.telegram.org/bots/api#inlinekeyboardbutton>); Discord takes 100 characters.
    pub const LONGEST: usize = 64;
}

/// How a message was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageKind {
    /// An ordinary message.
    Text,
    /// In the third person (`/me`).
    Emote,
    /// Said by a machine; nobody is to be woken by it.
    Notice,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The message that is answered, in the same chat.
    pub message: MessageId,
    /// Who wrote that message, where the wire says so.
    pub author: Option<Person>,
    /// That person's display name, where the wire says so.
    pub name: Option<String>,
    /// What is quoted, for sides that do not know the message.
    pub excerpt: Option<RichText>,
    /// The author chose just this part of the message to answer; it is in `excerpt`.
    pub partial: bool,
    /// Who is to be notified of the answer, where the wire says so (`m.mentions` of Matrix). Ready for
    /// its destination, the answered person there, or nobody.
    #[serde(default)]
    pub called: Vec<Person>,
}

impl Reply {
    /// An answer to `message`, of which nothing else is known.
    pub fn to(message: MessageId) -> Self {
        let called = Vec::new();
        Self { message, author: None, name: None, excerpt: None, partial: false, called }
    }
}

/// Where a message was forwarded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The name of the person or chat it first came from.
    pub from: String,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reaction {
    /// A Unicode emoji, or on Matrix any short text.
    Emoji(String),
    /// A picture of the network's own.
    Custom {
        /// The network's id of it.
        id: String,
        /// Its short name without colons.
        name: String,
    },
}

impl Reaction {
    /// Whether both are the same emoji: the name of a custom one may have changed since somebody
    /// reacted with it.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom { id, .. }, Self::Custom { id: other, .. }) => id == other,
            (Self::Emoji(_), _) | (_, Self::Emoji(_)) => self == other,
        }
    }
}
