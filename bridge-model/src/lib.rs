// SPDX-License-Identifier: AGPL-3.0-or-later
//! The words of the domain: values only, no I/O, no async, no SDK.
//!
//! Rule: nothing here knows a platform. A value that only one platform can have
//! belongs into that platform's crate.

pub mod author;
pub mod capabilities;
pub mod event;
pub mod ids;
pub mod media;
pub mod message;
pub mod text;

pub use author::{Author, AuthorKind};
pub use capabilities::{Capabilities, LengthUnit, MediaCapabilities, QuoteDepth, TextCapabilities};
pub use event::{Command, Content, Event, Rights};
pub use ids::{ChatId, MessageId, NetworkId, Person, Place, Timestamp, UserId};
pub use media::{Media, MediaHandle, MediaKind};
pub use message::{Forward, Message, MessageKind, Reaction, Reply};
pub use text::{Block, Leaf, ListItem, Mention, RichText, Span, Spoiler, Style};
