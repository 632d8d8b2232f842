// SPDX-License-Identifier: AGPL-3.0-or-later
//! Users, members, roles, guilds, channels and webhooks as JSON.
//!
//! Rule: every field that the contracts or serenity call required is there; serenity
//! drops a whole `GUILD_CREATE` for one that is missing.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::session::intents;
use super::world::{ChannelRow, EmojiRow, GuildRow, Kind, Member, Role, WebhookRow, World};
use super::{access, clock};

/// The hash under which an avatar's address is known.
pub(crate) fn avatar_hash(of: &str) -> String {
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(of.as_bytes()));
    digest.chars().take(32).collect()
}

/// A user; somebody unknown is shown as deleted.
pub(crate) fn user(world: &World, id: u64) -> Value {
    let row = world.users.get(&id);
    let bot = row.is_some_and(|row| row.bot);
    let mut json = json!({
        "id": id.to_string(),
        "username": row.map_or("deleted_user", |row| row.username.as_str()),
        "global_name": row.and_then(|row| row.global_name.clone()),
        "avatar": row.and_then(|row| row.avatar.clone()),
        "discriminator": if bot { "4711" } else { "0" },
        "public_flags": 0, "flags": 0, "primary_guild": null, "banner": null, "accent_color": null,
        "avatar_decoration_data": null, "collectibles": null,
    });
    if let (true, Some(map)) = (bot, json.as_object_mut()) {
        map.insert("bot".into(), true.into());
    }
    json
}

/// The bot about itself: `GET /users/@me` and `READY`.
pub(crate) fn me(world: &World) -> Value {
    let mut json = user(world, world.bot);
    let more = json!({"mfa_enabled": true, "locale": "en-US", "verified": true, "email": null});
    if let (Some(map), Value::Object(more)) = (json.as_object_mut(), more) {
        map.extend(more);
    }
    json
}

/// A member without its user, as in messages.
pub(crate) fn member_alone(member: &Member) -> Value {
    json!({
        "nick": member.nick, "avatar": member.avatar, "banner": null,
        "roles": member.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
        "joined_at": clock::iso(member.joined), "premium_since": null, "deaf": false,
        "mute": false, "flags": 0, "pending": false,
        "communication_disabled_until": member.timeout.map(clock::iso),
    })
}

/// A member with its user.
pub(crate) fn member(world: &World, guild: &GuildRow, id: u64) -> Option<Value> {
    let mut json = member_alone(guild.members.get(&id)?);
    json.as_object_mut()?.insert("user".into(), user(world, id));
    Some(json)
}

pub(crate) fn role(role: &Role, position: usize) -> Value {
    let mut json = json!({
        "id": role.id.to_string(), "name": role.name, "permissions": role.permissions.to_string(),
        "position": position, "color": role.colour, "hoist": false, "managed": role.bot.is_some(),
        "colors": {"primary_color": role.colour, "secondary_color": null, "tertiary_color": null},
        "mentionable": role.mentionable, "icon": null, "unicode_emoji": null, "flags": 0,
    });
    if let (Some(bot), Some(map)) = (role.bot, json.as_object_mut()) {
        map.insert("tags".into(), json!({"bot_id": bot.to_string()}));
    }
    json
}

pub(crate) fn roles(guild: &GuildRow) -> Vec<Value> {
    guild.roles.iter().enumerate().map(|(at, one)| role(one, at)).collect()
}

pub(crate) fn emoji(row: &EmojiRow) -> Value {
    json!({
        "id": row.id.to_string(), "name": row.name, "animated": row.animated, "roles": [],
        "require_colons": true, "managed": false, "available": true,
    })
}

/// A guild as REST and `GUILD_UPDATE` show it.
pub(crate) fn guild(row: &GuildRow) -> Value {
    json!({
        "id": row.id.to_string(), "name": row.name, "icon": null, "description": null,
        "home_header": null, "splash": null, "discovery_splash": null, "features": [],
        "banner": null, "owner_id": row.owner.to_string(), "application_id": null,
        "region": "us-west", "afk_channel_id": null, "afk_timeout": 300,
        "system_channel_id": null, "system_channel_flags": 0, "widget_enabled": false,
        "widget_channel_id": null, "verification_level": 0, "roles": roles(row),
        "default_message_notifications": 1, "mfa_level": 0, "explicit_content_filter": 0,
        "max_presences": null, "max_members": 500_000, "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25, "vanity_url_code": null, "premium_tier": 0,
        "premium_subscription_count": 0, "preferred_locale": "en-US", "rules_channel_id": null,
        "safety_alerts_channel_id": null, "public_updates_channel_id": null,
        "premium_progress_bar_enabled": false, "nsfw": false, "nsfw_level": 0,
        "emojis": row.emojis.iter().map(emoji).collect::<Vec<_>>(), "stickers": [],
        "incidents_data": null, "hub_type": null,
    })
}

