// SPDX-License-Identifier: AGPL-3.0-or-later
//! Settings that wait until an admin of each chat has agreed.
//!
//! Rule: one proposal for each setting; another value for it begins anew. Nothing says who agreed.

use bridge_model::Place;

use super::tables::PROPOSALS;
use super::txn::Txn;
use super::{Store, StoreError};
use crate::portal::{PortalId, Proposal};

impl Store {
    /// The settings of a portal that wait for somebody to agree; stale ones may be among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn proposals(&self, portal: PortalId) -> Result<Vec<Proposal>, StoreError> {
        self.read(move |tx| of(tx, portal)).await
    }
}

fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Proposal>, StoreError> {
    Ok(tx.get(&PROPOSALS, &portal)?.unwrap_or_default())
}

/// Notes which chats agree. A proposal of the same value keeps its time and those who agreed to it.
///
/// # Errors
/// [`StoreError`].
pub fn propose(tx: &mut Txn<'_>, portal: PortalId, mut new: Proposal) -> Result<(), StoreError> {
    let mut all = of(tx, portal)?;
    let now = tx.now;
    all.retain(|known| known.until >= now);
    if let Some(at) = all.iter().position(|known| known.setting == new.setting) {
        let known = all.remove(at);
        if known.value == new.value {
            let others = known.agreed.into_iter().filter(|place| !new.agreed.contains(place));
            let others: Vec<Place> = others.collect();
            new.agreed.extend(others);
            new.until = known.until;
        }
    }
    all.push(new);
    tx.put(&PROPOSALS, &portal, &all)
}

/// A setting was changed, or somebody declined.
///
/// # Errors
/// [`StoreError`].
pub fn resolve(tx: &mut Txn<'_>, portal: PortalId, setting: &str) -> Result<(), StoreError> {
    let mut all = of(tx, portal)?;
    let before = all.len();
    all.retain(|known| known.setting != setting);
    if all.is_empty() {
        forget(tx, portal);
    } else if all.len() < before {
        tx.put(&PROPOSALS, &portal, &all)?;
    }
    Ok(())
}

/// A chat is another one, or is no more: nobody of the chat as it is now has agreed.
///
/// # Errors
/// [`StoreError`].
pub fn lost(tx: &mut Txn<'_>, portal: PortalId, chat: &Place) -> Result<(), StoreError> {
    let mut all = of(tx, portal)?;
    if all.iter().all(|known| !known.agreed.contains(chat)) {
        return Ok(());
    }
    for known in &mut all {
        known.agreed.retain(|place| place != chat);
    }
    tx.put(&PROPOSALS, &portal, &all)
}

/// A portal is no more.
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) {
    tx.delete(&PROPOSALS, &portal);
}
