// SPDX-License-Identifier: AGPL-3.0-or-later
//! Limits of message bodies that the platform keeps.
//!
//! Rule: lengths are counted in characters (Unicode scalar values). Limits follow
//! "Create Message", "Execute Webhook" and "Embed Limits".

use serde_json::{Map, Value};

use super::files::File;
use super::form::Form;
use super::message::{EPHEMERAL, SUPPRESS_EMBEDS};
use super::posting::{Change, Draft};
use super::refusal::{Refusal, empty_message, invalid, required, too_long};
use super::world::World;

/// Characters in a bot's or webhook's message.
pub const CONTENT_LIMIT: usize = 2000;
/// Flags that a sender may set: no embeds, no notification, voice, components, ephemeral.
const SETTABLE: u64 = SUPPRESS_EMBEDS | EPHEMERAL | 1 << 12 | 1 << 13 | 1 << 15;

fn text<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get(key).and_then(Value::as_str)
}

/// A number or a number in quotes.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok())
}

/// A list; `None` when the key is missing.
fn list(body: &Value, key: &str) -> Option<Vec<Value>> {
    let value = body.get(key)?;
    Some(value.as_array().cloned().unwrap_or_default())
}

/// The content, within its limit.
fn content(body: &Value) -> Result<Option<&str>, Refusal> {
    let given = body.get("content").filter(|value| !value.is_null());
    let content = match given {
        Some(value) => match value.as_str() {
            Some(text) => Some(text),
            None => {
                return Err(invalid(
                    "content",
                    "BASE_TYPE_STRING",
                    "Could not interpret value as string.",
                ));
            }
        },
        None => None,
    };
    if content.is_some_and(|text| text.chars().count() > CONTENT_LIMIT) {
        return Err(too_long("content", CONTENT_LIMIT));
    }
    Ok(content)
}

/// Fills a draft from the body of a new message.
pub(crate) fn fill(
    world: &mut World,
    channel: u64,
    form: &Form,
    draft: Draft,
) -> Result<Draft, Refusal> {
    let body = &form.json;
    let mut draft = draft;
    draft.content = content(body)?.unwrap_or("").trim().to_owned();
    draft.embeds = embeds(list(body, "embeds").unwrap_or_default())?;
    draft.components = super::components::checked(list(body, "components").unwrap_or_default())?;
    draft.tts = body.get("tts").and_then(Value::as_bool).unwrap_or(false);
    draft.flags = body.get("flags").and_then(Value::as_u64).unwrap_or(0) & SETTABLE;
    draft.allowed = super::mentions::Allowed::read(body)?;
    let stickers = list(body, "sticker_ids").is_some_and(|list| !list.is_empty());
    let empty = draft.content.is_empty()
        && draft.embeds.is_empty()
        && draft.components.is_empty()
        && form.files.is_empty()
        && !stickers
        && body.get("poll").is_none_or(Value::is_null);
    if empty {
        return Err(empty_message());
    }
    if let Some(poll) = super::rest::asked(body)? {
        draft.extra.insert("poll".into(), poll);
    }
    let described = list(body, "attachments").unwrap_or_default();
    check_described(&described, form, &[])?;
    for (number, file) in &form.files {
        draft.attachments.push(world.store(channel, describe(file, *number, &described)));
    }
    Ok(draft)
}

/// What the body of an edit asks for.
pub(crate) fn change(
    world: &mut World,
    (channel, message): (u64, u64),
    form: &Form,
) -> Result<Change, Refusal> {
    let body = &form.json;
    let row = world.channels.get(&channel).and_then(|row| row.messages.get(&message));
    let old = row.map(|row| row.attachments.clone()).unwrap_or_default();
    let mut change = Change { allowed: super::mentions::Allowed::read(body)?, ..Change::default() };
    if body.get("content").is_some() {
        change.content = Some(content(body)?.unwrap_or("").to_owned());
    }
    change.embeds = list(body, "embeds").map(embeds).transpose()?;
    change.components = list(body, "components").map(super::components::checked).transpose()?;
    change.flags = body.get("flags").and_then(Value::as_u64).map(|flags| flags & SETTABLE);
    let described = list(body, "attachments");
    let kept: Vec<u64> = old.iter().map(|file| file.id).collect();
    check_described(described.as_deref().unwrap_or_default(), form, &kept)?;
    if described.is_some() || !form.files.is_empty() {
        let named = |file: &super::files::AttachmentRow| {
            described
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| one.get("id").and_then(id) == Some(file.id)))
        };
        let mut files: Vec<_> = old.into_iter().filter(named).collect();
        for (number, file) in &form.files {
            let described = described.as_deref().unwrap_or_default();
            files.push(world.store(channel, describe(file, *number, described)));
        }
        change.attachments = Some(files);
    }
    still_something(world, (channel, message), &change)?;
    Ok(change)
}

