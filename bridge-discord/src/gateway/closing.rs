// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a close code means.
//!
//! Rule: only what a person has to mend ends listening.
//! See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway>.

use bot_core::NetworkError;

use super::connection::End;
use crate::NETWORK;

/// What to do after a connection was closed with this code.
pub(super) fn meaning(code: u16, reason: &str) -> End {
    let refused = |mend: &str| {
        let reason = format!("the gateway closed with {code} ({reason}): {mend}");
        End::Failed(NetworkError::Refused { network: NETWORK.into(), reason })
    };
    match code {
        4004 => {
            let reason = format!("the gateway closed with 4004 ({reason})");
            End::Failed(NetworkError::TokenRefused { network: NETWORK.into(), reason })
        }
        4010 | 4011 => refused("the bot is in too many servers for one connection"),
        4012 => refused("Discord no longer speaks version 10 of the gateway"),
        4013 => refused("Discord does not know an intent that is asked for; update Freeside"),
        4014 => refused(
            "switch on \"Message Content Intent\" (and, with members = true, \"Server Members \
             Intent\") under \"Privileged Gateway Intents\" on the \"Bot\" page of the application at https://discord.com/developers/applications",
        ),
        // Not authenticated, invalid sequence number, session timed out.
        4003 | 4007 | 4009 => End::Anew(format!("closed with {code}: {reason}")),
        _ => End::Again(format!("closed with {code}: {reason}")),
    }
}
