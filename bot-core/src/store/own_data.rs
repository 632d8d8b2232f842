// SPDX-License-Identifier: AGPL-3.0-or-later
//! What one account has left behind: found, and taken back on the other sides.
//!
//! Rule: what is taken back goes through the lanes, as if its author had deleted it: one transaction
//! says what is to go, so a crash forgets none of it.

use bridge_model::{Content, Event, MessageId, Person, Place, UserId};

use super::claims::ClaimChange;
use super::keys::Everything;
use super::records::{GhostRecord, MessageRecord, Origin, PrivateChat};
use super::statements::{Choice, Statement, Statements};
use super::tables::{CLAIM_OFFERS, ENTRIES, GHOSTS, LOCALPARTS, MESSAGES, PRIVATE_CHATS};
use super::txn::Txn;
use super::{
    Claim, Store, StoreError, brakes, calls, claims, consent, electorate, figures, forget, ghosts,
    keys, messages, people, portals, queue, summaries, topics,
};
use crate::lane::Work;
use crate::migration::Task;
use crate::network::MATRIX;
use crate::portal::PortalId;

/// What becomes of what is known of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnDataChange {
    /// All of it goes, as far as the bridge reaches, and nothing of theirs is relayed any more.
    Erase {
        /// Who.
        person: Person,
    },
    /// The copies of what they said, and their reactions, go from the other sides.
    TakeBack {
        /// Who.
        person: Person,
        /// Where; `None` for everywhere.
        portal: Option<PortalId>,
    },
}

/// What is known of one account, for its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnData {
    /// The account on Matrix that stands for it.
    pub ghost: Option<GhostRecord>,
    /// Its messages that are known, with their copies.
    pub messages: Vec<OwnMessage>,
    /// How many reactions of it are known.
    pub reactions: u64,
    /// Names under which it spoke lately, by portal.
    pub names: Vec<(PortalId, String)>,
    /// Which accounts are its owner's, too, or whose it is.
    pub claims: Vec<Claim>,
    /// What was said about being relayed.
    pub statements: Statements,
    /// The chat with the bot alone.
    pub private_chat: Option<PrivateChat>,
    /// Votes of communities in which it may vote.
    pub votes: Vec<(PortalId, u32)>,
}

/// A message and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMessage {
    /// Where it was said.
    pub place: Place,
    /// Its id there.
    pub message: MessageId,
    /// It was taken away.
    pub deleted: bool,
    /// Its copies: where, and the first part.
    pub copies: Vec<(Place, MessageId)>,
}

impl Store {
    /// Everything that is known of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_data(&self, person: &Person) -> Result<OwnData, StoreError> {
        let person = person.clone();
        self.read(move |tx| own_data(tx, &person)).await
    }

    /// The account that stands for somebody has left a room; in how many others it is still.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ghost_left(&self, person: &Person, room: &Place) -> Result<usize, StoreError> {
        let (person, room) = (person.clone(), keys::place(room));
        let left = move |tx: &mut Txn<'_>| {
            let Some(mut ghost) = ghosts::of(tx, &person)? else { return Ok(0) };
            ghost.rooms.retain(|known| *known != room);
            ghosts::save(tx, &person, &ghost)?;
            Ok(ghost.rooms.len())
        };
        self.write(left).await
    }

    /// The account that stood for somebody is no more: nothing leads from one to the other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_ghost(&self, person: &Person) -> Result<(), StoreError> {
        let person = person.clone();
        let gone = move |tx: &mut Txn<'_>| {
            if let Some(ghost) = ghosts::of(tx, &person)? {
                tx.delete(&LOCALPARTS, &ghost.localpart);
            }
            tx.delete(&GHOSTS, &keys::person(&person));
            forget::sweep(tx)?;
            forget_authorship(tx, &person)
        };
        self.write(gone).await
    }

    /// How many messages of somebody are known that have copies elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_messages(
        &self,
        person: &Person,
        portal: Option<PortalId>,
    ) -> Result<u64, StoreError> {
        let person = person.clone();
        let count = move |tx: &Txn<'_>| {
            let said = said_by(tx, &person, portal)?;
            let copied = said.iter().filter(|(_, origin)| !origin.copies.is_empty()).count();
            Ok(u64::try_from(copied).unwrap_or(u64::MAX))
        };
        self.read(count).await
    }
}

/// Changes what is known of somebody.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: OwnDataChange) -> Result<(), StoreError> {
    match change {
        OwnDataChange::Erase { person } => erase(tx, &person),
        OwnDataChange::TakeBack { person, portal } => take_back(tx, &person, portal),
    }
}

