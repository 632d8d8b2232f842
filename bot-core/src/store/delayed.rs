// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delays messages that a proxy bot (PluralKit) may delete and repost under another name.
//!
//! Rule: a message that is deleted before its entry is sent is never sent.

use bridge_model::{Content, Event, Place, Timestamp};

use super::txn::Txn;
use super::{StoreError, overflow, queue, subject};
use crate::lane::{Entry, HELD_MS, Relayed};

/// Hands a message that waits on to a lane; `false` when it does not wait.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, lane: &Place, relayed: &Relayed) -> Result<bool, StoreError> {
    let Content::Posted(message) = &relayed.event.content else { return Ok(false) };
    if !message.held {
        return Ok(false);
    }
    let held_until = Some(Timestamp(tx.now.0.saturating_add(HELD_MS)));
    let work = Relayed { held_until, ..relayed.clone() }.into();
    overflow::push(tx, Entry::new(lane.clone(), work))?;
    Ok(true)
}

/// Takes a message that waits out of a lane; `false` when it does not wait there.
///
/// # Errors
/// [`StoreError`].
pub fn withdraw(tx: &mut Txn<'_>, lane: &Place, event: &Event) -> Result<bool, StoreError> {
    if !matches!(event.content, Content::Deleted { .. }) {
        return Ok(false);
    }
    let subject = subject::delayed(&event.place, &event.message);
    let waiting = queue::waiting(tx, lane, &subject)?;
    match waiting.filter(is_delayed) {
        Some(entry) => queue::withdraw(tx, &entry).map(|()| true),
        None => Ok(false),
    }
}

fn is_delayed(entry: &Entry) -> bool {
    entry.work.relayed().is_some_and(|relayed| relayed.held_until.is_some())
}
