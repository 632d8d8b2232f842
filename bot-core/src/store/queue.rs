// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lanes: append at the end, take from the head.

use bridge_model::{Content, MessageId, Place};

use super::records::LaneRecord;
use super::txn::Txn;
use super::{StoreError, codec, keys, looks, messages};
use crate::lane::{CORE, Entry, Head, LaneState, Work};
use crate::order::{EntryId, Part};

const LANE: &str = "lane";
const ENTRY: &str = "lane entry";

/// The state of a lane, empty when nothing ever went through it.
///
/// # Errors
/// [`StoreError`].
pub fn lane(tx: &Txn<'_>, place: &Place) -> Result<LaneRecord, StoreError> {
    let stored = tx.get(LANE, &keys::lane_key(&keys::place(place)))?;
    let fresh =
        LaneRecord { place: place.clone(), depth: 0, halted: None, newest: None, seen: None };
    Ok(stored.unwrap_or(fresh))
}

/// Stores the state of a lane.
///
/// # Errors
/// [`StoreError`].
pub fn store_lane(tx: &mut Txn<'_>, record: &LaneRecord) -> Result<(), StoreError> {
    tx.put(LANE, keys::lane_key(&keys::place(&record.place)), record)
}

/// Appends work to a lane. The core bot's words get their record here, and those with a key
/// are said once.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, place: &Place, mut work: Work) -> Result<LaneState, StoreError> {
    let mut record = lane(tx, place)?;
    if let Content::ChatChanged { change, .. } = &work.event.content
        && !looks::expect(tx, place, change)?
    {
        return Ok(state(record));
    }
    let id = EntryId(tx.meta().next_entry);
    if work.event.place.network.as_str() == CORE
        && let Content::Posted(message) = &work.event.content
    {
        if work.event.message.as_str().is_empty() {
            work.event.message = MessageId::new(format!("entry/{}", id.0));
            messages::begin(tx, &work.event.place, &work.event.message, message)?;
        } else if messages::find(tx, &work.event.place, &work.event.message)?.is_some() {
            return Ok(state(record));
        } else {
            messages::begin_for_ever(tx, &work.event.place, &work.event.message, message)?;
        }
    }
    tx.meta().next_entry = id.0.saturating_add(1);
    let entry = Entry { id, lane: place.clone(), work };
    tx.put(ENTRY, keys::entry_key(&keys::place(place), id), &entry)?;
    record.depth = record.depth.saturating_add(1);
    store_lane(tx, &record)?;
    Ok(state(record))
}

/// Has a lane that stands still go on; `None` when it does not stand still.
///
/// # Errors
/// [`StoreError`].
pub fn go_on(tx: &mut Txn<'_>, place: &Place) -> Result<Option<LaneState>, StoreError> {
    let mut record = lane(tx, place)?;
    if record.halted.take().is_none() {
        return Ok(None);
    }
    store_lane(tx, &record)?;
    Ok(Some(state(record)))
}

/// What the supervisor sees of a lane.
pub fn state(record: LaneRecord) -> LaneState {
    LaneState { place: record.place, depth: record.depth, halted: record.halted }
}

/// The head of a lane.
///
/// # Errors
/// [`StoreError`].
pub fn head(tx: &Txn<'_>, place: &Place) -> Result<Option<Head>, StoreError> {
    let rows = tx.scan(&keys::lane_prefix(&keys::place(place)), 1)?;
    let Some((_, sealed)) = rows.first() else { return Ok(None) };
    let entry = codec::open(ENTRY, sealed)?;
    let record = lane(tx, place)?;
    Ok(Some(Head { entry, newest: record.newest, halted: record.halted.is_some() }))
}

/// Removes the head, which must be `entry`.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not.
pub fn remove(tx: &mut Txn<'_>, place: &Place, entry: EntryId) -> Result<Entry, StoreError> {
    let head = head(tx, place)?.map(|head| head.entry).filter(|head| head.id == entry);
    let Some(head) = head else { return Err(StoreError::Conflict("the entry is not the head")) };
    tx.delete(keys::entry_key(&keys::place(place), entry));
    let mut record = lane(tx, place)?;
    record.depth = record.depth.saturating_sub(1);
    store_lane(tx, &record)?;
    Ok(head)
}

/// Moves all entries of one lane to the end of another (a chat got a new id).
///
/// # Errors
/// [`StoreError`].
pub fn transfer(tx: &mut Txn<'_>, from: &Place, to: &Place) -> Result<(), StoreError> {
    let rows = tx.scan(&keys::lane_prefix(&keys::place(from)), usize::MAX)?;
    for (key, sealed) in rows {
        let entry: Entry = codec::open(ENTRY, &sealed)?;
        tx.delete(key);
        let moved = Entry { lane: to.clone(), ..entry };
        tx.put(ENTRY, keys::entry_key(&keys::place(to), moved.id), &moved)?;
        let mut record = lane(tx, to)?;
        record.depth = record.depth.saturating_add(1);
        store_lane(tx, &record)?;
    }
    tx.delete(keys::lane_key(&keys::place(from)));
    Ok(())
}

/// Drops all entries of a lane and the lane.
///
/// # Errors
/// [`StoreError`].
pub fn purge(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    for (key, _) in tx.scan(&keys::lane_prefix(&keys::place(place)), usize::MAX)? {
        tx.delete(key);
    }
    tx.delete(keys::lane_key(&keys::place(place)));
    Ok(())
}

/// Notes that a message of the chat is known. While an entry waits, one may be under way whose id is
/// smaller, so the lane's `newest` moves only when the lane is empty or its head is settled.
///
/// # Errors
/// [`StoreError`].
pub fn note_seen(tx: &mut Txn<'_>, place: &Place, message: &MessageId) -> Result<(), StoreError> {
    let mut record = lane(tx, place)?;
    raise(&mut record.seen, message);
    if record.depth == 0 {
        record.newest.clone_from(&record.seen);
    }
    store_lane(tx, &record)
}

/// Notes what a settled entry left in the chat: nothing is under way now.
///
/// # Errors
/// [`StoreError`].
pub fn note_settled(tx: &mut Txn<'_>, place: &Place, parts: &[Part]) -> Result<(), StoreError> {
    let mut record = lane(tx, place)?;
    for part in parts {
        raise(&mut record.seen, &part.id);
    }
    if record.newest != record.seen {
        record.newest.clone_from(&record.seen);
        store_lane(tx, &record)?;
    }
    Ok(())
}

fn raise(newest: &mut Option<MessageId>, message: &MessageId) {
    if newest.as_ref().is_none_or(|newest| grows(newest, message)) {
        *newest = Some(message.clone());
    }
}

/// Ids of one chat grow on the networks where their order matters: they are decimal numbers, so
/// the longer is the newer, then the one that sorts later.
fn grows(old: &MessageId, new: &MessageId) -> bool {
    (new.as_str().len(), new.as_str()) > (old.as_str().len(), old.as_str())
}
