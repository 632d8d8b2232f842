// SPDX-License-Identifier: AGPL-3.0-or-later
//! Summaries in lanes: one message of the bot below another one, edited in place.
//!
//! Rule: an entry holds no words. It is computed when it is carried, so one that waits stands for
//! everything that happens until then.

use bridge_model::{Author, AuthorKind, Message, MessageId, Place, Timestamp, UserId};

use super::records::{MessageRecord, Origin};
use super::txn::Txn;
use super::{StoreError, accept, keys, messages, portals, queue};
use crate::lane::{Entry, LaneState, Summary, SummaryKind, SummaryMessage, Work, core_place};
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
fn key(summary: &Summary) -> MessageId {
    let about = hex(&keys::message(&summary.place, &summary.message));
    MessageId::new(format!("summary/{}/{about}", name(summary.kind)))
}

/// What the record of a summary is made from: its words are never stored.
fn without_words(now: Timestamp) -> Message {
    let author = Author {
        user: UserId::from("bot"),
        kind: AuthorKind::Bot,
        name: String::new(),
        username: None,
        avatar: None,
    };
    Message::new(author, now)
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
    let (origin, id) = (core_place(lane), key(&summary));
    if messages::find(tx, &origin, &id)?.is_none() {
        messages::begin(tx, &origin, &id, &without_words(tx.now))?;
    }
    let work = Work::Summary(SummaryMessage { origin, id, summary });
    queue::push(tx, Entry::new(lane.clone(), work))
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
            let known = messages::find(tx, &core_place(&lane), &key(&summary))?;
            if matches!(known, Some(MessageRecord::Origin(_))) {
                accept::merge(&mut lanes, vec![append(tx, &lane, summary)?]);
            }
        }
    }
    Ok(lanes)
}
