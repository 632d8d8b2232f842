// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is noted of a lane besides its state: since when it stands still, whether its head is to be
//! left out, and what is carried before all that waits.
//!
//! Rule: a lane of which there is nothing to say has no row.

use bridge_model::Place;

pub use super::page_records::LaneNote;
use super::tables::LANE_NOTES;
use super::txn::Txn;
use super::{StoreError, keys};
use crate::order::EntryId;

/// A lane has come to a halt, or goes on.
///
/// # Errors
/// [`StoreError`].
pub fn halted(tx: &mut Txn<'_>, place: &Place, halted: bool) -> Result<(), StoreError> {
    let note = of(tx, place)?;
    let since = note.halted_since.unwrap_or(tx.now);
    save(tx, place, &LaneNote { halted_since: halted.then_some(since), ..note })
}

/// Whether the head of a lane is to be left out.
///
/// # Errors
/// [`StoreError`].
pub fn is_left_out(tx: &Txn<'_>, place: &Place, head: EntryId) -> Result<bool, StoreError> {
    Ok(of(tx, place)?.leave_out == Some(head))
}

/// An entry is no more; a mark on it goes.
///
/// # Errors
/// [`StoreError`].
pub fn taken_out(tx: &mut Txn<'_>, place: &Place, entry: EntryId) -> Result<(), StoreError> {
    let mut note = of(tx, place)?;
    if note.leave_out != Some(entry) && !note.urgent.contains(&entry) {
        return Ok(());
    }
    note.leave_out = note.leave_out.filter(|it| *it != entry);
    note.urgent.retain(|it| *it != entry);
    save(tx, place, &note)
}

/// An entry is carried before all that waits, behind those of which this was said before.
///
/// # Errors
/// [`StoreError`].
pub fn hasten(tx: &mut Txn<'_>, place: &Place, entry: EntryId) -> Result<(), StoreError> {
    let mut note = of(tx, place)?;
    note.urgent.push(entry);
    save(tx, place, &note)
}

/// Nothing is known of a lane any more.
pub fn forget(tx: &mut Txn<'_>, place: &Place) {
    tx.delete(&LANE_NOTES, &keys::place(place));
}

/// What is noted of a lane.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, place: &Place) -> Result<LaneNote, StoreError> {
    Ok(tx.get(&LANE_NOTES, &keys::place(place))?.unwrap_or_default())
}

/// Notes something of a lane.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, place: &Place, note: &LaneNote) -> Result<(), StoreError> {
    let key = keys::place(place);
    if *note == LaneNote::default() {
        tx.delete(&LANE_NOTES, &key);
        return Ok(());
    }
    tx.put(&LANE_NOTES, &key, note)
}
