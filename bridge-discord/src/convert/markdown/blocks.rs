// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the blocks of a message: quotes, headings, small print, lists, fences.
//!
//! Rule: the kind of a block is decided at the start of its line; a fence may also
//! open in the middle of one.

use bridge_model::{Block, Leaf, Span, Style};

use super::closing::{self, Delimiter};
use super::inline::Inline;
use super::{Names, code, list};

/// Blocks deeper than this are text.
const DEEPEST: usize = 16;

/// Reads blocks.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    names: &'a Names,
    quoted: bool,
    depth: usize,
}

/// What was read so far: whole blocks, and the paragraph that is still growing.
#[derive(Default)]
struct Draft<'s> {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    lines: Vec<&'s str>,
    lines_before: bool,
}

/// The first line of `source` and what follows its line feed, if there is one.
pub(super) fn first_line(source: &str) -> (&str, Option<&str>) {
    source.split_once('\n').map_or((source, None), |(line, rest)| (line, Some(rest)))
}

impl<'a> Blocks<'a> {
    pub(super) fn new(names: &'a Names) -> Self {
        Self { names, quoted: false, depth: 0 }
    }

    /// Reads all of `source`.
    pub(super) fn parse(self, source: &str) -> Vec<Block> {
        let mut draft = Draft::default();
        let mut left = Some(source);
        while let Some(now) = left {
            left = match self.block(now) {
                Some((block, rest)) => {
                    draft.close(self.names);
                    draft.blocks.push(block);
                    rest
                }
                None => self.text(now, &mut draft),
            };
        }
        draft.close(self.names);
        draft.blocks
    }

    /// A reader for what is inside a list item.
    pub(super) fn inside(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn block(self, source: &str) -> Option<(Block, Option<&str>)> {
        if self.depth >= DEEPEST {
            return None;
        }
        let (line, rest) = first_line(source);
        if let Some((level, words)) = heading(line) {
            let content = Inline::read(self.names, words, &Style::default());
            return Some((Block::Heading { level, content }, rest));
        }
        if !self.quoted {
            if let Some(all) = source.strip_prefix(">>> ") {
                return Some((self.quote(all), None));
            }
            if line.starts_with("> ") {
                let (inner, rest) = quoted_lines(source);
                return Some((self.quote(&inner), rest));
            }
        }
        list::read(self, source)
    }

    fn quote(self, inner: &str) -> Block {
        let reader = Self { quoted: true, depth: self.depth + 1, ..self };
        Block::Quote { blocks: reader.parse(inner), expandable: false }
    }

    /// Takes a line of text, up to the fence that opens in it if one does.
    fn text<'s>(self, source: &'s str, draft: &mut Draft<'s>) -> Option<&'s str> {
        let (line, rest) = first_line(source);
        if let Some(words) = small_print(line) {
            draft.small_print(self.names, words);
            return rest;
        }
        let fence = Fence::find(source, line.len());
        let before = fence.as_ref().map_or(line, |fence| fence.before);
        if let Some(stretch) = self.stretch(source, before) {
            return draft.stretch(self.names, stretch);
        }
        let Some(fence) = fence else {
            draft.lines.push(line);
            return rest;
        };
        if !fence.before.is_empty() {
            draft.lines.push(fence.before);
        }
        draft.close(self.names);
        draft.blocks.push(fence.block);
        fence.after
    }
}

/// Blocks that wear a style which begins in the middle of a line.
struct Stretch<'s> {
    /// What stands before it in its first line.
    before: &'s str,
    blocks: Vec<Block>,
    /// What stands behind it.
    after: Option<&'s str>,
}

impl<'a> Blocks<'a> {
    /// The spoiler or double style that opens in `line`, with which `source` begins, and ends
    /// behind the start of another block. One that holds no blocks is left to [`Inline`].
    fn stretch<'s>(self, source: &'s str, line: &str) -> Option<Stretch<'s>> {
        if self.depth >= DEEPEST || !line.contains(['|', '*', '_', '~']) {
            return None;
        }
        let chars: Vec<char> = source.chars().collect();
        let most = line.chars().count();
        let mut at = 0;
        while at < most {
            let Some(delimiter) = Delimiter::spanning(&chars, at) else {
                at = closing::step(&chars, at);
                continue;
            };
            let start = at + delimiter.length();
            let Some(close) = delimiter.close(&chars, start) else {
                at = start;
                continue;
            };
            let end = close + delimiter.length();
            if end <= most {
                at = end;
                continue;
            }
            let inner: String = chars.get(start..close)?.iter().collect();
            let reader = Self { depth: self.depth + 1, ..self };
            let mut blocks = reader.parse(&inner);
            if is_plain(&blocks) {
                return None;
            }
            super::dress(&mut blocks, &|style| delimiter.put_on(style));
            let bytes =
                |count: usize| chars.iter().take(count).map(|c| c.len_utf8()).sum::<usize>();
            let after = source.get(bytes(end)..).filter(|after| !after.is_empty());
            let after = after.map(|after| after.strip_prefix('\n').unwrap_or(after));
            return Some(Stretch { before: source.get(..bytes(at))?, blocks, after });
        }
        None
    }
}

