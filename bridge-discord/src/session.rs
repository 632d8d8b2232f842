// SPDX-License-Identifier: AGPL-3.0-or-later
//! The gateway session, with which a new connection or process resumes where the last one ended.
//!
//! Rule: `seq` is that of the last event that was processed, not of the last one
//! that came in: Discord sends the ones between again.

use bot_core::Mark;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::convert::incoming;

/// The key of the mark.
pub(crate) const KEY: &str = "session";

/// A gateway session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Discord's name of it.
    pub(crate) id: String,
    /// Where to connect to resume it.
    pub(crate) resume_url: String,
    /// The last event that was processed.
    pub(crate) seq: u64,
    /// What it listens to; that cannot be changed afterwards.
    #[serde(default)]
    pub(crate) intents: u64,
}

impl Session {
    /// Reads `READY`.
    pub(crate) fn begin(ready: &Value, seq: u64, intents: u64) -> Option<Self> {
        Some(Self {
            id: incoming::text(ready, "session_id")?.to_owned(),
            resume_url: incoming::text(ready, "resume_gateway_url")?.to_owned(),
            seq,
            intents,
        })
    }

    /// The mark to be stored with what was heard.
    pub(crate) fn mark(&self) -> Mark {
        // A value without maps and floats cannot fail to be written.
        let value = serde_json::to_vec(self).unwrap_or_default();
        Mark::Set { key: KEY.to_owned(), value }
    }
}
