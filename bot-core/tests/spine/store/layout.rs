// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stores that an older version has written are opened, brought up to date and used.
//!
//! Rule: `samples/25fe4cb.tar.gz` was made by the whole bridge of commit 25fe4cb and never changes.

use std::path::Path;

use bot_core::portal::Owner;
use bot_core::store::kv::{Kv, Row, Writes};
use bot_core::store::layout::{LAYOUT, bring_up_to_date};
use bot_core::store::memory::MemoryKv;
use bot_core::store::records::Meta;
use bot_core::store::sled::SledKv;
use bot_core::store::{Store, StoreError, Tie, keys, tables};
use bridge_model::{Command, Content, MessageId, Person, Place};
use tempfile::TempDir;

use super::released;
use crate::harness::Spine;
use crate::network::FakeNetwork;
use crate::words::{self, START};

const SAMPLE: &[u8] = include_bytes!("samples/25fe4cb.tar.gz");
const ROOM: &str = "!D-NS0Ya_TZuY0fWgLPUAGOxy_M8RS-8vp1e9u26-9eQ";
const GROUP: &str = "-1001500000003";
const CHANNEL: &str = "1576743252541833218";
const TOMS_WORD: &str = "$D_HsUkJiSKs6rs4Oi1GGwuu2ZciM5WFeUbz-yOZ_pgM";
const TOM: &str = "5000000004";
const TANJA: &str = "5000000001";

/// Rows that are migrated at once: few, so that there are many batches to die between.
const BATCH: usize = 7;

fn room() -> Place {
    Place::new("matrix", ROOM)
}

/// The store of commit 25fe4cb, in the folder `store`.
fn unpacked() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(SAMPLE));
    archive.unpack(folder.path()).unwrap();
    folder
}

fn rows(kv: &impl Kv) -> Vec<Row> {
    kv.scan(&[], usize::MAX).unwrap()
}

fn rows_in(folder: &Path) -> Vec<Row> {
    released(folder);
    let rows = rows(&SledKv::open(folder).unwrap());
    released(folder);
    rows
}

/// The rows of the sample, as they were written.
fn old_rows() -> Vec<Row> {
    let folder = unpacked();
    rows_in(&folder.path().join("store"))
}

/// What waits in a lane of the sample, in the order of its entries.
fn waiting(lane: &Place) -> Vec<&'static str> {
    let prefix = [&b"l"[..], &keys::place(lane)].concat();
    let entries = old_rows().into_iter().filter(|(key, _)| key.starts_with(&prefix));
    let text = |(_, value): Row| {
        let mut texts = ["wartet eins", "wartet zwei", "wartet drei"].into_iter();
        texts.rfind(|text| value.windows(text.len()).any(|at| at == text.as_bytes()))
    };
    entries.filter_map(text).collect()
}

fn memory(rows: &[Row]) -> MemoryKv {
    let mut kv = MemoryKv::default();
    kv.apply(&rows.iter().cloned().map(|(key, value)| (key, Some(value))).collect()).unwrap();
    kv
}

/// An engine whose process is killed when it has written so many batches.
struct Mortal<K> {
    kv: K,
    left: usize,
}

impl<K: Kv> Kv for Mortal<K> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv.get(key)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.kv.scan(prefix, limit)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.kv.scan_after(key, limit)
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.left = self.left.checked_sub(1).ok_or(StoreError::Engine("killed".into()))?;
        self.kv.apply(writes)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.kv.flush()
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.kv.keep_copy(layout)
    }

    fn drop_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.kv.drop_copy(layout)
    }
}

fn migrated(rows: &[Row]) -> MemoryKv {
    let mut kv = memory(rows);
    bring_up_to_date(&mut kv, BATCH).unwrap();
    kv
}

fn opened() -> (TempDir, std::sync::Arc<Store>) {
    let folder = unpacked();
    let kv = SledKv::open(&folder.path().join("store")).unwrap();
    (folder, Store::start(kv, [9; 32]).unwrap())
}

