// SPDX-License-Identifier: AGPL-3.0-or-later
//! An engine whose rows are encrypted: every record goes through here on its way to the disk and back.
//!
//! Rule: a value opens only under the key of its row and with the keys of the people whose it is; hashes
//! in keys of rows are encrypted, so that nobody can try ids out. What is not encrypted is refused. Rows
//! that were read lately are in clear in memory, and nowhere else; before a key is destroyed they go.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::cipher::{self, Key};
use super::codec::{self, Kind};
use super::keyring::{Keyring, Label};
use super::keys::{self, Hash};
use super::kv::{Flusher, Kv, Row, Writes};
use super::opened::OpenedRows;
use super::{StoreError, tables};

/// The first byte of a sealed value, plus the number of people whose it is.
const SEALED: u8 = 0xf8;
/// A record has so many owners at most.
const MOST: u8 = 2;
/// Rows that are looked through at once.
const BATCH: usize = 1024;

/// An engine behind the keys of a store.
pub struct Vault<K> {
    engine: K,
    keys: Arc<Keyring>,
    kinds: HashMap<u8, &'static Kind>,
    opened: Arc<OpenedRows>,
}

/// A row that is written: its key, and whose its value is with the value.
type Change = (Vec<u8>, Option<(Vec<Hash>, Vec<u8>)>);

/// A row on its way from one store into another one.
pub struct Moved {
    /// Its key in the engine that it comes from.
    pub from: Vec<u8>,
    /// Its key, see [`settled_key`].
    pub key: Vec<u8>,
    /// Whose it is.
    pub owners: Vec<Hash>,
    /// Its value.
    pub value: Vec<u8>,
}

/// The key of a row with a hash in the place of a text; a text of 16 bytes is one already.
pub fn settled_key(key: &[u8]) -> Vec<u8> {
    let kind = tables::ALL.iter().find(|kind| key.first() == Some(&kind.prefix));
    settled(kind, key)
}

fn settled(kind: Option<&Kind>, key: &[u8]) -> Vec<u8> {
    match (kind, key.split_first()) {
        (Some(kind), Some((prefix, text))) if kind.text_keys && !matches!(text.len(), 0 | 16) => {
            let text = String::from_utf8_lossy(text);
            [&[*prefix][..], &keys::hash(&["key", &text])].concat()
        }
        _ => key.to_vec(),
    }
}

impl<K: Kv> Vault<K> {
    /// Puts `keys` before an engine.
    pub fn new(engine: K, keys: Keyring) -> Self {
        Self::with(engine, Arc::new(keys), Arc::default())
    }

    fn with(engine: K, keys: Arc<Keyring>, opened: Arc<OpenedRows>) -> Self {
        let kinds = tables::ALL.iter().map(|kind| (kind.prefix, kind)).collect();
        Self { engine, keys, kinds, opened }
    }

