// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ways through a text: its leaves in reading order, its mentions.
//!
//! Rule: what takes text that may not be normalised does not recurse, so that
//! deep input cannot overflow the stack.

use super::{Block, Leaf, ListItem, Mention, RichText, Span};

/// What is left of a tree when its containers are opened.
pub(super) enum Flat<'a> {
    /// A block that contains no blocks.
    Block(&'a Block),
    /// The line that named a container.
    Summary(&'a [Span]),
}

/// Opens all containers; reading order.
pub(super) fn flat_blocks(blocks: &[Block]) -> Vec<Flat<'_>> {
    let mut found = Vec::new();
    let mut open: Vec<&Block> = blocks.iter().rev().collect();
    while let Some(block) = open.pop() {
        match block {
            Block::Paragraph(_)
            | Block::Heading { .. }
            | Block::Code { .. }
            | Block::Table { .. }
            | Block::Rule => found.push(Flat::Block(block)),
            Block::Quote { blocks, .. } => open.extend(blocks.iter().rev()),
            Block::Details { summary, blocks } => {
                found.push(Flat::Summary(summary));
                open.extend(blocks.iter().rev());
            }
            Block::List { items, .. } => {
                open.extend(items.iter().rev().flat_map(|item| item.0.iter().rev()));
            }
        }
    }
    found
}

/// All runs, in reading order.
pub(super) fn spans(blocks: &[Block]) -> Vec<&Span> {
    let mut found = Vec::new();
    for flat in flat_blocks(blocks) {
        match flat {
            Flat::Summary(spans) => found.extend(spans),
            Flat::Block(Block::Paragraph(spans) | Block::Heading { content: spans, .. }) => {
                found.extend(spans)
            }
            Flat::Block(Block::Table { rows, .. }) => found.extend(rows.iter().flatten().flatten()),
            Flat::Block(
                Block::Code { .. }
                | Block::Rule
                | Block::Quote { .. }
                | Block::List { .. }
                | Block::Details { .. },
            ) => {}
        }
    }
    found
}

/// Drops blocks without recursion.
pub(super) fn dismantle(blocks: Vec<Block>) {
    let mut open = blocks;
    while let Some(block) = open.pop() {
        match block {
            Block::Quote { blocks, .. } | Block::Details { blocks, .. } => open.extend(blocks),
            Block::List { items, .. } => open.extend(items.into_iter().flat_map(|item| item.0)),
            Block::Paragraph(_)
            | Block::Heading { .. }
            | Block::Code { .. }
            | Block::Table { .. }
            | Block::Rule => {}
        }
    }
}

/// Rewrites each sequence of runs. Recurses: only for normalised blocks.
pub(super) fn map_runs(
    blocks: Vec<Block>,
    f: &mut dyn FnMut(Vec<Span>) -> Vec<Span>,
) -> Vec<Block> {
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        out.push(match block {
            Block::Paragraph(spans) => Block::Paragraph(f(spans)),
            Block::Heading { level, content } => Block::Heading { level, content: f(content) },
            Block::Quote { blocks, expandable } => {
                Block::Quote { blocks: map_runs(blocks, f), expandable }
            }
            Block::List { start, items } => {
                let items = items.into_iter().map(|item| ListItem(map_runs(item.0, f))).collect();
                Block::List { start, items }
            }
            Block::Code { language, text } => Block::Code { language, text },
            Block::Table { head, rows } => {
                let mut map_row =
                    |row: Vec<Vec<Span>>| row.into_iter().map(&mut *f).collect::<Vec<_>>();
                Block::Table { head, rows: rows.into_iter().map(&mut map_row).collect() }
            }
            Block::Details { summary, blocks } => {
                Block::Details { summary: f(summary), blocks: map_runs(blocks, f) }
            }
            Block::Rule => Block::Rule,
        });
    }
    out
}

impl RichText {
    /// Everybody and everything that is addressed, in reading order.
    pub fn mentions(&self) -> impl Iterator<Item = &Mention> {
        spans(&self.0).into_iter().filter_map(|span| match &span.leaf {
            Leaf::Mention(mention) => Some(mention),
            Leaf::Text(_)
            | Leaf::Break
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. } => None,
        })
    }

    /// All runs, in reading order; not what stands in blocks of code.
    pub fn runs(&self) -> impl Iterator<Item = &Span> {
        spans(&self.0).into_iter()
    }

    /// Puts `f(run)` in the place of each run, not in blocks of code, and normalises.
    #[must_use]
    pub fn map_spans(self, f: &mut dyn FnMut(Span) -> Vec<Span>) -> Self {
        let mut map = |spans: Vec<Span>| spans.into_iter().flat_map(&mut *f).collect();
        Self(map_runs(self.normalise().0, &mut map)).normalise()
    }

    /// Puts `f(runs)` in the place of each sequence of runs that follow each other without a block
    /// between them, not in blocks of code, and normalises.
    #[must_use]
    pub fn map_sequences(self, f: &mut dyn FnMut(Vec<Span>) -> Vec<Span>) -> Self {
        Self(map_runs(self.normalise().0, f)).normalise()
    }

    /// Puts `f(mention)` in the place of each mention and normalises.
    #[must_use]
    pub fn map_mentions(self, f: &mut dyn FnMut(Mention) -> Mention) -> Self {
        let mut map_span = |span: Span| match span.leaf {
            Leaf::Mention(mention) => Span { leaf: Leaf::Mention(f(mention)), style: span.style },
            leaf @ (Leaf::Text(_)
            | Leaf::Break
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. }) => Span { leaf, style: span.style },
        };
        let mut map = |spans: Vec<Span>| spans.into_iter().map(&mut map_span).collect();
        Self(map_runs(self.normalise().0, &mut map)).normalise()
    }
}
