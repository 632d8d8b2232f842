// SPDX-License-Identifier: AGPL-3.0-or-later
//! Portals and the offers that lead to them.
//!
//! Rule: a place belongs to one portal at most.

use bridge_model::{Content, Event, MessageId, Person, Place};

use super::keys::Everything;
use super::tables::{GHOSTS, LOCALPARTS, OFFERS, PORTAL_OF, PORTALS};
use super::txn::Txn;
use super::{
    Change, CodeHash, GhostRecord, StoreError, appearance, claims, figures, keys, migration,
    notices, people, queue, timers, topics,
};
use crate::lane::{LaneState, Work, core_place};
use crate::portal::{End, EndState, Offer, Portal, PortalId, Setting, Settings};
use bridge_policy::stage::Stage;

/// The portal of a place.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, place: &Place) -> Result<Option<Portal>, StoreError> {
    let number = tx.get(&PORTAL_OF, &keys::place(place))?;
    number.map_or(Ok(None), |number| numbered(tx, number))
}

/// The portal of a number.
///
/// # Errors
/// [`StoreError`].
pub fn numbered(tx: &Txn<'_>, portal: PortalId) -> Result<Option<Portal>, StoreError> {
    tx.get(&PORTALS, &portal)
}

/// All portals, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn all(tx: &Txn<'_>) -> Result<Vec<Portal>, StoreError> {
    tx.all(&PORTALS, &Everything)
}

/// The offer behind a code.
///
/// # Errors
/// [`StoreError`].
pub fn offer(tx: &Txn<'_>, code: &CodeHash) -> Result<Option<Offer>, StoreError> {
    tx.get(&OFFERS, code)
}

/// Carries out a change; the lanes that got entries.
///
/// # Errors
/// [`StoreError::Conflict`] when it no longer fits.
pub fn change(tx: &mut Txn<'_>, change: Change) -> Result<Vec<LaneState>, StoreError> {
    let done = match change {
        Change::Claim(what) => return claims::change(tx, *what),
        Change::Linked(linked) => return notices::linked(tx, *linked),
        Change::Move(what) => return migration::apply(tx, *what),
        Change::Timer(timer) => timers::set(tx, *timer),
        Change::Topic(what) => return topics::change(tx, what),
        Change::StopTimer(name) => timers::stop(tx, &name),
        Change::Offer(code, offer) => tx.put(&OFFERS, &code, &offer),
        Change::Link { code, room, remote, title, settings, stage } => {
            use_offer(tx, &code, (&room, &remote))?;
            link(tx, room, (remote, title), (settings, stage))
        }
        Change::Set(place, setting) => {
            let Some(mut portal) = of(tx, &place)? else {
                return Err(StoreError::Conflict("the chat is not linked"));
            };
            if let Setting::Threads(threads) = setting {
                topics::switch(tx, portal.id, threads)?;
            }
            portal.settings.apply(setting);
            save(tx, &portal)
        }
        Change::Superseded(edits) => {
            for edit in edits {
                queue::withdraw(tx, &edit)?;
            }
            Ok(())
        }
        Change::Unlink(remote) => unlink(tx, &remote),
        Change::Severed(remote, severed) => {
            let state = if severed { EndState::Severed } else { EndState::Active };
            set_state(tx, &remote, state)
        }
    };
    done.map(|()| Vec::new())
}

fn use_offer(
    tx: &mut Txn<'_>,
    code: &CodeHash,
    (room, remote): (&Place, &Place),
) -> Result<(), StoreError> {
    let Some(mut offer) = offer(tx, code)? else {
        return Err(StoreError::Conflict("the code is not known"));
    };
    let fits = offer.from == *room || offer.from == *remote;
    if offer.used || offer.expires < tx.now || !fits {
        return Err(StoreError::Conflict("the code is used or stale"));
    }
    offer.used = true;
    tx.put(&OFFERS, code, &offer)
}

fn link(
    tx: &mut Txn<'_>,
    room: Place,
    (remote, title): (Place, Option<String>),
    (settings, stage): (Settings, Stage),
) -> Result<(), StoreError> {
    let mut portal = match of(tx, &room)? {
        Some(portal) => portal,
        None => {
            let number = tx.meta().next_portal.saturating_add(1);
            tx.meta().next_portal = number;
            Portal {
                id: PortalId(number),
                room: room.clone(),
                ends: Vec::new(),
                settings,
                stage,
                relaying: stage.relays(),
            }
        }
    };
    if of(tx, &remote)?.is_some_and(|other| other.id != portal.id) {
        return Err(StoreError::Conflict("the chat belongs to another room already"));
    }
    portal.ends.retain(|end| end.place != remote);
    let since = tx.now;
    portal.ends.push(End { place: remote, state: EndState::Active, since, title });
    save(tx, &portal)?;
    migration::begin(tx, &portal, crate::migration::DISCLOSURE)
}

