// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who is held back in a portal, because a moderator of one of its chats banned or muted them.
//!
//! Rule: what a moderator did holds from the transaction in which it was heard, whether the platforms
//! carry it out or not. A deed that changes nothing that is known goes no further, so the echo of
//! our own ends here.

use bridge_model::{AuthorKind, Content, Deed, Event, Message, MessageId, Person, Place};

use super::keys::{Everything, Hash};
pub use super::restriction::{Mute, Restriction, SaidRecord};
use super::tables::{AUDITS, BLOCKS, LACKING, SAID};
use super::timers::{self, NewTimer};
use super::topics::WAITING;
use super::txn::Txn;
use super::{Store, StoreError, keys, messages, overflow, people, portals, subject, topics};
use crate::lane::{Entry, Work, core_place};
use crate::migration::{Audit, AuditAction, Deadline, Task, Who};
use crate::network::MATRIX;
use crate::portal::{Portal, PortalId};
use crate::refusal::MissingRight;
use crate::wording::label;

impl Store {
    /// What is held against a person, by the hash of the person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn block(
        &self,
        portal: PortalId,
        who: Hash,
    ) -> Result<Option<Restriction>, StoreError> {
        self.read(move |tx| tx.get(&BLOCKS, &(portal, who))).await
    }

    /// Whether somebody is banned in a portal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_banned(&self, portal: PortalId, person: &Person) -> Result<bool, StoreError> {
        let key = (portal, keys::person(person));
        self.glance(move |tx| Ok(tx.get(&BLOCKS, &key)?.is_some_and(|block| block.banned))).await
    }

    /// The last messages of somebody that are known, at most `most`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn said_by(
        &self,
        portal: PortalId,
        person: &Person,
        most: usize,
    ) -> Result<Vec<(Place, MessageId)>, StoreError> {
        let who = keys::person(person);
        self.read(move |tx| said_by(tx, (portal, who), most)).await
    }

    /// The rights that our bot lacks in a chat to moderate there, as its people were told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lacking(&self, place: &Place) -> Result<Vec<MissingRight>, StoreError> {
        let place = keys::place(place);
        self.read(move |tx| Ok(tx.get(&LACKING, &place)?.unwrap_or_default())).await
    }
}

/// Takes in what a moderator did in a chat; `false` where that is nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn hear(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    match portals::of(tx, &event.place)? {
        Some(portal) if portal.relaying => carry_on(tx, &portal, event, Some(&event.place)),
        Some(_) | None => Ok(false),
    }
}

/// Has what a moderator asked for done in every chat of the portal; `false` where that is nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn moderate(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    let Some(portal) = portals::of(tx, &event.place)? else { return Ok(false) };
    carry_on(tx, &portal, event, None)
}

fn carry_on(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    done_at: Option<&Place>,
) -> Result<bool, StoreError> {
    let Content::Moderated(deed) = &event.content else { return Ok(false) };
    let deed = &named(tx, portal.id, deed)?;
    let who = keys::person(&deed.whom);
    let before = tx.get(&BLOCKS, &(portal.id, who))?;
    let Some(after) = Restriction::after(before.as_ref(), deed, tx.now) else { return Ok(false) };
    save(tx, portal, who, &after)?;
    // The end of a mute that was to end then is no deed of anybody.
    if deed.by.is_some() || done_at.is_some() {
        let at = &event.place.network;
        let named =
            |name: &str, network| Who { network, name: Some(name.to_owned()), on_page: false };
        let unnamed = || Who { network: at.clone(), name: None, on_page: false };
        let by = deed.by.as_ref();
        let by = by.map_or_else(unnamed, |by| named(&by.name, at.clone()));
        let whom = named(&deed.name, deed.whom.network.clone());
        write_down(tx, portal.id, (by, AuditAction::Moderated(deed.what, whom)))?;
    }
    let content = Content::Moderated(Box::new(deed.clone()));
    spread(tx, portal, &Event { content, ..event.clone() }, (&deed.whom, done_at))?;
    Ok(true)
}

fn write_down(
    tx: &mut Txn<'_>,
    portal: PortalId,
    (by, deed): (Who, AuditAction),
) -> Result<(), StoreError> {
    let audit = Audit { at: tx.now, who: Some(by), deed, decision: None, share: None };
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    tx.put(&AUDITS, &(portal, number), &audit)
}

