// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls as a person sees them (MSC3381).
//!
//! Rule: of each person the last vote before the end counts, and of that vote as many answers as
//! may be chosen; only its author closes a poll.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use super::SeenEvent;
use crate::synapse::person::text;

/// A poll as a person sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenPoll {
    /// The question.
    pub question: String,
    /// Each answer: id, words, how many chose it.
    pub answers: Vec<(String, String, usize)>,
    /// How many answers one person may choose.
    pub choices: usize,
    /// Counts are shown while it is open.
    pub disclosed: bool,
    /// Nobody can vote any more.
    pub closed: bool,
    votes: HashMap<String, Vec<String>>,
}

impl SeenPoll {
    /// The poll of a start event in the form that clients send; `None` where a client would show
    /// nothing.
    pub(super) fn read(content: &Value) -> Option<Self> {
        let poll = content.get("org.matrix.msc3381.poll.start")?;
        let words = |value: &Value| text(value, "/org.matrix.msc1767.text");
        let answers = poll.get("answers")?.as_array()?.iter();
        let answer = |answer: &Value| Some((text(answer, "/id")?, words(answer)?, 0));
        let choices = poll.get("max_selections").and_then(Value::as_u64).unwrap_or(1);
        Some(Self {
            question: words(poll.get("question")?)?,
            answers: answers.map(answer).collect::<Option<_>>()?,
            choices: usize::try_from(choices).ok()?,
            disclosed: text(poll, "/kind")? == "org.matrix.msc3381.poll.disclosed",
            ..Self::default()
        })
    }

    /// A new version of the question; votes stay.
    pub(super) fn replace(&mut self, content: &Value) {
        if let Some(new) = Self::read(content) {
            let old = std::mem::replace(self, new);
            self.votes = old.votes;
            self.closed = old.closed;
            self.count();
        }
    }

    /// A vote or the end.
    pub(super) fn hear(&mut self, event: &SeenEvent, author: &str) {
        if self.closed {
            return;
        }
        if event.kind == "org.matrix.msc3381.poll.end" {
            self.closed = event.sender == author;
            return;
        }
        let chosen = event.content.pointer("/org.matrix.msc3381.poll.response/answers");
        let chosen = chosen.and_then(Value::as_array).into_iter().flatten();
        let chosen: Vec<String> = chosen
            .filter_map(Value::as_str)
            .filter(|id| self.answers.iter().any(|(known, ..)| known == id))
            .take(self.choices)
            .map(str::to_owned)
            .collect();
        self.votes.insert(event.sender.clone(), chosen);
        self.count();
    }

    fn count(&mut self) {
        for (id, _, count) in &mut self.answers {
            *count = self.votes.values().filter(|chosen| chosen.contains(id)).count();
        }
    }
}

/// The poll that an event votes in or ends.
pub(super) fn target(event: &SeenEvent) -> Option<String> {
    let kind = event.kind.strip_prefix("org.matrix.msc3381.poll.")?;
    let refers = text(&event.content, "/m.relates_to/rel_type")? == "m.reference";
    (matches!(kind, "response" | "end") && refers)
        .then(|| text(&event.content, "/m.relates_to/event_id"))?
}

impl fmt::Display for SeenPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[poll] {}", self.question)?;
        for (_, words, count) in &self.answers {
            write!(f, " ({words}: {count})")?;
        }
        if self.closed {
            write!(f, " closed")?;
        }
        Ok(())
    }
}
