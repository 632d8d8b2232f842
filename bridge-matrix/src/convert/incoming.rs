// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a raw Matrix event to what happened.
//!
//! Rule: read tolerantly, field by field. ruma's content types cannot be read back once
//! they were flattened, and one odd field would lose the whole event.

mod addressed;
mod media;
mod message;
mod persona;
mod place;
mod poll;
mod state;
#[cfg(test)]
mod tests;

use bridge_model::{
    Author, AuthorKind, Command, Content, Event, Message, MessageId, MessageKind, Place, Reaction,
    UserId,
};
use serde_json::Value;

use super::{NETWORK, name};
pub use message::{called, place_in_conversation};
pub use place::beacon;
pub use state::{HISTORY, MEMBER, PINS, is_public, member, readers_changed};

/// What a custom emoji is called where its picture cannot be shown and nobody named it.
pub(super) const NAMELESS_EMOJI: &str = "emoji";

/// What is ours, and what the caller has found out.
pub struct Own<'a> {
    /// Whether a Matrix id is one of our ghosts or the core bot.
    pub ghost: &'a dyn Fn(&str) -> bool,
    /// The core bot's Matrix id.
    pub bot: &'a str,
    /// What commands start with: `!freeside`.
    pub command_prefix: &'a str,
    /// Nobody but one person and the core bot is in the room: every text is a command.
    pub private: bool,
    /// Display names that are known, by Matrix id.
    pub name: &'a dyn Fn(&str) -> Option<String>,
}

/// An event that should have been readable and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {reason}")]
pub struct Unreadable {
    /// What it is that cannot be read.
    pub kind: UnreadableKind,
    /// Why; without anything that a person wrote.
    pub reason: String,
}

/// Why an event cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableKind {
    /// The event is encrypted, or its file is.
    #[error("encrypted")]
    Encrypted,
    /// The event is not as the specification says.
    #[error("malformed")]
    Malformed,
}

impl Unreadable {
    fn malformed(reason: &str) -> Self {
        Self { kind: UnreadableKind::Malformed, reason: reason.to_owned() }
    }

    fn encrypted(reason: &str) -> Self {
        Self { kind: UnreadableKind::Encrypted, reason: reason.to_owned() }
    }
}

/// An event that somebody else sent, with the fields that every event has.
struct Raw<'a> {
    room: &'a str,
    id: &'a str,
    sender: &'a str,
    sent_at: i64,
    content: &'a Value,
    own: &'a Own<'a>,
}

/// What the client event `raw` of the room `room` says happened: nothing for what does not
/// cross, for what was redacted already, and for whatever our own accounts did. In each
/// author, `avatar` is left to the caller.
///
/// Reads `m.room.message`, `m.sticker`, `m.reaction`, `m.room.redaction` (in the forms of room
/// versions before and since 11), polls (MSC3381, both prefixes), and a room's name, topic,
/// picture and pins. Members are read by [`member`], points that move by [`beacon`].
///
/// # Errors
/// [`Unreadable`] for an event that cannot be read; skip it.
pub fn events(room: &str, raw: &Value, own: &Own<'_>) -> Result<Vec<Event>, Unreadable> {
    let Some(kind) = text(raw, "type") else {
        return Err(Unreadable::malformed("there is no `type`"));
    };
    let poll = poll::kind(kind);
    let state = state::is_known(kind);
    let message = matches!(
        kind,
        "m.room.message" | "m.sticker" | "m.reaction" | "m.room.redaction" | "m.room.encrypted"
    );
    if !message && !state && poll.is_none() {
        return Ok(Vec::new());
    }
    let event = envelope(room, raw, own)?;
    if event.sender == own.bot || (own.ghost)(event.sender) || is_redacted(raw) {
        return Ok(Vec::new());
    }
    if kind == "m.room.redaction" {
        return event.redaction(raw);
    }
    if state {
        // Here empty content says that something was taken away.
        return Ok(if own.private { Vec::new() } else { event.state(kind, raw) });
    }
    if event.content.as_object().is_none_or(|content| content.is_empty()) {
        // What is left of a redacted event.
        return Ok(Vec::new());
    }
    if let Some(poll) = poll {
        return if own.private { Ok(Vec::new()) } else { event.poll(poll) };
    }
    match kind {
        "m.room.encrypted" => Err(Unreadable::encrypted("the event is encrypted")),
        "m.reaction" => event.reaction(),
        "m.sticker" => event.sticker(),
        _ => event.room_message(),
    }
}

