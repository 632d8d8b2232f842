// SPDX-License-Identifier: AGPL-3.0-or-later
//! One update of the Bot API to events, <https://core.telegram.org/bots/api#update>.
//!
//! Rule: no text is lost because something beside it is new. So an update is read field by field
//! from its raw JSON: teloxide's types know Bot API 9.1, and a message with one part that they do
//! not know is a message without content to them.

mod author;
mod card;
mod command;
mod content;
mod described;
mod field;
pub mod fields;
pub mod kinds;
mod lists;
mod media;
mod membership;
mod message;
mod moderation;
mod particulars;
mod poll;
mod reaction;
mod reply;
mod rich;
mod service;

use bridge_model::{ChatId, Content, Event, MessageId, Note, Place};
use serde_json::Value;

use crate::NETWORK;
use crate::convert::entities;

pub use card::POLLS;
pub use membership::without_doubles;

/// Our own bot, as `getMe` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Us {
    /// Its account.
    pub id: u64,
    /// Its handle without `@`.
    pub username: String,
}

impl Us {
    /// Whether this account, in the JSON of a user, is ours.
    fn is(&self, user: &Value) -> bool {
        field::int(user, "id").is_some_and(|id| u64::try_from(id) == Ok(self.id))
    }

    /// Whether we wrote this message.
    fn wrote(&self, message: &Value) -> bool {
        field::object(message, "from").is_some_and(|from| self.is(from))
    }
}

/// What came out of one update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// In the order in which they happened; empty where nothing of interest happened.
    pub events: Vec<Event>,
    /// How it was read, for the log.
    pub how: How,
}

/// How an update was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As it was.
    Whole,
    /// Without parts that are not known here.
    InPart,
    /// Not at all.
    Unreadable,
}

/// Reads one update, given as its raw JSON.
pub fn read(raw: &Value, us: &Us) -> Reading {
    let found = raw
        .as_object()
        .and_then(|fields| fields.iter().find_map(|(name, body)| Some((*reader(name)?, body))));
    let Some((read, body)) = found else { return unreadable() };
    let Some(events) = read(body, us) else { return unreadable() };
    let how = if is_whole(body, &events) { How::Whole } else { How::InPart };
    Reading { events, how }
}

/// The group `from` goes on as the supergroup `to`.
pub(crate) fn moved(from: i64, to: i64) -> Event {
    let to = ChatId::new(to.to_string());
    event(from, MessageId::from(membership::NO_MESSAGE), Content::Moved { to })
}

/// Makes events of one kind of update; `None` when it cannot be read.
type Reader = fn(&Value, &Us) -> Option<Vec<Event>>;

const READERS: [(&str, Reader); 10] = [
    ("message", message::posted),
    ("channel_post", message::posted),
    ("edited_message", message::edited),
    ("edited_channel_post", message::edited),
    ("message_reaction", reaction::read),
    ("poll", |body, _| Some(vec![card::counted(body)?])),
    ("poll_answer", |body, _| Some(vec![card::voted(body)?])),
    ("my_chat_member", |body, _| membership::ours(body)),
    ("chat_member", membership::read),
    ("callback_query", |body, _| command::pressed(body)),
];

/// An update has exactly one field beside its id.
fn reader(name: &str) -> Option<&'static Reader> {
    READERS.iter().find(|(known, _)| *known == name).map(|(_, read)| read)
}

/// For the log only: nothing that a person put into the update was left out.
fn is_whole(body: &Value, events: &[Event]) -> bool {
    let marks = ["entities", "caption_entities"].map(|name| field::list(body, name));
    let reactions = field::list(body, "new_reaction");
    let mut said = events.iter().filter_map(|event| event.content.message());
    let unknown = said.any(|message| message.notes.contains(&Note::Unknown));
    !unknown
        && marks.into_iter().flatten().all(entities::is_known)
        && reactions.iter().all(reaction::is_known)
}

fn unreadable() -> Reading {
    Reading { events: Vec::new(), how: How::Unreadable }
}

/// The id of a message object; the platform's are 32 bits wide and start at 1.
fn message_id(message: &Value) -> Option<MessageId> {
    let id = field::int(message, "message_id").filter(|it| (1..=i64::from(i32::MAX)).contains(it));
    id.map(|it| MessageId::new(it.to_string()))
}

/// The id of the chat that an object names.
fn chat_id(body: &Value) -> Option<i64> {
    field::object(body, "chat").and_then(|chat| field::int(chat, "id"))
}

fn event(chat: i64, message: MessageId, content: Content) -> Event {
    let place = Place::new(NETWORK, ChatId::new(chat.to_string()));
    Event { place, message, late: false, content }
}
