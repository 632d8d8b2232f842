// SPDX-License-Identifier: AGPL-3.0-or-later
//! Albums: files that came as several messages and are shown as one.
//!
//! Rule: each message keeps its own record, so that it is answered, edited and taken away by
//! itself; only the lane entry is one. What joins an entry joins it before anybody carries it.

use bridge_model::{Content, Event, Message, MessageId, Place, Timestamp};

use super::txn::Txn;
use super::{StoreError, messages, overflow, queue, subject};
use crate::lane::{ALBUM_GRACE_MS, ALBUM_LONGEST_MS, Album, Entry, Member, Relayed, Work};
use crate::order::{EntryId, Part};

/// Hands a message of an album on to a lane: to the entry of the same album that still waits
/// there, else as an entry that waits for others. `false` when it is no part of an album.
///
/// # Errors
/// [`StoreError`].
pub fn append(tx: &mut Txn<'_>, lane: &Place, relayed: &Relayed) -> Result<bool, StoreError> {
    let Event { place, message: id, content, .. } = &relayed.event;
    let Content::Posted(message) = content else { return Ok(false) };
    let Some(subject) = subject::album(place, message) else { return Ok(false) };
    let member = Member {
        message: id.clone(),
        files: u32::try_from(message.media.len()).unwrap_or(u32::MAX),
    };
    if let Some(mut entry) = queue::waiting(tx, lane, &subject)?
        && join(&mut entry, &member, message, tx.now)
    {
        queue::put(tx, &entry)?;
        tx.touch(lane);
        return Ok(true);
    }
    let open_until = Some(Timestamp(tx.now.0.saturating_add(ALBUM_GRACE_MS)));
    let album = Some(Album { begun: tx.now, open_until, members: vec![member] });
    let work = Relayed { album, ..relayed.clone() }.into();
    overflow::push(tx, Entry::new(lane.clone(), work))?;
    Ok(true)
}

/// Adds a message to an entry; `false` when it came too late.
fn join(entry: &mut Entry, member: &Member, message: &Message, now: Timestamp) -> bool {
    if entry.waits(now).is_none() {
        return false;
    }
    let Work::Relay(relayed) = &mut entry.work else { return false };
    let (Some(album), Content::Posted(whole)) = (&mut relayed.album, &mut relayed.event.content)
    else {
        return false;
    };
    album.members.push(member.clone());
    let longest = album.begun.0.saturating_add(ALBUM_LONGEST_MS);
    let until = now.0.saturating_add(ALBUM_GRACE_MS).min(longest);
    album.open_until = Some(Timestamp(until));
    let Message { body, media, reply_to, card, notes, thread, forwarded, also, .. } =
        message.clone();
    whole.media.extend(media);
    whole.body.append(body);
    whole.notes.extend(notes);
    whole.also.extend(also);
    whole.reply_to = whole.reply_to.take().or(reply_to);
    whole.card = whole.card.take().or(card);
    whole.thread = whole.thread.take().or(thread);
    whole.forwarded = whole.forwarded.take().or(forwarded);
    true
}

/// Lets nothing more join the head of a lane nor take it away, if that is still `entry`.
///
/// # Errors
/// [`StoreError`].
pub fn close(tx: &mut Txn<'_>, lane: &Place, entry: EntryId) -> Result<(), StoreError> {
    let open = queue::first(tx, lane)?.filter(|head| head.id == entry && head.is_open());
    let Some(mut head) = open else { return Ok(()) };
    if let Work::Relay(relayed) = &mut head.work {
        if let Some(album) = &mut relayed.album {
            album.open_until = None;
        }
        relayed.held_until = None;
        queue::put(tx, &head)?;
    }
    Ok(())
}

/// Stores which parts each message of an entry has in the lane.
///
/// # Errors
/// [`StoreError`].
pub fn set_copies(
    tx: &mut Txn<'_>,
    lane: &Place,
    relayed: &Relayed,
    parts: &[Part],
) -> Result<(), StoreError> {
    let event = &relayed.event;
    let members = relayed.album.as_ref().map_or(&[][..], |album| &album.members);
    if members.len() < 2 {
        return messages::set_copy(tx, (&event.place, &event.message), lane, (parts, &[]));
    }
    let (portions, shared) = portions(members, parts);
    for (member, portion) in members.iter().zip(portions) {
        let here = (&event.place, &member.message);
        messages::set_copy(tx, here, lane, (&portion, &shared))?;
    }
    Ok(())
}