/// Whether a raw event is a text that begins as a command does; whether it is one, [`events`] says.
pub fn is_command(raw: &Value, own: &Own<'_>) -> bool {
    command_in(raw, own).is_some()
}

/// Whether a raw event is a command whose first word means something.
pub fn is_known_command(raw: &Value, own: &Own<'_>) -> bool {
    command_in(raw, own).is_some_and(addressed::is_known)
}

fn command_in<'a>(raw: &'a Value, own: &Own<'_>) -> Option<&'a str> {
    let content = addressed::newer(raw.get("content")?);
    let read = |reply| addressed::command(message::plain(content, reply)?.trim(), content, own);
    let is_message = text(raw, "type") == Some("m.room.message");
    [false, true].into_iter().filter(|_| is_message).find_map(read)
}

/// Somebody on Matrix, under the name that they have in the room.
pub fn author(mxid: &str, name: Option<&str>) -> Author {
    Author {
        user: UserId::from(mxid),
        kind: AuthorKind::Person,
        name: name::shown(name, mxid),
        username: None,
        avatar: None,
    }
}

impl Raw<'_> {
    fn room_message(&self) -> Result<Vec<Event>, Unreadable> {
        let relation = self.content.get("m.relates_to");
        if relation.and_then(|r| text(r, "rel_type")) == Some("m.replace") {
            return self.edit(relation);
        }
        if message::is_verification(self.content) {
            return Ok(Vec::new());
        }
        let message = message::read(self, self.content, relation)?;
        if let Some(command) = self.command(&message, self.content) {
            return Ok(vec![self.event(self.id, Content::Commanded(command))]);
        }
        if self.own.private || message.is_gap() {
            return Ok(Vec::new());
        }
        Ok(vec![self.event(self.id, Content::Posted(message))])
    }

    fn edit(&self, relation: Option<&Value>) -> Result<Vec<Event>, Unreadable> {
        let target = relation.and_then(|relation| text(relation, "event_id"));
        let target = target.ok_or_else(|| Unreadable::malformed("an edit of no event"))?;
        let content = self.content.get("m.new_content").filter(|content| content.is_object());
        let content = content.ok_or_else(|| Unreadable::malformed("an edit without content"))?;
        let message = message::read(self, content, None)?;
        // Whether what it was before has been carried out is for the caller to say.
        if let Some(command) = self.command(&message, content) {
            return Ok(vec![self.event(self.id, Content::Commanded(command))]);
        }
        if self.own.private {
            return Ok(Vec::new());
        }
        Ok(vec![self.event(target, Content::Edited(message))])
    }

    fn sticker(&self) -> Result<Vec<Event>, Unreadable> {
        if self.own.private {
            return Ok(Vec::new());
        }
        let relation = self.content.get("m.relates_to");
        let message = message::sticker(self, relation)?;
        Ok(vec![self.event(self.id, Content::Posted(message))])
    }

    fn reaction(&self) -> Result<Vec<Event>, Unreadable> {
        let relation = self.content.get("m.relates_to");
        let field = |key| relation.and_then(|relation| text(relation, key));
        if field("rel_type").is_some_and(|kind| kind != "m.annotation") {
            return Ok(Vec::new());
        }
        let (Some(target), Some(key)) = (field("event_id"), field("key")) else {
            return Err(Unreadable::malformed("a reaction without event or key"));
        };
        let reaction = if bot_core::address::is_mxc(key) {
            let shortcode = ["shortcode", "com.beeper.reaction.shortcode"];
            let name = shortcode.iter().find_map(|field| text(self.content, field));
            let name = name.and_then(name::clean).unwrap_or_default();
            let name = name.trim_matches(':');
            let name = if name.is_empty() { NAMELESS_EMOJI } else { name }.to_owned();
            Reaction::Custom { id: key.to_owned(), name }
        } else {
            let key = name::clean(key);
            let key = key.ok_or_else(|| Unreadable::malformed("a reaction with nothing"))?;
            Reaction::Emoji(key)
        };
        let id = Some(MessageId::from(self.id));
        Ok(vec![self.event(target, Content::Reacted { by: self.author(), reaction, id })])
    }

    fn redaction(&self, raw: &Value) -> Result<Vec<Event>, Unreadable> {
        let target = text(self.content, "redacts").or_else(|| text(raw, "redacts"));
        let target = target.ok_or_else(|| Unreadable::malformed("a redaction of no event"))?;
        let by = Some(UserId::from(self.sender));
        Ok(vec![self.event(target, Content::Deleted { by })])
    }

    /// What is said to the core bot. A notice is never a command: bots talk in notices, and
    /// two of them could keep each other talking.
    fn command(&self, message: &Message, content: &Value) -> Option<Command> {
        let words = message.media.is_empty() && message.card.is_none();
        if message.kind != MessageKind::Text || !words {
            return None;
        }
        // The plain body: Markdown may have eaten a part of a code or an address.
        let is_answer = message.reply_to.is_some() || message::is_answer(content, None);
        let body = message::plain(content, is_answer)?.trim();
        let text = addressed::command(body, content, self.own)?;
        Some(Command {
            by: message.author.clone(),
            text: text.trim().to_owned(),
            rights: None,
            reply_to: message.reply_to.as_ref().map(|reply| reply.message.clone()),
            pressed: None,
            answer_via: None,
            language: None,
            chat_title: None,
            private: self.own.private,
            on_page: false,
        })
    }

    fn author(&self) -> Author {
        author(self.sender, (self.own.name)(self.sender).as_deref())
    }

    /// Polls: the question, a new version of it, a vote, the end.
    fn poll(&self, kind: poll::Kind) -> Result<Vec<Event>, Unreadable> {
        let relation = self.content.get("m.relates_to");
        let field = |key| relation.and_then(|relation| text(relation, key));
        let target = field("event_id");
        let missing = || Unreadable::malformed("a vote or end of no poll");
        match kind {
            poll::Kind::Start if field("rel_type") == Some("m.replace") => {
                let (Some(target), Some(new)) = (target, self.content.get("m.new_content")) else {
                    return Err(Unreadable::malformed("an edit of no poll"));
                };
                let message = poll::start(self, new, None)?;
                Ok(vec![self.event(target, Content::Edited(message))])
            }
            poll::Kind::Start => {
                let message = poll::start(self, self.content, relation)?;
                Ok(vec![self.event(self.id, Content::Posted(message))])
            }
            poll::Kind::Response => {
                let vote = poll::vote(self.content, UserId::from(self.sender));
                Ok(vec![self.event(target.ok_or_else(missing)?, vote)])
            }
            poll::Kind::End => {
                let by = Some(UserId::from(self.sender));
                Ok(vec![self.event(target.ok_or_else(missing)?, Content::PollClosed { by })])
            }
        }
    }

    fn event(&self, message: &str, content: Content) -> Event {
        let place = Place::new(NETWORK, self.room);
        Event { place, message: MessageId::from(message), late: false, content }
    }
}

