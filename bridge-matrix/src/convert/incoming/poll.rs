// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls (MSC3381), in the form of the proposal and in the older one that clients send.
//!
//! Rule: an answer keeps the id that its client gave it; votes name these ids.

use bridge_model::{
    Card, Content, Message, MessageKind, Poll, PollAnswer, RichText, UserId, VoteChange,
};
use serde_json::Value;

use super::{Raw, Unreadable, message, text, words};

/// Further answers are not shown by clients either.
const MOST: usize = 20;

/// What an event does with a poll.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Start,
    Response,
    End,
}

/// What events of this type do with a poll.
pub(super) fn kind(event_type: &str) -> Option<Kind> {
    let old = "org.matrix.msc3381.";
    match event_type.strip_prefix(old).or_else(|| event_type.strip_prefix("m."))? {
        "poll.start" | "v2.poll.start" => Some(Kind::Start),
        "poll.response" | "v2.poll.response" => Some(Kind::Response),
        "poll.end" | "v2.poll.end" => Some(Kind::End),
        _ => None,
    }
}

/// The message that asks.
pub(super) fn start(
    raw: &Raw<'_>,
    content: &Value,
    relation: Option<&Value>,
) -> Result<Message, Unreadable> {
    let names = ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"];
    let poll = names.iter().find_map(|key| content.get(*key).filter(|poll| poll.is_object()));
    let poll = poll.ok_or_else(|| Unreadable::malformed("a poll without a question"))?;
    let question = poll.get("question").and_then(words);
    let question = question.ok_or_else(|| Unreadable::malformed("a poll without a question"))?;
    let answers = poll.get("answers").and_then(Value::as_array);
    let answers: Vec<PollAnswer> =
        answers.into_iter().flatten().filter_map(answer).take(MOST).collect();
    if answers.is_empty() {
        return Err(Unreadable::malformed("a poll without answers"));
    }
    let most = u32::try_from(answers.len()).unwrap_or(u32::MAX);
    let choices = poll.get("max_selections").and_then(Value::as_u64).unwrap_or(1);
    let kind = text(poll, "kind").unwrap_or_default();
    let poll = Poll {
        question: one(question),
        answers,
        choices: u32::try_from(choices).unwrap_or(u32::MAX).clamp(1, most),
        // Undisclosed is what the proposal says for kinds that nobody knows.
        disclosed: kind.ends_with(".disclosed"),
        closes_at: None,
        closed: false,
    };
    let mut message = message::bare(raw, (MessageKind::Text, content), relation);
    message.card = Some(Card::Poll(poll));
    Ok(message)
}

/// A vote; without readable answers it takes the person's vote back.
pub(super) fn vote(content: &Value, by: UserId) -> Content {
    let old = content.get("org.matrix.msc3381.poll.response");
    let chosen = content.get("m.selections").or_else(|| old?.get("answers"));
    let mut answers: Vec<String> = Vec::new();
    for id in chosen.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if answers.len() < MOST && !answers.iter().any(|known| known == id) {
            answers.push(id.to_owned());
        }
    }
    Content::Voted { by, answers, change: VoteChange::Set }
}

fn answer(answer: &Value) -> Option<PollAnswer> {
    let id = text(answer, "m.id").or_else(|| text(answer, "id"))?;
    Some(PollAnswer { id: id.to_owned(), text: one(words(answer)?) })
}

fn one(words: &str) -> RichText {
    message::lines(words)
}
