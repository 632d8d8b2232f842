// SPDX-License-Identifier: AGPL-3.0-or-later
//! Counts what the running bridge does.
//!
//! Rule: the networks are known at the start, so that no label can appear that was not foreseen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bot_core::clock::Clock;
use bot_core::lane::CORE;
use bot_core::measure::{DeliveryVerdict, Measures};
use bridge_model::NetworkId;

use super::list;
use super::page::{Histogram, MetricsPage, whole};

/// Seconds from accept to delivery: what people call at once, and what an outage makes of it.
const DELIVERY: [f64; 12] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0];
/// Seconds of a request.
const UPSTREAM: [f64; 11] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Seconds until a batch is on the disk.
const COMMIT: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What was counted since the start.
pub(crate) struct Counters {
    networks: BTreeMap<String, NetworkCounters>,
    commit: Histogram,
    commits_failed: AtomicU64,
    forgotten: AtomicU64,
    /// In milliseconds since 1970.
    forgot_at: AtomicI64,
    clock: Arc<dyn Clock>,
}

struct NetworkCounters {
    hears: AtomicBool,
    events: AtomicU64,
    /// In the order of [`DeliveryVerdict::ALL`].
    verdicts: [(DeliveryVerdict, AtomicU64); 5],
    delivery: Histogram,
    upstream: Histogram,
    lost: AtomicU64,
}

impl NetworkCounters {
    fn new() -> Self {
        Self {
            hears: AtomicBool::new(false),
            events: AtomicU64::new(0),
            verdicts: DeliveryVerdict::ALL.map(|verdict| (verdict, AtomicU64::new(0))),
            delivery: Histogram::new(&DELIVERY),
            upstream: Histogram::new(&UPSTREAM),
            lost: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts for these networks, and for the bot's desk.
    pub(crate) fn new(networks: &[&str], clock: &Arc<dyn Clock>) -> Self {
        let networks = networks.iter().chain(&[CORE]);
        Self {
            networks: networks.map(|it| ((*it).to_owned(), NetworkCounters::new())).collect(),
            commit: Histogram::new(&COMMIT),
            commits_failed: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            forgot_at: AtomicI64::new(0),
            clock: Arc::clone(clock),
        }
    }

    /// The networks with whether each hears its platform. The desk is none.
    pub(super) fn hearing(&self) -> impl Iterator<Item = (&str, bool)> {
        let networks = self.networks.iter().filter(|(name, _)| *name != CORE);
        networks.map(|(name, it)| (name.as_str(), it.hears.load(Ordering::Relaxed)))
    }

    /// The names by which lanes are told: the networks and the desk.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.networks.keys().map(String::as_str)
    }

    fn of(&self, network: &NetworkId) -> Option<&NetworkCounters> {
        self.networks.get(network.as_str())
    }

    /// Writes what was counted.
    pub(super) fn write(&self, page: &mut MetricsPage) {
        let remotes = || self.networks.iter().filter(|(name, _)| *name != CORE);
        let count = |count: &AtomicU64| whole(count.load(Ordering::Relaxed));
        let events = remotes().map(|(name, it)| ([name.as_str()], count(&it.events)));
        page.numbers(&list::EVENTS, events);
        let verdicts = self.networks.iter().flat_map(|(name, it)| {
            it.verdicts
                .iter()
                .map(move |(verdict, it)| ([name.as_str(), verdict.name()], count(it)))
        });
        page.numbers(&list::DELIVERIES, verdicts);
        let times = self.networks.iter().map(|(name, it)| ([name.as_str()], &it.delivery));
        page.histograms(&list::DELIVERY_TIME, times);
        page.histograms(&list::UPSTREAM, remotes().map(|(name, it)| ([name], &it.upstream)));
        let lost = remotes().map(|(name, it)| ([name.as_str()], count(&it.lost)));
        page.numbers(&list::UPSTREAM_LOST, lost);
        page.histograms(&list::COMMIT, [(&[] as &[&str], &self.commit)]);
        page.number(&list::COMMIT_FAILED, count(&self.commits_failed));
        page.number(&list::FORGOTTEN, count(&self.forgotten));
        let seconds = self.forgot_at.load(Ordering::Relaxed).max(0).div_euclid(1000);
        page.number(&list::FORGOT_AT, whole(u64::try_from(seconds).unwrap_or_default()));
    }
}

impl Measures for Counters {
    fn accepted(&self, network: &NetworkId, events: usize) {
        if let Some(it) = self.of(network) {
            it.events.fetch_add(u64::try_from(events).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    fn tried(&self, network: &NetworkId, verdict: DeliveryVerdict, since: Option<Duration>) {
        let Some(it) = self.of(network) else { return };
        for (_, count) in it.verdicts.iter().filter(|(known, _)| *known == verdict) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(since) = since.filter(|_| verdict == DeliveryVerdict::Delivered) {
            it.delivery.note(since);
        }
    }

    fn asked(&self, network: &NetworkId, took: Duration, answered: bool) {
        let Some(it) = self.of(network) else { return };
        if answered {
            it.upstream.note(took);
        } else {
            it.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn hears(&self, network: &NetworkId, hears: bool) {
        if let Some(it) = self.of(network) {
            it.hears.store(hears, Ordering::Relaxed);
        }
    }

    fn stored(&self, took: Duration, done: bool) {
        if done {
            self.commit.note(took);
        } else {
            self.commits_failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn forgot(&self, records: Option<u64>) {
        if let Some(records) = records {
            self.forgotten.fetch_add(records, Ordering::Relaxed);
            self.forgot_at.store(self.clock.now().0, Ordering::Relaxed);
        }
    }
}
