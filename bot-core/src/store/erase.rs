// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is stored about the people of a portal goes, for good.
//!
//! Rule: afterwards no record of the portal leads to a person, and the keys of people who are in no other
//! portal are destroyed. What is only counted stays.

use std::collections::HashSet;

use bridge_model::Place;

use super::keys::Everything;
use super::records::{GhostRecord, MessageRecord};
use super::tables::{GHOSTS, LOCALPARTS, MESSAGES};
use super::txn::Txn;
use super::{
    Store, StoreError, answers, appearance, blocks, brakes, calls, claims, electorate, figures,
    forget, keys, notices, orphans, overflow, people, policies, portals, proposals, queue, topics,
};
use crate::lane::CORE;
use crate::portal::Portal;

impl Store {
    /// How many messages and people an erasure of the portal would take away now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasable(&self, portal: &Portal) -> Result<(u64, u64), StoreError> {
        let portal = portal.clone();
        self.read(move |tx| erasable(tx, &portal)).await
    }

    /// How many messages are known, of all chats; for those who look after the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_messages(&self) -> Result<u64, StoreError> {
        self.read(left).await
    }
}

/// Takes away messages, names, ghosts and what waits in lanes; how many messages and people that
/// were. The room stays as it is, and so does the portal, without its legacy chats.
///
/// # Errors
/// [`StoreError`].
pub fn portal(tx: &mut Txn<'_>, portal: &Portal) -> Result<(u64, u64), StoreError> {
    let messages = messages(tx, portal, None)?;
    let people = ghosts(tx, portal)?;
    people::forget_all(tx, portal.id)?;
    brakes::forget_all(tx, portal.id)?;
    blocks::forget(tx, portal.id)?;
    policies::forget(tx, portal.id)?;
    for mxid in claims::forget(tx, portal.id)? {
        calls::forget(tx, &mxid)?;
    }
    notices::forget(tx, portal.id);
    figures::close_all(tx, portal.id)?;
    proposals::forget(tx, portal.id);
    electorate::forget(tx, portal.id)?;
    for place in portal.places() {
        overflow::forget(tx, place)?;
        answers::transfer(tx, place, None)?;
        queue::purge(tx, place)?;
        appearance::transfer(tx, place, None)?;
        orphans::forget(tx, place)?;
    }
    topics::forget(tx, portal.id, None)?;
    let mut left = portal.clone();
    for end in left.ends.drain(..) {
        portals::speaks_no_more(tx, &end.place);
    }
    left.relaying = false;
    portals::save(tx, &left)?;
    forget::sweep(tx)?;
    Ok((messages, people))
}

/// Takes away what is known of the messages of a portal, of all weeks or of some; how many were said there
/// first.
///
/// # Errors
/// [`StoreError`].
pub fn messages(
    tx: &mut Txn<'_>,
    portal: &Portal,
    weeks: Option<&[u16]>,
) -> Result<u64, StoreError> {
    let mut numbers = Vec::new();
    let mut places: Vec<_> = portal.places().cloned().collect();
    places.extend(topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room));
    for place in &places {
        numbers.push(tx.number(place)?);
        numbers.push(tx.number(&crate::lane::core_place(place))?);
    }
    let mut rows = Vec::new();
    match weeks {
        None => rows = tx.scan(&MESSAGES, &Everything, usize::MAX)?,
        Some(weeks) => {
            for week in weeks {
                rows.extend(tx.scan(&MESSAGES, week, usize::MAX)?);
            }
        }
    }
    let mut gone = HashSet::new();
    let mut origins = 0;
    let mut reactions = Vec::new();
    for (row, record) in rows {
        match record {
            MessageRecord::Origin(origin) if numbers.contains(&origin.place) => origins += 1,
            MessageRecord::Copy(number, _) | MessageRecord::Alias(number, _)
                if numbers.contains(&number) => {}
            MessageRecord::Reaction { target, .. } => {
                reactions.push((row, target));
                continue;
            }
            MessageRecord::Origin(_)
            | MessageRecord::Copy(..)
            | MessageRecord::Alias(..)
            | MessageRecord::Command => continue,
        }
        gone.extend(row.last_hash());
        tx.remove(row);
    }
    for (row, target) in reactions {
        let of_ours = |place| gone.contains(&keys::message(place, &target));
        if places.iter().any(of_ours) {
            tx.remove(row);
        }
    }
    Ok(origins)
}

/// The ghosts that are in no other room.
fn ghosts(tx: &mut Txn<'_>, portal: &Portal) -> Result<u64, StoreError> {
    let topics = topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room);
    let rooms: Vec<_> =
        topics.chain([portal.room.clone()]).map(|room| keys::place(&room)).collect();
    let mut gone = 0;
    for (row, mut ghost) in tx.scan(&GHOSTS, &Everything, usize::MAX)? {
        ghost.rooms.retain(|known| !rooms.contains(known));
        if ghost.rooms.is_empty() {
            tx.delete(&LOCALPARTS, &ghost.localpart);
            tx.remove(row);
            gone += 1;
        } else {
            tx.replace(&GHOSTS, row, &ghost)?;
        }
    }
    Ok(gone)
}

fn erasable(tx: &Txn<'_>, portal: &Portal) -> Result<(u64, u64), StoreError> {
    let topics: Vec<_> = topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room).collect();
    let places: Vec<_> = portal.places().chain(&topics).collect();
    let all: Vec<_> = places.iter().map(|place| crate::lane::core_place(place)).collect();
    let all: Vec<&Place> = places.into_iter().chain(&all).collect();
    let mut messages = 0;
    for record in tx.all(&MESSAGES, &Everything)? {
        if let MessageRecord::Origin(origin) = record
            && all.contains(&&tx.numbered(origin.place)?)
        {
            messages += 1;
        }
    }
    let rooms: Vec<_> = topics.iter().chain([&portal.room]).map(keys::place).collect();
    let only_there = |ghost: &GhostRecord| ghost.rooms.iter().all(|room| rooms.contains(room));
    let ghosts = tx.all(&GHOSTS, &Everything)?.into_iter().filter(only_there).count();
    Ok((messages, u64::try_from(ghosts).unwrap_or(u64::MAX)))
}

/// How many messages of people are known still; the bot's own are none.
///
/// # Errors
/// [`StoreError`].
pub fn left(tx: &Txn<'_>) -> Result<u64, StoreError> {
    let mut count = 0;
    for record in tx.all(&MESSAGES, &Everything)? {
        if let MessageRecord::Origin(origin) = record
            && tx.numbered(origin.place)?.network.as_str() != CORE
        {
            count += 1;
        }
    }
    Ok(count)
}
