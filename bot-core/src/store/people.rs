// SPDX-License-Identifier: AGPL-3.0-or-later
//! The people who spoke in a portal lately, for names that are written by hand.
//!
//! Rule: few and not for long: who has been silent is forgotten with the messages.

use bridge_model::{Author, AuthorKind, Person, Place};
use serde::{Deserialize, Serialize};

use super::txn::Txn;
use super::{Acquaintance, StoreError, codec, keys};
use crate::portal::PortalId;

const PEOPLE: &str = "people of a portal";

/// People who are remembered of each portal.
const MOST: usize = 200;

/// Somebody who spoke, and in which week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    who: Acquaintance,
    week: u16,
}

/// Notes that somebody spoke. Costs a write only when that is new in this week.
///
/// # Errors
/// [`StoreError`].
pub fn note(
    tx: &mut Txn<'_>,
    portal: PortalId,
    place: &Place,
    author: &Author,
) -> Result<(), StoreError> {
    if author.kind != AuthorKind::Person {
        return Ok(());
    }
    let person = Person { network: place.network.clone(), user: author.user.clone() };
    let who = Acquaintance { person, name: author.name.clone(), username: author.username.clone() };
    let seen = Seen { who, week: keys::bucket(tx.now) };
    let mut all = read(tx, portal)?;
    if all.contains(&seen) {
        return Ok(());
    }
    all.retain(|other| other.who.person != seen.who.person);
    if all.len() >= MOST {
        all.remove(0);
    }
    all.push(seen);
    tx.put(PEOPLE, keys::people_key(portal.0), &all)
}

/// Who spoke lately, longest ago first.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
    Ok(read(tx, portal)?.into_iter().map(|seen| seen.who).collect())
}

/// A portal is no more.
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) {
    tx.delete(keys::people_key(portal.0));
}

/// Forgets who spoke last before `week`; returns how many that were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, week: u16) -> Result<u64, StoreError> {
    let mut gone = 0;
    for (key, sealed) in tx.scan(&[keys::PEOPLE], usize::MAX)? {
        let all: Vec<Seen> = codec::open(PEOPLE, &sealed)?;
        let kept: Vec<Seen> = all.iter().filter(|seen| seen.week >= week).cloned().collect();
        if kept.len() < all.len() {
            gone += u64::try_from(all.len() - kept.len()).unwrap_or(u64::MAX);
            tx.put(PEOPLE, key, &kept)?;
        }
    }
    Ok(gone)
}

fn read(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Seen>, StoreError> {
    Ok(tx.get(PEOPLE, &keys::people_key(portal.0))?.unwrap_or_default())
}
