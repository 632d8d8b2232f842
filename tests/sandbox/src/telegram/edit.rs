// SPDX-License-Identifier: AGPL-3.0-or-later
//! The methods by which the bot changes what was said: edits, deletions, pins, reactions.
//!
//! Rule: a bot edits only its own messages, and a change that changes nothing is an error.
//! Source: <https://core.telegram.org/bots/api#updating-messages>.

use serde_json::Value;

use super::answer::{ApiError, bad};
use super::params::Params;
use super::send::{attachment, caption, chat_id, markup, media_kind, text};
use super::world::{Body, Chat, ChatKind, Draft, Message, World};
use super::{emoji, wire};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply \
    markup are exactly the same as a current content and reply markup of the message";

pub(super) fn message_id(params: &Params) -> Result<i64, ApiError> {
    params.int("message_id")?.ok_or_else(|| bad("message identifier is not specified"))
}

/// The message, if it is there and the bot's own.
pub(super) fn own(world: &World, chat: i64, id: i64) -> Result<&Message, ApiError> {
    let message = world.chat_for_bot(chat)?.messages.get(&id);
    let message = message.ok_or_else(|| bad("message to edit not found"))?;
    if message.from != world.bot || matches!(message.body, Body::Service(_)) {
        return Err(bad("message can't be edited"));
    }
    Ok(message)
}

/// Puts a new body into a message of the bot and answers with the message.
pub(super) fn replace(
    world: &mut World,
    chat: i64,
    id: i64,
    (body, markup): (Body, Option<Value>),
) -> Result<Value, ApiError> {
    let old = own(world, chat, id)?;
    let same_markup = old.markup == markup;
    let same = match (&old.body, &body) {
        (Body::Text(old), Body::Text(new)) => old == new,
        (Body::Media(old), Body::Media(new)) => {
            old.file == new.file && old.caption == new.caption && old.spoiler == new.spoiler
        }
        (Body::Poll(old), Body::Poll(new)) => old == new,
        (Body::Card(old), Body::Card(new)) => old == new,
        (Body::Text(_) | Body::Media(_) | Body::Poll(_) | Body::Card(_) | Body::Service(_), _) => {
            false
        }
    };
    if same && same_markup {
        return Err(bad(NOT_MODIFIED));
    }
    let room = world.chats.get_mut(&chat).and_then(|chat| chat.messages.get_mut(&id));
    if let Some(message) = room {
        message.body = body;
        message.markup = markup;
        message.edited = Some(wire::now());
    }
    Ok(wire::message(world, chat, id))
}

/// `editMessageText`.
pub(super) fn edit_text(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let (id, text) = (message_id(params)?, text(params)?);
    if !matches!(editable(own(world, chat, id)?)?, Body::Text(_)) {
        return Err(bad("there is no text in the message to edit"));
    }
    replace(world, chat, id, (Body::Text(text), markup(params)?))
}

/// `editMessageCaption`.
pub(super) fn edit_caption(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let (id, caption) = (message_id(params)?, caption(params)?);
    let Body::Media(media) = editable(own(world, chat, id)?)? else {
        return Err(bad("there is no caption in the message to edit"));
    };
    let mut media = media.clone();
    media.caption = caption;
    replace(world, chat, id, (Body::Media(media), markup(params)?))
}

/// `editMessageMedia`.
pub(super) fn edit_media(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let old = own(world, chat, id)?;
    editable(old)?;
    let (old_kind, grouped) = (album_kind(&old.body), old.album.is_some());
    let item = params.json("media")?.ok_or_else(|| bad("media is not specified"))?;
    let item = item.as_object().ok_or_else(|| bad("expected an Object for InputMedia"))?;
    let item = Params::of(item, &params.files);
    let kind = media_kind(&item.text("type").unwrap_or_default())?;
    let media = attachment(world, kind, "media", &item)?;
    let body = Body::Media(media);
    if grouped && album_kind(&body) != old_kind {
        return Err(bad("can't change media type in the album"));
    }
    replace(world, chat, id, (body, markup(params)?))
}

/// What can be changed besides buttons: not what has neither text nor caption.
fn editable(message: &Message) -> Result<&Body, ApiError> {
    match &message.body {
        Body::Media(media) if matches!(media.kind, "sticker" | "video_note") => {
            Err(bad("message can't be edited"))
        }
        Body::Card(_) | Body::Service(_) => Err(bad("message can't be edited")),
        body @ (Body::Text(_) | Body::Media(_) | Body::Poll(_)) => Ok(body),
    }
}

/// Groups keep their kind: pictures and films, music, or documents.
fn album_kind(body: &Body) -> &'static str {
    match body {
        Body::Media(media) if media.kind == "video" => "photo",
        Body::Media(media) => media.kind,
        Body::Text(_) | Body::Poll(_) | Body::Card(_) | Body::Service(_) => "none",
    }
}

/// `editMessageReplyMarkup`.
pub(super) fn edit_markup(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let body = own(world, chat, id)?.body.clone();
    replace(world, chat, id, (body, markup(params)?))
}

