// SPDX-License-Identifier: AGPL-3.0-or-later
//! Custom emoji that were seen, with the file of the media repository that shows each.
//!
//! Rule: both ways: from the network's id to the file, and back from the file.

use bridge_model::NetworkId;

use super::tables::{EMOJI, EMOJI_FILES};
use super::txn::Txn;
use super::{EmojiRecord, Store, StoreError, keys};

impl Store {
    /// A custom emoji of a network, when it was seen before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn emoji(
        &self,
        network: &NetworkId,
        id: &str,
    ) -> Result<Option<EmojiRecord>, StoreError> {
        let (network, id) = (network.clone(), id.to_owned());
        self.glance(move |tx| of(tx, &network, &id)).await
    }

    /// The custom emoji that a file (an `mxc://` URI) shows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn emoji_behind(&self, mxc: &str) -> Result<Option<EmojiRecord>, StoreError> {
        let mxc = mxc.to_owned();
        self.glance(move |tx| behind(tx, &mxc)).await
    }

    /// Remembers a custom emoji and the file that shows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_emoji(&self, emoji: EmojiRecord) -> Result<(), StoreError> {
        self.write(move |tx| save(tx, &emoji)).await
    }
}

/// The emoji of a network.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, network: &NetworkId, id: &str) -> Result<Option<EmojiRecord>, StoreError> {
    tx.get(&EMOJI, &keys::hash(&[network.as_str(), id]))
}

/// The emoji that a file shows.
///
/// # Errors
/// [`StoreError`].
pub fn behind(tx: &Txn<'_>, mxc: &str) -> Result<Option<EmojiRecord>, StoreError> {
    tx.get(&EMOJI_FILES, &keys::hash(&[mxc]))
}

/// Remembers an emoji.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, emoji: &EmojiRecord) -> Result<(), StoreError> {
    tx.put(&EMOJI_FILES, &keys::hash(&[&emoji.mxc]), emoji)?;
    tx.put(&EMOJI, &keys::hash(&[emoji.network.as_str(), &emoji.id]), emoji)
}