/// What is heard in a place belongs to a portal from now on.
///
/// # Errors
/// [`StoreError`].
pub fn speaks_for(tx: &mut Txn<'_>, place: &Place, portal: PortalId) -> Result<(), StoreError> {
    tx.put(&PORTAL_OF, &keys::place(place), &portal)
}

/// What is heard in a place belongs to no portal any more.
pub fn speaks_no_more(tx: &mut Txn<'_>, place: &Place) {
    tx.delete(&PORTAL_OF, &keys::place(place));
}

/// Stores a portal under all of its places.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, portal: &Portal) -> Result<(), StoreError> {
    for place in portal.places() {
        speaks_for(tx, place, portal.id)?;
    }
    tx.put(&PORTALS, &portal.id, portal)
}

fn unlink(tx: &mut Txn<'_>, remote: &Place) -> Result<(), StoreError> {
    let Some(mut portal) = of(tx, remote)? else {
        return Err(StoreError::Conflict("the chat is not linked"));
    };
    portal.ends.retain(|end| end.place != *remote);
    speaks_no_more(tx, remote);
    appearance::transfer(tx, remote, None)?;
    topics::forget(tx, portal.id, Some(remote))?;
    if queue::lane(tx, remote)?.halted.is_some() {
        queue::purge(tx, remote)?;
    }
    if portal.ends.is_empty() {
        speaks_no_more(tx, &portal.room);
        tx.delete(&PORTALS, &portal.id);
        appearance::transfer(tx, &portal.room, None)?;
        people::forget_all(tx, portal.id);
        figures::forget(tx, portal.id)?;
        notices::forget(tx, portal.id);
        return migration::forget(tx, portal.id);
    }
    save(tx, &portal)
}

fn set_state(tx: &mut Txn<'_>, remote: &Place, state: EndState) -> Result<(), StoreError> {
    let Some(mut portal) = of(tx, remote)? else { return Ok(()) };
    for end in &mut portal.ends {
        if end.place == *remote {
            end.state = state;
        }
    }
    save(tx, &portal)
}

/// A chat that speaks is there again: its end is active and its lane goes on.
///
/// # Errors
/// [`StoreError`].
pub fn revive(
    tx: &mut Txn<'_>,
    portal: &Portal,
    place: &Place,
) -> Result<Option<LaneState>, StoreError> {
    let severed = |end: &End| end.place == *place && end.state == EndState::Severed;
    if portal.ends.iter().any(severed) {
        set_state(tx, place, EndState::Active)?;
    }
    queue::go_on(tx, place)
}

/// A chat goes on under another id: the portal and the lane go with it.
///
/// # Errors
/// [`StoreError`].
pub fn relocate(
    tx: &mut Txn<'_>,
    from: &Place,
    to: &Place,
) -> Result<Option<Vec<LaneState>>, StoreError> {
    let Some(mut portal) = of(tx, from)? else { return Ok(None) };
    if of(tx, to)?.is_some_and(|other| other.id != portal.id) {
        return Ok(None);
    }
    if portal.room == *from {
        portal.room = to.clone();
    }
    for end in &mut portal.ends {
        if end.place == *from {
            end.place = to.clone();
            end.state = EndState::Active;
        }
    }
    speaks_no_more(tx, from);
    save(tx, &portal)?;
    topics::relocate(tx, from, to)?;
    queue::transfer(tx, from, to)?;
    appearance::transfer(tx, from, Some(to))?;
    let told = Event {
        place: from.clone(),
        message: MessageId::from(""),
        late: false,
        content: Content::Moved { to: to.chat.clone() },
    };
    let core = queue::append(tx, &core_place(to), Work::of(told))?;
    Ok(Some(vec![queue::state(queue::lane(tx, to)?), core]))
}

/// What is known of a ghost.
///
/// # Errors
/// [`StoreError`].
pub fn ghost(tx: &Txn<'_>, person: &Person) -> Result<Option<GhostRecord>, StoreError> {
    tx.get(&GHOSTS, &keys::person(person))
}

/// Stores what is known of a ghost.
///
/// # Errors
/// [`StoreError`].
pub fn save_ghost(
    tx: &mut Txn<'_>,
    person: &Person,
    ghost: &GhostRecord,
) -> Result<(), StoreError> {
    tx.put(&LOCALPARTS, &ghost.localpart, person)?;
    tx.put(&GHOSTS, &keys::person(person), ghost)
}

/// The people whose ghosts are in a room.
///
/// # Errors
/// [`StoreError`].
pub fn ghosts_in(tx: &Txn<'_>, room: &Place) -> Result<Vec<Person>, StoreError> {
    let room = keys::place(room);
    let ghosts = tx.all(&GHOSTS, &Everything)?;
    let mut people = Vec::new();
    for ghost in ghosts.iter().filter(|ghost| ghost.rooms.contains(&room)) {
        people.extend(tx.get(&LOCALPARTS, &ghost.localpart)?);
    }
    Ok(people)
}
