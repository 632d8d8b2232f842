// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that wait, because a program may take them away at once and say them again.
//!
//! Rule: what is taken away before anybody carries it was never said elsewhere.

use bridge_model::{Content, Event, Message, MessageId, Place, Timestamp};

use super::txn::Txn;
use super::{StoreError, keys, queue};
use crate::lane::{Entry, HELD_MS, LaneState, Relayed};

/// What tells a message that waits from all others.
pub fn subject(place: &Place, id: &MessageId, message: &Message) -> Option<keys::Hash> {
    message.held.then(|| named(place, id))
}

fn named(place: &Place, id: &MessageId) -> keys::Hash {
    keys::hash(&["held", place.network.as_str(), place.chat.as_str(), id.as_str()])
}

/// Hands a message that waits on to a lane; `None` when it does not wait.
///
/// # Errors
/// [`StoreError`].
pub fn append(
    tx: &mut Txn<'_>,
    lane: &Place,
    relayed: &Relayed,
) -> Result<Option<LaneState>, StoreError> {
    let Content::Posted(message) = &relayed.event.content else { return Ok(None) };
    if !message.held {
        return Ok(None);
    }
    let held_until = Some(Timestamp(tx.now.0.saturating_add(HELD_MS)));
    let work = Relayed { held_until, ..relayed.clone() }.into();
    queue::push(tx, Entry::new(lane.clone(), work)).map(Some)
}

/// Takes a message that waits out of a lane; `None` when nobody waits with it there.
///
/// # Errors
/// [`StoreError`].
pub fn withdraw(
    tx: &mut Txn<'_>,
    lane: &Place,
    event: &Event,
) -> Result<Option<LaneState>, StoreError> {
    if !matches!(event.content, Content::Deleted { .. }) {
        return Ok(None);
    }
    let subject = named(&event.place, &event.message);
    let waiting = queue::waiting(tx, lane, &subject)?;
    match waiting.filter(is_delayed) {
        Some(entry) => queue::withdraw(tx, &entry).map(Some),
        None => Ok(None),
    }
}

fn is_delayed(entry: &Entry) -> bool {
    entry.work.relayed().is_some_and(|relayed| relayed.held_until.is_some())
}
