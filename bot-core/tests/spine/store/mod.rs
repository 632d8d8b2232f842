// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every store does: each test runs on every engine.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bot_core::clock::{Dice, SystemDice};
use bot_core::lane::{Entry, LaneHead, LaneState, Replica, Work, core_place};
use bot_core::order::{Batch, Mark};
use bot_core::portal::{Offer, Redeemed, Settings};
use bot_core::store::kv::Kv;
use bot_core::store::memory::MemoryKv;
use bot_core::store::sealing::{self, Sealed};
use bot_core::store::sled::SledKv;
use bot_core::store::{Accepted, Change, Kek, Settled, Settlement, Store, StoreError};
use bridge_model::{Event, MessageId, Person, Place, Timestamp};
use bridge_policy::stage::Stage;
use store_postgres::{Owned, SealedInDatabase};
use tempfile::TempDir;

use crate::words::{self, START, commanded, part};

macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::store::World::memory()).await;
            })*
        }
        mod sled {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::store::World::sled()).await;
            })*
        }
        mod sealed {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::store::World::sealed()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some(world) = crate::store::World::postgres() else { return };
                super::$name(world).await;
            })*
        }
    };
}

mod accept;
mod albums;
mod aliases;
mod brakes;
mod consent;
mod cost;
mod disk;
mod early;
mod emoji;
mod encryption;
mod figures;
mod files;
mod gauges;
mod kept;
mod layout;
mod looks;
mod media_purge;
mod messages;
mod model;
mod nodes;
mod on_disk;
mod pinned;
mod pinned_pages;
mod pinned_people;
mod portals;
mod queue;
mod reactions;
mod retention;
mod shapes;
mod summaries;
mod threads;
mod tools;
mod votes;

enum Engine {
    Memory(MemoryKv),
    Sled(TempDir),
    /// sled behind the keys of the store, as the bridge runs it.
    Sealed(TempDir),
    /// PostgreSQL behind those keys; the address of a schema.
    Postgres(String),
}

/// A store and the hours in it.
pub struct World {
    engine: Engine,
    store: Option<Arc<Store>>,
    pub now: Timestamp,
}

impl World {
    pub fn memory() -> Self {
        Self::over(Engine::Memory(MemoryKv::default()))
    }

    pub fn sled() -> Self {
        Self::over(Engine::Sled(TempDir::new().unwrap()))
    }

    pub fn sealed() -> Self {
        Self::over(Engine::Sealed(TempDir::new().unwrap()))
    }

    /// `None` where PostgreSQL is not installed.
    pub fn postgres() -> Option<Self> {
        Some(Self::over(Engine::Postgres(crate::postgres::shared()?.fresh())))
    }

    fn over(engine: Engine) -> Self {
        let mut world = Self { engine, store: None, now: START };
        world.reopen();
        world
    }

    /// Closes the store and opens it again.
    pub fn reopen(&mut self) {
        self.try_reopen().unwrap();
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        match &self.engine {
            Engine::Memory(_) | Engine::Postgres(_) => panic!("this store has no folder"),
            Engine::Sled(folder) | Engine::Sealed(folder) => folder.path(),
        }
    }

    /// Closes the store.
    pub fn close(&mut self) {
        self.store = None;
        released(self.folder());
        released(&self.folder().join("sealed"));
    }

    pub fn try_reopen(&mut self) -> Result<(), StoreError> {
        self.store = None;
        let random = *b"0123456789abcdef0123456789abcdef";
        self.store = Some(match &self.engine {
            Engine::Memory(kv) => Store::start(kv.clone(), random)?,
            Engine::Sled(folder) => {
                released(folder.path());
                Store::start(SledKv::open(folder.path())?, random)?
            }
            Engine::Sealed(folder) => {
                released(&folder.path().join("sealed"));
                Store::start(unsealed(folder.path())?, random)?
            }
            Engine::Postgres(url) => Store::start(in_database(url)?, random)?,
        });
        Ok(())
    }

