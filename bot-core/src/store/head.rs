// SPDX-License-Identifier: AGPL-3.0-or-later
//! The head of a lane with all that its courier hands on: read in one transaction, so that a
//! message asks the store once.
//!
//! Rule: the portal of an entry is that of its chat when the head was taken.

use bridge_model::Place;

use super::txn::Txn;
use super::{Store, StoreError, albums, lane_notes, portals, queue};
use crate::lane::{LaneHead, chat_of_core_place};
use crate::order::EntryId;

impl Store {
    /// The head of a lane; it stays there until [`Store::settle`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take(&self, lane: &Place) -> Result<Option<LaneHead>, StoreError> {
        let (wanted, again) = (lane.clone(), lane.clone());
        let head = self.glance(move |tx| of(tx, &wanted)).await?;
        // What is taken is carried out: it is on the disk first, or whoever said it says it again.
        match head {
            Some(head) if head.entry.id.0 >= self.shared().durable_entries() => {
                self.read(move |tx| of(tx, &again)).await
            }
            head => Ok(head),
        }
    }

    /// Lets no further file join the album at the head of a lane, if that is still `entry`. The
    /// head as it is now: between the last look at it and this, a file may have joined.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_album(
        &self,
        lane: &Place,
        entry: EntryId,
    ) -> Result<Option<LaneHead>, StoreError> {
        let lane = lane.clone();
        self.write(move |tx| {
            albums::close(tx, &lane, entry)?;
            of(tx, &lane)
        })
        .await
    }
}

fn of(tx: &Txn<'_>, lane: &Place) -> Result<Option<LaneHead>, StoreError> {
    let Some((entry, overtakes)) = queue::next(tx, lane)? else { return Ok(None) };
    let record = queue::lane(tx, lane)?;
    let chat = chat_of_core_place(lane);
    Ok(Some(LaneHead {
        left_out: lane_notes::is_left_out(tx, lane, entry.id)?,
        entry,
        overtakes,
        by_hand: queue::is_halted_by_hand(&record),
        newest: record.newest,
        halted: record.halted.is_some(),
        portal: portals::of(tx, chat.as_ref().unwrap_or(lane))?,
    }))
}
