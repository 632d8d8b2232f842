// SPDX-License-Identifier: AGPL-3.0-or-later
//! The methods by which the bot says something.
//!
//! Rule: limits are 4096 UTF-16 code units for text and 1024 for captions.
//! Source: <https://core.telegram.org/bots/api#sendmessage> and below.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{ApiError, bad, forbidden};
use super::params::Params;
use super::text::{Entity, Styled, tidy};
use super::topics::thread;
use super::world::{Body, ChatKind, Draft, Media, Message, World};
use super::{media, wire};

const TEXT_LIMIT: usize = 4096;
const CAPTION_LIMIT: usize = 1024;
/// What one chat takes from a bot in a minute, when the limiter is on.
const PER_MINUTE: usize = 20;

/// The chat that `chat_id` names, if the bot may act in it.
pub(super) fn chat_id(world: &World, params: &Params) -> Result<i64, ApiError> {
    let given = params.text("chat_id").filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| bad("chat_id is empty"))?;
    let id = given.trim().parse().map_err(|_| bad("chat not found"))?;
    world.chat_for_bot(id)?;
    Ok(id)
}

/// As `chat_id`, and private chats must be open.
pub(super) fn target(world: &World, params: &Params) -> Result<i64, ApiError> {
    let id = chat_id(world, params)?;
    let chat = world.chat_for_bot(id)?;
    thread(world, id, params, None)?;
    if chat.kind == ChatKind::Private {
        if chat.blocked {
            return Err(forbidden("bot was blocked by the user"));
        }
        if !chat.started {
            return Err(forbidden("bot can't initiate conversation with a user"));
        }
    }
    Ok(id)
}

/// Counts `messages` against the chat's minute, if the limiter is on.
fn limit(world: &mut World, chat: i64, messages: usize) -> Result<(), ApiError> {
    let (limited, now) = (world.limited, Instant::now());
    let Some(chat) = world.chats.get_mut(&chat) else { return Ok(()) };
    let minute = Duration::from_secs(60);
    while chat.sent.front().is_some_and(|sent| now.duration_since(*sent) >= minute) {
        chat.sent.pop_front();
    }
    if limited && chat.sent.len() + messages > PER_MINUTE {
        let oldest = chat.sent.front().map(|sent| now.duration_since(*sent)).unwrap_or_default();
        return Err(ApiError::too_many_requests((minute - oldest).as_secs() + 1));
    }
    chat.sent.extend(std::iter::repeat_n(now, messages));
    Ok(())
}

/// Text and its entities from the parameters `name` and `entities`.
fn styled(params: &Params, name: &str, entities: &str) -> Result<Styled, ApiError> {
    if params.text("parse_mode").is_some_and(|mode| !mode.is_empty()) {
        return Err(bad("the stand-in knows no parse_mode: send entities"));
    }
    let text = params.text(name).unwrap_or_default();
    tidy(&text, &params.list(entities)?.unwrap_or_default())
}

/// The text of a message.
///
/// # Errors
/// 400 when it is empty or longer than 4096 code units.
pub(super) fn text(params: &Params) -> Result<Styled, ApiError> {
    let text = styled(params, "text", "entities")?;
    if text.text.is_empty() {
        return Err(bad("message text is empty"));
    }
    if text.units() > TEXT_LIMIT {
        return Err(bad("message is too long"));
    }
    Ok(text)
}

/// The caption of a file; it may be empty.
///
/// # Errors
/// 400 when it is longer than 1024 code units.
pub(super) fn caption(params: &Params) -> Result<Styled, ApiError> {
    let caption = styled(params, "caption", "caption_entities")?;
    if caption.units() > CAPTION_LIMIT {
        return Err(bad("message caption is too long"));
    }
    Ok(caption)
}

