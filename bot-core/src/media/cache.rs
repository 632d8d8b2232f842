// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that were served lately under a public address, in memory.
//!
//! Rule: it is bounded in bytes and in time; what was used longest ago goes first. Whether somebody may
//! see a file is asked before it is looked for here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bridge_model::{MediaHandle, Timestamp};
use bytes::Bytes;

use crate::portal::PortalId;

/// A file takes this part of the room at most.
const SHARE: usize = 16;

/// The files.
pub struct MediaCache {
    room: usize,
    time: i64,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    by_handle: HashMap<(PortalId, MediaHandle), Kept>,
    /// By when they were used last.
    used: BTreeMap<u64, (PortalId, MediaHandle)>,
    bytes: usize,
    uses: u64,
}

struct Kept {
    file: Bytes,
    since: Timestamp,
    used: u64,
}

impl MediaCache {
    /// Keeps `room` bytes at most, each file for `time` milliseconds.
    pub fn new(room: usize, time: i64) -> Self {
        Self { room, time, files: Mutex::default() }
    }

    /// The largest file that is kept, in bytes.
    pub fn largest(&self) -> usize {
        self.room / SHARE
    }

    /// The file, if it is kept.
    pub fn get(&self, portal: PortalId, handle: &MediaHandle, now: Timestamp) -> Option<Bytes> {
        let mut files = self.lock();
        files.drop_old(now, self.time);
        let (next, key) = (files.uses, (portal, handle.clone()));
        let kept = files.by_handle.get_mut(&key)?;
        let (file, before) = (kept.file.clone(), std::mem::replace(&mut kept.used, next));
        files.uses += 1;
        files.used.remove(&before);
        files.used.insert(next, key);
        Some(file)
    }

    /// Keeps a file that was served in a portal.
    pub fn put(&self, portal: PortalId, handle: &MediaHandle, (file, now): (Bytes, Timestamp)) {
        if file.len() > self.largest() {
            return;
        }
        let mut files = self.lock();
        files.drop_old(now, self.time);
        let key = (portal, handle.clone());
        files.remove(&key);
        while files.bytes.saturating_add(file.len()) > self.room {
            let Some((_, oldest)) = files.used.pop_first() else { break };
            files.remove(&oldest);
        }
        let used = files.uses;
        files.uses += 1;
        files.bytes += file.len();
        files.used.insert(used, key.clone());
        files.by_handle.insert(key, Kept { file, since: now, used });
    }

    /// Forgets the files of a portal.
    pub fn forget(&self, portal: PortalId) {
        let mut files = self.lock();
        let gone: Vec<_> =
            files.by_handle.keys().filter(|(of, _)| *of == portal).cloned().collect();
        gone.iter().for_each(|key| files.remove(key));
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn remove(&mut self, key: &(PortalId, MediaHandle)) {
        if let Some(kept) = self.by_handle.remove(key) {
            self.bytes = self.bytes.saturating_sub(kept.file.len());
            self.used.remove(&kept.used);
        }
    }

    fn drop_old(&mut self, now: Timestamp, time: i64) {
        // A clock that was set back keeps nothing for ever.
        let old = |kept: &Kept| !(0..time).contains(&now.0.saturating_sub(kept.since.0));
        let gone = self.by_handle.iter().filter(|(_, kept)| old(kept));
        let gone: Vec<_> = gone.map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| self.remove(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn handle(name: &str) -> MediaHandle {
        MediaHandle { network: "matrix".into(), reference: name.into() }
    }

    fn cache(files: &[(u32, &str)]) -> MediaCache {
        let cache = MediaCache::new(160, 1000);
        for (portal, name) in files {
            let file = Bytes::from_static(&[7; 10]);
            cache.put(PortalId(*portal), &handle(name), (file, NOW));
        }
        cache
    }

    fn holds(cache: &MediaCache, portal: u32, name: &str, now: Timestamp) -> bool {
        cache.get(PortalId(portal), &handle(name), now).is_some()
    }

    #[test]
    fn a_file_is_kept_for_its_time_and_for_its_portal_only() {
        let cache = cache(&[(1, "a")]);
        assert!(holds(&cache, 1, "a", Timestamp(NOW.0 + 999)));
        assert!(!holds(&cache, 2, "a", NOW));
        assert!(!holds(&cache, 1, "a", Timestamp(NOW.0 + 1000)));
        assert_eq!(cache.lock().bytes, 0);
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let letters = "abcdefghijklmno".split("").filter(|it| !it.is_empty());
        let cache = cache(&letters.map(|it| (1, it)).collect::<Vec<_>>());
        assert!(holds(&cache, 1, "a", NOW));
        for name in ["x", "y"] {
            cache.put(PortalId(1), &handle(name), (Bytes::from_static(&[7; 10]), NOW));
        }
        assert!(!holds(&cache, 1, "b", NOW) && holds(&cache, 1, "a", NOW));
        assert_eq!(cache.lock().bytes, 160);
    }

    #[test]
    fn a_large_file_is_not_kept_and_the_same_file_counts_once() {
        let cache = cache(&[(1, "a"), (1, "a")]);
        assert_eq!(cache.lock().bytes, 10);
        cache.put(PortalId(1), &handle("large"), (Bytes::from_static(&[7; 11]), NOW));
        assert!(!holds(&cache, 1, "large", NOW));
    }

    #[test]
    fn a_portal_is_forgotten_and_the_others_are_not() {
        let cache = cache(&[(1, "a"), (1, "b"), (2, "a")]);
        cache.forget(PortalId(1));
        assert!(!holds(&cache, 1, "a", NOW) && !holds(&cache, 1, "b", NOW));
        assert!(holds(&cache, 2, "a", NOW));
        let files = cache.lock();
        assert_eq!((files.bytes, files.used.len()), (10, 1));
    }
}
