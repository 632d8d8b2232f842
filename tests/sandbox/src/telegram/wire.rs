// SPDX-License-Identifier: AGPL-3.0-or-later
//! The platform's values as the Bot API writes them.
//!
//! Rule: functions from the world to JSON, without effects.
//! Source: <https://core.telegram.org/bots/api#available-types>.

use serde_json::{Map, Value, json};

use super::permissions;
use super::polls;
use super::rights::Standing;
use super::world::{Body, ChatKind, Message, World};

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the platform's own clock, not the bridge's")]
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

fn put(object: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    object.insert(name.to_owned(), value.into());
}

fn put_some(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(object, name, value);
    }
}

/// A `User`.
pub(super) fn user(world: &World, id: i64) -> Value {
    let Some(person) = world.people.get(&id) else {
        return json!({ "id": id, "is_bot": false, "first_name": "Deleted Account" });
    };
    let mut user = Map::new();
    put(&mut user, "id", id);
    put(&mut user, "is_bot", person.is_bot);
    put(&mut user, "first_name", person.first.clone());
    put_some(&mut user, "last_name", person.last.clone());
    put_some(&mut user, "username", person.username.clone());
    put_some(&mut user, "language_code", person.language.clone());
    Value::Object(user)
}

/// A `Chat`.
pub(super) fn chat(world: &World, id: i64) -> Value {
    let mut chat = Map::new();
    put(&mut chat, "id", id);
    let Some(room) = world.chats.get(&id) else { return Value::Object(chat) };
    put(&mut chat, "type", room.kind.name());
    if room.kind != ChatKind::Private {
        put(&mut chat, "title", room.title.clone());
        if room.forum {
            put(&mut chat, "is_forum", true);
        }
    } else if let Some(person) = world.people.get(&id) {
        put(&mut chat, "first_name", person.first.clone());
        put_some(&mut chat, "last_name", person.last.clone());
        put_some(&mut chat, "username", person.username.clone());
    }
    Value::Object(chat)
}

/// A `ChatMember`.
pub(super) fn member(world: &World, id: i64, standing: &Standing, supergroup: bool) -> Value {
    let mut member = Map::new();
    put(&mut member, "status", standing.status());
    put(&mut member, "user", user(world, id));
    match standing {
        Standing::Owner => put(&mut member, "is_anonymous", false),
        Standing::Admin(rights) => member.extend(rights.fields(supergroup)),
        Standing::Kicked => put(&mut member, "until_date", 0),
        Standing::Muted(until) => {
            put(&mut member, "is_member", true);
            put(&mut member, "until_date", *until);
            member.extend(permissions::none());
        }
        Standing::Member | Standing::Left => {}
    }
    Value::Object(member)
}

/// A `Message` with the message it answers.
pub(super) fn message(world: &World, chat_id: i64, id: i64) -> Value {
    let Some(room) = world.chats.get(&chat_id) else { return Value::Null };
    let Some(found) = room.messages.get(&id) else { return Value::Null };
    let mut message = flat(world, chat_id, found);
    // Whatever answers nothing else in a topic answers the message that opened it.
    let opening = found.thread.filter(|opening| *opening != id);
    if let Some(answered) = found.reply_to.or(opening).and_then(|to| room.messages.get(&to)) {
        put(&mut message, "reply_to_message", flat(world, chat_id, answered));
    }
    if let Some((quote, position)) = &found.quote {
        let mut value = json!({ "text": quote.text, "position": position, "is_manual": true });
        if let (Some(value), false) = (value.as_object_mut(), quote.entities.is_empty()) {
            put(value, "entities", quote.entities_json());
        }
        put(&mut message, "quote", value);
    }
    Value::Object(message)
}

/// A `Message` without the message it answers.
pub(super) fn flat(world: &World, chat_id: i64, found: &Message) -> Map<String, Value> {
    let mut message = Map::new();
    put(&mut message, "message_id", found.id);
    put(&mut message, "from", user(world, found.from));
    put(&mut message, "chat", chat(world, chat_id));
    put(&mut message, "date", found.date);
    put_some(&mut message, "edit_date", found.edited);
    if let Some(thread) = found.thread {
        put(&mut message, "message_thread_id", thread);
        put(&mut message, "is_topic_message", true);
    }
    put_some(&mut message, "media_group_id", found.album.clone());
    put_some(&mut message, "reply_markup", found.markup.clone());
    match &found.body {
        Body::Text(text) => {
            put(&mut message, "text", text.text.clone());
            if !text.entities.is_empty() {
                put(&mut message, "entities", text.entities_json());
            }
        }
        Body::Media(media) => {
            put(&mut message, media.kind, media.value.clone());
            if media.kind == "animation" {
                put(&mut message, "document", as_document(&media.value));
            }
            if !media.caption.text.is_empty() {
                put(&mut message, "caption", media.caption.text.clone());
            }
            if !media.caption.entities.is_empty() {
                put(&mut message, "caption_entities", media.caption.entities_json());
            }
            if media.spoiler {
                put(&mut message, "has_media_spoiler", true);
            }
        }
        Body::Poll(id) => message.extend(polls::field(world, id)),
        Body::Card(fields) | Body::Service(fields) => message.extend(fields.clone()),
    }
    message.extend(found.extra.clone());
    message
}

/// An animation is also given as a document, for old clients.
fn as_document(animation: &Value) -> Value {
    let mut document = animation.clone();
    if let Some(object) = document.as_object_mut() {
        object.retain(|name, _| !matches!(name.as_str(), "width" | "height" | "duration"));
    }
    document
}

/// A list of `ReactionType`.
pub(super) fn reactions<'a>(emoji: impl Iterator<Item = &'a String>) -> Value {
    emoji.map(|emoji| json!({ "type": "emoji", "emoji": emoji })).collect()
}
