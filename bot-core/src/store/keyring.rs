// SPDX-License-Identifier: AGPL-3.0-or-later
//! The keys of a store: one for records that concern nobody, and one for each person.
//!
//! Rule: keys of people are in files of their own and never in the engine, whose log keeps what was
//! deleted. A key is on the disk before the first record under it; to destroy one, its file is written
//! anew without it (`docs/adr/0019`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use aes::Aes256;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};

use super::StoreError;
use super::cipher::{self, KEY, Kek, Key};
use super::key_files::{KeyFiles, KeysInFolder};
use super::keys::Hash;
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
    files: Box<dyn KeyFiles>,
    dice: Arc<dyn Dice>,
    records: Key,
    shards: Key,
    rows: Aes256,
    people: Aes256,
    /// Files that were read so far.
    loaded: RwLock<BTreeMap<u16, People>>,
}

impl Keyring {
    /// Makes new keys in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn create(folder: &Path, kek: &Kek, dice: Arc<dyn Dice>) -> Result<Self, StoreError> {
        Self::create_in(Box::new(KeysInFolder::open(folder)?), kek, dice)
    }

    /// Makes new keys among `files`.
    ///
    /// # Errors
    /// As [`Keyring::create`].
    pub fn create_in(
        files: Box<dyn KeyFiles>,
        kek: &Kek,
        dice: Arc<dyn Dice>,
    ) -> Result<Self, StoreError> {
        let keys = [(); 4].map(|()| Key::random(&*dice));
        let plain: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
        let header = [&MAGIC[..], &kek.id()].concat();
        let sealed = cipher::encrypt(kek.key(), STORE.as_bytes(), (&header, &plain), &*dice);
        files.replace(STORE, &sealed)?;
        Ok(Self::of(files, keys, dice))
    }

    /// Opens the keys in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Key`] when `kek` is not theirs; nothing is changed then.
    pub fn open(folder: &Path, kek: &Kek, dice: Arc<dyn Dice>) -> Result<Self, StoreError> {
        Self::open_in(Box::new(KeysInFolder::open(folder)?), kek, dice)
    }

    /// Opens the keys among `files`.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open_in(
        files: Box<dyn KeyFiles>,
        kek: &Kek,
        dice: Arc<dyn Dice>,
    ) -> Result<Self, StoreError> {
        let place = files.place();
        let damaged = || StoreError::Key(format!("the keys of the store in {place} are damaged"));
        let sealed = files.read(STORE)?;
        let sealed = sealed.ok_or_else(|| {
            StoreError::Key(format!("the keys of the store in {place} are missing"))
        })?;
        let sealed = sealed.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let (id, sealed) = sealed.split_first_chunk::<8>().ok_or_else(damaged)?;
        if *id != kek.id() {
            return Err(StoreError::Key(format!(
                "the store in {place} was encrypted with another key. Put the file of its key back \
                 where `[store] key_file` says; a new key does not open it"
            )));
        }
        let plain = cipher::decrypt(kek.key(), STORE.as_bytes(), sealed).ok_or_else(damaged)?;
        let (chunks, _) = plain.as_chunks::<KEY>();
        let keys: [[u8; KEY]; 4] = chunks.try_into().map_err(|_| damaged())?;
        Ok(Self::of(files, keys.map(Key), dice))
    }

    fn of(
        files: Box<dyn KeyFiles>,
        [records, shards, rows, people]: [Key; 4],
        dice: Arc<dyn Dice>,
    ) -> Self {
        let (rows, people) = (Aes256::new(&rows.0.into()), Aes256::new(&people.0.into()));
        let loaded = RwLock::default();
        Self { files, dice, records, shards, rows, people, loaded }
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
        self.wiped(destroyed)
    }

    /// Destroys all keys but these; how many.
    ///
    /// # Errors
    /// As [`Keyring::destroy`].
    pub fn keep_only(&self, used: &BTreeSet<Label>) -> Result<u64, StoreError> {
        let numbers = 0..SHARDS;
        let gone = numbers.map(|number| self.retain(number, |label| used.contains(label)));
        self.wiped(gone.sum::<Result<u64, StoreError>>()?)
    }

    fn wiped(&self, destroyed: u64) -> Result<u64, StoreError> {
        if destroyed > 0 {
            self.files.wipe()?;
        }
        Ok(destroyed)
    }

    /// Copies all files of keys as they are, encrypted.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn copy_to(&self, folder: &Path) -> Result<(), StoreError> {
        let copy = KeysInFolder::open(folder)?;
        for name in self.files.names()? {
            if let Some(bytes) = self.files.read(&name)? {
                copy.replace(&name, &bytes)?;
            }
        }
        Ok(())
    }

    /// Reads every file of keys; how many people have keys.
    ///
    /// # Errors
    /// [`StoreError::Key`] when one is damaged.
    pub fn check(&self) -> Result<u64, StoreError> {
        let count = |number| self.read(number).map(|people| people.len());
        let people: usize = (0..SHARDS).map(count).sum::<Result<_, _>>()?;
        Ok(u64::try_from(people).unwrap_or(u64::MAX))
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
        if let Some(people) =
            self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(&number)
        {
            return Ok(look(people));
        }
        // Nobody puts another file in its place meanwhile.
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(people) = loaded.get(&number) {
            return Ok(look(people));
        }
        let people = self.read(number)?;
        let seen = look(&people);
        loaded.insert(number, people);
        Ok(seen)
    }

    fn read(&self, number: u16) -> Result<People, StoreError> {
        let name = name(number);
        let Some(sealed) = self.files.read(&name)? else { return Ok(People::new()) };
        let plain = sealed.strip_prefix(MAGIC);
        let plain = plain.and_then(|it| cipher::decrypt(&self.shards, &number.to_be_bytes(), it));
        let Some(plain) = plain else {
            let place = self.files.place();
            return Err(StoreError::Key(format!("the file of keys {name} in {place} is damaged")));
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
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        self.files.replace(&name(number), &sealed)?;
        loaded.insert(number, people);
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
