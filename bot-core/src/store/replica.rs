// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is known of a message, as everybody outside the store sees it.
//!
//! Rule: numbers of places are the store's own; here they become places again.

use bridge_model::{Content, Event, MessageId, Place};

use super::records::{CopyRecord, Origin, ReactionRecord};
use super::txn::Txn;
use super::{Store, StoreError, messages, queue};
use crate::lane::{Entry, KnownPoll, KnownReaction, MessageCopy, Replica};

impl Store {
    /// What is known of a message, whichever of its copies is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_replica(
        &self,
        place: &Place,
        message: &MessageId,
    ) -> Result<Option<Replica>, StoreError> {
        let (place, message) = (place.clone(), message.clone());
        self.glance(move |tx| find(tx, &place, &message)).await
    }

    /// The edits of a message that wait in a lane, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_edits(
        &self,
        lane: &Place,
        event: &Event,
    ) -> Result<Vec<Entry>, StoreError> {
        let (lane, event) = (lane.clone(), event.clone());
        self.glance(move |tx| waiting_edits(tx, &lane, &event)).await
    }
}

/// What is known of a message, whichever of its copies is named.
///
/// # Errors
/// [`StoreError`].
pub fn find(
    tx: &Txn<'_>,
    place: &Place,
    message: &MessageId,
) -> Result<Option<Replica>, StoreError> {
    let Some(origin) = messages::origin(tx, place, message)? else { return Ok(None) };
    let mut copies = Vec::new();
    for CopyRecord { place, parts, shared } in origin.copies.clone() {
        copies.push(MessageCopy { place: tx.numbered(place)?, parts, shared });
    }
    let poll = poll(tx, &origin)?;
    let mut reactions = Vec::new();
    for ReactionRecord { by, reaction, live, events: known, refused: cannot } in origin.reactions {
        let mut events = Vec::new();
        for (number, event) in known {
            events.push((tx.numbered(number)?, event));
        }
        let refused = cannot.into_iter().map(|number| tx.numbered(number));
        let refused = refused.collect::<Result<_, _>>()?;
        reactions.push(KnownReaction { by, reaction, live, events, refused });
    }
    Ok(Some(Replica {
        origin: tx.numbered(origin.place)?,
        message: origin.message,
        author: origin.author,
        deleted: origin.deleted,
        words: origin.words,
        copies,
        reactions,
        poll,
    }))
}

fn poll(tx: &Txn<'_>, origin: &Origin) -> Result<Option<KnownPoll>, StoreError> {
    let Some(poll) = &origin.poll else { return Ok(None) };
    let votes = poll.sums().into_iter().map(|(number, sums)| Ok((tx.numbered(number)?, sums)));
    Ok(Some(KnownPoll {
        answers: poll.answers.iter().map(|(_, text)| text.clone()).collect(),
        disclosed: poll.disclosed,
        closed: poll.closed,
        votes: votes.collect::<Result<_, StoreError>>()?,
    }))
}

/// The edits of a message that wait in `lane`, in order. Only a message whose newest
/// version is another one has some, so that no other lane is searched.
///
/// # Errors
/// [`StoreError`].
pub fn waiting_edits(tx: &Txn<'_>, lane: &Place, event: &Event) -> Result<Vec<Entry>, StoreError> {
    let (Content::Posted(first) | Content::Edited(first)) = &event.content else {
        return Ok(Vec::new());
    };
    let here = (&event.place, &event.message);
    let Some(newest) = messages::origin(tx, here.0, here.1)? else { return Ok(Vec::new()) };
    if newest.digest == messages::digest(first)? && newest.media == messages::media_digest(first)? {
        return Ok(Vec::new());
    }
    queue::waiting_edits(tx, lane, here)
}
