// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads every row of a store, as `freeside store check` asks for.
//!
//! Rule: nothing is changed, and a row that cannot be read does not hide the others. A row is named by
//! its key in the engine, which is encrypted: whoever reads the name learns nothing.

use data_encoding::HEXLOWER;

use super::kv::{Kv, Row};
use super::layout::{self, LAYOUT};
use super::vault::Vault;
use super::{StoreError, tables};

/// Rows that are read at once.
pub const BATCH: u64 = 512;

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// Its key in the engine, in hexadecimal digits.
    pub row: String,
    /// Why.
    pub why: StoreError,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The store's layout; `None` for one without rows.
    pub layout: Option<u16>,
    /// Rows in all.
    pub rows: u64,
    /// How many of them cannot be read.
    pub unreadable: u64,
    /// People who have a key.
    pub people: u64,
}

/// Is told of each row that cannot be read, and of how many rows were read so far after each batch.
pub trait Inspector {
    /// A row cannot be read; it is the `found`th one.
    fn unreadable(&mut self, found: u64, row: &UnreadableRow);
    /// So many rows were read.
    fn read(&mut self, rows: u64);
}

/// Reads every row and every key.
///
/// # Errors
/// [`StoreError::Newer`] for a store of a newer version, [`StoreError::Key`] when keys are damaged, and
/// what the engine says. Rows that cannot be read are no error.
pub fn check<K: Kv>(
    vault: &Vault<K>,
    inspector: &mut dyn Inspector,
) -> Result<Checked, StoreError> {
    let layout = known_layout(vault)?;
    let people = vault.keys().check()?;
    let mut checked = Checked { layout, rows: 0, unreadable: 0, people };
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    let mut after = Vec::new();
    loop {
        let rows = vault.as_stored(&after, batch)?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        for row in rows {
            checked.rows += 1;
            let name = HEXLOWER.encode(&row.0);
            if let Err(why) = readable(vault, row) {
                checked.unreadable += 1;
                inspector.unreadable(checked.unreadable, &UnreadableRow { row: name, why });
            }
        }
        inspector.read(checked.rows);
    }
    if checked.rows > 0 && checked.layout.is_none() {
        checked.unreadable += 1;
        let why = "it is missing, and so are the number and the layout of the store".to_owned();
        let why = StoreError::Damaged { what: tables::META.kind().name, why };
        inspector.unreadable(checked.unreadable, &UnreadableRow { row: "-".to_owned(), why });
    }
    Ok(checked)
}

fn readable<K: Kv>(vault: &Vault<K>, row: Row) -> Result<(), StoreError> {
    let moved = vault.give(row)?;
    tables::try_open(&moved.key, &moved.value)
}

/// The layout of a store, which this version knows.
///
/// # Errors
/// [`StoreError::Newer`]. A damaged row of counters counts as none here: [`check`] finds it.
pub fn known_layout<K: Kv>(vault: &Vault<K>) -> Result<Option<u16>, StoreError> {
    match layout::layout(vault) {
        Ok(Some(found)) if found > LAYOUT => Err(StoreError::Newer { found, known: LAYOUT }),
        Err(StoreError::Damaged { .. }) => Ok(None),
        found => found,
    }
}
