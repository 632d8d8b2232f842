// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that were uploaded lately, so that each is uploaded once.
//!
//! Rule: known are only hashes of where a file came from and of what is in it. What was not used
//! for two weeks is uploaded anew: a homeserver may have dropped it.

use bridge_model::{Media, MediaHandle, Timestamp};

use super::tables::FILES;
use super::txn::Txn;
use super::{FileRecord, Store, StoreError, keys};

impl Store {
    /// The upload of a file, by one of its names ([`source`], [`content`]), if it is not
    /// older than a week or two.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn file(
        &self,
        name: &keys::Hash,
        now: Timestamp,
    ) -> Result<Option<FileRecord>, StoreError> {
        let (week, name) = (keys::bucket(now), *name);
        self.read(move |tx| find(tx, week, &name)).await
    }

    /// Remembers the upload of a file under its names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_file(
        &self,
        names: Vec<keys::Hash>,
        file: FileRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_at(now, move |tx| save(tx, &names, &file)).await
    }
}

/// The name of a file by where it comes from. Sticker ids stay the same in every message; what
/// stands behind `?` in an address is a signature that changes.
pub fn source(media: &Media) -> keys::Hash {
    let MediaHandle { network, reference } = &media.handle;
    let sticker = media.sticker.as_ref().and_then(|sticker| sticker.id.as_deref());
    // Another recipe makes another file of the same sticker.
    let recipe = crate::media::derived::original(&media.handle);
    let recipe = recipe.map_or("", |(recipe, _)| recipe.mime());
    match sticker {
        Some(id) => keys::hash(&["sticker", network.as_str(), recipe, id]),
        None => {
            let address = reference.split('?').next().unwrap_or(reference);
            keys::hash(&["file", network.as_str(), address])
        }
    }
}

/// The name of a file by what is in it: `sum` is its SHA-256.
pub fn content(sum: &[u8]) -> keys::Hash {
    keys::hash(&["content", &data_encoding::HEXLOWER.encode(sum)])
}

/// The upload of a file in the week `now` or the one before it.
///
/// # Errors
/// [`StoreError`].
pub fn find(tx: &Txn<'_>, now: u16, name: &keys::Hash) -> Result<Option<FileRecord>, StoreError> {
    for week in [now, now.saturating_sub(1)] {
        if let Some(record) = tx.get(&FILES, &(week, *name))? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Remembers the upload of a file under its names.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, names: &[keys::Hash], record: &FileRecord) -> Result<(), StoreError> {
    let week = super::messages::this_week(tx);
    for name in names {
        tx.put(&FILES, &(week, *name), record)?;
    }
    Ok(())
}
