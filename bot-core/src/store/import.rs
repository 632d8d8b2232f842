// SPDX-License-Identifier: AGPL-3.0-or-later
//! Puts the rows of an exported file into a new store, also of another engine.
//!
//! Rule: the whole file is read and checked before the first row is written. The row with the counters
//! is written last: rows without it are what an import that was cut off has left, and no store.

use std::collections::BTreeSet;
use std::io::BufRead;

use super::cipher::Kek;
use super::export::{Header, Reading, RowProgress};
use super::keys::Hash;
use super::kv::Kv;
use super::vault::{Moved, Vault};
use super::{StoreError, tables};

/// Rows that are written at once.
const BATCH: usize = 512;

/// A file that was read to its end: it can be imported.
pub struct Verified {
    /// What its first line says.
    pub header: Header,
    /// Whose rows it holds; their keys are made at once.
    owners: BTreeSet<Hash>,
}

/// Reads a file to its end.
///
/// # Errors
/// As [`Reading::begin`] and [`Reading::next_row`]; [`StoreError::Damaged`] for a record that this
/// version cannot read.
pub fn verify(
    input: &mut dyn BufRead,
    kek: &Kek,
    progress: RowProgress<'_>,
) -> Result<Verified, StoreError> {
    let mut file = Reading::begin(input, kek)?;
    let header = file.header().clone();
    let (mut owners, mut rows, mut counters) = (BTreeSet::new(), 0, false);
    while let Some(row) = file.next_row()? {
        tables::try_open(&row.key, &row.value)?;
        counters |= is_counters(&row);
        owners.extend(row.owners);
        rows += 1;
        if rows % 1024 == 0 {
            progress(rows, header.rows)?;
        }
    }
    if !counters {
        return Err(StoreError::File("the file lacks the counters of the store".into()));
    }
    Ok(Verified { header, owners })
}

fn is_counters(row: &Moved) -> bool {
    row.key == tables::META.row(&tables::COUNTERS).0
}

/// Writes the rows of a file that [`verify`] has read; how many.
///
/// # Errors
/// [`StoreError::File`] when the store is not empty; others as [`verify`].
pub fn import<K: Kv>(
    vault: &mut Vault<K>,
    (input, kek): (&mut dyn BufRead, &Kek),
    verified: &Verified,
    progress: RowProgress<'_>,
) -> Result<u64, StoreError> {
    make_room(vault)?;
    vault.make_keys(&verified.owners)?;
    let mut file = Reading::begin(input, kek)?;
    let (mut rows, mut batch, mut counters) = (0, Vec::with_capacity(BATCH), None);
    loop {
        let row = file.next_row()?;
        let ended = row.is_none();
        match row {
            Some(row) if is_counters(&row) => counters = Some(row),
            row => batch.extend(row),
        }
        if batch.len() < BATCH && !ended {
            continue;
        }
        rows += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        vault.take_in(std::mem::take(&mut batch))?;
        vault.flush()?;
        progress(rows, verified.header.rows)?;
        if ended {
            break;
        }
    }
    vault.take_in(counters.into_iter().collect())?;
    vault.flush()?;
    progress(rows + 1, verified.header.rows)?;
    Ok(rows + 1)
}

/// A store may be filled that has no rows, or those that an import has left that was cut off.
fn make_room<K: Kv>(vault: &mut Vault<K>) -> Result<(), StoreError> {
    if vault.get(&tables::META.row(&tables::COUNTERS).0)?.is_some() {
        return Err(StoreError::File(
            "the store is not empty: import into a new one, so that nothing is mixed".into(),
        ));
    }
    loop {
        let rows = vault.as_stored(&[], BATCH)?;
        if rows.is_empty() {
            return Ok(());
        }
        vault.discard(rows.into_iter().map(|(key, _)| key))?;
        vault.flush()?;
    }
}