/// Nothing but lines of text, which need no blocks of their own.
fn is_plain(blocks: &[Block]) -> bool {
    match blocks {
        [] => true,
        [Block::Paragraph(spans)] => !spans.iter().any(|span| span.style.subtext),
        _ => false,
    }
}

impl<'d> Draft<'d> {
    /// Takes blocks that wear a style.
    fn stretch<'s>(&mut self, names: &Names, stretch: Stretch<'s>) -> Option<&'s str>
    where
        's: 'd,
    {
        if !stretch.before.is_empty() {
            self.lines.push(stretch.before);
        }
        self.close(names);
        self.blocks.extend(stretch.blocks);
        stretch.after
    }

    /// Ends the stretch of plain lines.
    fn settle(&mut self, names: &Names) {
        if self.lines.is_empty() {
            return;
        }
        self.next_line();
        let text = std::mem::take(&mut self.lines).join("\n");
        self.spans.extend(Inline::read(names, &text, &Style::default()));
    }

    fn next_line(&mut self) {
        if self.lines_before {
            self.spans.push(Span::line_break());
        }
        self.lines_before = true;
    }

    fn small_print(&mut self, names: &Names, words: &str) {
        self.settle(names);
        self.next_line();
        let style = Style { subtext: true, ..Style::default() };
        self.spans.extend(Inline::read(names, words, &style));
    }

    /// Ends the paragraph.
    fn close(&mut self, names: &Names) {
        self.settle(names);
        self.lines_before = false;
        if self.spans.iter().any(|span| span.leaf != Leaf::Break) {
            self.blocks.push(Block::Paragraph(std::mem::take(&mut self.spans)));
        }
        self.spans.clear();
    }
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let (level, words) = ["# ", "## ", "### "]
        .into_iter()
        .zip(1_u8..)
        .find_map(|(mark, level)| line.strip_prefix(mark).map(|words| (level, words)))?;
    (!words.trim().is_empty()).then_some((level, words))
}

fn small_print(line: &str) -> Option<&str> {
    line.strip_prefix("-# ").filter(|words| !words.trim().is_empty())
}

/// The lines of the quote that `source` starts with, without their marks.
fn quoted_lines(source: &str) -> (String, Option<&str>) {
    let mut inner = Vec::new();
    let mut left = Some(source);
    while let Some(now) = left {
        let (line, rest) = first_line(now);
        let Some(words) = line.strip_prefix("> ").or((line == ">").then_some("")) else { break };
        inner.push(words);
        left = rest;
    }
    (inner.join("\n"), left)
}

struct Fence<'s> {
    before: &'s str,
    block: Block,
    after: Option<&'s str>,
}

impl<'s> Fence<'s> {
    /// The fence that opens within the first `line_length` bytes of `source` and
    /// is closed anywhere behind.
    fn find(source: &'s str, line_length: usize) -> Option<Self> {
        let at = opening(source.get(..line_length)?)?;
        let before = source.get(..at)?;
        let inside = source.get(at + 3..)?;
        let body_start = inside.len() - inside.trim_start_matches('\n').len();
        let skipped = inside.get(body_start..)?.chars().next()?.len_utf8();
        let close = body_start + skipped + inside.get(body_start + skipped..)?.find("```")?;
        let after = inside.get(close + 3..)?;
        let after = match after.strip_prefix('\n') {
            Some(rest) => Some(rest),
            None => (!after.is_empty()).then_some(after),
        };
        Some(Self { before, block: fenced(inside.get(..close)?), after })
    }
}

/// Where the first three backticks that are not escaped stand.
fn opening(line: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if line.get(at..).is_some_and(|rest| rest.starts_with("```")) {
            return Some(at);
        }
    }
    None
}

fn fenced(inside: &str) -> Block {
    let is_language = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "+#._-".contains(c))
    };
    let (language, text) = match inside.split_once('\n') {
        Some((word, text)) if is_language(word) && !text.trim_matches('\n').is_empty() => {
            (Some(word.to_owned()), text)
        }
        _ => (None, inside),
    };
    Block::Code { language, text: code::decode(text.trim_matches('\n')) }
}
