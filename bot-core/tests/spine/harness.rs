// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole spine, running: three fake networks in one room, one store in memory.
//!
//! Rule: a restart is a crash. Whatever is under way is cut off; the platforms and the store stay.

use bot_core::Refusal;
use std::sync::Arc;
use std::time::Duration;

use bot_core::budgets::Budgets;
use bot_core::core::{Core, CoreParts};
use bot_core::desk::allow::Allowed;
use bot_core::desk::{About, Desk, DeskParts};
use bot_core::ghost::Ghosts;
use bot_core::i18n::I18n;
use bot_core::network::Network;
use bot_core::order::Batch;
use bot_core::portal::Setting;
use bot_core::pseudonym::Pseudonyms;
use bot_core::relay::{Networks, Relay, RelayParts};
use bot_core::store::memory::MemoryKv;
use bot_core::store::{Change, Store};
use bot_core::wording::Wording;
use bridge_model::{Event, Place, Rights};
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{FakeClock, FakeDice};
use crate::network::FakeNetwork;
use crate::rooms::{BOT, FakeRooms};
use crate::store::{changed, link};
use crate::words::{START, channel, group, room};

pub const ADMIN: Rights = Rights { member: true, manage: true, change: true, moderate: true };

pub struct Spine {
    pub matrix: Arc<FakeNetwork>,
    pub telegram: Arc<FakeNetwork>,
    pub discord: Arc<FakeNetwork>,
    pub rooms: Arc<FakeRooms>,
    pub clock: Arc<FakeClock>,
    pub concurrency: usize,
    /// Entries with which a lane is full.
    pub lane_bound: u64,
    /// Commands and reactions that a person has in a minute.
    pub per_minute: u32,
    pub first: Stage,
    /// Each sentence of the bot stands between marks.
    pub marked: bool,
    pub limits: bridge_policy::budget::Limits,
    /// Who gives accounts.
    pub accounts: Option<Arc<dyn bot_core::homeserver::Accounts>>,
    pub thresholds: Thresholds,
    /// Who counts.
    pub measures: Arc<dyn bot_core::measure::Measures>,
    dice: Arc<FakeDice>,
    kv: MemoryKv,
    running: Option<Running>,
}

struct Running {
    store: Arc<Store>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Spine {
    /// Nothing is joined and nothing runs yet.
    pub fn idle() -> Self {
        Self {
            matrix: FakeNetwork::new("matrix"),
            telegram: FakeNetwork::new("telegram"),
            discord: FakeNetwork::new("discord"),
            rooms: Arc::default(),
            clock: Arc::default(),
            concurrency: 8,
            lane_bound: 1000,
            per_minute: 10_000,
            first: Stage::Bridged,
            marked: false,
            accounts: None,
            limits: bridge_policy::budget::Limits {
                quiet: None,
                ..bridge_policy::budget::Limits::DEFAULT
            },
            thresholds: Thresholds::default(),
            measures: Arc::new(bot_core::measure::Unmeasured),
            dice: Arc::default(),
            kv: MemoryKv::default(),
            running: None,
        }
    }

    /// What a store holds that somebody else has written; nothing runs yet.
    pub fn over(kv: MemoryKv) -> Self {
        Self { kv, ..Self::idle() }
    }

    /// Runs, and nothing is joined yet.
    pub fn unlinked() -> Self {
        let mut spine = Self::idle();
        spine.start();
        spine
    }

    /// Runs, and the room is joined to the group and the channel.
    pub async fn linked() -> Self {
        let mut spine = Self::idle();
        spine.link().await;
        spine.start();
        spine
    }

    /// The same, with some settings changed.
    pub async fn with(settings: impl IntoIterator<Item = Setting>) -> Self {
        let mut spine = Self::idle();
        spine.link().await;
        let changes = settings.into_iter().map(|setting| Change::Set(room(), setting)).collect();
        changed(&spine.open(), changes, START).await.unwrap();
        spine.start();
        spine
    }

    /// Joins the three chats without a word.
    pub async fn link(&self) {
        let store = self.open();
        link(&store, &room(), &group(), START).await.unwrap();
        link(&store, &room(), &channel(), START).await.unwrap();
    }

    /// The store, while nothing runs.
    pub fn open(&self) -> Arc<Store> {
        Store::bounded(self.kv.clone(), [7; 32], self.lane_bound).unwrap()
    }

    pub fn start(&mut self) {
        let store = self.open();
        let stop = CancellationToken::new();
        let core = Core::new(self.parts(store.clone(), &stop));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { core.run(Vec::new()).await.unwrap() });
        self.running = Some(Running { store, stop, tasks });
    }

