// SPDX-License-Identifier: AGPL-3.0-or-later
//! Accounts on the community's own homeserver.
//!
//! Rule: one person gets one token a week, the same whenever they ask; it is made from their account
//! and never stored.

use std::sync::Arc;

use bridge_model::{Person, Timestamp};

use crate::homeserver::Accounts;
use crate::pseudonym::Pseudonyms;

/// A token is made in one week and ends a day after it: it is good for one day at least, and for
/// eight at most.
const WEEK_MS: i64 = 7 * bridge_policy::calendar::DAY_MS;

/// Gives registration tokens to those who move, where that is set up.
pub(super) struct Registration {
    pub(super) accounts: Option<Arc<dyn Accounts>>,
    pub(super) pseudonyms: Pseudonyms,
}

impl Registration {
    /// A token with which that person gets an account, where the homeserver gives any to them now.
    pub(super) async fn token_for(&self, person: &Person, now: Timestamp) -> Option<String> {
        let accounts = self.accounts.as_ref()?;
        let week = now.0.div_euclid(WEEK_MS);
        let who = format!("{}/{}/{week}", person.network, person.user.as_str());
        let token = self.pseudonyms.token("account", &who);
        let until = (week + 1).saturating_mul(WEEK_MS) + bridge_policy::calendar::DAY_MS;
        match accounts.allow(&token, Timestamp(until)).await {
            Ok(works) => works.then_some(token),
            Err(error) => {
                tracing::warn!(%error, "the homeserver made no registration token");
                None
            }
        }
    }
}
