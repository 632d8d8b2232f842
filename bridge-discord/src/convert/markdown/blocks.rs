// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the blocks of a message: quotes, headings, small print, lists, fences.
//!
//! Rule: the kind of a block is decided at the start of its line; a fence may also
//! open in the middle of one.

use bridge_model::{Block, Leaf, Span, Style};

use super::inline::{self, Inline};
use super::{DELIMITERS, Names, closing, code, list};

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
        let chars: Vec<char> = source.chars().collect();
        let mut ahead = Ahead { chars: &chars, styled: 0 };
        let mut left = Some(source);
        while let Some(now) = left {
            left = match self.block(now) {
                Some((block, rest)) => {
                    draft.close(self.names);
                    draft.blocks.push(block);
                    rest
                }
                None => self.text(now, &mut ahead, &mut draft),
            };
            ahead.go_on(now, left);
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
    fn text<'s>(
        self,
        source: &'s str,
        ahead: &mut Ahead<'_>,
        draft: &mut Draft<'s>,
    ) -> Option<&'s str> {
        let (line, rest) = first_line(source);
        if let Some(words) = small_print(line) {
            draft.small_print(self.names, words);
            return rest;
        }
        let fence = Fence::find(source, line.len());
        let before = fence.as_ref().map_or(line, |fence| fence.before);
        if let Some(stretch) = self.stretch(source, before, ahead) {
            return draft.stretch(self.names, stretch);
        }
        // Bars are read before code: the fence may stand in hidden words.
        let hidden = ahead.styled > before.chars().count();
        let Some(fence) = fence.filter(|_| !hidden) else {
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

/// The characters that are still to be read.
struct Ahead<'c> {
    chars: &'c [char],
    /// How many of them stand in a style that began on a line before.
    styled: usize,
}

impl Ahead<'_> {
    /// Forgets what was read: what `before` has in front of `now`.
    fn go_on(&mut self, before: &str, now: Option<&str>) {
        let read = before.len().saturating_sub(now.map_or(0, str::len));
        let count = before.get(..read).unwrap_or_default().chars().count();
        self.chars = self.chars.get(count..).unwrap_or_default();
        self.styled = self.styled.saturating_sub(count);
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
    /// The style that opens in `line`, with which `source` begins, and ends behind the start of
    /// another block. One that holds no blocks is left to [`Inline`].
    fn stretch<'s>(
        self,
        source: &'s str,
        line: &str,
        ahead: &mut Ahead<'_>,
    ) -> Option<Stretch<'s>> {
        if self.depth >= DEEPEST || !line.contains(DELIMITERS) {
            return None;
        }
        let chars = ahead.chars;
        let most = line.chars().count();
        let mut at = ahead.styled;
        while at < most {
            let Some((delimiter, close)) = inline::opening(chars, at) else {
                at = inline::whole(chars, at).unwrap_or_else(|| closing::step(chars, at));
                continue;
            };
            let end = close + delimiter.length();
            if end > most {
                let inner = at + delimiter.length()..close;
                let inner: String = chars.get(inner)?.iter().collect();
                if let Some(mut blocks) = self.blocks_within(&inner) {
                    super::dress(&mut blocks, &|style| delimiter.put_on(style));
                    let (before, rest) = source.split_at_checked(bytes(chars, at))?;
                    let after = rest.get(bytes(chars, end) - bytes(chars, at)..);
                    let after = after.filter(|after| !after.is_empty());
                    let after = after.map(|after| after.strip_prefix('\n').unwrap_or(after));
                    return Some(Stretch { before, blocks, after });
                }
            }
            at = end;
        }
        ahead.styled = at;
        None
    }

    /// The blocks of what stands in a style; `None` where there are only lines of text.
    fn blocks_within(self, inner: &str) -> Option<Vec<Block>> {
        let begins = |line: &str| {
            let quote = !self.quoted && (line.starts_with("> ") || line.starts_with(">>> "));
            quote || heading(line).is_some() || small_print(line).is_some() || list::begins(line)
        };
        if !inner.contains("```") && !inner.split('\n').any(begins) {
            return None;
        }
        let blocks = Self { depth: self.depth + 1, ..self }.parse(inner);
        (!is_plain(&blocks)).then_some(blocks)
    }
}

/// The length of the first characters.
fn bytes(chars: &[char], count: usize) -> usize {
    chars.iter().take(count).map(|c| c.len_utf8()).sum()
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
