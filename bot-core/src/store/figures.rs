// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is counted of each portal, week by week.
//!
//! Rule: a week is closed with the first message of a later one; then only numbers are left of it.

use bridge_model::{AuthorKind, Content, Event, Place};
use bridge_policy::calendar::Week;
use bridge_policy::figures::WeekFigures;
use bridge_policy::stage::Stage;

use super::tables::FIGURES;
use super::txn::Txn;
use super::{Store, StoreError, keys, messages};
use crate::portal::{Portal, PortalId};

/// Weeks that are kept of each portal.
const KEPT: i32 = 104;

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
    if message.author.kind != AuthorKind::Person || portal.stage == Stage::Inventory || event.late {
        return Ok(());
    }
    let crossing = match &message.reply_to {
        Some(reply) => answers_elsewhere(tx, &event.place, &reply.message)?,
        None => false,
    };
    let mut week = this_week(tx, portal.id)?;
    let secret = tx.meta().secret.clone();
    let number = week.week.0.to_string();
    let portal_number = portal.id.0.to_string();
    let (network, user) = (event.place.network.as_str(), message.author.user.as_str());
    let hash = keys::hash(&["author", &secret, &portal_number, &number, network, user]);
    let short = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    week.note(network, short, crossing);
    save(tx, portal.id, &week)
}

/// Counts a link to a service of the catalogue.
///
/// # Errors
/// [`StoreError`].
pub fn note_link(tx: &mut Txn<'_>, portal: PortalId, service: &str) -> Result<(), StoreError> {
    let mut week = this_week(tx, portal)?;
    week.note_link(service);
    save(tx, portal, &week)
}

/// All weeks of a portal, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<WeekFigures>, StoreError> {
    tx.all(&FIGURES, &portal)
}

/// Closes every week that is over.
///
/// # Errors
/// [`StoreError`].
pub fn close(tx: &mut Txn<'_>, portal: PortalId, now: Week) -> Result<(), StoreError> {
    for (row, mut week) in tx.scan(&FIGURES, &portal, usize::MAX)? {
        if week.week.plus(KEPT) < now {
            tx.remove(row);
        } else if week.week < now && !week.closed {
            week.close();
            tx.replace(&FIGURES, row, &week)?;
        }
    }
    Ok(())
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear(&FIGURES, &portal).map(drop)
}

fn this_week(tx: &mut Txn<'_>, portal: PortalId) -> Result<WeekFigures, StoreError> {
    let week = Week::of(tx.now);
    match tx.get(&FIGURES, &(portal, week))? {
        Some(known) => Ok(known),
        None => {
            close(tx, portal, week)?;
            Ok(WeekFigures::new(week))
        }
    }
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
