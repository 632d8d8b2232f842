// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names by which a reader could take somebody for the core bot or for an admin.
//!
//! Rule: such a name gets the name of its network behind it. On Matrix every ghost has that anyway;
//! elsewhere the bot's own words and relayed ones come from the same account.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bridge_model::name::{looks_like, skeleton};
use bridge_model::{NetworkId, Person, Timestamp};

use super::Delivery;
use super::lookup::unread;
use crate::network::{AskError, MATRIX};
use crate::order::{DeliverError, SendAs};
use crate::portal::{Portal, PortalId};
use crate::wording::label;

/// How long an answer about rights is used again.
const FRESH: Duration = Duration::from_secs(60);

/// People and names that are remembered; all are forgotten when there are more.
const MOST: usize = 10_000;

/// What names look like, and who is an admin.
#[derive(Default)]
pub(super) struct KnownNames {
    skeletons: Mutex<HashMap<String, String>>,
    admins: Mutex<HashMap<(PortalId, Person), (Timestamp, bool)>>,
}

impl KnownNames {
    /// Whether a name looks like one with the skeleton `shown`.
    fn looks_like(&self, name: String, shown: &str) -> bool {
        let mut known = self.skeletons.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&name) {
            known.clear();
        }
        let skeleton = known.entry(name).or_insert_with_key(|name| skeleton(name));
        skeleton == shown
    }

    fn is_admin(&self, key: &(PortalId, Person), now: Timestamp) -> Option<bool> {
        let known = self.admins.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, is_admin) = known.get(key)?;
        let age = u128::try_from(now.0.saturating_sub(at.0)).ok()?;
        (age < FRESH.as_millis()).then_some(*is_admin)
    }

    fn note_admin(&self, key: (PortalId, Person), answer: (Timestamp, bool)) {
        let mut known = self.admins.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, answer);
    }
}

/// The name as it is shown outside of Matrix, where it could be taken for that of `bot`.
pub fn not_the_bot(name: String, bot: &str, network: &NetworkId) -> String {
    if looks_like(&name, bot) { marked(&name, network) } else { name }
}

fn marked(name: &str, network: &NetworkId) -> String {
    format!("{name} ({})", label(network))
}

impl Delivery<'_> {
    /// The same identity, with a mark behind a name that could be taken for somebody else's.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn unmistakable(
        &self,
        send_as: SendAs,
        network: &NetworkId,
    ) -> Result<SendAs, DeliverError> {
        let SendAs::Person { person, name, avatar_url, avatar } = send_as else {
            return Ok(send_as);
        };
        if self.head.entry.lane.network.as_str() == MATRIX || name.is_empty() {
            return Ok(SendAs::Person { person, name, avatar_url, avatar });
        }
        let name = not_the_bot(name, self.wording.bot(), network);
        let name = match self.is_an_admins(&name, &person).await? {
            true => marked(&name, network),
            false => name,
        };
        Ok(SendAs::Person { person, name, avatar_url, avatar })
    }

    /// Whether an admin of the portal who is somebody else is called like that.
    async fn is_an_admins(&self, name: &str, person: &Person) -> Result<bool, DeliverError> {
        let Some(portal) = &self.head.portal else { return Ok(false) };
        let shown = skeleton(name);
        if shown.is_empty() {
            return Ok(false);
        }
        let identities = self.identities();
        let people = self.relay.store.known_people(portal.id).await.map_err(unread)?;
        for known in people.iter() {
            let name = identities.shown_name(Some(&known.person), &known.name);
            if known.person != *person
                && self.relay.names.looks_like(name, &shown)
                && self.is_admin(portal, &known.person).await
                && !self.is_same(&known.person, person).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Of whom a platform does not say what they may do, it is better to think that they may.
    async fn is_admin(&self, portal: &Portal, person: &Person) -> bool {
        let (known, now) = (&self.relay.names, self.relay.clock.now());
        let key = (portal.id, person.clone());
        if let Some(is_admin) = known.is_admin(&key, now) {
            return is_admin;
        }
        let Some(network) = self.relay.networks.get(&person.network) else { return false };
        let mut is_admin = false;
        for place in portal.places().filter(|place| place.network == person.network) {
            is_admin |= match network.rights(&place.chat, &person.user).await {
                Ok(rights) => rights.manage || rights.moderate,
                Err(AskError::Refused(_)) => false,
                Err(AskError::Retry { .. }) => true,
            };
        }
        known.note_admin(key, (now, is_admin));
        is_admin
    }

    /// Whether somebody lets everybody know that both accounts are theirs.
    async fn is_same(&self, one: &Person, other: &Person) -> Result<bool, DeliverError> {
        let one = self.relay.store.known_on_matrix(one).await.map_err(unread)?;
        let other = self.relay.store.known_on_matrix(other).await.map_err(unread)?;
        Ok(one.is_some() && one == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_called_like_the_bot_has_the_network_behind_the_name() {
        let shown = |name: &str| not_the_bot(name.to_owned(), "Freeside", &"matrix".into());
        for name in ["Freeside", "freeside", "Frееside", "F r e e s i d e", "Free\u{200b}side"] {
            assert!(shown(name).ends_with(" (Matrix)"), "{name}");
        }
        assert_eq!(shown("Freesider"), "Freesider");
    }
}
