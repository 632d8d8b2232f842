// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a request that failed means for whoever made it.
//!
//! Rule: [`RestError::Unreachable`] is the only failure without an answer that certainly had no
//! effect; an error answer without Discord's own code decides nothing.

use std::fmt;
use std::time::Duration;

use bot_core::order::Idempotency;
use bot_core::{AskError, DeliverError};
use serde_json::Value;

use super::code;

/// How many refused fields of a request are named.
const MOST_FIELDS: usize = 3;

/// A request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RestError {
    /// No connection: nothing was sent.
    #[error("discord cannot be reached: {0}")]
    Unreachable(String),
    /// It was sent, at least in part, and no whole answer came.
    #[error("the answer was lost: {0}")]
    Lost(String),
    /// An answer with an error status, of Discord or of something on the way to it.
    #[error("discord answered {0}")]
    Refusal(ErrorAnswer),
}

/// An answer with an error status.
///
/// See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorAnswer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Discord's own code, one of [`code`]. Without one it is not Discord that answered, but a
    /// proxy, a firewall or a login page, or the body did not come whole.
    pub(crate) code: Option<u64>,
    /// Discord's own words.
    pub(crate) message: String,
    /// Which fields of the request Discord refuses, by dotted paths.
    pub(crate) fields: Vec<String>,
    /// How long it wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} (code {code}): {}", self.status, self.message)?,
            None => return write!(f, "{} without a code of Discord's", self.status),
        }
        let fields = self.fields.iter().take(MOST_FIELDS).map(String::as_str);
        let fields = fields.collect::<Vec<_>>().join(", ");
        if fields.is_empty() { Ok(()) } else { write!(f, " ({fields})") }
    }
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
            Self::Refusal(answer) => answer.code,
            Self::Unreachable(_) | Self::Lost(_) => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refusal(answer) => Some(answer.status),
            Self::Unreachable(_) | Self::Lost(_) => None,
        }
    }

    /// The channel or its server is gone, or closed to us.
    pub(crate) fn closes_chat(&self) -> bool {
        self.code().is_some_and(closes_chat)
    }

    /// Discord refuses the field `name` of the request.
    pub(crate) fn refuses_field(&self, name: &str) -> bool {
        match self {
            Self::Refusal(answer) => {
                answer.code == Some(code::INVALID_FORM_BODY)
                    && answer.fields.iter().any(|field| field == name)
            }
            Self::Unreachable(_) | Self::Lost(_) => false,
        }
    }
}

fn closes_chat(code: u64) -> bool {
    matches!(code, code::UNKNOWN_CHANNEL | code::UNKNOWN_GUILD | code::MISSING_ACCESS)
}

/// The paths of the fields below `errors` that have complaints of their own.
fn refused_fields(errors: &Value, path: &str, found: &mut Vec<String>) {
    let Some(fields) = errors.as_object() else { return };
    for (name, below) in fields {
        if name == "_errors" {
            found.push(path.to_owned());
        } else {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            refused_fields(below, &path, found);
        }
    }
}

impl ErrorAnswer {
    /// Reads an error answer; `header` is `Retry-After` in seconds.
    pub(crate) fn read(status: u16, header: Option<f64>, body: &Value) -> Self {
        let mut fields = Vec::new();
        refused_fields(body.get("errors").unwrap_or(&Value::Null), "", &mut fields);
        let seconds = body.get("retry_after").and_then(Value::as_f64).or(header);
        Self {
            status,
            code: body.get("code").and_then(Value::as_u64),
            message: body.get("message").and_then(Value::as_str).unwrap_or("no reason").to_owned(),
            fields,
            retry_after: seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()),
        }
    }

    /// Discord has decided that this cannot be had.
    pub(crate) fn is_no(&self) -> bool {
        matches!(self.status, 400 | 403 | 404) && self.code.is_some()
    }

    /// It may be another answer the next time.
    fn passes(&self) -> bool {
        matches!(self.status, 401 | 429 | 500..) || self.code.is_none()
    }
}

