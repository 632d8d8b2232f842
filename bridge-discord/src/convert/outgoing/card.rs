// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places and business cards.
//!
//! Rule: what does not fit into a poll of Discord becomes text with a line that says where
//! one can vote.

use bot_core::Words;
use bridge_model::{
    Block, Card, Contact, ListItem, Location, Message, Note, Poll, PollAnswer, RichText, Span,
    Timestamp,
};
use serde_json::{Value, json};

/// Discord's limit of characters in a question.
pub const QUESTION: usize = 300;

/// Discord's limit of characters in an answer.
pub const ANSWER: usize = 55;

/// Discord's limit of answers.
pub const ANSWERS: usize = 10;

/// How long a poll can be open, in hours. One without an end gets all of it: Discord has no
/// polls without an end, and one that closes too early is worse than one that closes late.
const LONGEST: i64 = 768;

const HOUR: i64 = 3_600_000;

/// What a card becomes.
#[derive(Default)]
pub(super) struct Shown {
    /// Text below the message's own.
    pub(super) text: RichText,
    /// A poll of Discord, in a message of its own.
    pub(super) poll: Option<Value>,
}

/// The card of a message as Discord shows it.
pub(super) fn shown(message: &Message, words: &Words) -> Shown {
    match &message.card {
        None => Shown::default(),
        Some(Card::Poll(poll)) => match native(poll, message.sent_at) {
            Some(poll) => Shown { poll: Some(poll), ..Shown::default() },
            None => Shown { text: spelled(poll, words), poll: None },
        },
        Some(Card::Location(place)) => Shown { text: location(place), poll: None },
        Some(Card::Contact(card)) => Shown { text: contact(card, words), poll: None },
    }
}

/// The poll as a request holds it, if it fits.
///
/// See <https://discord.com/developers/docs/resources/poll#poll-create-request-object>.
fn native(poll: &Poll, sent_at: Timestamp) -> Option<Value> {
    let hours = match poll.closes_at {
        None => LONGEST,
        Some(end) => {
            let left = end.0.saturating_sub(sent_at.0);
            left.div_euclid(HOUR).saturating_add(i64::from(left.rem_euclid(HOUR) > 0))
        }
    };
    let question = line(&poll.question, QUESTION)?;
    let answers: Option<Vec<Value>> = poll
        .answers
        .iter()
        .map(|answer| Some(json!({"poll_media": {"text": line(&answer.text, ANSWER)?}})))
        .collect();
    let answers = answers.filter(|answers| (1..=ANSWERS).contains(&answers.len()))?;
    let open = !poll.closed && hours > 0;
    open.then(|| {
        json!({
            "question": {"text": question}, "answers": answers,
            "duration": hours.min(LONGEST), "allow_multiselect": poll.choices > 1,
            "layout_type": 1,
        })
    })
}

/// The text in one line, if it is neither empty nor too long. Polls show no markup.
fn line(text: &RichText, most: usize) -> Option<String> {
    let line = text.plain().split_whitespace().collect::<Vec<_>>().join(" ");
    (1..=most).contains(&line.chars().count()).then_some(line)
}

/// The poll as text.
fn spelled(poll: &Poll, words: &Words) -> RichText {
    let mut question = poll.question.clone();
    for block in &mut question.0 {
        if let Block::Paragraph(spans) = block {
            spans.iter_mut().for_each(|span| span.style.bold = true);
        }
    }
    let item = |answer: &PollAnswer| ListItem(answer.text.0.clone());
    question.0.push(Block::List { start: Some(1), items: poll.answers.iter().map(item).collect() });
    let note = if poll.closed { Note::PollClosed } else { Note::PollElsewhere };
    question.append(words.note(&note));
    question
}

/// Title, address and a link to a map.
fn location(place: &Location) -> RichText {
    let mut spans = vec![Span::text("📍 ")];
    if let Some(title) = place.title.as_deref().filter(|title| !title.is_empty()) {
        spans.extend([Span::bold(title), Span::line_break()]);
    }
    if let Some(address) = place.address.as_deref().filter(|address| !address.is_empty()) {
        spans.extend([Span::text(address), Span::line_break()]);
    }
    spans.push(Span::link(place.point.text().replace(',', ", "), place.point.map_url()));
    if let Some(metres) = place.accuracy.filter(|metres| *metres > 0) {
        spans.push(Span::text(format!(" (± {metres} m)")));
    }
    RichText::paragraph(spans)
}

/// The name, and the number where it may be shown.
fn contact(card: &Contact, words: &Words) -> RichText {
    let mut text = words.note(&Note::Contact { name: card.name.clone() });
    if let Some(phone) = &card.phone {
        text.push_span(Span::line_break());
        text.push_text(phone.clone());
    }
    text
}
