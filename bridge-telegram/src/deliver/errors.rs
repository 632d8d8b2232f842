// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an error of the Bot API means for an order.
//!
//! Rule: the platform has no codes for its reasons, so its words are compared; words that are not
//! known here are a refusal and reach the author as they are.

use std::time::Duration;

use bot_core::DeliverError;
use serde_json::Value;
use teloxide::{ApiError, RequestError};

use crate::api::describe;

/// Whether a call may be made twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A second time makes a second message.
    Once,
    /// A second time changes nothing.
    Repeatable,
}

/// The platform's words.
pub(super) struct Said {
    /// As they came, for the author.
    words: String,
    /// In lower case, to compare.
    lower: String,
}

/// The bot is out of the chat, or may not write there.
const CLOSED: [&str; 12] = [
    "forbidden:",
    "bot was kicked",
    "bot is not a member",
    "chat not found",
    "group is deactivated",
    "group chat was deleted",
    "group chat was upgraded",
    "have no rights to send a message",
    "not enough rights to send text messages",
    "need administrator rights in the channel chat",
    "chat_write_forbidden",
    "peer_id_invalid",
];

/// The server failed behind the door.
const SERVER: [&str; 4] =
    ["internal server error", "bad gateway", "gateway timeout", "service unavailable"];

impl Said {
    /// The words of an error that the platform has answered with.
    pub(super) fn of(error: &RequestError) -> Option<Self> {
        let words = match error {
            RequestError::Api(ApiError::Unknown(text) | ApiError::CantParseEntities(text)) => {
                text.clone()
            }
            RequestError::Api(error) => error.to_string(),
            // teloxide refuses an error whose parameters it does not know.
            RequestError::InvalidJson { raw, .. } => {
                let answer: Value = serde_json::from_str(raw).ok()?;
                let failed = answer.get("ok").and_then(Value::as_bool) == Some(false);
                answer.get("description").and_then(Value::as_str).filter(|_| failed)?.to_owned()
            }
            RequestError::MigrateToChatId(_)
            | RequestError::RetryAfter(_)
            | RequestError::Network(_)
            | RequestError::Io(_) => return None,
        };
        let lower = words.to_lowercase();
        Some(Self { words, lower })
    }

    fn has(&self, any: &[&str]) -> bool {
        any.iter().any(|words| self.lower.contains(words))
    }

    /// The message is already as it shall be.
    pub(super) fn is_unchanged(&self) -> bool {
        self.has(&["message is not modified"])
    }

    /// There is no such message.
    pub(super) fn is_gone(&self) -> bool {
        self.has(&[
            "message to edit not found",
            "message to delete not found",
            "message_id_invalid",
        ])
    }

    /// It is somebody else's, or ours of another kind (a service message, a file without text).
    pub(super) fn is_not_for_us(&self) -> bool {
        self.has(&[
            "message can't be edited",
            "there is no text in the message to edit",
            "there is no caption in the message to edit",
            "message_author_required",
        ])
    }

    /// The chat or the platform does not have this reaction.
    pub(super) fn is_unwanted_reaction(&self) -> bool {
        self.has(&["reaction_invalid", "reactions_too_many", "reaction_empty"])
    }

    /// The picture cannot be shown as one, but can be a document.
    pub(super) fn is_odd_picture(&self) -> bool {
        self.has(&["image_process_failed", "photo_", "can't parse photo", "wrong type of photo"])
    }
}

/// The decision that follows from an error.
pub(super) fn decide(error: &RequestError, sort: Sort) -> DeliverError {
    if let Some(said) = Said::of(error) {
        return decide_by_words(&said, error, sort);
    }
    match error {
        RequestError::RetryAfter(seconds) => {
            let reason = "too many requests".to_owned();
            DeliverError::Retry { after: Some(seconds.duration()), reason }
        }
        RequestError::MigrateToChatId(_) => DeliverError::ChatClosed {
            reason: "the group has become a supergroup and has a new id".to_owned(),
        },
        RequestError::Network(cause) if cause.is_connect() || cause.is_builder() => {
            DeliverError::Retry { after: None, reason: describe(cause.as_ref()) }
        }
        RequestError::Network(cause) => doubtful(sort, describe(cause.as_ref())),
        RequestError::InvalidJson { .. } => doubtful(sort, "the answer cannot be read".to_owned()),
        RequestError::Io(cause) => DeliverError::Retry { after: None, reason: cause.to_string() },
        RequestError::Api(cause) => DeliverError::Refused { reason: cause.to_string() },
    }
}

fn decide_by_words(said: &Said, error: &RequestError, sort: Sort) -> DeliverError {
    if let RequestError::InvalidJson { raw, .. } = error
        && let Some(after) = retry_after(raw)
    {
        return DeliverError::Retry { after: Some(after), reason: said.words.clone() };
    }
    if matches!(error, RequestError::Api(ApiError::InvalidToken)) || said.has(&["unauthorized"]) {
        // The operator must act; until then nothing is lost.
        return DeliverError::Retry { after: None, reason: "token refused".to_owned() };
    }
    if said.has(&["too many requests"]) {
        return DeliverError::Retry { after: None, reason: said.words.clone() };
    }
    if said.has(&SERVER) {
        return doubtful(sort, said.words.clone());
    }
    if said.has(&CLOSED) {
        return DeliverError::ChatClosed { reason: said.words.clone() };
    }
    DeliverError::Refused { reason: said.words.clone() }
}

fn retry_after(raw: &str) -> Option<Duration> {
    let answer: Value = serde_json::from_str(raw).ok()?;
    answer.pointer("/parameters/retry_after")?.as_u64().map(Duration::from_secs)
}

fn doubtful(sort: Sort, reason: String) -> DeliverError {
    match sort {
        Sort::Once => DeliverError::Uncertain { reason },
        Sort::Repeatable => DeliverError::Retry { after: None, reason },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn api(text: &str) -> RequestError {
        RequestError::Api(ApiError::Unknown(text.to_owned()))
    }

    fn unreadable(raw: &str) -> RequestError {
        let source = serde_json::from_str::<()>("x").unwrap_err();
        RequestError::InvalidJson { source: Arc::new(source), raw: raw.into() }
    }

    #[test]
    fn being_thrown_out_closes_the_chat() {
        for text in [
            "Forbidden: bot was kicked from the group chat",
            "Forbidden: the group chat was deleted",
            "Bad Request: chat not found",
            "Forbidden: bot is not a member of the supergroup chat",
        ] {
            let decision = decide(&api(text), Sort::Once);
            assert!(matches!(decision, DeliverError::ChatClosed { .. }), "{text}: {decision}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_uncertain_for_a_send_only() {
        let error = unreadable("<html>502 Bad Gateway</html>");
        assert!(matches!(decide(&error, Sort::Once), DeliverError::Uncertain { .. }));
        assert!(matches!(decide(&error, Sort::Repeatable), DeliverError::Retry { .. }));
    }

    #[test]
    fn a_refusal_with_unknown_parameters_is_still_a_refusal() {
        let raw = r#"{"ok":false,"error_code":400,"description":"Bad Request: odd","parameters":{"new":1}}"#;
        let decision = decide(&unreadable(raw), Sort::Once);
        assert_eq!(decision, DeliverError::Refused { reason: "Bad Request: odd".to_owned() });
    }

    #[test]
    fn a_refused_token_loses_nothing() {
        let decision = decide(&RequestError::Api(ApiError::InvalidToken), Sort::Once);
        let reason = "token refused".to_owned();
        assert_eq!(decision, DeliverError::Retry { after: None, reason });
    }
}
