// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes of messages: list, get, post, edit, delete.
//!
//! Rule: lists are newest first, whatever the cursor; see "Get Channel Messages".

use serde_json::Value;

use super::{Call, id, wrong_method};
use crate::discord::form::Form;
use crate::discord::message::{self, Author, MessageRow, REPLY, Reference};
use crate::discord::permissions::{
    ATTACH_FILES, MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::discord::posting::Draft;
use crate::discord::refusal::{
    Answer, Outcome, Refusal, invalid, missing_permissions, not_found, not_the_author,
    unknown_message,
};
use crate::discord::session::intents::MESSAGE_CONTENT;
use crate::discord::world::{Kind, World};
use crate::discord::{check, clock};

/// Messages older than this cannot be deleted in bulk, in milliseconds.
const TWO_WEEKS: u64 = 14 * 86_400_000;

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    match (call.method, call.steps.as_slice()) {
        ("GET", ["channels", channel, "messages"]) => list(world, call, id(channel)?),
        ("POST", ["channels", channel, "messages"]) => create(world, call, id(channel)?),
        ("POST", ["channels", channel, "messages", "bulk-delete"]) => {
            delete_bulk(world, call, id(channel)?)
        }
        ("GET", ["channels", channel, "messages", message]) => {
            let channel = world.allowed(id(channel)?, READ_MESSAGE_HISTORY)?.id;
            let row = world.message(channel, id(message)?).ok_or_else(unknown_message)?;
            Ok(Answer::Json(shown(world, row)))
        }
        ("PATCH", ["channels", channel, "messages", message]) => {
            edit(world, &call.form, (id(channel)?, id(message)?))
        }
        ("DELETE", ["channels", channel, "messages", message]) => {
            delete(world, (id(channel)?, id(message)?))
        }
        (_, ["channels", _, "messages"] | ["channels", _, "messages", _]) => wrong_method(),
        _ => Err(not_found()),
    }
}

/// A message as REST shows it to this application.
fn shown(world: &World, row: &MessageRow) -> Value {
    let mut json = message::rest(world, row);
    let in_guild = world.channels.get(&row.channel).is_some_and(|row| row.guild.is_some());
    if in_guild && world.knobs.privileged & MESSAGE_CONTENT == 0 {
        message::blank(&mut json, world.bot);
    }
    json
}

fn list(world: &World, call: &Call, channel: u64) -> Outcome {
    let row = world.visible(channel)?;
    let limit = call.query("limit").unwrap_or_else(|| "50".into());
    let limit = limit.parse().ok().filter(|limit| (1..=100).contains(limit));
    let Some(limit) = limit else {
        let text = "int value should be less than or equal to 100.";
        return Err(invalid("limit", "NUMBER_TYPE_MAX", text));
    };
    if world.rights(row, world.bot) & READ_MESSAGE_HISTORY == 0 {
        return Ok(Answer::Json(Value::Array(Vec::new())));
    }
    let cursor = |key| call.query(key).map(|text: String| id(&text)).transpose();
    let all = || row.messages.values().filter(|message| !message.ephemeral());
    let found: Vec<&MessageRow> = match (cursor("around")?, cursor("after")?, cursor("before")?) {
        (Some(around), _, _) => {
            let newer = all().filter(|m| m.id > around).take(limit / 2);
            let older = all().rev().filter(|m| m.id <= around).take(limit - limit / 2);
            let mut found: Vec<_> = newer.chain(older).collect();
            found.sort_by_key(|message| std::cmp::Reverse(message.id));
            found
        }
        (None, Some(after), _) => {
            let mut found: Vec<_> = all().filter(|m| m.id > after).take(limit).collect();
            found.reverse();
            found
        }
        (None, None, before) => {
            let older = |m: &&MessageRow| before.is_none_or(|before| m.id < before);
            all().rev().filter(older).take(limit).collect()
        }
    };
    Ok(Answer::Json(found.into_iter().map(|row| shown(world, row)).collect()))
}

