// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message of the Bot API to events, <https://core.telegram.org/bots/api#message>.
//!
//! Rule: what our own bot says is never an event.

use bridge_model::{Content, Event, Message, MessageId, Thread, Timestamp};
use teloxide::types::{self as telegram, ChatMigration, MediaKind, MessageKind};

use super::{Us, author, command, content, event, reply};

/// A new message.
pub(super) fn posted(message: &telegram::Message, us: &Us) -> Vec<Event> {
    if let Some(to) = moved_to(message) {
        let to = bridge_model::ChatId::new(to.0.to_string());
        return vec![event(message.chat.id.0, message.id.0, Content::Moved { to })];
    }
    let Some(by) = author::of_message(message).filter(|_| !is_ours(message, us)) else {
        return Vec::new();
    };
    let content = match command::of_message(message, &by, us) {
        Some(command) => Some(Content::Commanded(command)),
        None => convert(message, by).map(Content::Posted),
    };
    content.map(|it| event(message.chat.id.0, message.id.0, it)).into_iter().collect()
}

/// The new version of a message. An edit is never a command.
pub(super) fn edited(message: &telegram::Message, us: &Us) -> Vec<Event> {
    author::of_message(message)
        .filter(|_| !is_ours(message, us))
        .and_then(|by| convert(message, by))
        .map(|it| event(message.chat.id.0, message.id.0, Content::Edited(it)))
        .into_iter()
        .collect()
}

fn is_ours(message: &telegram::Message, us: &Us) -> bool {
    message.from.as_ref().is_some_and(|user| user.id.0 == us.id)
}

fn moved_to(message: &telegram::Message) -> Option<telegram::ChatId> {
    let MessageKind::Common(common) = &message.kind else { return None };
    let MediaKind::Migration(ChatMigration::To { chat_id }) = common.media_kind else {
        return None;
    };
    Some(chat_id)
}

fn convert(message: &telegram::Message, author: bridge_model::Author) -> Option<Message> {
    let said = content::of_kind(&message.kind)?;
    let thread = message.thread_id.filter(|_| message.is_topic_message);
    let root = thread.map(|it| MessageId::new(it.0.0.to_string()));
    Some(Message {
        body: said.body,
        media: said.media,
        reply_to: reply::of_message(message),
        thread: root.map(|root| Thread { root, name: None }),
        forwarded: reply::forwarded(message),
        ..Message::new(author, Timestamp(message.date.timestamp_millis()))
    })
}