fn envelope<'a>(room: &'a str, raw: &'a Value, own: &'a Own<'a>) -> Result<Raw<'a>, Unreadable> {
    let field = |key| {
        let value = text(raw, key).filter(|value| !value.is_empty());
        value.ok_or_else(|| Unreadable::malformed(&format!("there is no `{key}`")))
    };
    let sent_at = raw.get("origin_server_ts").and_then(Value::as_i64);
    Ok(Raw {
        room,
        id: field("event_id")?,
        sender: field("sender")?,
        sent_at: sent_at.ok_or_else(|| Unreadable::malformed("there is no `origin_server_ts`"))?,
        content: raw.get("content").unwrap_or(&Value::Null),
        own,
    })
}

fn is_redacted(raw: &Value) -> bool {
    let by = raw.get("unsigned").and_then(|unsigned| unsigned.get("redacted_because"));
    by.is_some_and(|by| !by.is_null())
}

/// A string field.
fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The plain words of a block of text of extensible events (MSC1767): a list in `m.text`, or a
/// string in one of the older places.
fn words(block: &Value) -> Option<&str> {
    let entries = block.get("m.text").and_then(Value::as_array);
    let plain = entries.and_then(|entries| {
        entries.iter().find(|entry| text(entry, "mimetype").is_none_or(|mime| mime == "text/plain"))
    });
    let listed = plain.and_then(|entry| text(entry, "body"));
    let older = ["m.text", "org.matrix.msc1767.text", "body"];
    listed.or_else(|| older.iter().find_map(|key| text(block, key)))
}
