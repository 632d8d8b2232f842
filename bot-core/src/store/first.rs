// SPDX-License-Identifier: AGPL-3.0-or-later
//! First messages of people who are new, where a portal wants them to wait.
//!
//! Rule: what waits is shared in the order in which it was said, when somebody who is known there
//! reacts to it or when its time is over: as it is then. What was taken back meanwhile is not shared.

use bridge_model::{Content, Event, Person, Place, Timestamp, UserId};
use bridge_policy::brakes::WAITS_MS;

use super::keys::{Everything, Prefix};
use super::records::OrphanRecord;
use super::tables::HELD;
use super::txn::Txn;
use super::{StoreError, messages};
use crate::portal::{Portal, PortalId};

/// Messages that wait in one portal at most.
const MOST: usize = 100;

/// What an event about a message that waits does.
#[derive(Debug)]
pub enum Happened {
    /// It is about no such message.
    Nothing,
    /// It changed what waits.
    Changed,
    /// Everything of that author is to be shared now.
    Released(Vec<Event>),
}

/// Has a message wait; `false` when too much waits already.
///
/// # Errors
/// [`StoreError`].
pub fn hold(tx: &mut Txn<'_>, portal: PortalId, event: &Event) -> Result<bool, StoreError> {
    if tx.scan(&HELD, &portal, MOST)?.len() >= MOST {
        return Ok(false);
    }
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    let held = OrphanRecord { event: event.clone(), at: tx.now };
    tx.put(&HELD, &(portal, number), &held)?;
    Ok(true)
}

/// Whether a message waits.
///
/// # Errors
/// [`StoreError`].
pub fn is_held(tx: &Txn<'_>, portal: PortalId, event: &Event) -> Result<bool, StoreError> {
    Ok(tx.scan(&HELD, &portal, MOST)?.iter().any(|(_, held)| is_about(event, &held.event)))
}

/// Hears what becomes of messages that wait. `known` tells whether somebody is not new here.
///
/// # Errors
/// [`StoreError`].
pub fn hear(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    known: impl FnOnce(&Txn<'_>, &Person) -> Result<bool, StoreError>,
) -> Result<Happened, StoreError> {
    let touches = matches!(
        event.content,
        Content::Edited(_) | Content::Deleted { .. } | Content::Reacted { .. }
    );
    if !touches || messages::find(tx, &event.place, &event.message)?.is_some() {
        return Ok(Happened::Nothing);
    }
    let waiting = tx.scan(&HELD, &portal.id, MOST)?;
    let Some((row, held)) = waiting.into_iter().find(|(_, held)| is_about(event, &held.event))
    else {
        return Ok(Happened::Nothing);
    };
    if let Content::Edited(message) = &event.content
        && is_by(&held.event, &message.author.user)
    {
        let event = Event { content: Content::Posted(message.clone()), ..held.event };
        tx.replace(&HELD, row, &OrphanRecord { event, at: held.at })?;
    } else if matches!(event.content, Content::Deleted { .. }) {
        tx.remove(row);
    } else if let Content::Reacted { by, .. } = &event.content
        && !is_by(&held.event, &by.user)
    {
        let network = event.place.network.clone();
        if known(tx, &Person { network, user: by.user.clone() })? {
            let (here, author) = (&event.place, author_of(&held.event));
            let same = |other: &OrphanRecord| {
                other.event.place == *here && author_of(&other.event) == author
            };
            return take(tx, &portal.id, same).map(Happened::Released);
        }
    }
    Ok(Happened::Changed)
}

/// Takes out what has waited long enough, in the order in which it was said.
///
/// # Errors
/// [`StoreError`].
pub fn take_due(tx: &mut Txn<'_>) -> Result<Vec<Event>, StoreError> {
    let now = tx.now.0;
    // A clock that was set back holds nothing for ever.
    let over = |at: Timestamp| !(0..WAITS_MS).contains(&now.saturating_sub(at.0));
    take(tx, &Everything, |held| over(held.at))
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear(&HELD, &portal).map(drop)
}

/// A chat is not linked any more.
///
/// # Errors
/// [`StoreError`].
pub fn forget_chat(tx: &mut Txn<'_>, portal: PortalId, chat: &Place) -> Result<(), StoreError> {
    take(tx, &portal, |held| held.event.place == *chat).map(drop)
}

/// Drops what somebody said.
///
/// # Errors
/// [`StoreError`].
pub fn forget_person(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    let of = |held: &OrphanRecord| {
        held.event.place.network == person.network && is_by(&held.event, &person.user)
    };
    tx.clear_if(&HELD, &Everything, of).map(drop)
}

fn take(
    tx: &mut Txn<'_>,
    under: &impl Prefix<(PortalId, u64)>,
    which: impl Fn(&OrphanRecord) -> bool,
) -> Result<Vec<Event>, StoreError> {
    let mut taken = Vec::new();
    for (row, held) in tx.scan(&HELD, under, usize::MAX)? {
        if which(&held) {
            tx.remove(row);
            taken.push(held.event);
        }
    }
    Ok(taken)
}

fn is_about(event: &Event, held: &Event) -> bool {
    event.place == held.place && event.message == held.message
}

fn author_of(held: &Event) -> Option<&UserId> {
    let Content::Posted(message) = &held.content else { return None };
    Some(&message.author.user)
}

fn is_by(held: &Event, user: &UserId) -> bool {
    author_of(held) == Some(user)
}
