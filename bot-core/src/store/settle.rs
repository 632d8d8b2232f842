// SPDX-License-Identifier: AGPL-3.0-or-later
//! What came of a lane's head: its removal, its copies and what follows, all or nothing.

use bridge_model::{Content, Person};

use super::txn::Txn;
use super::{
    Settled, Settlement, StoreError, accept, albums, messages, migration, orphans, portals, queue,
    summaries, votes,
};
use crate::lane::{CORE, Entry, LaneState, Relayed, Work};
use crate::migration::Tag;

/// Settles the head of a lane.
///
/// # Errors
/// [`StoreError`]: nothing was stored.
pub fn settle(tx: &mut Txn<'_>, settlement: Settlement) -> Result<Settled, StoreError> {
    let entry = queue::remove(tx, &settlement.lane, settlement.entry)?;
    let mut settled = Settled { lanes: outcome(tx, &entry, &settlement)?, depth: 0 };
    let Settlement { lane, parts, also, changes, then, summaries, refused, .. } = settlement;
    queue::note_settled(tx, &lane, if is_message(&entry.work) { &parts } else { &[] })?;
    accept::merge(&mut settled.lanes, orphans::hear(tx, &lane, &also)?);
    for change in changes {
        accept::merge(&mut settled.lanes, portals::change(tx, change)?);
    }
    if let Some(tag) = finished(&entry, refused) {
        accept::merge(&mut settled.lanes, migration::effected(tx, tag, Ok(()))?);
    }
    for (place, work) in then {
        accept::merge(&mut settled.lanes, vec![queue::append(tx, &place, work)?]);
    }
    for (place, summary) in summaries {
        let state = if place == lane {
            summaries::follow(tx, &place, summary)?
        } else {
            summaries::append(tx, &place, summary)?
        };
        accept::merge(&mut settled.lanes, vec![state]);
    }
    settled.depth = queue::lane(tx, &lane)?.depth;
    Ok(settled)
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

/// Stores what the entry left; the lanes that got entries by it.
fn outcome(
    tx: &mut Txn<'_>,
    entry: &Entry,
    settlement: &Settlement,
) -> Result<Vec<LaneState>, StoreError> {
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
        Work::Task(_) => return Ok(Vec::new()),
    }
    if let Some(first) = parts.first() {
        messages::name(tx, (lane, &first.id), also)?;
    }
    Ok(Vec::new())
}

fn relayed_outcome(
    tx: &mut Txn<'_>,
    relayed: &Relayed,
    settlement: &Settlement,
) -> Result<Vec<LaneState>, StoreError> {
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
        Content::Deleted { .. } if !refused => {
            if let Some(origin) = messages::take_away(tx, here)? {
                return summaries::end(tx, lane, &origin);
            }
        }
        Content::PollClosed { .. } if !refused => return votes::close(tx, lane, here),
        Content::Deleted { .. }
        | Content::PollClosed { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. } => {}
    }
    Ok(Vec::new())
}
