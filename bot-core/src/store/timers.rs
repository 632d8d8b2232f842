// SPDX-License-Identifier: AGPL-3.0-or-later
//! Work that waits for a moment.
//!
//! Rule: a timer has a name; setting one of the same name replaces it. When its moment has come,
//! its work goes into its lane in the same transaction that takes the timer away.

use bridge_model::{Place, Timestamp};

use super::keys::Everything;
use super::records::TimerRecord;
use super::tables::{MIGRATIONS, TIMER_MOMENTS, TIMERS};
use super::txn::Txn;
use super::{Store, StoreError, keys, portals, queue};
use crate::lane::{Work, chat_of_core_place, core_place};
use crate::migration::Task;
use crate::portal::{EndState, Portal};

impl Store {
    /// Sets timers of rooms that belong to no portal and have no timer of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn watch_unlinked(&self, timers: Vec<NewTimer>) -> Result<(), StoreError> {
        self.write(move |tx| {
            for timer in timers {
                let chat = chat_of_core_place(&timer.lane).unwrap_or_else(|| timer.lane.clone());
                let is_set = tx.get(&TIMER_MOMENTS, &keys::hash(&[&timer.name]))?.is_some();
                if !is_set && portals::of(tx, &chat)?.is_none() {
                    set(tx, timer)?;
                }
            }
            Ok(())
        })
        .await
    }
}

impl Store {
    /// Has the notices of a portal looked at that were posted before the store knew what they say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew_old_notices(
        &self,
        portal: Portal,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let known = tx.get(&MIGRATIONS, &portal.id)?.unwrap_or_default();
            let mut active = portal.ends.iter().filter(|end| end.state == EndState::Active);
            if active.all(|end| known.notice(&end.place, &portal.room).is_some()) {
                return Ok(());
            }
            let timer = NewTimer {
                name: format!("notices/{}", portal.id.0),
                at: now,
                lane: core_place(&portal.room),
                work: Work::Task(Task::Notices(portal.id)),
            };
            set(tx, timer)
        })
        .await
    }
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
    tx.put(&TIMER_MOMENTS, &hash, &at)?;
    tx.put(&TIMERS, &(at, hash), &TimerRecord { name, lane, work })
}

/// Takes a timer away, if there is one of that name.
///
/// # Errors
/// [`StoreError`].
pub fn stop(tx: &mut Txn<'_>, name: &str) -> Result<(), StoreError> {
    let hash = keys::hash(&[name]);
    if let Some(at) = tx.get(&TIMER_MOMENTS, &hash)? {
        tx.delete(&TIMERS, &(at, hash));
        tx.delete(&TIMER_MOMENTS, &hash);
    }
    Ok(())
}

/// Puts the work of all timers whose moment has come into their lanes, in the order of their
/// moments.
///
/// # Errors
/// [`StoreError`].
pub fn due(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    let until = TIMERS.row(&(Timestamp(tx.now.0.saturating_add(1)), keys::Hash::default()));
    for (row, timer) in tx.scan(&TIMERS, &Everything, usize::MAX)? {
        if row >= until {
            break;
        }
        stop(tx, &timer.name)?;
        queue::append(tx, &timer.lane, timer.work)?;
    }
    Ok(())
}