/// The messages of somebody that were not taken away, with where they were said.
fn said_by(
    tx: &Txn<'_>,
    person: &Person,
    portal: Option<PortalId>,
) -> Result<Vec<(Place, Origin)>, StoreError> {
    let mut said = Vec::new();
    for record in tx.all(&MESSAGES, &Everything)? {
        let MessageRecord::Origin(origin) = record else { continue };
        if origin.author != person.user || origin.deleted {
            continue;
        }
        let place = tx.numbered(origin.place)?;
        if place.network == person.network && is_in(tx, &place, portal)? {
            said.push((place, origin));
        }
    }
    Ok(said)
}

fn is_in(tx: &Txn<'_>, place: &Place, portal: Option<PortalId>) -> Result<bool, StoreError> {
    let Some(wanted) = portal else { return Ok(true) };
    Ok(portals::of(tx, place)?.is_some_and(|portal| portal.id == wanted))
}

/// Takes the copies and reactions of somebody away on the other sides. What still waits in a lane is
/// never sent.
fn take_back(
    tx: &mut Txn<'_>,
    person: &Person,
    portal: Option<PortalId>,
) -> Result<(), StoreError> {
    for (place, origin) in said_by(tx, person, portal)? {
        let message = origin.message.clone();
        let Some(gone) = messages::take_away(tx, (&place, &message))? else { continue };
        let mut places = Vec::new();
        for copy in &origin.copies {
            places.push(tx.numbered(copy.place)?);
        }
        // A copy that is under way is not known yet.
        if let Some(portal) = portals::of(tx, &place)? {
            places.extend(portal.others(&place));
        }
        let content = Content::Deleted { by: None };
        let event = Event { place: place.clone(), message, late: false, content };
        to_each(tx, &event, places)?;
        summaries::end(tx, &place, &gone)?;
    }
    take_back_reactions(tx, person, portal)
}

fn take_back_reactions(
    tx: &mut Txn<'_>,
    person: &Person,
    portal: Option<PortalId>,
) -> Result<(), StoreError> {
    let mut reacted = Vec::new();
    for record in tx.all(&MESSAGES, &Everything)? {
        let MessageRecord::Origin(origin) = record else { continue };
        let own = |it: &&super::records::ReactionRecord| it.live && it.by == *person;
        let reactions: Vec<_> =
            origin.reactions.iter().filter(own).map(|it| it.reaction.clone()).collect();
        if !reactions.is_empty() && is_in(tx, &tx.numbered(origin.place)?, portal)? {
            reacted.push((origin, reactions));
        }
    }
    for (origin, reactions) in reacted {
        let home = tx.numbered(origin.place)?;
        let mut known = vec![(home, origin.message.clone())];
        for copy in &origin.copies {
            if let Some(first) = copy.parts.first() {
                known.push((tx.numbered(copy.place)?, first.id.clone()));
            }
        }
        let Some((here, message)) =
            known.iter().find(|(place, _)| place.network == person.network).cloned()
        else {
            continue;
        };
        let others: Vec<Place> =
            known.into_iter().map(|(place, _)| place).filter(|place| *place != here).collect();
        for reaction in reactions {
            if messages::unreact(tx, (&here, &message), person, &reaction)? {
                let by = person.user.clone();
                let content = Content::Unreacted { by, reaction };
                let (place, message) = (here.clone(), message.clone());
                to_each(tx, &Event { place, message, late: false, content }, others.clone())?;
            }
        }
    }
    Ok(())
}

/// Has something done with a message in each of the places but that of the event.
///
/// # Errors
/// [`StoreError`].
pub fn to_each(tx: &mut Txn<'_>, event: &Event, mut places: Vec<Place>) -> Result<(), StoreError> {
    places.sort_by_key(|place| (place.network.clone(), place.chat.clone()));
    places.dedup();
    places.retain(|place| *place != event.place);
    places.iter().try_for_each(|place| queue::append(tx, place, Work::of(event.clone())))
}

/// Everything of an account goes; what has to be done elsewhere first waits in lanes.
fn erase(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    take_back(tx, person, None)?;
    let mut all = consent::of(tx, person)?;
    let (network, given) = (person.network.clone(), tx.now);
    let choice = Choice::OptOut;
    let (portal, text, withdrawn) = (None, String::new(), None);
    all.state(Statement { network, portal, choice, text, given, withdrawn });
    all.withdraw(given, |it| it.choice == Choice::Pseudonym);
    all.erased = all.erased.saturating_add(1);
    consent::save(tx, person, &all)?;
    let claimed = match person.network.as_str() {
        MATRIX => claims::by(tx, person.user.as_str())?,
        _ => claims::of(tx, person)?.into_iter().collect(),
    };
    let claimed = claimed.into_iter().map(|claim| claim.person).collect();
    claims::change(tx, ClaimChange::Ended(claimed))?;
    tx.clear_if(&CLAIM_OFFERS, &Everything, |offer| offer.person == *person)?;
    if person.network.as_str() == MATRIX {
        calls::forget(tx, person.user.as_str())?;
    }
    for portal in portals::all(tx)? {
        people::forget_one(tx, portal.id, person);
        figures::forget_author(tx, portal.id, person)?;
        for place in portal.places() {
            withdraw_waiting(tx, place, person)?;
        }
    }
    electorate::forget_one(tx, person)?;
    brakes::forget_person(tx, person)?;
    // Their key goes with the last of their records.
    forget::sweep(tx)?;
    retire(tx, person)
}

