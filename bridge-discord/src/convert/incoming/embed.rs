// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cards (embeds) as quotes.
//!
//! Rule: a card that Discord made of a link is no part of what was said: people cannot write
//! cards, so theirs are dropped, and so are a bot's that only show a link of its text.
//! See <https://discord.com/developers/docs/resources/message#embed-object>.

use bridge_model::{Block, Leaf, Media, MediaKind, RichText, Span, Style};
use serde_json::Value;

use super::field::{is, list, text};
use super::{Ours, component, media, moment, proxy};
use crate::convert::markdown::{Names, from_markdown};

/// Whose cards they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A person: all are previews.
    Person,
    /// A bot or a webhook: the rich ones are its own.
    Machine,
    /// Not known (the copy in a forward): what shows a link of the text is a preview.
    Anybody,
}

/// Who wrote the cards of a message object.
pub(super) fn by(message: &Value) -> By {
    let bot = message.get("author").is_some_and(|author| is(author, "bot"));
    let hook = message.get("webhook_id").is_some_and(|hook| !hook.is_null());
    if bot || hook { By::Machine } else { By::Person }
}

/// The cards of a message: one quote for each, and their pictures.
pub(super) fn read(
    message: &Value,
    by: By,
    names: &Names,
    ours: &Ours,
) -> (Vec<Block>, Vec<Media>) {
    let words = text(message, "content").unwrap_or_default();
    let mut blocks = Vec::new();
    let mut files = Vec::new();
    let said = |card: &&Value| is_own(card, words, by) && !proxy::is_reply(card, message, ours);
    for card in list(message, "embeds").iter().filter(said) {
        let (mut inside, pictures) = quote(card, names, ours);
        files.extend(pictures);
        if !inside.is_empty() {
            inside = RichText(inside).normalise().0;
            blocks.push(Block::Quote { blocks: inside, expandable: false });
        }
    }
    (blocks, files)
}

/// The moving picture that somebody picked in Discord's own menu (Tenor, Klipy, Giphy): all that
/// they said is its address, and Discord's proxy has it.
pub(super) fn picked(message: &Value, ours: &Ours) -> Option<Media> {
    let words = text(message, "content")?.trim();
    let [card] = list(message, "embeds") else { return None };
    if text(card, "type") != Some("gifv") || text(card, "url") != Some(words) {
        return None;
    }
    let file = media::elsewhere(card.get("video")?, MediaKind::Animation, ours)?;
    let provider = card.get("provider").and_then(|provider| text(provider, "name"));
    let alt = file.alt.clone().or_else(|| provider.map(str::to_owned));
    Some(Media { kind: MediaKind::Animation, alt, ..file })
}

fn is_own(card: &Value, words: &str, by: By) -> bool {
    let kind = text(card, "type").unwrap_or("rich");
    // What Discord itself says in a channel for moderators.
    if kind == "auto_moderation_message" {
        return true;
    }
    let rich = kind == "rich";
    let linked = text(card, "url").is_some_and(|url| words.contains(url.trim_end_matches('/')));
    match by {
        By::Person => false,
        By::Machine => rich || !linked,
        By::Anybody => !linked,
    }
}

fn quote(card: &Value, names: &Names, ours: &Ours) -> (Vec<Block>, Vec<Media>) {
    let mut body = RichText::default();
    if let Some(author) = card.get("author")
        && let Some(name) = text(author, "name")
    {
        body.0.push(Block::Paragraph(vec![linked(Span::text(name), text(author, "url"))]));
    }
    if let Some(title) = text(card, "title") {
        let mut spans = line(title, names);
        for span in &mut spans {
            span.style.bold = true;
            *span = linked(span.clone(), text(card, "url"));
        }
        body.0.push(Block::Paragraph(spans));
    }
    if let Some(words) = text(card, "description") {
        body.append(from_markdown(words, names));
    }
    if is_of_a_kind_for_people(card) {
        append_fields(&mut body, list(card, "fields"), names);
    } else {
        append_told(&mut body, list(card, "fields"));
    }
    let laid = component::read(card, names, ours);
    body.append(RichText(laid.blocks));
    let mut files = laid.media;
    for key in ["image", "video", "thumbnail"] {
        let Some(item) = card.get(key) else { continue };
        let guess = if key == "video" { MediaKind::Video } else { MediaKind::Image };
        match (media::elsewhere(item, guess, ours), text(item, "url")) {
            (Some(file), _) => files.push(file),
            // A thumbnail is decoration; the address of a picture still says something.
            (None, Some(url)) if key != "thumbnail" => {
                body.0.push(Block::Paragraph(vec![Span::link(url, url)]));
            }
            (None, _) => {}
        }
    }
    append_footer(&mut body, card);
    if let Some(square) = card.get("color").and_then(Value::as_u64).and_then(square) {
        let mark = Span::text(format!("{square} "));
        match body.0.first_mut() {
            Some(Block::Paragraph(spans)) => spans.insert(0, mark),
            Some(_) => body.0.insert(0, Block::Paragraph(vec![mark])),
            None => {}
        }
    }
    let says_nothing = body.is_empty() && files.is_empty();
    if let Some(url) = text(card, "url").filter(|_| says_nothing) {
        body.0.push(Block::Paragraph(vec![Span::link(url, url)]));
    }
    (body.0, files)
}