#[tokio::test]
async fn a_store_of_commit_25fe4cb_opens_with_its_portal_and_its_settings() {
    let (_folder, store) = opened();
    let portals = store.portals().await.unwrap();
    let [portal] = &portals[..] else { panic!("{portals:?}") };
    assert_eq!(portal.room, room());
    let mut ends: Vec<&Place> = portal.ends.iter().map(|end| &end.place).collect();
    ends.sort();
    assert_eq!(ends, [&Place::new("discord", CHANNEL), &Place::new("telegram", GROUP)]);
    assert_eq!(portal.settings.language.as_deref(), Some("de"));
    assert_eq!(portal.settings.silent, []);
    assert_eq!(portal.settings.metadata, Owner::Matrix);
    assert_eq!(
        store.portal_of(&Place::new("telegram", GROUP)).await.unwrap().as_ref(),
        Some(portal)
    );
}

#[tokio::test]
async fn the_copies_of_a_message_are_known_after_the_migration() {
    let (_folder, store) = opened();
    let message = MessageId::from(TOMS_WORD);
    let replica = store.find_replica(&room(), &message).await.unwrap().unwrap();
    assert_eq!(replica.origin, Place::new("telegram", GROUP));
    assert_eq!(replica.author.as_str(), TOM);
    let again = store.find_replica(&replica.origin, &replica.message).await.unwrap().unwrap();
    let parts = again.parts_at(&room());
    assert_eq!(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(), [TOMS_WORD]);
    assert!(!again.parts_at(&Place::new("discord", CHANNEL)).is_empty());
    let reacted: Vec<&str> = again.reactions.iter().map(|known| known.by.user.as_str()).collect();
    assert_eq!(reacted, ["@alice:localhost"]);
}

#[tokio::test]
async fn an_edit_of_a_message_from_before_the_migration_goes_to_its_copies() {
    let (_folder, store) = opened();
    let group = Place::new("telegram", GROUP);
    let replica = store.find_replica(&room(), &MessageId::from(TOMS_WORD)).await.unwrap().unwrap();
    let event = words::edited(&group, replica.message.as_str(), TOM, "ein anderes Wort");
    let batch = bot_core::order::Batch {
        network: group.network.clone(),
        marks: Vec::new(),
        events: vec![event],
    };
    let accepted = store.accept(batch, START).await.unwrap();
    assert!(accepted.lanes.iter().any(|lane| lane.place == room()), "{accepted:?}");
}

#[tokio::test]
async fn claims_outlive_the_migration() {
    let (_folder, store) = opened();
    let claim = store.claim(&Person::new("telegram", TANJA)).await.unwrap().unwrap();
    assert_eq!(claim.mxid, "@bob:localhost");
    let claims = store.claims_by("@bob:localhost").await.unwrap();
    assert_eq!(claims, std::slice::from_ref(&claim));
    assert_eq!((claim.tie, claim.tie()), (None, Tie::Quiet));
    let known = store.known_on_matrix(&claim.person).await.unwrap();
    assert_eq!(known, None, "nobody else may know it");
}

#[tokio::test]
async fn an_older_claim_is_quiet_and_its_owner_is_told_once() {
    let mut spine = Spine::over(memory(&old_rows()));
    spine.start();
    let alone = Place::new("matrix", "!alone:localhost");
    let told = |matrix: &FakeNetwork| {
        let read = matrix.read(&alone.chat);
        let new = read.iter().filter(|line| line.contains("New: from now on I show nobody"));
        (read.len(), new.count())
    };
    for (number, id) in ["ask1", "ask2"].into_iter().enumerate() {
        let typed = Command { private: true, ..words::command("@bob:localhost", "claim") };
        spine.hear(words::event(&alone, id, Content::Commanded(typed))).await;
        spine.matrix.until("the answer", |matrix| told(matrix).0 > number).await;
    }
    assert_eq!(told(&spine.matrix), (2, 1));
    let claim = spine.store().claim(&Person::new("telegram", TANJA)).await.unwrap().unwrap();
    assert_eq!(claim.tie, Some(Tie::Quiet));
}

#[tokio::test]
async fn what_waited_in_a_lane_is_delivered_in_order_after_the_migration() {
    let mut spine = Spine::over(memory(&old_rows()));
    let group = Place::new("telegram", GROUP);
    spine.start();
    let chat = group.chat.clone();
    spine.telegram.until("three messages", |telegram| telegram.read(&chat).len() >= 3).await;
    let read = spine.telegram.read(&group.chat).join("\n");
    let at = |text: &&str| read.find(*text).unwrap_or_else(|| panic!("{text} is not in {read}"));
    let waiting = waiting(&group);
    assert_eq!(waiting.len(), 3, "{waiting:?}");
    assert!(waiting.iter().map(at).is_sorted(), "{waiting:?} became {read}");
}

