// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands that reach many people and wait until somebody confirms them.
//!
//! Rule: a command is kept as it was typed, for one chat, and is carried out once. Who confirms it
//! needs the right that typing it takes.

use bridge_model::{Person, Place, Timestamp};

use super::keys::Everything;
pub use super::records::Unconfirmed;
use super::tables::UNCONFIRMED;
use super::txn::Txn;
use super::{CodeHash, Store, StoreError, keys};

impl Store {
    /// The command behind a code in that chat, also when it is too late; without a code the one that
    /// this person typed last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unconfirmed(
        &self,
        place: &Place,
        code: Option<CodeHash>,
        by: &Person,
    ) -> Result<Option<(CodeHash, Unconfirmed)>, StoreError> {
        let (place, by) = (keys::place(place), by.clone());
        self.read(move |tx| {
            let Some(code) = code else { return newest(tx, &place, &by) };
            Ok(tx.get(&UNCONFIRMED, &(place, code))?.map(|found| (code, found)))
        })
        .await
    }
}

fn newest(
    tx: &Txn<'_>,
    place: &keys::Hash,
    by: &Person,
) -> Result<Option<(CodeHash, Unconfirmed)>, StoreError> {
    let rows = tx.scan(&UNCONFIRMED, place, usize::MAX)?;
    let own = rows.into_iter().filter(|(_, found)| found.by == *by);
    let last = own.max_by_key(|(_, found)| found.number);
    Ok(last.and_then(|(row, found)| Some((row.last_hash()?, found))))
}

/// A command was shown and waits.
///
/// # Errors
/// [`StoreError`].
pub fn ask(
    tx: &mut Txn<'_>,
    place: &Place,
    (code, what): (CodeHash, Unconfirmed),
) -> Result<(), StoreError> {
    let place = keys::place(place);
    let now = tx.now;
    tx.clear_if(&UNCONFIRMED, &place, |waiting| waiting.until < now)?;
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    tx.put(&UNCONFIRMED, &(place, code), &Unconfirmed { number, ..what })
}

/// A command is carried out, which happens once.
///
/// # Errors
/// [`StoreError::Conflict`] when it was confirmed before.
pub fn confirm(tx: &mut Txn<'_>, place: &Place, code: CodeHash) -> Result<(), StoreError> {
    let key = (keys::place(place), code);
    if tx.get(&UNCONFIRMED, &key)?.is_none() {
        return Err(StoreError::Conflict("the command was confirmed already"));
    }
    tx.delete(&UNCONFIRMED, &key);
    Ok(())
}

/// Commands that nobody confirmed in time go; how many those were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.clear_if(&UNCONFIRMED, &Everything, |waiting| waiting.until < before)
}
