// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stickers that were seen, by the file of the media repository that shows each.
//!
//! Rule: whoever sends that file again sends the sticker itself to where it came from: the same
//! one, of the same pack, that moves as it does there.

use bridge_model::Media;

use super::records::StickerRecord;
use super::tables::STICKERS;
use super::txn::Txn;
use super::{Store, StoreError, keys};

impl Store {
    /// The sticker that a file of the media repository shows, if it is one of another network.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sticker_behind(&self, mxc: &str) -> Result<Option<StickerRecord>, StoreError> {
        let mxc = mxc.to_owned();
        self.glance(move |tx| behind(tx, &mxc)).await
    }

    /// Remembers a sticker with the file that shows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_sticker(&self, mxc: &str, sticker: StickerRecord) -> Result<(), StoreError> {
        let mxc = mxc.to_owned();
        self.write(move |tx| save(tx, &mxc, &sticker)).await
    }
}

impl StickerRecord {
    /// What is to be remembered of a file; `None` when it is no sticker of another network.
    pub fn of(media: &Media) -> Option<Self> {
        let sticker = media.sticker.clone().filter(|sticker| sticker.mime.is_some())?;
        let derived = crate::media::derived::original(&media.handle);
        let handle = derived.map_or_else(|| media.handle.clone(), |(_, original)| original);
        Some(Self { handle, sticker })
    }
}

/// The sticker that a file shows.
///
/// # Errors
/// [`StoreError`].
pub fn behind(tx: &Txn<'_>, mxc: &str) -> Result<Option<StickerRecord>, StoreError> {
    tx.get(&STICKERS, &keys::hash(&[mxc]))
}

/// Remembers a sticker.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, mxc: &str, sticker: &StickerRecord) -> Result<(), StoreError> {
    tx.put(&STICKERS, &keys::hash(&[mxc]), sticker)
}
