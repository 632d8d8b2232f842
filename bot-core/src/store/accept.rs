// SPDX-License-Identifier: AGPL-3.0-or-later
//! Taking in: what was seen before is dropped, the rest goes to the lanes of every other place.
//!
//! Rule: an event never returns to its origin.

use bridge_model::{Content, Event, Message, MessageId, Person, Place, Reaction, UserId};

use super::audience::{self, Audience};
use super::records::MessageRecord;
use super::txn::Txn;
use super::{Accepted, StoreError, keys, messages, portals, queue};
use crate::lane::{LaneState, Speaker, Work, core_place};
use crate::order::{Batch, Mark};

/// Takes in a batch.
///
/// # Errors
/// [`StoreError`]: nothing was stored.
pub fn accept(tx: &mut Txn<'_>, batch: Batch) -> Result<Accepted, StoreError> {
    let mut accepted = Accepted::default();
    for mark in &batch.marks {
        if let Mark::Once { key } = mark
            && messages::is_noted(tx, &batch.network, key)?
        {
            accepted.dropped = batch.events.len();
            return Ok(accepted);
        }
    }
    for mark in &batch.marks {
        match mark {
            Mark::Set { key, value } => {
                tx.put("mark", keys::mark_key(&batch.network, key), value)?;
            }
            Mark::Once { key } => messages::note_once(tx, &batch.network, key)?,
        }
    }
    for event in batch.events {
        match one(tx, event)? {
            Some(lanes) => merge(&mut accepted.lanes, lanes),
            None => accepted.dropped += 1,
        }
    }
    Ok(accepted)
}

/// Adds the newer states of lanes.
pub fn merge(lanes: &mut Vec<LaneState>, newer: Vec<LaneState>) {
    for lane in newer {
        lanes.retain(|known| known.place != lane.place);
        lanes.push(lane);
    }
}

/// The lanes that got an entry; `None` when the event was dropped.
fn one(tx: &mut Txn<'_>, event: Event) -> Result<Option<Vec<LaneState>>, StoreError> {
    match &event.content {
        Content::Commanded(_) => {
            if messages::find(tx, &event.place, &event.message)?.is_some() {
                return Ok(None);
            }
            messages::store(tx, &event.place, &event.message, &MessageRecord::Command)?;
            answerable(tx, event).map(Some)
        }
        Content::Invited { .. } => answerable(tx, event).map(Some),
        Content::Closed => match portals::of(tx, &event.place)? {
            Some(_) => to_core(tx, event).map(Some),
            None => Ok(None),
        },
        Content::Moved { to } => {
            let to = Place { network: event.place.network.clone(), chat: to.clone() };
            portals::relocate(tx, &event.place, &to)
        }
        Content::Posted(_)
        | Content::Edited(_)
        | Content::Deleted { .. }
        | Content::Reacted { .. }
        | Content::Unreacted { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. } => relay(tx, event),
    }
}

/// Whoever speaks to the bot in a chat gets an answer there, so its lane goes on. The end stays
/// as it is: a severed one is linked anew by that very command.
fn answerable(tx: &mut Txn<'_>, event: Event) -> Result<Vec<LaneState>, StoreError> {
    let mut lanes = Vec::from_iter(queue::go_on(tx, &event.place)?);
    lanes.extend(to_core(tx, event)?);
    Ok(lanes)
}

fn to_core(tx: &mut Txn<'_>, event: Event) -> Result<Vec<LaneState>, StoreError> {
    let lane = core_place(&event.place);
    let work = Work { event, speaker: Speaker::Author, answer: None };
    Ok(vec![queue::append(tx, &lane, work)?])
}

fn relay(tx: &mut Txn<'_>, event: Event) -> Result<Option<Vec<LaneState>>, StoreError> {
    let Some(portal) = portals::of(tx, &event.place)? else { return Ok(None) };
    let mut lanes = Vec::new();
    if let Some(revived) = portals::revive(tx, &portal, &event.place)? {
        lanes.push(revived);
    }
    let Some(event) = new(tx, event)? else { return Ok((!lanes.is_empty()).then_some(lanes)) };
    let Audience { places, event, speaker } = audience::of(tx, &portal, event)?;
    for place in places {
        let work = Work { event: event.clone(), speaker, answer: None };
        lanes.push(queue::append(tx, &place, work)?);
    }
    Ok((!lanes.is_empty()).then_some(lanes))
}

