// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commits the outcome of an entry in one transaction: its removal, its copies, the changes that a
//! command asked for, and what follows.

use bridge_model::{Content, MessageId, Person, Place};

use super::tables::OFFERS;
use super::txn::Txn;
use super::writer::OnDisk;
use super::{
    Change, Settled, Settlement, Store, StoreError, accept, albums, answers, blocks, calls, claims,
    consent, joint, lanes, linking, media_purge, messages, migration, notices, orphans, overflow,
    own_data, policies, proposals, queue, removal, self_tests, summaries, timers, topics,
    unconfirmed, visits, votes,
};
use crate::lane::{CORE, Entry, Relayed, Work};
use crate::migration::Tag;

impl Store {
    /// Removes the head of a lane and stores what came of it, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.write_at(settlement.now, move |tx| settle(tx, settlement)).await
    }

    /// The same, and returns when others see it; it is on the disk a moment later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_soon(
        &self,
        settlement: Settlement,
    ) -> Result<(Settled, OnDisk), StoreError> {
        self.write_soon(settlement.now, move |tx| settle(tx, settlement)).await
    }
}

/// Settles the head of a lane.
///
/// # Errors
/// [`StoreError`]: nothing was stored.
pub fn settle(tx: &mut Txn<'_>, settlement: Settlement) -> Result<Settled, StoreError> {
    let (entry, overtook) = queue::remove(tx, &settlement.lane, settlement.entry)?;
    outcome(tx, &entry, &settlement)?;
    let Settlement { lane, parts, also, changes, then, summaries, refused, .. } = settlement;
    let hurried = changes.iter().filter_map(Change::hurries).cloned().collect();
    if !overtook {
        queue::note_settled(tx, &lane, if is_message(&entry.work) { &parts } else { &[] })?;
    }
    for event in orphans::take(tx, &lane, &also)? {
        accept::relay(tx, event)?;
    }
    for what in changes {
        change(tx, what)?;
    }
    if let Some(tag) = finished(&entry, refused) {
        migration::effected(tx, tag, Ok(()))?;
    }
    for (place, work) in then {
        answers::append(tx, &place, work)?;
    }
    for (place, summary) in summaries {
        if place == lane {
            summaries::follow(tx, &place, summary)?;
        } else {
            summaries::append(tx, &place, summary)?;
        }
    }
    answers::let_in(tx, &lane)?;
    answers::let_in_touched(tx)?;
    let depth = queue::lane(tx, &lane)?.depth;
    overflow::drained(tx, &lane, depth)?;
    Ok(Settled { lanes: queue::touched(tx)?, depth, hurried })
}

impl Change {
    /// The lane whose courier looks at once, whatever it waits for.
    fn hurries(&self) -> Option<&Place> {
        let Self::Lane(change) = self else { return None };
        change.hurries()
    }
}

/// Carries out a change.
///
/// # Errors
/// [`StoreError::Conflict`] when it no longer fits.
fn change(tx: &mut Txn<'_>, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Claim(what) => {
            let open = claims::change(tx, *what)?;
            open.iter().try_for_each(|it| joint::unite(tx, &it.person, &it.on_matrix()))
        }
        Change::Call(what) => calls::change(tx, *what),
        Change::OwnData(what) => own_data::change(tx, *what),
        Change::Consent(what) => consent::change(tx, *what),
        Change::Linked(linked) => notices::linked(tx, *linked),
        Change::Move(what) => migration::apply(tx, *what),
        Change::Timer(timer) => timers::set(tx, *timer),
        Change::Topic(what) => topics::change(tx, what),
        Change::StopTimer(name) => timers::stop(tx, &name),
        Change::Redeemed(code, redeemed) => linking::redeem(tx, &code, redeemed),
        Change::Spent(code) => linking::spend(tx, &code),
        Change::Offer(code, offer) => tx.put(&OFFERS, &code, &offer),
        Change::Link { code, room, remote, title, settings, stage } => {
            linking::use_offer(tx, &code, (&room, &remote))?;
            linking::link(tx, room, (remote, title), (settings, stage))
        }
        Change::Ask(place, code, what) => unconfirmed::ask(tx, &place, (code, *what)),
        Change::Confirmed(place, code) => unconfirmed::confirm(tx, &place, code),
        Change::Set(place, setting) => linking::set(tx, &place, setting),
        Change::Proposed(portal, proposal) => proposals::propose(tx, portal, proposal),
        Change::Resolved(portal, setting) => proposals::resolve(tx, portal, &setting),
        Change::TakenAway(place, message) => taken_away(tx, &place, (&place, &message)),
        Change::Superseded(edits) => edits.iter().try_for_each(|edit| queue::withdraw(tx, edit)),
        Change::Moderated(event) => policies::moderate(tx, &event),
        Change::Spared(portal, person) => blocks::spare(tx, portal, &person),
        Change::Lacks(place, rights) => blocks::note_lacking(tx, &place, &rights),
        Change::SelfTest(what) => self_tests::change(tx, *what),
        Change::PurgeMedia(room) => media_purge::purge(tx, &room),
        Change::Policy(what) => policies::change(tx, *what),
        Change::Lane(what) => lanes::change(tx, what),
        Change::Visit(what) => visits::change(tx, *what),
        Change::Unlink(remote) => linking::unlink(tx, &remote),
        Change::Returned(place) => removal::is_back(tx, &place),
        Change::Encrypted(place) => removal::encrypted(tx, &place).map(drop),
        Change::Readers(room, everybody) => removal::readers(tx, &room, everybody).map(drop),
    }
}

