// SPDX-License-Identifier: AGPL-3.0-or-later
//! Summaries in lanes: one message of the bot below another one, edited in place.
//!
//! Rule: an entry holds no words. It is computed when it is carried, so one that waits stands for
//! everything that happens until then.

use bridge_model::{Content, Place};

use super::records::{MessageRecord, Origin};
use super::txn::Txn;
use super::{StoreError, accept, keys, messages, portals, queue};
use crate::lane::{Entry, LaneState, Summary, SummaryKind, Work};
use crate::order::EntryId;

const KINDS: [SummaryKind; 2] = [SummaryKind::Poll, SummaryKind::Reactions];

fn name(kind: SummaryKind) -> &'static str {
    match kind {
        SummaryKind::Poll => "poll",
        SummaryKind::Reactions => "reactions",
    }
}

/// What tells a summary from all others in its lane; `about` is the hash of its message.
pub fn subject(kind: SummaryKind, about: &keys::Hash) -> keys::Hash {
    keys::hash(&["summary", name(kind), &hex(about)])
}

/// The id of a summary at the core's place.
fn key(summary: &Summary) -> String {
    let about = hex(&keys::message(&summary.place, &summary.message));
    format!("summary/{}/{about}", name(summary.kind))
}

fn hex(hash: &keys::Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Has a summary brought up to date in a lane. One that waits behind the head will do; the head
/// itself may be under way already.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<LaneState, StoreError> {
    match waiting(tx, lane, &summary)? {
        Some(waiting) if queue::head(tx, lane)?.is_some_and(|head| head.entry.id != waiting) => {
            Ok(queue::state(queue::lane(tx, lane)?))
        }
        Some(_) | None => push(tx, lane, summary),
    }
}

/// The same, for whoever has just settled the head of that lane: nothing is under way there.
///
/// # Errors
/// [`StoreError`].
pub fn follow(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<LaneState, StoreError> {
    match waiting(tx, lane, &summary)? {
        Some(_) => Ok(queue::state(queue::lane(tx, lane)?)),
        None => push(tx, lane, summary),
    }
}

fn waiting(tx: &Txn<'_>, lane: &Place, summary: &Summary) -> Result<Option<EntryId>, StoreError> {
    let about = keys::message(&summary.place, &summary.message);
    let waiting = queue::waiting(tx, lane, &subject(summary.kind, &about))?;
    Ok(waiting.map(|entry| entry.id))
}

fn push(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<LaneState, StoreError> {
    let work = Work::summary(lane, &key(&summary), tx.now);
    let event = &work.event;
    if let Content::Posted(message) = &event.content
        && messages::find(tx, &event.place, &event.message)?.is_none()
    {
        messages::begin(tx, &event.place, &event.message, message)?;
    }
    queue::push(tx, Entry { summary: Some(summary), ..Entry::new(lane.clone(), work) })
}

/// Has the votes brought up to date in these lanes.
///
/// # Errors
/// [`StoreError`].
pub fn votes(
    tx: &mut Txn<'_>,
    origin: &Origin,
    places: &[Place],
) -> Result<Vec<LaneState>, StoreError> {
    let mut lanes = Vec::new();
    for lane in places {
        let summary = about(tx, SummaryKind::Poll, origin)?;
        accept::merge(&mut lanes, vec![append(tx, lane, summary)?]);
    }
    Ok(lanes)
}

fn about(tx: &Txn<'_>, kind: SummaryKind, origin: &Origin) -> Result<Summary, StoreError> {
    let place = tx.numbered(origin.place)?;
    Ok(Summary { kind, place, message: origin.message.clone() })
}

/// A message was taken away, and what the bot said below it has to go too.
///
/// # Errors
/// [`StoreError`].
pub fn end(
    tx: &mut Txn<'_>,
    portal_of: &Place,
    origin: &Origin,
) -> Result<Vec<LaneState>, StoreError> {
    let Some(portal) = portals::of(tx, portal_of)? else { return Ok(Vec::new()) };
    let mut lanes = Vec::new();
    for lane in portal.active() {
        for kind in KINDS {
            let summary = about(tx, kind, origin)?;
            let said = Work::summary(&lane, &key(&summary), tx.now).event;
            let known = messages::find(tx, &said.place, &said.message)?;
            if matches!(known, Some(MessageRecord::Origin(_))) {
                accept::merge(&mut lanes, vec![append(tx, &lane, summary)?]);
            }
        }
    }
    Ok(lanes)
}