    fn kind(&self, key: &[u8]) -> Option<&'static Kind> {
        key.first().and_then(|prefix| self.kinds.get(prefix)).copied()
    }

    /// Encrypts (or decrypts) the hashes in a key. The same place has another hash in each table.
    fn veil(&self, key: &mut [u8], hide: bool) {
        let Some(kind) = self.kind(key) else { return };
        let hashes = if kind.text_keys { 1 } else { kind.hashes };
        let Some((prefix, rest)) = key.split_first_mut() else { return };
        for at in (0..u64::BITS).filter(|at| (hashes >> at) & 1 == 1) {
            let part = usize::try_from(at).ok().and_then(|at| rest.get_mut(at..));
            let Some(hash) = part.and_then(<[u8]>::first_chunk_mut::<16>) else { return };
            let tweak = [*prefix, u8::try_from(at).unwrap_or_default()];
            let mix =
                |hash: &mut Hash| hash.iter_mut().zip(tweak).for_each(|(byte, it)| *byte ^= it);
            if hide {
                mix(hash);
                self.keys.hide(hash);
            } else {
                self.keys.show(hash);
                mix(hash);
            }
        }
    }

    fn hidden(&self, mut key: Vec<u8>) -> Vec<u8> {
        self.veil(&mut key, true);
        key
    }

    fn key_of(&self, key: &[u8], labels: &[Label]) -> Result<Key, StoreError> {
        let mut joined: Option<Key> = None;
        for label in labels {
            let Some(own) = self.keys.of_person(label)? else {
                return Err(self.damaged(key, "the key of whose it is was destroyed"));
            };
            joined = Some(joined.map_or(own, |first| first.joined(&own)));
        }
        Ok(joined.unwrap_or(*self.keys.records()))
    }

    fn seal(&self, key: &[u8], labels: &[Label], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let count = u8::try_from(labels.len()).ok().filter(|count| *count <= MOST);
        let count = count.ok_or_else(|| self.damaged(key, "too many people own it"))?;
        let header = [&[SEALED | count][..], labels.as_flattened()].concat();
        let own = self.key_of(key, labels)?;
        Ok(cipher::encrypt(&own, key, (&header, value), self.keys.dice()))
    }

    /// Whose a sealed value is, and the rest of it.
    fn apart<'a>(
        &self,
        key: &[u8],
        sealed: &'a [u8],
    ) -> Result<(&'a [Label], &'a [u8]), StoreError> {
        let apart = || {
            let (first, rest) = sealed.split_first()?;
            let count = first.checked_sub(SEALED).filter(|count| *count <= MOST)?;
            let (labels, rest) = rest.split_at_checked(usize::from(count) * size_of::<Label>())?;
            Some((labels.as_chunks().0, rest))
        };
        apart().ok_or_else(|| self.damaged(key, "it is not encrypted"))
    }

    fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (labels, body) = self.apart(key, sealed)?;
        let own = self.key_of(key, labels)?;
        let value = cipher::decrypt(&own, key, body);
        value.ok_or_else(|| self.damaged(key, "it was changed, or stood in another place"))
    }

    fn damaged(&self, key: &[u8], why: &str) -> StoreError {
        let what = self.kind(key).map_or("row", |kind| kind.name);
        StoreError::Damaged { what, why: why.to_owned() }
    }

    fn opened(&self, rows: Vec<Row>) -> Result<Vec<Row>, StoreError> {
        let open = |(mut key, sealed): Row| {
            self.veil(&mut key, false);
            let value = match self.opened.get(&key).flatten() {
                Some(value) => value,
                None => self.open(&key, &sealed)?,
            };
            Ok((key, value))
        };
        rows.into_iter().map(open).collect()
    }

    /// Rows as [`Vault::take_in`] of another store takes them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_out(&self, after: &[u8], limit: usize) -> Result<Vec<Moved>, StoreError> {
        self.as_stored(after, limit)?.into_iter().map(|row| self.give(row)).collect()
    }

    /// Rows as they are in the engine, encrypted.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn as_stored(&self, after: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.engine.scan_after(after, limit)
    }

    /// One of those rows, decrypted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give(&self, (from, sealed): Row) -> Result<Moved, StoreError> {
        let mut key = from.clone();
        self.veil(&mut key, false);
        let (labels, _) = self.apart(&key, &sealed)?;
        let owners = labels.iter().map(|label| self.keys.person(label)).collect();
        let value = self.open(&key, &sealed)?;
        Ok(Moved { from, key, owners, value })
    }

    /// Takes rows away by their keys in the engine.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn discard(&mut self, keys: impl Iterator<Item = Vec<u8>>) -> Result<(), StoreError> {
        self.opened.clear();
        self.engine.apply(&keys.map(|key| (key, None)).collect())
    }

    /// The keys of the store.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// Makes the keys of many people at once, where there are none.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the disk fails.
    pub fn make_keys(&self, people: &BTreeSet<Hash>) -> Result<(), StoreError> {
        self.keys.ensure(&people.iter().map(|person| self.keys.label(person)).collect())
    }

    /// Seals rows of another store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_in(&mut self, rows: Vec<Moved>) -> Result<(), StoreError> {
        let rows = rows.into_iter().map(|row| (row.key, Some((row.owners, row.value))));
        self.write(rows.collect())
    }

    fn write(&mut self, rows: Vec<Change>) -> Result<(), StoreError> {
        let owners = rows.iter().filter_map(|(_, value)| value.as_ref());
        let labels = owners.flat_map(|(owners, _)| owners).map(|owner| self.keys.label(owner));
        self.keys.ensure(&labels.collect())?;
        let (mut writes, mut written) = (Writes::new(), Vec::with_capacity(rows.len()));
        for (key, value) in rows {
            let (sealed, value) = match value {
                Some((owners, value)) => {
                    let labels: Vec<_> = owners.iter().map(|it| self.keys.label(it)).collect();
                    (Some(self.seal(&key, &labels, &value)?), Some(value))
                }
                None => (None, None),
            };
            writes.insert(self.hidden(key.clone()), sealed);
            written.push((key, value));
        }
        let applied = self.engine.apply(&writes);
        match &applied {
            Ok(()) => written.into_iter().for_each(|(key, value)| self.opened.put(key, value)),
            // They may be there or not.
            Err(_) => self.opened.clear(),
        }
        applied
    }

    /// Looks through the keys of all rows and whose they are; nothing is decrypted.
    fn each(&self, mut look: impl FnMut(&[u8], &[Label])) -> Result<(), StoreError> {
        let mut after = Vec::new();
        loop {
            let rows = self.engine.scan_after(&after, BATCH)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            for (key, sealed) in &rows {
                look(key, self.apart(key, sealed)?.0);
            }
        }
    }
}

