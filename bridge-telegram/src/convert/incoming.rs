// SPDX-License-Identifier: AGPL-3.0-or-later
//! One update of the Bot API to events, <https://core.telegram.org/bots/api#update>.
//!
//! Rule: no text is lost because something beside it is new. An update is read with teloxide's
//! types; if they do not fit, again without what they do not know; if they still do not fit, what
//! can be read is put into the smallest message that they do know.

mod author;
mod command;
mod content;
mod media;
mod membership;
mod message;
mod placeholder;
mod reaction;
mod reply;
mod scrub;

use bridge_model::{ChatId, Content, Event, MessageId, Place};
use serde_json::Value;
use teloxide::types::{Message, MessageKind};

use crate::NETWORK;

pub use placeholder::Placeholder;

/// Our own bot, as `getMe` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Us {
    /// Its account.
    pub id: u64,
    /// Its handle without `@`.
    pub username: String,
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
    Scrubbed,
    /// Only text, author and place.
    Bare,
    /// Not at all.
    Unreadable,
}

/// Reads one update, given as its raw JSON.
pub fn read(raw: &Value, us: &Us) -> Reading {
    let Some((kind, body)) = known_part(raw) else { return unreadable() };
    match kind {
        Kind::Posted => read_message(body, |message| message::posted(message, us)),
        Kind::Edited => read_message(body, |message| message::edited(message, us)),
        Kind::Reaction => reaction::read(body, us),
        Kind::OurMembership => membership::read(body),
        Kind::OfNoInterest => Reading { events: Vec::new(), how: How::Whole },
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Posted,
    Edited,
    Reaction,
    OurMembership,
    OfNoInterest,
}

/// An update has exactly one field beside its id.
fn known_part(raw: &Value) -> Option<(Kind, &Value)> {
    raw.as_object()?.iter().find_map(|(name, body)| {
        let kind = match name.as_str() {
            "message" | "channel_post" => Kind::Posted,
            "edited_message" | "edited_channel_post" => Kind::Edited,
            "message_reaction" => Kind::Reaction,
            "my_chat_member" => Kind::OurMembership,
            "chat_member" => Kind::OfNoInterest,
            _ => return None,
        };
        Some((kind, body))
    })
}

fn read_message(body: &Value, events: impl Fn(&Message) -> Vec<Event>) -> Reading {
    if let Some(message) = parse(body).filter(is_whole) {
        return Reading { events: events(&message), how: How::Whole };
    }
    let scrubbed = scrub::scrub(body);
    if let Some(message) = parse(&scrubbed).filter(has_content) {
        return Reading { events: events(&message), how: How::Scrubbed };
    }
    let bare = scrub::bare(&scrubbed);
    match bare.as_ref().and_then(parse).filter(has_content) {
        Some(message) => Reading { events: events(&message), how: How::Bare },
        None => unreadable(),
    }
}

fn unreadable() -> Reading {
    Reading { events: Vec::new(), how: How::Unreadable }
}

fn parse(body: &Value) -> Option<Message> {
    serde_json::from_value(body.clone()).ok()
}

/// teloxide reads a message with an unknown part as one without content.
fn has_content(message: &Message) -> bool {
    !matches!(message.kind, MessageKind::Empty {})
}

fn is_whole(message: &Message) -> bool {
    has_content(message) && message.reply_to_message().is_none_or(has_content)
}

fn event(chat: i64, message: i32, content: Content) -> Event {
    Event {
        place: Place::new(NETWORK, ChatId::new(chat.to_string())),
        message: MessageId::new(message.to_string()),
        late: false,
        content,
    }
}
