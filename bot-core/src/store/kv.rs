// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an embedded engine must do: one ordered keyspace, atomic batches, a flush.
//!
//! Rule: only the writer thread of [`super::Store`] touches an engine.

use super::StoreError;

/// One row.
pub type Row = (Vec<u8>, Vec<u8>);

/// Writes of one transaction: `None` deletes.
pub type Writes = std::collections::BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// An embedded engine.
pub trait Kv: Send + 'static {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first `limit` rows whose keys start with `prefix`, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;

    /// The first `limit` rows whose keys sort after `key`, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;

    /// Applies all writes or none. Readers see them at once; the disk after [`Kv::flush`].
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError>;

    /// Returns when everything applied is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn flush(&mut self) -> Result<(), StoreError>;

    /// Copies everything aside before the layout `layout` is migrated, unless such a copy is there
    /// already. Engines that keep nothing on a disk have nothing to copy.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn keep_copy(&mut self, _layout: u16) -> Result<(), StoreError> {
        Ok(())
    }

    /// Removes the copy that [`Kv::keep_copy`] made, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn drop_copy(&mut self, _layout: u16) -> Result<(), StoreError> {
        Ok(())
    }
}
