// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls and votes.
//!
//! Rule: Discord counts answers from 1, the model from "0".
//! See <https://discord.com/developers/docs/resources/poll>.

use bridge_model::{
    Card, Content, Event, Leaf, Poll, PollAnswer, RichText, Span, Style, UserId, VoteChange,
};
use serde_json::Value;

use super::field::{id, is, list, text};
use super::{Ours, event_about, moment};

/// The poll of a message.
pub(super) fn card(message: &Value) -> Option<Card> {
    let poll = message.get("poll").filter(|poll| poll.is_object())?;
    let answers = list(poll, "answers").iter().enumerate();
    let answers: Vec<PollAnswer> = answers.map(|(at, one)| answer(one, at)).collect();
    let most = u32::try_from(answers.len()).unwrap_or(u32::MAX).max(1);
    Some(Card::Poll(Poll {
        question: words(poll.get("question")),
        choices: if is(poll, "allow_multiselect") { most } else { 1 },
        disclosed: true,
        closes_at: text(poll, "expiry").and_then(moment::read),
        closed: is_over(poll),
        answers,
    }))
}

fn answer(one: &Value, at: usize) -> PollAnswer {
    let own = one.get("answer_id").and_then(Value::as_u64).and_then(|id| id.checked_sub(1));
    let id = own.map_or_else(|| at.to_string(), |id| id.to_string());
    PollAnswer { id, text: words(one.get("poll_media")) }
}

fn words(media: Option<&Value>) -> RichText {
    let Some(media) = media else { return RichText::default() };
    let mut spans = Vec::new();
    if let Some(emoji) = media.get("emoji") {
        let name = text(emoji, "name").unwrap_or("emoji");
        match id(emoji, "id") {
            Some(id) => {
                let (id, name) = (id.to_owned(), name.to_owned());
                let leaf = Leaf::Emoji { id, name, animated: is(emoji, "animated") };
                spans.push(Span { leaf, style: Style::default() });
            }
            None => spans.push(Span::text(name)),
        }
    }
    if let Some(words) = text(media, "text") {
        if !spans.is_empty() {
            spans.push(Span::text(" "));
        }
        spans.push(Span::text(words));
    }
    RichText::paragraph(spans).normalise()
}

fn is_over(poll: &Value) -> bool {
    poll.get("results").is_some_and(|results| is(results, "is_finalized"))
}

/// The event of `MESSAGE_POLL_VOTE_ADD` and `_REMOVE`.
///
/// See <https://discord.com/developers/docs/events/gateway-events#polls>.
pub fn voted(raw: &Value, change: VoteChange, ours: &Ours) -> Option<Event> {
    let by = id(raw, "user_id").filter(|user| *user != ours.bot)?;
    let answer = raw.get("answer_id").and_then(Value::as_u64)?.checked_sub(1)?;
    let answers = vec![answer.to_string()];
    event_about(
        raw,
        id(raw, "message_id")?,
        Content::Voted { by: UserId::from(by), answers, change },
    )
}

/// The final counts that an updated message brings; `None` while people can still vote.
pub fn counted(raw: &Value) -> Option<Event> {
    let poll = raw.get("poll").filter(|poll| is_over(poll))?;
    let counts = list(poll.get("results")?, "answer_counts");
    let of = |answer: &Value| {
        let own = answer.get("answer_id").and_then(Value::as_u64);
        let mut found = counts.iter().filter(|one| one.get("id").and_then(Value::as_u64) == own);
        found.find_map(|one| one.get("count").and_then(Value::as_u64)).unwrap_or(0)
    };
    let counts = list(poll, "answers").iter().map(of).collect();
    event_about(raw, id(raw, "id")?, Content::Counted { counts, closed: true })
}

/// The event of the message that says how a poll ended (type 46).
pub(super) fn closed(raw: &Value) -> Option<Event> {
    let poll = raw.get("message_reference").and_then(|to| id(to, "message_id"))?;
    event_about(raw, poll, Content::PollClosed { by: None })
}
