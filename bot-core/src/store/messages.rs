// SPDX-License-Identifier: AGPL-3.0-or-later
//! The message map: which message is a copy of which.
//!
//! Rule: the origin's record holds everything; a copy's record only points to it. Both stay in
//! the week in which they were made, so that retention drops whole weeks.

use bridge_model::{
    Alias, Content, Event, Message, MessageId, NetworkId, Person, Place, Reaction, UserId,
};
use sha2::{Digest, Sha256};

use super::records::{CopyRecord, Fingerprint, MessageRecord, Origin, PollRecord, ReactionRecord};
use super::tables::{MESSAGES, ONCE};
use super::txn::Txn;
use super::{StoreError, codec, keys};
use crate::order::Part;

/// Finds a record and the week it is in.
fn locate(tx: &Txn<'_>, hash: &keys::Hash) -> Result<Option<(u16, MessageRecord)>, StoreError> {
    let buckets = tx.meta().buckets.clone();
    for bucket in buckets.into_iter().rev() {
        if let Some(record) = tx.get(&MESSAGES, &(bucket, *hash))? {
            return Ok(Some((bucket, record)));
        }
    }
    Ok(None)
}

/// What is known of an id.
///
/// # Errors
/// [`StoreError`].
pub fn find(
    tx: &Txn<'_>,
    place: &Place,
    message: &MessageId,
) -> Result<Option<MessageRecord>, StoreError> {
    Ok(locate(tx, &keys::message(place, message))?.map(|(_, record)| record))
}

/// Stores what is known of an id, in the week where it is or in this one.
///
/// # Errors
/// [`StoreError`].
pub fn store(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &MessageId,
    record: &MessageRecord,
) -> Result<(), StoreError> {
    let hash = keys::message(place, message);
    let bucket = match locate(tx, &hash)? {
        Some((bucket, _)) => bucket,
        None => this_week(tx),
    };
    tx.put(&MESSAGES, &(bucket, hash), record)
}

/// The bucket of now, which is kept from now on.
pub(super) fn this_week(tx: &mut Txn<'_>) -> u16 {
    let bucket = keys::bucket(tx.now);
    keep(tx, bucket);
    bucket
}

fn keep(tx: &mut Txn<'_>, bucket: u16) {
    let buckets = &mut tx.meta_mut().buckets;
    if let Err(at) = buckets.binary_search(&bucket) {
        buckets.insert(at, bucket);
    }
}

/// The record of a new message.
///
/// # Errors
/// [`StoreError`].
pub fn begin(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &MessageId,
    content: &Message,
) -> Result<(), StoreError> {
    let record = fresh(tx, (place, message), content)?;
    store(tx, place, message, &record)
}

/// The record of something that is said once and edited ever after: no week takes it along.
///
/// # Errors
/// [`StoreError`].
pub fn begin_for_ever(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &MessageId,
    content: &Message,
) -> Result<(), StoreError> {
    let record = fresh(tx, (place, message), content)?;
    keep(tx, keys::FOR_EVER);
    tx.put(&MESSAGES, &(keys::FOR_EVER, keys::message(place, message)), &record)
}

fn fresh(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    content: &Message,
) -> Result<MessageRecord, StoreError> {
    Ok(MessageRecord::Origin(Origin {
        place: tx.number(place)?,
        message: message.clone(),
        author: content.author.user.clone(),
        digest: digest(content)?,
        media: media_digest(content)?,
        words: !content.body.is_empty(),
        deleted: false,
        pinned: false,
        copies: Vec::new(),
        reactions: Vec::new(),
        poll: PollRecord::begin(content),
        room: None,
    }))
}

/// Hash over what people see of a message besides its files.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be written.
pub fn digest(message: &Message) -> Result<Fingerprint, StoreError> {
    let bytes = codec::to_fingerprint(&(&message.body, &message.card, &message.notes))?;
    Ok(cut(&bytes))
}

/// Hash over the files of a message. What stands behind a `?` in an address is no part of it:
/// Discord signs its addresses anew each time.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be written.
pub fn media_digest(message: &Message) -> Result<Fingerprint, StoreError> {
    let files = message.media.iter().map(|media| {
        let address = media.handle.reference.split('?').next().unwrap_or_default();
        (&media.handle.network, address, media.spoiler)
    });
    let bytes = codec::to_fingerprint(&files.collect::<Vec<_>>())?;
    Ok(cut(&bytes))
}

/// Whether a message has files.
///
/// # Errors
/// [`StoreError::Damaged`] when nothing can be hashed.
pub fn has_media(origin: &Origin) -> Result<bool, StoreError> {
    let none: [(); 0] = [];
    Ok(origin.media != cut(&codec::to_fingerprint(&none.to_vec())?))
}