/// The message that this one answers.
fn reply(world: &World, chat: i64, params: &Params) -> Result<Option<i64>, ApiError> {
    let given = params.json("reply_parameters")?;
    let legacy = params.int("reply_to_message_id")?;
    let field = |name: &str| given.as_ref().and_then(|given| given.get(name));
    let Some(to) = field("message_id").and_then(Value::as_i64).or(legacy) else { return Ok(None) };
    let elsewhere = field("chat_id").is_some_and(|id| *id != json!(chat));
    let known = world.chats.get(&chat).is_some_and(|chat| chat.messages.contains_key(&to));
    if known && !elsewhere {
        return Ok(Some(to));
    }
    let without = field("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false)
        || params.flag("allow_sending_without_reply");
    if without { Ok(None) } else { Err(bad("message to be replied not found")) }
}

/// The part of the answered message that was chosen: it must stand there, styles and all.
fn quote(
    world: &World,
    chat: i64,
    to: i64,
    params: &Params,
) -> Result<Option<(Styled, usize)>, ApiError> {
    let given = params.json("reply_parameters")?.unwrap_or_default();
    let Some(given) = given.as_object() else { return Ok(None) };
    let given = Params::of(given, &params.files);
    let wanted = styled(&given, "quote", "quote_entities")?;
    if wanted.text.is_empty() {
        return Ok(None);
    }
    let message = world.chats.get(&chat).and_then(|chat| chat.messages.get(&to));
    let whole = message.and_then(Message::styled).cloned().unwrap_or_default();
    let place = whole.text.find(&wanted.text).filter(|_| wanted.units() <= CAPTION_LIMIT);
    let place = place.ok_or_else(|| bad("QUOTE_TEXT_INVALID"))?;
    let start = whole.text.get(..place).unwrap_or_default().encode_utf16().count();
    let kept =
        |kind: &str| matches!(kind, "bold" | "italic" | "underline" | "strikethrough" | "spoiler");
    let ends = (start, start + wanted.units());
    let stretches =
        |entities: &[Entity], (from, to): (usize, usize)| -> Vec<(String, usize, usize)> {
            let inside =
                entities.iter().filter(|it| kept(&it.kind) && it.offset < to && it.end() > from);
            inside
                .map(|it| {
                    let (begin, end) = (it.offset.max(from), it.end().min(to));
                    (it.kind.clone(), begin - from, end - from)
                })
                .collect()
        };
    if stretches(&whole.entities, ends) != stretches(&wanted.entities, (0, wanted.units())) {
        return Err(bad("QUOTE_TEXT_INVALID"));
    }
    Ok(Some((wanted, start)))
}

/// A draft that stands where the parameters say.
fn draft(world: &World, chat: i64, params: &Params, body: Body) -> Result<Draft, ApiError> {
    let mut draft = Draft::new(body);
    draft.reply_to = reply(world, chat, params)?;
    if let Some(to) = draft.reply_to {
        draft.quote = quote(world, chat, to, params)?;
    }
    draft.thread = thread(world, chat, params, draft.reply_to)?;
    Ok(draft)
}

/// The inline keyboard of a message, <https://core.telegram.org/bots/api#inlinekeyboardbutton>:
/// `callback_data` has 1 to 64 bytes.
pub(super) fn markup(params: &Params) -> Result<Option<Value>, ApiError> {
    let markup = params.json("reply_markup")?.filter(|m| m.get("inline_keyboard").is_some());
    let rows = markup.as_ref().and_then(|markup| markup.get("inline_keyboard")?.as_array());
    for button in rows.into_iter().flatten().filter_map(Value::as_array).flatten() {
        let text = |key: &str| button.get(key).and_then(Value::as_str);
        if text("text").is_none_or(str::is_empty) {
            return Err(bad("can't parse inline keyboard button: Text is not specified"));
        }
        match (text("callback_data"), text("url")) {
            (Some(data), None) if (1..=64).contains(&data.len()) => {}
            (Some(_), None) => return Err(bad("BUTTON_DATA_INVALID")),
            (None, Some(url)) if url.starts_with("https://") || url.starts_with("http://") => {}
            (None, Some(_)) => return Err(bad("BUTTON_URL_INVALID")),
            _ => return Err(bad("BUTTON_TYPE_INVALID")),
        }
    }
    Ok(markup)
}

/// Says something.
pub(super) fn send(
    world: &mut World,
    chat: i64,
    params: &Params,
    body: Body,
) -> Result<Value, ApiError> {
    let mut draft = draft(world, chat, params, body)?;
    draft.markup = markup(params)?;
    limit(world, chat, 1)?;
    let id = world.say(chat, world.bot, draft)?;
    Ok(wire::message(world, chat, id))
}

/// `sendMessage`.
pub(super) fn message(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let text = text(params)?;
    send(world, chat, params, Body::Text(text))
}

/// The file that the parameters describe, ready to be a message.
pub(super) fn attachment(
    world: &mut World,
    kind: &'static str,
    field: &str,
    params: &Params,
) -> Result<Media, ApiError> {
    let caption = caption(params)?;
    let file = media::find(&mut world.files, kind, field, params)?;
    let value = media::describe(&file, params)?;
    Ok(Media { kind, value, file: file.id, caption, spoiler: params.flag("has_spoiler") })
}

fn file(world: &mut World, params: &Params, kind: &'static str) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let media = attachment(world, kind, kind, params)?;
    send(world, chat, params, Body::Media(media))
}

/// `sendPhoto`.
pub(super) fn photo(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "photo")
}