/// The event as the lanes get it; `None` when it says nothing new.
fn new(tx: &mut Txn<'_>, mut event: Event) -> Result<Option<Event>, StoreError> {
    if let Content::Edited(message) = &event.content
        && stays_here(message)
    {
        // Whoever adds the mark afterwards wants the copies gone; on Matrix anybody can send an
        // edit of anybody's message, so the author is checked as for any deletion.
        let by = Some(message.author.user.clone());
        event.content = Content::Deleted { by };
    }
    let here = (&event.place, &event.message);
    let is_new = match &event.content {
        Content::Posted(message) => posted(tx, here, message)?,
        Content::Edited(message) => edited(tx, here, message)?,
        Content::Deleted { by } => {
            if let Some(MessageRecord::Reaction { target, by, reaction }) =
                messages::find(tx, here.0, here.1)?
            {
                event.content = Content::Unreacted { by: by.user, reaction };
                event.message = target;
                return new(tx, event);
            }
            deleted(tx, here, by.as_ref())?
        }
        Content::Reacted { by, reaction, id } => {
            let by = Person { network: event.place.network.clone(), user: by.user.clone() };
            reacted(tx, here, (&by, reaction), id.as_ref())?
        }
        Content::Unreacted { by, reaction } => {
            let by = Person { network: event.place.network.clone(), user: by.clone() };
            messages::unreact(tx, here, &by, reaction)?
        }
        Content::Pinned | Content::Unpinned => messages::origin(tx, here.0, here.1)?.is_some(),
        // What is new there, the audience says.
        Content::ChatChanged { .. } | Content::MemberChanged { .. } => true,
        Content::Commanded(_)
        | Content::Invited { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ThreadChanged { .. } => false,
    };
    Ok(is_new.then_some(event))
}

type Here<'a> = (&'a Place, &'a MessageId);

/// The mark by which people keep a message in its own chat.
const STAYS_HERE: &str = "(NOFWD)";

fn stays_here(message: &Message) -> bool {
    message.body.plain().trim_start().starts_with(STAYS_HERE)
}

fn posted(tx: &mut Txn<'_>, here: Here<'_>, message: &Message) -> Result<bool, StoreError> {
    if messages::find(tx, here.0, here.1)?.is_some() || stays_here(message) {
        return Ok(false);
    }
    messages::begin(tx, here.0, here.1, message)?;
    queue::note_seen(tx, here.0, here.1)?;
    Ok(true)
}

fn edited(tx: &mut Txn<'_>, here: Here<'_>, message: &Message) -> Result<bool, StoreError> {
    let Some(mut origin) = messages::origin(tx, here.0, here.1)? else { return Ok(false) };
    let digest = messages::digest(message)?;
    let by_author = messages::wrote(tx, &origin, here.0, &message.author.user)?;
    if !by_author || origin.deleted || origin.digest == digest {
        return Ok(false);
    }
    origin.digest = digest;
    messages::store_origin(tx, origin)?;
    Ok(true)
}

/// Whoever is not the author needs a right that the courier asks for; until then the message
/// counts as being there.
fn deleted(tx: &mut Txn<'_>, here: Here<'_>, by: Option<&UserId>) -> Result<bool, StoreError> {
    let Some(mut origin) = messages::origin(tx, here.0, here.1)? else { return Ok(false) };
    if origin.deleted {
        return Ok(false);
    }
    let certain = match by {
        Some(user) => messages::wrote(tx, &origin, here.0, user)?,
        None => true,
    };
    if certain {
        origin.deleted = true;
        messages::store_origin(tx, origin)?;
    }
    Ok(true)
}

fn reacted(
    tx: &mut Txn<'_>,
    here: Here<'_>,
    (by, reaction): (&Person, &Reaction),
    id: Option<&MessageId>,
) -> Result<bool, StoreError> {
    if !messages::react(tx, here, by, reaction)? {
        return Ok(false);
    }
    if let Some(id) = id {
        let record = MessageRecord::Reaction {
            target: here.1.clone(),
            by: by.clone(),
            reaction: reaction.clone(),
        };
        messages::store(tx, here.0, id, &record)?;
    }
    Ok(true)
}
