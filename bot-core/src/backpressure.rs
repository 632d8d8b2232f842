// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pauses the sources of a lane that is above its high-water mark.
//!
//! Rule: a full lane slows its sources down; it never drops. A lane that stands still keeps
//! nobody waiting: nobody knows for how long.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use bridge_model::{NetworkId, Place};
use tokio::sync::Notify;

/// Knows which lanes are full and which networks feed them.
#[derive(Debug)]
pub struct Backpressure {
    high: u64,
    full: Mutex<HashMap<Place, HashSet<NetworkId>>>,
    changed: Notify,
}

impl Backpressure {
    /// Lanes of more than `high` entries are full, until they are at three quarters of it.
    pub fn new(high: u64) -> Self {
        Self { high, full: Mutex::default(), changed: Notify::new() }
    }

    /// A lane fed by `feeders` has now `depth` entries.
    pub fn note(&self, lane: &Place, depth: u64, feeders: impl IntoIterator<Item = NetworkId>) {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if depth > self.high {
            if !full.contains_key(lane) {
                tracing::warn!(network = %lane.network, depth, "a lane is full, its sources pause");
            }
            full.entry(lane.clone()).or_default().extend(feeders);
        } else if depth <= self.high / 4 * 3 && full.remove(lane).is_some() {
            tracing::info!(network = %lane.network, depth, "a lane has room again");
            self.changed.notify_waiters();
        }
    }

    /// A lane stands still: its sources do not wait for it.
    pub fn open(&self, lane: &Place) {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if full.remove(lane).is_some() {
            self.changed.notify_waiters();
        }
    }

    /// Waits while a lane that `network` feeds is full.
    pub async fn wait_for_capacity(&self, network: &NetworkId) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
                if !full.values().any(|feeders| feeders.contains(network)) {
                    return;
                }
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_pauses_its_sources_and_nobody_else() {
        let backpressure = Backpressure::new(4);
        let lane = Place::new("discord", "1");
        backpressure.note(&lane, 5, [NetworkId::from("telegram")]);
        backpressure.wait_for_capacity(&NetworkId::from("matrix")).await;
        let telegram = NetworkId::from("telegram");
        let mut waiting = std::pin::pin!(backpressure.wait_for_capacity(&telegram));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        backpressure.note(&lane, 4, []);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending(), "not yet at three quarters");
        backpressure.note(&lane, 3, []);
        waiting.await;
    }
}
