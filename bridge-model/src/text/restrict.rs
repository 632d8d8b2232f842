// SPDX-License-Identifier: AGPL-3.0-or-later
//! Degrades what a network cannot show.
//!
//! Rule: the characters of degraded text do not depend on what else is degraded, so
//! that `t.restrict(any).plain() == t.plain()`. Hence runs are rewritten before blocks become
//! lines.

use super::inline::{Kind, tidy};
use super::normal::{blocks as normal_blocks, canonical, push};
use super::walk::map_runs;
use super::{Block, Leaf, ListItem, RichText, Span, Style, told};
use crate::{QuoteDepth, TextCapabilities};

impl RichText {
    /// What a network with these capabilities can show of this text; normalised.
    #[must_use]
    pub fn restrict(&self, caps: &TextCapabilities) -> Self {
        let normal = canonical(&self.0);
        if *caps == TextCapabilities::FULL {
            return Self(normal);
        }
        let rewritten = spell_out(normal, caps);
        let degraded = degrade(normal_blocks(&rewritten), caps, false);
        let styled = map_runs(degraded, &mut |spans| {
            let restyle = |span: Span| Span { leaf: span.leaf, style: restyle(span.style, caps) };
            spans.into_iter().map(restyle).collect()
        });
        Self(canonical(&styled))
    }
}

/// Puts characters in the place of what cannot be shown within a line.
fn spell_out(blocks: Vec<Block>, caps: &TextCapabilities) -> Vec<Block> {
    let mut spell = |spans: Vec<Span>| spans.into_iter().map(|span| spell(span, caps)).collect();
    let mut blocks = map_runs(blocks, &mut spell);
    if !(caps.spoilers && caps.spoiler_reasons) {
        blocks = told::reasons(blocks);
    }
    if !caps.links {
        blocks = told::links(blocks, &|_| false);
    }
    blocks
}

fn spell(span: Span, caps: &TextCapabilities) -> Span {
    let keep = match span.leaf {
        Leaf::Emoji { .. } => caps.custom_emoji,
        Leaf::Maths(_) => caps.maths,
        Leaf::Time { .. } => caps.timestamps,
        Leaf::Text(_) | Leaf::Break | Leaf::Mention(_) => true,
    };
    if keep {
        return span;
    }
    let code = matches!(span.leaf, Leaf::Maths(_));
    let style = Style { code, ..span.style };
    Span { leaf: Leaf::Text(span.leaf.shown()), style }
}

fn restyle(style: Style, caps: &TextCapabilities) -> Style {
    let mut style = Style {
        bold: style.bold && caps.basic_styles,
        italic: style.italic && caps.basic_styles,
        underline: style.underline && caps.underline,
        strike: style.strike && caps.basic_styles,
        code: style.code && caps.code,
        subtext: style.subtext && caps.subtext,
        spoiler: style.spoiler.filter(|_| caps.spoilers),
        link: style.link.filter(|_| caps.links),
    };
    if style.code && !caps.styled_code {
        // Where a link leads and that something is hidden matter more than how it looks.
        if style.link.is_some() || style.spoiler.is_some() {
            style.code = false;
        } else {
            style = Style { code: true, subtext: style.subtext, ..Style::default() };
        }
    }
    style
}

/// Turns blocks that cannot be shown into lines.
fn degrade(blocks: Vec<Block>, caps: &TextCapabilities, quoted: bool) -> Vec<Block> {
    let mut out = Vec::new();
    for block in blocks {
        if !can_show(&block, caps, quoted) {
            for block in open(block, caps, quoted) {
                push(&mut out, block, 1);
            }
            continue;
        }
        let block = match block {
            Block::Quote { blocks, expandable } => Block::Quote {
                blocks: degrade(blocks, caps, true),
                expandable: expandable && caps.expandable_quotes,
            },
            Block::List { start, items } => {
                let item = |item: ListItem| ListItem(degrade(item.0, caps, quoted));
                Block::List { start, items: items.into_iter().map(item).collect() }
            }
            Block::Details { summary, blocks } => {
                Block::Details { summary, blocks: degrade(blocks, caps, quoted) }
            }
            Block::Code { language, text } => {
                Block::Code { language: language.filter(|_| caps.code_language), text }
            }
            Block::Paragraph(_) | Block::Heading { .. } | Block::Table { .. } | Block::Rule => {
                block
            }
        };
        push(&mut out, block, 1);
    }
    out
}

