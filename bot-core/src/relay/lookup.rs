// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bridge's own directory: answers from the store, and from the platforms where only they know.
//!
//! Rule: a question that cannot be answered now delays the message; it never changes it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bridge_model::{Capabilities, Media, MessageId, NetworkId, Person, Place, UserId};

use super::directory::{
    CustomEmoji, Directory, KnownChat, KnownEmoji, KnownMessage, KnownPerson, Route,
};
use super::emoji::EmojiUploads;
use super::identities::{Identities, stricter};
use super::networks::Networks;
use crate::address::is_mxc;
use crate::ghost::Ghosts;
use crate::lane::Replica;
use crate::media_link::MediaLinks;
use crate::network::{AskError, MATRIX};
use crate::order::{DeliverError, EntryId};
use crate::portal::{Portal, Settings};
use crate::store::{Acquaintance, StickerRecord, Store, StoreError};

/// What a directory over the store needs.
#[derive(Clone)]
pub(super) struct Lookup {
    pub store: Arc<Store>,
    pub networks: Networks,
    pub ghosts: Ghosts,
    pub identities: Identities,
    pub emoji: EmojiUploads,
    /// Makes public addresses of media, where there are any.
    pub media_links: Option<MediaLinks>,
}

/// The directory for one message.
pub(super) struct StoreDirectory<'a> {
    lookup: &'a Lookup,
    route: Route,
    portal: Option<&'a Portal>,
    settings: Settings,
    called: &'a Mutex<Vec<Person>>,
    entry: EntryId,
}

impl Lookup {
    /// The same, with names as the people of a portal may see them.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn of_portal(&self, portal: Option<&Portal>) -> Result<Self, DeliverError> {
        let id = portal.map(|portal| portal.id);
        let pseudonymous = Arc::new(self.store.pseudonymous(id).await.map_err(unread)?);
        let shown = portal.map(|portal| portal.settings.names).unwrap_or_default();
        let names = stricter(self.identities.names, shown);
        let now = self.identities.clock.now();
        let links = self.media_links.as_ref().zip(portal.filter(|it| !it.settings.at_risk));
        let links = links.map(|(links, portal)| links.of_portal(portal, now));
        let identities = Identities { names, pseudonymous, links, ..self.identities.clone() };
        Ok(Self { identities, ..self.clone() })
    }

    /// The directory for an entry that goes along `route`, which is part of `portal`; it writes into
    /// `called` whom the message calls or answers.
    pub(super) fn directory<'a>(
        &'a self,
        (route, entry): (Route, EntryId),
        portal: Option<&'a Portal>,
        called: &'a Mutex<Vec<Person>>,
    ) -> StoreDirectory<'a> {
        let settings = portal.map(|portal| portal.settings.clone()).unwrap_or_default();
        StoreDirectory { lookup: self, route, portal, settings, called, entry }
    }

    /// The account that stands for `person` on `network`, or `person` where there is none.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    async fn person_on(
        &self,
        network: &NetworkId,
        person: &Person,
    ) -> Result<Person, DeliverError> {
        if person.network == *network {
            return Ok(person.clone());
        }
        if person.network.as_str() == MATRIX {
            let Some(localpart) = self.ghosts.localpart_of(person.user.as_str()) else {
                let known = self.store.known_account(person.user.as_str(), network).await;
                let there = known.map_err(unread)?.map(|claim| claim.person);
                return Ok(there.unwrap_or_else(|| person.clone()));
            };
            let behind = self.store.person_behind(localpart).await.map_err(unread)?;
            let there = behind.filter(|behind| behind.network == *network);
            return Ok(there.unwrap_or_else(|| person.clone()));
        }
        if network.as_str() == MATRIX && self.store.claim(person).await.map_err(unread)?.is_some() {
            // A quiet account stays what it is, in words, and its owner is told in private.
            let known = self.store.known_on_matrix(person).await.map_err(unread)?;
            return Ok(known.unwrap_or_else(|| person.clone()));
        }
        if network.as_str() == MATRIX
            && let Some(ghost) = self.store.ghost(person).await.map_err(unread)?
        {
            return Ok(Person::new(MATRIX, self.ghosts.mxid(&ghost.localpart)));
        }
        Ok(person.clone())
    }
}