/// The courier's decision; `right` names the permissions that the request needs.
pub(crate) fn deliver_error(
    error: &RestError,
    idempotency: Idempotency,
    right: &str,
) -> DeliverError {
    let retry = |after, reason: String| DeliverError::Retry { after, reason };
    let unsure = |reason: String| match idempotency {
        Idempotency::Once => DeliverError::Uncertain { reason },
        Idempotency::Repeatable => retry(None, reason),
    };
    let reason = error.to_string();
    let answer = match error {
        RestError::Unreachable(_) => return retry(None, reason),
        RestError::Lost(_) => return unsure(reason),
        RestError::Refusal(answer) => answer,
    };
    match (answer.status, answer.code) {
        (429, _) => retry(answer.retry_after, reason),
        (500.., _) => unsure(reason),
        (_, None) => unsure(reason),
        (401, _) => retry(None, "the token was refused".to_owned()),
        (_, Some(code)) if closes_chat(code) => DeliverError::ChatClosed { reason },
        (_, Some(code::MISSING_PERMISSIONS)) => DeliverError::Refused {
            reason: format!("the bot needs the permission {right} in this channel"),
        },
        // An open thread that is archived wakes up by itself.
        (_, Some(code::THREAD_ARCHIVED | code::THREAD_LOCKED)) => {
            DeliverError::Refused { reason: "the thread is locked".to_owned() }
        }
        (_, Some(_)) => DeliverError::Refused { reason },
    }
}

/// What a question's failure means; `right` is the permission that the question needs.
pub(crate) fn ask_error(error: &RestError, right: &str) -> AskError {
    let reason = error.to_string();
    match error {
        RestError::Unreachable(_) | RestError::Lost(_) => AskError::Retry { after: None, reason },
        RestError::Refusal(answer) if answer.passes() => {
            AskError::Retry { after: answer.retry_after, reason }
        }
        RestError::Refusal(answer) if answer.code == Some(code::MISSING_PERMISSIONS) => {
            AskError::Refused(format!("the bot needs the permission {right} in this channel"))
        }
        RestError::Refusal(_) => AskError::Refused(reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, body: &Value) -> RestError {
        RestError::Refusal(ErrorAnswer::read(status, None, body))
    }

    #[test]
    fn what_discord_did_not_say_itself_is_in_doubt() {
        for status in [400, 401, 403, 404, 405, 408, 413] {
            for body in [Value::Null, json!({"error": "blocked by policy"})] {
                let error = refusal(status, &body);
                let adds = deliver_error(&error, Idempotency::Once, "x");
                assert!(matches!(adds, DeliverError::Uncertain { .. }), "{status}: {adds}");
                let repeats = deliver_error(&error, Idempotency::Repeatable, "x");
                assert!(matches!(repeats, DeliverError::Retry { .. }), "{status}: {repeats}");
                let asked = ask_error(&error, "x");
                assert!(matches!(asked, AskError::Retry { .. }), "{status}: {asked}");
            }
        }
    }

    #[test]
    fn what_discord_said_itself_is_refused() {
        for (status, code) in [(400, 50035), (403, 50013), (404, 0), (405, 0)] {
            let error = refusal(status, &json!({"code": code, "message": "no"}));
            let decision = deliver_error(&error, Idempotency::Once, "x");
            assert!(matches!(decision, DeliverError::Refused { .. }), "{code}: {decision}");
        }
    }

    #[test]
    fn refused_fields_are_known_by_their_paths() {
        let wrong = json!([{"code": "X", "message": "y"}]);
        let body = json!({"code": 50035, "message": "Invalid Form Body", "errors": {
            "username": {"_errors": wrong}, "embeds": {"0": {"title": {"_errors": wrong}}},
        }});
        let error = refusal(400, &body);
        assert!(error.refuses_field("username") && error.refuses_field("embeds.0.title"));
        assert!(!error.refuses_field("content"));
        assert!(error.to_string().contains("embeds.0.title, username"), "{error}");
    }
}
