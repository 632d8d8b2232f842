// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages with headings, lists, tables and files in the text,
//! <https://core.telegram.org/bots/api#richmessage>.
//!
//! Rule: a block or style that is not known gives its words all the same.

use bridge_model::{
    Block, Leaf, ListItem, Media, MediaKind, Mention, Note, Person, Point, RichText, Span, Spoiler,
    Style, Timestamp,
};
use serde_json::Value;

use super::content::Said;
use super::field::{flag, int, list, object, text};
use super::{lists, media};
use crate::NETWORK;
use crate::convert::entities;

/// Text and files of a `RichMessage`.
pub(super) fn message(value: &Value) -> Said {
    let mut found = Said::default();
    let blocks = blocks(list(value, "blocks"), &mut found);
    Said { body: RichText(blocks).normalise(), ..found }
}

/// The blocks in order; files and buttons go to `found`.
fn blocks(values: &[Value], found: &mut Said) -> Vec<Block> {
    let mut all = Vec::new();
    for value in values {
        block(value, found, &mut all);
        let credit = value.get("credit").map(|it| spans(it, &Style::default()));
        all.extend(credit.map(Block::Paragraph));
        all.extend(caption(value));
    }
    all
}

fn block(value: &Value, found: &mut Said, all: &mut Vec<Block>) {
    let words = || value.get("text").map(|it| spans(it, &Style::default())).unwrap_or_default();
    match text(value, "type").unwrap_or_default() {
        "heading" => {
            let level = int(value, "size").and_then(|it| u8::try_from(it.clamp(1, 6)).ok());
            all.push(Block::Heading { level: level.unwrap_or(1), content: words() });
        }
        "pre" => {
            let code = RichText::paragraph(words()).plain();
            all.push(Block::Code {
                language: text(value, "language").map(str::to_owned),
                text: code,
            });
        }
        "footer" => {
            let small = Style { subtext: true, ..Style::default() };
            all.extend(value.get("text").map(|it| Block::Paragraph(spans(it, &small))));
        }
        "divider" => all.push(Block::Rule),
        "mathematical_expression" => {
            all.push(Block::Paragraph(formula(value, &Style::default())));
        }
        "list" => all.push(items(value, found)),
        "blockquote" => {
            let blocks = blocks(list(value, "blocks"), found);
            all.push(Block::Quote { blocks, expandable: false });
        }
        kind @ ("pullquote" | "expandable_blockquote") => {
            let blocks = vec![Block::Paragraph(words())];
            all.push(Block::Quote { blocks, expandable: kind == "expandable_blockquote" });
        }
        "table" => all.push(table(value)),
        "details" => {
            let summary = value.get("summary").map(|it| spans(it, &Style::default()));
            let blocks = blocks(list(value, "blocks"), found);
            all.push(Block::Details { summary: summary.unwrap_or_default(), blocks });
        }
        "map" => all.extend(map(value)),
        "buttons" => all.extend(buttons(value, found)),
        // Words, and the blocks of collages and slideshows.
        _ => {
            found.media.extend(file(value));
            all.extend(value.get("text").map(|it| Block::Paragraph(spans(it, &Style::default()))));
            let inner = blocks(list(value, "blocks"), found);
            all.extend(inner);
        }
    }
}

fn file(value: &Value) -> Option<Media> {
    let own = |key| object(value, key);
    let found = match text(value, "type")? {
        "photo" => value.get("photo").and_then(media::photo),
        "video" => own("video").and_then(|it| media::file(it, MediaKind::Video)),
        "animation" => own("animation").and_then(|it| media::file(it, MediaKind::Animation)),
        "audio" => own("audio").and_then(|it| media::file(it, MediaKind::Audio)),
        "document" => own("document").and_then(|it| media::file(it, MediaKind::File)),
        "voice_note" => own("voice_note").and_then(media::voice),
        _ => None,
    }?;
    Some(Media { spoiler: flag(value, "has_spoiler"), ..found })
}

/// The caption of a block is a text, or an object with text and credit.
fn caption(value: &Value) -> Vec<Block> {
    let Some(caption) = value.get("caption") else { return Vec::new() };
    let parts = match (caption.get("type"), caption.get("text")) {
        (None, Some(words)) => vec![Some(words), caption.get("credit")],
        _ => vec![Some(caption)],
    };
    let parts = parts.into_iter().flatten();
    parts.map(|it| Block::Paragraph(spans(it, &Style::default()))).collect()
}

fn items(value: &Value, found: &mut Said) -> Block {
    let values = list(value, "items");
    let start = values.first().and_then(|first| int(first, "value"));
    let mut items = Vec::new();
    for item in values {
        let mut words = RichText(blocks(list(item, "blocks"), found));
        if flag(item, "has_checkbox") {
            words.prepend(vec![lists::tick(flag(item, "is_checked"))]);
        }
        items.push(ListItem(words.0));
    }
    Block::List { start: start.and_then(|it| u32::try_from(it).ok()), items }
}