/// `sendDocument`.
pub(super) fn document(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "document")
}

/// `sendVideo`.
pub(super) fn video(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "video")
}

/// `sendAudio`.
pub(super) fn audio(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "audio")
}

/// `sendVoice`.
pub(super) fn voice(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "voice")
}

/// `sendAnimation`.
pub(super) fn animation(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "animation")
}

/// `sendSticker`.
pub(super) fn sticker(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "sticker")
}

/// `sendVideoNote`.
pub(super) fn video_note(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    file(world, params, "video_note")
}

/// `sendChatAction`: checked, and not shown.
pub(super) fn chat_action(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    target(world, params)?;
    Ok(true.into())
}

/// `copyMessage`: says the same again, without naming the author.
pub(super) fn copy(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let from = params.int("from_chat_id")?.ok_or_else(|| bad("chat not found"))?;
    let id = params.int("message_id")?.unwrap_or_default();
    let found = world.chat_for_bot(from)?.messages.get(&id);
    let body = found.ok_or_else(|| bad("message to copy not found"))?.body.clone();
    if matches!(body, Body::Service(_)) {
        return Err(bad("message can't be copied"));
    }
    let sent = send(world, chat, params, body)?;
    Ok(json!({ "message_id": sent.get("message_id") }))
}

/// The kind that an `InputMedia` names.
pub(super) fn media_kind(name: &str) -> Result<&'static str, ApiError> {
    match name {
        "photo" => Ok("photo"),
        "video" => Ok("video"),
        "document" => Ok("document"),
        "audio" => Ok("audio"),
        "animation" => Ok("animation"),
        _ => Err(bad("can't parse InputMedia: type must be specified")),
    }
}

/// What the platform's servers find out about one file of a group.
fn failed(number: usize, error: ApiError) -> ApiError {
    let why = error.description().trim_start_matches("Bad Request: ").to_owned();
    let code = |it: char| it.is_ascii_uppercase() || it == '_';
    if !why.chars().all(code) {
        return error;
    }
    bad(format!("failed to send message #{number} with the error message \"{why}\""))
}

/// `sendMediaGroup`: 2 to 10 files, each its own message, one album id.
pub(super) fn media_group(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let items = params.list("media")?.unwrap_or_default();
    if items.len() < 2 {
        return Err(bad("there are not enough messages to send as an album"));
    }
    if items.len() > 10 {
        return Err(bad("too many messages to send as an album"));
    }
    let mut album = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let item = item.as_object().ok_or_else(|| bad("expected an Object for InputMedia"))?;
        let item = Params::of(item, &params.files);
        let kind = media_kind(&item.text("type").unwrap_or_default())?;
        let media = attachment(world, kind, "media", &item);
        album.push(media.map_err(|error| failed(number + 1, error))?);
    }
    for alone in ["document", "audio", "animation"] {
        let count = album.iter().filter(|media| media.kind == alone).count();
        if count > 0 && (count < album.len() || alone == "animation") {
            return Err(bad(format!("{alone} can't be mixed with other media types")));
        }
    }
    limit(world, chat, album.len())?;
    let group = Some(format!("1390{:013}", world.fresh()));
    let mut sent = Vec::new();
    for media in album {
        let mut draft = draft(world, chat, params, Body::Media(media))?;
        draft.album = group.clone();
        let id = world.say(chat, world.bot, draft)?;
        sent.push(wire::message(world, chat, id));
    }
    Ok(sent.into())
}
