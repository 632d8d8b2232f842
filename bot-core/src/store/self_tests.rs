// SPDX-License-Identifier: AGPL-3.0-or-later
//! Self-tests: which one is the last, and what the chats have answered.
//!
//! Rule: the answer of the last chat and the news of it are one transaction. What an older self-test
//! finds is dropped.

use bridge_model::Place;
use bridge_policy::gate::SelfTest;

use super::txn::Txn;
use super::{StoreError, migration, portals, queue};
use crate::lane::{Work, core_place};
use crate::migration::{Audit, AuditAction, News, Task, Who};
use crate::portal::{Portal, PortalId};
use crate::self_test::{SelfTestRun, TestedSide};

/// What becomes of a self-test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfTestChange {
    /// Somebody asks for one, in a chat of the portal; its number. The entries that carry it out follow.
    Begin(Place, u32, Who),
    /// A side has answered: the portal, the number of the self-test, what was found.
    Measured(PortalId, u32, TestedSide),
}

/// Carries out a change.
///
/// # Errors
/// [`StoreError::Conflict`] when it no longer fits.
pub fn change(tx: &mut Txn<'_>, change: SelfTestChange) -> Result<(), StoreError> {
    match change {
        SelfTestChange::Begin(asked_in, number, who) => {
            let portal = portals::of(tx, &asked_in)?;
            let portal = portal.ok_or(StoreError::Conflict("the chat is not linked"))?;
            let mut migration = migration::of(tx, portal.id)?;
            if migration.self_test.is_some_and(|run| run.number >= number) {
                return Err(StoreError::Conflict("another self-test has begun meanwhile"));
            }
            let began = tx.now;
            migration.self_test = Some(SelfTestRun { number, began, asked_in, sides: Vec::new() });
            migration::save(tx, portal.id, &migration)?;
            note(tx, portal.id, (Some(who), AuditAction::SelfTestBegun))
        }
        SelfTestChange::Measured(portal, number, side) => measured(tx, (portal, number), side),
    }
}

fn measured(
    tx: &mut Txn<'_>,
    (id, number): (PortalId, u32),
    side: TestedSide,
) -> Result<(), StoreError> {
    let Some(portal) = portals::numbered(tx, id)? else { return Ok(()) };
    let mut migration = migration::of(tx, id)?;
    let Some(run) = migration.self_test.as_mut().filter(|run| run.number == number) else {
        return Ok(());
    };
    run.sides.retain(|known| known.place != side.place);
    run.sides.push(side);
    let is_over = run.silent(&portal).is_empty();
    let passed = matches!(run.standing(&portal), SelfTest::Passed(_));
    migration::save(tx, id, &migration)?;
    if is_over { tell(tx, &portal, (number, passed)) } else { Ok(()) }
}

/// Those who wait for it hear what came of it.
fn tell(
    tx: &mut Txn<'_>,
    portal: &Portal,
    (number, passed): (u32, bool),
) -> Result<(), StoreError> {
    note(tx, portal.id, (None, AuditAction::SelfTested(passed)))?;
    let work = Work::Task(Task::Tell(News::SelfTested(number)));
    queue::append(tx, &core_place(&portal.room), work)
}

fn note(
    tx: &mut Txn<'_>,
    portal: PortalId,
    (who, deed): (Option<Who>, AuditAction),
) -> Result<(), StoreError> {
    let audit = Audit { at: tx.now, who, deed, decision: None, share: None };
    migration::note(tx, portal, &audit)
}
