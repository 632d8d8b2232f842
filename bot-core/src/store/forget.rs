// SPDX-License-Identifier: AGPL-3.0-or-later
//! A person is forgotten: their records go, and their key is destroyed.
//!
//! Rule: rows and the mark that says so go in one transaction; the keys after it is on the disk, and
//! before anything else is written. A start that finds a mark goes on where the last one was cut off.

use bridge_model::Person;

use super::keys::{Everything, Hash};
use super::kv::{Kv, Writes};
use super::records::{MessageRecord, Origin};
use super::tables::{ANSWERS, ENTRIES, FORGOTTEN, MESSAGES, RowKey, SWEEP, TIMERS};
use super::txn::Txn;
use super::{Store, StoreError, brakes, calls, claims, electorate, keys, queue, timers, whose};
use crate::network::MATRIX;

/// The key of the only row of [`SWEEP`].
const ALL: &str = "all";

impl Store {
    /// Takes everything away that is stored of a person and destroys their key, so that what the
    /// engine's log still holds of it cannot be read; how many records went. What waits of theirs is not
    /// delivered any more, and copies of their messages are not known any more: whoever wants to take
    /// those away asks before. Counts, votes and their names in the history of a portal stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_person(&self, person: &Person) -> Result<u64, StoreError> {
        let who = person.clone();
        self.write(move |tx| self::person(tx, &who)).await
    }
}

/// The same, in a transaction that does more.
///
/// # Errors
/// [`StoreError`].
pub fn person(tx: &mut Txn<'_>, person: &Person) -> Result<u64, StoreError> {
    if person.network.as_str() == MATRIX {
        for claim in claims::by(tx, person.user.as_str())? {
            claims::end(tx, &claim.person)?;
        }
        calls::forget(tx, person.user.as_str())?;
    }
    claims::end(tx, person)?;
    let people = whose::all_of(person);
    let mut gone = 0;
    for row in tx.rows_of(&people)? {
        gone += u64::from(take(tx, row)?);
    }
    gone += unsay(tx, person)?;
    brakes::forget_person(tx, person)?;
    people.iter().try_for_each(|hash| tx.put(&FORGOTTEN, hash, &()))?;
    Ok(gone)
}

/// Takes one row of theirs away, with what belongs to it.
fn take(tx: &mut Txn<'_>, row: RowKey) -> Result<bool, StoreError> {
    let prefix = row.0.first().copied();
    let is = |kind: super::codec::Kind| prefix == Some(kind.prefix);
    if is(ENTRIES.kind()) {
        let Some(entry) = tx.at(&ENTRIES, &row)? else { return Ok(false) };
        queue::withdraw(tx, &entry)?;
    } else if is(TIMERS.kind()) {
        let Some(timer) = tx.at(&TIMERS, &row)? else { return Ok(false) };
        timers::stop(tx, &timer.name)?;
    } else if is(ANSWERS.kind()) {
        tx.meta_mut().answers = tx.meta().answers.saturating_sub(1);
    } else if is(MESSAGES.kind())
        && let Some(MessageRecord::Origin(origin)) = tx.at(&MESSAGES, &row)?
    {
        copies(tx, &origin)?;
    }
    tx.remove(row);
    Ok(true)
}

/// Nothing leads from copies to a message that is forgotten.
fn copies(tx: &mut Txn<'_>, origin: &Origin) -> Result<(), StoreError> {
    let weeks = tx.meta().buckets.clone();
    for copy in &origin.copies {
        let place = tx.numbered(copy.place)?;
        for part in &copy.parts {
            let hash = keys::message(&place, &part.id);
            weeks.iter().for_each(|week| tx.delete(&MESSAGES, &(*week, hash)));
        }
    }
    Ok(())
}

/// Takes somebody out of the records of others: reactions, and lists of who may vote.
fn unsay(tx: &mut Txn<'_>, person: &Person) -> Result<u64, StoreError> {
    let mut changed = 0_u64;
    for (row, record) in tx.scan(&MESSAGES, &Everything, usize::MAX)? {
        let MessageRecord::Origin(mut origin) = record else { continue };
        let before = origin.reactions.len();
        origin.reactions.retain(|known| known.by != *person);
        if origin.reactions.len() < before {
            tx.replace(&MESSAGES, row, &MessageRecord::Origin(origin))?;
            changed += 1;
        }
    }
    Ok(changed.saturating_add(electorate::forget_one(tx, person)?))
}

/// Has the keys destroyed of all people of whom no record is left.
///
/// # Errors
/// [`StoreError`].
pub fn sweep(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    tx.put(&SWEEP, &ALL, &())
}

/// Whether a transaction has marked keys that are to be destroyed.
pub fn marks(writes: &Writes) -> bool {
    let marks = [FORGOTTEN.kind().prefix, SWEEP.kind().prefix];
    let is_mark = |key: &[u8]| key.first().is_some_and(|prefix| marks.contains(prefix));
    writes.iter().any(|(key, value)| value.is_some() && is_mark(key))
}

/// Destroys the keys that are marked; those of an earlier start too.
///
/// # Errors
/// [`StoreError`].
pub fn carry_out(kv: &mut dyn Kv) -> Result<(), StoreError> {
    let people = kv.scan(&[FORGOTTEN.kind().prefix], usize::MAX)?;
    let sweep = SWEEP.row(&ALL).0;
    let swept = kv.get(&sweep)?.is_some();
    if people.is_empty() && !swept {
        return Ok(());
    }
    let mut rows: Vec<Vec<u8>> = people.into_iter().map(|(key, _)| key).collect();
    let hashes: Vec<Hash> = rows.iter().filter_map(|key| key.last_chunk().copied()).collect();
    let mut destroyed = kv.destroy(&hashes)?;
    if swept {
        destroyed += kv.sweep()?;
        rows.push(sweep);
    }
    tracing::info!(destroyed, "keys of people were destroyed");
    kv.apply(&rows.into_iter().map(|key| (key, None)).collect())?;
    kv.flush()
}
