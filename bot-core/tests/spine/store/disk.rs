// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is on the disk: everything, in a form that is checked when it is read.

use bot_core::Refusal;
use bot_core::order::Mark;
use bot_core::store::kv::Writes;
use bot_core::store::sled::SledKv;
use bot_core::store::{StoreError, tables};
use bridge_model::{MessageId, Person};

use super::{World, released};
use crate::words::{channel, edited, group, posted, reacted, room};

on_every_engine!(
    everything_survives_closing_and_opening,
    the_number_of_a_store_is_its_own_for_ever,
    a_record_that_cannot_be_read_is_an_error,
);

async fn everything_survives_closing_and_opening(world: World) {
    let mut world = world.linked().await;
    let mark = Mark::Set { key: "offset".into(), value: b"7".to_vec() };
    world.batch(vec![mark], vec![posted(&group(), "1", "ann", "hello")]).await;
    world.deliver(&room(), &["$1"]).await;
    world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await;
    world
        .store()
        .halt(&channel(), Some(Refusal::platform("gone")), Vec::new(), world.now)
        .await
        .unwrap();
    let replica = world.replica(&room(), "$1").await;
    let (portals, lanes) =
        (world.store().portals().await.unwrap(), world.store().lanes().await.unwrap());
    let head = world.head(&channel()).await;
    world.reopen();
    assert_eq!(world.replica(&room(), "$1").await, replica);
    assert_eq!(world.store().portals().await.unwrap(), portals);
    assert_eq!(world.store().lanes().await.unwrap(), lanes);
    assert_eq!(world.head(&channel()).await, head);
    let offset = world.store().mark(&"telegram".into(), "offset").await.unwrap();
    assert_eq!(offset, Some(b"7".to_vec()));
    assert!(!world.hear(posted(&group(), "1", "ann", "hello")).await);
}

async fn the_number_of_a_store_is_its_own_for_ever(mut world: World) {
    let number = world.store().instance().await.unwrap();
    assert_eq!(number.len(), 16);
    world.reopen();
    assert_eq!(world.store().instance().await.unwrap(), number);
}

/// Every verb that reads.
async fn read_everything(world: &World) -> Vec<StoreError> {
    let store = world.store();
    let message = MessageId::from("1");
    let event = edited(&group(), "1", "ann", "changed");
    let batch = bot_core::order::Batch {
        network: "telegram".into(),
        marks: vec![Mark::Once { key: "once".into() }],
        events: vec![event],
    };
    let ann = Person::new("telegram", "ann");
    let results = [
        store.take(&room()).await.map(drop),
        store.lanes().await.map(drop),
        store.find_replica(&group(), &message).await.map(drop),
        store.portal_of(&room()).await.map(drop),
        store.portals().await.map(drop),
        store.find_offer(&[200; 16]).await.map(drop),
        store.mark(&"telegram".into(), "offset").await.map(drop),
        store.ghost(&ann).await.map(drop),
        store.person_behind("_ann").await.map(drop),
        store.accept(batch, world.now).await.map(drop),
    ];
    results.into_iter().filter_map(Result::err).collect()
}

async fn a_record_that_cannot_be_read_is_an_error(world: World) {
    let mut world = world.linked().await;
    let marks = vec![
        Mark::Set { key: "offset".into(), value: b"7".to_vec() },
        Mark::Once { key: "once".into() },
    ];
    world.batch(marks, vec![posted(&group(), "1", "ann", "hello")]).await;
    let ghost = bot_core::store::GhostRecord { localpart: "_ann".into(), ..Default::default() };
    world.store().save_ghost(&Person::new("telegram", "ann"), ghost).await.unwrap();
    assert_eq!(read_everything(&world).await, []);
    world.hear(posted(&group(), "2", "ann", "bye")).await;
    for value in [vec![], vec![1, 0, 0], vec![2], vec![2, 255, 255, 255, 255, 255, 255, 255]] {
        world.tamper(|kv| {
            let rows = kv.scan(&[], usize::MAX).unwrap();
            let rows =
                rows.into_iter().filter(|(key, _)| *key != tables::META.row(&tables::COUNTERS).0);
            let writes: Writes = rows.map(|(key, _)| (key, Some(value.clone()))).collect();
            kv.apply(&writes).unwrap();
        });
        world.reopen();
        let errors = read_everything(&world).await;
        let damaged = |error: &StoreError| matches!(error, StoreError::Damaged { .. });
        assert!(errors.iter().all(damaged), "{errors:?}");
        // A record without content is a mark that counts once: nothing in it can be damaged.
        assert!(errors.len() >= 9, "{value:?}: {errors:?}");
    }
    world.tamper(|kv| {
        kv.apply(&Writes::from([(tables::META.row(&tables::COUNTERS).0, Some(vec![9]))])).unwrap()
    });
    let error = world.try_reopen().unwrap_err().to_string();
    assert_eq!(
        error,
        "the store holds a counter that cannot be read: format 9 is not known to this version of \
         freeside"
    );
}

#[test]
fn two_cannot_use_one_folder_and_the_second_is_told_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let first = SledKv::open(folder.path()).unwrap();
    let error = SledKv::open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(error.contains("cannot open the store in"), "{error}");
    assert!(error.contains("Is another freeside running on it?"), "{error}");
    drop(first);
    released(folder.path());
    SledKv::open(folder.path()).map(drop).unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = SledKv::open(&file.path().join("store")).map(drop).unwrap_err().to_string();
    assert!(error.contains(&file.path().display().to_string()), "{error}");
}
