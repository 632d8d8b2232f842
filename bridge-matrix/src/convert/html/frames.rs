// SPDX-License-Identifier: AGPL-3.0-or-later
//! The open blocks while HTML is read.
//!
//! Rule: the first frame is the text itself and stays; every other frame, when it
//! closes, becomes a part of the one below it.

use bridge_model::text::scripts;
use bridge_model::{Block, Leaf, ListItem, RichText, Span, Spoiler};

use super::MAX_DEPTH;
use super::line::Line;

/// An open block.
pub(super) enum Frame {
    /// Blocks one after the other.
    Flow { kind: Flow, blocks: Vec<Block> },
    /// A list: only items.
    List { start: Option<u32>, items: Vec<ListItem> },
    /// A table: only rows.
    Table { head: bool, in_head: bool, caption: Vec<Span>, rows: Vec<Vec<Vec<Span>>> },
    /// A row of a table: only cells; `td` when one of them is no head.
    Row { in_head: bool, td: bool, cells: Vec<Vec<Span>> },
    /// A single line.
    Single(Single),
    /// Preformatted text; `fresh` until anything has stood in it.
    Pre { language: Option<String>, text: Vec<CodePiece>, fresh: bool },
}

/// A piece of preformatted text, and whether it is hidden.
pub(super) struct CodePiece {
    text: String,
    spoiler: Option<Spoiler>,
}

/// What stands in a [`Frame::Flow`].
pub(super) enum Flow {
    Root,
    Quote,
    Item,
    Details { summary: Vec<Span> },
}

/// What a [`Frame::Single`] is.
#[derive(Clone, Copy)]
pub(super) enum Single {
    Heading(u8),
    Summary,
    Caption,
    Cell { th: bool },
}

/// The open blocks, and the running text of the innermost one.
pub(super) struct Frames {
    open: Vec<Frame>,
    /// Blocks that were too deep and are still open.
    ignored: usize,
    /// Running text of the innermost frame.
    pub(super) line: Line,
}

impl Frames {
    /// An empty text.
    pub(super) fn new() -> Self {
        let root = Frame::Flow { kind: Flow::Root, blocks: Vec::new() };
        Self { open: vec![root], ignored: 0, line: Line::default() }
    }

    /// The innermost frame.
    pub(super) fn top(&mut self) -> Option<&mut Frame> {
        self.open.last_mut()
    }

