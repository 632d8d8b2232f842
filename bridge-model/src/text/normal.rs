// SPDX-License-Identifier: AGPL-3.0-or-later
//! The canonical form of blocks.
//!
//! Rule: equality of normalised texts means sameness, and normalised text is at
//! most [`DEPTH`] containers deep. Everything that recurses normalises first.

use super::bounds::{LISTS, lightened};
use super::inline::{Kind, clean_line, tidy};
use super::walk::{Flat, dismantle, flat_blocks};
use super::{Block, ListItem, RichText, Span};

/// How many containers may stand within each other; deeper ones are opened.
pub const DEPTH: usize = 32;

impl RichText {
    /// Brings the text into its canonical form. Total and idempotent; the result is at
    /// most [`DEPTH`] containers deep, whatever the input is.
    #[must_use]
    pub fn normalise(self) -> Self {
        let normal = Self(canonical(&self.0));
        dismantle(self.0);
        normal
    }

    /// As [`Self::normalise`], of a text that is kept.
    #[must_use]
    pub fn normalised(&self) -> Self {
        Self(canonical(&self.0))
    }
}

/// The canonical form of a whole text: [`blocks`], with bounded addresses and reasons.
pub(super) fn canonical(input: &[Block]) -> Vec<Block> {
    let normal = blocks(input);
    match lightened(&normal) {
        Some(lighter) => blocks(&lighter),
        None => normal,
    }
}

/// The canonical form of `input`.
pub(super) fn blocks(input: &[Block]) -> Vec<Block> {
    within(input, Depth::default())
}

/// How many containers, and how many lists among them, blocks stand in.
#[derive(Clone, Copy, Default)]
struct Depth {
    containers: usize,
    lists: usize,
    /// Lists that were opened; counted so that the recursion ends.
    opened: usize,
}

impl Depth {
    fn container(self) -> Self {
        Self { containers: self.containers + 1, ..self }
    }

    fn open_list(self) -> Self {
        Self { opened: self.opened + 1, ..self }
    }

    fn list(self) -> Self {
        Self { lists: self.lists + 1, ..self.container() }
    }
}

fn within(input: &[Block], depth: Depth) -> Vec<Block> {
    let mut out = Vec::new();
    if depth.containers >= DEPTH || depth.opened >= DEPTH {
        for found in flat_blocks(input) {
            let block = match found {
                Flat::Block(found) => block(found, depth),
                Flat::Summary(spans) => paragraph(spans),
            };
            block.into_iter().for_each(|block| push(&mut out, block, 2));
        }
        return out;
    }
    for found in input {
        if depth.lists >= LISTS
            && let Block::List { items, .. } = found
        {
            let opened = items.iter().flat_map(|item| within(&item.0, depth.open_list()));
            opened.for_each(|block| push(&mut out, block, 1));
        } else {
            block(found, depth).into_iter().for_each(|block| push(&mut out, block, 2));
        }
    }
    out
}

/// Appends a canonical block and merges it with the one before where the two cannot
/// be told apart; `breaks` ends of line come between the lines of the two.
pub(super) fn push(out: &mut Vec<Block>, block: Block, breaks: usize) {
    match (out.last_mut(), block) {
        (Some(Block::Paragraph(before)), Block::Paragraph(spans)) => {
            before.extend(std::iter::repeat_n(Span::line_break(), breaks));
            before.extend(spans);
        }
        (
            Some(Block::Quote { blocks: before, expandable: folded }),
            Block::Quote { blocks, expandable },
        ) if *folded == expandable => {
            blocks.into_iter().for_each(|block| push(before, block, breaks));
        }
        (Some(Block::List { start: None, items: before }), Block::List { start: None, items }) => {
            before.extend(items)
        }
        (_, block) => out.push(block),
    }
}

fn block(block: &Block, depth: Depth) -> Option<Block> {
    match block {
        Block::Paragraph(spans) => paragraph(spans),
        Block::Heading { level, content } => {
            let content = tidy(content, Kind::Heading);
            let level = (*level).clamp(1, 6);
            (!content.is_empty()).then_some(Block::Heading { level, content })
        }
        Block::Quote { blocks: inner, expandable } => {
            let inner = within(inner, depth.container());
            let expandable = *expandable;
            (!inner.is_empty()).then_some(Block::Quote { blocks: inner, expandable })
        }
        Block::List { start, items } => list(*start, items, depth),
        Block::Code { language, text } => code(language.as_deref(), text),
        Block::Table { head, rows } => table(*head, rows),
        Block::Details { summary, blocks: inner } => {
            details(summary, within(inner, depth.container()))
        }
        Block::Rule => Some(Block::Rule),
    }
}

fn paragraph(spans: &[Span]) -> Option<Block> {
    let spans = tidy(spans, Kind::Lines);
    (!spans.is_empty()).then_some(Block::Paragraph(spans))
}

fn list(start: Option<u32>, items: &[ListItem], depth: Depth) -> Option<Block> {
    let inside = |item: &ListItem| ListItem(within(&item.0, depth.list()));
    let items: Vec<_> = items.iter().map(inside).collect();
    let says_something = items.iter().any(|item| !item.0.is_empty());
    says_something.then_some(Block::List { start, items })
}

fn code(language: Option<&str>, text: &str) -> Option<Block> {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\n' | '\t' => clean.push(c),
            '\0' => clean.push(char::REPLACEMENT_CHARACTER),
            c if c < ' ' => {}
            c => clean.push(c),
        }
    }
    // Networks drop empty lines around code, and white space at the end of a message.
    let text = clean.trim_end().trim_start_matches('\n').to_owned();
    let known = |c: char| c.is_ascii_alphanumeric() || "+#._-".contains(c);
    let language = language.map(clean_line).filter(|l| !l.is_empty() && l.chars().all(known));
    (!text.is_empty()).then_some(Block::Code { language, text })
}

fn table(head: bool, rows: &[Vec<Vec<Span>>]) -> Option<Block> {
    let head = head && rows.first().is_some_and(|row| !row.is_empty());
    let rows: Vec<Vec<Vec<Span>>> = rows
        .iter()
        .filter(|row| !row.is_empty())
        .map(|row| row.iter().map(|cell| tidy(cell, Kind::OneLine)).collect())
        .collect();
    let says_something = rows.iter().flatten().any(|cell| !cell.is_empty());
    says_something.then_some(Block::Table { head, rows })
}

fn details(summary: &[Span], inner: Vec<Block>) -> Option<Block> {
    let summary = tidy(summary, Kind::OneLine);
    match (summary.is_empty(), inner.is_empty()) {
        (true, true) => None,
        // Nothing folds: it is only a line.
        (false, true) => Some(Block::Paragraph(summary)),
        (_, false) => Some(Block::Details { summary, blocks: inner }),
    }
}