fn can_show(block: &Block, caps: &TextCapabilities, quoted: bool) -> bool {
    let blocks = !quoted || caps.blocks_in_quotes;
    match block {
        Block::Paragraph(_) => true,
        Block::Heading { level, .. } => blocks && *level <= caps.headings,
        Block::Quote { .. } => match caps.quotes {
            QuoteDepth::None => false,
            QuoteDepth::One => !quoted,
            QuoteDepth::Many => true,
        },
        Block::List { .. } => blocks && caps.lists,
        Block::Code { .. } => blocks && caps.code_blocks,
        Block::Table { .. } => blocks && caps.tables,
        Block::Details { .. } => blocks && caps.details,
        Block::Rule => blocks && caps.rules,
    }
}

/// What stands in the place of a block that cannot be shown.
fn open(block: Block, caps: &TextCapabilities, quoted: bool) -> Vec<Block> {
    match block {
        Block::Quote { blocks, .. } if quoted => degrade(blocks, caps, quoted),
        Block::Details { summary, blocks } => {
            let mut out = Vec::new();
            if !summary.is_empty() {
                out.push(Block::Paragraph(embolden(summary)));
            }
            degrade(blocks, caps, quoted).into_iter().for_each(|block| push(&mut out, block, 1));
            out
        }
        block @ (Block::Paragraph(_)
        | Block::Heading { .. }
        | Block::Quote { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Rule) => vec![Block::Paragraph(lines(block, quoted))],
    }
}

/// A block as lines. Blocks within it become lines too.
fn lines(block: Block, quoted: bool) -> Vec<Span> {
    match block {
        Block::Paragraph(spans) => spans,
        Block::Heading { content, .. } => embolden(content),
        Block::Quote { blocks, .. } => {
            let inner = all_lines(blocks, true);
            if quoted { inner } else { mark(inner, "> ", "> ") }
        }
        Block::List { start, items } => list_lines(start, items, quoted),
        Block::Code { text, .. } => {
            let style = Style { code: true, ..Style::default() };
            tidy(&[Span { leaf: Leaf::Text(text), style }], Kind::Lines)
        }
        Block::Table { head, rows } => table_lines(head, rows),
        Block::Details { summary, blocks } => {
            let mut out = embolden(summary);
            join(&mut out, all_lines(blocks, quoted));
            out
        }
        Block::Rule => vec![Span::text("---")],
    }
}

fn all_lines(blocks: Vec<Block>, quoted: bool) -> Vec<Span> {
    let mut out = Vec::new();
    blocks.into_iter().for_each(|block| join(&mut out, lines(block, quoted)));
    out
}

fn join(out: &mut Vec<Span>, spans: Vec<Span>) {
    if !out.is_empty() && !spans.is_empty() {
        out.push(Span::line_break());
    }
    out.extend(spans);
}

fn list_lines(start: Option<u32>, items: Vec<ListItem>, quoted: bool) -> Vec<Span> {
    let mut out = Vec::new();
    for (number, item) in (0u32..).zip(items) {
        let bullet = match start {
            Some(start) => format!("{}. ", start.saturating_add(number)),
            None => "• ".to_owned(),
        };
        join(&mut out, mark(all_lines(item.0, quoted), &bullet, "  "));
    }
    out
}

fn table_lines(head: bool, rows: Vec<Vec<Vec<Span>>>) -> Vec<Span> {
    let mut out = Vec::new();
    for (number, row) in rows.into_iter().enumerate() {
        if number > 0 {
            out.push(Span::line_break());
        }
        for (place, cell) in row.into_iter().enumerate() {
            if place > 0 {
                out.push(Span::text(" | "));
            }
            out.extend(if head && number == 0 { embolden(cell) } else { cell });
        }
    }
    tidy(&out, Kind::Lines)
}

/// Starts the first line with `first` and the others with `rest`.
fn mark(spans: Vec<Span>, first: &str, rest: &str) -> Vec<Span> {
    let mut out = vec![Span::text(first)];
    for span in spans {
        let ends_line = span.leaf == Leaf::Break;
        out.push(span);
        if ends_line {
            out.push(Span::text(rest));
        }
    }
    out
}

fn embolden(mut spans: Vec<Span>) -> Vec<Span> {
    for span in &mut spans {
        span.style.bold = span.leaf != Leaf::Break;
    }
    spans
}
