// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message of the Bot API to events, <https://core.telegram.org/bots/api#message>.
//!
//! Rule: what our own bot says is never an event.

use bridge_model::{
    Author, ChatId, Content, Event, Message, MessageId, MessageKind, Note, RichText, Service,
    Thread, Timestamp,
};
use serde_json::Value;

use super::field::{flag, int, object, text};
use super::{Us, author, chat_id, command, content, event, message_id, reply, service};

/// A message that came, with what every event about it needs.
pub(super) struct IncomingMessage<'v> {
    /// All of it.
    pub raw: &'v Value,
    /// Where.
    pub chat: i64,
    /// Its id.
    pub id: MessageId,
    /// Who wrote it, or did what it tells.
    pub by: Author,
}

/// A new message.
pub(super) fn posted(message: &Value, us: &Us) -> Option<Vec<Event>> {
    if is_for_one(message) {
        return Some(Vec::new());
    }
    let (chat, id) = (chat_id(message)?, message_id(message)?);
    if let Some(to) = int(message, "migrate_to_chat_id") {
        let to = ChatId::new(to.to_string());
        return Some(vec![event(chat, id, Content::Moved { to })]);
    }
    let Some(by) = author::of_message(message) else { return Some(Vec::new()) };
    if us.wrote(message) {
        return Some(Vec::new());
    }
    let it = IncomingMessage { raw: message, chat, id, by };
    if let Some(command) = command::of_message(message, &it.by, us) {
        return Some(vec![it.event(Content::Commanded(command))]);
    }
    if let Some(events) = service::events(&it, us) {
        return Some(events);
    }
    let message = it.message(us)?;
    if message.is_gap() {
        return Some(Vec::new());
    }
    Some(vec![it.event(Content::Posted(message))])
}

/// The new version of a message. An edit is never a command.
pub(super) fn edited(message: &Value, us: &Us) -> Option<Vec<Event>> {
    if is_for_one(message) {
        return Some(Vec::new());
    }
    let (chat, id) = (chat_id(message)?, message_id(message)?);
    let Some(by) = author::of_message(message) else { return Some(Vec::new()) };
    if us.wrote(message) {
        return Some(Vec::new());
    }
    if let Some(command) = command::of_edit(message, (&id, &by), us) {
        return Some(vec![event(chat, command.0, Content::Commanded(command.1))]);
    }
    let it = IncomingMessage { raw: message, chat, id, by };
    Some(vec![it.event(Content::Edited(it.message(us)?))])
}

/// Only one member of the group sees this message, so nobody on another side may.
fn is_for_one(message: &Value) -> bool {
    let has = |name| message.get(name).is_some_and(|it| !it.is_null());
    has("ephemeral_message_id") || has("receiver_user")
}

impl IncomingMessage<'_> {
    /// Something about this message.
    pub(super) fn event(&self, content: Content) -> Event {
        self.event_of(self.id.clone(), content)
    }

    /// Something about another message of the chat.
    pub(super) fn event_of(&self, message: MessageId, content: Content) -> Event {
        event(self.chat, message, content)
    }

    /// This service message as one line.
    pub(super) fn notice(&self, service: Service) -> Event {
        self.event(Content::Posted(self.line(Note::Service(service))))
    }

    /// This service message as one line, with words and names that stand in it.
    pub(super) fn notice_with(&self, body: RichText) -> Event {
        let line = self.line(Note::Service(Service::Other));
        self.event(Content::Posted(Message { body, ..line }))
    }

    /// This service message as one line, with whom it is about in the line before.
    pub(super) fn notice_about(&self, about: Service) -> Event {
        let notes = [about, Service::Other].map(Note::Service).to_vec();
        let line = self.line(Note::Service(Service::Other));
        self.event(Content::Posted(Message { notes, ..line }))
    }

    /// This message as one line that a machine says.
    pub(super) fn line(&self, note: Note) -> Message {
        Message {
            kind: MessageKind::Notice,
            notes: vec![note],
            thread: self.thread(),
            ..Message::new(self.by.clone(), self.sent_at())
        }
    }

    /// The root of the topic that this message stands in. The topic General has none: its
    /// messages are those of the group.
    pub(super) fn topic(&self) -> Option<MessageId> {
        let id = int(self.raw, "message_thread_id").filter(|_| flag(self.raw, "is_topic_message"));
        id.map(|it| MessageId::new(it.to_string()))
    }

    fn thread(&self) -> Option<Thread> {
        let root = self.topic().filter(|root| *root != self.id)?;
        let opening = object(self.raw, "reply_to_message")
            .filter(|it| message_id(it).as_ref() == Some(&root))
            .and_then(|it| object(it, "forum_topic_created"));
        let name = opening.and_then(|it| text(it, "name")).map(str::to_owned);
        Some(Thread { root, name })
    }

    fn sent_at(&self) -> Timestamp {
        Timestamp(int(self.raw, "date").unwrap_or(0).saturating_mul(1000))
    }

    /// The message as its author meant it; `None` when there is nothing in it.
    pub(super) fn message(&self, us: &Us) -> Option<Message> {
        let said = content::of_message(self.raw)?;
        Some(Message {
            body: said.body,
            media: said.media,
            card: said.card,
            notes: said.notes,
            also: said.also,
            reply_to: reply::of_message(self.raw, us),
            thread: self.thread(),
            forwarded: reply::forwarded(self.raw),
            album: text(self.raw, "media_group_id").map(str::to_owned),
            ..Message::new(self.by.clone(), self.sent_at())
        })
    }
}
