// SPDX-License-Identifier: AGPL-3.0-or-later
//! Summaries in lanes: one message of the bot below another one, edited in place.
//!
//! Rule: an entry holds no words. It is computed when it is carried, so one that waits stands for
//! everything that happens until then.

use bridge_model::{Author, AuthorKind, Message, MessageId, Place, Timestamp, UserId};

use super::records::{MessageRecord, Origin};
use super::txn::Txn;
use super::{StoreError, keys, messages, portals, queue, subject};
use crate::lane::{Entry, Summary, SummaryKind, SummaryMessage, Work, core_place};
use crate::order::EntryId;

const KINDS: [SummaryKind; 2] = [SummaryKind::Poll, SummaryKind::Reactions];

/// The id of a summary at the core's place.
fn key(summary: &Summary) -> MessageId {
    let about = subject::hex(&keys::message(&summary.place, &summary.message));
    MessageId::new(format!("summary/{}/{about}", subject::name(summary.kind)))
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

/// Has a summary brought up to date in a lane. One that waits behind the head will do; the head
/// itself may be under way already.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<(), StoreError> {
    match waiting(tx, lane, &summary)? {
        Some(waiting) if queue::first(tx, lane)?.is_some_and(|head| head.id != waiting) => {
            tx.touch(lane);
            Ok(())
        }
        Some(_) | None => push(tx, lane, summary),
    }
}

/// The same, for whoever has just settled the head of that lane: nothing is under way there.
///
/// # Errors
/// [`StoreError`].
pub fn follow(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<(), StoreError> {
    match waiting(tx, lane, &summary)? {
        Some(_) => {
            tx.touch(lane);
            Ok(())
        }
        None => push(tx, lane, summary),
    }
}

fn waiting(tx: &Txn<'_>, lane: &Place, summary: &Summary) -> Result<Option<EntryId>, StoreError> {
    let about = keys::message(&summary.place, &summary.message);
    let waiting = queue::waiting(tx, lane, &subject::summary(summary.kind, &about))?;
    Ok(waiting.map(|entry| entry.id))
}

fn push(tx: &mut Txn<'_>, lane: &Place, summary: Summary) -> Result<(), StoreError> {
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
pub fn votes(tx: &mut Txn<'_>, origin: &Origin, places: &[Place]) -> Result<(), StoreError> {
    for lane in places {
        let summary = about(tx, SummaryKind::Poll, origin)?;
        append(tx, lane, summary)?;
    }
    Ok(())
}

fn about(tx: &Txn<'_>, kind: SummaryKind, origin: &Origin) -> Result<Summary, StoreError> {
    let place = tx.numbered(origin.place)?;
    Ok(Summary { kind, place, message: origin.message.clone() })
}

/// A message was taken away, and what the bot said below it has to go too.
///
/// # Errors
/// [`StoreError`].
pub fn end(tx: &mut Txn<'_>, portal_of: &Place, origin: &Origin) -> Result<(), StoreError> {
    let Some(portal) = portals::of(tx, portal_of)? else { return Ok(()) };
    for lane in portal.active() {
        for kind in KINDS {
            let summary = about(tx, kind, origin)?;
            let known = messages::find(tx, &core_place(&lane), &key(&summary))?;
            if matches!(known, Some(MessageRecord::Origin(_))) {
                append(tx, &lane, summary)?;
            }
        }
    }
    Ok(())
}
