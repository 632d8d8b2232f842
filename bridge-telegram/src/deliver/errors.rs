// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an error of the Bot API means for an order.
//!
//! Rule: the platform has no codes for its reasons, so its words are compared; words that are not
//! known here are a refusal and reach the author as they are.

use std::time::Duration;

use bot_core::DeliverError;
use bot_core::Refusal as Reason;
use bot_core::order::Idempotency;

use crate::admin_right;

/// A call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// The platform answered, and said no.
    Refused(Refusal),
    /// The call never reached the platform.
    Unsent(String),
    /// Nobody knows whether it was carried out.
    Doubtful(String),
}

/// What the platform said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP-like `error_code`.
    code: i64,
    /// As the words came, for the author.
    words: String,
    /// In lower case, to compare.
    lower: String,
    /// `parameters.retry_after`.
    after: Option<Duration>,
    /// `parameters.migrate_to_chat_id`: the group goes on under this id.
    moved_to: Option<i64>,
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

impl CallError {
    /// The platform's words, if it has said any.
    pub(super) fn said(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(said) => Some(said),
            Self::Unsent(_) | Self::Doubtful(_) => None,
        }
    }

    /// The platform said this.
    pub(super) fn is(&self, what: impl Fn(&Refusal) -> bool) -> bool {
        self.said().is_some_and(what)
    }
}

impl Refusal {
    pub(super) fn new(code: i64, words: String, after: Option<Duration>) -> Self {
        let lower = words.to_lowercase();
        Self { code, words, lower, after, moved_to: None }
    }

    /// The same, from a group that has another id now.
    pub(super) fn moved(self, to: Option<i64>) -> Self {
        Self { moved_to: to, ..self }
    }

    /// The id under which the group goes on.
    pub(super) fn moved_to(&self) -> Option<i64> {
        self.moved_to
    }

    fn has(&self, any: &[&str]) -> bool {
        any.iter().any(|words| self.lower.contains(words))
    }

    /// It is already as it shall be.
    pub(super) fn is_unchanged(&self) -> bool {
        self.has(&["is not modified", "_not_modified", "poll has already been closed"])
    }

    /// There is no such message.
    pub(super) fn is_gone(&self) -> bool {
        self.has(&[
            "message to edit not found",
            "message to delete not found",
            "message to unpin not found",
            "message with poll to stop not found",
            "message_id_invalid",
        ])
    }

    /// It is somebody else's, or ours of another kind (a service message, a file without text).
    pub(super) fn is_not_for_us(&self) -> bool {
        self.has(&[
            "message can't be edited",
            "there is no text in the message to edit",
            "there is no caption in the message to edit",
            "message is not a poll",
            "poll can't be stopped",
            "can't change media type",
            "message_author_required",
        ])
    }

    /// The chat or the platform does not have this reaction.
    pub(super) fn is_unwanted_reaction(&self) -> bool {
        self.has(&["reaction_invalid", "reactions_too_many", "reaction_empty"])
    }

    /// The file cannot be shown as what it was sent as, but can be a document.
    pub(super) fn is_odd_file(&self) -> bool {
        self.has(&[
            "image_process_failed",
            "photo_",
            "can't parse photo",
            "too big for a photo",
            "wrong type of",
            "sticker_",
            "video_note_",
            "voice_messages_forbidden",
        ])
    }

    /// The request was larger than what the server takes.
    pub(super) fn is_too_large(&self) -> bool {
        self.code == 413 || self.has(&["request entity too large"])
    }

    /// There is no such topic, or the group has none.
    pub(super) fn is_no_topic(&self) -> bool {
        self.has(&[
            "message thread not found",
            "topic_id_invalid",
            "topic_deleted",
            "chat is not a forum",
            "channel_forum_missing",
        ])
    }

    /// What is quoted is not in the message that is answered.
    pub(super) fn is_bad_quote(&self) -> bool {
        self.has(&["quote_text_invalid", "quote not found"])
    }

    /// There is no message to answer; across topics the platform does not overlook that.
    pub(super) fn is_no_target(&self) -> bool {
        self.has(&["message to be replied not found", "message to reply not found"])
    }

    /// Only admins with the right to manage topics write there.
    pub(super) fn is_closed_topic(&self) -> bool {
        self.has(&["topic_closed"])
    }

    /// The platform knows nobody of that id, or not in this chat.
    pub(super) fn is_nobody(&self) -> bool {
        self.has(&[
            "user not found",
            "participant_id_invalid",
            "user_id_invalid",
            "member not found",
            "user_not_participant",
        ])
    }

    /// Basic groups do not have that.
    pub(super) fn is_for_supergroups(&self) -> bool {
        self.has(&["method is available for supergroup", "method is available only for supergroup"])
    }

    /// Bots act on no admin, and nobody on the owner.
    fn is_about_admin(&self) -> bool {
        self.has(&["user is an administrator", "can't remove chat owner", "user_admin_invalid"])
    }

