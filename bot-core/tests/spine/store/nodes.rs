// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in a database: one owner at a time, and what happens when a connection or an owner is lost.
//!
//! Rule: whoever ends connections has a server of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bot_core::clock::{Dice, SystemDice};
use bot_core::order::Batch;
use bot_core::store::check::{self, Inspector, UnreadableRow};
use bot_core::store::export::{self, ExportOptions};
use bot_core::store::kv::Kv;
use bot_core::store::{Store, StoreError, import, sealing};
use bridge_model::Person;
use store_postgres::{Database, Owned, Waiting};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{World, in_database, kek, link, released, unsealed};
use crate::postgres::{self, Postgres};
use crate::words::{START, channel, group, posted, room};

fn dice() -> Arc<dyn Dice> {
    Arc::new(SystemDice)
}

async fn heard(store: &Store, id: usize) -> Result<(), StoreError> {
    let events = vec![posted(&group(), &id.to_string(), "ann", "the meeting is at five")];
    let batch = Batch { network: group().network, marks: Vec::new(), events };
    store.accept(batch, START).await.map(drop)
}

async fn waiting(store: &Store) -> u64 {
    let lanes = store.lanes().await.unwrap();
    lanes.iter().find(|lane| lane.place == channel()).map_or(0, |lane| lane.depth)
}

async fn linked(url: &str) -> Arc<Store> {
    let store = Store::start(in_database(url).unwrap(), [7; 32]).unwrap();
    link(&store, &room(), &group(), START).await.unwrap();
    link(&store, &room(), &channel(), START).await.unwrap();
    store
}

#[tokio::test]
async fn connections_that_are_lost_are_made_again_and_nothing_is_lost_or_doubled() {
    let Some(server) = Postgres::start() else { return };
    let url = server.fresh();
    let store = linked(&url).await;
    for id in 0..60 {
        if id % 10 == 5 {
            server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = 'freeside'",
            );
        }
        heard(&store, id).await.unwrap();
    }
    assert_eq!(waiting(&store).await, 60);
    drop(store);
    let store = Store::start(in_database(&url).unwrap(), [7; 32]).unwrap();
    assert_eq!(waiting(&store).await, 60);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_server_has_crashed() {
    let Some(mut server) = Postgres::start() else { return };
    let store = linked(&server.fresh()).await;
    for id in 0..20 {
        heard(&store, id).await.unwrap();
    }
    server.crash();
    server.serve();
    assert_eq!(waiting(&store).await, 20);
    heard(&store, 20).await.unwrap();
    assert_eq!(waiting(&store).await, 21);
}

#[tokio::test]
async fn a_database_that_stays_away_is_an_error_and_acknowledges_nothing() {
    let Some(mut server) = Postgres::start() else { return };
    let store = linked(&server.fresh()).await;
    heard(&store, 0).await.unwrap();
    server.crash();
    let refused = heard(&store, 1).await.unwrap_err().to_string();
    assert!(refused.contains("PostgreSQL"), "{refused}");
    server.serve();
    assert_eq!(waiting(&store).await, 1);
    heard(&store, 1).await.unwrap();
    assert_eq!(waiting(&store).await, 2);
}

