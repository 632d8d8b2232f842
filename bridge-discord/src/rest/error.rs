// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a request that failed means for whoever made it.
//!
//! Rule: [`RestError::Unreachable`] is the only failure without an answer that
//! certainly had no effect.

use std::time::Duration;

use crate::rights;
use crate::rights::Permission;
use bot_core::Refusal;
use bot_core::{AskError, DeliverError};
use serde_json::Value;

/// A request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RestError {
    /// No connection: nothing was sent.
    #[error("discord cannot be reached: {0}")]
    Unreachable(String),
    /// It was sent, at least in part, and no whole answer came.
    #[error("the answer was lost: {0}")]
    Lost(String),
    /// Discord said no.
    #[error("discord answered {0}")]
    Said(Said),
}

/// An error answer.
///
/// See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} (code {code}): {message}")]
pub(crate) struct Said {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Discord's own code, 0 when it gave none.
    pub(crate) code: u64,
    /// Discord's own words.
    pub(crate) message: String,
    /// How long it wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// Whether asking twice does something twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It does: a message is sent.
    Adds,
    /// It does not.
    Repeats,
}

impl RestError {
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        let unsent = error.is_connect() || error.is_builder();
        // The address may hold a webhook's token.
        let reason = error.without_url().to_string();
        if unsent { Self::Unreachable(reason) } else { Self::Lost(reason) }
    }

    /// Discord's own code, where it said one.
    pub(crate) fn code(&self) -> Option<u64> {
        match self {
            Self::Said(said) => Some(said.code),
            Self::Unreachable(_) | Self::Lost(_) => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Said(said) => Some(said.status),
            Self::Unreachable(_) | Self::Lost(_) => None,
        }
    }

    /// The channel or its server is gone, or closed to us.
    pub(crate) fn closes_chat(&self) -> bool {
        matches!(self.code(), Some(10003 | 10004 | 50001))
    }
}

impl Said {
    /// Reads an error answer; `header` is `Retry-After` in seconds.
    pub(crate) fn read(status: u16, header: Option<f64>, body: &Value) -> Self {
        let seconds = body.get("retry_after").and_then(Value::as_f64).or(header);
        Self {
            status,
            code: body.get("code").and_then(Value::as_u64).unwrap_or(0),
            message: body.get("message").and_then(Value::as_str).unwrap_or("no reason").to_owned(),
            retry_after: seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()),
        }
    }

    fn passes(&self) -> bool {
        matches!(self.status, 401 | 429 | 500..)
    }
}

/// The courier's decision; `needed` are the permissions that the request needs.
pub(crate) fn deliver_error(
    error: &RestError,
    effect: Effect,
    needed: &[Permission],
) -> DeliverError {
    let retry = |after, reason: String| DeliverError::Retry { after, reason };
    let unsure = |reason: String| match effect {
        Effect::Adds => DeliverError::Uncertain { reason },
        Effect::Repeats => retry(None, reason),
    };
    let reason = error.to_string();
    let said = match error {
        RestError::Unreachable(_) => return retry(None, reason),
        RestError::Lost(_) => return unsure(reason),
        RestError::Said(said) => said,
    };
    match (said.status, said.code) {
        (429, _) => retry(said.retry_after, reason),
        (401, _) => retry(None, "the token was refused".to_owned()),
        (500.., _) => unsure(reason),
        (_, 10003 | 10004 | 50001) => {
            DeliverError::ChatClosed { reason: Refusal::platform(&said.message) }
        }
        (_, 50013) => DeliverError::Refused { reason: rights::missing(needed) },
        // "Thread is archived" and "Thread is locked": an open one wakes up by itself.
        (_, 50083 | 160_005) => DeliverError::Refused { reason: Refusal::ThreadLocked },
        _ => DeliverError::Refused { reason: Refusal::platform(&said.message) },
    }
}

/// What a question's failure means; `needed` are the permissions that the question needs.
pub(crate) fn ask_error(error: &RestError, needed: &[Permission]) -> AskError {
    let reason = error.to_string();
    match error {
        RestError::Unreachable(_) | RestError::Lost(_) => AskError::Retry { after: None, reason },
        RestError::Said(said) if said.passes() => {
            AskError::Retry { after: said.retry_after, reason }
        }
        RestError::Said(said) if said.code == 50013 => AskError::Refused(rights::missing(needed)),
        RestError::Said(said) => AskError::Refused(Refusal::platform(&said.message)),
    }
}
