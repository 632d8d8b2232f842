// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message as its author meant it.

use serde::{Deserialize, Serialize};

use crate::{Author, Media, MessageId, Person, RichText, Timestamp};

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
    /// The root message of the thread it stands in.
    pub thread: Option<MessageId>,
    /// Where it was forwarded from.
    pub forwarded: Option<Forward>,
    /// When it was sent.
    pub sent_at: Timestamp,
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
