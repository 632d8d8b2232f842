// SPDX-License-Identifier: AGPL-3.0-or-later
//! The payloads of the gateway.
//!
//! Rule: what cannot be read is `None` or `null`, and the connection goes on.
//! See <https://discord.com/developers/docs/events/gateway-events#payload-structure>.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use serenity::model::gateway::GatewayIntents;

use crate::session::Session;
use crate::token::Token;
use crate::tolerant;

/// What a payload asks for.
///
/// See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes>.
pub(super) mod opcode {
    pub(in crate::gateway) const DISPATCH: u8 = 0;
    pub(in crate::gateway) const HEARTBEAT: u8 = 1;
    pub(in crate::gateway) const IDENTIFY: u8 = 2;
    pub(in crate::gateway) const RESUME: u8 = 6;
    pub(in crate::gateway) const RECONNECT: u8 = 7;
    pub(in crate::gateway) const INVALID_SESSION: u8 = 9;
    pub(in crate::gateway) const HELLO: u8 = 10;
    pub(in crate::gateway) const HEARTBEAT_ACK: u8 = 11;
}

/// A payload from Discord. The data stay as they came until they are needed, so that data that
/// cannot be read never hide the sequence number.
#[derive(Deserialize)]
pub(super) struct Frame {
    /// The [`opcode`].
    pub(super) op: u8,
    #[serde(default)]
    d: Option<Box<RawValue>>,
    /// The sequence number of a dispatch.
    #[serde(default)]
    pub(super) s: Option<u64>,
    /// The name of a dispatch.
    #[serde(default)]
    pub(super) t: Option<String>,
}

impl Frame {
    /// Reads a payload.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The data; what cannot be read in them is `null`.
    pub(super) fn data(&self) -> Value {
        let Some(raw) = &self.d else { return Value::Null };
        let document = tolerant::read_raw(raw);
        if document.damaged {
            let (seq, kind) = (self.s, self.t.as_deref());
            tracing::warn!(seq, kind, "a part of a payload of the gateway cannot be read");
        }
        document.value
    }
}

/// What we listen to; `members` needs an intent that has to be switched on for the application.
pub(super) fn intents(members: bool) -> GatewayIntents {
    let members = if members { GatewayIntents::GUILD_MEMBERS } else { GatewayIntents::empty() };
    members
        | GatewayIntents::GUILDS
        | GatewayIntents::GUILD_EMOJIS_AND_STICKERS
        | GatewayIntents::GUILD_WEBHOOKS
        | GatewayIntents::GUILD_MODERATION
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::DIRECT_MESSAGES
        | GatewayIntents::MESSAGE_CONTENT
        | GatewayIntents::GUILD_MESSAGE_POLLS
}

/// Opcode 2: begins a session.
pub(super) fn identify(token: &Token, members: bool) -> String {
    json!({"op": opcode::IDENTIFY, "d": {
        "token": token.reveal(),
        "intents": intents(members).bits(),
        "properties": {"os": std::env::consts::OS, "browser": "freeside", "device": "freeside"},
    }})
    .to_string()
}

/// Opcode 6: goes on with a session.
pub(super) fn resume(token: &Token, session: &Session) -> String {
    json!({"op": opcode::RESUME, "d": {"token": token.reveal(), "session_id": session.id, "seq": session.seq}})
        .to_string()
}

/// Opcode 1.
pub(super) fn heartbeat(seq: Option<u64>) -> String {
    json!({"op": opcode::HEARTBEAT, "d": seq}).to_string()
}