fn create(world: &mut World, call: &Call, channel: u64) -> Outcome {
    let body = check::object(&call.form)?;
    let row = world.visible(channel)?;
    let needed = match row.kind {
        Kind::Thread(_) => SEND_MESSAGES_IN_THREADS,
        Kind::Text | Kind::Direct(_) => SEND_MESSAGES,
        Kind::Forum => {
            let text = "Cannot send messages in a non-text channel";
            return Err(Refusal::new(400, 50008, text));
        }
    };
    world.allowed(channel, needed)?;
    if row.archived && row.locked {
        return Err(Refusal::new(400, 50083, "Thread is archived"));
    }
    if !call.form.files.is_empty() {
        world.allowed(channel, ATTACH_FILES)?;
    }
    let nonce = body.get("nonce").filter(|nonce| !nonce.is_null()).cloned();
    let enforced = body.get("enforce_nonce").and_then(Value::as_bool).unwrap_or(false);
    let key = nonce.as_ref().filter(|_| enforced).map(|nonce| format!("{channel} {nonce}"));
    let before = key.as_ref().and_then(|key| world.nonces.get(key));
    if let Some(row) = before.and_then(|at| world.message(at.0, at.1)) {
        return Ok(Answer::Json(with_nonce(shown(world, row), nonce)));
    }
    let mut draft = Draft::new(Author::User(world.bot), "");
    draft.reference = reference(world, channel, &call.form.json)?;
    if draft.reference.is_some() {
        draft.kind = REPLY;
    }
    draft.nonce = nonce.clone();
    let mut draft = check::fill(world, channel, &call.form, draft)?;
    draft.flags &= !message::EPHEMERAL;
    let id = world.post(channel, draft);
    if let Some(key) = key {
        world.nonces.insert(key, (channel, id));
    }
    let row = world.message(channel, id).ok_or_else(unknown_message)?;
    Ok(Answer::Json(with_nonce(shown(world, row), nonce)))
}

fn with_nonce(mut json: Value, nonce: Option<Value>) -> Value {
    if let (Some(nonce), Some(map)) = (nonce, json.as_object_mut()) {
        map.insert("nonce".into(), nonce);
    }
    json
}

/// The message that a new one replies to.
fn reference(world: &World, channel: u64, body: &Value) -> Result<Option<Reference>, Refusal> {
    let Some(given) = body.get("message_reference").filter(|given| given.is_object()) else {
        return Ok(None);
    };
    let field = |key: &str| given.get(key).and_then(check::id);
    let path = "message_reference";
    let Some(target) = field("message_id") else {
        return Err(crate::discord::refusal::required("message_reference.message_id"));
    };
    if field("channel_id").is_some_and(|other| other != channel) {
        let text = "Cannot reply to a message in a different channel";
        return Err(invalid(path, "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", text));
    }
    let row = world.visible(channel)?;
    if world.rights(row, world.bot) & READ_MESSAGE_HISTORY == 0 {
        let text = "Cannot reply without permission to read message history";
        return Err(Refusal::new(403, 160_002, text));
    }
    if world.message(channel, target).is_some() {
        return Ok(Some(Reference { channel, message: target }));
    }
    let strict = given.get("fail_if_not_exists").and_then(Value::as_bool).unwrap_or(true);
    if strict {
        let text = "Unknown message";
        return Err(invalid(path, "REPLIES_UNKNOWN_MESSAGE", text));
    }
    Ok(None)
}

fn edit(world: &mut World, form: &Form, at: (u64, u64)) -> Outcome {
    check::object(form)?;
    world.visible(at.0)?;
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    let own = row.user() == Some(world.bot);
    if !own {
        let keys = form.json.as_object().into_iter().flatten().map(|(key, _)| key);
        let only_flags = keys.into_iter().all(|key| key == "flags");
        if !only_flags {
            return Err(not_the_author());
        }
        world.allowed(at.0, MANAGE_MESSAGES)?;
    }
    let change = check::change(world, at, form)?;
    world.change(at.0, at.1, change)?;
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    Ok(Answer::Json(shown(world, row)))
}

fn delete(world: &mut World, at: (u64, u64)) -> Outcome {
    world.visible(at.0)?;
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    if row.user() != Some(world.bot) {
        world.allowed(at.0, MANAGE_MESSAGES)?;
    }
    world.delete(at.0, at.1)?;
    Ok(Answer::Empty)
}

fn delete_bulk(world: &mut World, call: &Call, channel: u64) -> Outcome {
    world.allowed(channel, MANAGE_MESSAGES)?;
    let ids = call.form.json.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    let ids: Vec<u64> = ids.iter().filter_map(check::id).collect();
    if !(2..=100).contains(&ids.len()) {
        let text = "Provided too few or too many messages to delete. Must provide at least 2 and \
                    fewer than 100 messages to delete";
        return Err(Refusal::new(400, 50016, text));
    }
    if ids.iter().any(|id| clock::made(*id) + TWO_WEEKS < clock::now()) {
        let text = "A message provided was too old to bulk delete";
        return Err(Refusal::new(400, 50034, text));
    }
    if world.channels.get(&channel).is_none_or(|row| row.guild.is_none()) {
        return Err(missing_permissions());
    }
    let there: Vec<u64> =
        ids.into_iter().filter(|id| world.message(channel, *id).is_some()).collect();
    world.delete_bulk(channel, &there);
    Ok(Answer::Empty)
}