/// The payload of `GUILD_CREATE`.
pub(crate) fn guild_create(world: &World, row: &GuildRow) -> Value {
    let mut json = guild(row);
    let joined = row.members.get(&world.bot).map_or(0, |member| member.joined);
    let of_guild = world.channels.values().filter(|channel| channel.guild == Some(row.id));
    let (threads, channels): (Vec<_>, Vec<_>) =
        of_guild.partition(|channel| matches!(channel.kind, Kind::Thread(_)));
    let active = threads.into_iter().filter(|thread| !thread.archived);
    let everyone = row.members.keys().filter_map(|id| member(world, row, *id));
    let more = json!({
        "joined_at": clock::iso(joined), "large": false, "unavailable": false,
        "member_count": row.members.len(), "members": everyone.collect::<Vec<_>>(),
        "channels": channels.into_iter().map(|c| channel(world, c)).collect::<Vec<_>>(),
        "threads": active.map(|thread| channel(world, thread)).collect::<Vec<_>>(),
        "voice_states": [], "presences": [], "stage_instances": [], "soundboard_sounds": [],
        "guild_scheduled_events": [], "embedded_activities": [],
    });
    if let (Some(map), Value::Object(more)) = (json.as_object_mut(), more) {
        map.extend(more);
    }
    json
}

fn tags(forum: &ChannelRow) -> Vec<Value> {
    let tag = |id: u64, name: &str, moderated: bool| {
        json!({
            "id": id.to_string(), "name": name, "moderated": moderated, "emoji_id": null,
            "emoji_name": null,
        })
    };
    let both = |id| [tag(id + 1, "official", true), tag(id, "question", false)];
    forum.required_tag.map(both).into_iter().flatten().collect()
}

/// A channel or thread.
pub(crate) fn channel(world: &World, row: &ChannelRow) -> Value {
    let last = row.last_message.map(|id| id.to_string());
    let pinned = row.pins.values().max().copied().map(clock::iso);
    let guild = row.guild.unwrap_or(0).to_string();
    match row.kind {
        Kind::Forum => json!({
            "id": row.id.to_string(), "type": 15, "guild_id": guild, "name": row.name,
            "position": row.position, "flags": u8::from(row.required_tag.is_some()) << 4,
            "parent_id": null, "topic": row.topic, "nsfw": false, "rate_limit_per_user": 0,
            "permission_overwrites": access::overwrites(row),
            "available_tags": tags(row), "default_reaction_emoji": null, "default_sort_order": null,
            "default_forum_layout": 0, "last_message_id": world.newest_thread(row.id),
        }),
        Kind::Text => json!({
            "id": row.id.to_string(), "type": 0, "guild_id": guild, "name": row.name,
            "position": row.position, "flags": 0, "parent_id": null, "topic": row.topic,
            "nsfw": false, "rate_limit_per_user": 0, "last_message_id": last,
            "last_pin_timestamp": pinned,
            "permission_overwrites": access::overwrites(row),
        }),
        Kind::Thread(parent) => json!({
            "id": row.id.to_string(), "type": if row.private { 12 } else { 11 }, "guild_id": guild, "name": row.name,
            "parent_id": parent.to_string(), "owner_id": row.owner.to_string(), "flags": 0,
            "rate_limit_per_user": 0, "last_message_id": last, "last_pin_timestamp": pinned,
            "message_count": row.messages.len(), "total_message_sent": row.messages.len(),
            "member_count": 1, "thread_metadata": {
                "archived": row.archived, "locked": row.locked, "auto_archive_duration": 1440,
                "archive_timestamp": clock::iso(row.archived_at.unwrap_or_else(|| clock::made(row.id))),
                "create_timestamp": clock::iso(clock::made(row.id)),
            },
        }),
        Kind::Direct(with) => json!({
            "id": row.id.to_string(), "type": 1, "flags": 0, "last_message_id": last,
            "last_pin_timestamp": pinned, "recipients": [user(world, with)],
        }),
    }
}

/// A webhook; `secret` shows its token.
pub(crate) fn webhook(world: &World, row: &WebhookRow, secret: bool) -> Value {
    let mut json = json!({
        "id": row.id.to_string(), "type": 1, "name": row.name,
        "avatar": row.avatar.as_deref().map(avatar_hash), "channel_id": row.channel.to_string(),
        "guild_id": row.guild.to_string(), "user": user(world, row.user),
        "application_id": row.application.map(|id| id.to_string()),
    });
    if let (true, Some(map)) = (secret, json.as_object_mut()) {
        let url = format!("{}/api/webhooks/{}/{}", world.base, row.id, row.token);
        map.insert("token".into(), row.token.clone().into());
        map.insert("url".into(), url.into());
    }
    json
}

/// The flags of an application in fewer than 100 servers whose owner switched these intents on.
fn flags(privileged: u64) -> u64 {
    let flag = |intent, flag| if privileged & intent == 0 { 0 } else { flag };
    flag(intents::GUILD_PRESENCES, 1 << 13)
        | flag(intents::GUILD_MEMBERS, 1 << 15)
        | flag(intents::MESSAGE_CONTENT, 1 << 19)
}

/// The application, as its owner sees it.
pub(crate) fn application(world: &World) -> Value {
    let flags = flags(world.knobs.privileged);
    json!({
        "id": world.application.to_string(), "name": "Freeside", "icon": null, "description": "",
        "type": null, "verify_key": "0".repeat(64), "flags": flags, "flags_new": flags.to_string(),
        "redirect_uris": [], "interactions_endpoint_url": null, "bot_public": true,
        "role_connections_verification_url": null, "owner": user(world, world.owner),
        "approximate_guild_count": world.guilds.len(), "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": null,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "bot": user(world, world.bot), "bot_require_code_grant": false, "summary": "", "hook": true,
        "tags": [],
    })
}
