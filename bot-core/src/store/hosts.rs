// SPDX-License-Identifier: AGPL-3.0-or-later
//! Hosts that a community links to and that no entry of the catalogue tells of.
//!
//! Rule: of a link only the host is stored, and with it nobody's name; how long and how many is said
//! by `bridge_policy::hosts`.

use bridge_policy::calendar::Week;
use bridge_policy::hosts::{HostDecision, LinkedHost, makes_room};

use super::tables::HOSTS;
use super::txn::Txn;
use super::{Store, StoreError, keys};
use crate::portal::PortalId;

impl Store {
    /// The hosts that a community links to, those with the most links first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hosts(&self, portal: PortalId) -> Result<Vec<LinkedHost>, StoreError> {
        self.read(move |tx| {
            let mut all = tx.all(&HOSTS, &portal)?;
            all.sort_by(|a, b| (b.links(), &a.host).cmp(&(a.links(), &b.host)));
            Ok(all)
        })
        .await
    }
}

/// Counts a message that links to a host.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Txn<'_>, portal: PortalId, host: &str) -> Result<(), StoreError> {
    let row = row(portal, host);
    let mut known = match tx.get(&HOSTS, &row)? {
        Some(known) => known,
        None => {
            make_room(tx, portal)?;
            LinkedHost::new(host)
        }
    };
    known.note(Week::of(tx.now));
    tx.put(&HOSTS, &row, &known)
}

/// What a community decided about a host, or takes back; `false` when there was nothing to take back.
///
/// # Errors
/// [`StoreError`].
pub fn decide(
    tx: &mut Txn<'_>,
    portal: PortalId,
    host: &str,
    decision: Option<HostDecision>,
) -> Result<bool, StoreError> {
    let row = row(portal, host);
    let mut known = tx.get(&HOSTS, &row)?.unwrap_or_else(|| LinkedHost::new(host));
    if decision.is_none() && known.decision.is_none() {
        return Ok(false);
    }
    known.decision = decision;
    if known.keep_until(Week::of(tx.now)) {
        tx.put(&HOSTS, &row, &known)?;
    } else {
        tx.delete(&HOSTS, &row);
    }
    Ok(true)
}

/// Drops what is too old.
///
/// # Errors
/// [`StoreError`].
pub fn turn(tx: &mut Txn<'_>, portal: PortalId, now: Week) -> Result<(), StoreError> {
    for (row, mut host) in tx.scan(&HOSTS, &portal, usize::MAX)? {
        if host.keep_until(now) {
            tx.replace(&HOSTS, row, &host)?;
        } else {
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
    tx.clear(&HOSTS, &portal).map(drop)
}

fn make_room(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    let hosts = tx.all(&HOSTS, &portal)?;
    if let Some(gone) = makes_room(&hosts).and_then(|at| hosts.get(at)) {
        tx.delete(&HOSTS, &row(portal, &gone.host));
    }
    Ok(())
}

fn row(portal: PortalId, host: &str) -> (PortalId, keys::Hash) {
    (portal, keys::hash(&[host]))
}
