// SPDX-License-Identifier: AGPL-3.0-or-later
//! Topics and threads that have a Matrix room of their own, where the people of a portal want that.
//!
//! Rule: a topic is in one room for ever. Until its room is made, what is said in it waits in a
//! lane under a made-up id, in order; then the lane goes on under the room's.

use bridge_model::{ChatChange, Content, ContentClass, Event, MessageId, Place, Thread};

use super::keys::Everything;
use super::records::{MessageRecord, Origin};
pub use super::records::{Topic, TopicState};
use super::tables::{TOPIC_ROOMS, TOPICS};
use super::txn::Txn;
use super::{Store, StoreError, answers, appearance, keys, messages, overflow, portals, queue};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::portal::{Portal, PortalId, Threads};

/// Begins the chat id of a room that is not made yet.
pub const WAITING: &str = "topic:";

impl Store {
    /// The topic that hangs on a message, if it has a room or gets one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn topic(&self, end: &Place, root: &MessageId) -> Result<Option<Topic>, StoreError> {
        let (end, root) = (end.clone(), root.clone());
        self.read(move |tx| of_root(tx, &end, &root)).await
    }

    /// The topic that a room is for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn topic_of_room(&self, room: &Place) -> Result<Option<Topic>, StoreError> {
        let room = room.clone();
        self.glance(move |tx| of_room(tx, &room)).await
    }

    /// All topics of all portals that have rooms or get some.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_topics(&self) -> Result<Vec<Topic>, StoreError> {
        self.glance(every).await
    }

    /// Those of one portal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn topics(&self, portal: PortalId) -> Result<Vec<Topic>, StoreError> {
        self.read(move |tx| all(tx, portal)).await
    }
}
/// What a topic's room calls the message that the topic hangs on.
const ROOT: &str = "topic-root";

/// What becomes of a topic's room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicChange {
    /// The room is there.
    Ready(Place, MessageId, Place),
    /// There is none.
    Declined(Place, MessageId),
    /// The bot was let into the room again, from which it was removed.
    Again(Place, MessageId),
}

/// The topic that hangs on a message.
///
/// # Errors
/// [`StoreError`].
pub fn of_root(tx: &Txn<'_>, end: &Place, root: &MessageId) -> Result<Option<Topic>, StoreError> {
    tx.get(&TOPICS, &keys::message(end, root))
}

/// The topic that a room is for.
///
/// # Errors
/// [`StoreError`].
pub fn of_room(tx: &Txn<'_>, room: &Place) -> Result<Option<Topic>, StoreError> {
    let root = tx.get(&TOPIC_ROOMS, &keys::place(room))?;
    root.map_or(Ok(None), |root| tx.get(&TOPICS, &root))
}

/// All topics of all portals.
///
/// # Errors
/// [`StoreError`].
pub fn every(tx: &Txn<'_>) -> Result<Vec<Topic>, StoreError> {
    tx.all(&TOPICS, &Everything)
}

