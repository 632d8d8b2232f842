// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes about the bot itself: gateway address, user, application, commands.
//!
//! Rule: `PUT` of commands replaces all of them, and ids of unchanged names stay.

use serde_json::{Value, json};

use super::{Call, id, wrong_method};
use crate::discord::refusal::{
    Answer, Outcome, Refusal, invalid, not_found, required, unknown_application, unknown_guild,
    unknown_user,
};
use crate::discord::world::{ChannelRow, Kind, World};
use crate::discord::{check, permissions, render};

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    match (call.method, call.steps.as_slice()) {
        ("GET", ["gateway"]) => Ok(Answer::Json(json!({"url": gateway(world)}))),
        ("GET", ["gateway", "bot"]) => Ok(Answer::Json(json!({
            "url": gateway(world), "shards": 1, "session_start_limit": {
                "total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1,
            },
        }))),
        ("GET", ["users", "@me"]) => Ok(Answer::Json(render::me(world))),
        ("GET", ["users", "@me", "guilds"]) => Ok(Answer::Json(guilds(world))),
        ("POST", ["users", "@me", "channels"]) => direct(world, call),
        ("GET", ["users", user]) => {
            let user = id(user)?;
            world.users.get(&user).ok_or_else(unknown_user)?;
            Ok(Answer::Json(render::user(world, user)))
        }
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
            Ok(Answer::Json(render::application(world)))
        }
        (_, ["applications", app, "commands"]) => commands(world, call, app, None),
        (_, ["applications", app, "guilds", guild, "commands"]) => {
            let guild = id(guild)?;
            world.bots_guild(guild).ok_or_else(unknown_guild)?;
            commands(world, call, app, Some(guild))
        }
        _ => Err(not_found()),
    }
}

fn gateway(world: &World) -> String {
    format!("{}/gateway", world.base.replacen("http", "ws", 1))
}

fn guilds(world: &World) -> Value {
    let mine = world.guilds.values().filter(|guild| guild.members.contains_key(&world.bot));
    let all = mine.map(|guild| {
        json!({
            "id": guild.id.to_string(), "name": guild.name, "icon": null, "banner": null,
            "owner": false, "features": [],
            "permissions": permissions::in_guild(guild, world.bot).to_string(),
        })
    });
    all.collect()
}

fn direct(world: &mut World, call: &Call) -> Outcome {
    let with = call.form.json.get("recipient_id").and_then(check::id);
    let with = with.ok_or_else(|| required("recipient_id"))?;
    world.users.get(&with).ok_or_else(unknown_user)?;
    let channel = world.direct(with);
    let row = world.channels.get(&channel).ok_or_else(unknown_user)?;
    Ok(Answer::Json(render::channel(world, row)))
}

impl World {
    /// The direct chat of the bot and a user, made when there is none.
    pub(crate) fn direct(&mut self, with: u64) -> u64 {
        let there = self.channels.values().find(|channel| channel.kind == Kind::Direct(with));
        if let Some(channel) = there {
            return channel.id;
        }
        let id = self.ids.next();
        self.channels.insert(id, ChannelRow::new(id, None, Kind::Direct(with), ""));
        id
    }
}