impl<K: Kv> Kv for Vault<K> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = settled(self.kind(key), key);
        if let Some(known) = self.opened.get(&key) {
            return Ok(known);
        }
        let sealed = self.engine.get(&self.hidden(key.clone()))?;
        let value = sealed.map(|sealed| self.open(&key, &sealed)).transpose()?;
        self.opened.put(key, value.clone());
        Ok(value)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.opened(self.engine.scan(&self.hidden(prefix.to_vec()), limit)?)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.opened(self.engine.scan_after(&self.hidden(key.to_vec()), limit)?)
    }

    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        let (keys, opened) = (Arc::clone(&self.keys), Arc::clone(&self.opened));
        let engine = self.engine.reader()?;
        Some(Box::new(Vault::with(engine, keys, opened)))
    }

    fn flusher(&self) -> Option<Flusher> {
        self.engine.flusher()
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let row = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| {
            let value = value.as_ref().map(|value| {
                let (owners, value) = codec::split(value);
                (owners, value.to_vec())
            });
            (settled(self.kind(key), key), value)
        };
        self.write(writes.iter().map(row).collect())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.engine.flush()
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.engine.keep_copy(layout)
    }

    fn drop_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.engine.drop_copy(layout)
    }

    fn copy_to(&mut self, folder: &Path) -> Result<(), StoreError> {
        self.engine.copy_to(folder)?;
        self.keys.copy_to(&folder.join("keys"))
    }

    fn rows_of(&self, people: &[Hash]) -> Result<Vec<Vec<u8>>, StoreError> {
        let wanted: BTreeSet<Label> = people.iter().map(|it| self.keys.label(it)).collect();
        let mut rows = Vec::new();
        self.each(|key, labels| {
            if labels.iter().any(|label| wanted.contains(label)) {
                let mut key = key.to_vec();
                self.veil(&mut key, false);
                rows.push(key);
            }
        })?;
        Ok(rows)
    }

    fn destroy(&mut self, people: &[Hash]) -> Result<u64, StoreError> {
        self.opened.clear();
        self.keys.destroy(&people.iter().map(|it| self.keys.label(it)).collect())
    }

    fn sweep(&mut self) -> Result<u64, StoreError> {
        self.opened.clear();
        let mut used = BTreeSet::new();
        self.each(|_, labels| used.extend(labels))?;
        self.keys.keep_only(&used)
    }
}
