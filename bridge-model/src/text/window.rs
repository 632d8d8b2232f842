// SPDX-License-Identifier: AGPL-3.0-or-later
//! Parts of a tree by the number of their atoms, and where they may be cut.
//!
//! Rule: [`Window::blocks`] and [`seams`] count the same atoms in the same order. Both
//! recurse: only for normalised blocks.

use unicode_segmentation::UnicodeSegmentation;

use super::{Block, Leaf, ListItem, Span};

/// How good a place to cut is: the one before an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seam {
    /// Between blocks, or after an empty line.
    Block,
    /// Between lines, items or rows.
    Line,
    /// After white space, or between cells.
    Word,
    /// Between characters that stand for themselves.
    Character,
    /// Within what a reader sees as one character.
    Inside,
}

/// Takes the atoms from `from` up to before `to`.
pub(super) struct Window {
    from: usize,
    to: usize,
    at: usize,
}

impl Window {
    /// A window at the start of a tree.
    pub(super) fn new(from: usize, to: usize) -> Self {
        Self { from, to, at: 0 }
    }

    /// What of these blocks is in the window. Not normalised.
    pub(super) fn blocks(&mut self, blocks: &[Block]) -> Vec<Block> {
        let mut out = Vec::new();
        for block in blocks {
            if self.at >= self.to {
                break;
            }
            out.extend(self.block(block));
        }
        out
    }

    fn block(&mut self, block: &Block) -> Option<Block> {
        match block {
            Block::Paragraph(spans) => Some(Block::Paragraph(self.spans(spans))),
            Block::Heading { level, content } => {
                Some(Block::Heading { level: *level, content: self.spans(content) })
            }
            Block::Quote { blocks, expandable } => {
                Some(Block::Quote { blocks: self.blocks(blocks), expandable: *expandable })
            }
            Block::List { start, items } => Some(self.list(*start, items)),
            Block::Code { language, text } => {
                Some(Block::Code { language: language.clone(), text: self.text(text) })
            }
            Block::Table { head, rows } => Some(self.table(*head, rows)),
            Block::Details { summary, blocks } => {
                let summary = self.spans(summary);
                Some(Block::Details { summary, blocks: self.blocks(blocks) })
            }
            Block::Rule => self.next().then_some(Block::Rule),
        }
    }

    /// Counts one atom; true when it is in the window.
    fn next(&mut self) -> bool {
        let inside = self.at >= self.from && self.at < self.to;
        self.at += 1;
        inside
    }

    /// What of these characters is in the window; looks at none behind it.
    fn text(&mut self, text: &str) -> String {
        let before = self.from.saturating_sub(self.at);
        if before > 0 {
            let count = text.chars().count();
            if count <= before {
                self.at = self.at.saturating_add(count);
                return String::new();
            }
        }
        let room = self.to.saturating_sub(self.at).saturating_sub(before);
        let mut chars = text.chars().skip(before);
        let mut kept = String::new();
        let mut count = 0;
        while count < room
            && let Some(c) = chars.next()
        {
            kept.push(c);
            count += 1;
        }
        self.at = self.at.saturating_add(before).saturating_add(count);
        kept
    }

    fn spans(&mut self, spans: &[Span]) -> Vec<Span> {
        let mut out = Vec::new();
        for span in spans {
            if self.at >= self.to {
                break;
            }
            let leaf = match &span.leaf {
                Leaf::Text(text) => {
                    Some(self.text(text)).filter(|text| !text.is_empty()).map(Leaf::Text)
                }
                leaf @ (Leaf::Break
                | Leaf::Mention(_)
                | Leaf::Emoji { .. }
                | Leaf::Maths(_)
                | Leaf::Time { .. }) => self.next().then(|| leaf.clone()),
            };
            out.extend(leaf.map(|leaf| Span { leaf, style: span.style.clone() }));
        }
        out
    }

    fn list(&mut self, start: Option<u32>, items: &[ListItem]) -> Block {
        let mut number = start;
        let mut out = Vec::new();
        for item in items {
            if self.at >= self.to {
                break;
            }
            let kept = if item.0.is_empty() {
                self.next().then(ListItem::default)
            } else {
                let blocks = self.blocks(&item.0);
                (self.at > self.from).then_some(ListItem(blocks))
            };
            if kept.is_none() {
                number = number.map(|number| number.saturating_add(1));
            }
            out.extend(kept);
        }
        Block::List { start: number, items: out }
    }

    fn table(&mut self, head: bool, rows: &[Vec<Vec<Span>>]) -> Block {
        // Empty cells have no atoms: they stay with what comes before them.
        let head = head && self.at >= self.from;
        let mut out = Vec::new();
        for row in rows {
            let mut cells = Vec::new();
            for cell in row {
                if self.at >= self.to {
                    break;
                }
                let seen = self.at;
                let cell = self.spans(cell);
                if self.at > self.from || (seen == self.at && seen == self.from) {
                    cells.push(cell);
                }
            }
            out.push(cells);
        }
        Block::Table { head, rows: out }
    }
}

