// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether the bridge lives, and whether it is ready.
//!
//! Rule: an answer says which part does not work, in sentences of ours; what a platform or a file
//! system said is in the log, where no stranger reads.

use std::sync::Arc;
use std::time::Duration;

use bot_core::clock::Clock;
use bot_core::lane::CORE;
use bot_core::order::{Batch, Mark};
use bot_core::store::Store;
use bridge_matrix::client::{Client, ClientError};
use bridge_model::NetworkId;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::counters::Counters;

/// How long a part may think.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer about the parts is given again: whoever asks often asks nobody else.
const KEPT: Duration = Duration::from_secs(5);
/// The mark that is written to see that the store can be written.
const PROBE: &str = "probe";
/// Who the homeserver says that we are.
const WHO_AM_I: [&str; 5] = ["_matrix", "client", "v3", "account", "whoami"];
/// Bytes of that at most.
const SMALL: usize = 64 * 1024;

/// One part of the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthPart {
    /// `homeserver`, `store`, or a network.
    pub(crate) name: String,
    /// Why it is not ready; `None` when it is.
    pub(crate) trouble: Option<&'static str>,
}

/// Asks the parts.
pub(crate) struct Health {
    pub(super) store: Arc<Store>,
    pub(super) homeserver: Client,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Arc<dyn Clock>,
    asked: Mutex<Option<(Instant, Vec<HealthPart>)>>,
}

impl Health {
    pub(super) fn new(
        store: &Arc<Store>,
        homeserver: &Client,
        counters: &Arc<Counters>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            homeserver: homeserver.clone(),
            counters: Arc::clone(counters),
            clock: Arc::clone(clock),
            asked: Mutex::default(),
        }
    }

    /// Whether the writer thread of the store turns; everything goes through it.
    pub(crate) async fn is_live(&self) -> bool {
        matches!(timeout(PATIENCE, self.store.instance()).await, Ok(Ok(_)))
    }

    /// All parts, asked anew unless somebody has just asked.
    pub(crate) async fn parts(&self) -> Vec<HealthPart> {
        let mut asked = self.asked.lock().await;
        if let Some((_, parts)) = asked.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            return parts.clone();
        }
        let (homeserver, store) = tokio::join!(self.homeserver(), self.store());
        let part = |name: &str, trouble| HealthPart { name: name.to_owned(), trouble };
        let mut parts = vec![part("homeserver", homeserver), part("store", store)];
        let silent = "does not hear its platform at present; the log says why";
        let networks = self.counters.hearing();
        parts.extend(networks.map(|(name, hears)| part(name, (!hears).then_some(silent))));
        *asked = Some((Instant::now(), parts.clone()));
        parts
    }

    /// Why the homeserver does not do what we ask.
    async fn homeserver(&self) -> Option<&'static str> {
        match timeout(PATIENCE, self.homeserver.get_small(&WHO_AM_I, SMALL)).await {
            Ok(Ok(_)) => None,
            Ok(Err(ClientError::Answered { status: 401 | 403, .. })) => {
                Some("refuses the as_token: does it read our registration file?")
            }
            Ok(Err(ClientError::Unsent(_))) => Some("cannot be reached"),
            Ok(Err(_)) => Some("does not answer as a homeserver does"),
            Err(_) => Some("does not answer in time"),
        }
    }

    /// Why nothing can be stored.
    async fn store(&self) -> Option<&'static str> {
        let now = self.clock.now();
        let mark = Mark::Set { key: PROBE.to_owned(), value: now.0.to_string().into_bytes() };
        let network = NetworkId::from(CORE);
        let batch = Batch { network, marks: vec![mark], events: Vec::new() };
        match timeout(PATIENCE, self.store.accept(batch, now)).await {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some("cannot be written; the log says why"),
            Err(_) => Some("does not answer in time"),
        }
    }
}
