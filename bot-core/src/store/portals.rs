// SPDX-License-Identifier: AGPL-3.0-or-later
//! Portals and the offers that lead to them.
//!
//! Rule: a place belongs to one portal at most.

use bridge_model::Place;

use super::keys::Everything;
use super::tables::{OFFERS, PORTAL_OF, PORTALS, TOPICS};
use super::txn::Txn;
use super::{CodeHash, Store, StoreError, keys};
use crate::portal::{EndState, Offer, Portal, PortalId};

impl Store {
    /// The portal that a place belongs to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn portal_of(&self, place: &Place) -> Result<Option<Portal>, StoreError> {
        let place = place.clone();
        self.glance(move |tx| of(tx, &place)).await
    }

    /// All portals.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn portals(&self) -> Result<Vec<Portal>, StoreError> {
        self.glance(all).await
    }

    /// Grows whenever a chat is linked, or is not any more.
    pub fn changes_of_links(&self) -> u64 {
        self.shared().changes(&[PORTALS.kind().prefix, TOPICS.kind().prefix])
    }

    /// The offer behind a code's hash, also when it is stale or used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_offer(&self, code: &CodeHash) -> Result<Option<Offer>, StoreError> {
        let code = *code;
        self.read(move |tx| offer(tx, &code)).await
    }
}

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

/// An end is there, or is lost.
///
/// # Errors
/// [`StoreError`].
pub fn set_state(tx: &mut Txn<'_>, remote: &Place, state: EndState) -> Result<(), StoreError> {
    let Some(mut portal) = of(tx, remote)? else { return Ok(()) };
    for end in &mut portal.ends {
        if end.place == *remote {
            end.state = state;
        }
    }
    save(tx, &portal)
}
