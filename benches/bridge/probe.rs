// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said, what has arrived, and which calls were made for it.
//!
//! Rule: each message has a number that stands in its words; a message that arrives twice is an error.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What stands before a message's number.
pub(crate) const WORD: &str = "bench-";

#[derive(Default)]
pub(crate) struct Probe {
    seen: Mutex<Seen>,
    arrived: AtomicU64,
    changed: Notify,
    calls: Mutex<BTreeMap<String, u64>>,
}

#[derive(Default)]
struct Seen {
    under_way: HashMap<u64, Instant>,
    took: Vec<Duration>,
    doubled: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Probe {
    /// The last byte of a message goes to the bridge now. Of several tries the first counts.
    pub(crate) fn said(&self, numbers: &[u64]) {
        let now = Instant::now();
        let mut seen = locked(&self.seen);
        for number in numbers {
            seen.under_way.entry(*number).or_insert(now);
        }
    }

    /// A request came whose body may hold a message.
    pub(crate) fn arrived(&self, body: &str, at: Instant) {
        let Some((_, rest)) = body.split_once(WORD) else { return };
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let Ok(number) = digits.parse::<u64>() else { return };
        let mut seen = locked(&self.seen);
        match seen.under_way.remove(&number) {
            Some(since) => seen.took.push(at.saturating_duration_since(since)),
            None => seen.doubled += 1,
        }
        drop(seen);
        self.arrived.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Counts a call of this kind.
    pub(crate) fn called(&self, kind: &str) {
        let mut calls = locked(&self.calls);
        match calls.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(calls.insert(kind.to_owned(), 1)),
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Calls since the last time, by kind.
    pub(crate) fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *locked(&self.calls))
    }

    /// How long each message took since the last time, the shortest first.
    pub(crate) fn take_latencies(&self) -> Vec<Duration> {
        let mut took = std::mem::take(&mut locked(&self.seen).took);
        took.sort_unstable();
        took
    }

    /// Returns when so many messages have arrived in all.
    pub(crate) async fn until(&self, count: u64, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            if self.count() >= count {
                break;
            }
            drop(tokio::time::timeout(Duration::from_millis(100), changed).await);
            let arrived = self.count();
            ensure!(Instant::now() < deadline, "only {arrived} of {count} messages arrived");
        }
        let doubled = locked(&self.seen).doubled;
        ensure!(doubled == 0, "{doubled} messages arrived twice");
        Ok(())
    }
}

/// The value below which `part` of all lie, in milliseconds.
pub(crate) fn percentile(sorted: &[Duration], part: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let at = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(at).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}
