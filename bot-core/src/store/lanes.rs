// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins and operators see of lanes, and what they do with them by hand.
//!
//! Rule: only the courier of a lane removes its head. Whoever wants the head left out marks it, and the
//! courier settles it as refused.

use bridge_model::{Place, Timestamp};

use super::lane_notes::{self, LaneNote};
use super::txn::Txn;
use super::{Store, StoreError, queue};
use crate::order::EntryId;
use crate::refusal::{Refusal, stored};

/// A lane as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneReport {
    /// The chat.
    pub place: Place,
    /// Entries that wait.
    pub depth: u64,
    /// The first of them.
    pub head: Option<EntryId>,
    /// Since when that one waits, where that is known.
    pub waits_since: Option<Timestamp>,
    /// Why the lane stands still.
    pub halted: Option<Refusal>,
    /// Since when it does, where that is known.
    pub halted_since: Option<Timestamp>,
}

/// What somebody does with a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneChange {
    /// Its head is tried now.
    Retry(Place),
    /// Its head, if that is still this entry, is left out.
    LeaveOut(Place, EntryId),
    /// It stands still until somebody sets it going again.
    Halt(Place),
    /// It goes on.
    Resume(Place),
}

impl LaneChange {
    /// The lane whose courier looks at once.
    pub fn hurries(&self) -> Option<&Place> {
        match self {
            Self::Retry(place) | Self::LeaveOut(place, _) | Self::Resume(place) => Some(place),
            Self::Halt(_) => None,
        }
    }
}

impl Store {
    /// How these lanes are, in the same order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lane_reports(&self, places: Vec<Place>) -> Result<Vec<LaneReport>, StoreError> {
        self.read(move |tx| places.into_iter().map(|place| report(tx, place)).collect()).await
    }
}

fn report(tx: &Txn<'_>, place: Place) -> Result<LaneReport, StoreError> {
    let record = queue::lane(tx, &place)?;
    let head = queue::first(tx, &place)?;
    Ok(LaneReport {
        depth: record.depth,
        head: head.as_ref().map(|head| head.id),
        waits_since: head.and_then(|head| head.since),
        halted: record.halted.as_deref().map(stored::read),
        halted_since: lane_notes::of(tx, &place)?.halted_since,
        place,
    })
}

/// Changes a lane by hand.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: LaneChange) -> Result<(), StoreError> {
    match change {
        LaneChange::Retry(place) => {
            tx.touch(&place);
            Ok(())
        }
        LaneChange::LeaveOut(place, head) => {
            let note = LaneNote { leave_out: Some(head), ..lane_notes::of(tx, &place)? };
            tx.touch(&place);
            lane_notes::save(tx, &place, &note)
        }
        LaneChange::Halt(place) => {
            let mut record = queue::lane(tx, &place)?;
            record.halted = Some(stored::text(&Refusal::HaltedByHand));
            queue::store_lane(tx, &record)?;
            lane_notes::halted(tx, &place, true)
        }
        LaneChange::Resume(place) => {
            let mut record = queue::lane(tx, &place)?;
            record.halted = None;
            queue::store_lane(tx, &record)?;
            tx.touch(&place);
            lane_notes::halted(tx, &place, false)
        }
    }
}
