// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message holds besides words and files: polls (MSC3381), places (MSC3488), and business
//! cards, which are words on Matrix.
//!
//! Rule: polls have the event type that clients know, and in it the proposal's form besides the
//! older one.

use bridge_model::{Block, Card, Contact, ListItem, Location, Message, Poll, RichText, Span};
use serde_json::{Value, json};

use super::PartContent;
use super::content::MESSAGE;
use crate::convert::{name, text};

/// The type of events that ask.
pub(super) const POLL_START: &str = "org.matrix.msc3381.poll.start";
/// The type of events that close a poll.
const POLL_END: &str = "org.matrix.msc3381.poll.end";

/// The event that shows the card of a message; `None` where it has none, or one that is words.
/// A poll that nobody can vote in is words, and so is every poll with `as_words`.
pub(super) fn part(message: &Message, as_words: bool) -> Option<PartContent> {
    match message.card.as_ref()? {
        Card::Poll(poll) if !as_words => Some(poll_part(poll)),
        Card::Location(location) => Some(location_part(location, message.sent_at.0)),
        Card::Poll(_) | Card::Contact(_) => None,
    }
}

/// What a card says where it is words.
pub(super) fn words(message: &Message, as_words: bool) -> RichText {
    match &message.card {
        Some(Card::Poll(poll)) if as_words => poll_words(poll),
        Some(Card::Contact(contact)) => contact_words(contact),
        Some(Card::Poll(_) | Card::Location(_)) | None => RichText::default(),
    }
}

/// The event that closes the poll `target`.
pub fn poll_end(target: &str, source: &str) -> PartContent {
    let mut content = serde_json::Map::new();
    let relation = json!({ "rel_type": "m.reference", "event_id": target });
    content.insert("m.relates_to".into(), relation);
    content.insert(POLL_END.into(), json!({}));
    // Shown by clients that know no polls; the symbol needs no language.
    content.insert("org.matrix.msc1767.text".into(), "📊 ✔".into());
    super::sign(&mut content, source, 0);
    PartContent { event_type: POLL_END, content: Value::Object(content), media: false }
}

fn poll_part(poll: &Poll) -> PartContent {
    let question = text::plain_body(&poll.question);
    let kind = if poll.disclosed { "disclosed" } else { "undisclosed" };
    let answers: Vec<(String, String)> = (poll.answers.iter().enumerate())
        .map(|(number, answer)| (number.to_string(), text::plain_body(&answer.text)))
        .collect();
    let most = u32::try_from(answers.len()).unwrap_or(u32::MAX).max(1);
    let choices = poll.choices.clamp(1, most);
    let old: Vec<Value> = answers
        .iter()
        .map(|(id, words)| json!({ "id": id, "org.matrix.msc1767.text": words }))
        .collect();
    let new: Vec<Value> = answers
        .iter()
        .map(|(id, words)| json!({ "m.id": id, "m.text": [{ "body": words }] }))
        .collect();
    let fallback = text::plain_body(&poll_words(poll));
    let content = json!({
        "org.matrix.msc1767.text": fallback,
        "m.text": [{ "body": fallback }],
        POLL_START: {
            "kind": format!("org.matrix.msc3381.poll.{kind}"),
            "max_selections": choices,
            "question": {
                "org.matrix.msc1767.text": question, "body": question, "msgtype": "m.text",
            },
            "answers": old,
        },
        "m.poll": {
            "kind": format!("m.{kind}"),
            "max_selections": choices,
            "question": { "m.text": [{ "body": question }] },
            "answers": new,
        },
        "m.mentions": {},
    });
    // It counts as a file: text cannot take its place, and it is found again among the parts.
    PartContent { event_type: POLL_START, content, media: true }
}

/// The question, and the answers as a numbered list.
fn poll_words(poll: &Poll) -> RichText {
    let question = text::plain_body(&poll.question);
    let item = |words: &RichText| ListItem(words.0.clone());
    let items = poll.answers.iter().map(|answer| item(&answer.text)).collect();
    RichText(vec![
        Block::Paragraph(vec![Span::text("📊 "), Span::bold(question)]),
        Block::List { start: Some(1), items },
    ])
    .normalise()
}

fn location_part(location: &Location, at: i64) -> PartContent {
    let uri = match location.accuracy {
        Some(metres) => format!("geo:{};u={metres}", location.point.text()),
        None => format!("geo:{}", location.point.text()),
    };
    let named = [&location.title, &location.address];
    let named: Vec<String> =
        named.into_iter().flatten().filter_map(|words| name::line(words)).collect();
    let described = named.join(", ");
    let mut place = json!({ "uri": uri });
    let mut body = format!("📍 {}", location.point.map_url());
    if !described.is_empty() {
        body = format!("📍 {described}\n{}", location.point.map_url());
        if let Some(place) = place.as_object_mut() {
            place.insert("description".into(), described.into());
        }
    }
    let asset = if location.live.is_some() { "m.self" } else { "m.pin" };
    let content = json!({
        "msgtype": "m.location",
        "body": body,
        "geo_uri": uri,
        "org.matrix.msc1767.text": body,
        "org.matrix.msc3488.location": place,
        "org.matrix.msc3488.asset": { "type": asset },
        "org.matrix.msc3488.ts": at,
        "m.mentions": {},
    });
    PartContent { event_type: MESSAGE, content, media: false }
}

/// The name, and the number where the portal lets it through.
fn contact_words(contact: &Contact) -> RichText {
    let name = name::clean(&contact.name).unwrap_or_else(|| "?".to_owned());
    let mut spans = vec![Span::text("👤 "), Span::bold(name)];
    if let Some(phone) = contact.phone.as_deref().and_then(name::clean) {
        spans.extend([Span::line_break(), Span::text(phone)]);
    }
    RichText::paragraph(spans)
}
