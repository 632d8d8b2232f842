// SPDX-License-Identifier: AGPL-3.0-or-later
//! What somebody learns who has the disk and not the key; and what is left of somebody who was
//! forgotten, for somebody who has both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bot_core::clock::{Dice, SystemDice};
use bot_core::store::kv::{Kv, Row, Writes};
use bot_core::store::sealing::{self, Sealed};
use bot_core::store::sled::SledKv;
use bot_core::store::vault::settled_key;
use bot_core::store::{Change, Kek, Store, StoreError, codec, erase, keys, tables};
use bridge_model::{Person, Place};
use tempfile::TempDir;

use super::{World, kek, link, released, unsealed};
use crate::words::{START, channel, group, posted, reacted, room};

/// Somebody whose id and words nobody finds by chance.
const ANN: &str = "5000000001";
const BOB: &str = "5000000002";

fn dice() -> Arc<dyn Dice> {
    Arc::new(SystemDice)
}

fn another_key() -> Kek {
    Kek::random(&SystemDice)
}

fn ann() -> Person {
    Person::new("telegram", ANN)
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

fn assert_nowhere(folder: &Path, needles: &[&[u8]]) {
    for (path, bytes) in files(folder) {
        for needle in needles {
            let found = bytes.windows(needle.len()).any(|at| at == *needle);
            let needle = String::from_utf8_lossy(needle);
            assert!(!found, "{needle:?} stands in {}", path.display());
        }
    }
}

/// A store in which Ann and Bob have said something, in its folder.
async fn used(world: &World) {
    let group = group();
    world.hear(posted(&group, "1", ANN, "the meeting is at five")).await;
    world.hear(posted(&group, "2", BOB, "bring the minutes")).await;
    world.deliver(&room(), &["$1"]).await;
    world.deliver(&room(), &["$2"]).await;
    world.hear(reacted(&group, "2", (ANN, "👍"), None)).await;
}

/// A folder with a store that is not encrypted and has many rows.
async fn clear() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = Store::start(SledKv::open(folder.path()).unwrap(), [7; 32]).unwrap();
    link(&store, &room(), &group(), START).await.unwrap();
    let events = (0..700).map(|n| posted(&group(), &n.to_string(), ANN, "the meeting is at five"));
    let batch = bot_core::order::Batch {
        network: group().network,
        marks: Vec::new(),
        events: events.collect(),
    };
    store.accept(batch, START).await.unwrap();
    drop(store);
    released(folder.path());
    folder
}

/// The rows of a store that is not encrypted, as an encrypted one gives them back.
fn clear_rows(folder: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let rows = SledKv::open(folder).unwrap().scan(&[], usize::MAX).unwrap();
    released(folder);
    let row = |(key, value): Row| (settled_key(&key), codec::split(&value).1.to_vec());
    rows.into_iter().map(row).collect()
}

fn rows(kv: &impl Kv) -> BTreeMap<Vec<u8>, Vec<u8>> {
    kv.scan(&[], usize::MAX).unwrap().into_iter().collect()
}

/// Closes an encrypted store.
fn closed(vault: Sealed, folder: &Path) {
    drop(vault);
    released(&folder.join("sealed"));
}

/// The rows of the engine below the encryption.
fn raw(folder: &Path, change: impl FnOnce(&mut SledKv)) {
    let folder = folder.join("sealed");
    released(&folder);
    let mut engine = SledKv::open(&folder).unwrap();
    change(&mut engine);
    engine.flush().unwrap();
    drop(engine);
    released(&folder);
}

#[tokio::test]
async fn what_was_said_and_by_whom_stands_nowhere_in_the_folder_of_a_store() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let (ann, place) = (keys::person(&ann()), keys::place(&group()));
    let chat = group().chat;
    let needles: [&[u8]; 6] = [
        b"the meeting is at five",
        b"bring the minutes",
        ANN.as_bytes(),
        chat.as_str().as_bytes(),
        &ann,
        &place,
    ];
    assert_nowhere(world.folder(), &needles);
    world.reopen();
    assert_nowhere(world.folder(), &needles);
    assert!(world.replica(&room(), "$1").await.is_some());
}

