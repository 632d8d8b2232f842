// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes a raw message fit into teloxide's types.
//!
//! Rule: text, author, chat and id are never touched; only what stands around them may go.

use serde_json::{Map, Value, json};
use teloxide::types::{Chat, ExternalReplyInfo, Message, MessageEntity, ReactionType, User};

use super::placeholder::Placeholder;

/// Parts that no event is made from, in whatever object they stand.
const DECORATION: [&str; 7] = [
    "cover",
    "link_preview_options",
    "reply_markup",
    "premium_animation",
    "thumb",
    "thumbnail",
    "via_bot",
];

/// Takes away entities, file types and sizes that do not fit, and what is never used.
pub(super) fn scrub(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(name, field)| !DECORATION.contains(&name.as_str()) && fits(name, field))
                .map(|(name, field)| (name.clone(), scrub_field(name, field)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(scrub).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn fits(name: &str, field: &Value) -> bool {
    match name {
        "mime_type" => field.as_str().is_some_and(is_mime),
        "file_size" => field.as_u64().is_some_and(|size| size < u64::from(u32::MAX)),
        "external_reply" => serde_json::from_value::<ExternalReplyInfo>(field.clone()).is_ok(),
        _ => true,
    }
}

fn scrub_field(name: &str, field: &Value) -> Value {
    match name {
        "entities" | "caption_entities" => only(field, parses::<MessageEntity>),
        "old_reaction" | "new_reaction" => only(field, parses::<ReactionType>),
        _ => scrub(field),
    }
}

fn only(field: &Value, keep: impl Fn(&Value) -> bool) -> Value {
    let items = field.as_array().map(Vec::as_slice).unwrap_or_default();
    Value::Array(items.iter().filter(|item| keep(item)).cloned().collect())
}

fn parses<T: serde::de::DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// `type/subtype` with optional parameters, as strictly as the parser behind teloxide.
fn is_mime(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, rest)| token(kind) && token(rest))
}

/// The smallest message that still says who said what where; `None` without id and chat.
pub(super) fn bare(message: &Value) -> Option<Value> {
    let chat = message.get("chat")?;
    let mut bare = Map::new();
    bare.insert("message_id".to_owned(), json!(message.get("message_id")?.as_i64()?));
    bare.insert("date".to_owned(), json!(message.get("date").and_then(Value::as_i64).unwrap_or(0)));
    bare.insert("chat".to_owned(), bare_chat(chat)?);
    if let Some(user) = message.get("from").and_then(bare_user) {
        bare.insert("from".to_owned(), user);
    }
    if let Some(chat) = message.get("sender_chat").and_then(bare_chat) {
        bare.insert("sender_chat".to_owned(), chat);
    }
    let answered = message.get("reply_to_message").filter(|value| parses::<Message>(value));
    if let Some(answered) = answered {
        bare.insert("reply_to_message".to_owned(), answered.clone());
    }
    let (text, entities) = bare_text(message);
    bare.insert("text".to_owned(), json!(text));
    bare.insert("entities".to_owned(), entities);
    Some(Value::Object(bare))
}

/// The text, or the caption with a word about the file that cannot be read.
fn bare_text(message: &Value) -> (String, Value) {
    let string = |name: &str| message.get(name).and_then(Value::as_str);
    let entities = |name: &str| only(message.get(name).unwrap_or(&Value::Null), |_| true);
    let unknown = Placeholder::Unknown.text();
    if let Some(text) = string("text") {
        return (text.to_owned(), entities("entities"));
    }
    match string("caption") {
        Some(caption) => (format!("{caption}\n{unknown}"), entities("caption_entities")),
        None => (unknown.to_owned(), json!([])),
    }
}

fn bare_chat(chat: &Value) -> Option<Value> {
    if parses::<Chat>(chat) {
        return Some(chat.clone());
    }
    let id = chat.get("id")?.as_i64()?;
    let title = chat.get("title").and_then(Value::as_str);
    Some(json!({ "id": id, "type": "supergroup", "title": title }))
}

fn bare_user(user: &Value) -> Option<Value> {
    if parses::<User>(user) {
        return Some(user.clone());
    }
    let id = user.get("id")?.as_u64()?;
    let is_bot = user.get("is_bot").and_then(Value::as_bool).unwrap_or(false);
    let name = user.get("first_name").and_then(Value::as_str).unwrap_or_default();
    Some(json!({ "id": id, "is_bot": is_bot, "first_name": name }))
}
