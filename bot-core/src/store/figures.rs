// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is counted of each portal, week by week.
//!
//! Rule: a week is closed by the first thing that is counted in a later one, or by the clock; then
//! only numbers are left of it.

use bridge_model::{AuthorKind, Content, Event, Message, MessageKind, Note, Person, Place};
use bridge_policy::calendar::Week;
use bridge_policy::figures::{AuthorMark, WeekFigures};
use bridge_policy::stage::Stage;

use super::keys::Everything;
use super::tables::{AUTHORS, FIGURES, PORTALS};
use super::txn::Txn;
use super::{Store, StoreError, hosts, keys, messages};
use crate::portal::{Portal, PortalId};

/// Weeks that are kept of each portal.
pub const KEPT: i32 = 104;

impl Store {
    /// What was counted of a portal, week by week, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn figures(&self, portal: PortalId) -> Result<Vec<WeekFigures>, StoreError> {
        self.read(move |tx| of(tx, portal)).await
    }
}

/// Counts what is said by people. Before a community was told of the bridge, nothing is counted.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Txn<'_>, portal: &Portal, event: &Event) -> Result<(), StoreError> {
    let Content::Posted(message) = &event.content else { return Ok(()) };
    let said = message.author.kind == AuthorKind::Person && !is_service(message);
    if !said || portal.stage == Stage::Inventory || event.late || portal.settings.at_risk {
        return Ok(());
    }
    let crossing = match &message.reply_to {
        Some(reply) => answers_elsewhere(tx, &event.place, &reply.message)?,
        None => false,
    };
    let mut week = this_week(tx, portal.id)?;
    if week.closed {
        return Ok(());
    }
    let network = event.place.network.as_str();
    let person = Person::new(network, message.author.user.as_str());
    let author = author(tx, (portal.id, week.week), &person)?;
    week.note(network, author, crossing);
    week.looked |= portal.relaying;
    save(tx, portal.id, &week)
}

/// Something happened in the chat, and nobody said anything.
fn is_service(message: &Message) -> bool {
    message.kind == MessageKind::Notice
        && message.notes.iter().any(|note| matches!(note, Note::Service(_)))
}

/// Notes that somebody wrote. A claimed account is another author than its owner's on Matrix: nothing
/// that is counted leads from one to the other.
fn author(
    tx: &mut Txn<'_>,
    (portal, week): (PortalId, Week),
    person: &Person,
) -> Result<AuthorMark, StoreError> {
    let hash = keys::author(&tx.meta().secret, (portal, week), person);
    let row = (portal, (week, hash));
    let is_new = tx.get(&AUTHORS, &row)?.is_none();
    if is_new {
        tx.put(&AUTHORS, &row, &())?;
    }
    let hash = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    Ok(AuthorMark { hash, is_new })
}

/// Nothing says any more that somebody wrote in the running week; the number stays.
///
/// # Errors
/// [`StoreError`].
pub fn forget_author(
    tx: &mut Txn<'_>,
    portal: PortalId,
    person: &Person,
) -> Result<(), StoreError> {
    let week = this_week(tx, portal)?.week;
    let hash = keys::author(&tx.meta().secret, (portal, week), person);
    tx.delete(&AUTHORS, &(portal, (week, hash)));
    Ok(())
}

/// Counts a link to a service of the catalogue.
///
/// # Errors
/// [`StoreError`].
pub fn note_link(tx: &mut Txn<'_>, portal: PortalId, service: &str) -> Result<(), StoreError> {
    let mut week = this_week(tx, portal)?;
    week.note_link(service);
    week.looked = true;
    save(tx, portal, &week)
}

/// All weeks of a portal, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<WeekFigures>, StoreError> {
    tx.all(&FIGURES, &portal)
}

/// Closes the weeks that are over in all portals, once when a new one has begun.
///
/// # Errors
/// [`StoreError`].
pub fn turn(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    let now = Week::of(tx.now);
    if now.0 <= tx.meta().open_week {
        return Ok(());
    }
    for portal in tx.all(&PORTALS, &Everything)? {
        close(tx, portal.id, now)?;
        hosts::turn(tx, portal.id, now)?;
    }
    tx.meta_mut().open_week = now.0;
    Ok(())
}

/// Closes the running week, too: nothing is left that tells who wrote.
///
/// # Errors
/// [`StoreError`].
pub fn close_all(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    close(tx, portal, Week::of(tx.now).plus(1))
}

fn close(tx: &mut Txn<'_>, portal: PortalId, now: Week) -> Result<(), StoreError> {
    for (row, mut week) in tx.scan(&FIGURES, &portal, usize::MAX)? {
        if week.week < now && !week.closed {
            week.close();
            tx.clear(&AUTHORS, &(portal, week.week))?;
            tx.replace(&FIGURES, row.clone(), &week)?;
        }
        if week.week.plus(KEPT) < now {
            tx.remove(row);
        }
    }
    Ok(())
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear(&AUTHORS, &portal)?;
    tx.clear(&FIGURES, &portal).map(drop)
}

fn this_week(tx: &mut Txn<'_>, portal: PortalId) -> Result<WeekFigures, StoreError> {
    turn(tx)?;
    let week = Week::of(tx.now);
    let known = tx.get(&FIGURES, &(portal, week))?;
    Ok(known.unwrap_or_else(|| WeekFigures::new(week)))
}

fn save(tx: &mut Txn<'_>, portal: PortalId, week: &WeekFigures) -> Result<(), StoreError> {
    tx.put(&FIGURES, &(portal, week.week), week)
}

fn answers_elsewhere(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &bridge_model::MessageId,
) -> Result<bool, StoreError> {
    let origin = messages::origin(tx, place, message)?;
    let here = tx.number(place)?;
    Ok(origin.is_some_and(|origin| origin.place != here))
}
