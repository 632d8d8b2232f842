// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes links of the bare addresses in a text.
//!
//! Rule: only for what goes to Discord, whose writer escapes every address that is
//! not a link; other clients link bare addresses by themselves.

use bridge_model::{Block, Leaf, ListItem, RichText, Span, Style};

use super::atoms;

/// Makes every bare `http(s)` address in text that is neither code nor a link a link.
pub fn linkify(text: &RichText) -> RichText {
    RichText(text.0.iter().map(block).collect())
}

fn block(one: &Block) -> Block {
    match one {
        Block::Paragraph(content) => Block::Paragraph(spans(content)),
        Block::Heading { level, content } => {
            Block::Heading { level: *level, content: spans(content) }
        }
        Block::Quote { blocks, expandable } => {
            Block::Quote { blocks: blocks.iter().map(block).collect(), expandable: *expandable }
        }
        Block::List { start, items } => {
            let item = |item: &ListItem| ListItem(item.0.iter().map(block).collect());
            Block::List { start: *start, items: items.iter().map(item).collect() }
        }
        Block::Details { summary, blocks } => {
            Block::Details { summary: spans(summary), blocks: blocks.iter().map(block).collect() }
        }
        Block::Table { head, rows } => {
            let row = |row: &Vec<Vec<Span>>| row.iter().map(|cell| spans(cell)).collect();
            Block::Table { head: *head, rows: rows.iter().map(row).collect() }
        }
        Block::Code { .. } | Block::Rule => one.clone(),
    }
}

fn spans(all: &[Span]) -> Vec<Span> {
    let mut out = Vec::with_capacity(all.len());
    for span in all {
        match &span.leaf {
            Leaf::Text(text) if !span.style.code && span.style.link.is_none() => {
                cut(text, &span.style, &mut out);
            }
            Leaf::Text(_)
            | Leaf::Break
            | Leaf::Mention(_)
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. } => out.push(span.clone()),
        }
    }
    out
}

fn cut(text: &str, style: &Style, out: &mut Vec<Span>) {
    let chars: Vec<char> = text.chars().collect();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let Some(end) = atoms::bare_address(&chars, at) else {
            plain.push(*c);
            at += 1;
            continue;
        };
        if !plain.is_empty() {
            let leaf = Leaf::Text(std::mem::take(&mut plain));
            out.push(Span { leaf, style: style.clone() });
        }
        let url: String = chars.iter().skip(at).take(end - at).collect();
        let style = Style { link: Some(url.clone()), ..style.clone() };
        out.push(Span { leaf: Leaf::Text(url), style });
        at = end;
    }
    if !plain.is_empty() {
        out.push(Span { leaf: Leaf::Text(plain), style: style.clone() });
    }
}