/// The parts of each message. Where every file became a part of its own, a message has the parts of
/// its files, and the first one has the text too. Else all have all files, and share them.
fn portions(members: &[Member], parts: &[Part]) -> (Vec<Vec<Part>>, Vec<MessageId>) {
    let (files, text): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| part.media);
    let wanted: usize = members.iter().map(files_of).sum();
    let mut portions = Vec::new();
    if files.len() == wanted {
        let mut rest = files.iter();
        for (at, member) in members.iter().enumerate() {
            let own: Vec<&Part> = rest.by_ref().take(files_of(member)).copied().collect();
            let is_own = |part: &&Part| own.contains(part) || (at == 0 && text.contains(part));
            portions.push(parts.iter().filter(is_own).cloned().collect());
        }
        return (portions, Vec::new());
    }
    for at in 0..members.len() {
        let all = at == 0 || files.is_empty();
        portions.push(parts.iter().filter(|part| all || part.media).cloned().collect());
    }
    (portions, members.iter().map(|member| member.message.clone()).collect())
}

fn files_of(member: &Member) -> usize {
    usize::try_from(member.files).unwrap_or(usize::MAX)
}

/// The other messages whose files go when `message`, a copy that several share, is taken away.
///
/// # Errors
/// [`StoreError`].
pub fn sharing(
    tx: &mut Txn<'_>,
    place: &Place,
    message: &MessageId,
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let Some(origin) = messages::origin(tx, place, message)? else { return Ok(Vec::new()) };
    let (number, home) = (tx.number(place)?, tx.numbered(origin.place)?);
    let here = origin.copies.into_iter().find(|copy| copy.place == number);
    let shared = here.map(|copy| copy.shared).unwrap_or_default();
    let others = shared.into_iter().filter(|other| *other != origin.message);
    Ok(others.map(|other| (home.clone(), other)).collect())
}

/// Notes that an album stays in its own chat, because one of its messages says so.
///
/// # Errors
/// [`StoreError`].
pub fn keep(tx: &mut Txn<'_>, place: &Place, message: &Message) -> Result<(), StoreError> {
    match kept(place, message) {
        Some(key) => messages::note_once(tx, &place.network, &key),
        None => Ok(()),
    }
}

/// The album stays in its own chat.
///
/// # Errors
/// [`StoreError`].
pub fn is_kept(tx: &mut Txn<'_>, place: &Place, message: &Message) -> Result<bool, StoreError> {
    kept(place, message).map_or(Ok(false), |key| messages::is_noted(tx, &place.network, &key))
}

/// Notes that an album crosses, so that its other files go with it.
///
/// # Errors
/// [`StoreError`].
pub fn begin(tx: &mut Txn<'_>, place: &Place, message: &Message) -> Result<(), StoreError> {
    match named("crosses", place, message) {
        Some(key) => messages::note_once(tx, &place.network, &key),
        None => Ok(()),
    }
}

/// What is to happen to a file was decided with another one of its album.
///
/// # Errors
/// [`StoreError`].
pub fn goes_on(tx: &mut Txn<'_>, place: &Place, message: &Message) -> Result<bool, StoreError> {
    let Some(key) = named("crosses", place, message) else { return Ok(false) };
    Ok(messages::is_noted(tx, &place.network, &key)? || is_kept(tx, place, message)?)
}

/// One part of a copy was taken away, and the rest still stands there.
///
/// # Errors
/// [`StoreError`].
pub fn parts_are_left(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    if !matches!(event.content, Content::Deleted { .. }) {
        return Ok(false);
    }
    let Some(origin) = messages::origin(tx, &event.place, &event.message)? else {
        return Ok(false);
    };
    let here = tx.number(&event.place)?;
    let mut copies = origin.copies.iter().filter(|copy| copy.place == here);
    Ok(origin.place != here && copies.any(|copy| copy.parts.len() > 1))
}

fn kept(place: &Place, message: &Message) -> Option<String> {
    named("stays", place, message)
}

fn named(what: &str, place: &Place, message: &Message) -> Option<String> {
    let album = message.album.as_deref()?;
    Some(format!("{what}/{}/{}/{album}", place.chat.as_str(), message.author.user.as_str()))
}
