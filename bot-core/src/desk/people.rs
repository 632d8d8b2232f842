// SPDX-License-Identifier: AGPL-3.0-or-later
//! In which chats an account of a legacy network is, and what it may do there.
//!
//! Rule: a platform is asked about one account in one chat; what the store knows comes first.

use std::sync::Arc;

use bridge_model::{
    Author, AuthorKind, Content, Event, MemberChange, MessageId, NetworkId, Person, Place, Rights,
};

use super::outcome::DeskError;
use crate::lane::{Relayed, Speaker, Work};
use crate::portal::{Portal, PortalId};
use crate::relay::Networks;
use crate::store::{Store, StoreError, keys};

/// Asks the store and the networks about accounts.
#[derive(Clone)]
pub(super) struct People {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
}

impl People {
    /// Whether an account spoke in a portal.
    pub(super) async fn spoke_in(
        &self,
        person: &Person,
        portal: &Portal,
    ) -> Result<bool, DeskError> {
        let known = self.store.people(portal.id).await?;
        Ok(known.iter().any(|one| one.person == *person))
    }

    /// Whether an account is a member of a chat of its network.
    pub(super) async fn is_in(&self, person: &Person, place: &Place) -> Result<bool, DeskError> {
        match self.networks.get(&place.network) {
            Some(network) => Ok(network.rights(&place.chat, &person.user).await?.member),
            None => Ok(false),
        }
    }

    /// The portals in which an account is known to be: where it spoke, and where it asked for the
    /// way to Matrix.
    pub(super) async fn portals_of(
        &self,
        account: &Person,
        asked_in: PortalId,
    ) -> Result<Vec<Portal>, DeskError> {
        let mut found = Vec::new();
        for portal in self.store.portals().await? {
            if portal.id == asked_in || self.spoke_in(account, &portal).await? {
                found.push(portal);
            }
        }
        Ok(found)
    }

    /// What an account may do in a portal's chat on its network, when that is more than others may.
    pub(super) async fn power_there(
        &self,
        account: &Person,
        portal: &Portal,
    ) -> Result<Option<Rights>, DeskError> {
        let Some(end) = portal.end_on(&account.network) else { return Ok(None) };
        let Some(network) = self.networks.get(&end.place.network) else { return Ok(None) };
        let rights = network.rights(&end.place.chat, &account.user).await?;
        Ok((rights.manage || rights.moderate).then_some(rights))
    }

    /// Whether an account is an admin of a chat that is linked. Nobody waits for a platform that
    /// does not say so.
    pub(super) async fn is_admin_there(
        &self,
        account: &Person,
        asked_in: PortalId,
    ) -> Result<bool, DeskError> {
        for portal in self.portals_of(account, asked_in).await? {
            if matches!(self.power_there(account, &portal).await, Ok(Some(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The event with which the ghost of an account leaves the room of `place`.
pub(super) fn left(place: Place, person: &Person, name: &str) -> Event {
    let who = Author {
        user: person.user.clone(),
        kind: AuthorKind::Person,
        name: name.to_owned(),
        username: None,
        avatar: None,
    };
    Event {
        place,
        message: MessageId::from(""),
        late: false,
        content: Content::MemberChanged { who, change: MemberChange::Left },
    }
}

/// The entries with which the ghost of an account leaves a portal's room, and the rooms of its topics in
/// which it is.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn departure(
    store: &Store,
    portal: &Portal,
    (person, name): (&Person, &str),
) -> Result<Vec<(Place, Work)>, StoreError> {
    let Some(end) = portal.end_on(&person.network) else { return Ok(Vec::new()) };
    let ghost = store.ghost(person).await?;
    let is_in =
        |room: &Place| ghost.as_ref().is_some_and(|ghost| ghost.rooms.contains(&keys::place(room)));
    let topics = store.topics(portal.id).await?.into_iter().map(|topic| topic.room);
    let rooms = topics.filter(is_in).chain([portal.room.clone()]);
    Ok(rooms.map(|room| (room, Work::of(left(end.place.clone(), person, name)))).collect())
}

/// For each account of ours that is in the room of a portal, or in one of a topic, the entry with which
/// it leaves; the main room comes last. Only accounts of `network`, where one is named.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn withdrawals(
    store: &Store,
    portal: &Portal,
    network: Option<&NetworkId>,
) -> Result<Vec<(Place, Relayed)>, StoreError> {
    let topics = store.topics(portal.id).await?.into_iter();
    let mut all = Vec::new();
    for room in topics.map(|topic| topic.room).chain([portal.room.clone()]) {
        all.extend(withdrawals_from(store, portal, (&room, network)).await?);
    }
    Ok(all)
}

/// The same for one room.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn withdrawals_from(
    store: &Store,
    portal: &Portal,
    (room, network): (&Place, Option<&NetworkId>),
) -> Result<Vec<(Place, Relayed)>, StoreError> {
    let mut people = store.ghosts_in(room).await?;
    people.retain(|person| network.is_none_or(|network| person.network == *network));
    people.sort_by(|a, b| (&a.network, &a.user).cmp(&(&b.network, &b.user)));
    Ok(people.iter().map(|person| (room.clone(), withdrawal(portal, person))).collect())
}

fn withdrawal(portal: &Portal, person: &Person) -> Relayed {
    let mut ends = portal.ends.iter();
    let end = ends.find(|end| end.place.network == person.network);
    let place = end.map_or_else(|| portal.room.clone(), |end| end.place.clone());
    Relayed::new(left(place, person, ""), Speaker::Author)
}
