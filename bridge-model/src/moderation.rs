// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a moderator does to somebody.
//!
//! Rule: a deed names the person where they live; that a ghost was banned says that its person was.

use serde::{Deserialize, Serialize};

use crate::{Author, Person, Timestamp};

/// What is done to a member of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moderation {
    /// Removed, and not let in again.
    Ban {
        /// What they said is taken away too.
        purge: bool,
    },
    /// May come back.
    Unban,
    /// Removed; they may come back at once.
    Kick,
    /// May read, and not write.
    Mute {
        /// Until when; `None` for ever.
        until: Option<Timestamp>,
    },
    /// May write again.
    Unmute,
}

impl Moderation {
    /// It takes something away, so that the standing of the person matters.
    pub fn is_against(self) -> bool {
        match self {
            Self::Ban { .. } | Self::Kick | Self::Mute { .. } => true,
            Self::Unban | Self::Unmute => false,
        }
    }
}

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Who did it, on the network of the event; `None` where the platform does not say, or a time that
    /// was set is over.
    pub by: Option<Author>,
    /// To whom.
    pub whom: Person,
    /// What that person is called there.
    pub name: String,
    /// What.
    pub what: Moderation,
    /// In the moderator's words.
    pub reason: Option<String>,
}
