// SPDX-License-Identifier: AGPL-3.0-or-later
//! The engine of tests: everything is lost with the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use super::StoreError;
use super::kv::{Kv, Row, Writes};

/// An ordered map; clones share it, so that a test can open the same store twice.
#[derive(Clone, Debug, Default)]
pub struct MemoryKv(Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>);

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = rows.range(prefix.to_vec()..);
        let within = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(within.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = rows.range::<[u8], _>((Bound::Excluded(key), Bound::Unbounded));
        Ok(after.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        Some(Box::new(self.clone()))
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in writes {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
