// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages with headings, lists, tables and files in the text,
//! <https://core.telegram.org/bots/api#richmessage>.
//!
//! Rule: a block or style that is not known gives its words all the same.

use bridge_model::{
    Block, Leaf, ListItem, Media, MediaKind, Mention, Note, Person, Point, RichText, Span, Spoiler,
    Style, Timestamp, text::scripts,
};
use serde_json::Value;

use super::content::{MessageParts, address_of};
use super::field::{flag, int, list, object, text};
use super::{lists, media};
use crate::NETWORK;
use crate::convert::address::leads_to_account;
use crate::convert::entities;

/// Kinds of blocks that show nothing themselves.
const SILENT: [&str; 2] = ["anchor", "paragraph"];
/// Widest table, and most rows that one cell may take: a number is no reason to fill the memory.
const MOST_CELLS: usize = 100;

/// Text and files of a `RichMessage`.
pub(super) fn message(value: &Value) -> MessageParts {
    let mut found = MessageParts::default();
    let blocks = blocks(list(value, "blocks"), &mut found);
    MessageParts { body: RichText(blocks).label_links().normalise(), ..found }
}

/// The blocks in order; files and buttons go to `found`.
fn blocks(values: &[Value], found: &mut MessageParts) -> Vec<Block> {
    let mut all = Vec::new();
    for value in values {
        block(value, found, &mut all);
        let credit = value.get("credit").map(|it| spans(it, &Style::default()));
        all.extend(credit.map(Block::Paragraph));
        all.extend(caption(value));
    }
    all
}

fn block(value: &Value, found: &mut MessageParts, all: &mut Vec<Block>) {
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
        "list" => all.extend(items(value, found)),
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
        kind => {
            let before = (all.len(), found.media.len());
            plain(value, found, all);
            if before == (all.len(), found.media.len()) && !SILENT.contains(&kind) {
                found.notes.retain(|note| *note != Note::Unknown);
                found.notes.push(Note::Unknown);
            }
        }
    }
}

