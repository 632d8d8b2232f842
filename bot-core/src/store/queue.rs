// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lanes: append at the end, take from the head.
//!
//! Rule: what a moderator did to somebody is carried before all that waits. The oldest entry may be
//! under way meanwhile, and stays where it is.

use bridge_model::{Content, Event, MessageId, Place};

use super::keys::Everything;
use super::records::LaneRecord;
use super::tables::{ENTRIES, LANES, WAITING};
use super::txn::Txn;
use super::{Store, StoreError, appearance, keys, lane_notes, messages, silence, subject};
use crate::lane::{BotMessage, Entry, LaneState, Work};
use crate::order::{EntryId, Part};
use crate::refusal::{Refusal, stored};

impl Store {
    /// Lanes that are not empty or stand still.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lanes(&self) -> Result<Vec<LaneState>, StoreError> {
        self.read(|tx| {
            let lanes = tx.all(&LANES, &Everything)?;
            let busy = lanes.into_iter().filter(|lane| lane.depth > 0 || lane.halted.is_some());
            Ok(busy.map(state).collect())
        })
        .await
    }
}

/// The state of a lane, empty when nothing ever went through it.
///
/// # Errors
/// [`StoreError`].
pub fn lane(tx: &Txn<'_>, place: &Place) -> Result<LaneRecord, StoreError> {
    let stored = tx.get(&LANES, &keys::place(place))?;
    let fresh =
        LaneRecord { place: place.clone(), depth: 0, halted: None, newest: None, seen: None };
    Ok(stored.unwrap_or(fresh))
}

/// Stores the state of a lane.
///
/// # Errors
/// [`StoreError`].
pub fn store_lane(tx: &mut Txn<'_>, record: &LaneRecord) -> Result<(), StoreError> {
    tx.put(&LANES, &keys::place(&record.place), record)
}

/// Appends work to a lane. The core bot's words get their record here, and those with a key
/// are said once.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, place: &Place, mut work: Work) -> Result<(), StoreError> {
    if silence::keeps_out(tx, place, &work)? {
        return Ok(());
    }
    if let Work::Say(saying) = &mut work {
        let BotMessage { origin, id, message, .. } = &mut **saying;
        if id.as_str().is_empty() {
            *id = MessageId::new(format!("entry/{}", tx.meta().next_entry));
            messages::begin(tx, origin, id, message)?;
        } else if messages::find(tx, origin, id)?.is_some() {
            tx.touch(place);
            return Ok(());
        } else {
            messages::begin_for_ever(tx, origin, id, message)?;
        }
    }
    push(tx, Entry::new(place.clone(), work))
}

/// Appends an entry as it is, under the next number. A chat that looks so already gets none.
///
/// # Errors
/// [`StoreError`].
pub fn push(tx: &mut Txn<'_>, entry: Entry) -> Result<(), StoreError> {
    if silence::keeps_out(tx, &entry.lane, &entry.work)? {
        return Ok(());
    }
    let record = lane(tx, &entry.lane)?;
    push_to(tx, record, entry)
}

/// The same for a lane whose state is known already.
///
/// # Errors
/// [`StoreError`].
pub fn push_to(
    tx: &mut Txn<'_>,
    mut record: LaneRecord,
    mut entry: Entry,
) -> Result<(), StoreError> {
    if let Some(Content::ChatChanged { change, .. }) = entry.work.event().map(|it| &it.content)
        && !appearance::expect(tx, &entry.lane, change)?
    {
        tx.touch(&entry.lane);
        return Ok(());
    }
    entry.id = EntryId(tx.meta().next_entry);
    entry.since = entry.since.or((tx.now.0 > 0).then_some(tx.now));
    tx.meta_mut().next_entry = entry.id.0.saturating_add(1);
    put(tx, &entry)?;
    if record.depth > 0 && is_urgent(&entry.work) {
        lane_notes::hasten(tx, &entry.lane, entry.id)?;
    }
    record.depth = record.depth.saturating_add(1);
    tx.touch(&entry.lane);
    store_lane(tx, &record)
}

