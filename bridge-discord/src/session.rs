// SPDX-License-Identifier: AGPL-3.0-or-later
//! The gateway session, with which a new connection or process resumes where the last one ended.
//!
//! Rule: `seq` is that of the last event that was processed, not of the last one
//! that came in: Discord sends the ones between again.

use bot_core::Mark;
use bot_core::clock::{Clock, SystemClock};
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
    /// When something was heard last, by the clock of this machine, in milliseconds since 1970; 0 when
    /// nobody knows.
    #[serde(default)]
    pub(crate) heard: i64,
}

impl Session {
    /// Reads `READY`.
    pub(crate) fn begin(ready: &Value, seq: u64, intents: u64) -> Option<Self> {
        Some(Self {
            id: incoming::text(ready, "session_id")?.to_owned(),
            resume_url: incoming::text(ready, "resume_gateway_url")?.to_owned(),
            seq,
            intents,
            heard: 0,
        })
    }

    /// How long ago something was heard, as the mark says that an earlier session or process has
    /// stored, in milliseconds; 0 when it does not.
    pub(crate) fn silent_for(mark: &[u8]) -> u64 {
        let heard = serde_json::from_slice::<Self>(mark).map(|session| session.heard);
        let heard = heard.ok().filter(|heard| *heard > 0);
        let silent = heard.map(|heard| SystemClock.now().0.saturating_sub(heard));
        silent.and_then(|silent| u64::try_from(silent).ok()).unwrap_or_default()
    }

    /// The mark to be stored with what was heard.
    pub(crate) fn mark(&self) -> Mark {
        let now = Self { heard: SystemClock.now().0, ..self.clone() };
        // A value without maps and floats cannot fail to be written.
        let value = serde_json::to_vec(&now).unwrap_or_default();
        Mark::Set { key: KEY.to_owned(), value }
    }
}