/// A message was taken away by somebody who may.
fn taken_away(
    tx: &mut Txn<'_>,
    lane: &Place,
    here: (&Place, &MessageId),
) -> Result<(), StoreError> {
    match messages::take_away(tx, here)? {
        Some(origin) => summaries::end(tx, lane, &origin),
        None => Ok(()),
    }
}

/// The parts that the entry left are messages, not reactions or the like.
fn is_message(work: &Work) -> bool {
    match work {
        Work::Relay(relayed) => {
            matches!(relayed.event.content, Content::Posted(_) | Content::Edited(_))
        }
        Work::Say(_) | Work::Summary(_) => true,
        Work::Task(_) => false,
    }
}

/// The effect that is carried out with this entry. In the lanes of the core an effect only begins;
/// the desk says what comes of it.
fn finished(entry: &Entry, refused: bool) -> Option<Tag> {
    if refused || entry.lane.network.as_str() == CORE {
        return None;
    }
    entry.work.completes()
}

/// Stores what the entry left.
fn outcome(tx: &mut Txn<'_>, entry: &Entry, settlement: &Settlement) -> Result<(), StoreError> {
    let Settlement { lane, parts, also, .. } = settlement;
    match &entry.work {
        Work::Relay(relayed) => return relayed_outcome(tx, relayed, settlement),
        Work::Say(saying) => {
            if !parts.is_empty() {
                let said = (&saying.origin, &saying.id);
                messages::set_copy(tx, said, lane, (parts, &[]))?;
            }
        }
        Work::Summary(summary) => {
            let said = (&summary.origin, &summary.id);
            messages::bring_back(tx, said)?;
            messages::set_copy(tx, said, lane, (parts, &[]))?;
        }
        Work::Task(_) => return Ok(()),
    }
    if let Some(first) = parts.first() {
        messages::name(tx, (lane, &first.id), also)?;
    }
    Ok(())
}

fn relayed_outcome(
    tx: &mut Txn<'_>,
    relayed: &Relayed,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let Settlement { lane, parts, also, refused, .. } = settlement;
    let event = &relayed.event;
    let here = (&event.place, &event.message);
    match &event.content {
        Content::Posted(_) | Content::Edited(_) => {
            if !parts.is_empty() {
                albums::set_copies(tx, lane, relayed, parts)?;
            }
            if let Some(first) = parts.first() {
                messages::name(tx, (lane, &first.id), also)?;
            }
        }
        Content::Reacted { by, reaction, .. } => {
            let by = Person { network: event.place.network.clone(), user: by.user.clone() };
            let made = parts.first().map(|part| &part.id);
            messages::set_reaction_event(tx, here, (&by, reaction), (lane, made))?;
            if *refused {
                messages::refuse_reaction(tx, here, (&by, reaction), lane)?;
            }
        }
        Content::Unreacted { by, reaction } => {
            let by = Person { network: event.place.network.clone(), user: by.clone() };
            messages::set_reaction_event(tx, here, (&by, reaction), (lane, None))?;
        }
        // Whoever had to be asked for has allowed it.
        Content::Deleted { .. } if !refused => return taken_away(tx, lane, here),
        Content::PollClosed { .. } if !refused => return votes::close(tx, lane, here),
        Content::Deleted { .. }
        | Content::ReactionsCleared { .. }
        | Content::PollClosed { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => {}
    }
    Ok(())
}