/// Whether work is carried before all that waits.
pub fn is_urgent(work: &Work) -> bool {
    matches!(work.event().map(|event| &event.content), Some(Content::Moderated(_)))
}

/// Stores an entry that waits.
///
/// # Errors
/// [`StoreError`].
pub fn put(tx: &mut Txn<'_>, entry: &Entry) -> Result<(), StoreError> {
    let lane = keys::place(&entry.lane);
    if let Some(subject) = subject::of(entry) {
        tx.put(&WAITING, &(lane, subject), &entry.id)?;
    }
    tx.put(&ENTRIES, &(lane, entry.id), entry)
}

/// The newest entry of a lane about `subject`.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(
    tx: &Txn<'_>,
    place: &Place,
    subject: &keys::Hash,
) -> Result<Option<Entry>, StoreError> {
    let lane = keys::place(place);
    let Some(id) = tx.get(&WAITING, &(lane, *subject))? else { return Ok(None) };
    tx.get(&ENTRIES, &(lane, id))
}

/// Has a halted lane go on; `false` when it is not halted, or somebody has stopped it by hand.
///
/// # Errors
/// [`StoreError`].
pub fn go_on(tx: &mut Txn<'_>, place: &Place) -> Result<bool, StoreError> {
    let mut record = lane(tx, place)?;
    if is_halted_by_hand(&record) || record.halted.take().is_none() {
        return Ok(false);
    }
    store_lane(tx, &record)?;
    lane_notes::halted(tx, place, false)?;
    tx.touch(place);
    Ok(true)
}

/// Whether a lane stands still until somebody sets it going again.
pub fn is_halted_by_hand(record: &LaneRecord) -> bool {
    record.halted.as_deref().is_some_and(|why| stored::read(why) == Refusal::HaltedByHand)
}

/// What the supervisor sees of a lane.
pub fn state(record: LaneRecord) -> LaneState {
    let halted = record.halted.as_deref().map(stored::read);
    LaneState { place: record.place, depth: record.depth, halted, urgent: false }
}

/// The states of the lanes that the transaction has touched so far.
///
/// # Errors
/// [`StoreError`].
pub fn touched(tx: &Txn<'_>) -> Result<Vec<LaneState>, StoreError> {
    let of = |place| {
        let urgent = !lane_notes::of(tx, place)?.urgent.is_empty();
        Ok(LaneState { urgent, ..state(lane(tx, place)?) })
    };
    tx.touched().iter().map(of).collect()
}

/// The entry of a lane that is carried next, and whether it overtakes the oldest one.
///
/// # Errors
/// [`StoreError`].
pub fn next(tx: &Txn<'_>, place: &Place) -> Result<Option<(Entry, bool)>, StoreError> {
    let note = lane_notes::of(tx, place)?;
    let hash = keys::place(place);
    for id in note.urgent {
        if let Some(entry) = tx.get(&ENTRIES, &(hash, id))? {
            return Ok(Some((entry, true)));
        }
    }
    Ok(first(tx, place)?.map(|entry| (entry, false)))
}

/// The oldest entry of a lane, which may be under way.
///
/// # Errors
/// [`StoreError`].
pub fn first(tx: &Txn<'_>, place: &Place) -> Result<Option<Entry>, StoreError> {
    let mut rows = tx.scan(&ENTRIES, &keys::place(place), 1)?;
    Ok(rows.pop().map(|(_, entry)| entry))
}

/// Removes the head, which must be `entry`; the same with whether it has overtaken others.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not.
pub fn remove(
    tx: &mut Txn<'_>,
    place: &Place,
    entry: EntryId,
) -> Result<(Entry, bool), StoreError> {
    let is_it = |head: &(Entry, bool)| head.0.id == entry;
    let head = match next(tx, place)?.filter(is_it) {
        Some(head) => Some(head),
        None => first(tx, place)?.map(|head| (head, false)).filter(is_it),
    };
    let Some(head) = head else { return Err(StoreError::Conflict("the entry is not the head")) };
    take_out(tx, &head.0)?;
    Ok(head)
}