#[async_trait]
impl Directory for StoreDirectory<'_> {
    fn route(&self) -> &Route {
        &self.route
    }

    fn capabilities(&self) -> Option<&Capabilities> {
        self.lookup.networks.get(&self.route.to.network).map(|network| network.capabilities())
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn shown_name(&self, person: Option<&Person>, name: &str) -> String {
        self.lookup.identities.shown_name(person, name)
    }

    async fn people(&self) -> Result<Vec<Acquaintance>, DeliverError> {
        match self.portal {
            Some(portal) => {
                let people = self.lookup.store.known_people(portal.id).await;
                people.map(|people| people.to_vec()).map_err(unread)
            }
            None => Ok(Vec::new()),
        }
    }

    async fn person(&self, person: &Person) -> Result<KnownPerson, DeliverError> {
        let person = self.lookup.person_on(&self.route.to.network, person).await?;
        Ok(KnownPerson { person, name: None })
    }

    fn calls(&self, person: &Person) {
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        if !called.contains(person) {
            called.push(person.clone());
        }
    }

    async fn chat(&self, place: &Place) -> Result<KnownChat, DeliverError> {
        let network = &self.route.to.network;
        let same = KnownChat { place: place.clone(), title: None, via: Vec::new() };
        if place.network == *network {
            return Ok(same);
        }
        let portal = self.lookup.store.portal_of(place).await.map_err(unread)?;
        Ok(match portal {
            Some(portal) if portal.room.network == *network => {
                KnownChat { place: portal.room, ..same }
            }
            Some(portal) => portal.end_on(network).map_or(same, |end| {
                let title = end.title.as_ref();
                let title = title.map(|title| title.trim_start_matches('#').to_owned());
                KnownChat { place: end.place.clone(), title, via: Vec::new() }
            }),
            None => same,
        })
    }

    async fn message(&self, message: &MessageId) -> Result<Option<KnownMessage>, DeliverError> {
        let named = (&self.route.from, message);
        let revised = self.lookup.store.is_revised(named, self.entry).await.map_err(unread)?;
        let known = self.lookup.store.find_replica(&self.route.from, message).await;
        let Some(replica) = known.map_err(unread)? else {
            return Ok(revised.then(|| KnownMessage { revised, ..KnownMessage::default() }));
        };
        let revised = revised || replica.deleted;
        let id = replica.parts_at(&self.route.to).into_iter().next().map(|part| part.id);
        let author = Person { network: replica.origin.network, user: replica.author };
        self.calls(&author);
        let author = self.lookup.person_on(&self.route.to.network, &author).await?;
        Ok(Some(KnownMessage { id, author: Some(author), revised, ..KnownMessage::default() }))
    }

    async fn thread_root(&self, root: &MessageId) -> Result<Option<MessageId>, DeliverError> {
        let known = self.lookup.store.find_replica(&self.route.from, root).await;
        let there = known.map_err(unread)?.filter(|replica| !replica.deleted);
        let first = there.and_then(|replica| replica.parts_at(&self.route.to).into_iter().next());
        Ok(first.map(|part| part.id))
    }

    async fn link(&self, url: &str) -> Result<Option<String>, DeliverError> {
        let (networks, lane) = (&self.lookup.networks, &self.route.to);
        let Some(here) = networks.get(&lane.network) else { return Ok(None) };
        for network in networks.all().filter(|network| network.id() != &lane.network) {
            let Some((chat, message)) = network.read_link(url) else { continue };
            let place = Place { network: network.id().clone(), chat };
            let known = self.lookup.store.find_replica(&place, &message).await.map_err(unread)?;
            let Some(replica) = known.filter(|replica| !replica.deleted) else { continue };
            let there = nearest(&replica, lane);
            let first = replica.parts_at(there).into_iter().next();
            return Ok(first.and_then(|first| here.link_to(&there.chat, &first.id)));
        }
        Ok(None)
    }

    async fn emoji(&self, emoji: &CustomEmoji) -> Result<Option<KnownEmoji>, DeliverError> {
        self.lookup.emoji.at(&self.route.to.network, emoji).await
    }

    async fn sticker(&self, sticker: &Media) -> Result<Option<StickerRecord>, DeliverError> {
        let file = &sticker.handle.reference;
        if !is_mxc(file) {
            return Ok(None);
        }
        let known = self.lookup.store.sticker_behind(file).await.map_err(unread)?;
        Ok(known.filter(|known| known.handle.network == self.route.to.network))
    }

    async fn may_call_everyone(&self, user: &UserId) -> Result<bool, DeliverError> {
        let place = &self.route.from;
        let Some(network) = self.lookup.networks.get(&place.network) else { return Ok(false) };
        match network.may_call_everyone(&place.chat, user).await {
            Ok(may) => Ok(may),
            Err(AskError::Refused(_)) => Ok(false),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }
}

/// The chat at the destination that has the message: the one that reads the link, else another.
fn nearest<'a>(replica: &'a Replica, lane: &'a Place) -> &'a Place {
    let places = std::iter::once(&replica.origin).chain(replica.copies.iter().map(|it| &it.place));
    let here: Vec<&Place> = places.filter(|place| place.network == lane.network).collect();
    if here.contains(&lane) { lane } else { here.into_iter().next().unwrap_or(lane) }
}

/// The store could not be asked: nothing was sent yet.
pub(super) fn unread(error: StoreError) -> DeliverError {
    DeliverError::Retry { after: None, reason: error.to_string() }
}
