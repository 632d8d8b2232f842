// SPDX-License-Identifier: AGPL-3.0-or-later
//! PostgreSQL as an engine: one table of rows.
//!
//! Rule: what is applied waits in memory, where reads see it, and [`Kv::flush`] writes all of it as one
//! transaction that is on the disk when it returns. So a group of transactions costs one round trip and
//! one sync, and is there as a whole or not at all.

use std::sync::{Arc, Mutex, PoisonError};

use bot_core::store::StoreError;
use bot_core::store::kv::{Kv, Row, Writes};
use sqlx::AssertSqlSafe;

use crate::cache::Cache;
use crate::lease;
use crate::link::{self, Database};
use crate::schema;

/// Rows that one statement asks for at most.
const PAGE: usize = 2048;

/// The table of rows of a store.
pub struct PostgresKv {
    database: Database,
    pending: Writes,
    cache: Mutex<Cache>,
}

impl Drop for PostgresKv {
    fn drop(&mut self) {
        if self.database.inner.not_lost().is_ok() {
            let inner = Arc::clone(&self.database.inner);
            self.database.inner.wait(async move { lease::give_up(&inner).await });
        }
    }
}

/// From where to where rows are asked for.
#[derive(Clone)]
struct Range {
    /// The first key, or the one before it.
    from: Vec<u8>,
    /// Whether the first key itself counts.
    including: bool,
    /// The first key that does not count any more; none to the end.
    to: Option<Vec<u8>>,
}

impl Range {
    fn under(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), including: true, to: after_all(prefix) }
    }

    fn holds(&self, key: &[u8]) -> bool {
        let from = self.from.as_slice();
        let begun = if self.including { key >= from } else { key > from };
        begun && self.to.as_deref().is_none_or(|to| key < to)
    }
}

/// The first key that sorts after all keys with a prefix.
fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

impl PostgresKv {
    /// The rows in a database.
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), pending: Writes::new(), cache: Mutex::default() }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first `limit` rows of a range, with what is applied and not written yet.
    fn rows(&self, range: &Range, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.database.inner.assure()?;
        let own: Vec<_> = self.pending.iter().filter(|(key, _)| range.holds(key)).collect();
        let stored = self.stored(range.clone(), limit.saturating_add(own.len()))?;
        if own.is_empty() {
            return Ok(stored);
        }
        let mut merged: std::collections::BTreeMap<_, _> = stored.into_iter().collect();
        for (key, value) in own {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(merged.into_iter().take(limit).collect())
    }

    fn stored(&self, mut range: Range, limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let wanted = PAGE.min(limit - rows.len());
            let page = self.page(range.clone(), wanted)?;
            let full = page.len() == wanted;
            rows.extend(page);
            let Some((last, _)) = rows.last().filter(|_| full && rows.len() < limit) else {
                return Ok(rows);
            };
            range = Range { from: last.clone(), including: false, to: range.to };
        }
    }

    fn page(&self, range: Range, limit: usize) -> Result<Vec<Row>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database.inner.ask(Box::new(move |connection, _| {
            let Range { from, including, to } = range.clone();
            let query = match (including, &to) {
                (true, Some(_)) => {
                    "SELECT key, value FROM freeside_rows WHERE key >= $2 AND key < $3 \
                     ORDER BY key LIMIT $1"
                }
                (true, None) => {
                    "SELECT key, value FROM freeside_rows WHERE key >= $2 ORDER BY key LIMIT $1"
                }
                (false, Some(_)) => {
                    "SELECT key, value FROM freeside_rows WHERE key > $2 AND key < $3 \
                     ORDER BY key LIMIT $1"
                }
                (false, None) => {
                    "SELECT key, value FROM freeside_rows WHERE key > $2 ORDER BY key LIMIT $1"
                }
            };
            let query = sqlx::query_as(query).bind(limit).bind(from);
            match to {
                Some(to) => Box::pin(query.bind(to).fetch_all(connection)),
                None => Box::pin(query.fetch_all(connection)),
            }
        }))
    }

    fn write(&self, writes: &Arc<Writes>) -> Result<(), StoreError> {
        let Some(owner) = self.database.inner.owner.clone() else {
            return Err(StoreError::Engine("a snapshot is only read".into()));
        };
        let writes = Arc::clone(writes);
        self.database.inner.ask(Box::new(move |connection, token| {
            let (owner, writes) = (owner.clone(), Arc::clone(&writes));
            Box::pin(async move {
                let gone: Vec<&[u8]> = writes
                    .iter()
                    .filter(|(_, value)| value.is_none())
                    .map(|(key, _)| key.as_slice())
                    .collect();
                let put = || writes.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
                let keys: Vec<&[u8]> = put().map(|(key, _)| key.as_slice()).collect();
                let values: Vec<&[u8]> = put().map(|(_, value)| value.as_slice()).collect();
                let query = sqlx::query_scalar(schema::WRITE).bind(owner).bind(token);
                let query = query.bind(gone).bind(keys).bind(values);
                let written: i64 = query.fetch_one(connection).await?;
                if written == 0 { Err(link::fenced()) } else { Ok(()) }
            })
        }))
    }

    fn run(&self, statement: String) -> Result<(), StoreError> {
        self.database.inner.ask_long(Box::new(move |connection, _| {
            let statement = statement.clone();
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
            })
        }))
    }
}

impl Kv for PostgresKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(written) = self.pending.get(key) {
            return Ok(written.clone());
        }
        self.database.inner.assure()?;
        if let Some(known) = self.cache().get(key) {
            return Ok(known);
        }
        let wanted = key.to_vec();
        let value: Option<Vec<u8>> = self.database.inner.ask(Box::new(move |connection, _| {
            let query = "SELECT value FROM freeside_rows WHERE key = $1";
            Box::pin(sqlx::query_scalar(query).bind(wanted.clone()).fetch_optional(connection))
        }))?;
        self.cache().put(key.to_vec(), value.clone());
        Ok(value)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows(&Range::under(prefix), limit)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows(&Range { from: key.to_vec(), including: false, to: None }, limit)
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.database.inner.not_lost()?;
        self.pending.extend(writes.iter().map(|(key, value)| (key.clone(), value.clone())));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let writes = Arc::new(std::mem::take(&mut self.pending));
        let written = self.write(&writes);
        let mut cache = self.cache();
        match &written {
            Ok(()) => writes.iter().for_each(|(key, value)| cache.put(key.clone(), value.clone())),
            // They may be there or not: whoever asks next is told by the database.
            Err(_) => cache.clear(),
        }
        drop(cache);
        written
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.flush()?;
        self.run(format!(
            "CREATE TABLE IF NOT EXISTS freeside_rows_layout_{layout} AS TABLE freeside_rows"
        ))
    }

    fn drop_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        self.run(format!("DROP TABLE IF EXISTS freeside_rows_layout_{layout}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_under_a_prefix_ends_where_its_keys_end() {
        assert_eq!(after_all(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_all(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(after_all(b"\xff"), None);
        assert_eq!(after_all(b""), None);
        assert!(Range::under(b"a\xff").holds(b"a\xff\x01"));
        assert!(!Range::under(b"a\xff").holds(b"b"));
    }
}