fn spread(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    (whom, done_at): (&Person, Option<&Place>),
) -> Result<(), StoreError> {
    for place in concerned(tx, portal, whom)? {
        if Some(&place) != done_at {
            overflow::push(tx, Entry::new(place, Work::of(event.clone())))?;
        }
    }
    Ok(())
}

/// Bans somebody because of a rule of a policy list, or lets them in because there is none any more;
/// `false` where that changes nothing. `list` is its name.
///
/// # Errors
/// [`StoreError`].
pub fn by_policy(
    tx: &mut Txn<'_>,
    portal: &Portal,
    (deed, list): (&Deed, &str),
) -> Result<bool, StoreError> {
    let deed = named(tx, portal.id, deed)?;
    let who = keys::person(&deed.whom);
    let before = tx.get(&BLOCKS, &(portal.id, who))?;
    let bans = deed.what.is_against();
    if bans && before.as_ref().is_some_and(|before| before.let_be) {
        return Ok(false);
    }
    let after = Restriction::after(before.as_ref(), &deed, tx.now);
    let Some(after) = after else { return Ok(bans) };
    save(tx, portal, who, &Restriction { by_policy: bans, ..after })?;
    let name = Some(deed.name.clone());
    let whom = Who { network: deed.whom.network.clone(), name, on_page: false };
    let by =
        Who { network: portal.room.network.clone(), name: Some(list.to_owned()), on_page: false };
    let by = Who { name: by.name.filter(|name| !name.is_empty()), ..by };
    write_down(tx, portal.id, (by, AuditAction::Moderated(deed.what, whom)))?;
    let (place, message) = (portal.room.clone(), MessageId::from("policy"));
    let person = deed.whom.clone();
    let content = Content::Moderated(Box::new(deed));
    let event = Event { place, message, late: false, content };
    spread(tx, portal, &event, (&person, None))?;
    Ok(true)
}

/// No rule of a policy list bans this person from now on.
///
/// # Errors
/// [`StoreError`].
pub fn let_be(
    tx: &mut Txn<'_>,
    portal: PortalId,
    (person, name): (&Person, &str),
) -> Result<(), StoreError> {
    let key = (portal, keys::person(person));
    let known = tx.get(&BLOCKS, &key)?;
    let block = known.unwrap_or_else(|| Restriction::none(person, name, tx.now));
    tx.put(&BLOCKS, &key, &Restriction { let_be: true, ..block })
}

/// No rule is about this person any more.
///
/// # Errors
/// [`StoreError`].
pub fn let_be_no_more(
    tx: &mut Txn<'_>,
    portal: PortalId,
    person: &Person,
) -> Result<(), StoreError> {
    let key = (portal, keys::person(person));
    let Some(block) = tx.get(&BLOCKS, &key)? else { return Ok(()) };
    if block.banned || block.muted.is_some() {
        return tx.put(&BLOCKS, &key, &Restriction { let_be: false, ..block });
    }
    tx.delete(&BLOCKS, &key);
    Ok(())
}

/// The deed with the name of the person, where the platform did not say it.
fn named(tx: &Txn<'_>, portal: PortalId, deed: &Deed) -> Result<Deed, StoreError> {
    if !deed.name.is_empty() {
        return Ok(deed.clone());
    }
    let known = people::of(tx, portal)?.into_iter().find(|one| one.person == deed.whom);
    let name = known.map_or_else(|| label(&deed.whom.network), |one| one.name);
    Ok(Deed { name, ..deed.clone() })
}

/// The chats in which the person, or their ghost, may be.
fn concerned(tx: &Txn<'_>, portal: &Portal, whom: &Person) -> Result<Vec<Place>, StoreError> {
    let mut places = portal.active();
    places.retain(|place| place.network == whom.network || *place == portal.room);
    let topics = topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room);
    places.extend(topics.filter(|room| {
        room.network.as_str() == MATRIX && !room.chat.as_str().starts_with(WAITING)
    }));
    Ok(places)
}

fn save(
    tx: &mut Txn<'_>,
    portal: &Portal,
    who: Hash,
    block: &Restriction,
) -> Result<(), StoreError> {
    let timer = timer(portal.id, &who);
    match block.muted.and_then(|mute| mute.until) {
        Some(at) => {
            let due = Deadline::Muted { portal: portal.id, person: who };
            let (lane, work) = (core_place(&portal.room), Work::Task(Task::Due(due)));
            timers::set(tx, NewTimer { name: timer, at, lane, work })?;
        }
        None => timers::stop(tx, &timer)?,
    }
    if block.banned || block.muted.is_some() || block.let_be {
        return tx.put(&BLOCKS, &(portal.id, who), block);
    }
    tx.delete(&BLOCKS, &(portal.id, who));
    Ok(())
}

