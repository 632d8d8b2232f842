// SPDX-License-Identifier: AGPL-3.0-or-later
//! Records of what pages show, and of who looks at them.
//!
//! Rule: they are values; what is done with them stands in [`super::visits`], [`super::lane_notes`] and
//! [`super::gaps`].

use bridge_model::{NetworkId, Person, Timestamp};
use serde::{Deserialize, Serialize};

use crate::network::MATRIX;
use crate::order::EntryId;
use crate::portal::PortalId;

/// How long a session lasts, in milliseconds.
pub const SESSION_MS: i64 = 8 * 3600 * 1000;

/// What is known of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visit {
    /// A link that somebody asked for.
    Link {
        /// Their Matrix id.
        mxid: String,
        /// Until when it can be opened.
        until: Timestamp,
        /// It was opened.
        used: bool,
    },
    /// Somebody is logged in.
    Session {
        /// Their Matrix id.
        mxid: String,
        /// Until when.
        until: Timestamp,
    },
    /// Something was asked for.
    Asked(Box<AskedOnPage>),
}

/// A command that was given on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedOnPage {
    /// The Matrix id of whoever gave it.
    pub mxid: String,
    /// The portal.
    pub portal: PortalId,
    /// The command, without prefix.
    pub command: String,
    /// When.
    pub at: Timestamp,
    /// What the bot said, and in which language, once it has.
    pub answer: Option<(String, String)>,
}

impl Visit {
    pub(super) fn mxid(&self) -> &str {
        match self {
            Self::Link { mxid, .. } | Self::Session { mxid, .. } => mxid,
            Self::Asked(asked) => &asked.mxid,
        }
    }

    /// Until when it counts.
    pub(super) fn until(&self) -> Timestamp {
        match self {
            Self::Link { until, .. } | Self::Session { until, .. } => *until,
            Self::Asked(asked) => Timestamp(asked.at.0.saturating_add(SESSION_MS)),
        }
    }

    /// Whose it is.
    pub fn person(&self) -> Person {
        Person::new(MATRIX, self.mxid())
    }
}

/// What is known of a lane besides its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneNote {
    /// Since when it stands still.
    #[serde(default)]
    pub halted_since: Option<Timestamp>,
    /// The head that is to be left out.
    #[serde(default)]
    pub leave_out: Option<EntryId>,
    /// The entries that are carried before all others, in order.
    #[serde(default)]
    pub urgent: Vec<EntryId>,
}

/// What was missed of a chat, after people were told: no chat, no people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldGap {
    /// The network on which it was said.
    pub network: NetworkId,
    /// So many messages; 0 when nobody knows.
    pub messages: u64,
    /// When the first one was said.
    pub since: Timestamp,
    /// When the last one was said.
    pub until: Timestamp,
}