fn table(value: &Value) -> Block {
    let cell =
        |cell: &Value| cell.get("text").map(|it| spans(it, &Style::default())).unwrap_or_default();
    let rows = list(value, "cells").iter().filter_map(Value::as_array);
    let rows: Vec<&Vec<Value>> = rows.collect();
    let is_head = |row: &&Vec<Value>| !row.is_empty() && row.iter().all(|it| flag(it, "is_header"));
    Block::Table {
        head: rows.first().is_some_and(is_head),
        rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

fn map(value: &Value) -> Option<Block> {
    let place = object(value, "location")?;
    let degrees = |key| place.get(key).and_then(Value::as_f64);
    let point = Point::from_degrees(degrees("latitude")?, degrees("longitude")?);
    Some(Block::Paragraph(vec![Span::link(point.text(), point.map_url())]))
}

fn buttons(value: &Value, found: &mut Said) -> Option<Block> {
    let mut links = Vec::new();
    for button in list(value, "buttons") {
        let Some(label) = button.get("text") else { continue };
        match text(button, "url") {
            Some(url) => links.push(spans(label, &linked(&Style::default(), url))),
            None => {
                let label = RichText::paragraph(spans(label, &Style::default())).plain();
                found.notes.push(Note::Button { label });
            }
        }
    }
    (!links.is_empty()).then(|| lists::bullets(links))
}

/// The runs of a `RichText`: a string, an array of texts, or an object around a text.
fn spans(value: &Value, style: &Style) -> Vec<Span> {
    if let Some(words) = value.as_str() {
        return vec![Span { leaf: Leaf::Text(words.to_owned()), style: style.clone() }];
    }
    if let Some(parts) = value.as_array() {
        return parts.iter().flat_map(|part| spans(part, style)).collect();
    }
    let inner = |style: &Style| value.get("text").map(|it| spans(it, style)).unwrap_or_default();
    match text(value, "type").unwrap_or_default() {
        "bold" | "marked" => inner(&Style { bold: true, ..style.clone() }),
        "italic" => inner(&Style { italic: true, ..style.clone() }),
        "underline" => inner(&Style { underline: true, ..style.clone() }),
        "strikethrough" => inner(&Style { strike: true, ..style.clone() }),
        "spoiler" => inner(&Style { spoiler: Some(Spoiler::default()), ..style.clone() }),
        "code" => inner(&Style { code: true, ..style.clone() }),
        "url" => match text(value, "url") {
            Some(url) => inner(&linked(style, url)),
            None => inner(style),
        },
        "button" => match object(value, "button") {
            Some(button) => {
                let style =
                    text(button, "url").map_or_else(|| style.clone(), |it| linked(style, it));
                button.get("text").map(|it| spans(it, &style)).unwrap_or_default()
            }
            None => Vec::new(),
        },
        "text_mention" => mention(value, style).unwrap_or_else(|| inner(style)),
        "custom_emoji" => custom_emoji(value, style),
        "mathematical_expression" => formula(value, style),
        "date_time" => time(value, style).unwrap_or_else(|| inner(style)),
        _ => inner(style),
    }
}

fn linked(style: &Style, url: &str) -> Style {
    Style { link: Some(url.to_owned()), ..style.clone() }
}

fn mention(value: &Value, style: &Style) -> Option<Vec<Span>> {
    let who = Person::new(NETWORK, int(object(value, "user")?, "id")?.to_string());
    let name = RichText::paragraph(spans(value.get("text")?, &Style::default())).plain();
    let leaf = Leaf::Mention(Mention::Person { who, name });
    Some(vec![Span { leaf, style: style.clone() }])
}

fn custom_emoji(value: &Value, style: &Style) -> Vec<Span> {
    let words = text(value, "alternative_text").unwrap_or_default();
    let leaf = text(value, "custom_emoji_id").and_then(|id| entities::emoji(id, words));
    let leaf = leaf.unwrap_or_else(|| Leaf::Text(words.to_owned()));
    vec![Span { leaf, style: style.clone() }]
}

fn formula(value: &Value, style: &Style) -> Vec<Span> {
    let formula = text(value, "expression").unwrap_or_default().to_owned();
    vec![Span { leaf: Leaf::Maths(formula), style: style.clone() }]
}

/// `None` where the words are shown as they are.
fn time(value: &Value, style: &Style) -> Option<Vec<Span>> {
    let at = Timestamp(int(value, "unix_time")?.saturating_mul(1000));
    let leaf = Leaf::Time { at, style: entities::time_style(text(value, "date_time_format")?) };
    Some(vec![Span { leaf, style: style.clone() }])
}
