// SPDX-License-Identifier: AGPL-3.0-or-later
//! The people who spoke in a portal lately, for names that are written by hand.
//!
//! Rule: few and not for long: who has been silent is forgotten with the messages.

use bridge_model::{Author, AuthorKind, Person, Place};

use super::keys::Everything;
use super::records::Seen;
use super::tables::PEOPLE;
use super::txn::Txn;
use super::{Acquaintance, Store, StoreError, keys};
use crate::portal::PortalId;

/// People who are remembered of each portal.
pub const MOST: usize = 200;

impl Store {
    /// Who spoke lately in a portal, longest ago first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(&self, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
        self.read(move |tx| of(tx, portal)).await
    }
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
    tx.put(&PEOPLE, &portal, &all)
}

/// Who spoke lately, longest ago first.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
    Ok(read(tx, portal)?.into_iter().map(|seen| seen.who).collect())
}

/// Somebody is no longer remembered.
///
/// # Errors
/// [`StoreError`].
pub fn forget_one(tx: &mut Txn<'_>, portal: PortalId, person: &Person) -> Result<(), StoreError> {
    let mut all = read(tx, portal)?;
    let before = all.len();
    all.retain(|seen| seen.who.person != *person);
    if all.len() == before {
        return Ok(());
    }
    tx.put(&PEOPLE, &portal, &all)
}

/// A portal is no more.
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) {
    tx.delete(&PEOPLE, &portal);
}

/// Forgets who spoke last before `week`; returns how many that were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, week: u16) -> Result<u64, StoreError> {
    let mut gone = 0;
    for (row, all) in tx.scan(&PEOPLE, &Everything, usize::MAX)? {
        let kept: Vec<Seen> = all.iter().filter(|seen| seen.week >= week).cloned().collect();
        if kept.len() < all.len() {
            gone += u64::try_from(all.len() - kept.len()).unwrap_or(u64::MAX);
            tx.replace(&PEOPLE, row, &kept)?;
        }
    }
    Ok(gone)
}

fn read(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Seen>, StoreError> {
    Ok(tx.get(&PEOPLE, &portal)?.unwrap_or_default())
}
