// SPDX-License-Identifier: AGPL-3.0-or-later
//! What others see of an author: as much of the name as the operator's policy allows, and a
//! profile picture.
//!
//! Rule: every name of a person leaves through `Identities::shown_name`.

use std::sync::Arc;

use bridge_config::NamePolicy;
use bridge_model::{Author, MediaHandle, NetworkId, Person, Place, Timestamp};

use super::lookup::unread;
use super::networks::Networks;
use super::new_ghosts::{NewGhosts, Source};
use crate::clock::Clock;
use crate::media_link::PortalLinks;
use crate::network::MATRIX;
use crate::order::{DeliverError, SendAs};
use crate::portal::{PortalId, ShownNames};
use crate::pseudonym::Pseudonyms;
use crate::store::consent::Pseudonymous;
use crate::store::{Store, keys};

/// Picks the identity to send as.
#[derive(Clone)]
pub(super) struct Identities {
    pub store: Arc<Store>,
    pub pseudonyms: Pseudonyms,
    pub names: NamePolicy,
    /// Public addresses of pictures that are shown in the portal.
    pub links: Option<PortalLinks>,
    pub networks: Networks,
    pub clock: Arc<dyn Clock>,
    pub new_ghosts: Arc<NewGhosts>,
    /// Who wants a pseudonym.
    pub pseudonymous: Arc<Pseudonymous>,
}

impl Identities {
    /// The identity of an author of another chat, with name and picture.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn of(&self, place: &Place, author: &Author) -> Result<SendAs, DeliverError> {
        let person = Person { network: place.network.clone(), user: author.user.clone() };
        let policy = self.policy_of(&person, place).await?;
        let name = shown_name(policy, &self.pseudonyms, Some(&person), &author.name);
        if policy == NamePolicy::Pseudonym {
            let avatar = Some(MediaHandle::none(&place.network));
            return Ok(SendAs::Person { person, name, avatar_url: None, avatar });
        }
        let avatar_url = self.picture(&person, author).await?;
        Ok(SendAs::Person { person, name, avatar_url, avatar: author.avatar.clone() })
    }

    /// The identity to send as in `lane` of a portal. Where the ghost of somebody who has moved is gone,
    /// the bot posts for them on Matrix, so that they do not appear there twice, unless they want
    /// otherwise; on other networks they have the name of the account that they openly claimed there. The bot posts, too,
    /// where a source has used up its new accounts of the day; an edit begins no account (`begins` is
    /// false), because the bot has posted what it changes.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn send_as(
        &self,
        (lane, portal): (&Place, Option<PortalId>),
        place: &Place,
        (author, sent_at): (&Author, Timestamp),
        begins: bool,
    ) -> Result<SendAs, DeliverError> {
        let person = Person { network: place.network.clone(), user: author.user.clone() };
        if lane.network.as_str() == MATRIX {
            let claim = self.store.claim(&person).await.map_err(unread)?;
            let claim = claim.filter(|claim| !claim.own_voice);
            let departed = claim.zip(portal).and_then(|(claim, it)| claim.departed_from(it));
            // Some networks tell seconds only.
            let after = |since: Timestamp| since.0.saturating_sub(1000) < sent_at.0;
            let silent = departed.is_some_and(after);
            // Their account has ended, and no homeserver begins one again.
            let erased = self.store.statements(&person).await.map_err(unread)?.erased > 0;
            if silent
                || erased
                || !self.has_or_may_have_ghost((lane, place), author, begins).await?
            {
                return Ok(SendAs::Bot);
            }
        }
        let send_as = self.of(place, author).await?;
        let hidden = self.wanted(Some(&person)) == NamePolicy::Pseudonym;
        if place.network.as_str() != MATRIX || hidden {
            return Ok(send_as);
        }
        let known = self.store.known_account(author.user.as_str(), &lane.network).await;
        let known = known.map_err(unread)?;
        Ok(match (send_as, known) {
            (SendAs::Person { person, avatar_url, avatar, .. }, Some(claim)) => {
                let name = self.shown_name(Some(&claim.person), &claim.name);
                SendAs::Person { person, name, avatar_url, avatar }
            }
            (send_as, _) => send_as,
        })
    }

    async fn has_or_may_have_ghost(
        &self,
        (lane, place): (&Place, &Place),
        author: &Author,
        begins: bool,
    ) -> Result<bool, DeliverError> {
        let Some(source) = self.source((lane, place), author) else { return Ok(true) };
        let person = Person { network: place.network.clone(), user: author.user.clone() };
        if self.store.ghost(&person).await.map_err(unread)?.is_some() {
            return Ok(true);
        }
        Ok(begins && self.new_ghosts.may_begin(&source, &person, self.clock.now()))
    }

    /// What the author speaks through, where others may speak through it under other names.
    pub(super) fn source(
        &self,
        (lane, place): (&Place, &Place),
        author: &Author,
    ) -> Option<Source> {
        let behind = match self.networks.get(&place.network) {
            Some(network) => network.account_behind(&author.user),
            None => author.user.clone(),
        };
        Source::of((lane, place), (&author.user, author.kind), behind)
    }

    /// As much of a name as operator, portal and person let others see. Without the person, as in a
    /// forward, the pseudonym is one of the name, unless somebody who wants one is called like that.
    pub(super) fn shown_name(&self, person: Option<&Person>, name: &str) -> String {
        let person = person.or_else(|| self.pseudonymous.named(name));
        shown_name(self.wanted(person), &self.pseudonyms, person, name)
    }

    fn wanted(&self, person: Option<&Person>) -> NamePolicy {
        match person.is_some_and(|person| self.pseudonymous.contains(person)) {
            true => NamePolicy::Pseudonym,
            false => self.names,
        }
    }

    /// The policy for an author. One account on Matrix has one profile in all rooms: the strictest
    /// portal that it is in counts.
    async fn policy_of(&self, person: &Person, place: &Place) -> Result<NamePolicy, DeliverError> {
        let mut policy = self.wanted(Some(person));
        if policy == NamePolicy::Pseudonym || place.network.as_str() == MATRIX {
            return Ok(policy);
        }
        let ghost = self.store.ghost(person).await.map_err(unread)?;
        let Some(ghost) = ghost.filter(|ghost| ghost.rooms.len() > 1) else { return Ok(policy) };
        for portal in self.store.portals().await.map_err(unread)? {
            if ghost.rooms.contains(&keys::place(&portal.room)) {
                policy = stricter(policy, portal.settings.names);
            }
        }
        Ok(policy)
    }

    /// A public address of the picture: of the Matrix account, or of the ghost, whose picture the
    /// homeserver has.
    async fn picture(
        &self,
        person: &Person,
        author: &Author,
    ) -> Result<Option<String>, DeliverError> {
        let Some(links) = &self.links else { return Ok(None) };
        if person.network.as_str() == MATRIX {
            return Ok(author.avatar.as_ref().and_then(|avatar| links.picture(person, avatar)));
        }
        let ghost = self.store.ghost(person).await.map_err(unread)?;
        let Some((mxc, _)) = ghost.and_then(|ghost| ghost.avatar) else { return Ok(None) };
        let picture = MediaHandle { network: NetworkId::from(MATRIX), reference: mxc };
        Ok(links.picture(person, &picture))
    }
}

