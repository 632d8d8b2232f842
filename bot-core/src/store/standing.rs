// SPDX-License-Identifier: AGPL-3.0-or-later
//! The notices that stand in chats: which one says what happens to what is written there.
//!
//! Rule: of each connection one notice stands on each side; a newer one takes its place.

use bridge_model::Place;

use super::tables::MIGRATIONS;
use super::txn::Txn;
use super::{StoreError, queue};
use crate::lane::{Work, core_place};
use crate::migration::{Migration, StandingNotice, Task};
use crate::portal::{Portal, PortalId};

/// A notice stands in the place of the one before.
///
/// # Errors
/// [`StoreError`].
pub fn stands(
    tx: &mut Txn<'_>,
    portal: PortalId,
    notice: StandingNotice,
) -> Result<(), StoreError> {
    let mut migration = of(tx, portal)?;
    migration.notices.retain(|known| known.end != notice.end || known.place != notice.place);
    migration.notices.push(notice);
    tx.put(&MIGRATIONS, &portal, &migration)
}

/// A connection is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId, end: &Place) -> Result<(), StoreError> {
    let mut migration = of(tx, portal)?;
    migration.notices.retain(|notice| notice.end != *end);
    tx.put(&MIGRATIONS, &portal, &migration)
}

/// A chat goes on under another id; what stood in the old one is not known to stand in the new one.
///
/// # Errors
/// [`StoreError`].
pub fn relocate(
    tx: &mut Txn<'_>,
    portal: &Portal,
    (from, to): (&Place, &Place),
) -> Result<(), StoreError> {
    let mut migration = of(tx, portal.id)?;
    for notice in &mut migration.notices {
        if notice.place == *from {
            notice.place = to.clone();
            notice.stage = None;
        }
        if notice.end == *from {
            notice.end = to.clone();
        }
    }
    tx.put(&MIGRATIONS, &portal.id, &migration)?;
    renew(tx, portal)
}

/// The notices of a portal that do not say what is so are posted anew.
///
/// # Errors
/// [`StoreError`].
pub fn renew(tx: &mut Txn<'_>, portal: &Portal) -> Result<(), StoreError> {
    if of(tx, portal.id)?.notices.iter().all(|notice| notice.stage.is_some()) {
        return Ok(());
    }
    let work = Work::Task(Task::Notices(portal.id));
    queue::append(tx, &core_place(&portal.room), work)
}

fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Migration, StoreError> {
    Ok(tx.get(&MIGRATIONS, &portal)?.unwrap_or_default())
}
