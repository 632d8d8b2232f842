// SPDX-License-Identifier: AGPL-3.0-or-later
//! The text of a message, wherever it stands.
//!
//! Rule: what a person wrote comes first; cards and components are read only when
//! there is nothing else, because a link's preview is no part of what was said.

use bridge_model::{Block, RichText, Span};
use serde_json::Value;

use super::field::{list, text};
use crate::convert::markdown::{Names, from_markdown};

/// The body of a message.
pub(super) fn body(message: &Value, names: &Names) -> RichText {
    let mut body = text(message, "content").map(|t| from_markdown(t, names)).unwrap_or_default();
    for snapshot in list(message, "message_snapshots") {
        let inner = snapshot.get("message").and_then(|inner| text(inner, "content"));
        if let Some(words) = inner {
            let blocks = from_markdown(words, names).0;
            body.0.push(Block::Quote { blocks, expandable: false });
        }
    }
    for sticker in list(message, "sticker_items") {
        let vector = sticker.get("format_type").and_then(Value::as_u64) == Some(3);
        if let Some(name) = text(sticker, "name").filter(|_| vector) {
            body.push_text(format!(":{name}:"));
        }
    }
    if let Some(poll) = message.get("poll") {
        append_poll(&mut body, poll);
    }
    if body.is_empty() {
        append_components(&mut body, list(message, "components"), names, 0);
    }
    if body.is_empty() && list(message, "attachments").is_empty() {
        append_cards(&mut body, list(message, "embeds"), names);
    }
    body.normalise()
}

fn append_poll(body: &mut RichText, poll: &Value) {
    let Some(question) = poll.get("question").and_then(|question| text(question, "text")) else {
        return;
    };
    body.0.push(Block::Paragraph(vec![Span::bold(question)]));
    let answers = list(poll, "answers").iter();
    let answers = answers.filter_map(|one| one.get("poll_media").and_then(|m| text(m, "text")));
    let items = answers.map(|answer| bridge_model::ListItem(RichText::plain_text(answer).0));
    body.0.push(Block::List { start: None, items: items.collect() });
}

/// Text displays (type 10) of the newer kind of message, which has no `content`.
///
/// See <https://discord.com/developers/docs/components/reference#text-display>.
fn append_components(body: &mut RichText, components: &[Value], names: &Names, depth: u8) {
    if depth > 8 {
        return;
    }
    for component in components {
        if component.get("type").and_then(Value::as_u64) == Some(10) {
            if let Some(words) = text(component, "content") {
                body.append(from_markdown(words, names));
            }
        } else {
            append_components(body, list(component, "components"), names, depth + 1);
        }
    }
}

fn append_cards(body: &mut RichText, cards: &[Value], names: &Names) {
    for card in cards {
        match (text(card, "title"), text(card, "url")) {
            (Some(title), Some(url)) => {
                body.0.push(Block::Paragraph(vec![Span::link(title, url)]));
            }
            (Some(title), None) => body.0.push(Block::Paragraph(vec![Span::bold(title)])),
            (None, _) => {}
        }
        if let Some(words) = text(card, "description") {
            body.append(from_markdown(words, names));
        }
        for field in list(card, "fields") {
            if let Some(name) = text(field, "name") {
                body.0.push(Block::Paragraph(vec![Span::bold(name)]));
            }
            if let Some(words) = text(field, "value") {
                body.append(from_markdown(words, names));
            }
        }
    }
}
