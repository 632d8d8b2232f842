// SPDX-License-Identifier: AGPL-3.0-or-later
//! Groups whose new id was learned from an error of the platform,
//! <https://core.telegram.org/bots/api#responseparameters>.
//!
//! Rule: who delivers notes a move, the listener hands it to the core, so that there is one way for
//! what happens in a chat. Noting the same move twice does no harm.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Moves that the listener has not handed on yet.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    found: Mutex<BTreeMap<i64, i64>>,
    changed: Notify,
}

impl Moves {
    /// The group `from` goes on as the supergroup `to`.
    pub(crate) fn note(&self, from: i64, to: i64) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(from, to);
        self.changed.notify_one();
    }

    /// Waits for a move: the old id, then the new one.
    pub(crate) async fn next(&self) -> (i64, i64) {
        loop {
            let first = self.found.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            if let Some(found) = first {
                return found;
            }
            self.changed.notified().await;
        }
    }
}