#[tokio::test]
async fn an_owner_whose_store_was_taken_over_reads_and_writes_nothing_more() {
    let Some(server) = Postgres::start() else { return };
    let url = server.fresh();
    let mut owned = Owned::now(&url, "the first node").unwrap();
    let vault = store_postgres::sealed(&owned.database, &kek(), &dice()).unwrap();
    let first = Store::start(vault, [7; 32]).unwrap();
    link(&first, &room(), &group(), START).await.unwrap();
    link(&first, &room(), &channel(), START).await.unwrap();
    heard(&first, 0).await.unwrap();
    let schema = url.rsplit('=').next().unwrap();
    server.sql(&format!(
        "UPDATE {schema}.freeside_lease SET owner = 'another', token = token + 1, \
         expires = now() + interval '3 s'"
    ));
    let refused = heard(&first, 1).await.unwrap_err().to_string();
    assert!(refused.contains("another node has taken over the store"), "{refused}");
    let refused = first.lanes().await.unwrap_err().to_string();
    assert!(refused.contains("another node has taken over the store"), "{refused}");
    assert_eq!(owned.lost().await, "another node has taken over the store");
    drop(first);
    let second = Owned::in_turn(&url, "the second node", |_| {}).await.unwrap();
    let vault = store_postgres::sealed(&second.database, &kek(), &dice()).unwrap();
    let second = Store::start(vault, [7; 32]).unwrap();
    assert_eq!(waiting(&second).await, 1, "nothing of what was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_waits_has_the_store_when_the_owner_gives_it_up() {
    let Some(server) = postgres::shared() else { return };
    let url = server.fresh();
    let first = Owned::now(&url, "the first node").unwrap();
    let held = Owned::now(&url, "the second node").map(drop).unwrap_err();
    assert!(matches!(held, StoreError::Held(_)), "{held:?}");
    assert!(held.to_string().contains("the node the first node has it open"), "{held}");
    let (told, mut heard) = tokio::sync::mpsc::channel(1);
    let mut second = JoinSet::new();
    second.spawn({
        let url = url.clone();
        async move {
            let told = |why: &Waiting| told.try_send(why.clone()).unwrap();
            Owned::in_turn(&url, "the second node", told).await.map(drop)
        }
    });
    assert_eq!(heard.recv().await, Some(Waiting::Owned("the first node".into())));
    assert!(second.try_join_next().is_none());
    first.release().await;
    let taken = tokio::time::timeout(Duration::from_secs(30), second.join_next()).await;
    taken.expect("the second node waits for ever").unwrap().unwrap().unwrap();
}

/// All rows; their order is another one under other keys.
fn all(kv: &dyn Kv) -> BTreeMap<Vec<u8>, Vec<u8>> {
    kv.scan(&[], usize::MAX).unwrap().into_iter().collect()
}

struct Silent;

impl Inspector for Silent {
    fn unreadable(&mut self, _found: u64, row: &UnreadableRow) {
        panic!("{row:?}");
    }

    fn read(&mut self, _rows: u64) {}
}

#[tokio::test]
async fn a_store_moves_from_sled_to_a_database_and_back() {
    let Some(server) = postgres::shared() else { return };
    let mut world = World::sealed().linked().await;
    heard(world.store(), 0).await.unwrap();
    world.close();
    let vault = unsealed(world.folder()).unwrap();
    let before = all(&vault);
    let options = ExportOptions::default();
    let mut file = Vec::new();
    let kek = kek();
    export::export(&vault, (&kek, &SystemDice), &mut file, options, &mut |_, _| Ok(())).unwrap();
    drop(vault);
    released(&world.folder().join("sealed"));

    let url = server.fresh();
    let verified = import::verify(&mut &*file, &kek, &mut |_, _| Ok(())).unwrap();
    let mut vault = in_database(&url).unwrap();
    let put = &mut |_, _| Ok(());
    import::import(&mut vault, (&mut &*file, &kek), &verified, put).unwrap();
    assert_eq!(all(&vault), before);
    let again = import::import(&mut vault, (&mut &*file, &kek), &verified, put).unwrap_err();
    assert!(again.to_string().contains("the store is not empty"), "{again}");

    // The owner goes on while it is read.
    let snapshot = Database::snapshot(&url).unwrap();
    let reader = store_postgres::sealed(&snapshot, &kek, &dice()).unwrap();
    let rows = check::check(&reader, &mut Silent).unwrap().rows;
    let store = Store::start(vault, [7; 32]).unwrap();
    heard(&store, 1).await.unwrap();
    assert_eq!(check::check(&reader, &mut Silent).unwrap().rows, rows, "what was there then");
    let mut back = Vec::new();
    export::export(&reader, (&kek, &SystemDice), &mut back, options, &mut |_, _| Ok(())).unwrap();

    let folder = TempDir::new().unwrap();
    let verified = import::verify(&mut &*back, &kek, &mut |_, _| Ok(())).unwrap();
    sealing::make(folder.path(), (&kek, &dice()), |vault| {
        import::import(vault, (&mut &*back, &kek), &verified, &mut |_, _| Ok(()))
    })
    .unwrap();
    released(&folder.path().join("sealed"));
    assert_eq!(all(&unsealed(folder.path()).unwrap()), before);
}

#[tokio::test]
async fn neither_words_nor_people_stand_in_the_database_and_forgotten_keys_are_gone() {
    let Some(server) = postgres::shared() else { return };
    let url = server.fresh();
    let store = linked(&url).await;
    let ann = Person::new("telegram", "5000000001");
    let event = posted(&group(), "1", ann.user.as_str(), "the meeting is at five");
    let batch = Batch { network: group().network, marks: Vec::new(), events: vec![event] };
    store.accept(batch, START).await.unwrap();
    let schema = url.rsplit('=').next().unwrap();
    let all = |table: &str| {
        server.sql(&format!("SELECT encode(value, 'escape') FROM {schema}.freeside_{table}"))
    };
    for needle in ["the meeting is at five", "5000000001"] {
        assert!(!all("rows").contains(needle), "{needle}");
    }
    let before = all("keys");
    store.forget_person(&ann).await.unwrap();
    assert_ne!(all("keys"), before);
    let stats =
        format!("SELECT count(*) FROM {schema}.freeside_rows WHERE key >= 'l' AND key < 'm'");
    assert_eq!(server.sql(&stats).trim(), "0", "what waits of theirs goes, too");
}
