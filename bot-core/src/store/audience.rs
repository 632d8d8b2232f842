// SPDX-License-Identifier: AGPL-3.0-or-later
//! To which places of a portal an event goes, as its settings say.
//!
//! Rule: what one side decides never comes back from the others, neither as an echo of our own
//! doing nor in another form.

use bridge_model::{
    Author, AuthorKind, ChatChange, Content, Event, MemberChange, Message, MessageKind, Note,
    Person, Place, Service, ServiceClass,
};

use super::txn::Txn;
use super::{StoreError, appearance, blocks, ghosts, keys, messages, people, topics};
use crate::lane::{CORE, Speaker};
use crate::portal::Portal;

/// Who hears of an event, and how.
pub struct Audience {
    /// The lanes.
    pub places: Vec<Place>,
    /// What is said there.
    pub event: Event,
    /// Who says it there.
    pub speaker: Speaker,
}

/// Who hears of `event`, which is new and was heard at `here`: a platform that takes away a copy
/// tells of messages that were said elsewhere.
///
/// # Errors
/// [`StoreError`].
pub fn of(
    tx: &mut Txn<'_>,
    (portal, here, is_topic): (&Portal, &Place, bool),
    mut event: Event,
) -> Result<Audience, StoreError> {
    let mut speaker = Speaker::Author;
    let heard = match &event.content {
        Content::Posted(message) => {
            // Whoever only joins has not spoken.
            if !is_service(message) {
                people::note(tx, portal.id, &event.place, &message.author)?;
            }
            blocks::note_said(tx, portal.id, &event, message)?;
            !is_silent(portal, &event.place, message)
        }
        Content::Pinned => pins(tx, portal, &event, true)?,
        Content::Unpinned => pins(tx, portal, &event, false)?,
        // A pack takes nothing away from anybody, whoever decides what the chats look like.
        Content::ChatChanged { change: change @ ChatChange::Emoji(_), .. } => {
            appearance::learn(tx, &event.place, change)?
        }
        Content::ChatChanged { change, .. } => {
            // A room of a topic gives its name to the topic only.
            !is_topic && appearance::learn(tx, &event.place, change)? && portal.leads(&event.place)
        }
        Content::MemberChanged { who, change } if event.place == portal.room => {
            let notice = coming_and_going(who, *change, tx.now);
            let class = portal.settings.silent.contains(&ServiceClass::Members);
            match notice {
                Some(notice) if !class => {
                    speaker = Speaker::Bot;
                    event.content = Content::Posted(notice);
                    say_once(tx, &event)?
                }
                Some(_) | None => false,
            }
        }
        Content::MemberChanged { who, change } => {
            let places = ghost_is_in(tx, portal, &event.place, (who, *change))?;
            return Ok(Audience { places, event, speaker });
        }
        Content::Edited(_)
        | Content::Deleted { .. }
        | Content::Reacted { .. }
        | Content::Unreacted { .. }
        | Content::ReactionsCleared { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Invited { .. }
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => true,
    };
    let places = match heard {
        true if matches!(event.content, Content::Deleted { .. }) => portal.others_of_deletion(here),
        true => portal.others(here),
        false => Vec::new(),
    };
    Ok(Audience { places, event, speaker })
}

/// Whether a message is nothing but service messages of classes that are switched off. What the
/// others are changed to look like anyway is not told besides. A thread that is opened is always
/// told: its messages hang on that line.
fn is_silent(portal: &Portal, place: &Place, message: &Message) -> bool {
    let silent = |note: &Note| {
        let Note::Service(service) = note else { return false };
        if matches!(service, Service::ThreadOpened { .. }) {
            return false;
        }
        let class = service.class();
        let shown = matches!(class, ServiceClass::Chat | ServiceClass::Pins);
        portal.settings.silent.contains(&class) || (shown && portal.leads(place))
    };
    is_service(message) && message.notes.iter().all(silent)
}

/// Nobody said this: somebody joined, something was pinned.
pub fn is_service(message: &Message) -> bool {
    let bare = message.body.is_empty() && message.media.is_empty() && message.card.is_none();
    bare && message.kind == MessageKind::Notice && !message.notes.is_empty()
}

/// A pin counts once, so that the echo of one of ours ends here. The bot's own notices are pinned
/// in one chat only.
fn pins(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    pinned: bool,
) -> Result<bool, StoreError> {
    let Some(mut origin) = messages::origin(tx, &event.place, &event.message)? else {
        return Ok(false);
    };
    let ours = tx.numbered(origin.place)?.network.as_str() == CORE;
    if ours || !portal.leads(&event.place) || origin.pinned == pinned {
        return Ok(false);
    }
    origin.pinned = pinned;
    messages::store_origin(tx, origin)?;
    Ok(true)
}

/// People of Matrix come and go as a line in the bot's words.
fn coming_and_going(
    who: &Author,
    change: MemberChange,
    now: bridge_model::Timestamp,
) -> Option<Message> {
    let name = who.name.clone();
    let service = match change {
        MemberChange::Joined => Service::Joined { names: vec![name] },
        MemberChange::Left => Service::Left { name, removed: false },
        MemberChange::Profile => return None,
    };
    let mut notice = Message::new(who.clone(), now);
    notice.kind = MessageKind::Notice;
    notice.notes = vec![Note::Service(service)];
    Some(notice)
}

/// Records a line that was made of something else than a message; `false` when that was done
/// before.
fn say_once(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    let Content::Posted(message) = &event.content else { return Ok(false) };
    if messages::find(tx, &event.place, &event.message)?.is_some() {
        return Ok(false);
    }
    messages::begin(tx, &event.place, &event.message, message)?;
    Ok(true)
}

/// The rooms in which a ghost follows what became of its person. A ghost joins when it speaks, never
/// before, so that a large chat makes no storm.
fn ghost_is_in(
    tx: &Txn<'_>,
    portal: &Portal,
    place: &Place,
    (who, change): (&Author, MemberChange),
) -> Result<Vec<Place>, StoreError> {
    if who.kind == AuthorKind::Chat || change == MemberChange::Joined {
        return Ok(Vec::new());
    }
    let person = Person { network: place.network.clone(), user: who.user.clone() };
    let Some(ghost) = ghosts::of(tx, &person)? else { return Ok(Vec::new()) };
    let is_in = |room: &Place| ghost.rooms.contains(&keys::place(room));
    let mut rooms = Vec::from_iter(Some(portal.room.clone()).filter(is_in));
    // One profile is the same in all rooms.
    let one = change == MemberChange::Profile;
    if !(one && rooms.len() == 1) {
        let topics = topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room);
        rooms.extend(topics.filter(is_in).take(if one { 1 } else { usize::MAX }));
    }
    Ok(rooms)
}
