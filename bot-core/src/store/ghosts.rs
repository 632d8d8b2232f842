// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ghosts: what is known of the Matrix account of a person of another network.
//!
//! Rule: a localpart leads to one person, and stays with them.

use bridge_model::{Person, Place};

use super::keys::Everything;
use super::tables::{GHOSTS, LOCALPARTS};
use super::txn::Txn;
use super::{GhostRecord, Store, StoreError, keys};

impl Store {
    /// What is known of the ghost of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ghost(&self, person: &Person) -> Result<Option<GhostRecord>, StoreError> {
        let person = person.clone();
        self.glance(move |tx| of(tx, &person)).await
    }

    /// Stores what is known of a ghost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_ghost(&self, person: &Person, ghost: GhostRecord) -> Result<(), StoreError> {
        let person = person.clone();
        self.write(move |tx| save(tx, &person, &ghost)).await
    }

    /// The person behind a ghost's localpart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_behind(&self, localpart: &str) -> Result<Option<Person>, StoreError> {
        let localpart = localpart.to_owned();
        self.glance(move |tx| tx.get(&LOCALPARTS, &localpart)).await
    }

    /// The people whose ghosts are in a room.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ghosts_in(&self, room: &Place) -> Result<Vec<Person>, StoreError> {
        let room = room.clone();
        self.read(move |tx| inside(tx, &room)).await
    }
}

/// What is known of a ghost.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, person: &Person) -> Result<Option<GhostRecord>, StoreError> {
    tx.get(&GHOSTS, &keys::person(person))
}

/// Stores what is known of a ghost.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, person: &Person, ghost: &GhostRecord) -> Result<(), StoreError> {
    tx.put(&LOCALPARTS, &ghost.localpart, person)?;
    tx.put(&GHOSTS, &keys::person(person), ghost)
}

/// The people whose ghosts are in a room.
///
/// # Errors
/// [`StoreError`].
pub fn inside(tx: &Txn<'_>, room: &Place) -> Result<Vec<Person>, StoreError> {
    let room = keys::place(room);
    let ghosts = tx.all(&GHOSTS, &Everything)?;
    let mut people = Vec::new();
    for ghost in ghosts.iter().filter(|ghost| ghost.rooms.contains(&room)) {
        people.extend(tx.get(&LOCALPARTS, &ghost.localpart)?);
    }
    Ok(people)
}
