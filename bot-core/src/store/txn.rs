// SPDX-License-Identifier: AGPL-3.0-or-later
//! One transaction over an engine: reads see its own writes, nobody else does before it ends.

use serde::Serialize;
use serde::de::DeserializeOwned;

use bridge_model::{Place, Timestamp};

use super::kv::{Kv, Row, Writes};
use super::records::Meta;
use super::{StoreError, codec, keys};

/// A transaction that is under way.
pub struct Txn<'a> {
    kv: &'a dyn Kv,
    writes: Writes,
    meta: Meta,
    meta_before: Meta,
    /// Now.
    pub now: Timestamp,
}

impl<'a> Txn<'a> {
    /// Begins.
    ///
    /// # Errors
    /// [`StoreError`] when the counters cannot be read.
    pub fn begin(kv: &'a dyn Kv, now: Timestamp) -> Result<Self, StoreError> {
        let stored = kv.get(&keys::meta_key())?;
        let meta: Meta =
            stored.map(|sealed| codec::open("counter", &sealed)).transpose()?.unwrap_or_default();
        Ok(Self { kv, writes: Writes::new(), meta_before: meta.clone(), meta, now })
    }

    /// The writes, to be applied all or none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the counters cannot be written.
    pub fn finish(mut self) -> Result<Writes, StoreError> {
        if self.meta != self.meta_before {
            self.writes.insert(keys::meta_key(), Some(codec::seal("counter", &self.meta)?));
        }
        Ok(self.writes)
    }

    /// Counters and the like.
    pub fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        let stored = match self.writes.get(key) {
            Some(written) => written.clone(),
            None => self.kv.get(key)?,
        };
        stored.map(|sealed| codec::open(what, &sealed)).transpose()
    }

    /// Replaces the value of a key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be written.
    pub fn put<T: Serialize>(
        &mut self,
        what: &'static str,
        key: Vec<u8>,
        value: &T,
    ) -> Result<(), StoreError> {
        self.writes.insert(key, Some(codec::seal(what, value)?));
        Ok(())
    }

    /// Takes a key away.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    /// The first `limit` rows under `prefix`, still sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let own = self.writes.range(prefix.to_vec()..);
        let own: Vec<_> = own.take_while(|(key, _)| key.starts_with(prefix)).collect();
        let rows = self.kv.scan(prefix, limit.saturating_add(own.len()))?;
        let mut merged: std::collections::BTreeMap<Vec<u8>, Vec<u8>> = rows.into_iter().collect();
        for (key, value) in own {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(merged.into_iter().take(limit).collect())
    }

    /// All values under `prefix`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn all<T: DeserializeOwned>(
        &self,
        what: &'static str,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.scan(prefix, usize::MAX)?;
        rows.iter().map(|(_, sealed)| codec::open(what, sealed)).collect()
    }

    /// The short number of a place; given out on first use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn number(&mut self, place: &Place) -> Result<u32, StoreError> {
        let key = keys::place_number_key(&keys::place(place));
        if let Some(number) = self.get("place number", &key)? {
            return Ok(number);
        }
        let number = self.meta.next_place;
        self.meta.next_place = number.saturating_add(1);
        self.put("place number", key, &number)?;
        self.put("place", keys::numbered_place_key(number), place)?;
        Ok(number)
    }

    /// What was noted under the number of one place holds for another one from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renumber(&mut self, from: &Place, to: &Place) -> Result<(), StoreError> {
        let number = self.number(from)?;
        self.put("place", keys::numbered_place_key(number), to)?;
        let key = keys::place_number_key(&keys::place(to));
        if self.get::<u32>("place number", &key)?.is_none() {
            self.put("place number", key, &number)?;
        }
        Ok(())
    }

    /// The place of a short number.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is none.
    pub fn numbered(&self, number: u32) -> Result<Place, StoreError> {
        self.get("place", &keys::numbered_place_key(number))?
            .ok_or(StoreError::Damaged { what: "place", why: "its number leads nowhere".into() })
    }
}