fn cut(bytes: &[u8]) -> Fingerprint {
    let mut cut = Fingerprint::default();
    for (to, from) in cut.iter_mut().zip(Sha256::digest(bytes)) {
        *to = from;
    }
    cut
}

/// The origin behind an id, wherever it is a copy or the origin itself.
///
/// # Errors
/// [`StoreError`].
pub fn origin(
    tx: &Txn<'_>,
    place: &Place,
    message: &MessageId,
) -> Result<Option<Origin>, StoreError> {
    let mut known = find(tx, place, message)?;
    // Another name leads to a message or a copy, a copy to its origin.
    for _ in 0..3 {
        let (place, message) = match known {
            Some(MessageRecord::Origin(origin)) => return Ok(Some(origin)),
            Some(MessageRecord::Copy(number, message) | MessageRecord::Alias(number, message)) => {
                (tx.numbered(number)?, message)
            }
            Some(MessageRecord::Reaction { .. } | MessageRecord::Command) | None => break,
        };
        known = find(tx, &place, &message)?;
    }
    Ok(None)
}

/// Notes that a message was taken away; what was known of it, when that is new.
///
/// # Errors
/// [`StoreError`].
pub fn take_away(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
) -> Result<Option<Origin>, StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(None) };
    if origin.deleted {
        return Ok(None);
    }
    origin.deleted = true;
    store_origin(tx, origin.clone())?;
    Ok(Some(origin))
}

/// Notes that what was taken away is there again: a summary that is said anew.
///
/// # Errors
/// [`StoreError`].
pub fn bring_back(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
) -> Result<(), StoreError> {
    match origin(tx, place, message)? {
        Some(origin) if origin.deleted => store_origin(tx, Origin { deleted: false, ..origin }),
        Some(_) | None => Ok(()),
    }
}

/// Stores other names of a message that stands at `place`.
///
/// # Errors
/// [`StoreError`].
pub fn name(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    also: &[Alias],
) -> Result<(), StoreError> {
    let number = tx.number(place)?;
    for alias in also {
        let named = Place { network: place.network.clone(), chat: alias.chat.clone() };
        if find(tx, &named, &alias.message)?.is_none() {
            let record = MessageRecord::Alias(number, message.clone());
            store(tx, &named, &alias.message, &record)?;
        }
    }
    Ok(())
}

/// The event at the place where its message stands, under the id that it has there. A new message
/// is what it is, and a name that is taken away leaves the message.
///
/// # Errors
/// [`StoreError`].
pub fn under_its_own_name(tx: &mut Txn<'_>, event: Event) -> Result<Event, StoreError> {
    if matches!(event.content, Content::Posted(_) | Content::Deleted { .. }) {
        return Ok(event);
    }
    match find(tx, &event.place, &event.message)? {
        Some(MessageRecord::Alias(number, message)) => {
            Ok(Event { place: tx.numbered(number)?, message, ..event })
        }
        Some(
            MessageRecord::Origin(_)
            | MessageRecord::Copy(..)
            | MessageRecord::Reaction { .. }
            | MessageRecord::Command,
        )
        | None => Ok(event),
    }
}

/// Stores a changed origin.
///
/// # Errors
/// [`StoreError`].
pub fn store_origin(tx: &mut Txn<'_>, origin: Origin) -> Result<(), StoreError> {
    let place = tx.numbered(origin.place)?;
    let message = origin.message.clone();
    store(tx, &place, &message, &MessageRecord::Origin(origin))
}

/// Stores the parts that a message now has in `lane`; none take the copy away. `shared` are the
/// messages that have these parts together, as long as the copy is not known yet.
///
/// # Errors
/// [`StoreError`].
pub fn set_copy(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    lane: &Place,
    (parts, shared): (&[Part], &[MessageId]),
) -> Result<(), StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(()) };
    let number = tx.number(lane)?;
    for part in parts {
        // A part that several messages share stands for the first of them.
        if find(tx, lane, &part.id)?.is_none() {
            let copy = MessageRecord::Copy(origin.place, origin.message.clone());
            store(tx, lane, &part.id, &copy)?;
        }
    }
    let known = origin.copies.iter().position(|copy| copy.place == number);
    let known = known.map(|at| origin.copies.remove(at));
    if !parts.is_empty() {
        let shared = known.map_or_else(|| shared.to_vec(), |copy| copy.shared);
        origin.copies.push(CopyRecord { place: number, parts: parts.to_vec(), shared });
    }
    store_origin(tx, origin)
}

