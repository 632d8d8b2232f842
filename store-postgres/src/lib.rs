// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store in a PostgreSQL database, and which node owns it (`docs/adr/0024`).
//!
//! Rule: one node owns the store at a time, and each write proves in its own transaction that it is
//! that node. Who cannot be sure any more that it is, reads nothing, writes nothing, and ends.

mod cache;
mod engine;
mod keys;
mod lease;
mod link;
mod schema;

use std::sync::Arc;

use bot_core::clock::Dice;
use bot_core::store::keyring::Keyring;
use bot_core::store::vault::Vault;
use bot_core::store::{Kek, StoreError};

pub use engine::PostgresKv;
pub use keys::PgKeys;
pub use lease::{Owned, Waiting};
pub use link::Database;

/// The encrypted engine of a store in a database.
pub type SealedInDatabase = Vault<PostgresKv>;

/// Opens the store in a database with its key; keys are made where there are none.
///
/// # Errors
/// [`StoreError::Key`] when `kek` is not the store's; others when the database fails.
pub fn sealed(
    database: &Database,
    kek: &Kek,
    dice: &Arc<dyn Dice>,
) -> Result<SealedInDatabase, StoreError> {
    let files = Box::new(PgKeys::new(database));
    let keys = if database.has_keys()? || database.is_snapshot() {
        Keyring::open_in(files, kek, Arc::clone(dice))?
    } else {
        Keyring::create_in(files, kek, Arc::clone(dice))?
    };
    Ok(Vault::new(PostgresKv::new(database), keys))
}
