// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the clock brings: weeks that are over, gaps, timers, messages that waited.
//!
//! Rule: everything that a moment brings is one transaction; moments that passed while nothing ran
//! come at once.

use bridge_model::Timestamp;

use super::{Store, StoreError, accept, figures, first, gaps, queue, timers};
use crate::lane::LaneState;

impl Store {
    /// Puts the work of all timers that have run down into their lanes, shares what waited long
    /// enough, and closes the weeks that are over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp) -> Result<Vec<LaneState>, StoreError> {
        self.write_at(now, |tx| {
            figures::turn(tx)?;
            gaps::close_all(tx)?;
            timers::due(tx)?;
            for event in first::take_due(tx)? {
                accept::release(tx, event)?;
            }
            queue::touched(tx)
        })
        .await
    }
}
