// SPDX-License-Identifier: AGPL-3.0-or-later
//! What those who read share with the writer thread of [`super::Store`]: the rows, the counters, and how
//! much of what was applied is on the disk.
//!
//! Rule: nobody reads while a batch is applied, so that all that one reads belongs together. Flushing
//! keeps nobody from reading.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bridge_model::Timestamp;

use super::StoreError;
use super::kv::{Kv, Writes};
use super::records::Meta;
use super::txn::Txn;

/// What readers and the writer share.
pub(super) struct SharedRows {
    rows: Option<Box<dyn Kv + Sync>>,
    /// The counters; the lock is held while a batch is applied.
    meta: RwLock<Arc<Meta>>,
    /// Batches that were applied, and those of them that are on the disk.
    applied: AtomicU64,
    flushed: AtomicU64,
    /// Entries of lanes with smaller numbers are on the disk.
    durable: AtomicU64,
    /// How often rows of each table were written, by the first byte of their keys.
    changes: [AtomicU64; 256],
}

/// What was read, and whether all of it is on the disk.
pub(super) struct Seen<T> {
    pub(super) value: T,
    pub(super) durable: bool,
}

/// How much was applied at a moment.
pub(super) struct AppliedPoint {
    applied: u64,
    entries: u64,
}

impl SharedRows {
    /// Everything is on the disk.
    pub(super) fn new(kv: &dyn Kv, meta: Arc<Meta>) -> Self {
        Self {
            rows: kv.reader(),
            durable: AtomicU64::new(meta.next_entry),
            meta: RwLock::new(meta),
            applied: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            changes: [const { AtomicU64::new(0) }; 256],
        }
    }

    /// Whether one can read beside the writer thread.
    pub(super) fn can_read(&self) -> bool {
        self.rows.is_some()
    }

    /// Reads; `None` where only the writer thread can.
    ///
    /// # Errors
    /// What `job` says.
    pub(super) fn look<T>(
        &self,
        now: (Timestamp, u64),
        job: impl FnOnce(&Txn<'_>) -> Result<T, StoreError>,
    ) -> Option<Seen<Result<T, StoreError>>> {
        let rows = self.rows.as_deref()?;
        let meta = self.meta.read().unwrap_or_else(PoisonError::into_inner);
        let value = job(&Txn::with(rows, Arc::clone(&meta), now));
        let applied = self.applied.load(Ordering::Acquire);
        drop(meta);
        Some(Seen { value, durable: self.flushed.load(Ordering::Acquire) >= applied })
    }

    /// The counters.
    pub(super) fn meta(&self) -> Arc<Meta> {
        Arc::clone(&self.meta.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Applies a batch while nobody reads.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub(super) fn apply(
        &self,
        kv: &mut dyn Kv,
        writes: &Writes,
        meta: Arc<Meta>,
    ) -> Result<(), StoreError> {
        let mut current = self.meta.write().unwrap_or_else(PoisonError::into_inner);
        let applied = kv.apply(writes);
        // Of a batch that failed some rows may be there.
        for prefix in writes.keys().filter_map(|key| key.first()) {
            if let Some(count) = self.changes.get(usize::from(*prefix)) {
                count.fetch_add(1, Ordering::Release);
            }
        }
        if applied.is_ok() {
            *current = meta;
        }
        self.applied.fetch_add(1, Ordering::Release);
        applied
    }

    /// What is applied now.
    pub(super) fn point(&self) -> AppliedPoint {
        let meta = self.meta.read().unwrap_or_else(PoisonError::into_inner);
        AppliedPoint { applied: self.applied.load(Ordering::Acquire), entries: meta.next_entry }
    }

    /// Whether everything that was applied up to here is on the disk.
    pub(super) fn is_flushed(&self, point: &AppliedPoint) -> bool {
        self.flushed.load(Ordering::Acquire) >= point.applied
    }

    /// Everything that was applied up to here is on the disk.
    pub(super) fn note_flushed(&self, point: &AppliedPoint) {
        self.durable.fetch_max(point.entries, Ordering::AcqRel);
        self.flushed.fetch_max(point.applied, Ordering::AcqRel);
    }

    /// Has the writer do something while nobody reads.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _nobody = self.meta.write().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Entries of lanes with smaller numbers are on the disk.
    pub(super) fn durable_entries(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Grows whenever rows of these tables are written.
    pub(super) fn changes(&self, prefixes: &[u8]) -> u64 {
        let counts = prefixes.iter().filter_map(|prefix| self.changes.get(usize::from(*prefix)));
        counts.map(|count| count.load(Ordering::Acquire)).sum()
    }
}
