// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a connection ended, and so what comes next.
//!
//! Rule: only what a person has to mend ends listening.
//! See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway>.

use bot_core::NetworkError;

use crate::NETWORK;

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum ConnectionEnd {
    /// Told to stop.
    Stopped,
    /// Connect again and resume the session.
    Resume(String),
    /// The session is over: identify anew.
    Identify(String),
    /// Discord refuses the token: connect again after the longest pause.
    TokenRefused(String),
    /// Give up.
    Failed(NetworkError),
}

/// Close codes by which Discord says why.
pub(super) mod close {
    pub(in crate::gateway) const NOT_AUTHENTICATED: u16 = 4003;
    pub(in crate::gateway) const AUTHENTICATION_FAILED: u16 = 4004;
    pub(in crate::gateway) const INVALID_SEQUENCE: u16 = 4007;
    pub(in crate::gateway) const SESSION_TIMED_OUT: u16 = 4009;
    pub(in crate::gateway) const INVALID_SHARD: u16 = 4010;
    pub(in crate::gateway) const SHARDING_REQUIRED: u16 = 4011;
    pub(in crate::gateway) const INVALID_VERSION: u16 = 4012;
    pub(in crate::gateway) const INVALID_INTENTS: u16 = 4013;
    pub(in crate::gateway) const DISALLOWED_INTENTS: u16 = 4014;
}

impl ConnectionEnd {
    /// What to do after a connection was closed with this code.
    pub(super) fn of_close(code: u16, reason: &str) -> Self {
        let told = format!("closed with {code}: {reason}");
        let refused = |mend: &str| {
            let reason = format!("the gateway closed with {code} ({reason}): {mend}");
            Self::Failed(NetworkError::Refused { network: NETWORK.into(), reason })
        };
        match code {
            close::AUTHENTICATION_FAILED => Self::TokenRefused(told),
            close::INVALID_SHARD | close::SHARDING_REQUIRED => {
                refused("the bot is in too many servers for one connection")
            }
            close::INVALID_VERSION => refused("Discord no longer speaks version 10 of the gateway"),
            close::INVALID_INTENTS => {
                refused("Discord does not know an intent that is asked for; update Freeside")
            }
            close::DISALLOWED_INTENTS => refused(
                "switch on \"Message Content Intent\" (and, with members = true, \"Server Members \
                 Intent\") under \"Privileged Gateway Intents\" on the \"Bot\" page of the application at https://discord.com/developers/applications",
            ),
            close::NOT_AUTHENTICATED | close::INVALID_SEQUENCE | close::SESSION_TIMED_OUT => {
                Self::Identify(told)
            }
            _ => Self::Resume(told),
        }
    }
}
