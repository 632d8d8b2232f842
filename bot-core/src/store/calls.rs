// SPDX-License-Identifier: AGPL-3.0-or-later
//! Private chats with the bot, and what people are told there about mentions of their quiet accounts.
//!
//! Rule: so many messages an hour and no more, whoever calls and however often; the rest is one
//! number when the hour is over.

use bridge_model::{Person, Place, Timestamp};

use super::keys::Everything;
pub use super::records::PrivateChat;
use super::records::{Calls, Tie};
use super::tables::{CALLS, PRIVATE_CHATS};
use super::timers::{self, NewTimer};
use super::txn::Txn;
use super::{Store, StoreError, claims, keys, queue};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::moving::{Move, QuietMention};

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

/// Mentions that one person is told of within an hour.
pub const MOST: usize = 6;

/// Those of them that one author can cause.
const OF_ONE_AUTHOR: usize = 2;

impl Store {
    /// The chat in which a Matrix account is alone with the bot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn private_chat(&self, mxid: &str) -> Result<Option<PrivateChat>, StoreError> {
        let mxid = mxid.to_owned();
        self.read(move |tx| chat_of(tx, &mxid)).await
    }

    /// How many mentions a Matrix account was not told of one by one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn calls_held(&self, mxid: &str) -> Result<u64, StoreError> {
        let key = keys::hash(&[mxid]);
        self.read(move |tx| Ok(tx.get(&CALLS, &key)?.map_or(0, |calls| calls.held))).await
    }
}

/// What somebody is told in private, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallChange {
    /// A Matrix account typed in a chat with the bot alone, and may have chosen a language there.
    Met(String, Place, Option<String>),
    /// A quiet account was called by somebody.
    Called(Person, QuietMention),
    /// A Matrix account was told how many mentions there were besides.
    Told(String),
}

/// Changes what is known of private chats.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: CallChange) -> Result<(), StoreError> {
    match change {
        CallChange::Met(mxid, place, language) => met(tx, &mxid, (place, language)),
        CallChange::Called(by, call) => called(tx, &by, call),
        CallChange::Told(mxid) => {
            tx.delete(&CALLS, &keys::hash(&[&mxid]));
            Ok(())
        }
    }
}

fn chat_of(tx: &Txn<'_>, mxid: &str) -> Result<Option<PrivateChat>, StoreError> {
    tx.get(&PRIVATE_CHATS, &keys::hash(&[mxid]))
}

fn met(
    tx: &mut Txn<'_>,
    mxid: &str,
    (place, language): (Place, Option<String>),
) -> Result<(), StoreError> {
    let known = chat_of(tx, mxid)?.and_then(|known| known.language);
    let chat = PrivateChat { place, language: language.or(known), seen: tx.now };
    tx.put(&PRIVATE_CHATS, &keys::hash(&[mxid]), &chat)
}

/// An account was called: its owner is told, or it is counted.
fn called(tx: &mut Txn<'_>, by: &Person, call: QuietMention) -> Result<(), StoreError> {
    let wants = claims::of(tx, &call.account)?
        .is_some_and(|claim| claim.mxid == call.mxid && claim.tie() == Tie::Quiet && !claim.deaf);
    let Some(chat) = chat_of(tx, &call.mxid)?.filter(|_| wants) else { return Ok(()) };
    let (key, lane) = (keys::hash(&[&call.mxid]), core_place(&chat.place));
    let mut calls = tx.get(&CALLS, &key)?.unwrap_or_default();
    if calls.held == 0 && calls.since.0.saturating_add(HOUR) <= tx.now.0 {
        calls = Calls { since: tx.now, ..Calls::default() };
    }
    let author = keys::person(by);
    let of_author = calls.told.iter().filter(|known| **known == author).count();
    if calls.held == 0 && calls.told.len() < MOST && of_author < OF_ONE_AUTHOR {
        calls.told.push(author);
        let work = Work::Task(Task::Moving(Move::Called(Box::new(call))));
        queue::append(tx, &lane, work)?;
    } else {
        calls.held = calls.held.saturating_add(1);
        if calls.held == 1 {
            let work = Work::Task(Task::Moving(Move::Held(call.mxid.clone())));
            let at = Timestamp(calls.since.0.saturating_add(HOUR));
            timers::set(tx, NewTimer { name: timer(&call.mxid), at, lane, work })?;
        }
    }
    tx.put(&CALLS, &key, &calls)
}

/// Nobody is to be told anything any more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, mxid: &str) -> Result<(), StoreError> {
    tx.delete(&CALLS, &keys::hash(&[mxid]));
    tx.delete(&PRIVATE_CHATS, &keys::hash(&[mxid]));
    timers::stop(tx, &timer(mxid))
}

/// Chats in which nothing was typed for long go; how many those were. Those of people with claims
/// are needed.
///
/// # Errors
/// [`StoreError`].
pub fn forget_before(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let needed = claims::owners(tx)?;
    let mut gone = tx.clear_if(&CALLS, &Everything, |calls| calls.since < before)?;
    for (row, chat) in tx.scan(&PRIVATE_CHATS, &Everything, usize::MAX)? {
        let owner = row.last_hash().is_some_and(|hash| needed.contains(&hash));
        if chat.seen < before && !owner {
            tx.remove(row);
            gone += 1;
        }
    }
    Ok(gone)
}

fn timer(mxid: &str) -> String {
    format!("calls/{mxid}")
}