#[tokio::test]
async fn a_store_that_was_not_encrypted_is_so_after_its_first_start_with_a_key() {
    let folder = clear().await;
    let path = folder.path();
    let before = clear_rows(path);
    assert!(before.len() > 1400, "{} rows", before.len());
    let vault = unsealed(path).unwrap();
    assert_eq!(rows(&vault), before);
    closed(vault, path);
    assert_nowhere(path, &[b"the meeting is at five", ANN.as_bytes()]);
    assert!(!path.join("db").is_file(), "the old log is gone");
    let older = SledKv::open(path).map(drop).unwrap_err().to_string();
    assert!(older.contains("cannot open the store"), "an older version begins no new one: {older}");
    let store = Store::start(unsealed(path).unwrap(), [7; 32]).unwrap();
    assert_eq!(store.lanes().await.unwrap().iter().map(|lane| lane.depth).sum::<u64>(), 700);
}

#[tokio::test]
async fn an_encryption_that_is_cut_off_after_any_batch_goes_on_and_the_old_store_is_whole_till_then()
 {
    let folder = clear().await;
    let path = folder.path();
    let before = clear_rows(path);
    let mut starts = 0;
    let vault = loop {
        let done = sealing::open_watched(path, (&kek(), &dice()), &mut |_| {
            Err(StoreError::Engine("killed".into()))
        });
        released(path);
        released(&path.join("sealed.part"));
        match done {
            Ok(vault) => break vault,
            Err(error) => assert_eq!(error.to_string(), "the store failed: killed"),
        }
        assert_eq!(clear_rows(path), before, "after {starts} starts");
        starts += 1;
    };
    assert_eq!(starts, before.len().div_ceil(512), "one batch each time");
    assert_eq!(rows(&vault), before);
}

#[tokio::test]
async fn a_row_that_is_gone_from_the_old_store_before_the_encryption_goes_on_does_not_come_back() {
    let folder = clear().await;
    let path = folder.path();
    let cut = sealing::open_watched(path, (&kek(), &dice()), &mut |_| {
        Err(StoreError::Engine("killed".into()))
    });
    assert!(cut.is_err());
    drop(cut);
    released(path);
    released(&path.join("sealed.part"));
    let store = Store::start(SledKv::open(path).unwrap(), [7; 32]).unwrap();
    let event = posted(&group(), "900", BOB, "and another one");
    let batch =
        bot_core::order::Batch { network: group().network, marks: Vec::new(), events: vec![event] };
    store.accept(batch, START).await.unwrap();
    drop(store);
    released(path);
    let before = clear_rows(path);
    assert_eq!(rows(&unsealed(path).unwrap()), before);
}

#[tokio::test]
async fn another_key_opens_nothing_and_changes_nothing() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    world.close();
    let path = world.folder().to_owned();
    let before = files(&path);
    let error = sealing::open(&path, &another_key(), &dice()).map(drop).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "the store in {} was encrypted with another key. Put the file of its key back where \
             `[store] key_file` says; a new key does not open it",
            path.join("sealed").display()
        )
    );
    assert_eq!(files(&path), before);
    world.reopen();
    assert!(world.replica(&room(), "$1").await.is_some());
}

#[tokio::test]
async fn a_value_that_is_moved_to_another_row_is_not_read() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    world.close();
    raw(world.folder(), |engine| {
        let rows = engine.scan(b"m", usize::MAX).unwrap();
        let keys = rows.iter().map(|(key, _)| key.clone());
        let values = rows.iter().map(|(_, value)| Some(value.clone())).rev();
        engine.apply(&keys.zip(values).collect()).unwrap();
    });
    world.reopen();
    let message = bridge_model::MessageId::from("$1");
    let error = world.store().find_replica(&room(), &message).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the store holds a message record that cannot be read: it was changed, or stood in another \
         place"
    );
}

