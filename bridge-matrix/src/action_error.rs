// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why an action in a room failed.
//!
//! Rule: what was decided where the error was met stays decided; else the homeserver's answer is.

use ruma::OwnedUserId;

use crate::client::ClientError;
use bot_core::order::DeliverError;

/// Why an action failed: the homeserver's answer, or a decision that was made already.
pub(crate) enum ActionError {
    Client(ClientError),
    /// The ghost is not let into the room.
    MayNotJoin {
        ghost: OwnedUserId,
        error: ClientError,
    },
    Decided(DeliverError),
}

impl From<ClientError> for ActionError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<DeliverError> for ActionError {
    fn from(error: DeliverError) -> Self {
        Self::Decided(error)
    }
}

impl ActionError {
    /// Whether the homeserver answered with this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Client(error) if error.is(code))
    }
}
