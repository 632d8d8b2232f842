// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows that were read or written lately, decrypted, also that there is none.
//!
//! Rule: what is here is what the engine has: whoever writes puts it here when it is applied. The size is
//! bounded: two generations, of which the older one goes when the younger one is full.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of keys and values in one generation.
const GENERATION: usize = 2 * 1024 * 1024;
/// What a row takes beside its bytes, about.
const OVERHEAD: usize = 96;

type Rows = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// The rows of a store that were read or written lately.
#[derive(Debug, Default)]
pub(super) struct OpenedRows(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: Rows,
    old: Rows,
    bytes: usize,
}

impl OpenedRows {
    fn rows(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a key: `Some(None)` when it is known that it has no value.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let mut rows = self.rows();
        if let Some(known) = rows.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = rows.old.remove_entry(key)?;
        rows.put(key, known.clone());
        Some(known)
    }

    /// A key has a value, or none.
    pub(super) fn put(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.rows().put(key, value);
    }

    /// Nothing is known any more.
    pub(super) fn clear(&self) {
        *self.rows() = Generations::default();
    }
}

impl Generations {
    fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len) + OVERHEAD;
        if self.bytes > GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_last_is_known_and_the_size_is_bounded() {
        let opened = OpenedRows::default();
        let value = vec![0; 1024];
        for number in 0..20_000_u32 {
            opened.put(number.to_be_bytes().to_vec(), Some(value.clone()));
            opened.put(b"often".to_vec(), Some(number.to_be_bytes().to_vec()));
        }
        assert_eq!(opened.get(b"often"), Some(Some(19_999_u32.to_be_bytes().to_vec())));
        assert_eq!(opened.get(&0_u32.to_be_bytes()), None);
        let rows = opened.rows();
        assert!((rows.young.len() + rows.old.len()) * 1024 <= 2 * GENERATION);
        drop(rows);
        opened.put(b"gone".to_vec(), None);
        assert_eq!(opened.get(b"gone"), Some(None));
        opened.clear();
        assert_eq!(opened.get(b"often"), None);
    }
}
