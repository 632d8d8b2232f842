// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who said something.
//!
//! Rule: a name is data. It never becomes markup, on any side.

use serde::{Deserialize, Serialize};

use crate::{MediaHandle, UserId};

/// The account that wrote a message, as its own network shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The account.
    pub user: UserId,
    /// What kind of account it is.
    pub kind: AuthorKind,
    /// The display name in this chat, never empty.
    pub name: String,
    /// The handle without `@`, where the network has one.
    pub username: Option<String>,
    /// Where the profile picture can be had; `None` also when it is not known.
    pub avatar: Option<MediaHandle>,
}

/// What kind of account an [`Author`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorKind {
    /// A human being.
    Person,
    /// A bot or webhook that is not ours.
    Bot,
    /// A chat that speaks for itself: an anonymous admin, a linked channel.
    Chat,
}
