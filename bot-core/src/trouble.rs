// SPDX-License-Identifier: AGPL-3.0-or-later
//! What went wrong last in each lane, for those who look after it.
//!
//! Rule: it is known as long as the process runs and the entry waits; what has to outlive a crash is in
//! the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bridge_model::{Place, Timestamp};

/// A try that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When the last one was.
    pub at: Timestamp,
    /// How many there were for the same entry.
    pub tries: u64,
    /// What was sent may have arrived.
    pub in_doubt: bool,
    /// What the platform or the connection said, as it is in the log.
    pub reason: String,
}

/// The last one in each lane.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<HashMap<Place, Trouble>>);

impl Troubles {
    /// The head of a lane was tried in vain.
    pub fn note(&self, lane: &Place, at: Timestamp, in_doubt: bool, reason: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = known.get(lane).map_or(0, |before| before.tries).saturating_add(1);
        let trouble = Trouble { at, tries, in_doubt, reason: reason.to_owned() };
        known.insert(lane.clone(), trouble);
    }

    /// The head of a lane is settled.
    pub fn over(&self, lane: &Place) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(lane);
    }

    /// What went wrong last in a lane.
    pub fn of(&self, lane: &Place) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(lane).cloned()
    }
}
