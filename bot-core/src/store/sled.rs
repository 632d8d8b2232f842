// SPDX-License-Identifier: AGPL-3.0-or-later
//! The embedded default engine.
//!
//! Rule: no timed flushes; the writer thread flushes once per group of transactions.

use std::path::Path;

use super::StoreError;
use super::kv::{Kv, Row, Writes};

/// One sled tree.
#[derive(Debug)]
pub struct SledKv {
    db: sled::Db,
}

impl SledKv {
    /// Opens or makes the database in the folder `path`.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the folder cannot be used, or another process holds it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(64 * 1024 * 1024)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace);
        let db = config.open().map_err(|error| {
            StoreError::Engine(format!(
                "cannot open the store in {}: {error}. Is another freeside running on it? Is the \
                 folder writable?",
                path.display()
            ))
        })?;
        Ok(Self { db })
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(engine)?.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.db.scan_prefix(prefix).take(limit);
        rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(engine))
            .collect()
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch).map_err(engine)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(engine)
    }
}

fn engine(error: sled::Error) -> StoreError {
    StoreError::Engine(error.to_string())
}
