// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message as people type it, for trying a verdict without a network.
//!
//! Rule: no markup but quotes and code.

use bridge_model::{Block, RichText, Span, Style};

/// Reads a text: a line that begins with `> ` is quoted, what stands between backticks is code.
pub fn as_typed(text: &str) -> RichText {
    let block = |line: &str| match line.strip_prefix('>') {
        Some(quoted) => Block::Quote { blocks: vec![paragraph(quoted)], expandable: false },
        None => paragraph(line),
    };
    RichText(text.lines().map(block).collect()).normalise()
}

fn paragraph(line: &str) -> Block {
    let part = |(number, part): (usize, &str)| Span {
        style: Style { code: number % 2 == 1, ..Style::default() },
        ..Span::text(part)
    };
    let parts = line.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    Block::Paragraph(parts.map(part).collect())
}