/// All topics of a portal.
///
/// # Errors
/// [`StoreError`].
pub fn all(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Topic>, StoreError> {
    let mut topics = every(tx)?;
    topics.retain(|topic| topic.portal == portal);
    Ok(topics)
}

fn save(tx: &mut Txn<'_>, topic: &Topic) -> Result<(), StoreError> {
    let hash = keys::message(&topic.end, &topic.root);
    tx.put(&TOPIC_ROOMS, &keys::place(&topic.room), &hash)?;
    tx.put(&TOPICS, &hash, topic)
}

/// What is said in a topic's room is said in the topic.
pub fn enter(mut event: Event) -> Event {
    if let Content::Posted(message) | Content::Edited(message) = &mut event.content {
        // A thread inside of the room is a conversation in the topic.
        if let Some(thread) = message.thread.take()
            && message.reply_to.is_none()
        {
            message.reply_to = Some(bridge_model::Reply::to(thread.root));
        }
        message.thread = Some(Thread { root: MessageId::from(ROOT), name: None });
    }
    event
}

/// The places that hear of an event, with the topic's room in place of the main one where the event
/// belongs to a topic.
///
/// # Errors
/// [`StoreError`].
pub fn redirect(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    mut places: Vec<Place>,
) -> Result<Vec<Place>, StoreError> {
    if !places.contains(&portal.room) {
        return Ok(places);
    }
    let mut room = None;
    if let Content::Posted(message) = &event.content {
        if let Some(thread) = message.thread.as_ref().filter(|it| it.root != event.message) {
            room = posted(tx, portal, event, thread)?;
        }
    } else if event.content.class() == ContentClass::AboutMessage
        || matches!(event.content, Content::Edited(_))
    {
        let origin = messages::origin(tx, &event.place, &event.message)?;
        room = room_of(tx, origin.as_ref())?;
    }
    if let Some(room) = room {
        in_its_place(&mut places, portal, &room);
    }
    Ok(places)
}

fn in_its_place(places: &mut [Place], portal: &Portal, room: &Place) {
    for place in places.iter_mut().filter(|place| **place == portal.room) {
        *place = room.clone();
    }
}

/// The others of a portal that hear what happens to a message.
///
/// # Errors
/// [`StoreError`].
pub fn others(
    tx: &mut Txn<'_>,
    (portal, here): (&Portal, &Place),
    origin: &Origin,
) -> Result<Vec<Place>, StoreError> {
    let room = room_of(tx, Some(origin))?.unwrap_or_else(|| portal.room.clone());
    let mut places = portal.others(here);
    in_its_place(&mut places, portal, &room);
    places.retain(|place| place != here);
    Ok(places)
}

/// The topic's room that a message is in.
fn room_of(tx: &Txn<'_>, origin: Option<&Origin>) -> Result<Option<Place>, StoreError> {
    let Some(origin) = origin else { return Ok(None) };
    if let Some(number) = origin.room {
        return tx.numbered(number).map(Some);
    }
    let home = tx.numbered(origin.place)?;
    Ok(of_room(tx, &home)?.map(|topic| topic.room))
}

fn posted(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: &Event,
    thread: &Thread,
) -> Result<Option<Place>, StoreError> {
    if portal.settings.threads != Threads::Rooms {
        return Ok(None);
    }
    let topic = match of_root(tx, &event.place, &thread.root)? {
        Some(topic) => topic,
        None => open(tx, portal, &event.place, thread)?,
    };
    if topic.state == TopicState::Declined {
        return Ok(None);
    }
    if let Some(mut origin) = messages::origin(tx, &event.place, &event.message)? {
        origin.room = Some(tx.number(&topic.room)?);
        messages::store_origin(tx, origin)?;
    }
    Ok(Some(topic.room))
}

fn open(
    tx: &mut Txn<'_>,
    portal: &Portal,
    end: &Place,
    thread: &Thread,
) -> Result<Topic, StoreError> {
    let hash = keys::message(end, &thread.root);
    let id: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let topic = Topic {
        portal: portal.id,
        end: end.clone(),
        root: thread.root.clone(),
        name: thread.name.clone(),
        room: Place::new(portal.room.network.as_str(), format!("{WAITING}{id}").as_str()),
        state: TopicState::Coming,
    };
    save(tx, &topic)?;
    let task = Task::Room(end.clone(), thread.root.clone());
    let work = Work::Task(task);
    queue::append(tx, &core_place(&portal.room), work)?;
    Ok(topic)
}

/// Carries out what became of a topic's room; the lane of what waited for it goes on.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: TopicChange) -> Result<(), StoreError> {
    match change {
        TopicChange::Ready(end, root, room) => ready(tx, &end, &root, room),
        TopicChange::Again(end, root) => {
            let known = of_root(tx, &end, &root)?;
            let Some(mut topic) = known.filter(|it| it.state == TopicState::Declined) else {
                return Ok(());
            };
            topic.state = TopicState::Ready;
            portals::speaks_for(tx, &topic.room, topic.portal)?;
            save(tx, &topic)
        }
        TopicChange::Declined(end, root) => {
            let Some(mut topic) = of_root(tx, &end, &root)? else { return Ok(()) };
            let Some(portal) = portals::numbered(tx, topic.portal)? else { return Ok(()) };
            let from = topic.room.clone();
            if topic.state == TopicState::Coming {
                tx.renumber(&from, &portal.room)?;
            }
            topic.state = TopicState::Declined;
            save(tx, &topic)?;
            portals::speaks_no_more(tx, &from);
            overflow::transfer(tx, &from, &portal.room)?;
            answers::transfer(tx, &from, Some(&portal.room))?;
            queue::transfer(tx, &from, &portal.room)
        }
    }
}

fn ready(tx: &mut Txn<'_>, end: &Place, root: &MessageId, room: Place) -> Result<(), StoreError> {
    let Some(mut topic) = of_root(tx, end, root)? else { return Ok(()) };
    if topic.state != TopicState::Coming {
        return Ok(());
    }
    let from = std::mem::replace(&mut topic.room, room.clone());
    topic.state = TopicState::Closed;
    tx.delete(&TOPIC_ROOMS, &keys::place(&from));
    let portal = portals::numbered(tx, topic.portal)?;
    if portal.is_some_and(|portal| portal.settings.threads == Threads::Rooms) {
        topic.state = TopicState::Ready;
        portals::speaks_for(tx, &room, topic.portal)?;
    }
    save(tx, &topic)?;
    tx.renumber(&from, &room)?;
    let number = tx.number(end)?;
    let record = MessageRecord::Copy(number, root.clone());
    messages::store(tx, &room, &MessageId::from(ROOT), &record)?;
    overflow::transfer(tx, &from, &room)?;
    answers::transfer(tx, &from, Some(&room))?;
    queue::transfer(tx, &from, &room)
}

