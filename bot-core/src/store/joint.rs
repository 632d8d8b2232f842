// SPDX-License-Identifier: AGPL-3.0-or-later
//! Votes of a whole community: one poll that the bot posts in every chat of a portal.
//!
//! Rule: the poll has one record, at the core's place for the room; what stands in the chats are
//! copies of it. A person has one vote, on whichever side, and nothing says whose it is.

use bridge_model::{Content, Event, Message, MessageId, Person, Place};

use super::txn::Txn;
use super::{StoreError, electorate, keys, messages, migration, portals, queue, summaries};
use crate::lane::{Answer, BotMessage, CORE, Entry, Work, core_place};
use crate::migration::{Audit, AuditAction, Vote, Who};

/// The name of a vote at the core's place for the room.
pub fn name(number: u32) -> MessageId {
    Vote::name(number)
}

/// Whether a message is a vote of a whole community.
pub fn is_joint(place: &Place, message: &MessageId) -> bool {
    place.network.as_str() == CORE && message.as_str().starts_with("vote/")
}

/// Posts a poll in every chat of the portal.
///
/// # Errors
/// [`StoreError::Conflict`] when the room is not linked any more, or the number is taken.
pub fn open(
    tx: &mut Txn<'_>,
    room: &Place,
    (vote, poll): (Vote, Message),
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portals::of(tx, room)?.ok_or(StoreError::Conflict("the chat is not linked"))?;
    let mut migration = migration::of(tx, portal.id)?;
    if migration.votes.iter().any(|known| known.number == vote.number) {
        return Err(StoreError::Conflict("there is a vote of that number"));
    }
    electorate::begin(tx, &portal, vote.number)?;
    let (place, message) = (core_place(&portal.room), name(vote.number));
    messages::begin_for_ever(tx, &place, &message, &poll)?;
    let audit = Audit {
        at: tx.now,
        who,
        deed: AuditAction::VoteOpened(vote.number, vote.question.clone()),
        decision: vote.decision.clone(),
        share: None,
    };
    migration.votes.push(vote);
    migration::save(tx, portal.id, &migration)?;
    migration::note(tx, portal.id, &audit)?;
    for lane in portal.active() {
        let saying = BotMessage {
            origin: place.clone(),
            id: message.clone(),
            message: poll.clone(),
            answer: Answer::default(),
        };
        let entry = Entry::new(lane, Work::Say(Box::new(saying)));
        queue::push(tx, entry)?;
    }
    Ok(())
}

/// Closes a poll in every chat; `counts` are what was told, empty for a vote that was called off.
///
/// # Errors
/// [`StoreError`].
pub fn close(
    tx: &mut Txn<'_>,
    room: &Place,
    (number, counts): (u32, Vec<u64>),
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portals::of(tx, room)?.ok_or(StoreError::Conflict("the chat is not linked"))?;
    let mut migration = migration::of(tx, portal.id)?;
    let open = migration.votes.iter_mut().find(|vote| vote.number == number);
    let Some(vote) = open.filter(|vote| vote.counts.is_none()) else { return Ok(()) };
    electorate::end(tx, portal.id, number);
    let deed = if counts.is_empty() {
        AuditAction::VoteCancelled(number)
    } else {
        let answers = vote.answers.iter().cloned().zip(counts.clone()).collect();
        AuditAction::VoteClosed(number, answers)
    };
    vote.counts = Some(counts);
    let audit = Audit { at: tx.now, who, deed, decision: vote.decision.clone(), share: None };
    migration::save(tx, portal.id, &migration)?;
    migration::note(tx, portal.id, &audit)?;
    let (place, message) = (core_place(&portal.room), name(number));
    let Some(mut origin) = messages::origin(tx, &place, &message)? else { return Ok(()) };
    if let Some(poll) = &mut origin.poll {
        poll.close_for_good();
    }
    messages::store_origin(tx, origin.clone())?;
    for lane in portal.active() {
        let event = Event {
            place: place.clone(),
            message: message.clone(),
            late: false,
            content: Content::PollClosed { by: None },
        };
        queue::append(tx, &lane, Work::by_bot(event))?;
    }
    summaries::votes(tx, &origin, &portal.active())
}

/// An account turns out to be somebody's: in the votes that are open both have one vote together.
///
/// # Errors
/// [`StoreError`].
pub fn unite(tx: &mut Txn<'_>, account: &Person, person: &Person) -> Result<(), StoreError> {
    for portal in portals::all(tx)? {
        let place = core_place(&portal.room);
        let votes = migration::of(tx, portal.id)?.votes;
        for vote in votes.iter().filter(|vote| vote.counts.is_none()) {
            let message = name(vote.number);
            let Some(mut origin) = messages::origin(tx, &place, &message)? else { continue };
            let secret = tx.meta().secret.clone();
            let voter = |who| keys::voter(&secret, who, (&place, &message));
            let both = (voter(account), voter(person));
            if !origin.poll.as_mut().is_some_and(|poll| poll.unite(both)) {
                continue;
            }
            messages::store_origin(tx, origin.clone())?;
            summaries::votes(tx, &origin, &portal.active())?;
        }
    }
    Ok(())
}