fn commands(world: &mut World, call: &Call, app: &str, guild: Option<u64>) -> Outcome {
    if id(app)? != world.application {
        return Err(unknown_application());
    }
    match call.method {
        "GET" => {
            let all = world.commands.get(&guild).cloned().unwrap_or_default();
            Ok(Answer::Json(all.into()))
        }
        "PUT" => {
            let wrong =
                || invalid("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            let asked = call.form.json.as_array().ok_or_else(wrong)?;
            let mut all = Vec::new();
            for (at, command) in asked.iter().enumerate() {
                all.push(register(world, command, at, guild)?);
            }
            world.commands.insert(guild, all.clone());
            Ok(Answer::Json(all.into()))
        }
        _ => wrong_method(),
    }
}

/// A command as it is kept; the id of a known name stays.
fn register(
    world: &mut World,
    asked: &Value,
    at: usize,
    guild: Option<u64>,
) -> Result<Value, Refusal> {
    let name = asked.get("name").and_then(Value::as_str).unwrap_or("");
    let kind = asked.get("type").and_then(Value::as_u64).unwrap_or(1);
    check_name(name, &format!("{at}.name"), kind)?;
    let described = |value: &Value| {
        let text = value.get("description").and_then(Value::as_str).unwrap_or("");
        (1..=100).contains(&text.chars().count())
    };
    if kind == 1 && !described(asked) {
        let text = "Must be between 1 and 100 in length.";
        return Err(invalid(&format!("{at}.description"), "BASE_TYPE_BAD_LENGTH", text));
    }
    check_options(asked, &at.to_string())?;
    let known = world.commands.get(&guild).into_iter().flatten();
    let known = known.into_iter().find(|one| one.get("name").and_then(Value::as_str) == Some(name));
    let known = known.and_then(|one| one.get("id").cloned());
    let id = known.unwrap_or_else(|| world.ids.next().to_string().into());
    let mut kept = json!({
        "id": id, "application_id": world.application.to_string(), "type": kind,
        "version": world.ids.next().to_string(), "nsfw": false, "default_member_permissions": null,
        "description": "", "integration_types": [0], "contexts": null,
        "name_localizations": null, "description_localizations": null,
    });
    let Some(map) = kept.as_object_mut() else { return Ok(kept) };
    for (key, value) in asked.as_object().into_iter().flatten() {
        if !value.is_null() && key != "id" {
            map.insert(key.clone(), value.clone());
        }
    }
    map.retain(|key, value| key != "contexts" || !value.is_null());
    if let Some(bits) = map.get("default_member_permissions").and_then(Value::as_u64) {
        map.insert("default_member_permissions".into(), bits.to_string().into());
    }
    if let Some(guild) = guild {
        map.insert("guild_id".into(), guild.to_string().into());
    }
    Ok(kept)
}

/// Slash commands have lower-case names of 1 to 32 letters, digits, `-` and `_`.
fn check_name(name: &str, path: &str, kind: u64) -> Result<(), Refusal> {
    let fits = |c: char| c.is_alphanumeric() && !c.is_uppercase() || matches!(c, '-' | '_' | '\'');
    let slash = kind != 1 || name.chars().all(fits);
    if !(1..=32).contains(&name.chars().count()) || !slash {
        let text = "Command name is invalid";
        return Err(invalid(path, "APPLICATION_COMMAND_INVALID_NAME", text));
    }
    Ok(())
}

fn check_options(asked: &Value, path: &str) -> Result<(), Refusal> {
    let options = asked.get("options").and_then(Value::as_array).cloned().unwrap_or_default();
    if options.len() > 25 {
        let text = "Must be 25 or fewer in length.";
        return Err(invalid(&format!("{path}.options"), "BASE_TYPE_MAX_LENGTH", text));
    }
    let mut optional = false;
    for (at, option) in options.iter().enumerate() {
        let path = format!("{path}.options.{at}");
        let name = option.get("name").and_then(Value::as_str).unwrap_or("");
        check_name(name, &format!("{path}.name"), 1)?;
        let text = option.get("description").and_then(Value::as_str).unwrap_or("");
        if !(1..=100).contains(&text.chars().count()) {
            let text = "Must be between 1 and 100 in length.";
            return Err(invalid(&format!("{path}.description"), "BASE_TYPE_BAD_LENGTH", text));
        }
        let required = option.get("required").and_then(Value::as_bool).unwrap_or(false);
        if required && optional {
            let text = "Required options must be placed before non-required options";
            return Err(invalid(&path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text));
        }
        optional |= !required;
        check_options(option, &path)?;
    }
    Ok(())
}