/// Topics become rooms, or threads of the main room again; their rooms stay.
///
/// # Errors
/// [`StoreError`].
pub fn switch(tx: &mut Txn<'_>, portal: PortalId, threads: Threads) -> Result<(), StoreError> {
    for mut topic in all(tx, portal)? {
        topic.state = match (threads, topic.state) {
            (Threads::Rooms, TopicState::Closed) => {
                portals::speaks_for(tx, &topic.room, portal)?;
                TopicState::Ready
            }
            (Threads::Threads, TopicState::Ready) => {
                portals::speaks_no_more(tx, &topic.room);
                TopicState::Closed
            }
            (_, state) => state,
        };
        save(tx, &topic)?;
    }
    Ok(())
}

/// A room goes on under another id.
///
/// # Errors
/// [`StoreError`].
pub fn relocate(tx: &mut Txn<'_>, from: &Place, to: &Place) -> Result<(), StoreError> {
    let Some(mut topic) = of_room(tx, from)? else { return Ok(()) };
    tx.delete(&TOPIC_ROOMS, &keys::place(from));
    topic.room = to.clone();
    save(tx, &topic)?;
    portals::speaks_for(tx, to, topic.portal)?;
    let number = tx.number(&topic.end)?;
    let record = MessageRecord::Copy(number, topic.root);
    messages::store(tx, to, &MessageId::from(ROOT), &record)
}

/// Rooms of topics in `end`, or in all chats of the portal, are no longer ours; they stay as they are.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId, end: Option<&Place>) -> Result<(), StoreError> {
    for topic in all(tx, portal)? {
        if end.is_some_and(|end| *end != topic.end) {
            continue;
        }
        tx.delete(&TOPICS, &keys::message(&topic.end, &topic.root));
        tx.delete(&TOPIC_ROOMS, &keys::place(&topic.room));
        portals::speaks_no_more(tx, &topic.room);
        overflow::forget(tx, &topic.room)?;
        answers::transfer(tx, &topic.room, None)?;
        queue::purge(tx, &topic.room)?;
    }
    Ok(())
}

/// A topic is renamed where it hangs: its room is told. `false` when there is nothing to tell.
///
/// # Errors
/// [`StoreError`].
pub fn renamed_there(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    let Content::ThreadChanged { name: Some(name), .. } = &event.content else {
        return Ok(false);
    };
    let origin = messages::origin(tx, &event.place, &event.message)?;
    let Some(origin) = origin else { return Ok(false) };
    let home = tx.numbered(origin.place)?;
    let topic = of_root(tx, &home, &origin.message)?;
    let Some(topic) = topic.filter(|topic| topic.state == TopicState::Ready) else {
        return Ok(false);
    };
    let portal = portals::numbered(tx, topic.portal)?;
    if portal.is_none_or(|portal| portal.silence.is_some()) {
        return Ok(false);
    }
    let content = Content::ChatChanged { by: None, change: ChatChange::Name(name.clone()) };
    let work = Work::of(Event { content, ..event.clone() });
    queue::append(tx, &topic.room, work)?;
    Ok(true)
}

/// The room of a topic is renamed: the legacy chats are told. `false` when there is nothing to tell.
///
/// # Errors
/// [`StoreError`].
pub fn renamed_here(
    tx: &mut Txn<'_>,
    (portal, topic): (&Portal, &Topic),
    event: &Event,
) -> Result<bool, StoreError> {
    let Content::ChatChanged { change, .. } = &event.content else { return Ok(false) };
    let ChatChange::Name(name) = change else { return Ok(false) };
    if name.is_empty() || !appearance::learn(tx, &topic.room, change)? {
        return Ok(false);
    }
    let told = Event {
        place: topic.end.clone(),
        message: topic.root.clone(),
        late: false,
        content: Content::ThreadChanged { name: Some(name.clone()), closed: None },
    };
    let mut told_any = false;
    for end in portal.others(&topic.room).into_iter().filter(|place| *place != portal.room) {
        queue::append(tx, &end, Work::of(told.clone()))?;
        told_any = true;
    }
    Ok(told_any)
}
