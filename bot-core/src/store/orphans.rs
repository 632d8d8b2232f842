// SPDX-License-Identifier: AGPL-3.0-or-later
//! Events about a message that we sent whose id is not stored yet: a platform may tell of a reaction
//! before it has answered the request that posted the message.
//!
//! Rule: few and not for long. What no settled entry explains is dropped.

use bridge_model::{Alias, ContentClass, Event, Place};

use super::keys::Everything;
use super::records::OrphanRecord;
use super::tables::{LANES, ORPHANS};
use super::txn::Txn;
use super::{StoreError, keys, messages, portals, queue};

/// Events that are kept for one chat.
const MOST: usize = 64;
/// How long one is kept: much longer than any platform takes to answer a request.
pub const LIFE_MS: i64 = 10 * 60 * 1000;

/// Keeps an event about a message that is not known, if one of ours is under way there; whether it was
/// kept.
///
/// # Errors
/// [`StoreError`].
pub fn keep(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    if event.content.class() != ContentClass::AboutMessage
        || messages::find(tx, &event.place, &event.message)?.is_some()
        || !is_under_way(tx, &event.place)?
    {
        return Ok(false);
    }
    if tx.scan(&ORPHANS, &keys::place(&event.place), MOST)?.len() >= MOST {
        return Ok(false);
    }
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    let orphan = OrphanRecord { event: event.clone(), at: tx.now };
    tx.put(&ORPHANS, &(keys::place(&event.place), number), &orphan)?;
    Ok(true)
}

/// Takes out the events that waited for an entry of `lane`, which is settled now and left messages with
/// these other names. Whoever settles it takes them in.
///
/// # Errors
/// [`StoreError`].
pub fn take(tx: &mut Txn<'_>, lane: &Place, also: &[Alias]) -> Result<Vec<Event>, StoreError> {
    let named =
        also.iter().map(|alias| Place { network: lane.network.clone(), chat: alias.chat.clone() });
    let mut places: Vec<Place> = [lane.clone()].into_iter().chain(named).collect();
    places.dedup();
    let idle = queue::lane(tx, lane)?.depth == 0;
    let mut events = Vec::new();
    for place in places {
        for (row, orphan) in tx.scan(&ORPHANS, &keys::place(&place), MOST)? {
            let OrphanRecord { event, at } = orphan;
            let known = messages::find(tx, &event.place, &event.message)?.is_some();
            let stale = tx.now.0.saturating_sub(at.0) > LIFE_MS;
            if known {
                tx.remove(row);
                events.push(event);
            } else if stale || (idle && place == *lane) {
                tx.remove(row);
            }
        }
    }
    Ok(events)
}

/// Drops what is kept for a chat.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    tx.clear(&ORPHANS, &keys::place(place)).map(drop)
}

/// Something of ours may be on its way into the chat. Other names of messages are in chats that
/// belong to no portal; there any lane of the network counts.
fn is_under_way(tx: &Txn<'_>, place: &Place) -> Result<bool, StoreError> {
    if portals::of(tx, place)?.is_some() {
        return Ok(queue::lane(tx, place)?.depth > 0);
    }
    let lanes = tx.all(&LANES, &Everything)?;
    Ok(lanes.iter().any(|lane| lane.depth > 0 && lane.place.network == place.network))
}
