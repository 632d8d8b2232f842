// SPDX-License-Identifier: AGPL-3.0-or-later
//! Work that waits for a moment.
//!
//! Rule: a timer has a name; setting one of the same name replaces it. When its moment has come,
//! its work goes into its lane in the same transaction that takes the timer away.

use bridge_model::{Place, Timestamp};
use serde::{Deserialize, Serialize};

use super::txn::Txn;
use super::{StoreError, accept, codec, keys, queue};
use crate::lane::{LaneState, Work};

const TIMER: &str = "timer";

/// A timer that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Timer {
    name: String,
    lane: Place,
    work: Work,
}

/// A timer that is to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTimer {
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// The lane that gets the work.
    pub lane: Place,
    /// The work.
    pub work: Work,
}

/// Sets a timer.
///
/// # Errors
/// [`StoreError`].
pub fn set(tx: &mut Txn<'_>, timer: NewTimer) -> Result<(), StoreError> {
    let NewTimer { name, at, lane, work } = timer;
    stop(tx, &name)?;
    let hash = keys::hash(&[&name]);
    tx.put(TIMER, keys::timer_name_key(&hash), &at)?;
    tx.put(TIMER, keys::timer_key(at, &hash), &Timer { name, lane, work })
}

/// Takes a timer away, if there is one of that name.
///
/// # Errors
/// [`StoreError`].
pub fn stop(tx: &mut Txn<'_>, name: &str) -> Result<(), StoreError> {
    let hash = keys::hash(&[name]);
    let by_name = keys::timer_name_key(&hash);
    if let Some(at) = tx.get::<Timestamp>(TIMER, &by_name)? {
        tx.delete(keys::timer_key(at, &hash));
        tx.delete(by_name);
    }
    Ok(())
}

/// Puts the work of all timers whose moment has come into their lanes, in the order of their
/// moments.
///
/// # Errors
/// [`StoreError`].
pub fn due(tx: &mut Txn<'_>) -> Result<Vec<LaneState>, StoreError> {
    let mut lanes = Vec::new();
    let until = keys::timer_key(Timestamp(tx.now.0.saturating_add(1)), &keys::Hash::default());
    for (key, sealed) in tx.scan(&[keys::TIMERS], usize::MAX)? {
        if key >= until {
            break;
        }
        let timer: Timer = codec::open(TIMER, &sealed)?;
        stop(tx, &timer.name)?;
        accept::merge(&mut lanes, vec![queue::append(tx, &timer.lane, timer.work)?]);
    }
    Ok(lanes)
}
