// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes that show channels, guilds, members and roles.
//!
//! Rule: what the bot is not a member of does not exist for it.

use serde_json::json;

use super::{Call, id, wrong_method};
use crate::discord::permissions::SEND_MESSAGES;
use crate::discord::refusal::{Answer, Outcome, not_found, unknown_guild, unknown_member};
use crate::discord::render;
use crate::discord::world::{Kind, World};

pub(super) fn route(world: &World, call: &Call) -> Outcome {
    match (call.method, call.steps.as_slice()) {
        ("GET", ["channels", channel]) => {
            let row = world.visible(id(channel)?)?;
            Ok(Answer::Json(render::channel(world, row)))
        }
        ("POST", ["channels", channel, "typing"]) => {
            world.allowed(id(channel)?, SEND_MESSAGES)?;
            Ok(Answer::Empty)
        }
        ("GET", ["guilds", guild, rest @ ..]) => {
            let guild = world.bots_guild(id(guild)?).ok_or_else(unknown_guild)?;
            of_guild(world, guild, rest)
        }
        (_, ["channels", _] | ["guilds", ..]) => wrong_method(),
        _ => Err(not_found()),
    }
}

fn of_guild(world: &World, guild: &crate::discord::world::GuildRow, rest: &[&str]) -> Outcome {
    let channels = world.channels.values().filter(|channel| channel.guild == Some(guild.id));
    match rest {
        [] => Ok(Answer::Json(render::guild(guild))),
        ["channels"] => {
            let text = channels.filter(|channel| matches!(channel.kind, Kind::Text | Kind::Forum));
            Ok(Answer::Json(text.map(|channel| render::channel(world, channel)).collect()))
        }
        ["threads", "active"] => {
            let open = |channel: &&crate::discord::world::ChannelRow| {
                matches!(channel.kind, Kind::Thread(_)) && !channel.archived
            };
            let threads = channels.filter(open).map(|channel| render::channel(world, channel));
            let threads: Vec<_> = threads.collect();
            Ok(Answer::Json(json!({"threads": threads, "members": [], "has_more": false})))
        }
        ["roles"] => Ok(Answer::Json(render::roles(guild).into())),
        ["emojis"] => Ok(Answer::Json(guild.emojis.iter().map(render::emoji).collect())),
        ["members", user] => {
            let user = if *user == "@me" { world.bot } else { id(user)? };
            render::member(world, guild, user).map(Answer::Json).ok_or_else(unknown_member)
        }
        _ => Err(not_found()),
    }
}
