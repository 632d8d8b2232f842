// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is seen before it is on the disk, and what waits until it is.

use std::sync::{Arc, Condvar, Mutex};

use bot_core::order::Batch;
use bot_core::store::kv::{Flusher, Kv, Row, Writes};
use bot_core::store::memory::MemoryKv;
use bot_core::store::{Settlement, Store, StoreError};
use bridge_model::Place;
use futures_util::FutureExt;

use super::link;
use crate::words::{START, group, part, posted, room};

/// A disk that can be stopped.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<bool>, Condvar)>);

impl Disk {
    fn stop(&self, stopped: bool) {
        *self.0.0.lock().unwrap() = stopped;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |stopped| *stopped).unwrap());
    }
}

/// An engine on such a disk.
struct OnDisk(MemoryKv, Disk);

impl Kv for OnDisk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.0.scan(prefix, limit)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.0.scan_after(key, limit)
    }

    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        self.0.reader()
    }

    fn flusher(&self) -> Option<Flusher> {
        let disk = self.1.clone();
        Some(Box::new(move || {
            disk.wait();
            Ok(())
        }))
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.0.apply(writes)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.1.wait();
        Ok(())
    }
}

async fn linked() -> (Disk, Arc<Store>) {
    let disk = Disk::default();
    let store = Store::start(OnDisk(MemoryKv::default(), disk.clone()), [7; 32]).unwrap();
    link(&store, &room(), &group(), START).await.unwrap();
    (disk, store)
}

fn said(id: &str) -> Batch {
    let events = vec![posted(&group(), id, "ann", "the meeting is at five")];
    Batch { network: group().network, marks: Vec::new(), events }
}

/// Returns when others see the message.
async fn seen(store: &Store, id: &str) {
    while store.find_replica(&group(), &id.into()).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
}

fn settled(lane: &Place, entry: bot_core::order::EntryId) -> Settlement {
    Settlement {
        lane: lane.clone(),
        entry,
        parts: vec![part(&format!("copy-{}", entry.0))],
        also: Vec::new(),
        refused: false,
        summaries: Vec::new(),
        changes: Vec::new(),
        then: Vec::new(),
        now: START,
    }
}

#[tokio::test]
async fn what_is_not_on_the_disk_yet_is_seen_and_not_carried_out() {
    let (disk, store) = linked().await;
    disk.stop(true);
    let accepting = {
        let store = Arc::clone(&store);
        tokio::task::JoinSet::from_iter([async move { store.accept(said("1"), START).await }])
    };
    seen(&store, "1").await;
    let room = room();
    let mut taken = Box::pin(store.take(&room));
    assert!(taken.as_mut().now_or_never().is_none(), "it may be gone after a crash");
    let mut all = Box::pin(store.lanes());
    assert!(all.as_mut().now_or_never().is_none(), "nor is it told to anybody");
    disk.stop(false);
    assert!(taken.await.unwrap().is_some());
    assert_eq!(all.await.unwrap().len(), 1);
    for accepted in accepting.join_all().await {
        assert_eq!(accepted.unwrap().dropped, 0);
    }
}

#[tokio::test]
async fn a_lane_goes_on_while_its_outcome_is_on_the_way_to_the_disk() {
    let (disk, store) = linked().await;
    for id in ["1", "2"] {
        store.accept(said(id), START).await.unwrap();
    }
    let first = store.take(&room()).await.unwrap().unwrap();
    disk.stop(true);
    let (_, on_disk) = store.settle_soon(settled(&room(), first.entry.id)).await.unwrap();
    let second = store.take(&room()).await.unwrap().unwrap();
    assert!(second.entry.id > first.entry.id);
    assert_eq!(second.newest, Some(part(&format!("copy-{}", first.entry.id.0)).id));
    let mut waits = Box::pin(on_disk.wait());
    assert!(waits.as_mut().now_or_never().is_none(), "the disk stands still");
    disk.stop(false);
    waits.await.unwrap();
}