    /// No deeper.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= MAX_DEPTH
    }

    /// Opens a block without looking where.
    pub(super) fn push(&mut self, frame: Frame) {
        self.flush();
        self.open.push(frame);
    }

    /// Appends to preformatted text; `false` outside of it.
    pub(super) fn code(&mut self, more: &str, spoiler: Option<Spoiler>) -> bool {
        let Some(Frame::Pre { text, .. }) = self.open.last_mut() else { return false };
        match text.last_mut() {
            Some(last) if last.spoiler == spoiler => last.text.push_str(more),
            Some(_) | None => text.push(CodePiece { text: more.to_owned(), spoiler }),
        }
        true
    }

    /// Makes the innermost frame one that can hold running text.
    pub(super) fn make_room_for_text(&mut self) {
        loop {
            match self.open.last() {
                Some(Frame::List { .. }) => self.push(item(Vec::new())),
                Some(Frame::Table { in_head, .. }) => {
                    let row = row(*in_head);
                    self.push(row);
                }
                Some(Frame::Row { .. }) => self.push(Frame::Single(Single::Cell { th: false })),
                Some(Frame::Flow { .. } | Frame::Single(_) | Frame::Pre { .. }) | None => break,
            }
        }
    }

    /// Makes the innermost frame one that can hold a block; `false` inside a single line.
    pub(super) fn make_room_for_block(&mut self) -> bool {
        if let Some(Frame::List { items, .. }) = self.open.last_mut() {
            // A list directly in a list belongs to the item before it.
            let ListItem(blocks) = items.pop().unwrap_or_default();
            self.push(item(blocks));
        }
        self.make_room_for_text();
        matches!(self.open.last(), Some(Frame::Flow { .. }))
    }

    /// The edge of a paragraph.
    pub(super) fn paragraph_edge(&mut self) {
        match self.open.last() {
            Some(Frame::Flow { .. }) => self.flush(),
            Some(Frame::Single(_)) => self.line.gap(),
            Some(
                Frame::List { .. } | Frame::Table { .. } | Frame::Row { .. } | Frame::Pre { .. },
            )
            | None => {}
        }
    }

    /// The edge of a block whose lines follow the others without an empty line.
    pub(super) fn line_edge(&mut self) {
        match self.open.last() {
            Some(Frame::Flow { .. } | Frame::Single(_)) => self.line.gap(),
            Some(
                Frame::List { .. } | Frame::Table { .. } | Frame::Row { .. } | Frame::Pre { .. },
            )
            | None => {}
        }
    }

    /// Counts a block that is too deep to be opened.
    pub(super) fn ignore(&mut self) {
        self.ignored += 1;
        self.line_edge();
    }

    /// Whether an end tag belongs to a block that was too deep.
    pub(super) fn forget_ignored(&mut self) -> bool {
        let any = self.ignored > 0;
        self.ignored = self.ignored.saturating_sub(1);
        any
    }

    /// Puts a finished block into the innermost frame.
    pub(super) fn add(&mut self, block: Block) {
        self.flush();
        if let Some(Frame::Flow { blocks, .. }) = self.open.last_mut() {
            blocks.push(block);
        }
    }

    /// Closes the innermost frame that `wanted` accepts, and those in it; looks no further than
    /// the first one that `barrier` accepts.
    pub(super) fn close(
        &mut self,
        wanted: impl Fn(&Frame) -> bool,
        barrier: impl Fn(&Frame) -> bool,
    ) {
        let found = self.open.iter().rposition(|frame| wanted(frame) || barrier(frame));
        let Some(index) = found.filter(|index| *index > 0) else { return };
        if self.open.get(index).is_some_and(wanted) {
            while self.open.len() > index {
                self.close_top();
            }
        }
    }

    /// Closes everything.
    pub(super) fn finish(mut self) -> RichText {
        while self.open.len() > 1 {
            self.close_top();
        }
        self.flush();
        match self.open.pop() {
            Some(Frame::Flow { blocks, .. }) => RichText(blocks),
            Some(_) | None => RichText::default(),
        }
    }

    /// Running text in front of a new block becomes a paragraph.
    fn flush(&mut self) {
        if let Some(Frame::Flow { blocks, .. }) = self.open.last_mut() {
            let spans = whole_line_subtext(self.line.take());
            if !spans.is_empty() {
                blocks.push(Block::Paragraph(spans));
            }
        }
    }

    fn close_top(&mut self) {
        self.flush();
        let Some(frame) = self.open.pop() else { return };
        match frame {
            Frame::Flow { kind, blocks } => self.close_flow(kind, blocks),
            Frame::List { start, items } => self.add(Block::List { start, items }),
            Frame::Table { head, caption, rows, .. } => {
                if !caption.is_empty() {
                    self.add(Block::Paragraph(caption));
                }
                self.add(Block::Table { head, rows });
            }
            Frame::Row { in_head, td, cells } => {
                if let Some(Frame::Table { head, rows, .. }) = self.open.last_mut() {
                    *head |= rows.is_empty() && (in_head || !td);
                    rows.push(cells);
                }
            }
            Frame::Single(single) => self.close_single(single),
            Frame::Pre { language, text, .. } => self.add(code(language, text)),
        }
    }

    fn close_flow(&mut self, kind: Flow, blocks: Vec<Block>) {
        match kind {
            Flow::Root => {}
            Flow::Quote => self.add(Block::Quote { blocks, expandable: false }),
            Flow::Item => {
                if let Some(Frame::List { items, .. }) = self.open.last_mut() {
                    items.push(ListItem(blocks));
                }
            }
            Flow::Details { summary } => self.add(Block::Details { summary, blocks }),
        }
    }

    fn close_single(&mut self, single: Single) {
        let content = whole_line_subtext(self.line.take());
        match (single, self.open.last_mut()) {
            (Single::Heading(level), _) => self.add(Block::Heading { level, content }),
            (Single::Summary, Some(Frame::Flow { kind: Flow::Details { summary }, blocks })) => {
                if summary.is_empty() {
                    *summary = content;
                } else {
                    blocks.push(Block::Paragraph(content));
                }
            }
            (Single::Caption, Some(Frame::Table { caption, .. })) => *caption = content,
            (Single::Cell { th }, Some(Frame::Row { td, cells, .. })) => {
                *td |= !th;
                cells.push(content);
            }
            (Single::Summary | Single::Caption | Single::Cell { .. }, _) => {
                self.add(Block::Paragraph(content));
            }
        }
    }
}

/// A block of code; running text in the same font where a part of it is hidden, which no block of
/// code can be on other networks.
fn code(language: Option<String>, pieces: Vec<CodePiece>) -> Block {
    if pieces.iter().all(|piece| piece.spoiler.is_none()) {
        let mut text: String = pieces.into_iter().map(|piece| piece.text).collect();
        if text.ends_with('\n') {
            text.pop();
        }
        return Block::Code { language, text };
    }
    let spans = pieces.into_iter().flat_map(|piece| {
        let CodePiece { text, spoiler } = piece;
        let lines = RichText::lines_of_code(&text).into_iter();
        lines.map(move |mut span| {
            span.style.spoiler.clone_from(&spoiler);
            span
        })
    });
    Block::Paragraph(spans.collect())
}

/// A row without cells yet.
pub(super) fn row(in_head: bool) -> Frame {
    Frame::Row { in_head, td: false, cells: Vec::new() }
}

/// An item of a list.
pub(super) fn item(blocks: Vec<Block>) -> Frame {
    Frame::Flow { kind: Flow::Item, blocks }
}

/// Small print is a matter of whole lines. In `H<sub>2</sub>O` the letters are lowered: beside what
/// they belong to, they would say something else at the height of the others.
fn whole_line_subtext(mut spans: Vec<Span>) -> Vec<Span> {
    for line in spans.split_mut(|span| span.leaf == Leaf::Break) {
        let whole = line.iter().all(|span| span.style.subtext || is_blank(span));
        for span in line.iter_mut().filter(|_| !whole).filter(|span| span.style.subtext) {
            span.style.subtext = false;
            if let Leaf::Text(text) = &mut span.leaf {
                *text = scripts::subscript(text);
            }
        }
    }
    spans
}

fn is_blank(span: &Span) -> bool {
    match &span.leaf {
        Leaf::Text(text) => text.chars().all(char::is_whitespace),
        Leaf::Break => true,
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => false,
    }
}
