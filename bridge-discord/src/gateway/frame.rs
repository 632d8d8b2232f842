// SPDX-License-Identifier: AGPL-3.0-or-later
//! The payloads of the gateway.
//!
//! Rule: what cannot be read is `None`, and the connection goes on.
//! See <https://discord.com/developers/docs/events/gateway-events#payload-structure>.

use serde::Deserialize;
use serde_json::{Value, json};
use serenity::model::gateway::GatewayIntents;

use super::Session;

/// A payload from Discord.
#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    /// The opcode.
    pub(super) op: u8,
    /// The data.
    #[serde(default)]
    pub(super) d: Value,
    /// The sequence number of a dispatch.
    #[serde(default)]
    pub(super) s: Option<u64>,
    /// The name of a dispatch.
    #[serde(default)]
    pub(super) t: Option<String>,
}

/// What we listen to; `members` needs an intent that has to be switched on for the application.
pub(super) fn intents(members: bool) -> GatewayIntents {
    let members = if members { GatewayIntents::GUILD_MEMBERS } else { GatewayIntents::empty() };
    members
        | GatewayIntents::GUILDS
        | GatewayIntents::GUILD_EMOJIS_AND_STICKERS
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::DIRECT_MESSAGES
        | GatewayIntents::MESSAGE_CONTENT
        | GatewayIntents::GUILD_MESSAGE_POLLS
}

/// Opcode 2: begins a session.
pub(super) fn identify(token: &str, members: bool) -> String {
    json!({"op": 2, "d": {
        "token": token,
        "intents": intents(members).bits(),
        "properties": {"os": std::env::consts::OS, "browser": "freeside", "device": "freeside"},
    }})
    .to_string()
}

/// Opcode 6: goes on with a session.
pub(super) fn resume(token: &str, session: &Session) -> String {
    json!({"op": 6, "d": {"token": token, "session_id": session.id, "seq": session.seq}})
        .to_string()
}

/// Opcode 1.
pub(super) fn heartbeat(seq: Option<u64>) -> String {
    json!({"op": 1, "d": seq}).to_string()
}