/// What both the operator and a portal let others see.
pub fn stricter(policy: NamePolicy, shown: ShownNames) -> NamePolicy {
    match (policy, shown) {
        (NamePolicy::Pseudonym, _) | (_, ShownNames::Pseudonym) => NamePolicy::Pseudonym,
        (NamePolicy::FirstName, _) | (_, ShownNames::FirstName) => NamePolicy::FirstName,
        (NamePolicy::Full, ShownNames::Full) => NamePolicy::Full,
    }
}

/// As much of a name as `policy` shows.
pub fn shown_name(
    policy: NamePolicy,
    pseudonyms: &Pseudonyms,
    person: Option<&Person>,
    name: &str,
) -> String {
    match policy {
        NamePolicy::Full => name.to_owned(),
        NamePolicy::FirstName => first_name(name),
        NamePolicy::Pseudonym => match person {
            Some(person) => pseudonym(pseudonyms, person),
            None => named(&pseudonyms.token("name", name)),
        },
    }
}

/// What stands for the name of somebody.
pub fn pseudonym(pseudonyms: &Pseudonyms, person: &Person) -> String {
    named(&pseudonyms.person(person))
}

fn named(whole: &str) -> String {
    format!("Person {}", whole.chars().take(6).collect::<String>())
}

/// The first word; of a name that says in brackets whose account it is, the first word of each, so
/// that nobody looks like somebody else.
fn first_name(name: &str) -> String {
    let first = |words: &str| words.split_whitespace().next().unwrap_or(words).to_owned();
    let account = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    match account {
        Some((shown, account)) if !shown.trim().is_empty() && !account.trim().is_empty() => {
            format!("{} ({})", first(shown), first(account))
        }
        _ => first(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_name_keeps_whose_account_it_is() {
        for (name, shown) in [
            ("Ann Lee", "Ann"),
            ("Ann", "Ann"),
            ("Tanja (Mallory Jones)", "Tanja (Mallory)"),
            ("Tanja Lee (Mallory)", "Tanja (Mallory)"),
            ("(Ann)", "(Ann)"),
            ("Ann ()", "Ann"),
        ] {
            assert_eq!(first_name(name), shown, "{name}");
        }
    }
}