#[tokio::test]
async fn who_was_forgotten_is_in_no_record_and_others_are() {
    for mut world in [World::memory(), World::sled(), World::sealed()] {
        world = world.linked().await;
        used(&world).await;
        let gone = world.store().forget_person(&ann()).await.unwrap();
        assert!(gone >= 3, "her message, its entry for the channel, her reaction: {gone}");
        assert!(world.replica(&room(), "$1").await.is_none());
        assert!(world.replica(&group(), "1").await.is_none());
        let bobs = world.replica(&room(), "$2").await.unwrap();
        assert!(bobs.reactions.is_empty(), "{:?}", bobs.reactions);
        assert_eq!(world.drain(&channel()).await, ["bring the minutes"], "hers is not said");
        let portal = world.store().portals().await.unwrap().remove(0);
        let people = world.store().people(portal.id).await.unwrap();
        assert_eq!(people.iter().map(|it| it.person.user.as_str()).collect::<Vec<_>>(), [BOB]);
        world.reopen();
        world.hear(posted(&group(), "3", ANN, "I am back")).await;
        assert_eq!(world.drain(&channel()).await, ["I am back"]);
    }
}

/// What the disk still holds of rows is put back; how reading it goes.
async fn read_again(world: &mut World, rows: Vec<Row>) -> Result<(), StoreError> {
    world.close();
    raw(world.folder(), |engine| {
        engine.apply(&rows.into_iter().map(|(key, value)| (key, Some(value))).collect()).unwrap();
    });
    let vault = unsealed(world.folder()).unwrap();
    let read = vault.scan(&[], usize::MAX).map(drop);
    closed(vault, world.folder());
    read
}

/// The rows of Ann's message, as the engine has them.
async fn rows_of_ann(world: &mut World) -> Vec<Row> {
    world.close();
    let vault = unsealed(world.folder()).unwrap();
    let theirs = vault.rows_of(&[keys::person(&ann())]).unwrap();
    assert!(theirs.iter().any(|key| key.first() == Some(&b'm')), "{theirs:?}");
    let given = vault.give_out(&[], usize::MAX).unwrap();
    closed(vault, world.folder());
    let raw_keys: Vec<_> =
        given.into_iter().filter(|row| theirs.contains(&row.key)).map(|row| row.from).collect();
    let mut rows = Vec::new();
    raw(world.folder(), |engine| {
        rows =
            raw_keys.iter().map(|key| (key.clone(), engine.get(key).unwrap().unwrap())).collect();
    });
    world.reopen();
    rows
}

const DESTROYED: &str = "the key of whose it is was destroyed";

#[tokio::test]
async fn what_the_disk_still_holds_of_somebody_who_was_forgotten_cannot_be_read_with_the_key() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let rows = rows_of_ann(&mut world).await;
    world.store().forget_person(&ann()).await.unwrap();
    let error = read_again(&mut world, rows).await.unwrap_err().to_string();
    assert!(error.contains(DESTROYED), "{error}");
}

#[tokio::test]
async fn a_key_that_was_to_be_destroyed_when_the_process_died_is_destroyed_at_the_next_start() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let rows = rows_of_ann(&mut world).await;
    world.tamper(|kv| {
        let theirs = kv.rows_of(&[keys::person(&ann())]).unwrap();
        let mut writes: Writes = theirs.into_iter().map(|key| (key, None)).collect();
        let mark = tables::FORGOTTEN.row(&keys::person(&ann())).0;
        writes.insert(mark, Some(tables::FORGOTTEN.seal(&()).unwrap()));
        kv.apply(&writes).unwrap();
    });
    world.reopen();
    let error = read_again(&mut world, rows).await.unwrap_err().to_string();
    assert!(error.contains(DESTROYED), "{error}");
}

#[tokio::test]
async fn of_whom_nothing_is_left_after_the_time_of_retention_the_key_goes_too() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    for lane in [room(), channel()] {
        while world.head(&lane).await.is_some() {
            world.deliver(&lane, &[]).await;
        }
    }
    let rows = rows_of_ann(&mut world).await;
    let later = bridge_model::Timestamp(START.0 + 100 * 24 * 3_600_000);
    world.store().forget(later).await.unwrap();
    let error = read_again(&mut world, rows).await.unwrap_err().to_string();
    assert!(error.contains(DESTROYED), "{error}");
}

#[tokio::test]
async fn of_whom_nothing_is_left_after_the_last_stage_of_a_community_the_key_goes_too() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let rows = rows_of_ann(&mut world).await;
    let portal = world.store().portals().await.unwrap().remove(0);
    world.store().write(move |tx| erase::portal(tx, &portal).map(drop)).await.unwrap();
    let error = read_again(&mut world, rows).await.unwrap_err().to_string();
    assert!(error.contains(DESTROYED), "{error}");
}