fn timer(portal: PortalId, who: &Hash) -> String {
    format!("mute/{}/{}", portal.0, subject::hex(who))
}

/// Nothing is held against somebody any more.
///
/// # Errors
/// [`StoreError`].
pub fn spare(tx: &mut Txn<'_>, portal: PortalId, person: &Person) -> Result<(), StoreError> {
    let who = keys::person(person);
    timers::stop(tx, &timer(portal, &who))?;
    if let Some(block) = tx.get(&BLOCKS, &(portal, who))?.filter(|block| block.by_policy) {
        // The rule is still there, and would be tried with each message.
        let none = Restriction::none(person, &block.name, tx.now);
        return tx.put(&BLOCKS, &(portal, who), &Restriction { let_be: true, ..none });
    }
    tx.delete(&BLOCKS, &(portal, who));
    Ok(())
}

/// Whether an event goes nowhere because of who it is by. What somebody takes back goes through:
/// then there is less of it.
///
/// # Errors
/// [`StoreError`].
pub fn holds_back(tx: &Txn<'_>, portal: PortalId, event: &Event) -> Result<bool, StoreError> {
    let Some(person) = speaker(event) else { return Ok(false) };
    let block = tx.get(&BLOCKS, &(portal, keys::person(&person)))?;
    Ok(block.is_some_and(|block| block.holds(tx.now)))
}

/// Whose word an event is, if it adds something to a chat.
pub fn speaker(event: &Event) -> Option<Person> {
    let user = match &event.content {
        Content::Posted(message) | Content::Edited(message) => &message.author.user,
        Content::Reacted { by, .. } => &by.user,
        Content::Voted { by, .. } | Content::PollClosed { by: Some(by) } => by,
        Content::Deleted { .. }
        | Content::Unreacted { .. }
        | Content::ReactionsCleared { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Counted { .. }
        | Content::PollClosed { by: None }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => return None,
    };
    Some(Person { network: event.place.network.clone(), user: user.clone() })
}

/// Notes that somebody said something, so that it can be taken away with the rest of it.
///
/// # Errors
/// [`StoreError`].
pub fn note_said(
    tx: &mut Txn<'_>,
    portal: PortalId,
    event: &Event,
    message: &Message,
) -> Result<(), StoreError> {
    if message.author.kind == AuthorKind::Chat {
        return Ok(());
    }
    let user = message.author.user.clone();
    let who = keys::person(&Person { network: event.place.network.clone(), user });
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    let place = tx.number(&event.place)?;
    let record = SaidRecord(keys::bucket(tx.now), place, event.message.clone());
    tx.put(&SAID, &(portal, (who, number)), &record)
}

fn said_by(
    tx: &Txn<'_>,
    key: (PortalId, Hash),
    most: usize,
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let mut said = Vec::new();
    for SaidRecord(_, place, message) in tx.all(&SAID, &key)?.into_iter().rev() {
        if said.len() >= most {
            break;
        }
        let place = tx.numbered(place)?;
        if messages::origin(tx, &place, &message)?.is_some_and(|origin| !origin.deleted) {
            said.push((place, message));
        }
    }
    Ok(said)
}

/// Notes which rights are missing in a chat.
///
/// # Errors
/// [`StoreError`].
pub fn note_lacking(
    tx: &mut Txn<'_>,
    place: &Place,
    rights: &[MissingRight],
) -> Result<(), StoreError> {
    if rights.is_empty() {
        tx.delete(&LACKING, &keys::place(place));
        return Ok(());
    }
    tx.put(&LACKING, &keys::place(place), &rights.to_vec())
}

/// Forgets who said what before `week`; how many messages those were.
///
/// # Errors
/// [`StoreError`].
pub fn forget_said(tx: &mut Txn<'_>, week: u16) -> Result<u64, StoreError> {
    tx.clear_if(&SAID, &Everything, |said| said.0 < week)
}

/// A portal is no more, or its people are forgotten.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    for (row, _) in tx.scan(&BLOCKS, &portal, usize::MAX)? {
        if let Some(who) = row.last_hash() {
            timers::stop(tx, &timer(portal, &who))?;
        }
        tx.remove(row);
    }
    tx.clear(&SAID, &portal).map(drop)
}