fn may_delete(world: &World, chat: &Chat, id: i64) -> bool {
    let own = chat.messages.get(&id).is_some_and(|message| message.from == world.bot);
    own || chat.kind == ChatKind::Private || world.bot_rights(chat).delete_messages
}

/// Takes a message out of the history and the pins; nobody is told, as on the platform.
pub(super) fn forget(chat: &mut Chat, id: i64) {
    chat.messages.remove(&id);
    chat.pinned.retain(|pinned| *pinned != id);
}

/// `deleteMessage`.
pub(super) fn delete(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let room = world.chat_for_bot(chat)?;
    if !room.messages.contains_key(&id) {
        return Err(bad("message to delete not found"));
    }
    if !may_delete(world, room, id) {
        return Err(bad("message can't be deleted for everyone"));
    }
    if let Some(room) = world.chats.get_mut(&chat) {
        forget(room, id);
    }
    Ok(true.into())
}

/// `deleteMessages`: those that are not there are skipped.
pub(super) fn delete_many(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let ids = params.list("message_ids")?.unwrap_or_default();
    let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
    if ids.is_empty() {
        return Err(bad("message identifiers are not specified"));
    }
    if ids.len() > 100 {
        return Err(bad("too many message identifiers specified"));
    }
    let room = world.chat_for_bot(chat)?;
    let there: Vec<i64> = ids.into_iter().filter(|id| room.messages.contains_key(id)).collect();
    if !there.iter().all(|id| may_delete(world, room, *id)) {
        return Err(bad("message can't be deleted for everyone"));
    }
    if let Some(room) = world.chats.get_mut(&chat) {
        there.into_iter().for_each(|id| forget(room, id));
    }
    Ok(true.into())
}

fn pinning<'a>(world: &'a World, params: &Params) -> Result<&'a Chat, ApiError> {
    let chat = world.chat_for_bot(chat_id(world, params)?)?;
    if chat.kind != ChatKind::Private && !world.bot_rights(chat).pin_messages {
        return Err(bad("not enough rights to manage pinned messages in the chat"));
    }
    Ok(chat)
}

/// Pins a message and says so in the chat; pinning twice does nothing.
pub(super) fn pin_as(world: &mut World, chat: i64, by: i64, id: i64) -> Result<(), ApiError> {
    let room = world.chats.get_mut(&chat).ok_or_else(|| bad("chat not found"))?;
    if !room.messages.contains_key(&id) {
        return Err(bad("message to pin not found"));
    }
    if room.pinned.contains(&id) {
        return Ok(());
    }
    room.pinned.insert(0, id);
    let pinned = room.messages.get(&id).cloned();
    let pinned = pinned.map(|pinned| Value::Object(wire::flat(world, chat, &pinned)));
    let draft = Draft::service("pinned_message", pinned.unwrap_or_default());
    world.post(chat, by, draft)?;
    Ok(())
}

/// `pinChatMessage`.
pub(super) fn pin(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = pinning(world, params)?.id;
    pin_as(world, chat, world.bot, message_id(params)?)?;
    Ok(true.into())
}

/// `unpinChatMessage`; without an id the newest pin.
pub(super) fn unpin(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let room = pinning(world, params)?;
    let id = params.int("message_id")?.or_else(|| room.pinned.first().copied());
    let id = id.filter(|id| room.messages.contains_key(id));
    let id = id.ok_or_else(|| bad("message to unpin not found"))?;
    let chat = room.id;
    if let Some(room) = world.chats.get_mut(&chat) {
        room.pinned.retain(|pinned| *pinned != id);
    }
    Ok(true.into())
}

/// `unpinAllChatMessages`.
pub(super) fn unpin_all(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = pinning(world, params)?.id;
    if let Some(room) = world.chats.get_mut(&chat) {
        room.pinned.clear();
    }
    Ok(true.into())
}

/// `setMessageReaction`: the whole set of the bot's reactions, at most one.
pub(super) fn react(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let mut chosen = Vec::new();
    for reaction in params.list("reaction")?.unwrap_or_default() {
        let field = |name: &str| reaction.get(name).and_then(Value::as_str);
        let emoji = match field("type") {
            Some("emoji") => field("emoji").unwrap_or_default(),
            Some("custom_emoji") => return Err(bad("REACTION_INVALID")),
            _ => return Err(bad("can't parse ReactionType: invalid reaction type specified")),
        };
        chosen.push(emoji.to_owned());
    }
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let bot = world.bot;
    let here = world.chats.get(&chat).and_then(|chat| chat.reactions.clone());
    let message = world.chats.get_mut(&chat).and_then(|chat| chat.messages.get_mut(&id));
    let message = message.ok_or_else(|| bad("message to react not found"))?;
    let allowed = |emoji: &String| here.as_ref().is_none_or(|here| here.contains(emoji));
    if !chosen.iter().all(|emoji| emoji::allowed(emoji) && allowed(emoji)) {
        return Err(bad("REACTION_INVALID"));
    }
    if chosen.len() > 1 {
        return Err(bad("REACTIONS_TOO_MANY"));
    }
    message.reactions.retain(|(by, _)| *by != bot);
    message.reactions.extend(chosen.into_iter().map(|emoji| (bot, emoji)));
    Ok(true.into())
}
