// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whom a mention means at the destination.
//!
//! Rule: a person whom the destination does not know stays as they are; the converter then
//! shows their name as text.

use std::collections::HashMap;

use bridge_model::{Mention, NetworkId, Person, Place, RichText};

use super::Relay;
use super::prepare::unread;
use crate::network::MATRIX;
use crate::order::DeliverError;

impl Relay {
    /// The text with every mentioned person as `network` knows them.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub async fn local_mentions(
        &self,
        network: &NetworkId,
        text: RichText,
    ) -> Result<RichText, DeliverError> {
        let mut local = HashMap::new();
        let people: Vec<Person> = text.mentions().filter_map(person_of).cloned().collect();
        for person in people {
            let there = self.local_person(network, person.clone()).await?;
            local.insert(person, there);
        }
        let mut chats = HashMap::new();
        let mentioned: Vec<Place> = text.mentions().filter_map(chat_of).cloned().collect();
        for place in mentioned {
            let there = self.local_chat(network, &place).await?;
            chats.extend(there.map(|there| (place, there)));
        }
        Ok(text.map_mentions(&mut |mention| match mention {
            Mention::Person { who, name } => {
                let who = local.get(&who).cloned().unwrap_or(who);
                Mention::Person { who, name }
            }
            Mention::Chat { place, name } => match chats.get(&place) {
                Some((there, title)) => {
                    Mention::Chat { place: there.clone(), name: title.clone().unwrap_or(name) }
                }
                None => Mention::Chat { place, name },
            },
            Mention::Everyone | Mention::Role { .. } => mention,
        }))
    }

    /// The chat of `network` that is linked to `place`, with its title where that is known.
    async fn local_chat(
        &self,
        network: &NetworkId,
        place: &Place,
    ) -> Result<Option<(Place, Option<String>)>, DeliverError> {
        if place.network == *network {
            return Ok(None);
        }
        let portal = self.store.portal_of(place).await.map_err(unread)?;
        Ok(portal.and_then(|portal| {
            if portal.room.network == *network {
                return Some((portal.room, None));
            }
            let end = portal.end_on(network)?;
            let title = end.title.as_ref().map(|title| title.trim_start_matches('#').to_owned());
            Some((end.place.clone(), title))
        }))
    }

    /// The account that stands for `person` on `network`, or `person` where there is none.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub async fn local_person(
        &self,
        network: &NetworkId,
        person: Person,
    ) -> Result<Person, DeliverError> {
        if person.network == *network {
            return Ok(person);
        }
        if person.network.as_str() == MATRIX {
            let Some(localpart) = self.ghosts.localpart_of(person.user.as_str()) else {
                let claims = self.store.claims_by(person.user.as_str()).await.map_err(unread)?;
                let mut people = claims.into_iter().map(|claim| claim.person);
                return Ok(people.find(|one| one.network == *network).unwrap_or(person));
            };
            let behind = self.store.person_behind(localpart).await.map_err(unread)?;
            return Ok(behind.filter(|behind| behind.network == *network).unwrap_or(person));
        }
        if network.as_str() == MATRIX
            && let Some(claim) = self.store.claim(&person).await.map_err(unread)?
        {
            return Ok(Person::new(MATRIX, claim.mxid));
        }
        if network.as_str() == MATRIX
            && let Some(ghost) = self.store.ghost(&person).await.map_err(unread)?
        {
            return Ok(Person::new(MATRIX, self.ghosts.mxid(&ghost.localpart)));
        }
        Ok(person)
    }
}

fn person_of(mention: &Mention) -> Option<&Person> {
    match mention {
        Mention::Person { who, .. } => Some(who),
        Mention::Everyone | Mention::Role { .. } | Mention::Chat { .. } => None,
    }
}

fn chat_of(mention: &Mention) -> Option<&Place> {
    match mention {
        Mention::Chat { place, .. } => Some(place),
        Mention::Everyone | Mention::Role { .. } | Mention::Person { .. } => None,
    }
}