    /// An admin's right is missing.
    pub(super) fn is_lack_of_rights(&self) -> bool {
        self.has(&[
            "not enough rights",
            "chat_admin_required",
            "administrator rights",
            "right_forbidden",
        ])
    }
}

/// The decision that follows from a call that did not succeed.
pub(super) fn decide(trouble: &CallError, idempotency: Idempotency) -> DeliverError {
    match trouble {
        CallError::Refused(said) => decide_by_words(said, idempotency),
        CallError::Unsent(reason) => DeliverError::Retry { after: None, reason: reason.clone() },
        CallError::Doubtful(reason) => doubtful(idempotency, reason.clone()),
    }
}

fn decide_by_words(said: &Refusal, idempotency: Idempotency) -> DeliverError {
    let reason = said.words.clone();
    if said.after.is_some() || said.code == 429 {
        return DeliverError::Retry { after: said.after, reason };
    }
    if said.moved_to.is_some() {
        // The listener moves the link; this order then goes to the new chat.
        return DeliverError::Retry { after: None, reason };
    }
    if said.code == 401 {
        // The operator must act; until then nothing is lost.
        return DeliverError::Retry { after: None, reason: "token refused".to_owned() };
    }
    if said.code >= 500 || said.has(&SERVER) {
        return doubtful(idempotency, reason);
    }
    if said.has(&CLOSED) {
        return DeliverError::ChatClosed { reason: Reason::Platform(reason) };
    }
    if said.is_about_admin() {
        return DeliverError::Refused { reason: Reason::ActsOnModerator };
    }
    if said.is_closed_topic() {
        let reason = Reason::MissingRights(vec![admin_right::TOPICS.missing()]);
        return DeliverError::Refused { reason };
    }
    DeliverError::Refused { reason: Reason::Platform(reason) }
}

fn doubtful(idempotency: Idempotency, reason: String) -> DeliverError {
    match idempotency {
        Idempotency::Once => DeliverError::Uncertain { reason },
        Idempotency::Repeatable => DeliverError::Retry { after: None, reason },
    }
}

#[cfg(test)]
mod decision_tests {
    use super::*;

    fn said(code: i64, text: &str) -> CallError {
        CallError::Refused(Refusal::new(code, text.to_owned(), None))
    }

    #[test]
    fn being_thrown_out_closes_the_chat() {
        for text in [
            "Forbidden: bot was kicked from the group chat",
            "Forbidden: the group chat was deleted",
            "Bad Request: chat not found",
            "Bad Request: group chat was upgraded to a supergroup chat",
            "Forbidden: bot is not a member of the supergroup chat",
        ] {
            let decision = decide(&said(400, text), Idempotency::Once);
            assert!(matches!(decision, DeliverError::ChatClosed { .. }), "{text}: {decision}");
        }
    }

    #[test]
    fn what_the_server_does_not_finish_is_uncertain_for_a_send_only() {
        for trouble in [said(502, "Bad Gateway"), CallError::Doubtful("lost".to_owned())] {
            assert!(matches!(decide(&trouble, Idempotency::Once), DeliverError::Uncertain { .. }));
            assert!(matches!(
                decide(&trouble, Idempotency::Repeatable),
                DeliverError::Retry { .. }
            ));
        }
    }

    #[test]
    fn what_was_never_sent_can_be_sent_again() {
        let decision = decide(&CallError::Unsent("no route".to_owned()), Idempotency::Once);
        assert!(matches!(decision, DeliverError::Retry { .. }), "{decision}");
    }

    #[test]
    fn words_that_are_not_known_are_a_refusal() {
        let decision = decide(&said(400, "Bad Request: odd"), Idempotency::Once);
        assert_eq!(
            decision,
            DeliverError::Refused { reason: Reason::platform("Bad Request: odd") }
        );
    }

    #[test]
    fn a_closed_topic_names_the_right_that_is_missing() {
        let decision = decide(&said(400, "Bad Request: TOPIC_CLOSED"), Idempotency::Once);
        let reason = Reason::MissingRights(vec![admin_right::TOPICS.missing()]);
        assert_eq!(decision, DeliverError::Refused { reason });
    }

    #[test]
    fn a_group_that_moved_is_not_closed() {
        let text = "Bad Request: group chat was upgraded to a supergroup chat".to_owned();
        let moved = Refusal::new(400, text, None).moved(Some(-1001));
        let decision = decide(&CallError::Refused(moved), Idempotency::Once);
        assert!(matches!(decision, DeliverError::Retry { .. }), "{decision}");
    }

    #[test]
    fn a_refused_token_loses_nothing() {
        let reason = "token refused".to_owned();
        let decision = decide(&said(401, "Unauthorized"), Idempotency::Once);
        assert_eq!(decision, DeliverError::Retry { after: None, reason });
    }
}