/// Takes an entry out of its lane, wherever it stands there.
///
/// # Errors
/// [`StoreError`].
pub fn withdraw(tx: &mut Txn<'_>, entry: &Entry) -> Result<(), StoreError> {
    tx.touch(&entry.lane);
    take_out(tx, entry)
}

fn take_out(tx: &mut Txn<'_>, entry: &Entry) -> Result<(), StoreError> {
    let hash = keys::place(&entry.lane);
    tx.delete(&ENTRIES, &(hash, entry.id));
    lane_notes::taken_out(tx, &entry.lane, entry.id)?;
    if let Some(subject) = subject::of(entry)
        && tx.get(&WAITING, &(hash, subject))? == Some(entry.id)
    {
        tx.delete(&WAITING, &(hash, subject));
    }
    let mut record = lane(tx, &entry.lane)?;
    record.depth = record.depth.saturating_sub(1);
    store_lane(tx, &record)
}

/// The edits of a message that wait in a lane, in order.
///
/// # Errors
/// [`StoreError`].
pub fn waiting_edits(
    tx: &Txn<'_>,
    lane: &Place,
    (place, message): (&Place, &MessageId),
) -> Result<Vec<Entry>, StoreError> {
    let mut edits = Vec::new();
    for entry in tx.all(&ENTRIES, &keys::place(lane))? {
        let is_edit = entry.work.event().is_some_and(|event| {
            let same = event.place == *place && event.message == *message;
            same && matches!(event.content, Content::Edited(_))
        });
        if is_edit {
            edits.push(entry);
        }
    }
    Ok(edits)
}

/// The deletions of a message that wait in a lane.
///
/// # Errors
/// [`StoreError`].
pub fn waiting_deletions(
    tx: &Txn<'_>,
    lane: &Place,
    (place, message): (&Place, &MessageId),
) -> Result<Vec<Event>, StoreError> {
    let entries = tx.all(&ENTRIES, &keys::place(lane))?;
    let about = |event: &&Event| {
        let same = event.place == *place && event.message == *message;
        same && matches!(event.content, Content::Deleted { .. })
    };
    Ok(entries.iter().filter_map(|entry| entry.work.event()).filter(about).cloned().collect())
}

/// Moves all entries of one lane to the end of another (a chat got a new id).
///
/// # Errors
/// [`StoreError`].
pub fn transfer(tx: &mut Txn<'_>, from: &Place, to: &Place) -> Result<(), StoreError> {
    for (row, entry) in tx.scan(&ENTRIES, &keys::place(from), usize::MAX)? {
        tx.remove(row);
        put(tx, &Entry { lane: to.clone(), ..entry })?;
        let mut record = lane(tx, to)?;
        record.depth = record.depth.saturating_add(1);
        store_lane(tx, &record)?;
    }
    tx.touch(to);
    forget_lane(tx, from)
}

/// Drops all entries of a lane and the lane.
///
/// # Errors
/// [`StoreError`].
pub fn purge(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    tx.clear(&ENTRIES, &keys::place(place))?;
    forget_lane(tx, place)
}

fn forget_lane(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    let lane = keys::place(place);
    lane_notes::forget(tx, place);
    tx.clear(&WAITING, &lane)?;
    tx.delete(&LANES, &lane);
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
/// the longer is the newer, then the one that sorts later. What stands before a slash names a
/// thread of the chat, and is as old as the thread.
fn grows(old: &MessageId, new: &MessageId) -> bool {
    number(new) > number(old)
}

fn number(id: &MessageId) -> (usize, &str) {
    let last = id.as_str().rsplit('/').next().unwrap_or_default();
    (last.len(), last)
}