/// An edit may not leave an empty message behind.
fn still_something(
    world: &World,
    (channel, message): (u64, u64),
    change: &Change,
) -> Result<(), Refusal> {
    let row = world.channels.get(&channel).and_then(|row| row.messages.get(&message));
    let Some(row) = row else { return Ok(()) };
    let content = change.content.as_ref().unwrap_or(&row.content);
    let embeds = change.embeds.as_ref().unwrap_or(&row.embeds);
    let components = change.components.as_ref().unwrap_or(&row.components);
    let files = change.attachments.as_ref().unwrap_or(&row.attachments);
    let empty = content.trim().is_empty()
        && embeds.is_empty()
        && components.is_empty()
        && files.is_empty()
        && !row.extra.contains_key("poll");
    if empty { Err(empty_message()) } else { Ok(()) }
}

/// Every entry of `attachments` names a file that came along or one that is there.
fn check_described(described: &[Value], form: &Form, there: &[u64]) -> Result<(), Refusal> {
    for (at, one) in described.iter().enumerate() {
        let path = format!("attachments.{at}.id");
        let Some(id) = one.get("id").and_then(id) else { return Err(required(&path)) };
        let new = form.files.iter().any(|(number, _)| *number == id);
        if !new && !there.contains(&id) {
            let text = format!("There was no matching file for the attachment {id}.");
            return Err(invalid(&format!("attachments.{at}"), "ATTACHMENT_NOT_FOUND", text));
        }
    }
    Ok(())
}

/// A new file under the name and description that the body gives it.
fn describe(file: &File, number: u64, described: &[Value]) -> File {
    let mut file = file.clone();
    let found = described.iter().find(|one| one.get("id").and_then(id) == Some(number));
    let Some(found) = found else { return file };
    if let Some(name) = text(found, "filename") {
        file.name = name.to_owned();
    }
    file.description = text(found, "description").map(str::to_owned);
    let seconds = found.get("duration_secs").and_then(Value::as_f64);
    file.voice = seconds.zip(text(found, "waveform").map(str::to_owned));
    file
}

/// Embeds within their limits, marked as rich.
fn embeds(embeds: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    if embeds.len() > 10 {
        return Err(invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."));
    }
    let mut total = 0;
    let mut rich = Vec::new();
    for (at, embed) in embeds.into_iter().enumerate() {
        let limits = [
            ("/title", 256),
            ("/description", 4096),
            ("/footer/text", 2048),
            ("/author/name", 256),
        ];
        for (place, max) in limits {
            let length =
                embed.pointer(place).and_then(Value::as_str).map_or(0, |t| t.chars().count());
            total += length;
            if length > max {
                return Err(too_long(&format!("embeds.{at}{}", place.replace('/', ".")), max));
            }
        }
        total += fields(&embed, at)?;
        let mut map = embed.as_object().cloned().unwrap_or_default();
        map.insert("type".into(), "rich".into());
        rich.push(Value::Object(map));
    }
    if total > 6000 {
        let text = "Embed size exceeds maximum size of 6000";
        return Err(invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", text));
    }
    Ok(rich)
}

fn fields(embed: &Value, at: usize) -> Result<usize, Refusal> {
    let fields = list(embed, "fields").unwrap_or_default();
    if fields.len() > 25 {
        let path = format!("embeds.{at}.fields");
        return Err(invalid(&path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
    }
    let mut total = 0;
    for (number, field) in fields.iter().enumerate() {
        for (key, max) in [("name", 256), ("value", 1024)] {
            let path = format!("embeds.{at}.fields.{number}.{key}");
            let length = text(field, key).unwrap_or("").chars().count();
            if length == 0 {
                return Err(required(&path));
            }
            if length > max {
                return Err(too_long(&path, max));
            }
            total += length;
        }
    }
    Ok(total)
}

/// The name of a webhook, or of one of its messages.
pub(crate) fn webhook_name(path: &str, name: &str) -> Result<(), Refusal> {
    let length = name.trim().chars().count();
    if !(1..=80).contains(&length) {
        let text = "Must be between 1 and 80 in length.";
        return Err(invalid(path, "BASE_TYPE_BAD_LENGTH", text));
    }
    let lower = name.to_lowercase();
    for word in ["clyde", "discord"] {
        if lower.contains(word) {
            let text = format!("Username cannot contain \"{word}\"");
            return Err(invalid(path, "USERNAME_INVALID_CONTAINS", text));
        }
    }
    if ["everyone", "here"].contains(&lower.trim()) {
        let text = format!("Username cannot be \"{}\"", lower.trim());
        return Err(invalid(path, "USERNAME_INVALID_IS", text));
    }
    Ok(())
}

/// An address of a picture.
pub(crate) fn web_address(path: &str, url: &str) -> Result<(), Refusal> {
    if url.chars().count() > 2048 {
        return Err(too_long(path, 2048));
    }
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(()),
        Some(_) => Err(invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")),
        None => {
            let text = "Scheme must be one of ('http', 'https').";
            Err(invalid(path, "URL_TYPE_INVALID_SCHEME", text))
        }
    }
}

/// The body must be an object.
pub(crate) fn object(form: &Form) -> Result<&Map<String, Value>, Refusal> {
    let wrong = || invalid("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
    form.json.as_object().ok_or_else(wrong)
}