/// Words, and the blocks and files of collages, slideshows and kinds that are not known here.
fn plain(value: &Value, found: &mut MessageParts, all: &mut Vec<Block>) {
    found.media.extend(file(value));
    all.extend(value.get("text").map(|it| Block::Paragraph(spans(it, &Style::default()))));
    let items = list(value, "items").iter().flat_map(|item| list(item, "blocks"));
    for inner in list(value, "blocks").iter().chain(items) {
        all.extend(blocks(std::slice::from_ref(inner), found));
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

/// The items of a list: one list for each stretch of numbers that follow each other, because the
/// author's numbers are said elsewhere, too. Letters and Roman numerals stand as words before theirs.
fn items(value: &Value, found: &mut MessageParts) -> Vec<Block> {
    let mut lists: Vec<Block> = Vec::new();
    let mut next = None;
    for item in list(value, "items") {
        let mut words = RichText(blocks(list(item, "blocks"), found));
        if flag(item, "has_checkbox") {
            words.prepend(vec![lists::tick(flag(item, "is_checked"))]);
        }
        let number = int(item, "value").and_then(|it| u32::try_from(it).ok());
        if number.is_some() && text(item, "type").is_some_and(|it| it != "1") {
            let label = text(item, "label").unwrap_or_default();
            words.prepend(vec![Span::text(format!("{label} "))]);
            lists.extend(words.0);
            next = None;
            continue;
        }
        match lists.last_mut() {
            Some(Block::List { start, items })
                if start.is_some() == number.is_some() && next == number =>
            {
                items.push(ListItem(words.0));
            }
            Some(_) | None => {
                lists.push(Block::List { start: number, items: vec![ListItem(words.0)] });
            }
        }
        next = number.map(|it| it.saturating_add(1));
    }
    lists
}

/// Cells over several columns or rows leave empty ones beside and below, so that the others keep
/// their columns.
fn table(value: &Value) -> Block {
    let rows: Vec<&Vec<Value>> = list(value, "cells").iter().filter_map(Value::as_array).collect();
    let is_head = |row: &&Vec<Value>| !row.is_empty() && row.iter().all(|it| flag(it, "is_header"));
    // How many further rows each column is taken by a cell from above.
    let mut taken: Vec<usize> = Vec::new();
    let mut filled = Vec::new();
    for row in &rows {
        let mut cells = Vec::new();
        for cell in *row {
            skip_taken(&mut cells, &mut taken);
            let span = |key| int(cell, key).and_then(|it| usize::try_from(it).ok()).unwrap_or(1);
            let (columns, below) = (span("colspan"), span("rowspan").clamp(1, MOST_CELLS) - 1);
            let words = cell.get("text").map(|it| spans(it, &Style::default()));
            cells.push(words.unwrap_or_default());
            let room = MOST_CELLS.saturating_sub(cells.len());
            let empty = columns.clamp(1, MOST_CELLS) - 1;
            cells.extend(std::iter::repeat_n(Vec::new(), empty.min(room)));
            taken.resize(taken.len().max(cells.len()), 0);
            let own = cells.len() - 1 - empty.min(room);
            taken.iter_mut().take(cells.len()).skip(own).for_each(|column| *column = below);
        }
        skip_taken(&mut cells, &mut taken);
        filled.push(cells);
    }
    Block::Table { head: rows.first().is_some_and(is_head), rows: filled }
}

/// Leaves the columns empty that a cell from above takes.
fn skip_taken(cells: &mut Vec<Vec<Span>>, taken: &mut [usize]) {
    while let Some(column) = taken.get_mut(cells.len()).filter(|rows| **rows > 0) {
        *column -= 1;
        cells.push(Vec::new());
    }
}

fn map(value: &Value) -> Option<Block> {
    let place = object(value, "location")?;
    let degrees = |key| place.get(key).and_then(Value::as_f64);
    let point = Point::from_degrees(degrees("latitude")?, degrees("longitude")?);
    Some(Block::Paragraph(vec![Span::link(point.text(), point.map_url())]))
}

fn buttons(value: &Value, found: &mut MessageParts) -> Option<Block> {
    let mut links = Vec::new();
    for button in list(value, "buttons") {
        let Some(label) = button.get("text") else { continue };
        let copied = object(button, "copy_text").and_then(|it| text(it, "text"));
        match (address_of(button), copied) {
            (Some(url), _) => links.push(spans(label, &linked(&Style::default(), url))),
            (None, Some(copied)) => {
                let mut line = spans(label, &Style::default());
                line.push(Span::text(format!(": {copied}")));
                links.push(line);
            }
            (None, None) => {
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
            Some(url) if !leads_to_account(url) => inner(&linked(style, url)),
            Some(_) | None => inner(style),
        },
        "email_address" => match text(value, "email_address") {
            Some(address) => inner(&linked(style, &format!("mailto:{address}"))),
            None => inner(style),
        },
        "mention" => meant(inner(style), sign("@", text(value, "username")), style),
        "hashtag" => meant(inner(style), sign("#", text(value, "hashtag")), style),
        "cashtag" => meant(inner(style), sign("$", text(value, "cashtag")), style),
        "bot_command" => meant(inner(style), sign("/", text(value, "bot_command")), style),
        "phone_number" => told(inner(style), text(value, "phone_number"), style),
        "bank_card_number" => told(inner(style), text(value, "bank_card_number"), style),
        "superscript" => reshaped(inner(style), scripts::superscript),
        "subscript" => reshaped(inner(style), scripts::subscript),
        "button" => match object(value, "button") {
            Some(button) => {
                let leads =
                    address_of(button).map_or_else(|| style.clone(), |it| linked(style, it));
                let label = button.get("text").map(|it| spans(it, &leads)).unwrap_or_default();
                let copied = object(button, "copy_text").and_then(|it| text(it, "text"));
                meant(label, copied.map(str::to_owned), style)
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

/// The words with the number that they stand for, where they say something else.
fn told(mut words: Vec<Span>, number: Option<&str>, style: &Style) -> Vec<Span> {
    let said = RichText::paragraph(words.clone()).plain();
    if let Some(number) = number.filter(|it| digits(it) != digits(&said)) {
        words.push(Span { leaf: Leaf::Text(format!(" ({number})")), style: style.clone() });
    }
    words
}

/// The words with what stands behind them in brackets, where they do not say it.
fn meant(mut words: Vec<Span>, meant: Option<String>, style: &Style) -> Vec<Span> {
    let said = RichText::paragraph(words.clone()).plain().to_lowercase();
    if let Some(meant) = meant.filter(|it| !said.contains(&it.to_lowercase())) {
        words.push(Span { leaf: Leaf::Text(format!(" ({meant})")), style: style.clone() });
    }
    words
}

/// A name with the sign that it begins with.
fn sign(sign: &str, name: Option<&str>) -> Option<String> {
    let name = name?.trim_start_matches(sign);
    (!name.is_empty()).then(|| format!("{sign}{name}"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The same runs with their characters in another form.
fn reshaped(spans: Vec<Span>, form: fn(&str) -> String) -> Vec<Span> {
    let reshape = |mut span: Span| {
        if let Leaf::Text(text) = &mut span.leaf {
            *text = form(text);
        }
        span
    };
    spans.into_iter().map(reshape).collect()
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