/// How many atoms these blocks have; counts no further than to `most`.
pub(super) fn atoms(blocks: &[Block], most: usize) -> usize {
    let mut window = Window::new(usize::MAX, most);
    window.blocks(blocks);
    window.at
}

/// The seam before each atom.
pub(super) fn seams(blocks: &[Block]) -> Vec<Seam> {
    let mut scan = Scan { seams: Vec::new(), next: Some(Seam::Block), last: None, pair: false };
    scan.blocks(blocks, Seam::Block);
    scan.seams
}

struct Scan {
    seams: Vec<Seam>,
    /// What the next atom starts, if it starts something.
    next: Option<Seam>,
    /// The character before, within the same runs.
    last: Option<char>,
    /// The character before is the first half of a flag.
    pair: bool,
}

impl Scan {
    fn blocks(&mut self, blocks: &[Block], between: Seam) {
        for block in blocks {
            self.begin(between);
            self.block(block, between);
        }
    }

    /// Notes what starts here. The first note stands: it belongs to the outermost.
    fn begin(&mut self, seam: Seam) {
        self.next = self.next.or(Some(seam));
        self.last = None;
    }

    fn block(&mut self, block: &Block, between: Seam) {
        match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => {
                self.spans(spans, between);
            }
            Block::Quote { blocks, .. } => self.blocks(blocks, between),
            Block::List { items, .. } => {
                for item in items {
                    self.begin(Seam::Line);
                    if item.0.is_empty() {
                        self.atom();
                    }
                    self.blocks(&item.0, Seam::Line);
                }
            }
            Block::Code { text, .. } => self.characters(text),
            Block::Table { rows, .. } => {
                for row in rows {
                    self.begin(Seam::Line);
                    for cell in row {
                        self.begin(Seam::Word);
                        self.spans(cell, between);
                    }
                }
            }
            Block::Details { summary, blocks } => {
                self.spans(summary, between);
                self.blocks(blocks, between);
            }
            Block::Rule => self.atom(),
        }
    }

    fn spans(&mut self, spans: &[Span], between: Seam) {
        for span in spans {
            match &span.leaf {
                Leaf::Text(text) => self.characters(text),
                Leaf::Break => {
                    let empty_line = self.last == Some('\n');
                    self.atom();
                    self.last = Some('\n');
                    self.next = Some(if empty_line { between } else { Seam::Line });
                }
                Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => {
                    self.atom();
                }
            }
        }
    }

    /// An atom that is no character.
    fn atom(&mut self) {
        let seam = self.next.take().unwrap_or(match self.last {
            Some(c) if c.is_whitespace() => Seam::Word,
            Some(_) | None => Seam::Character,
        });
        self.seams.push(seam);
        self.last = None;
        self.pair = false;
    }

    /// Characters, of which those that belong together stay together
    /// (<https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries>).
    fn characters(&mut self, text: &str) {
        if text.is_ascii() {
            text.chars().for_each(|c| self.character(c));
            return;
        }
        for cluster in text.graphemes(true) {
            let mut letters = cluster.chars();
            if let Some(first) = letters.next() {
                self.character(first);
            }
            for letter in letters {
                self.seams.push(Seam::Inside);
                self.pair = false;
                self.last = Some(letter);
            }
        }
    }

    fn character(&mut self, c: char) {
        let flag = ('\u{1f1e6}'..='\u{1f1ff}').contains(&c);
        let seam = self.next.take().unwrap_or(match self.last {
            Some('\n') => Seam::Line,
            Some(last) if last.is_whitespace() && !extends(c) => Seam::Word,
            Some('\u{200d}') => Seam::Inside,
            _ if extends(c) || (flag && self.pair) => Seam::Inside,
            Some(_) | None => Seam::Character,
        });
        self.seams.push(seam);
        self.pair = flag && !self.pair;
        self.last = Some(c);
    }
}

/// Belongs to the character before it, which stands in another run: the combining marks and emoji
/// parts in common use.
fn extends(c: char) -> bool {
    matches!(c,
        '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}'
        | '\u{64b}'..='\u{65f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod seam_tests {
    use super::*;

    #[test]
    fn what_a_reader_sees_as_one_character_is_not_cut() {
        for cluster in [
            "\u{5e9}\u{5c1}",
            "क्षि",
            "\u{e01}\u{e33}",
            "\u{1112}\u{1161}\u{11ab}",
            "👩‍👩‍👧‍👦",
            "🇩🇪",
            "e\u{301}",
        ] {
            let text = format!("a{cluster}{cluster}");
            let seams = seams(&[Block::Paragraph(vec![Span::text(text.as_str())])]);
            let whole = seams.iter().filter(|seam| **seam != Seam::Inside).count();
            assert_eq!((seams.len(), whole), (text.chars().count(), 3), "{cluster}");
        }
    }
}
