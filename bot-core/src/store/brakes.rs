// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that stay on their own side because of how much, how often or by whom they are said.
//!
//! Rule: what stays is recorded as what people keep with `(NOFWD)`: an edit brings it nowhere, and
//! answers carry none of its words. Who writes is known by a keyed hash only.

use bridge_model::{AuthorKind, Content, Event, Leaf, Message, Person, RichText};
use bridge_policy::brakes::{Brake, Brakes, Habits, Said};

use super::first::{self, Happened};
use super::keys::{self, Everything, Hash};
use super::tables::{HABITS, PORTALS};
use super::txn::Txn;
use super::{StoreError, albums, audience, ghosts, kept, messages, people, queue};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::portal::{FirstMessages, Portal, PortalId};

/// Whether a new message stays where it was said, or waits there. Its author is told, now and then.
///
/// # Errors
/// [`StoreError`].
pub fn keeps(tx: &mut Txn<'_>, portal: &Portal, event: &Event) -> Result<bool, StoreError> {
    let Content::Posted(message) = &event.content else { return Ok(false) };
    let waits = portal.settings.first_messages == FirstMessages::Wait;
    let off = portal.settings.brakes == Brakes::Off && !waits;
    // What was said while the bridge was away says nothing of how fast somebody writes.
    let person = message.author.kind == AuthorKind::Person && !audience::is_service(message);
    if off || event.late || !person {
        return Ok(false);
    }
    if kept::is_kept(tx, &event.place, &event.message)? {
        return Ok(true);
    }
    if waits && first::is_held(tx, portal.id, event)? {
        return Ok(true);
    }
    let known = messages::find(tx, &event.place, &event.message)?.is_some();
    if known || albums::goes_on(tx, &event.place, message)? {
        return Ok(false);
    }
    let person = Person { network: event.place.network.clone(), user: message.author.user.clone() };
    let mut habits = habits(tx, portal, &person)?;
    let said = Said { at: tx.now.0, digest: digest(tx, message), carries: carries(message) };
    let unheard = habits.are_unheard();
    let mut why = habits.judge(portal.settings.brakes, said);
    if why.is_none() && waits && unheard {
        let room = first::hold(tx, portal.id, event)?;
        why = Some(if room { Brake::First } else { Brake::Flood });
        habits.unhear();
    }
    let tells = why.is_some() && habits.tell(tx.now.0);
    tx.put(&HABITS, &(portal.id, author(tx, portal.id, &person)), &habits)?;
    let Some(why) = why else {
        albums::begin(tx, &event.place, message)?;
        return Ok(false);
    };
    if why != Brake::First {
        kept::keep(tx, &event.place, &event.message)?;
        albums::keep(tx, &event.place, message)?;
    }
    if tells {
        let work = Work::Task(Task::Braked(event.message.clone(), why));
        queue::append(tx, &core_place(&event.place), work)?;
    }
    Ok(true)
}

/// How somebody has been writing, whether or not anybody looked.
fn habits(tx: &Txn<'_>, portal: &Portal, person: &Person) -> Result<Habits, StoreError> {
    let row = (portal.id, author(tx, portal.id, person));
    Ok(match tx.get(&HABITS, &row)? {
        Some(habits) => habits,
        None if is_known(tx, portal, person)? => Habits::known(),
        None => Habits::default(),
    })
}

/// Hears what becomes of first messages that wait; `None` when the event is about none of them, else
/// what is to be shared now.
///
/// # Errors
/// [`StoreError`].
pub fn hear(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
) -> Result<Option<Vec<Event>>, StoreError> {
    let known = |tx: &Txn<'_>, person: &Person| Ok(habits(tx, portal, person)?.are_known());
    Ok(match first::hear(tx, portal, event, known)? {
        Happened::Nothing => None,
        Happened::Changed => Some(Vec::new()),
        Happened::Released(events) => Some(events),
    })
}

/// A message that waited is shared now.
///
/// # Errors
/// [`StoreError`].
pub fn let_go(tx: &mut Txn<'_>, portal: &Portal, event: &Event) -> Result<(), StoreError> {
    let Content::Posted(message) = &event.content else { return Ok(()) };
    let person = Person { network: event.place.network.clone(), user: message.author.user.clone() };
    let mut habits = habits(tx, portal, &person)?;
    habits.hear();
    tx.put(&HABITS, &(portal.id, author(tx, portal.id, &person)), &habits)?;
    albums::begin(tx, &event.place, message)
}

/// Whether somebody was here before anybody looked.
fn is_known(tx: &Txn<'_>, portal: &Portal, person: &Person) -> Result<bool, StoreError> {
    let spoke = people::of(tx, portal.id)?.iter().any(|known| known.person == *person);
    Ok(spoke || ghosts::of(tx, person)?.is_some())
}

/// A link, a file, or what somebody else said.
fn carries(message: &Message) -> bool {
    let links = |text: &RichText| {
        text.runs().any(|run| {
            let written = |words: &str| words.contains("://") || words.contains("www.");
            let words = matches!(&run.leaf, Leaf::Text(words) if written(words));
            words || run.style.link.is_some()
        })
    };
    !message.media.is_empty() || message.forwarded.is_some() || links(&message.body)
}

/// The same words have the same digest in one store; 0 where there are none.
fn digest(tx: &Txn<'_>, message: &Message) -> u64 {
    let words = message.body.plain().to_lowercase();
    if words.trim().is_empty() {
        return 0;
    }
    let hash = keys::hash(&["said", &tx.meta().secret, words.trim()]);
    hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)).max(1)
}

fn author(tx: &Txn<'_>, portal: PortalId, person: &Person) -> Hash {
    let portal = portal.0.to_string();
    let (network, user) = (person.network.as_str(), person.user.as_str());
    keys::hash(&["habits", &tx.meta().secret, &portal, network, user])
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    first::forget_all(tx, portal)?;
    tx.clear(&HABITS, &portal).map(drop)
}

/// Forgets how somebody wrote.
///
/// # Errors
/// [`StoreError`].
pub fn forget_person(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    first::forget_person(tx, person)?;
    for portal in tx.all(&PORTALS, &Everything)? {
        let row = (portal.id, author(tx, portal.id, person));
        tx.delete(&HABITS, &row);
    }
    Ok(())
}

/// Forgets how people wrote who have not written since `before`; returns how many that were.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, before: bridge_model::Timestamp) -> Result<u64, StoreError> {
    tx.clear_if(&HABITS, &Everything, |habits| habits.last() < before.0)
}
