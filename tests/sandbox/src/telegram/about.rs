// SPDX-License-Identifier: AGPL-3.0-or-later
//! The methods that ask: about the bot, chats and their members; and its commands.
//!
//! Source: <https://core.telegram.org/bots/api#available-methods>.

use serde_json::{Map, Value, json};

use super::answer::{ApiError, bad};
use super::params::Params;
use super::rights::Standing;
use super::send::chat_id;
use super::wire;
use super::world::{ChatKind, World};

/// `getMe`.
pub(super) fn me(world: &mut World, _: &Params) -> Result<Value, ApiError> {
    let mut me = wire::user(world, world.bot);
    if let Some(me) = me.as_object_mut() {
        let mut set = |name: &str, value: bool| me.insert(name.to_owned(), value.into());
        set("can_join_groups", true);
        set("can_read_all_group_messages", !world.privacy);
        set("supports_inline_queries", false);
        set("can_connect_to_business", false);
        set("has_main_web_app", false);
    }
    Ok(me)
}

/// `getChat`: a `ChatFullInfo`.
pub(super) fn chat(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = chat_id(world, params)?;
    let mut info = wire::chat(world, id);
    let pinned = world.chats.get(&id).and_then(|chat| chat.pinned.first().copied());
    let permissions = world.chats.get(&id).map(|chat| chat.permissions.clone()).unwrap_or_default();
    let about = world.chats.get(&id).map(|chat| chat.about.clone());
    let photo = world.chats.get(&id).and_then(|chat| chat.photo.clone());
    let private = world.chats.get(&id).is_some_and(|chat| chat.kind == ChatKind::Private);
    let Some(object) = info.as_object_mut() else { return Ok(info) };
    object.insert("accent_color_id".to_owned(), 0.into());
    object.insert("max_reaction_count".to_owned(), 11.into());
    let gifts = [
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    ];
    let gifts: Map<String, Value> =
        gifts.iter().map(|gift| ((*gift).to_owned(), false.into())).collect();
    object.insert("accepted_gift_types".to_owned(), gifts.into());
    if !private {
        object.insert("permissions".to_owned(), permissions.into());
    }
    if let Some(about) = about.filter(|about| !about.is_empty()) {
        object.insert("description".to_owned(), about.into());
    }
    if let Some(file) = photo {
        let photo = json!({
            "small_file_id": format!("{file}s"), "small_file_unique_id": format!("{file}us"),
            "big_file_id": file, "big_file_unique_id": format!("{file}u"),
        });
        object.insert("photo".to_owned(), photo);
    }
    if let Some(pinned) = pinned {
        let pinned = wire::message(world, id, pinned);
        object.insert("pinned_message".to_owned(), pinned);
    }
    Ok(info)
}

/// `getChatMember`: also for those who left; an error for people nobody has heard of.
pub(super) fn member(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let user = params.int("user_id")?.ok_or_else(|| bad("invalid user_id specified"))?;
    if !world.people.contains_key(&user) {
        return Err(bad("user not found"));
    }
    let room = world.chat_for_bot(chat)?;
    let supergroup = room.kind == ChatKind::Supergroup;
    Ok(wire::member(world, user, &room.standing(user), supergroup))
}

/// `getChatAdministrators`: all but other bots.
pub(super) fn administrators(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let room = world.chat_for_bot(chat_id(world, params)?)?;
    if room.kind == ChatKind::Private {
        return Err(bad("there are no administrators in the private chat"));
    }
    let supergroup = room.kind == ChatKind::Supergroup;
    let admins = room.members.iter().filter(|(id, standing)| {
        let bot = world.people.get(id).is_some_and(|person| person.is_bot);
        let admin = matches!(standing, Standing::Owner | Standing::Admin(_));
        admin && (!bot || **id == world.bot)
    });
    Ok(admins.map(|(id, standing)| wire::member(world, *id, standing, supergroup)).collect())
}

/// `getChatMemberCount`.
pub(super) fn member_count(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let room = world.chat_for_bot(chat_id(world, params)?)?;
    Ok(room.members.values().filter(|standing| standing.is_in()).count().into())
}

/// `leaveChat`.
pub(super) fn leave(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    if world.chat_for_bot(chat)?.kind == ChatKind::Private {
        return Err(bad("chat member status can't be changed in private chats"));
    }
    let bot = world.bot;
    world.set_standing(chat, bot, bot, Standing::Left);
    Ok(true.into())
}

fn scope(params: &Params) -> Result<(String, String), ApiError> {
    let default = json!({ "type": "default" });
    let scope = params.json("scope")?.unwrap_or(default);
    Ok((scope.to_string(), params.text("language_code").unwrap_or_default()))
}

/// `setMyCommands`.
pub(super) fn set_commands(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let commands = params.list("commands")?.unwrap_or_default();
    if commands.len() > 100 {
        return Err(bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in &commands {
        let field = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, about) = (field("command"), field("description"));
        let name = name.strip_prefix('/').unwrap_or(name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
            return Err(bad("BOT_COMMAND_INVALID"));
        }
        if about.trim().is_empty() || about.encode_utf16().count() > 256 {
            return Err(bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    world.commands.insert(scope(params)?, commands);
    Ok(true.into())
}

/// `getMyCommands`.
pub(super) fn commands(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    Ok(world.commands.get(&scope(params)?).cloned().unwrap_or_default().into())
}

/// `deleteMyCommands`.
pub(super) fn delete_commands(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    world.commands.remove(&scope(params)?);
    Ok(true.into())
}

/// `answerCallbackQuery`: each query can be answered once.
pub(super) fn answer_query(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = params.text("callback_query_id").unwrap_or_default();
    if !world.queries.remove(&id) {
        return Err(bad("query is too old and response timeout expired or query ID is invalid"));
    }
    Ok(true.into())
}
