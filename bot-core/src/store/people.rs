// SPDX-License-Identifier: AGPL-3.0-or-later
//! The people who spoke in a portal lately, for names that are written by hand.
//!
//! Rule: few and not for long: who has been silent is forgotten with the messages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::{Author, AuthorKind, Person, Place};

use super::keys::Everything;
use super::records::Seen;
use super::tables::{PEOPLE, SPEAKERS};
use super::txn::Txn;
use super::{Acquaintance, Store, StoreError, keys};
use crate::portal::PortalId;

/// People who are remembered of each portal.
pub const MOST: usize = 200;
/// Portals whose people are held in memory; all are forgotten when there are more.
const MOST_PORTALS: usize = 128;

impl Store {
    /// Who spoke lately in a portal, longest ago first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(&self, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
        self.glance(move |tx| of(tx, portal)).await
    }

    /// The same, for whoever asks with each message: read again only when somebody new spoke.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_people(&self, portal: PortalId) -> Result<Arc<[Acquaintance]>, StoreError> {
        let changes = self.shared().changes(&[SPEAKERS.kind().prefix]);
        if let Some(known) = self.recent_people().get(portal, changes) {
            return Ok(known);
        }
        let people: Arc<[Acquaintance]> = self.people(portal).await?.into();
        self.recent_people().put(portal, (changes, Arc::clone(&people)));
        Ok(people)
    }
}

/// The people of the portals that were asked for last.
#[derive(Default)]
pub(super) struct RecentPeople(Mutex<HashMap<PortalId, Known>>);

/// People, and the number of changes that were known.
type Known = (u64, Arc<[Acquaintance]>);

impl RecentPeople {
    fn get(&self, portal: PortalId, changes: u64) -> Option<Arc<[Acquaintance]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, people) = known.get(&portal)?;
        (*since == changes).then(|| Arc::clone(people))
    }

    fn put(&self, portal: PortalId, people: Known) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_PORTALS {
            known.clear();
        }
        known.insert(portal, people);
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
    let (key, week) = ((portal, keys::person(&who.person)), keys::bucket(tx.now));
    let known = tx.get(&SPEAKERS, &key)?;
    if known.as_ref().is_some_and(|known| known.who == who && known.week == week) {
        return Ok(());
    }
    if known.is_none() {
        make_room(tx, portal)?;
    }
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    tx.put(&SPEAKERS, &key, &Seen { who, week, number })
}

/// Whoever spoke longest ago goes when there is no room for another one.
fn make_room(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    let all = tx.scan(&SPEAKERS, &portal, usize::MAX)?;
    if all.len() < MOST {
        return Ok(());
    }
    if let Some((row, _)) = all.into_iter().min_by_key(|(_, seen)| seen.number) {
        tx.remove(row);
    }
    Ok(())
}

/// Who spoke lately, longest ago first.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
    let mut all = tx.all(&SPEAKERS, &portal)?;
    all.sort_by_key(|seen| seen.number);
    Ok(all.into_iter().map(|seen| seen.who).collect())
}

/// Somebody is no longer remembered.
pub fn forget_one(tx: &mut Txn<'_>, portal: PortalId, person: &Person) {
    tx.delete(&SPEAKERS, &(portal, keys::person(person)));
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear(&SPEAKERS, &portal).map(drop)
}

/// Forgets who spoke last before `week`; returns how many that were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, week: u16) -> Result<u64, StoreError> {
    tx.clear_if(&SPEAKERS, &Everything, |seen| seen.week < week)
}

/// Older versions kept all people of a portal in one record; each gets one of their own.
///
/// # Errors
/// [`StoreError`].
pub fn part(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    for (row, all) in tx.scan(&PEOPLE, &Everything, usize::MAX)? {
        let Some(portal) = row.0.last_chunk().map(|id| PortalId(u32::from_be_bytes(*id))) else {
            continue;
        };
        for seen in all {
            let number = tx.meta().next_entry;
            tx.meta_mut().next_entry = number.saturating_add(1);
            let key = (portal, keys::person(&seen.who.person));
            tx.put(&SPEAKERS, &key, &Seen { number, ..seen })?;
        }
        tx.remove(row);
    }
    Ok(())
}