    fn parts(&self, store: Arc<Store>, stop: &CancellationToken) -> CoreParts {
        let pseudonyms = Pseudonyms::new(b"secret");
        let mut networks = Networks::default();
        for network in [&self.matrix, &self.telegram, &self.discord] {
            networks.add(Arc::clone(network) as Arc<dyn Network>);
        }
        let i18n = if self.marked { marked() } else { I18n::embedded() };
        let wording = Arc::new(Wording::new(i18n, "en", "Freeside"));
        let ghosts = Ghosts::new(pseudonyms.clone(), "_freeside_", "example.org", "freeside");
        assert_eq!(ghosts.bot(), BOT);
        let relay = Relay::new(RelayParts {
            names: bridge_config::NamePolicy::Full,
            media_links: None,
            networks: networks.clone(),
            store: Arc::clone(&store),
            ghosts,
            pseudonyms: pseudonyms.clone(),
            wording: Arc::clone(&wording),
            clock: self.clock.clone(),
            new_ghosts: 50,
        });
        let desk = Desk::new(DeskParts {
            networks,
            matrix: self.rooms.clone(),
            store: Arc::clone(&store),
            wording,
            pseudonyms,
            names: bridge_config::NamePolicy::Full,
            clock: self.clock.clone(),
            dice: self.dice.clone(),
            about: about(),
            allowed: Allowed::read(["example.org"]),
            budgets: Arc::new(Budgets::per_minute(self.per_minute)),
            defaults: bot_core::portal::Settings::default(),
            first: self.first,
            thresholds: self.thresholds,
            catalogue: Arc::new(bridge_config::Catalogue::built_in().unwrap()),
            limits: self.limits,
            accounts: self.accounts.clone(),
            media_cache: None,
        });
        CoreParts {
            store,
            relay,
            desk,
            clock: self.clock.clone(),
            dice: self.dice.clone(),
            concurrency: self.concurrency,
            reactions: self.per_minute,
            max_age: Duration::from_secs(24 * 3600),
            measures: self.measures.clone(),
            stop: stop.clone(),
        }
    }

    /// Cuts everything off.
    pub async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        running.stop.cancel();
        while let Some(ended) = running.tasks.join_next().await {
            ended.unwrap();
        }
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start();
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.running.as_ref().unwrap().store
    }

    pub fn network(&self, place: &Place) -> &Arc<FakeNetwork> {
        let all = [&self.matrix, &self.telegram, &self.discord];
        all.into_iter().find(|network| *network.id() == place.network).unwrap()
    }

    /// A listener hears something.
    pub async fn hear(&self, event: Event) {
        let network = self.network(&event.place);
        let sink = network.sink().await;
        let id = network.id().clone();
        let batch = Batch { network: id, marks: Vec::new(), events: vec![event] };
        sink.accept(batch).await.unwrap();
    }

    /// Returns when a lane has settled everything.
    pub async fn settled(&self, lane: &Place) {
        let wait = async {
            while self.store().take(lane).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        waited.unwrap_or_else(|_| panic!("the lane on {} is never empty", lane.network));
    }

    /// Returns when a lane stands still, with the reason.
    pub async fn halted(&self, place: &Place) -> Refusal {
        let wait = async {
            loop {
                let lanes = self.store().lanes().await.unwrap();
                let lane = lanes.into_iter().find(|lane| lane.place == *place);
                if let Some(why) = lane.and_then(|lane| lane.halted) {
                    return why;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("no halt")
    }
}

/// The sentences in English, each between marks.
fn marked() -> I18n {
    let english = include_str!("../../../i18n/en.json");
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(english).unwrap();
    let mark = |(key, text): (String, serde_json::Value)| {
        let marked = text.as_str().map(|text| format!("⟦{text}⟧").into());
        (key, marked.unwrap_or(text))
    };
    let all: serde_json::Map<_, _> = all.into_iter().map(mark).collect();
    let text = serde_json::Value::Object(all).to_string();
    I18n::from_files(&[("en", &text)]).unwrap()
}

/// Who runs the bridge.
fn about() -> About {
    About {
        version: "0.1.0".into(),
        commit: "abc1234".into(),
        source_url: "https://example.org/source".into(),
        operators: vec!["@op:example.org".into()],
        conduct: "https://example.org/conduct".into(),
        server: "example.org".into(),
        web_client: "https://app.element.io".into(),
        operator: "The Example Society".into(),
        contact: "privacy@example.org".into(),
        pages: "https://bridge.example.org".into(),
    }
}
