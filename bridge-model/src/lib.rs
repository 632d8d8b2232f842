// SPDX-License-Identifier: AGPL-3.0-or-later
//! The words of the domain: values only, no I/O, no async, no SDK.
//!
//! Rule: nothing here knows a platform. A value that only one platform can have
//! belongs into that platform's crate.

pub mod author;
pub mod capabilities;
pub mod card;
pub mod event;
pub mod ids;
pub mod media;
pub mod message;
pub mod moderation;
pub mod name;
pub mod note;
pub mod text;

pub use author::{Author, AuthorKind};
pub use capabilities::{
    Capabilities, ChatCapabilities, LengthUnit, MediaCapabilities, PollCapabilities, QuoteDepth,
    TextCapabilities, ThreadKind,
};
pub use card::{Card, Contact, Live, Location, Point, Poll, PollAnswer};
pub use event::{
    ChatChange, Command, Content, ContentClass, EmojiPack, Event, MemberChange, PackedEmoji,
    Request, Rights, VoteChange,
};
pub use ids::{ChatId, MessageId, NetworkId, Person, Place, Timestamp, UserId};
pub use media::{Media, MediaHandle, MediaKind, Sticker, Thumbnail};
pub use message::{Alias, Button, Forward, Message, MessageKind, Press, Reaction, Reply, Thread};
pub use moderation::{Deed, Moderation};
pub use note::{Missing, Note, Service, ServiceClass};
pub use text::{Block, Leaf, ListItem, Mention, RichText, Span, Spoiler, Style};
