// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is counted of a running bridge, for whoever watches it from outside.
//!
//! Rule: networks and verdicts, and numbers. No chat, no person, no id and no words pass here.

use std::sync::Arc;
use std::time::Duration;

use bridge_model::NetworkId;
use tokio::time::Instant;

/// What came of one try to carry an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryVerdict {
    /// It was carried out.
    Delivered,
    /// It can never be carried out; its author was told.
    Refused,
    /// It is tried again, and changed nothing.
    Retried,
    /// It is tried again, and may have arrived.
    Uncertain,
    /// The chat is closed to the bot, and its lane halted.
    Closed,
}

impl DeliveryVerdict {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Delivered, Self::Refused, Self::Retried, Self::Uncertain, Self::Closed];

    /// The name by which it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Retried => "retried",
            Self::Uncertain => "uncertain",
            Self::Closed => "closed",
        }
    }
}

/// Somebody who counts. Nobody waits for what is done here.
pub trait Measures: Send + Sync {
    /// So many events of a network were stored.
    fn accepted(&self, network: &NetworkId, events: usize);

    /// An entry for a network (or for the core bot's desk, [`crate::lane::CORE`]) was tried; how long
    /// after it was stored, where that is known.
    fn tried(&self, network: &NetworkId, verdict: DeliveryVerdict, since: Option<Duration>);

    /// A network's platform was asked for something: how long until its answer began, or until none
    /// came.
    fn asked(&self, network: &NetworkId, took: Duration, answered: bool);

    /// Whether a network hears what is said on its platform.
    fn hears(&self, network: &NetworkId, hears: bool);

    /// A batch is on the disk, or could not be stored; with the time that it waited for its turn.
    fn stored(&self, took: Duration, done: bool);

    /// What is older than it may be was removed: so many records, or it failed.
    fn forgot(&self, records: Option<u64>);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmeasured;

impl Measures for Unmeasured {
    fn accepted(&self, _network: &NetworkId, _events: usize) {}
    fn tried(&self, _network: &NetworkId, _verdict: DeliveryVerdict, _since: Option<Duration>) {}
    fn asked(&self, _network: &NetworkId, _took: Duration, _answered: bool) {}
    fn hears(&self, _network: &NetworkId, _hears: bool) {}
    fn stored(&self, _took: Duration, _done: bool) {}
    fn forgot(&self, _records: Option<u64>) {}
}

/// Measures the requests that a network makes to its platform.
#[derive(Clone)]
pub struct Stopwatch {
    network: NetworkId,
    measures: Arc<dyn Measures>,
}

impl Stopwatch {
    /// Measures for a network.
    pub fn new(network: &str, measures: &Arc<dyn Measures>) -> Self {
        Self { network: network.into(), measures: Arc::clone(measures) }
    }

    /// Measures nothing.
    pub fn off() -> Self {
        Self { network: NetworkId::from(""), measures: Arc::new(Unmeasured) }
    }

    /// Makes a request; an error is one without an answer.
    pub async fn time<T, E>(&self, request: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let began = Instant::now();
        let answer = request.await;
        self.measures.asked(&self.network, began.elapsed(), answer.is_ok());
        answer
    }
}

impl std::fmt::Debug for Stopwatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stopwatch").field("network", &self.network).finish_non_exhaustive()
    }
}
