// SPDX-License-Identifier: AGPL-3.0-or-later
//! Chats are joined, taken out, moved, and their settings change.
//!
//! Rule: whatever hangs on a chat (lane, topics, looks, figures, history) goes where the chat goes.

use bridge_model::{Content, Event, MessageId, Place};
use bridge_policy::stage::Stage;

use super::tables::{OFFERS, PORTALS};
use super::txn::Txn;
use super::{
    CodeHash, StoreError, answers, appearance, blocks, brakes, electorate, figures, first, gaps,
    hosts, migration, notices, overflow, people, policies, portals, proposals, queue, removal,
    standing, topics,
};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::portal::{
    End, EndState, Offer, Portal, PortalId, Readers, Redeemed, Setting, Settings, Silence,
};

/// Notes where a code was typed.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not known, stale or used.
pub fn redeem(tx: &mut Txn<'_>, code: &CodeHash, redeemed: Redeemed) -> Result<(), StoreError> {
    let mut offer = open_offer(tx, code)?;
    let elsewhere = |it: &Redeemed| it.place != redeemed.place;
    if offer.expires < tx.now || offer.redeemed.as_ref().is_some_and(elsewhere) {
        return Err(StoreError::Conflict("the code is used or stale"));
    }
    offer.redeemed = Some(redeemed);
    tx.put(&OFFERS, code, &offer)
}

/// Uses a code up without joining anything.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not known or used.
pub fn spend(tx: &mut Txn<'_>, code: &CodeHash) -> Result<(), StoreError> {
    let mut offer = open_offer(tx, code)?;
    offer.used = true;
    tx.put(&OFFERS, code, &offer)
}

/// Uses a code up.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not known, stale or used, or was typed in neither chat.
pub fn use_offer(
    tx: &mut Txn<'_>,
    code: &CodeHash,
    (room, remote): (&Place, &Place),
) -> Result<(), StoreError> {
    let offer = open_offer(tx, code)?;
    let typed = |other: &Place| {
        offer.redeemed.as_ref().is_some_and(|it| it.place == *other && it.until >= tx.now)
    };
    let fits = (offer.from == *room && typed(remote)) || (offer.from == *remote && typed(room));
    if !fits {
        return Err(StoreError::Conflict("the code is stale, or was not typed there"));
    }
    spend(tx, code)
}

fn open_offer(tx: &Txn<'_>, code: &CodeHash) -> Result<Offer, StoreError> {
    let Some(offer) = portals::offer(tx, code)? else {
        return Err(StoreError::Conflict("the code is not known"));
    };
    if offer.used { Err(StoreError::Conflict("the code is used")) } else { Ok(offer) }
}

/// Joins a room and a remote chat.
///
/// # Errors
/// [`StoreError::Conflict`] when the chat belongs to another room.
pub fn link(
    tx: &mut Txn<'_>,
    room: Place,
    (remote, title): (Place, Option<String>),
    (settings, stage): (Settings, Stage),
) -> Result<(), StoreError> {
    let mut portal = match portals::of(tx, &room)? {
        Some(portal) => portal,
        None => {
            let number = tx.meta().next_portal.saturating_add(1);
            tx.meta_mut().next_portal = number;
            Portal {
                id: PortalId(number),
                room: room.clone(),
                ends: Vec::new(),
                settings,
                stage,
                relaying: stage.relays(),
                silence: None,
                media_epoch: 0,
            }
        }
    };
    if portals::of(tx, &remote)?.is_some_and(|other| other.id != portal.id) {
        return Err(StoreError::Conflict("the chat belongs to another room already"));
    }
    if portal.silence_at(&remote).is_some() {
        removal::is_back(tx, &remote)?;
    }
    portal.ends.retain(|end| end.place != remote);
    // Nobody of the new chat has agreed to what the others agreed to.
    portal.settings.readers = Readers::Members;
    let had_page = std::mem::take(&mut portal.settings.page);
    let since = tx.now;
    portal.ends.push(End { place: remote, state: EndState::Active, since, title });
    portals::save(tx, &portal)?;
    if had_page {
        // The notices lead to it.
        let notices = Work::Task(Task::Notices(portal.id));
        queue::append(tx, &core_place(&portal.room), notices)?;
    }
    migration::begin(tx, &portal)
}

