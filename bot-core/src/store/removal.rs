// SPDX-License-Identifier: AGPL-3.0-or-later
//! Chats that the bot was removed from, or that it cannot read.
//!
//! Rule: silence begins with the transaction that takes the news in, and ends when the bot is let in
//! again; no restart and no error in between changes it. What waited for such a chat is never
//! said there later.

use bridge_model::{Content, Event, MessageId, Place, Timestamp};
use bridge_policy::stage::Stage;

use super::tables::ENTRIES;
use super::topics::{TopicChange, TopicState};
use super::txn::Txn;
use super::{
    Store, StoreError, answers, keys, lane_notes, overflow, portals, queue, silence, standing,
    topics,
};
use crate::lane::{LaneState, Work, core_place};
use crate::migration::Task;
use crate::portal::{EndState, Portal, Readers, Silence};
use crate::refusal::{Refusal, stored};

impl Store {
    /// Makes a lane stand still, or go on with `None`. `then` is appended in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn halt(
        &self,
        lane: &Place,
        why: Option<Refusal>,
        then: Vec<(Place, Work)>,
        now: Timestamp,
    ) -> Result<Vec<Place>, StoreError> {
        let place = lane.clone();
        self.write_at(now, move |tx| {
            let mut record = queue::lane(tx, &place)?;
            record.halted = why.as_ref().map(stored::text);
            queue::store_lane(tx, &record)?;
            lane_notes::halted(tx, &place, why.is_some())?;
            for (place, work) in then {
                queue::append(tx, &place, work)?;
            }
            // Its courier has asked whether the bot is in the room.
            let portal = portals::of(tx, &place)?;
            if portal.is_some_and(|portal| portal.is_matrix(&place)) {
                match why {
                    Some(Refusal::NotInChat) => closed(tx, &place)?,
                    Some(Refusal::Encrypted) => encrypted(tx, &place)?,
                    Some(_) | None => false,
                };
            }
            Ok(tx.touched().to_vec())
        })
        .await
    }

    /// The bot is not in a chat, as the platform says when it is asked. The lanes that got entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_removed(&self, place: &Place) -> Result<Vec<LaneState>, StoreError> {
        let place = place.clone();
        self.write(move |tx| {
            closed(tx, &place)?;
            queue::touched(tx)
        })
        .await
    }

    /// A room is encrypted, and cannot be read. The lanes that got entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_encrypted(&self, room: &Place) -> Result<Vec<LaneState>, StoreError> {
        let room = room.clone();
        self.write(move |tx| {
            encrypted(tx, &room)?;
            queue::touched(tx)
        })
        .await
    }

    /// Who may read a room. The lanes that got entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_readers(
        &self,
        room: &Place,
        everybody: bool,
    ) -> Result<Vec<LaneState>, StoreError> {
        let room = room.clone();
        self.write(move |tx| {
            readers(tx, &room, everybody)?;
            queue::touched(tx)
        })
        .await
    }

    /// An encrypted room can be read from now on. The lanes that got entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_readable(&self, room: &Place) -> Result<Vec<LaneState>, StoreError> {
        let room = room.clone();
        self.write(move |tx| {
            is_back(tx, &room)?;
            queue::append(tx, &core_place(&room), Work::Task(Task::Returned))?;
            queue::touched(tx)
        })
        .await
    }
}

/// The bot was removed from a chat: nothing crosses there any more, and the desk tells those who are
/// left. `false` when that is known.
///
/// # Errors
/// [`StoreError`].
pub fn closed(tx: &mut Txn<'_>, place: &Place) -> Result<bool, StoreError> {
    let Some(portal) = portals::of(tx, place)? else { return Ok(false) };
    // At the end the bot leaves by itself.
    if portal.stage != Stage::Sunset {
        if portal.silence_at(place) == Some(Silence::Removed) {
            return Ok(false);
        }
        fall_silent(tx, (portal, place), Silence::Removed)?;
    }
    tell(tx, place, Content::Closed)?;
    Ok(true)
}

/// A room is encrypted from now on, and the bridge cannot read it. `false` when that is known.
///
/// # Errors
/// [`StoreError`].
pub fn encrypted(tx: &mut Txn<'_>, place: &Place) -> Result<bool, StoreError> {
    if let Some(portal) = portals::of(tx, place)? {
        if matches!(portal.silence_at(place), Some(Silence::Removed | Silence::Encrypted)) {
            return Ok(false);
        }
        fall_silent(tx, (portal, place), Silence::Encrypted)?;
    }
    tell(tx, place, Content::Encrypted)?;
    Ok(true)
}

