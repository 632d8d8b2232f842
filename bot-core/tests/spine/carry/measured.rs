// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is counted of entries on their way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bot_core::measure::{DeliveryVerdict, Measures};
use bridge_model::NetworkId;

use super::{closed, refused, retry, uncertain};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, group, posted, room};

/// Writes down what is counted.
#[derive(Default)]
struct Ledger(Mutex<Vec<String>>);

impl Ledger {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// What was noted of one network's entries, in order.
    fn of(&self, network: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let lines = lines.iter().filter_map(|line| line.strip_prefix(network)?.strip_prefix(' '));
        lines.map(str::to_owned).collect()
    }
}

impl Measures for Ledger {
    fn accepted(&self, network: &NetworkId, events: usize) {
        self.note(format!("{network} accepted {events}"));
    }

    fn tried(&self, network: &NetworkId, verdict: DeliveryVerdict, since: Option<Duration>) {
        let since = since.map_or_else(String::new, |it| format!(" after {} s", it.as_secs()));
        self.note(format!("{network} {}{since}", verdict.name()));
    }

    fn asked(&self, _network: &NetworkId, _took: Duration, _answered: bool) {}

    fn hears(&self, network: &NetworkId, hears: bool) {
        self.note(format!("{network} hears {hears}"));
    }

    fn stored(&self, _took: Duration, done: bool) {
        self.note(format!("store {done}"));
    }

    fn forgot(&self, records: Option<u64>) {
        self.note(format!("clean-up {records:?}"));
    }
}

async fn measured() -> (Spine, Arc<Ledger>) {
    let ledger = Arc::new(Ledger::default());
    let mut spine = Spine::idle();
    spine.measures = ledger.clone();
    spine.link().await;
    spine.start();
    (spine, ledger)
}

#[tokio::test]
async fn every_try_is_counted_with_its_verdict_and_deliveries_since_they_were_accepted() {
    let (mut spine, ledger) = measured().await;
    let faults = [retry(Some(7)), uncertain(), refused("too big"), closed()];
    spine.discord.fail(&channel().chat, faults.map(Fault::Error));
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.matrix.shows(&room().chat, &["tina: hello"]).await;
    spine.clock.slept(Duration::from_secs(7), 1).await;
    spine.clock.advance(Duration::from_secs(7));
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.settled(&channel()).await;
    spine.hear(posted(&group(), "2", "tina", "again")).await;
    spine.halted(&channel()).await;
    let discord =
        ["retried after 0 s", "uncertain after 7 s", "refused after 8 s", "closed after 0 s"];
    assert_eq!(ledger.of("discord"), discord);
    assert_eq!(ledger.of("telegram")[0], "accepted 1");
    assert_eq!(ledger.of("matrix")[0], "delivered after 0 s");
    // An event that is repeated counts once.
    spine.hear(posted(&group(), "2", "tina", "again")).await;
    let accepted = ledger.of("telegram").into_iter().filter(|it| it.starts_with("accepted"));
    assert_eq!(accepted.collect::<Vec<_>>(), ["accepted 1", "accepted 1", "accepted 0"]);
    assert!(!ledger.of("store").is_empty() && !ledger.of("clean-up").is_empty());
    spine.stop().await;
    assert_eq!(ledger.of("matrix").last().unwrap(), "hears false");
}
