// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values that were read or written lately, also that there is none.
//!
//! Rule: only the owner of the store has a cache, because nobody else writes then. Its size is bounded:
//! two generations, of which the older one goes when the younger one is full.

use std::collections::HashMap;

/// Bytes of keys and values in one generation.
const GENERATION: usize = 16 * 1024 * 1024;
/// What an entry takes beside its bytes, about.
const OVERHEAD: usize = 96;

type Entries = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// The cache of an engine.
#[derive(Debug, Default)]
pub struct Cache {
    young: Entries,
    old: Entries,
    bytes: usize,
}

impl Cache {
    /// What is known of a key: `Some(None)` when it is known that it has no value.
    pub fn get(&mut self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let known = self.old.remove(key)?;
        self.put(key.to_vec(), known.clone());
        Some(known)
    }

    /// A key has a value, or none.
    pub fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len) + OVERHEAD;
        if self.bytes > GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Nothing is known any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_last_is_known_and_the_size_is_bounded() {
        let mut cache = Cache::default();
        let value = vec![0; 1024];
        for number in 0..100_000_u32 {
            cache.put(number.to_be_bytes().to_vec(), Some(value.clone()));
            cache.put(b"often".to_vec(), Some(number.to_be_bytes().to_vec()));
        }
        assert_eq!(cache.get(b"often"), Some(Some(99_999_u32.to_be_bytes().to_vec())));
        assert_eq!(cache.get(&0_u32.to_be_bytes()), None);
        let entries = cache.young.len() + cache.old.len();
        assert!(entries * 1024 <= 2 * GENERATION, "{entries} entries");
        cache.put(b"gone".to_vec(), None);
        assert_eq!(cache.get(b"gone"), Some(None));
        cache.clear();
        assert_eq!(cache.get(b"often"), None);
    }
}
