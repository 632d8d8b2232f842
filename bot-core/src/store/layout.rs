// SPDX-License-Identifier: AGPL-3.0-or-later
//! The layout of a store, and how a store of an older one is brought up to date at start.
//!
//! Rule: migrations run in order and in batches. A row that is in the new layout already is left
//! alone and the number of the layout is written last, so that one that was interrupted goes on. The
//! engine keeps a copy of the old store until all migrations are through.

use super::format4::{self, Schema};
use super::kv::{Kv, Writes};
use super::records::Meta;
use super::{StoreError, tables};

/// The layout that this version writes.
pub const LAYOUT: u16 = 5;

/// Rows that are rewritten in one step.
pub const BATCH: usize = 512;

/// Brings a store up to date; nothing happens to one that is new or up to date.
///
/// # Errors
/// [`StoreError::Newer`] for a store of a newer layout, which is left as it is;
/// [`StoreError::Damaged`] for one that cannot be read; [`StoreError::Engine`] when the disk fails.
pub fn bring_up_to_date(kv: &mut dyn Kv, batch: usize) -> Result<(), StoreError> {
    let Some(found) = layout(kv)? else { return Ok(()) };
    if found > LAYOUT {
        return Err(StoreError::Newer { found, known: LAYOUT });
    }
    if found < LAYOUT {
        tracing::info!(from = found, to = LAYOUT, "the store is brought up to date");
        kv.keep_copy(found)?;
        for from in found..LAYOUT {
            let rows = migrate(kv, from, batch)?;
            tracing::info!(layout = from + 1, rows, "the store has a new layout");
        }
    }
    // Also after a start that was interrupted just before this.
    for old in format4::BYTE.into()..LAYOUT {
        kv.drop_copy(old)?;
    }
    Ok(())
}

/// The layout of a store, if this version knows it; `None` when the store is new.
///
/// # Errors
/// [`StoreError::Newer`], and what reading it says.
pub fn known(kv: &dyn Kv) -> Result<Option<u16>, StoreError> {
    match layout(kv)? {
        Some(found) if found > LAYOUT => Err(StoreError::Newer { found, known: LAYOUT }),
        found => Ok(found),
    }
}

/// The layout of a store; `None` when the store is new.
///
/// # Errors
/// [`StoreError`] when that cannot be read.
pub fn layout(kv: &dyn Kv) -> Result<Option<u16>, StoreError> {
    let Some(sealed) = kv.get(&tables::META.row(&tables::COUNTERS).0)? else { return Ok(None) };
    if sealed.first() == Some(&format4::BYTE) {
        return Ok(Some(format4::BYTE.into()));
    }
    tables::META.open(&sealed).map(|meta| Some(meta.layout))
}

/// Rewrites all rows of layout `from`; how many those were.
fn migrate(kv: &mut dyn Kv, from: u16, batch: usize) -> Result<u64, StoreError> {
    let schema = Schema::load()?;
    let counters = tables::META.row(&tables::COUNTERS).0;
    let mut rewritten = 0;
    let mut after = Vec::new();
    loop {
        let rows = kv.scan_after(&after, batch)?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        let mut writes = Writes::new();
        for (key, value) in rows.into_iter().filter(|(key, _)| *key != counters) {
            if let Some(value) = schema.upgraded(&key, &value)? {
                writes.insert(key, Some(value));
            }
        }
        rewritten += u64::try_from(writes.len()).unwrap_or(u64::MAX);
        kv.apply(&writes)?;
        kv.flush()?;
    }
    let old = kv.get(&counters)?.unwrap_or_default();
    let sealed = schema.upgraded(&counters, &old)?.unwrap_or(old);
    let meta = Meta { layout: from + 1, ..tables::META.open(&sealed)? };
    let sealed = tables::META.seal(&meta)?;
    kv.apply(&Writes::from([(counters, Some(sealed))]))?;
    kv.flush()?;
    Ok(rewritten)
}
