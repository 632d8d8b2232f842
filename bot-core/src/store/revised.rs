// SPDX-License-Identifier: AGPL-3.0-or-later
//! When messages were edited or taken away, counted in lane entries: whether something that waits in a
//! lane quotes a version that is not the newest any more.
//!
//! Rule: no words are kept, only a number for each message that changed; it goes with its week.

use bridge_model::{Content, Event, MessageId, Place};

use super::keys::Hash;
use super::tables::REVISED;
use super::txn::Txn;
use super::{Store, StoreError, keys, messages, queue};
use crate::lane::Entry;
use crate::order::EntryId;

impl Store {
    /// Whether a message was edited or taken away after an entry was appended. It may be named by any of
    /// its copies, and need not be known otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_revised(
        &self,
        (place, message): (&Place, &MessageId),
        since: EntryId,
    ) -> Result<bool, StoreError> {
        let (place, message) = (place.clone(), message.clone());
        self.glance(move |tx| Ok(of(tx, (&place, &message))?.is_some_and(|at| at > since))).await
    }

    /// The deletions of a message that wait behind an entry of its lane: by people whose right to
    /// delete it is not known yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_deletions(
        &self,
        entry: &Entry,
        message: &MessageId,
    ) -> Result<Vec<Event>, StoreError> {
        let (lane, since, message) = (entry.lane.clone(), entry.id, message.clone());
        let Some(event) = entry.work.event() else { return Ok(Vec::new()) };
        let place = event.place.clone();
        self.glance(move |tx| {
            let revised = of(tx, (&place, &message))?.is_some_and(|at| at > since);
            if !revised {
                return Ok(Vec::new());
            }
            queue::waiting_deletions(tx, &lane, (&place, &message))
        })
        .await
    }
}

/// Notes that a message is another one from now on, or is gone.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Txn<'_>, event: &Event) -> Result<(), StoreError> {
    if !matches!(event.content, Content::Edited(_) | Content::Deleted { .. }) {
        return Ok(());
    }
    let name = name(tx, (&event.place, &event.message))?;
    let week = messages::this_week(tx);
    let now = EntryId(tx.meta().next_entry);
    tx.put(&REVISED, &(week, name), &now)
}

fn of(tx: &Txn<'_>, message: (&Place, &MessageId)) -> Result<Option<EntryId>, StoreError> {
    let name = name(tx, message)?;
    let mut newest = None;
    for week in tx.meta().buckets.clone() {
        newest = newest.max(tx.get(&REVISED, &(week, name))?);
    }
    Ok(newest)
}

/// One name for a message and all its copies; one that is not known has its own.
fn name(tx: &Txn<'_>, (place, message): (&Place, &MessageId)) -> Result<Hash, StoreError> {
    Ok(match messages::origin(tx, place, message)? {
        Some(origin) => keys::message(&tx.numbered(origin.place)?, &origin.message),
        None => keys::message(place, message),
    })
}
