// SPDX-License-Identifier: AGPL-3.0-or-later
//! One transaction over an engine: reads see its own writes, nobody else does before it ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use bridge_model::{Place, Timestamp};

use super::keys::{self, Hash, Key, Prefix};
use super::kv::{Kv, Row, Writes};
use super::records::Meta;
use super::tables::{COUNTERS, META, PLACE_NUMBERS, PLACES, RowKey, Table};
use super::whose::{self, RecordOwner};
use super::{StoreError, codec};
use crate::lane::CORE;

/// A transaction that is under way.
pub struct Txn<'a> {
    kv: &'a dyn Kv,
    writes: Writes,
    meta: Arc<Meta>,
    meta_before: Arc<Meta>,
    touched: Vec<Place>,
    /// Now.
    pub now: Timestamp,
    /// A lane with so many entries is full, see [`super::overflow`].
    pub lane_bound: u64,
}

impl<'a> Txn<'a> {
    /// Begins.
    ///
    /// # Errors
    /// [`StoreError`] when the counters cannot be read.
    pub fn begin(kv: &'a dyn Kv, (now, lane_bound): (Timestamp, u64)) -> Result<Self, StoreError> {
        let stored = kv.get(&META.row(&COUNTERS).0)?;
        let meta = stored.map(|sealed| META.open(&sealed)).transpose()?.unwrap_or_default();
        Ok(Self::with(kv, Arc::new(meta), (now, lane_bound)))
    }

    /// Begins with counters that are known.
    pub(super) fn with(
        kv: &'a dyn Kv,
        meta: Arc<Meta>,
        (now, lane_bound): (Timestamp, u64),
    ) -> Self {
        let (writes, touched) = (Writes::new(), Vec::new());
        Self { kv, writes, meta_before: Arc::clone(&meta), meta, touched, now, lane_bound }
    }

    /// The writes, to be applied all or none, and the counters as they are then.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the counters cannot be written.
    pub fn finish(mut self) -> Result<(Writes, Arc<Meta>), StoreError> {
        if self.meta != self.meta_before {
            self.writes.insert(META.row(&COUNTERS).0, Some(META.seal(&self.meta)?));
        }
        Ok((self.writes, self.meta))
    }

    /// Counters and the like.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The same, to be changed.
    pub fn meta_mut(&mut self) -> &mut Meta {
        Arc::make_mut(&mut self.meta)
    }

    /// Notes that the courier of a lane has something to do.
    pub fn touch(&mut self, lane: &Place) {
        self.touched.retain(|known| known != lane);
        self.touched.push(lane.clone());
    }

    /// The lanes whose couriers have something to do; the one that was touched last comes last.
    pub fn touched(&self) -> &[Place] {
        &self.touched
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn get<K: Key, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        self.at(table, &table.row(key))
    }

