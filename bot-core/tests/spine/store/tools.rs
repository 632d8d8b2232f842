// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in an operator's hands: checked, exported, imported, compacted, copied.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use bot_core::clock::{Dice, SystemDice};
use bot_core::store::check::{self, Checked, Inspector, UnreadableRow};
use bot_core::store::export::{self, ExportOptions, Exported};
use bot_core::store::kv::{Kv, Writes};
use bot_core::store::layout::LAYOUT;
use bot_core::store::records::Meta;
use bot_core::store::sealing::{self, Sealed};
use bot_core::store::sled::SledKv;
use bot_core::store::vault::Vault;
use bot_core::store::{Kek, Store, StoreError, backup_request, import, tables};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{World, kek, released, unsealed};
use crate::words::{channel, group, posted, reacted, room};

const ANN: &str = "5000000001";
const WORDS: &str = "the meeting is at five";

fn dice() -> Arc<dyn Dice> {
    Arc::new(SystemDice)
}

/// A store with every kind of row that people make by talking, closed.
async fn used() -> World {
    let mut world = World::sealed().linked().await;
    for number in 0..300 {
        let id = number.to_string();
        world.hear(posted(&group(), &id, ANN, WORDS)).await;
        world.deliver(&room(), &[&format!("${id}")]).await;
    }
    world.hear(reacted(&group(), "2", (ANN, "👍"), None)).await;
    world.close();
    world
}

fn rows(folder: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let vault = unsealed(folder).unwrap();
    let rows = vault.scan(&[], usize::MAX).unwrap().into_iter().collect();
    closed(vault, folder);
    rows
}

fn closed(vault: Sealed, folder: &Path) {
    drop(vault);
    released(&folder.join("sealed"));
}

fn exported(folder: &Path, options: ExportOptions) -> Result<(Vec<u8>, Exported), StoreError> {
    let vault = unsealed(folder).unwrap();
    let mut file = Vec::new();
    let done =
        export::export(&vault, (&kek(), &SystemDice), &mut file, options, &mut |_, _| Ok(()));
    closed(vault, folder);
    Ok((file, done?))
}

fn encrypted(folder: &Path) -> Vec<u8> {
    exported(folder, ExportOptions::default()).unwrap().0
}

fn plain(folder: &Path) -> Vec<u8> {
    exported(folder, ExportOptions { plain: true, leave_out: false }).unwrap().0
}

/// Makes a store of a file, as the command does.
fn imported(file: &[u8], path: &Path, (ours, theirs): (&Kek, &Kek)) -> Result<u64, StoreError> {
    let verified = import::verify(&mut &*file, theirs, &mut |_, _| Ok(()))?;
    let rows = sealing::make(path, (ours, &dice()), |vault| {
        import::import(vault, (&mut &*file, theirs), &verified, &mut |_, _| Ok(()))
    })?;
    released(&path.join("sealed"));
    Ok(rows)
}

#[derive(Default)]
struct Notes(Vec<UnreadableRow>);

impl Inspector for Notes {
    fn unreadable(&mut self, found: u64, row: &UnreadableRow) {
        self.0.push(row.clone());
        assert_eq!(usize::try_from(found).unwrap(), self.0.len());
    }

    fn read(&mut self, _rows: u64) {}
}

fn checked(vault: &Vault<impl Kv>) -> (Checked, Vec<UnreadableRow>) {
    let mut notes = Notes::default();
    let checked = check::check(vault, &mut notes).unwrap();
    (checked, notes.0)
}

/// Changes the rows of the engine below the encryption.
fn tampered(folder: &Path, change: impl FnOnce(&mut SledKv)) {
    let folder = folder.join("sealed");
    let mut engine = SledKv::open(&folder).unwrap();
    change(&mut engine);
    engine.flush().unwrap();
    drop(engine);
    released(&folder);
}

