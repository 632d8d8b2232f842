// SPDX-License-Identifier: AGPL-3.0-or-later
//! The keys of a store: one for records that concern nobody, and one for each person.
//!
//! Rule: keys of people are in files of their own and never in the engine, whose log keeps what was
//! deleted. A key is on the disk before the first record under it; to destroy one, its file is written
//! anew without it (`docs/adr/0019`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes::Aes256;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};

use super::cipher::{self, KEY, Kek, Key};
use super::keys::Hash;
use super::sled::disk;
use super::{StoreError, private};
use crate::clock::Dice;

/// What stands for a person in a sealed row and in the files of keys: their hash, encrypted.
pub type Label = [u8; 16];

/// The file of the store's own keys.
const STORE: &str = "store";
/// What each file of keys begins with.
const MAGIC: &[u8; 4] = b"FSK1";
/// Keys of people are spread over so many files, by the first bits of the label: with a million people
/// one file has 48 KB.
const SHARDS: u16 = 1024;

type People = HashMap<Label, Key>;

/// The keys of an open store.
pub struct Keyring {
    folder: PathBuf,
    dice: Arc<dyn Dice>,
    records: Key,
    shards: Key,
    rows: Aes256,
    people: Aes256,
    /// Files that were read so far.
    loaded: RefCell<BTreeMap<u16, People>>,
}