#[tokio::test]
async fn who_goes_on_speaking_in_another_community_is_known_there_after_the_last_stage_of_one() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let other = (Place::new("matrix", "!other:example.org"), Place::new("telegram", "-100777"));
    let offer = super::offer(&other.0, &other.1, world.now);
    world.change(Change::Offer([9; 16], offer)).await.unwrap();
    world.change(super::join(9, &other.0, &other.1)).await.unwrap();
    world.hear(posted(&other.1, "70", ANN, "here too")).await;
    world.deliver(&other.0, &["$70"]).await;
    let portals = world.store().portals().await.unwrap();
    let first = portals.into_iter().find(|portal| portal.room == room()).unwrap();
    world.store().write(move |tx| erase::portal(tx, &first).map(drop)).await.unwrap();
    world.reopen();
    let replica = world.replica(&other.0, "$70").await.unwrap();
    assert_eq!(replica.author.as_str(), ANN);
    assert!(world.replica(&room(), "$1").await.is_none());
}

#[tokio::test]
async fn a_store_with_new_keys_holds_the_same_and_the_old_key_opens_it_no_more() {
    let mut world = World::sealed().linked().await;
    used(&world).await;
    let old_rows = rows_of_ann(&mut world).await;
    world.close();
    let path = world.folder().to_owned();
    let vault = unsealed(&path).unwrap();
    let before = rows(&vault);
    closed(vault, &path);
    let new = another_key();
    let moved = sealing::rotate(&path, (&kek(), &new), &dice(), &mut |_| Ok(())).unwrap();
    assert_eq!(moved, u64::try_from(before.len()).unwrap());
    assert!(matches!(unsealed(&path), Err(StoreError::Key(_))));
    let vault = sealing::open(&path, &new, &dice()).unwrap();
    assert_eq!(rows(&vault), before);
    closed(vault, &path);
    raw(&path, |engine| {
        let old = old_rows.into_iter().map(|(key, value)| (key, Some(value)));
        engine.apply(&old.collect()).unwrap();
    });
    let vault = sealing::open(&path, &new, &dice()).unwrap();
    assert!(vault.scan(&[], usize::MAX).is_err(), "old rows are unreadable");
}

#[tokio::test]
async fn new_keys_that_are_cut_off_anywhere_are_finished_by_the_next_call() {
    let folder = clear().await;
    let path = folder.path();
    let vault = unsealed(path).unwrap();
    let before = rows(&vault);
    closed(vault, path);
    let new = another_key();
    let cut = sealing::rotate(path, (&kek(), &new), &dice(), &mut |_| {
        Err(StoreError::Engine("killed".into()))
    });
    assert!(cut.is_err());
    released(&path.join("sealed"));
    released(&path.join("sealed.part"));
    sealing::rotate(path, (&kek(), &new), &dice(), &mut |_| Ok(())).unwrap();
    // The second change of places did not happen.
    std::fs::rename(path.join("sealed"), path.join("sealed.part")).unwrap();
    std::fs::create_dir(path.join("sealed.old")).unwrap();
    let again = sealing::rotate(path, (&kek(), &new), &dice(), &mut |_| Ok(())).unwrap();
    assert_eq!(again, 0, "the rows are over already");
    assert!(!path.join("sealed.old").exists());
    assert_eq!(rows(&sealing::open(path, &new, &dice()).unwrap()), before);
}

#[tokio::test]
async fn a_chat_with_a_million_people_needs_no_file_for_each_of_them() {
    let world = World::sealed().linked().await;
    let events = (0..300).map(|n| posted(&group(), &format!("{n}"), &format!("u{n}"), "hello"));
    world.batch(Vec::new(), events.collect()).await;
    let keys = files(&world.folder().join("sealed").join("keys"));
    let bytes: usize = keys.values().map(Vec::len).sum();
    assert!(keys.len() <= 1025, "{}", keys.len());
    assert!(bytes < 300 * 48 + keys.len() * 60 + 200, "{bytes}");
    let place = Place::new("telegram", "nowhere");
    assert!(world.replica(&place, "1").await.is_none());
}
