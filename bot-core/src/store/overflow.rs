// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lanes that are full: what people say on is counted there, and not kept.
//!
//! Rule: nothing is left out in silence. The chat that goes on speaking is told once, and the chat
//! that missed something reads how much that was, where it would have stood. A lane that has room
//! costs no look at more than its own record.

use bridge_model::{Author, AuthorKind, Content, Message, MessageKind, Note, Place, UserId};

use super::records::{LeftOut, Overflow};
use super::tables::OVERFLOWS;
use super::txn::Txn;
use super::{StoreError, keys, portals, queue};
use crate::lane::{CORE, Entry, Work};
use crate::portal::Portal;

/// What a lane holds of one kind of entry, as a multiple of its bound: what takes something away
/// or concerns members is kept a while longer than what adds something.
const KEPT_LONGER: u64 = 2;

/// Appends an event to a lane, unless the lane is full.
///
/// # Errors
/// [`StoreError`].
pub fn push(tx: &mut Txn<'_>, entry: Entry) -> Result<(), StoreError> {
    let record = queue::lane(tx, &entry.lane)?;
    let bound = match entry.work.event().map(|event| &event.content) {
        Some(content) if adds(content) => tx.lane_bound,
        Some(_) | None => tx.lane_bound.saturating_mul(KEPT_LONGER),
    };
    let full = record.depth >= bound && !queue::is_urgent(&entry.work)
        || (bound == tx.lane_bound && tx.meta().overflowing > 0 && of(tx, &entry.lane)?.is_some());
    if full { leave_out(tx, &entry, record.depth) } else { queue::push_to(tx, record, entry) }
}

/// Whether more of it makes a chat fuller. What does not is rare, and moderation depends on it.
fn adds(content: &Content) -> bool {
    match content {
        Content::Posted(_)
        | Content::Edited(_)
        | Content::Reacted { .. }
        | Content::Unreacted { .. }
        | Content::Pinned
        | Content::Unpinned => true,
        Content::Deleted { .. }
        | Content::ReactionsCleared { .. }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged
        | Content::PollClosed { .. }
        | Content::Commanded(_)
        | Content::Invited { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Moved { .. }
        | Content::Voted { .. }
        | Content::Counted { .. } => false,
    }
}

fn leave_out(tx: &mut Txn<'_>, entry: &Entry, depth: u64) -> Result<(), StoreError> {
    let lane = &entry.lane;
    // In a lane of the core waits whether something is said about a link; no words are lost.
    let Some(event) = entry.work.event().filter(|_| lane.network.as_str() != CORE) else {
        return Ok(());
    };
    let known = of(tx, lane)?;
    if known.is_none() {
        tx.meta_mut().overflowing = tx.meta().overflowing.saturating_add(1);
        tracing::warn!(network = %lane.network, depth, "a lane is full, what comes is left out");
    }
    let mut overflow = known.unwrap_or_default();
    let now = tx.now;
    let is_message = matches!(event.content, Content::Posted(_));
    if !overflow.left_out.iter().any(|left| left.from == event.place) {
        let (messages, changes) = (0, 0);
        let (from, since, until) = (event.place.clone(), now, now);
        overflow.left_out.push(LeftOut { from, messages, changes, since, until });
        tell_full(tx, &event.place, lane)?;
    }
    for left in overflow.left_out.iter_mut().filter(|left| left.from == event.place) {
        let count = if is_message { &mut left.messages } else { &mut left.changes };
        *count = count.saturating_add(1);
        left.until = now;
    }
    tx.put(&OVERFLOWS, &keys::place(lane), &overflow)
}

/// The lane has `depth` entries left: with a quarter of its room free it is not full any more, and
/// its chat reads what was left out.
///
/// # Errors
/// [`StoreError`].
pub fn drained(tx: &mut Txn<'_>, lane: &Place, depth: u64) -> Result<(), StoreError> {
    if tx.meta().overflowing == 0 || depth > tx.lane_bound / 4 * 3 {
        return Ok(());
    }
    let Some(overflow) = of(tx, lane)? else { return Ok(()) };
    forget(tx, lane)?;
    tracing::info!(network = %lane.network, depth, "a lane has room again");
    let Some(portal) = portals::of(tx, lane)? else { return Ok(()) };
    let notes = overflow.left_out.into_iter().map(|left| Note::LeftOut {
        title: title(&portal, &left.from),
        network: left.from.network,
        messages: left.messages,
        changes: left.changes,
        since: left.since,
        until: left.until,
    });
    say(tx, lane, notes.collect())
}

/// The lane is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, lane: &Place) -> Result<(), StoreError> {
    if tx.meta().overflowing > 0 && of(tx, lane)?.is_some() {
        tx.meta_mut().overflowing = tx.meta().overflowing.saturating_sub(1);
        tx.delete(&OVERFLOWS, &keys::place(lane));
    }
    Ok(())
}

/// The lane goes on under another name.
///
/// # Errors
/// [`StoreError`].
pub fn transfer(tx: &mut Txn<'_>, from: &Place, to: &Place) -> Result<(), StoreError> {
    if tx.meta().overflowing == 0 {
        return Ok(());
    }
    let Some(overflow) = of(tx, from)? else { return Ok(()) };
    tx.delete(&OVERFLOWS, &keys::place(from));
    if of(tx, to)?.is_some() {
        tx.meta_mut().overflowing = tx.meta().overflowing.saturating_sub(1);
    }
    tx.put(&OVERFLOWS, &keys::place(to), &overflow)
}

fn of(tx: &Txn<'_>, lane: &Place) -> Result<Option<Overflow>, StoreError> {
    tx.get(&OVERFLOWS, &keys::place(lane))
}

/// Says in `place`, from which `lane` is fed, that the lane is full.
fn tell_full(tx: &mut Txn<'_>, place: &Place, lane: &Place) -> Result<(), StoreError> {
    let Some(portal) = portals::of(tx, lane)? else { return Ok(()) };
    let (network, title) = (lane.network.clone(), title(&portal, lane));
    say(tx, place, vec![Note::ChatFull { network, title }])
}

/// What the people of a chat call it.
pub fn title(portal: &Portal, place: &Place) -> Option<String> {
    let end = portal.ends.iter().find(|end| end.place == *place);
    end.and_then(|end| end.title.clone())
}

/// The bot's words have no language here: the relay spells the notes when it carries the entry.
///
/// # Errors
/// [`StoreError`].
pub fn say(tx: &mut Txn<'_>, lane: &Place, notes: Vec<Note>) -> Result<(), StoreError> {
    let author = Author {
        user: UserId::from("bot"),
        kind: AuthorKind::Bot,
        name: String::new(),
        username: None,
        avatar: None,
    };
    let message = Message { kind: MessageKind::Notice, notes, ..Message::new(author, tx.now) };
    queue::append(tx, lane, Work::say(lane, None, message))
}