/// Changes a setting of the portal of a place.
///
/// # Errors
/// [`StoreError::Conflict`] when the chat is not linked.
pub fn set(tx: &mut Txn<'_>, place: &Place, setting: Setting) -> Result<(), StoreError> {
    let Some(mut portal) = portals::of(tx, place)? else {
        return Err(StoreError::Conflict("the chat is not linked"));
    };
    if let Setting::Threads(threads) = setting {
        topics::switch(tx, portal.id, threads)?;
    }
    let opened = setting == Setting::Readers(Readers::Everybody);
    if setting == Setting::AtRisk(true) && !portal.settings.at_risk {
        // What was counted so far is gone, and so is what was learned of links.
        figures::forget(tx, portal.id)?;
        hosts::forget(tx, portal.id)?;
        notices::forget(tx, portal.id);
        gaps::forget_all(tx, portal.id)?;
        portal.media_epoch = portal.media_epoch.saturating_add(1);
    }
    portal.settings.apply(setting);
    portals::save(tx, &portal)?;
    if opened {
        removal::readers(tx, &portal.room, true)?;
    }
    Ok(())
}

/// Takes a remote chat out of its portal; the portal goes with the last one.
///
/// # Errors
/// [`StoreError::Conflict`] when the chat is not linked.
pub fn unlink(tx: &mut Txn<'_>, remote: &Place) -> Result<(), StoreError> {
    let Some(mut portal) = portals::of(tx, remote)? else {
        return Err(StoreError::Conflict("the chat is not linked"));
    };
    portal.ends.retain(|end| end.place != *remote);
    portals::speaks_no_more(tx, remote);
    proposals::lost(tx, portal.id, remote)?;
    appearance::transfer(tx, remote, None)?;
    topics::forget(tx, portal.id, Some(remote))?;
    first::forget_chat(tx, portal.id, remote)?;
    if queue::lane(tx, remote)?.halted.is_some() {
        queue::purge(tx, remote)?;
        overflow::forget(tx, remote)?;
        answers::transfer(tx, remote, None)?;
    }
    if portal.ends.is_empty() {
        portals::speaks_no_more(tx, &portal.room);
        tx.delete(&PORTALS, &portal.id);
        proposals::forget(tx, portal.id);
        electorate::forget(tx, portal.id)?;
        appearance::transfer(tx, &portal.room, None)?;
        people::forget_all(tx, portal.id)?;
        brakes::forget_all(tx, portal.id)?;
        blocks::forget(tx, portal.id)?;
        policies::forget(tx, portal.id)?;
        gaps::forget_all(tx, portal.id)?;
        figures::forget(tx, portal.id)?;
        hosts::forget(tx, portal.id)?;
        notices::forget(tx, portal.id);
        return migration::forget(tx, portal.id);
    }
    standing::forget(tx, portal.id, remote)?;
    portals::save(tx, &portal)
}

/// A chat goes on under another id: the portal and the lane go with it. `false` when it is
/// not linked.
///
/// # Errors
/// [`StoreError`].
pub fn relocate(tx: &mut Txn<'_>, from: &Place, to: &Place) -> Result<bool, StoreError> {
    let Some(mut portal) = portals::of(tx, from)? else { return Ok(false) };
    let removed = portal.silence_at(from) == Some(Silence::Removed);
    if removed && portal.room == *from {
        return Ok(false);
    }
    if portals::of(tx, to)?.is_some_and(|other| other.id != portal.id) {
        return Ok(false);
    }
    if portal.room == *from {
        portal.room = to.clone();
        // The desk looks whether the new room is encrypted, too.
        portal.silence = None;
    }
    for end in &mut portal.ends {
        if end.place == *from {
            end.place = to.clone();
            end.state = EndState::Active;
        }
    }
    portals::speaks_no_more(tx, from);
    portals::save(tx, &portal)?;
    proposals::lost(tx, portal.id, from)?;
    topics::relocate(tx, from, to)?;
    queue::transfer(tx, from, to)?;
    overflow::transfer(tx, from, to)?;
    answers::transfer(tx, from, Some(to))?;
    appearance::transfer(tx, from, Some(to))?;
    let told = Event {
        place: from.clone(),
        message: MessageId::from(""),
        late: false,
        content: Content::Moved { to: to.chat.clone() },
    };
    queue::append(tx, &core_place(to), Work::of(told))?;
    standing::relocate(tx, &portal, (from, to))?;
    Ok(true)
}
