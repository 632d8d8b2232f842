// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an embedded engine must do: one ordered keyspace, atomic batches, a flush.
//!
//! Rule: only the writer thread of [`super::Store`] writes to an engine. Others read through
//! [`Kv::reader`], never while a batch is applied.

use std::path::Path;

use super::keys::Hash;
use super::{StoreError, codec};

/// One row.
pub type Row = (Vec<u8>, Vec<u8>);

/// Writes of one transaction: `None` deletes.
pub type Writes = std::collections::BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Flushes an engine.
pub type Flusher = Box<dyn FnMut() -> Result<(), StoreError> + Send>;

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

    /// The same rows for others who only read them, as they are at each moment; `None` where all
    /// reading goes through the writer thread.
    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        None
    }

    /// Flushes from another thread while the writer thread goes on; when it returns, everything that was
    /// applied before the call is on the disk. `None` where only the writer thread can.
    fn flusher(&self) -> Option<Flusher> {
        None
    }

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

    /// Makes a consistent copy in a new folder, while nobody writes.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails, or the engine has no files.
    fn copy_to(&mut self, _folder: &Path) -> Result<(), StoreError> {
        Err(StoreError::Engine("this store has no files that could be copied".into()))
    }

    /// The keys of all rows that are one of these people's.
    ///
    /// # Errors
    /// [`StoreError`].
    fn rows_of(&self, people: &[Hash]) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = self.scan(&[], usize::MAX)?.into_iter();
        let theirs =
            rows.filter(|(_, value)| codec::split(value).0.iter().any(|it| people.contains(it)));
        Ok(theirs.map(|(key, _)| key).collect())
    }

    /// Destroys the keys of these people, where the engine encrypts; how many there were. What is left
    /// of their records, also in its log, cannot be read any more.
    ///
    /// # Errors
    /// [`StoreError`].
    fn destroy(&mut self, _people: &[Hash]) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Destroys the keys of all people of whom no row is left; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep(&mut self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// An engine that is chosen when the bridge starts.
impl<K: Kv + ?Sized> Kv for Box<K> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        (**self).scan(prefix, limit)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        (**self).scan_after(key, limit)
    }

    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        (**self).reader()
    }

    fn flusher(&self) -> Option<Flusher> {
        (**self).flusher()
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        (**self).apply(writes)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        (**self).flush()
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        (**self).keep_copy(layout)
    }

    fn drop_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        (**self).drop_copy(layout)
    }

    fn copy_to(&mut self, folder: &Path) -> Result<(), StoreError> {
        (**self).copy_to(folder)
    }

    fn rows_of(&self, people: &[Hash]) -> Result<Vec<Vec<u8>>, StoreError> {
        (**self).rows_of(people)
    }

    fn destroy(&mut self, people: &[Hash]) -> Result<u64, StoreError> {
        (**self).destroy(people)
    }

    fn sweep(&mut self) -> Result<u64, StoreError> {
        (**self).sweep()
    }
}
