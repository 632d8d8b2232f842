// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is too old is dropped.
//!
//! Rule: messages, marks and files go in whole weeks, so that nothing has to be searched for. Of whom
//! nothing is left, the key goes too.

use std::time::Duration;

use bridge_model::Timestamp;

use super::keys::Everything;
use super::tables::{FILES, MESSAGES, OFFERS, ONCE, REVISED};
use super::txn::Txn;
use super::{
    Store, StoreError, blocks, brakes, calls, claims, consent, erase, forget, gaps, keys, people,
    portals, unconfirmed, visits,
};

/// How long the message map is kept.
pub const RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);

/// The same for a group at risk: what was said just before the end of a week can still be edited.
pub const RETENTION_AT_RISK: Duration = Duration::from_secs(24 * 3600);

/// About how many days the message map is kept. What goes in whole weeks stays for one at least.
pub fn about_days(at_risk: bool) -> u64 {
    const DAY: u64 = 24 * 3600;
    let kept = if at_risk { RETENTION_AT_RISK } else { RETENTION };
    (kept.as_secs() / DAY).max(7)
}

impl Store {
    /// Drops messages and codes from before `before`, in whole buckets; returns how many rows went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx| forget(tx, before)).await
    }
}

/// Drops whole weeks that end before `before`, and the codes that ran out before it.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let limit = keys::bucket(before);
    let old: Vec<u16> = tx.meta().buckets.iter().copied().filter(|week| *week < limit).collect();
    let mut rows = people::forget(tx, limit)?;
    rows += brakes::forget(tx, before)?;
    for week in old {
        rows += tx.clear(&MESSAGES, &week)?;
        rows += tx.clear(&ONCE, &week)?;
        rows += tx.clear(&FILES, &week)?;
        rows += tx.clear(&REVISED, &week)?;
        tx.meta_mut().buckets.retain(|kept| *kept != week);
    }
    rows += forget_at_risk(tx, before)?;
    rows += tx.clear_if(&OFFERS, &Everything, |offer| offer.expires < before)?;
    rows += claims::forget_codes(tx, before)?;
    rows += unconfirmed::forget(tx, before)?;
    rows += calls::forget_before(tx, before)?;
    rows += consent::forget(tx)?;
    rows += blocks::forget_said(tx, limit)?;
    rows += gaps::forget(tx)?;
    let kept = i64::try_from(RETENTION.as_millis()).unwrap_or(i64::MAX);
    rows += visits::forget(tx, Timestamp(before.0.saturating_add(kept)))?;
    if rows > 0 {
        forget::sweep(tx)?;
    }
    Ok(rows)
}

/// Drops the weeks of groups at risk that ended more than [`RETENTION_AT_RISK`] ago.
fn forget_at_risk(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let shorter = RETENTION.saturating_sub(RETENTION_AT_RISK).as_millis();
    let shorter = i64::try_from(shorter).unwrap_or(i64::MAX);
    let limit = keys::bucket(Timestamp(before.0.saturating_add(shorter)));
    let old: Vec<u16> = tx.meta().buckets.iter().copied().filter(|week| *week < limit).collect();
    let mut rows = 0;
    for portal in portals::all(tx)?.into_iter().filter(|portal| portal.settings.at_risk) {
        rows += erase::messages(tx, &portal, Some(&old))?;
    }
    Ok(rows)
}