/// The square that comes closest to a colour (24 bits); `None` for the one that is no colour.
fn square(colour: u64) -> Option<char> {
    const SQUARES: [(char, [i64; 3]); 9] = [
        ('🟥', [221, 46, 68]),
        ('🟧', [244, 144, 12]),
        ('🟨', [253, 203, 88]),
        ('🟩', [120, 177, 89]),
        ('🟦', [85, 172, 238]),
        ('🟪', [170, 142, 214]),
        ('🟫', [193, 105, 79]),
        ('⬛', [30, 30, 30]),
        ('⬜', [235, 235, 235]),
    ];
    if colour == 0 {
        return None;
    }
    let part = |shift: u32| i64::try_from((colour >> shift) & 0xff).unwrap_or(0);
    let wanted = [part(16), part(8), part(0)];
    let far = |there: &[i64; 3]| -> i64 {
        there.iter().zip(wanted).map(|(one, other)| (one - other) * (one - other)).sum()
    };
    SQUARES.iter().min_by_key(|(_, there)| far(there)).map(|(square, _)| *square)
}

/// Fields; those side by side share a line.
fn append_fields(body: &mut RichText, fields: &[Value], names: &Names) {
    let mut row: Vec<Span> = Vec::new();
    for field in fields {
        let name = text(field, "name").map(|name| line(name, names)).unwrap_or_default();
        let mut name: Vec<Span> = name.into_iter().filter(|span| span.leaf != blank()).collect();
        name.iter_mut().for_each(|span| span.style.bold = true);
        let value = text(field, "value").map(|words| from_markdown(words, names));
        let value = value.unwrap_or_default();
        let flat = match value.0.as_slice() {
            [] => Some(Vec::new()),
            [Block::Paragraph(spans)] => Some(spans.clone()),
            _ => None,
        };
        match flat.filter(|spans| is(field, "inline") && !spans.contains(&Span::line_break())) {
            Some(spans) => {
                if !row.is_empty() {
                    row.push(Span::text(" · "));
                }
                if !name.is_empty() && !spans.is_empty() {
                    name.push(Span::text(": "));
                }
                row.append(&mut name);
                row.extend(spans);
            }
            None => {
                end_row(body, &mut row);
                body.0.push(Block::Paragraph(name));
                body.append(value);
            }
        }
    }
    end_row(body, &mut row);
}

fn end_row(body: &mut RichText, row: &mut Vec<Span>) {
    if !row.is_empty() {
        body.0.push(Block::Paragraph(std::mem::take(row)));
    }
}

/// The kinds of cards whose fields people read. Of all others, Discord's clients make something of
/// their own from fields that are named for programs.
fn is_of_a_kind_for_people(card: &Value) -> bool {
    let kind = text(card, "type").unwrap_or("rich");
    matches!(kind, "rich" | "image" | "video" | "gifv" | "article" | "link")
}

/// What says something to people in a field that is named for programs: the rule that blocked a
/// message and what it found, the question of a poll and the answer that won.
const TOLD: [&[&str]; 4] = [
    &["rule_name"],
    &["keyword_matched_content", "keyword"],
    &["poll_question_text"],
    &["victor_answer_text"],
];

fn append_told(body: &mut RichText, fields: &[Value]) {
    let value = |name: &&str| {
        let mut named = fields.iter().filter(|field| text(field, "name") == Some(*name));
        named.find_map(|field| text(field, "value"))
    };
    let told = TOLD.iter().filter_map(|names| names.iter().find_map(value));
    let told: Vec<&str> = told.collect();
    if !told.is_empty() {
        body.0.push(Block::Paragraph(literal(&told.join(" · "))));
    }
}

/// What bots write where they want no name.
fn blank() -> Leaf {
    Leaf::Text('\u{200B}'.to_string())
}

fn append_footer(body: &mut RichText, card: &Value) {
    let style = Style { subtext: true, ..Style::default() };
    let mut spans = Vec::new();
    if let Some(words) = card.get("footer").and_then(|footer| text(footer, "text")) {
        spans.extend(literal(words));
    }
    if let Some(at) = text(card, "timestamp").and_then(moment::read) {
        if !spans.is_empty() {
            spans.push(Span::text(" · "));
        }
        spans.push(Span { leaf: Leaf::Time { at, style: 'f' }, style: Style::default() });
    }
    spans.iter_mut().for_each(|span| span.style.subtext = style.subtext);
    if !spans.is_empty() {
        body.0.push(Block::Paragraph(spans));
    }
}

fn linked(mut span: Span, url: Option<&str>) -> Span {
    if let Some(url) = url {
        span.style.link = Some(url.to_owned());
    }
    span
}

fn literal(words: &str) -> Vec<Span> {
    match RichText::plain_text(words).0.into_iter().next() {
        Some(Block::Paragraph(spans)) => spans,
        Some(_) | None => Vec::new(),
    }
}

/// One line of Markdown; what would be more than a line is literal.
pub(super) fn line(words: &str, names: &Names) -> Vec<Span> {
    match from_markdown(words, names).0.as_slice() {
        [Block::Paragraph(spans)] => spans.clone(),
        _ => literal(words),
    }
}
