// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said lately about links, so that it stays little.
//!
//! Rule: whether something is said is decided where it is noted, so that two chats of one portal
//! never exceed a cap together.

use bridge_model::{Person, Place};
use bridge_policy::budget::{Ledger, Limits};

use super::txn::Txn;
use super::{StoreError, figures, keys, queue};
use crate::lane::{LaneState, Work};
use crate::portal::PortalId;

const LEDGER: &str = "notices of a portal";

/// What was linked to in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Where.
    pub portal: PortalId,
    /// The services, for figures.
    pub used: Vec<String>,
    /// What would be said, if there is something to say.
    pub notice: Option<Notice>,
}

/// What would be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Below whose message.
    pub person: Person,
    /// About what.
    pub subject: String,
    /// The caps.
    pub limits: Limits,
    /// The words, for each chat.
    pub then: Vec<(Place, Work)>,
}

/// Counts the links, and says what is to be said unless enough was said lately.
///
/// # Errors
/// [`StoreError`].
pub fn linked(tx: &mut Txn<'_>, linked: Linked) -> Result<Vec<LaneState>, StoreError> {
    let Linked { portal, used, notice } = linked;
    for service in used {
        figures::note_link(tx, portal, &service)?;
    }
    let Some(Notice { person, subject, limits, then }) = notice else { return Ok(Vec::new()) };
    let key = keys::notices_key(portal.0);
    let mut ledger: Ledger = tx.get(LEDGER, &key)?.unwrap_or_default();
    let secret = tx.meta().secret.clone();
    let hash = |parts: &[&str]| {
        let hash = keys::hash(parts);
        hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    let who = hash(&["notice", &secret, person.network.as_str(), person.user.as_str()]);
    let what = hash(&["notice", &secret, &subject]);
    if let Err(why) = ledger.give(&limits, tx.now, (who, what)) {
        tracing::debug!(portal = portal.0, ?why, "nothing is said about a link");
        return Ok(Vec::new());
    }
    tx.put(LEDGER, key, &ledger)?;
    then.into_iter().map(|(place, work)| queue::append(tx, &place, work)).collect()
}

/// A portal is no more.
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) {
    tx.delete(keys::notices_key(portal.0));
}
