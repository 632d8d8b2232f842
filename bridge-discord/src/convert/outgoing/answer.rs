// SPDX-License-Identifier: AGPL-3.0-or-later
//! The lines that stand for a reply where there is no native one.
//!
//! Rule: what the author of the answered message had hidden stays hidden.

use bridge_model::{Block, Leaf, ListItem, Mention, Message, RichText, Span, Style, name};

use crate::NETWORK;
use crate::convert::markdown::is_label;

/// How much of a message that is answered is quoted in one line.
const EXCERPT: usize = 80;

/// How much is quoted of a part that was chosen to be answered.
const CHOSEN: usize = 500;

/// Stands before what is answered.
const ANSWERED: char = '↪';

/// Stands before the one whose words are forwarded.
pub(super) const FORWARDED: char = '↷';

/// The text in which small print that begins as a line of the bridge does is no small print: what is
/// answered, and whose words are forwarded, says nobody but the bridge.
pub(super) fn without_forged_lines(mut text: RichText) -> RichText {
    for block in &mut text.0 {
        let Block::Paragraph(spans) = block else { continue };
        for line in spans.split_mut(|span| matches!(span.leaf, Leaf::Break)) {
            let words: String = line.iter().map(|span| span.leaf.shown()).collect();
            if name::one_line(&words, 1).starts_with([ANSWERED, FORWARDED]) {
                line.iter_mut().for_each(|span| span.style.subtext = false);
            }
        }
    }
    text
}

/// `↪ Name: words` in small print, where the name leads to `link`. Words that the author
/// chose to answer stand below as a quote instead. Whoever is called by the answer is mentioned in the
/// place of the name, and the arrow leads to `link`: no mention works in a link.
pub fn answered(message: &Message, link: Option<String>) -> RichText {
    let Some(reply) = message.reply_to.as_ref() else { return RichText::default() };
    let name = reply.name.clone().unwrap_or_default();
    let most = if reply.partial { CHOSEN } else { EXCERPT };
    let words = reply.excerpt.as_ref().map(|text| excerpt(text, most)).unwrap_or_default();
    if name.is_empty() && words.is_empty() && link.is_none() {
        return RichText::default();
    }
    let label = if name.is_empty() { "…".to_owned() } else { name };
    let linked = |words: &str| {
        let style = Style { subtext: true, link: link.clone(), ..Style::default() };
        Span { leaf: Leaf::Text(words.to_owned()), style }
    };
    let called = reply.called.iter().find(|who| who.network.as_str() == NETWORK);
    let called = called.filter(|_| !message.silent);
    let arrow = ANSWERED.to_string();
    // A name that cannot stand in a label as it is stands behind it.
    let mut line = match (called, is_label(&[Span::text(label.as_str())])) {
        (Some(who), _) => {
            let who = Mention::Person { who: who.clone(), name: label };
            let style = Style { subtext: true, ..Style::default() };
            vec![linked(&arrow), small(" "), Span { leaf: Leaf::Mention(who), style }]
        }
        (None, true) => vec![small(&format!("{arrow} ")), linked(&label)],
        (None, false) => vec![linked(&arrow), small(&format!(" {label}"))],
    };
    if reply.partial && !words.is_empty() {
        let quote = RichText::plain_text(&words).0;
        let quote = Block::Quote { blocks: quote, expandable: false };
        return RichText(vec![Block::Paragraph(line), quote]);
    }
    if !words.is_empty() {
        line.push(small(&format!(": {words}")));
    }
    RichText::paragraph(line)
}

/// The lines of a reply, then the body.
pub(super) fn above(answered: RichText, mut body: RichText) -> RichText {
    match <[Block; 1]>::try_from(answered.0) {
        Ok([Block::Paragraph(mut line)]) => {
            line.push(Span::line_break());
            body.prepend(line);
            body
        }
        Ok(
            [
                one @ (Block::Heading { .. }
                | Block::Quote { .. }
                | Block::List { .. }
                | Block::Code { .. }
                | Block::Table { .. }
                | Block::Details { .. }
                | Block::Rule),
            ],
        ) => {
            body.0.insert(0, one);
            body
        }
        Err(mut blocks) => {
            blocks.append(&mut body.0);
            RichText(blocks)
        }
    }
}

/// Small print.
pub(super) fn small(text: &str) -> Span {
    let style = Style { subtext: true, ..Style::default() };
    Span { leaf: Leaf::Text(text.to_owned()), style }
}

/// One line, without what the author had hidden.
fn excerpt(text: &RichText, most: usize) -> String {
    let open = RichText(text.0.iter().map(veiled).collect());
    shortened(&open.plain(), most)
}

/// One line of at most `most` characters and a sign that there was more.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let short: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", short.trim_end())
}

fn veiled(block: &Block) -> Block {
    match block {
        Block::Paragraph(spans) => Block::Paragraph(spans.iter().map(veil).collect()),
        Block::Heading { level, content } => {
            Block::Heading { level: *level, content: content.iter().map(veil).collect() }
        }
        Block::Quote { blocks, expandable } => {
            Block::Quote { blocks: blocks.iter().map(veiled).collect(), expandable: *expandable }
        }
        Block::List { start, items } => {
            let items = items.iter().map(|item| ListItem(item.0.iter().map(veiled).collect()));
            Block::List { start: *start, items: items.collect() }
        }
        Block::Details { summary, .. } => Block::Paragraph(summary.iter().map(veil).collect()),
        Block::Table { head, rows } => {
            let row = |row: &Vec<Vec<Span>>| {
                row.iter().map(|cell| cell.iter().map(veil).collect()).collect()
            };
            Block::Table { head: *head, rows: rows.iter().map(row).collect() }
        }
        Block::Code { .. } | Block::Rule => block.clone(),
    }
}

fn veil(span: &Span) -> Span {
    if span.style.spoiler.is_some() { Span::text("▒▒▒") } else { span.clone() }
}
