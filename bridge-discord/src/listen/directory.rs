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
            let channels = incoming::list(data, "channels").iter();
            for channel in channels.chain(incoming::list(data, "threads")) {
                shared.learn_channel(channel, guild);
                shared.learn_look(channel);
            }
            for role in incoming::list(data, "roles") {
                shared.learn_role(role);
            }
        }
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
            shared.learn_channel(data, guild);
        }
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => {
            if let Some(role) = data.get("role") {
                shared.learn_role(role);
            }
        }
        _ => {
            if let (Some(channel), Some(guild)) = (incoming::id(data, "channel_id"), guild) {
                shared.learn_guild_of(channel, guild);
            }
        }
    }
}
