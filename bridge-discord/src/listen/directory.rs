// SPDX-License-Identifier: AGPL-3.0-or-later
//! Learns names and servers from gateway events.
//!
//! Rule: a cache only; nothing is asked for its sake.

use serde_json::Value;

use crate::convert::incoming;
use crate::shared::Shared;

/// Learns what the event tells about channels, roles and servers.
pub(super) fn learn(shared: &Shared, kind: &str, data: &Value) {
    let guild = incoming::id(data, "guild_id");
    match kind {
        "GUILD_CREATE" => {
            let guild = incoming::id(data, "id");
            if let Some(guild) = guild {
                shared.begin_server(guild);
            }
            let channels = incoming::list(data, "channels").iter();
            for channel in channels.chain(incoming::list(data, "threads")) {
                shared.learn_channel(channel, guild);
            }
            for role in incoming::list(data, "roles") {
                shared.learn_role(role);
            }
        }
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
            shared.learn_channel(data, guild);
            shared.heard_of_channel(data);
        }
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => {
            let user = data.get("user").and_then(|user| incoming::id(user, "id"));
            if let Some((guild, user)) = guild.zip(user) {
                shared.keep_member(guild, user, data);
            }
        }
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => {
            if let Some(role) = data.get("role") {
                shared.learn_role(role);
            }
        }
        "WEBHOOKS_UPDATE" => {
            // One of the channel's webhooks was made, changed, moved or deleted; maybe ours.
            if let Some(channel) = incoming::id(data, "channel_id") {
                shared.forget_webhook(channel);
            }
        }
        _ => {
            if let (Some(channel), Some(guild)) = (incoming::id(data, "channel_id"), guild) {
                shared.learn_guild_of(channel, guild);
            }
        }
    }
}
