// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls of bots and webhooks: asked and ended.
//!
//! Rule: nobody can change a message with a poll, and only its author can end the poll. See
//! "Poll Resource" in Discord's reference.

use serde_json::{Value, json};

use super::{Call, id, wrong_method};
use crate::discord::clock;
use crate::discord::message::{self, MessageRow};
use crate::discord::refusal::{
    Answer, Outcome, Refusal, invalid, not_the_author, required, too_long, unknown_message,
};
use crate::discord::world::World;

/// Characters of a question.
const QUESTION: usize = 300;
/// Characters of an answer.
const ANSWER: usize = 55;
/// Hours, at most.
const LONGEST: u64 = 768;

/// `/channels/{id}/polls/{id}/expire`
pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let ("POST", ["channels", channel, "polls", message, "expire"]) =
        (call.method, call.steps.as_slice())
    else {
        return wrong_method();
    };
    let at = (world.visible(id(channel)?)?.id, id(message)?);
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    if row.user() != Some(world.bot) {
        return Err(not_the_author());
    }
    let Some(poll) = row.extra.get("poll") else {
        return Err(Refusal::new(400, 520_006, "Cannot expire a non-poll message"));
    };
    if poll.pointer("/results/is_finalized") == Some(&Value::Bool(true)) {
        return Err(Refusal::new(400, 520_001, "Poll expired"));
    }
    world.end_poll(at.0, at.1).map_err(|_| unknown_message())?;
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    Ok(Answer::Json(message::rest(world, row)))
}

/// The poll of a request as a message shows it.
pub(crate) fn asked(body: &Value) -> Result<Option<Value>, Refusal> {
    let Some(given) = body.get("poll").filter(|given| !given.is_null()) else { return Ok(None) };
    let question = text(given.pointer("/question/text"), "poll.question.text", QUESTION)?;
    let answers = given.get("answers").and_then(Value::as_array).cloned().unwrap_or_default();
    if !(1..=10).contains(&answers.len()) {
        let words = "Must be between 1 and 10 in length.";
        return Err(invalid("poll.answers", "BASE_TYPE_BAD_LENGTH", words));
    }
    let mut shown = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        let path = format!("poll.answers.{at}.poll_media.text");
        let answer = text(answer.pointer("/poll_media/text"), &path, ANSWER)?;
        shown.push(json!({"answer_id": at + 1, "poll_media": {"text": answer}}));
    }
    let hours = given.get("duration").and_then(Value::as_u64).unwrap_or(24);
    if !(1..=LONGEST).contains(&hours) {
        let words = format!("int value should be between 1 and {LONGEST}.");
        return Err(invalid("poll.duration", "NUMBER_TYPE_MAX", words));
    }
    let several = given.get("allow_multiselect").and_then(Value::as_bool).unwrap_or(false);
    Ok(Some(json!({
        "question": {"text": question}, "answers": shown, "allow_multiselect": several,
        "layout_type": 1, "expiry": clock::iso(clock::now() + hours * 3_600_000),
        "results": {"is_finalized": false, "answer_counts": []},
    })))
}

fn text<'a>(given: Option<&'a Value>, path: &str, most: usize) -> Result<&'a str, Refusal> {
    let text = given.and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| required(path))?;
    if text.chars().count() > most { Err(too_long(path, most)) } else { Ok(text) }
}

/// A message with a poll stays as it is.
pub(crate) fn unchangeable(row: &MessageRow) -> Result<(), Refusal> {
    if row.extra.contains_key("poll") {
        return Err(Refusal::new(400, 520_003, "Cannot edit a poll message"));
    }
    Ok(())
}