    /// Closes the store, has the engine changed from outside.
    pub fn tamper(&mut self, change: impl FnOnce(&mut dyn Kv)) {
        self.store = None;
        match &self.engine {
            Engine::Memory(kv) => change(&mut kv.clone()),
            Engine::Sled(folder) => {
                released(folder.path());
                let mut kv = SledKv::open(folder.path()).unwrap();
                change(&mut kv);
                kv.flush().unwrap();
            }
            Engine::Sealed(folder) => {
                released(&folder.path().join("sealed"));
                let mut kv = unsealed(folder.path()).unwrap();
                change(&mut kv);
                kv.flush().unwrap();
            }
            Engine::Postgres(url) => {
                let mut kv = in_database(url).unwrap();
                change(&mut kv);
                kv.flush().unwrap();
            }
        }
    }

    pub fn store(&self) -> &Arc<Store> {
        self.store.as_ref().unwrap()
    }

    pub async fn batch(&self, marks: Vec<Mark>, events: Vec<Event>) -> Accepted {
        let network = events.first().map_or("telegram".into(), |e| e.place.network.clone());
        let before = self.store().lanes().await.unwrap();
        let batch = Batch { network, marks, events };
        let accepted = self.store().accept(batch, self.now).await.unwrap();
        self.assert_woken(&before, &accepted.lanes).await;
        accepted
    }

    /// The courier of each lane that got an entry is woken.
    async fn assert_woken(&self, before: &[LaneState], woken: &[LaneState]) {
        for lane in self.store().lanes().await.unwrap() {
            let known = before.iter().find(|known| known.place == lane.place);
            let grew = lane.depth > known.map_or(0, |known| known.depth);
            let is_woken = woken.iter().any(|woken| woken.place == lane.place);
            assert!(is_woken || !grew, "nobody wakes the courier of {:?}", lane.place);
        }
    }

    /// Takes an event in; tells whether it went anywhere.
    pub async fn hear(&self, event: Event) -> bool {
        self.batch(Vec::new(), vec![event]).await.dropped == 0
    }

    /// The room is joined to the group and the channel.
    pub async fn linked(self) -> Self {
        link(self.store(), &words::room(), &words::group(), self.now).await.unwrap();
        link(self.store(), &words::room(), &words::channel(), self.now).await.unwrap();
        self
    }

    pub async fn head(&self, lane: &Place) -> Option<LaneHead> {
        self.store().take(lane).await.unwrap()
    }

    /// Settles the head of a lane, which left these parts.
    pub async fn deliver(&self, lane: &Place, parts: &[&str]) -> Entry {
        let entry = self.head(lane).await.expect("the lane is empty").entry;
        let settlement = self.settlement(&entry, parts);
        self.store().settle(settlement).await.unwrap();
        entry
    }

    /// The same, with what else is to be said of it.
    pub async fn settle(
        &self,
        lane: &Place,
        change: impl FnOnce(Settlement) -> Settlement,
    ) -> Settled {
        let entry = self.head(lane).await.expect("the lane is empty").entry;
        let settlement = change(self.settlement(&entry, &[]));
        let before = self.store().lanes().await.unwrap();
        let settled = self.store().settle(settlement).await.unwrap();
        self.assert_woken(&before, &settled.lanes).await;
        settled
    }

    /// Time goes on.
    pub fn after(&mut self, milliseconds: i64) {
        self.now = Timestamp(self.now.0 + milliseconds);
    }

    pub fn settlement(&self, entry: &Entry, parts: &[&str]) -> Settlement {
        Settlement {
            lane: entry.lane.clone(),
            entry: entry.id,
            parts: parts.iter().map(|id| part(id)).collect(),
            also: Vec::new(),
            refused: false,
            summaries: Vec::new(),
            changes: Vec::new(),
            then: Vec::new(),
            now: self.now,
        }
    }

    /// Settles everything in a lane; what people would have read.
    pub async fn drain(&self, lane: &Place) -> Vec<String> {
        let mut texts = Vec::new();
        while self.head(lane).await.is_some() {
            texts.push(words::text(&words::carried(&self.deliver(lane, &[]).await.work).content));
        }
        texts
    }

    pub async fn depth(&self, lane: &Place) -> u64 {
        let lanes = self.store().lanes().await.unwrap();
        lanes.iter().find(|state| state.place == *lane).map_or(0, |state| state.depth)
    }