impl Keyring {
    /// Makes new keys in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn create(folder: &Path, kek: &Kek, dice: Arc<dyn Dice>) -> Result<Self, StoreError> {
        private::folder(folder)?;
        let keys = [(); 4].map(|()| Key::random(&*dice));
        let plain: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
        let header = [&MAGIC[..], &kek.id()].concat();
        let sealed = cipher::encrypt(kek.key(), STORE.as_bytes(), (&header, &plain), &*dice);
        replace(folder, STORE, &sealed)?;
        Ok(Self::of(folder, keys, dice))
    }

    /// Opens the keys in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Key`] when `kek` is not theirs; nothing is changed then.
    pub fn open(folder: &Path, kek: &Kek, dice: Arc<dyn Dice>) -> Result<Self, StoreError> {
        private::folder(folder)?;
        let path = folder.join(STORE);
        remove_unfinished(folder)?;
        let sealed = std::fs::read(&path).map_err(|error| disk(&path, &error))?;
        let damaged = || StoreError::Key(format!("the file of keys {} is damaged", path.display()));
        let sealed = sealed.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let (id, sealed) = sealed.split_first_chunk::<8>().ok_or_else(damaged)?;
        if *id != kek.id() {
            return Err(StoreError::Key(format!(
                "the store in {} was encrypted with another key. Put the file of its key back where \
                 `[store] key_file` says; a new key does not open it",
                folder.parent().unwrap_or(folder).display()
            )));
        }
        let plain = cipher::decrypt(kek.key(), STORE.as_bytes(), sealed).ok_or_else(damaged)?;
        let (chunks, _) = plain.as_chunks::<KEY>();
        let keys: [[u8; KEY]; 4] = chunks.try_into().map_err(|_| damaged())?;
        Ok(Self::of(folder, keys.map(Key), dice))
    }

    fn of(folder: &Path, [records, shards, rows, people]: [Key; 4], dice: Arc<dyn Dice>) -> Self {
        let (rows, people) = (Aes256::new(&rows.0.into()), Aes256::new(&people.0.into()));
        let loaded = RefCell::default();
        Self { folder: folder.to_owned(), dice, records, shards, rows, people, loaded }
    }

    /// Randomness for nonces.
    pub fn dice(&self) -> &dyn Dice {
        &*self.dice
    }

    /// The key of records that are nobody's.
    pub fn records(&self) -> &Key {
        &self.records
    }

    /// A hash as it stands in the key of a row: nobody without the store's keys can try ids out.
    pub fn hide(&self, hash: &mut Hash) {
        self.rows.encrypt_block(hash.into());
    }

    /// Undoes [`Keyring::hide`].
    pub fn show(&self, hash: &mut Hash) {
        self.rows.decrypt_block(hash.into());
    }

    /// What stands for a person.
    pub fn label(&self, person: &Hash) -> Label {
        let mut label = *person;
        self.people.encrypt_block((&mut label).into());
        label
    }

    /// The person for whom a label stands.
    pub fn person(&self, label: &Label) -> Hash {
        let mut person = *label;
        self.people.decrypt_block((&mut person).into());
        person
    }

    /// The key of a person; `None` when there is none (any more).
    ///
    /// # Errors
    /// [`StoreError`] when the file of the key cannot be read.
    pub fn of_person(&self, label: &Label) -> Result<Option<Key>, StoreError> {
        self.with(shard(label), |people| people.get(label).copied())
    }

    /// Makes the keys that are missing; they are on the disk afterwards.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn ensure(&self, labels: &BTreeSet<Label>) -> Result<(), StoreError> {
        let mut missing: BTreeMap<u16, Vec<Label>> = BTreeMap::new();
        for label in labels {
            if self.of_person(label)?.is_none() {
                missing.entry(shard(label)).or_default().push(*label);
            }
        }
        for (number, labels) in missing {
            let mut people = self.with(number, |people| people.clone())?;
            people.extend(labels.into_iter().map(|label| (label, Key::random(&*self.dice))));
            self.write(number, people)?;
        }
        Ok(())
    }

    /// Destroys keys; how many there were. What was encrypted with them cannot be read any more.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn destroy(&self, gone: &BTreeSet<Label>) -> Result<u64, StoreError> {
        let mut destroyed = 0;
        for number in gone.iter().map(shard).collect::<BTreeSet<_>>() {
            destroyed += self.retain(number, |label| !gone.contains(label))?;
        }
        Ok(destroyed)
    }

    /// Destroys all keys but these; how many.
    ///
    /// # Errors
    /// As [`Keyring::destroy`].
    pub fn keep_only(&self, used: &BTreeSet<Label>) -> Result<u64, StoreError> {
        let numbers = 0..SHARDS;
        numbers.map(|number| self.retain(number, |label| used.contains(label))).sum()
    }

    fn retain(&self, number: u16, kept: impl Fn(&Label) -> bool) -> Result<u64, StoreError> {
        let mut people = self.with(number, |people| people.clone())?;
        let before = people.len();
        people.retain(|label, _| kept(label));
        let gone = before - people.len();
        if gone > 0 {
            self.write(number, people)?;
        }
        Ok(u64::try_from(gone).unwrap_or(u64::MAX))
    }

    /// Looks into one file of keys.
    fn with<T>(&self, number: u16, look: impl FnOnce(&People) -> T) -> Result<T, StoreError> {
        if let Some(people) = self.loaded.borrow().get(&number) {
            return Ok(look(people));
        }
        let people = self.read(number)?;
        let seen = look(&people);
        self.loaded.borrow_mut().insert(number, people);
        Ok(seen)
    }

    fn read(&self, number: u16) -> Result<People, StoreError> {
        let path = self.folder.join(name(number));
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(People::new()),
            Err(error) => return Err(disk(&path, &error)),
        };
        let plain = sealed.strip_prefix(MAGIC);
        let plain = plain.and_then(|it| cipher::decrypt(&self.shards, &number.to_be_bytes(), it));
        let Some(plain) = plain else {
            return Err(StoreError::Key(format!("the file of keys {} is damaged", path.display())));
        };
        let (entries, _) = plain.as_chunks::<{ size_of::<Label>() + KEY }>();
        let apart = |entry: &[u8; size_of::<Label>() + KEY]| {
            Some((*entry.first_chunk::<16>()?, Key(*entry.last_chunk::<KEY>()?)))
        };
        Ok(entries.iter().filter_map(apart).collect())
    }

    fn write(&self, number: u16, people: People) -> Result<(), StoreError> {
        let sorted: BTreeMap<_, _> = people.iter().collect();
        let plain: Vec<u8> =
            sorted.iter().flat_map(|(label, key)| label.iter().chain(&key.0)).copied().collect();
        let about = number.to_be_bytes();
        let sealed = cipher::encrypt(&self.shards, &about, (MAGIC, &plain), &*self.dice);
        replace(&self.folder, &name(number), &sealed)?;
        self.loaded.borrow_mut().insert(number, people);
        Ok(())
    }
}

fn shard(label: &Label) -> u16 {
    let [first, second, ..] = *label;
    u16::from_be_bytes([first, second]) % SHARDS
}

fn name(number: u16) -> String {
    format!("{number:03x}")
}

/// Files whose writing was cut off go: they may hold keys that are destroyed later.
fn remove_unfinished(folder: &Path) -> Result<(), StoreError> {
    for entry in std::fs::read_dir(folder).map_err(|error| disk(folder, &error))? {
        let path = entry.map_err(|error| disk(folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "new") {
            std::fs::remove_file(&path).map_err(|error| disk(&path, &error))?;
        }
    }
    Ok(())
}

/// Replaces a file by another one that nobody else can read; either is whole after a crash.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let (new, path) = (folder.join(format!("{name}.new")), folder.join(name));
    let written = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|error| disk(&path, &error))
}
