// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tables as code blocks with aligned columns.
//!
//! Rule: only where nothing but characters is in the cells, and the block fits into one
//! message; else the cells become lines, in which links and mentions work.

use bridge_model::{Block, Leaf, ListItem, RichText, Span};

/// The most characters of a table that stays whole: the rest of a message is for its fences.
const MOST: usize = 1900;

/// The widest line: what a phone does not break.
const WIDEST: usize = 100;

/// The text with code blocks in the place of tables, where that shows them well.
pub(super) fn as_code(text: &RichText) -> RichText {
    RichText(text.0.iter().map(block).collect())
}

fn block(one: &Block) -> Block {
    let inside = |blocks: &[Block]| blocks.iter().map(block).collect();
    match one {
        Block::Table { head, rows } => match aligned(*head, rows) {
            Some(text) => Block::Code { language: None, text },
            None => one.clone(),
        },
        Block::Quote { blocks, expandable } => {
            Block::Quote { blocks: inside(blocks), expandable: *expandable }
        }
        Block::List { start, items } => {
            let items = items.iter().map(|item| ListItem(inside(&item.0))).collect();
            Block::List { start: *start, items }
        }
        Block::Details { summary, blocks } => {
            Block::Details { summary: summary.clone(), blocks: inside(blocks) }
        }
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => {
            one.clone()
        }
    }
}

/// The lines of the table.
fn aligned(head: bool, rows: &[Vec<Vec<Span>>]) -> Option<String> {
    let rows: Option<Vec<Vec<String>>> =
        rows.iter().map(|row| row.iter().map(|cell| characters(cell)).collect()).collect();
    let rows = rows?;
    let columns = rows.iter().map(Vec::len).max().filter(|columns| *columns > 1)?;
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    if head && lines.len() > 1 {
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        lines.insert(1, rule.join("-|-"));
    }
    let text = lines.join("\n");
    let narrow = widths.iter().sum::<usize>() + 3 * columns <= WIDEST;
    let short = text.chars().count() <= MOST && !text.contains('`') && !text.trim().is_empty();
    (narrow && short).then_some(text)
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut cells = Vec::with_capacity(widths.len());
    for (column, wide) in widths.iter().enumerate() {
        let cell = row.get(column).map_or("", String::as_str);
        cells.push(format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell)))));
    }
    cells.join(" | ").trim_end().to_owned()
}

/// The characters of a cell, if that is all it holds.
fn characters(cell: &[Span]) -> Option<String> {
    let mut out = String::new();
    for span in cell {
        if span.style.link.is_some() || span.style.spoiler.is_some() {
            return None;
        }
        match &span.leaf {
            Leaf::Text(text) | Leaf::Maths(text) => out.push_str(text),
            Leaf::Break => out.push(' '),
            Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => return None,
        }
    }
    Some(out.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// How many columns of a fixed-width font a text takes.
fn width(text: &str) -> usize {
    let one = |c: char| match u32::from(c) {
        0x300..=0x36F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    };
    text.chars().map(one).sum()
}
