// SPDX-License-Identifier: AGPL-3.0-or-later
//! Answers of the core bot that wait until the lane of their chat has nothing else to do.
//!
//! Rule: an answer yields to what people say to each other, but not for ever. All that the bridge
//! says in a chat still goes through that chat's lane; an answer only enters it later.

use bridge_model::Place;

use super::records::WaitingAnswer;
use super::tables::ANSWERS;
use super::txn::Txn;
use super::{StoreError, keys, queue};
use crate::lane::Work;
use crate::order::EntryId;

/// An answer waits so long at most, in milliseconds, before it stands in line like everything else.
const LONGEST_MS: i64 = 60_000;

/// Answers that wait for one lane; a chat that takes nothing does not gather more.
const MOST: usize = 100;

/// Appends work to a lane; an answer only when nothing else waits there, else it waits itself.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, lane: &Place, work: Work) -> Result<(), StoreError> {
    if !is_answer(&work) || queue::lane(tx, lane)?.depth == 0 {
        return queue::append(tx, lane, work);
    }
    let key = keys::place(lane);
    if tx.meta().answers > 0 && tx.scan(&ANSWERS, &key, MOST)?.len() >= MOST {
        tracing::warn!(network = %lane.network, "an answer was left out, too many wait");
        return Ok(());
    }
    let number = EntryId(tx.meta().next_entry);
    tx.meta_mut().next_entry = number.0.saturating_add(1);
    tx.meta_mut().answers = tx.meta().answers.saturating_add(1);
    let waiting = WaitingAnswer { since: tx.now, work };
    tx.put(&ANSWERS, &(key, number), &waiting)
}

fn is_answer(work: &Work) -> bool {
    match work {
        Work::Say(saying) => saying.answer.to.is_some() || saying.answer.via.is_some(),
        Work::Relay(_) | Work::Summary(_) | Work::Task(_) => false,
    }
}

/// Lets the first answer in that waits for a lane, when the lane is empty or the answer has waited
/// long enough.
///
/// # Errors
/// [`StoreError`].
pub fn let_in(tx: &mut Txn<'_>, lane: &Place) -> Result<(), StoreError> {
    if tx.meta().answers == 0 {
        return Ok(());
    }
    let Some((row, first)) = tx.scan(&ANSWERS, &keys::place(lane), 1)?.pop() else { return Ok(()) };
    let waited = tx.now.0.saturating_sub(first.since.0);
    if queue::lane(tx, lane)?.depth > 0 && waited < LONGEST_MS {
        return Ok(());
    }
    tx.remove(row);
    tx.meta_mut().answers = tx.meta().answers.saturating_sub(1);
    queue::append(tx, lane, first.work)
}

/// The same for all lanes that the transaction has touched.
///
/// # Errors
/// [`StoreError`].
pub fn let_in_touched(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    if tx.meta().answers == 0 {
        return Ok(());
    }
    tx.touched().to_vec().iter().try_for_each(|lane| let_in(tx, lane))
}

/// The lane is no more, or with `Some` goes on under another name.
///
/// # Errors
/// [`StoreError`].
pub fn transfer(tx: &mut Txn<'_>, from: &Place, to: Option<&Place>) -> Result<(), StoreError> {
    if tx.meta().answers == 0 {
        return Ok(());
    }
    for (row, waiting) in tx.scan(&ANSWERS, &keys::place(from), usize::MAX)? {
        tx.remove(row);
        tx.meta_mut().answers = tx.meta().answers.saturating_sub(1);
        if let Some(to) = to {
            queue::append(tx, to, waiting.work)?;
        }
    }
    Ok(())
}