/// What waits in a lane of what somebody said goes, but for its head, which may be under way and is
/// not said any more.
fn withdraw_waiting(tx: &mut Txn<'_>, lane: &Place, person: &Person) -> Result<(), StoreError> {
    let head = queue::first(tx, lane)?.map(|head| head.id);
    for entry in tx.all(&ENTRIES, &keys::place(lane))? {
        let Some(event) = entry.work.event().filter(|_| Some(entry.id) != head) else { continue };
        let said = event.content.message().is_some_and(|it| it.author.user == person.user);
        if said && event.place.network == person.network {
            queue::withdraw(tx, &entry)?;
        }
    }
    Ok(())
}

/// In each room, behind all that is taken away there, the account that stands for somebody leaves;
/// with the last one it ends.
fn retire(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    let Some(mut ghost) = ghosts::of(tx, person)? else {
        return forget_authorship(tx, person);
    };
    let mut rooms = Vec::new();
    for portal in portals::all(tx)? {
        rooms.extend(topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room));
        rooms.push(portal.room);
    }
    let fallback = rooms.last().cloned();
    rooms.retain(|room| ghost.rooms.contains(&keys::place(room)));
    ghost.rooms = rooms.iter().map(keys::place).collect();
    ghosts::save(tx, person, &ghost)?;
    if rooms.is_empty() {
        rooms.extend(fallback);
    }
    let task = || Work::Task(Task::Retire(person.clone()));
    rooms.iter().try_for_each(|room| queue::append(tx, room, task()))
}

/// Nothing that is stored says any more who wrote what was taken away, and who reacted.
fn forget_authorship(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    for (row, record) in tx.scan(&MESSAGES, &Everything, usize::MAX)? {
        let MessageRecord::Origin(mut origin) = record else { continue };
        let reactions = origin.reactions.len();
        origin.reactions.retain(|it| it.live || it.by != *person);
        let own = origin.deleted
            && origin.author == person.user
            && tx.numbered(origin.place)?.network == person.network;
        if own {
            origin.author = UserId::from("");
        }
        if own || origin.reactions.len() < reactions {
            tx.replace(&MESSAGES, row, &MessageRecord::Origin(origin))?;
        }
    }
    Ok(())
}

fn own_data(tx: &Txn<'_>, person: &Person) -> Result<OwnData, StoreError> {
    let on_matrix = person.network.as_str() == MATRIX;
    let mut data = OwnData {
        ghost: ghosts::of(tx, person)?,
        claims: match on_matrix {
            true => claims::by(tx, person.user.as_str())?,
            false => claims::of(tx, person)?.into_iter().collect(),
        },
        statements: consent::of(tx, person)?,
        ..OwnData::default()
    };
    if on_matrix {
        data.private_chat = tx.get(&PRIVATE_CHATS, &keys::hash(&[person.user.as_str()]))?;
    }
    for record in tx.all(&MESSAGES, &Everything)? {
        let MessageRecord::Origin(origin) = record else { continue };
        let by = |it: &&super::records::ReactionRecord| it.live && it.by == *person;
        let reactions = u64::try_from(origin.reactions.iter().filter(by).count());
        data.reactions = data.reactions.saturating_add(reactions.unwrap_or(u64::MAX));
        let place = tx.numbered(origin.place)?;
        if origin.author != person.user || place.network != person.network {
            continue;
        }
        let mut copies = Vec::new();
        for copy in &origin.copies {
            if let Some(first) = copy.parts.first() {
                copies.push((tx.numbered(copy.place)?, first.id.clone()));
            }
        }
        let (message, deleted) = (origin.message, origin.deleted);
        data.messages.push(OwnMessage { place, message, deleted, copies });
    }
    for portal in portals::all(tx)? {
        let known = people::of(tx, portal.id)?.into_iter().filter(|it| it.person == *person);
        data.names.extend(known.map(|it| (portal.id, it.name)));
        for vote in electorate::with(tx, portal.id, person)? {
            data.votes.push((portal.id, vote));
        }
    }
    Ok(data)
}