    /// The value of a row that [`Txn::rows_of`] found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn at<K, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        row: &RowKey,
    ) -> Result<Option<V>, StoreError> {
        let stored = match self.writes.get(&row.0) {
            Some(written) => written.clone(),
            None => self.kv.get(&row.0)?,
        };
        stored.map(|sealed| table.open(&sealed)).transpose()
    }

    /// Replaces the value of a key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be written.
    pub fn put<K: Key, V: Serialize + 'static>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), StoreError> {
        self.replace(table, table.row(key), value)
    }

    /// Replaces the value of a row that a scan found.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be written.
    pub fn replace<K, V: Serialize + 'static>(
        &mut self,
        table: &Table<K, V>,
        row: RowKey,
        value: &V,
    ) -> Result<(), StoreError> {
        let owners = self.owners(whose::of(&row.0, value))?;
        let value = codec::owned(&owners, table.seal(value)?);
        self.writes.insert(row.0, Some(value));
        Ok(())
    }

    /// The hashes of the people whose a record is.
    fn owners(&self, whose: RecordOwner) -> Result<Vec<Hash>, StoreError> {
        Ok(match whose {
            RecordOwner::Nobody => Vec::new(),
            RecordOwner::Of(person) => vec![person],
            RecordOwner::Both(one, other) => vec![one, other],
            RecordOwner::Author(number, user) => {
                let network = self.get(&PLACES, &number)?.map(|place| place.network);
                let person = network.filter(|network| network.as_str() != CORE);
                person.map(|network| whose::of_user(network, user)).into_iter().collect()
            }
        })
    }

    /// The rows that are one of these people's, as far as they are stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows_of(&self, people: &[Hash]) -> Result<Vec<RowKey>, StoreError> {
        let mut rows = self.kv.rows_of(people)?;
        let own = self.writes.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let is_theirs = |value: &[u8]| codec::split(value).0.iter().any(|it| people.contains(it));
        rows.extend(own.filter(|(_, value)| is_theirs(value)).map(|(key, _)| key.clone()));
        Ok(rows.into_iter().map(RowKey).collect())
    }

    /// Takes a key away.
    pub fn delete<K: Key, V>(&mut self, table: &Table<K, V>, key: &K) {
        self.remove(table.row(key));
    }

    /// Takes a row away that a scan found.
    pub fn remove(&mut self, row: RowKey) {
        self.writes.insert(row.0, None);
    }

    /// Takes all rows under `prefix` away; how many those were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear<K, V>(
        &mut self,
        table: &Table<K, V>,
        prefix: &impl Prefix<K>,
    ) -> Result<u64, StoreError> {
        let mut rows = 0;
        for (key, _) in self.sealed(&table.under(prefix), usize::MAX)? {
            self.writes.insert(key, None);
            rows += 1;
        }
        Ok(rows)
    }

    /// Takes those rows under `prefix` away of which `gone` says so; how many those were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_if<K, V: DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        prefix: &impl Prefix<K>,
        gone: impl Fn(&V) -> bool,
    ) -> Result<u64, StoreError> {
        let mut rows = 0;
        for (row, _) in
            self.scan(table, prefix, usize::MAX)?.into_iter().filter(|(_, value)| gone(value))
        {
            self.remove(row);
            rows += 1;
        }
        Ok(rows)
    }

    /// The first `limit` rows under `prefix`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan<K, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        prefix: &impl Prefix<K>,
        limit: usize,
    ) -> Result<Vec<(RowKey, V)>, StoreError> {
        let rows = self.sealed(&table.under(prefix), limit)?.into_iter();
        rows.map(|(key, sealed)| Ok((RowKey(key), table.open(&sealed)?))).collect()
    }

    /// All values under `prefix`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn all<K, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        prefix: &impl Prefix<K>,
    ) -> Result<Vec<V>, StoreError> {
        let rows = self.sealed(&table.under(prefix), usize::MAX)?;
        rows.iter().map(|(_, sealed)| table.open(sealed)).collect()
    }

    fn sealed(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let own = self.writes.range(prefix.to_vec()..);
        let own: Vec<_> = own.take_while(|(key, _)| key.starts_with(prefix)).collect();
        let rows = self.kv.scan(prefix, limit.saturating_add(own.len()))?;
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = rows.into_iter().collect();
        for (key, value) in own {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(merged.into_iter().take(limit).collect())
    }

    /// The short number of a place; given out on first use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn number(&mut self, place: &Place) -> Result<u32, StoreError> {
        let key = keys::place(place);
        if let Some(number) = self.get(&PLACE_NUMBERS, &key)? {
            return Ok(number);
        }
        let number = self.meta.next_place;
        self.meta_mut().next_place = number.saturating_add(1);
        self.put(&PLACE_NUMBERS, &key, &number)?;
        self.put(&PLACES, &number, place)?;
        Ok(number)
    }

    /// What was noted under the number of one place holds for another one from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renumber(&mut self, from: &Place, to: &Place) -> Result<(), StoreError> {
        let number = self.number(from)?;
        self.put(&PLACES, &number, to)?;
        let key = keys::place(to);
        if self.get(&PLACE_NUMBERS, &key)?.is_none() {
            self.put(&PLACE_NUMBERS, &key, &number)?;
        }
        Ok(())
    }

    /// The place of a short number.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is none.
    pub fn numbered(&self, number: u32) -> Result<Place, StoreError> {
        self.get(&PLACES, &number)?
            .ok_or(StoreError::Damaged { what: "place", why: "its number leads nowhere".into() })
    }
}
