// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a line to a message of the model.
//!
//! Rule: a message that the bridge would not carry (a command, something empty) is no error and
//! no message; one that it could not read is an error that names the place.

use bridge_discord::convert::incoming as discord;
use bridge_discord::convert::markdown::{Names, Role};
use bridge_matrix::convert::incoming as matrix;
use bridge_model::{Event, Message};
use bridge_telegram::convert::incoming as telegram;
use serde_json::{Value, json};

use super::line::{Line, Side};

/// The message of a line; `None` when there is nothing to carry.
pub(super) fn message(from: Side, line: &Line) -> Result<Option<Message>, String> {
    match from {
        Side::Telegram => of_telegram(&line.message),
        Side::Discord => of_discord(line),
        Side::Matrix => of_matrix(line),
    }
}

fn said(events: &[Event]) -> Option<Message> {
    events.iter().find_map(|event| event.content.message()).cloned()
}

fn of_telegram(message: &Value) -> Result<Option<Message>, String> {
    wants(message, "message_id", Value::is_i64, "a number")?;
    wants(message, "date", Value::is_i64, "a number")?;
    let chat = message.get("chat").ok_or("message.chat: is missing")?;
    wants(chat, "id", Value::is_i64, "a number")
        .map_err(|_| "message.chat.id: a number is expected")?;
    // A bot that nobody is.
    let us = telegram::Us { id: 0, username: String::new() };
    let reading = telegram::read(&json!({ "update_id": 0, "message": message }), &us);
    match reading.how {
        telegram::How::Unreadable => {
            Err("message: not readable as a Message of the Bot API".to_owned())
        }
        telegram::How::Whole | telegram::How::InPart => Ok(said(&reading.events)),
    }
}

fn wants(object: &Value, field: &str, fits: fn(&Value) -> bool, what: &str) -> Result<(), String> {
    match object.get(field) {
        Some(value) if fits(value) => Ok(()),
        Some(_) => Err(format!("message.{field}: {what} is expected")),
        None => Err(format!("message.{field}: is missing")),
    }
}

fn of_discord(line: &Line) -> Result<Option<Message>, String> {
    let message = &line.message;
    for field in ["id", "channel_id"] {
        wants(message, field, |it| it.is_string() || it.is_u64(), "an id")?;
    }
    let author = message.get("author").ok_or("message.author: is missing")?;
    if discord::id(author, "id").is_none() {
        return Err("message.author.id: is missing".into());
    }
    let named = |names: Vec<(&String, Option<&String>)>| {
        names.into_iter().filter_map(|(id, name)| Some((id.clone(), name?.clone()))).collect()
    };
    let names = Names {
        users: named(line.people.iter().map(|(id, it)| (id, it.name.as_ref())).collect()),
        roles: line
            .roles
            .iter()
            .filter_map(|(id, it)| {
                Some((id.clone(), Role { name: it.name.clone()?, colour: it.colour() }))
            })
            .collect(),
        chats: line
            .chats
            .iter()
            .filter_map(|(id, it)| {
                Some((id.clone(), it.name.as_ref()?.trim_start_matches('#').to_owned()))
            })
            .collect(),
        ..Names::default()
    };
    let ours = discord::Ours {
        cdn: "https://cdn.discordapp.com".into(),
        proxies: [bridge_config::PLURALKIT, bridge_config::TUPPERBOX].map(str::to_owned).to_vec(),
        ..Default::default()
    };
    let posted = discord::posted(message, &names, &ours, false);
    Ok(said(posted.as_slice()))
}

/// A whole event, or only its content.
fn of_matrix(line: &Line) -> Result<Option<Message>, String> {
    let message = &line.message;
    let whole = message.get("content").is_some_and(Value::is_object)
        && message.get("type").is_some_and(Value::is_string);
    let content = message.get("content").filter(|_| whole).unwrap_or(message);
    let known = |field: &str| message.get(field).filter(|_| whole).cloned();
    let event = json!({
        "type": known("type").map_or_else(|| kind(content).map(Value::from), Ok)?,
        "event_id": known("event_id").unwrap_or("$event".into()),
        "sender": known("sender").unwrap_or(NOBODY.into()),
        "origin_server_ts": known("origin_server_ts").unwrap_or(0.into()),
        "content": content,
    });
    let name = |mxid: &str| {
        let own = line.people.get(mxid);
        let known =
            own.or_else(|| line.people.values().find(|it| it.mxid.as_deref() == Some(mxid)));
        let known = known.and_then(|person| person.name.clone());
        known.or_else(|| (mxid == NOBODY).then(|| "?".to_owned()))
    };
    let own = matrix::Own {
        ghost: &|_| false,
        bot: "",
        command_prefix: "!freeside",
        private: false,
        name: &name,
    };
    match matrix::events("!room:convert.invalid", &event, &own) {
        Ok(events) => Ok(said(&events)),
        Err(error) => Err(format!("message: {error}")),
    }
}

/// The author of a content that comes without an event.
pub(super) const NOBODY: &str = "@nobody:convert.invalid";

/// The type of the event that has this content.
fn kind(content: &Value) -> Result<&'static str, String> {
    let has = |field: &str| content.get(field).is_some();
    if has("msgtype") {
        return Ok("m.room.message");
    }
    for (field, kind) in [
        ("org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.start"),
        ("m.poll", "m.poll.start"),
        ("m.poll.start", "m.poll.start"),
    ] {
        if has(field) {
            return Ok(kind);
        }
    }
    if (has("url") || has("file")) && has("body") {
        return Ok("m.sticker");
    }
    Err("message.msgtype: is missing, and it is no sticker and no poll".into())
}