#[tokio::test]
async fn the_number_and_the_secret_of_a_store_outlive_the_migration() {
    type Counters = (u64, u32, u32, String, String, Vec<u16>);
    let old = old_rows();
    let key = tables::META.row(&tables::COUNTERS).0;
    let sealed = &old.iter().find(|(at, _)| *at == key).unwrap().1;
    let (next_entry, next_place, next_portal, instance, secret, buckets): Counters =
        postcard::from_bytes(&sealed[1..]).unwrap();
    let kv = migrated(&old);
    let meta = tables::META.open(&kv.get(&key).unwrap().unwrap()).unwrap();
    let layout = LAYOUT;
    let expected = Meta {
        layout,
        next_entry,
        next_place,
        next_portal,
        instance,
        secret,
        buckets,
        overflowing: 0,
        answers: 0,
        open_week: 0,
        gaps: 0,
    };
    assert_eq!(meta, expected);
    let store = Store::start(kv, [9; 32]).unwrap();
    assert_eq!(store.instance().await.unwrap(), expected.instance);
}

#[test]
fn a_migration_that_is_killed_after_any_batch_goes_on_at_the_next_start() {
    let old = old_rows();
    let whole = rows(&migrated(&old));
    let mut kills = 0;
    loop {
        let kv = memory(&old);
        let mut mortal = Mortal { kv: kv.clone(), left: kills };
        if bring_up_to_date(&mut mortal, BATCH).is_ok() {
            break;
        }
        let mut kv = kv;
        bring_up_to_date(&mut kv, BATCH).unwrap();
        assert_eq!(rows(&kv), whole, "killed after {kills} batches");
        kills += 1;
    }
    assert!(kills > old.len() / BATCH, "{kills} kills for {} rows", old.len());
}

#[test]
fn the_old_store_is_kept_until_the_migration_is_through() {
    let folder = unpacked();
    let path = folder.path().join("store");
    let (old, copy) = (rows_in(&path), path.join("layout-4"));
    let mut mortal = Mortal { kv: SledKv::open(&path).unwrap(), left: 2 };
    bring_up_to_date(&mut mortal, BATCH).unwrap_err();
    drop(mortal);
    released(&path);
    assert_eq!(rows_in(&copy), old);
    let store = Store::start(SledKv::open(&path).unwrap(), [9; 32]).unwrap();
    drop(store);
    assert!(!copy.exists());
    let started = migrated(&old);
    drop(Store::start(started.clone(), [9; 32]).unwrap());
    assert_eq!(rows_in(&path), rows(&started));
}

#[test]
fn a_store_that_is_up_to_date_is_left_as_it_is() {
    let kv = migrated(&old_rows());
    let before = rows(&kv);
    let mut mortal = Mortal { kv: kv.clone(), left: 0 };
    bring_up_to_date(&mut mortal, BATCH).unwrap();
    assert_eq!(rows(&kv), before);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let mut kv = migrated(&old_rows());
    let key = tables::META.row(&tables::COUNTERS).0;
    let meta = Meta { layout: LAYOUT + 1, ..Meta::default() };
    kv.apply(&Writes::from([(key, Some(tables::META.seal(&meta).unwrap()))])).unwrap();
    let before = rows(&kv);
    let error = Store::start(kv.clone(), [9; 32]).map(drop).unwrap_err().to_string();
    let line = format!(
        "the store has layout {}, and this freeside knows layouts up to {LAYOUT}: a newer version \
         has written it. Start that version again",
        LAYOUT + 1
    );
    assert_eq!(error, line);
    assert_eq!(rows(&kv), before);
}

#[test]
fn a_row_of_an_older_format_is_refused_and_nothing_is_lost() {
    let mut old = old_rows();
    old.retain(|(key, _)| key.first() != Some(&b'p'));
    old.push((b"p\0\0\0\x01".to_vec(), vec![3, 0]));
    let error = bring_up_to_date(&mut memory(&old), BATCH).unwrap_err().to_string();
    assert_eq!(
        error,
        "the store holds a portal that cannot be read: format 3 is not known to this version of \
         freeside"
    );
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_a_store() {
    use std::os::unix::fs::PermissionsExt;

    let folder = unpacked();
    let path = folder.path().join("store");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(path.join("db"), PermissionsExt::from_mode(0o644)).unwrap();
    let kv = SledKv::open(&path).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("db")), 0o600);
    drop(kv);
}