/// Who may read a room from now on. What everybody can read gets no word of the other chats, unless
/// all sides have agreed to that. `false` when nothing changes.
///
/// # Errors
/// [`StoreError`].
pub fn readers(tx: &mut Txn<'_>, room: &Place, everybody: bool) -> Result<bool, StoreError> {
    let Some(portal) = portals::of(tx, room)? else { return Ok(false) };
    let agreed = portal.settings.readers == Readers::Everybody;
    match (everybody && !agreed, portal.silence_at(room)) {
        (true, None) => fall_silent(tx, (portal, room), Silence::Public)?,
        (false, Some(Silence::Public)) => is_back(tx, room)?,
        (true, Some(_)) | (false, _) => return Ok(false),
    }
    tell(tx, room, Content::ReadersChanged { everybody })?;
    Ok(true)
}

fn tell(tx: &mut Txn<'_>, place: &Place, content: Content) -> Result<(), StoreError> {
    let (place, message) = (place.clone(), MessageId::from(""));
    let lane = core_place(&place);
    queue::append(tx, &lane, Work::of(Event { place, message, late: false, content }))
}

fn fall_silent(
    tx: &mut Txn<'_>,
    (mut portal, place): (Portal, &Place),
    silence: Silence,
) -> Result<(), StoreError> {
    if let Some(topic) = topics::of_room(tx, place)? {
        // The topic goes on in the main room; its own room is a room like any other.
        if topic.state == TopicState::Ready {
            leave_out(tx, place, silence, false)?;
        }
        return topics::change(tx, TopicChange::Declined(topic.end, topic.root));
    }
    if portal.room == *place {
        portal.silence = Some(silence);
        portals::save(tx, &portal)?;
    } else {
        portals::set_state(tx, place, EndState::Severed)?;
    }
    // The head may be under way; whoever carries it sees that nothing is to be said any more.
    leave_out(tx, place, silence, true)
}

/// Takes out of a lane what is not to be said there any more.
fn leave_out(
    tx: &mut Txn<'_>,
    place: &Place,
    kind: Silence,
    keeps_head: bool,
) -> Result<(), StoreError> {
    let waiting = tx.all(&ENTRIES, &keys::place(place))?;
    let next = queue::next(tx, place)?.filter(|_| keeps_head).map(|(entry, _)| entry.id);
    for entry in waiting.iter().skip(usize::from(keeps_head)) {
        if Some(entry.id) != next && !silence::outlives(&entry.work, kind) {
            queue::withdraw(tx, entry)?;
        }
    }
    overflow::forget(tx, place)?;
    answers::transfer(tx, place, None)?;
    queue::go_on(tx, place).map(drop)
}

/// What is heard in a chat from which the bot was removed shows whether it is there again: then the
/// end is active, and the desk says so. The portal as it is now; `None` when the event counts for
/// nothing.
///
/// # Errors
/// [`StoreError`].
pub fn hear(
    tx: &mut Txn<'_>,
    portal: Portal,
    event: &Event,
) -> Result<Option<(Portal, bool)>, StoreError> {
    let place = &event.place;
    match portal.silence_at(place) {
        None => {}
        // Our accounts may be there for a while; what they hear is not for the others. But what was
        // taken back is taken back.
        Some(_) if *place == portal.room => {
            let deleted = matches!(event.content, Content::Deleted { .. });
            return Ok(deleted.then_some((portal, false)));
        }
        Some(_) if !proves_presence(&event.content) => return Ok(None),
        Some(_) => {
            is_back(tx, place)?;
            queue::append(tx, &core_place(place), Work::Task(Task::Returned))?;
            let portal = portals::of(tx, place)?;
            return Ok(portal.map(|portal| (portal, true)));
        }
    }
    let goes_on = queue::go_on(tx, place)?;
    Ok(Some((portal, goes_on)))
}

/// Votes in the bot's own polls come also from chats that it is not in.
fn proves_presence(content: &Content) -> bool {
    !matches!(content, Content::Voted { .. } | Content::Counted { .. } | Content::PollClosed { .. })
}

/// The bot is in a chat again: nothing of what waited is said, and everything new crosses.
///
/// # Errors
/// [`StoreError`].
pub fn is_back(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    let Some(mut portal) = portals::of(tx, place)? else { return Ok(()) };
    let silence = portal.silence_at(place).unwrap_or(Silence::Removed);
    leave_out(tx, place, silence, false)?;
    if portal.room == *place {
        portal.silence = None;
        portals::save(tx, &portal)?;
    } else {
        portals::set_state(tx, place, EndState::Active)?;
    }
    standing::renew(tx, &portal)
}