    pub async fn replica(&self, place: &Place, id: &str) -> Option<Replica> {
        self.store().find_replica(place, &MessageId::from(id)).await.unwrap()
    }

    pub async fn change(&self, change: Change) -> Result<(), StoreError> {
        changed(self.store(), vec![change], self.now).await
    }

    /// Has the bot say something.
    pub async fn then(&self, then: Vec<(Place, Work)>) -> Settled {
        let entry = typed(self.store(), self.now).await;
        let settlement = Settlement { then, ..self.settlement(&entry, &[]) };
        let before = self.store().lanes().await.unwrap();
        let settled = self.store().settle(settlement).await.unwrap();
        self.assert_woken(&before, &settled.lanes).await;
        settled
    }
}

/// The key-encryption key of the tests.
pub fn kek() -> Kek {
    Kek::read(&"a".repeat(52)).unwrap()
}

/// Opens the encrypted store in a folder.
pub fn unsealed(folder: &Path) -> Result<Sealed, StoreError> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    sealing::open(folder, &kek(), &dice)
}

/// Opens the encrypted store in a database, as its only owner.
pub fn in_database(url: &str) -> Result<SealedInDatabase, StoreError> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let owned = Owned::now(url, "the tests")?;
    store_postgres::sealed(&owned.database, &kek(), &dice)
}

/// Returns when nobody holds the lock of a folder. sled's own threads may outlive its handle for a
/// moment and hold it; a process that ends takes them along.
pub fn released(folder: &Path) {
    let path = folder.join("db");
    if !path.exists() {
        return;
    }
    let (done, released) = sync_channel(1);
    std::thread::spawn(move || {
        let file = File::open(path).unwrap();
        file.lock().unwrap();
        drop(file);
        done.send(()).unwrap();
    });
    released.recv_timeout(Duration::from_secs(20)).expect("the lock is never released");
}

/// A command that waits at the desk.
async fn typed(store: &Store, now: Timestamp) -> Entry {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let desk = Place::new("matrix", "!desk:example.org");
    let id = format!("$command{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let events = vec![commanded(&desk, &id, "@ann:example.org", "link")];
    let batch = Batch { network: desk.network.clone(), marks: Vec::new(), events };
    store.accept(batch, now).await.unwrap();
    store.take(&core_place(&desk)).await.unwrap().unwrap().entry
}

/// Carries out changes as the outcome of a command.
pub async fn changed(
    store: &Store,
    changes: Vec<Change>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = typed(store, now).await;
    let settlement = Settlement {
        lane: entry.lane,
        entry: entry.id,
        parts: Vec::new(),
        also: Vec::new(),
        refused: false,
        summaries: Vec::new(),
        changes,
        then: Vec::new(),
        now,
    };
    let done = store.settle(settlement.clone()).await;
    if done.is_err() {
        store.settle(Settlement { changes: Vec::new(), ..settlement }).await.unwrap();
    }
    done.map(drop)
}

pub fn offer(room: &Place, remote: &Place, now: Timestamp) -> Offer {
    Offer {
        from: room.clone(),
        wanted: remote.network.clone(),
        by: Person::new("matrix", "@ann:example.org"),
        expires: Timestamp(now.0 + 1000),
        used: false,
        title: None,
        created: false,
        redeemed: Some(Redeemed {
            place: remote.clone(),
            title: None,
            until: Timestamp(now.0 + 1000),
            by: None,
        }),
    }
}

/// The change that joins a room and a remote chat.
pub fn join(code: u8, room: &Place, remote: &Place) -> Change {
    Change::Link {
        code: [code; 16],
        room: room.clone(),
        remote: remote.clone(),
        title: None,
        settings: Settings::default(),
        stage: Stage::Bridged,
    }
}

/// Joins a room and a remote chat.
pub async fn link(
    store: &Store,
    room: &Place,
    remote: &Place,
    now: Timestamp,
) -> Result<(), StoreError> {
    let code = 200;
    let offer = Change::Offer([code; 16], offer(room, remote, now));
    changed(store, vec![offer, join(code, room, remote)], now).await
}