#[tokio::test]
async fn what_is_exported_and_imported_is_the_same_store_and_goes_on() {
    let world = used().await;
    let before = rows(world.folder());
    for file in [encrypted(world.folder()), plain(world.folder())] {
        let new = TempDir::new().unwrap();
        let path = new.path().join("store");
        let count = imported(&file, &path, (&kek(), &kek())).unwrap();
        assert_eq!(usize::try_from(count).unwrap(), before.len());
        assert_eq!(rows(&path), before);
        let store = Store::start(unsealed(&path).unwrap(), [9; 32]).unwrap();
        let lanes = store.lanes().await.unwrap();
        let waiting = lanes.iter().find(|lane| lane.place == channel()).map(|lane| lane.depth);
        assert_eq!(waiting, Some(301), "the messages and the reaction");
        assert!(store.take(&channel()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_exported_file_shows_nobody_what_was_said_and_by_whom() {
    let world = used().await;
    let chat = group().chat;
    let needles = [WORDS, ANN, chat.as_str(), "ZhZSBtZWV0aW5nI"];
    let text = String::from_utf8(encrypted(world.folder())).unwrap();
    assert!(needles.iter().all(|needle| !text.contains(needle)));
    let header: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(header["rows"], serde_json::json!(text.lines().count() - 2));
    assert_eq!(header["layout"], serde_json::json!(LAYOUT));
    assert_eq!(header["tables"]["p portal"], serde_json::json!(1));
    let clear = String::from_utf8(plain(world.folder())).unwrap();
    assert!(clear.contains("\"table\":\"p portal\""));
}

#[tokio::test]
async fn a_file_that_is_cut_off_or_changed_anywhere_makes_no_store() {
    let world = used().await;
    for file in [encrypted(world.folder()), plain(world.folder())] {
        let ends: Vec<usize> =
            file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        let refused = |file: &[u8], what: &str| {
            let new = TempDir::new().unwrap();
            let path = new.path().join("store");
            imported(file, &path, (&kek(), &kek())).expect_err(what);
            assert!(!sealing::is_sealed(&path), "{what}");
        };
        for end in ends.iter().step_by(97).chain(ends.iter().rev().take(3)) {
            refused(&file[..*end], &format!("cut off before the end of a line at {end}"));
            if *end + 1 < file.len() {
                refused(&file[..=*end], &format!("cut off at {end}"));
            }
            let mut changed = file.clone();
            changed[end - 5] ^= 1;
            refused(&changed, &format!("changed at {end}"));
        }
        let without = |line: usize| {
            let lines = file.split_inclusive(|byte| *byte == b'\n').enumerate();
            lines.filter(|(at, _)| *at != line).flat_map(|(_, line)| line).copied().collect()
        };
        let lines: [Vec<u8>; 2] = [without(0), without(5)];
        lines.iter().for_each(|file| refused(file, "a line is missing"));
    }
}

#[tokio::test]
async fn a_store_that_is_there_is_not_imported_into() {
    let world = used().await;
    let before = rows(world.folder());
    let file = encrypted(world.folder());
    let error = imported(&file, world.folder(), (&kek(), &kek())).unwrap_err().to_string();
    assert!(error.contains("there is a store in"), "{error}");
    assert_eq!(rows(world.folder()), before);
    let mut vault = unsealed(world.folder()).unwrap();
    let verified = import::verify(&mut &*file, &kek(), &mut |_, _| Ok(())).unwrap();
    let done = import::import(&mut vault, (&mut &*file, &kek()), &verified, &mut |_, _| Ok(()));
    let error = done.unwrap_err().to_string();
    assert!(error.contains("the store is not empty"), "{error}");
    closed(vault, world.folder());
}

#[tokio::test]
async fn an_import_that_was_cut_off_leaves_no_store_and_can_be_begun_anew() {
    let world = used().await;
    let before = rows(world.folder());
    let file = encrypted(world.folder());
    let new = TempDir::new().unwrap();
    let verified = import::verify(&mut &*file, &kek(), &mut |_, _| Ok(())).unwrap();
    let cut = sealing::make(new.path(), (&kek(), &dice()), |vault| {
        let killed = &mut |_, _| Err(StoreError::Closed);
        import::import(vault, (&mut &*file, &kek()), &verified, killed)
    });
    assert_eq!(cut.unwrap_err(), StoreError::Closed);
    released(&new.path().join("sealed.part"));
    let part = Vault::new(
        SledKv::open(&new.path().join("sealed.part")).unwrap(),
        bot_core::store::keyring::Keyring::open(
            &new.path().join("sealed.part/keys"),
            &kek(),
            dice(),
        )
        .unwrap(),
    );
    let error = Store::start(part, [9; 32]).map(drop).unwrap_err().to_string();
    assert!(error.contains("an import was cut off"), "{error}");
    released(&new.path().join("sealed.part"));
    imported(&file, new.path(), (&kek(), &kek())).unwrap();
    assert_eq!(rows(new.path()), before);
}

#[tokio::test]
async fn a_file_opens_with_the_key_of_its_store_and_comes_under_the_key_of_the_new_one() {
    let world = used().await;
    let file = encrypted(world.folder());
    let other = Kek::random(&SystemDice);
    let new = TempDir::new().unwrap();
    let error = imported(&file, new.path(), (&other, &other)).unwrap_err().to_string();
    assert!(error.contains("name the file of that key with --key"), "{error}");
    imported(&file, new.path(), (&other, &kek())).unwrap();
    let vault = sealing::open(new.path(), &other, &dice()).unwrap();
    let moved: BTreeMap<_, _> = vault.scan(&[], usize::MAX).unwrap().into_iter().collect();
    closed(vault, new.path());
    assert_eq!(moved, rows(world.folder()));
}

#[tokio::test]
async fn a_store_or_a_file_of_a_newer_version_is_left_alone() {
    let world = used().await;
    let text = String::from_utf8(plain(world.folder())).unwrap();
    let newer = format!("\"layout\":{}", LAYOUT + 1);
    let text = text.replacen(&format!("\"layout\":{LAYOUT}"), &newer, 1);
    let error = import::verify(&mut text.as_bytes(), &kek(), &mut |_, _| Ok(())).map(drop);
    assert_eq!(error.unwrap_err(), StoreError::Newer { found: LAYOUT + 1, known: LAYOUT });
    let mut vault = unsealed(world.folder()).unwrap();
    let key = tables::META.row(&tables::COUNTERS).0;
    let meta = Meta { layout: LAYOUT + 1, ..Meta::default() };
    vault.apply(&Writes::from([(key, Some(tables::META.seal(&meta).unwrap()))])).unwrap();
    let newer = StoreError::Newer { found: LAYOUT + 1, known: LAYOUT };
    assert_eq!(check::check(&vault, &mut Notes::default()).unwrap_err(), newer);
    closed(vault, world.folder());
    assert_eq!(exported(world.folder(), ExportOptions::default()).unwrap_err(), newer);
}

#[tokio::test]
async fn check_reads_everything_and_names_each_record_that_cannot_be_read() {
    let world = used().await;
    let all = rows(world.folder()).len();
    let vault = unsealed(world.folder()).unwrap();
    let (whole, notes) = checked(&vault);
    assert_eq!((usize::try_from(whole.rows).unwrap(), whole.unreadable), (all, 0));
    assert_eq!((whole.layout, whole.people, notes), (Some(LAYOUT), 2, Vec::new()));
    closed(vault, world.folder());
    let mut spoiled = Vec::new();
    tampered(world.folder(), |engine| {
        for prefix in *b"plm" {
            let (key, mut value) = engine.scan(&[prefix], 1).unwrap().remove(0);
            let last = value.len() - 1;
            value[last] ^= 1;
            engine.apply(&Writes::from([(key.clone(), Some(value))])).unwrap();
            spoiled.push(data_encoding::HEXLOWER.encode(&key));
        }
        let clear = Writes::from([(b"?row".to_vec(), Some(b"clear".to_vec()))]);
        engine.apply(&clear).unwrap();
        spoiled.push(data_encoding::HEXLOWER.encode(b"?row"));
    });
    let vault = unsealed(world.folder()).unwrap();
    let (found, notes) = checked(&vault);
    closed(vault, world.folder());
    let mut named: Vec<String> = notes.iter().map(|row| row.row.clone()).collect();
    named.sort();
    spoiled.sort();
    assert_eq!((usize::try_from(found.rows).unwrap(), found.unreadable), (all + 1, 4));
    assert_eq!(named, spoiled);
    let why: Vec<String> = notes.iter().map(|row| row.why.to_string()).collect();
    assert!(why.iter().any(|why| why.contains("a portal that cannot be read")), "{why:?}");
    let refused = exported(world.folder(), ExportOptions::default()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    let options = ExportOptions { plain: false, leave_out: true };
    let (file, written) = exported(world.folder(), options).unwrap();
    assert_eq!(written.left_out, 4);
    let new = TempDir::new().unwrap();
    let count = imported(&file, new.path(), (&kek(), &kek())).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), all - 3);
}

#[tokio::test]
async fn a_compacted_store_holds_the_same_and_takes_less_room() {
    let mut world = used().await;
    for round in 0..20 {
        world.reopen();
        for number in 0..50 {
            let id = format!("{round}-{number}");
            world.hear(posted(&group(), &id, ANN, &WORDS.repeat(20))).await;
        }
        world.drain(&room()).await;
        world.drain(&channel()).await;
        world.close();
    }
    let before = rows(world.folder());
    let log = || std::fs::metadata(world.folder().join("sealed/db")).unwrap().len();
    let large = log();
    let count = sealing::compact(world.folder(), (&kek(), &dice()), &mut |_| Ok(())).unwrap();
    released(&world.folder().join("sealed"));
    assert_eq!(usize::try_from(count).unwrap(), before.len());
    assert_eq!(rows(world.folder()), before);
    assert!(log() < large, "{} bytes of {large}", log());
    assert!(!world.folder().join("sealed.old").exists());
    world.reopen();
    assert!(world.replica(&room(), "$1").await.is_some());
}

#[tokio::test]
async fn compacting_that_is_cut_off_leaves_the_store_as_it_was() {
    let world = used().await;
    let before = rows(world.folder());
    let cut = sealing::compact(world.folder(), (&kek(), &dice()), &mut |_| Err(StoreError::Closed));
    assert_eq!(cut.unwrap_err(), StoreError::Closed);
    released(&world.folder().join("sealed"));
    released(&world.folder().join("sealed.part"));
    assert_eq!(rows(world.folder()), before);
    assert!(!world.folder().join("sealed.part").exists(), "the next start cleans up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_made_while_people_talk_holds_all_that_was_stored_before() {
    let world = World::sealed().linked().await;
    let store = Arc::clone(world.store());
    let mut talking = JoinSet::new();
    talking.spawn(async move {
        for number in 0..2_000 {
            let event = posted(&group(), &number.to_string(), ANN, WORDS);
            let network = group().network;
            let batch = bot_core::order::Batch { network, marks: Vec::new(), events: vec![event] };
            store.accept(batch, crate::words::START).await.unwrap();
        }
    });
    let mut depths = Vec::new();
    loop {
        let copy = TempDir::new().unwrap();
        let depth = world.depth(&room()).await;
        world.store().backup(copy.path().to_owned()).await.unwrap();
        let vault = unsealed(copy.path()).unwrap();
        assert_eq!(checked(&vault).0.unreadable, 0);
        let copied = Store::start(vault, [9; 32]).unwrap();
        let lanes = copied.lanes().await.unwrap();
        let room = room();
        let copied = lanes.iter().find(|lane| lane.place == room).map_or(0, |lane| lane.depth);
        assert!(copied >= depth, "{copied} of {depth}");
        depths.push(copied);
        if let Some(ended) = talking.try_join_next() {
            ended.unwrap();
            break;
        }
    }
    assert!(depths.is_sorted(), "{depths:?}");
}

#[tokio::test]
async fn a_folder_with_a_store_is_no_place_for_a_copy_and_nobody_is_asked_without_proof() {
    let world = World::sealed().linked().await;
    let other = used().await;
    let before = rows(other.folder());
    let refused = world.store().backup(other.folder().to_owned()).await.unwrap_err().to_string();
    assert!(refused.contains("there is a store in"), "{refused}");
    assert_eq!(rows(other.folder()), before);
    let folder = TempDir::new().unwrap();
    let proof = "0123456789abcdef0123456789abcdef".to_owned();
    let request = backup_request::CopyRequest { folder: folder.path().to_owned(), proof };
    assert!(!request.is_proven(), "nothing stands in the folder");
    std::fs::write(folder.path().join(backup_request::FILE), "another").unwrap();
    assert!(!request.is_proven(), "something else stands in the folder");
    std::fs::write(folder.path().join(backup_request::FILE), &request.proof).unwrap();
    assert!(request.is_proven());
    std::fs::write(folder.path().join(backup_request::FILE), "").unwrap();
    let request = backup_request::CopyRequest { proof: String::new(), ..request };
    assert!(!request.is_proven(), "an empty proof is none");
}

#[tokio::test]
async fn a_store_that_somebody_has_open_and_one_that_is_not_there_are_told_apart() {
    let world = World::sealed().linked().await;
    let held = unsealed(world.folder()).map(drop).unwrap_err();
    assert!(matches!(held, StoreError::Held(_)), "{held:?}");
    assert!(held.to_string().contains("Is another freeside running on it?"), "{held}");
    let empty = TempDir::new().unwrap();
    let path = empty.path().join("store");
    let none = sealing::open_existing(&path, &kek(), &dice()).map(drop).unwrap_err().to_string();
    assert_eq!(none, format!("there is no store in {}", path.display()));
    assert!(!path.exists(), "nothing was made");
}

/// Everything that was stored is there, or it is said that something is missing.
#[tokio::test]
async fn a_log_that_is_damaged_anywhere_is_noticed() {
    let world = used().await;
    let sealed = world.folder().join("sealed");
    let log = sealed.join("db");
    let whole = std::fs::read(&log).unwrap();
    let all = rows(world.folder());
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    // Without its snapshot sled reads the whole log.
    let put = |bytes: &[u8]| {
        std::fs::write(&log, bytes).unwrap();
        for entry in std::fs::read_dir(&sealed).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("snap") {
                std::fs::remove_file(path).unwrap();
            }
        }
    };
    let mut noticed = 0;
    for at in (0..end).step_by(end / 20) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        put(&damaged);
        match unsealed(world.folder()) {
            Ok(vault) => {
                let found: BTreeMap<_, _> =
                    vault.scan(&[], usize::MAX).unwrap().into_iter().collect();
                assert!(found == all, "{} of {} rows, byte {at}", found.len(), all.len());
                // sled may still panic over the damage when it is closed.
                drop(std::panic::catch_unwind(AssertUnwindSafe(move || drop(vault))));
            }
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("Put the last backup in its place"), "byte {at}: {error}");
                noticed += 1;
            }
        }
        released(&sealed);
    }
    assert!(noticed > 0, "sled reads past every damage");
}