/// Notes that `by` reacted; `false` when that is known already or the message is not.
///
/// # Errors
/// [`StoreError`].
pub fn react(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    by: &Person,
    reaction: &Reaction,
) -> Result<bool, StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(false) };
    let known = origin.reactions.iter_mut();
    match known.into_iter().find(|known| known.by == *by && known.reaction == *reaction) {
        Some(known) if known.live => return Ok(false),
        Some(known) => known.live = true,
        None => origin.reactions.push(ReactionRecord {
            by: by.clone(),
            reaction: reaction.clone(),
            live: true,
            events: Vec::new(),
            refused: Vec::new(),
        }),
    }
    store_origin(tx, origin)?;
    Ok(true)
}

/// Notes that `by` took a reaction back; `false` when there was none.
///
/// # Errors
/// [`StoreError`].
pub fn unreact(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    by: &Person,
    reaction: &Reaction,
) -> Result<bool, StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(false) };
    let known = origin.reactions.iter_mut();
    match known.into_iter().find(|known| known.by == *by && known.reaction == *reaction) {
        Some(known) if known.live => known.live = false,
        Some(_) | None => return Ok(false),
    }
    store_origin(tx, origin)?;
    Ok(true)
}

/// Notes that the platform of `place` took reactions of its people away; answers with them, in the
/// order in which they were given.
///
/// # Errors
/// [`StoreError`].
pub fn clear_reactions(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    only: Option<&Reaction>,
) -> Result<Vec<(UserId, Reaction)>, StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(Vec::new()) };
    let mut gone = Vec::new();
    for known in &mut origin.reactions {
        let named = only.is_none_or(|only| only.is_same(&known.reaction));
        if known.live && named && known.by.network == place.network {
            known.live = false;
            gone.push((known.by.user.clone(), known.reaction.clone()));
        }
    }
    if !gone.is_empty() {
        store_origin(tx, origin)?;
    }
    Ok(gone)
}

/// Stores which event stands for a reaction in `lane`, or with `None` that none does any more.
///
/// # Errors
/// [`StoreError`].
pub fn set_reaction_event(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    (by, reaction): (&Person, &Reaction),
    (lane, event): (&Place, Option<&MessageId>),
) -> Result<(), StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(()) };
    let number = tx.number(lane)?;
    let is_it = |known: &ReactionRecord| known.by == *by && known.reaction == *reaction;
    // Other lanes may have made it and taken it back before this one made it.
    if event.is_some() && !origin.reactions.iter().any(is_it) {
        let (by, reaction) = (by.clone(), reaction.clone());
        origin.reactions.push(ReactionRecord {
            by,
            reaction,
            live: false,
            events: Vec::new(),
            refused: Vec::new(),
        });
    }
    for known in origin.reactions.iter_mut().filter(|known| is_it(known)) {
        known.events.retain(|(place, _)| *place != number);
        known.events.extend(event.map(|event| (number, event.clone())));
    }
    origin.reactions.retain(|known| known.live || !known.events.is_empty());
    store_origin(tx, origin)
}

/// Notes that `lane` cannot show a reaction.
///
/// # Errors
/// [`StoreError`].
pub fn refuse_reaction(
    tx: &mut Txn<'_>,
    (place, message): (&Place, &MessageId),
    (by, reaction): (&Person, &Reaction),
    lane: &Place,
) -> Result<(), StoreError> {
    let Some(mut origin) = origin(tx, place, message)? else { return Ok(()) };
    let number = tx.number(lane)?;
    for known in &mut origin.reactions {
        if known.by == *by && known.reaction == *reaction && !known.refused.contains(&number) {
            known.refused.push(number);
        }
    }
    store_origin(tx, origin)
}

/// Whether a mark that counts once was noted.
///
/// # Errors
/// [`StoreError`].
pub fn is_noted(tx: &mut Txn<'_>, network: &NetworkId, mark: &str) -> Result<bool, StoreError> {
    let name = keys::hash(&[network.as_str(), mark]);
    for week in tx.meta().buckets.clone() {
        if tx.get(&ONCE, &(week, name))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes a mark that counts once.
///
/// # Errors
/// [`StoreError`].
pub fn note_once(tx: &mut Txn<'_>, network: &NetworkId, mark: &str) -> Result<(), StoreError> {
    let week = this_week(tx);
    tx.put(&ONCE, &(week, keys::hash(&[network.as_str(), mark])), &())
}

/// Whether `user` of the network of `place` wrote `origin`.
///
/// # Errors
/// [`StoreError`].
pub fn wrote(
    tx: &Txn<'_>,
    origin: &Origin,
    place: &Place,
    user: &UserId,
) -> Result<bool, StoreError> {
    Ok(tx.numbered(origin.place)? == *place && origin.author == *user)
}
