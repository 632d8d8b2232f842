// SPDX-License-Identifier: AGPL-3.0-or-later
//! Text with entities to formatted text.
//!
//! Rule: any entities are survived, also ones that are out of range, overlap or end inside a
//! surrogate pair; a character belongs to an entity when its first code unit does.

use std::ops::Range;

use bridge_model::{Block, Leaf, Mention, Person, RichText, Span, Spoiler, Style};
use teloxide::types::{MessageEntity, MessageEntityKind};

use crate::NETWORK;

/// Reads a text of Telegram with its entities (offsets in UTF-16 code units), normalised.
///
/// What the platform marks by itself (hashtags, user names, commands, numbers) stays text.
pub fn from_telegram(text: &str, entities: &[MessageEntity]) -> RichText {
    let reader = Reader::new(text, entities);
    let all = 0..reader.starts.len();
    let mut blocks = Vec::new();
    reader.region(all, false, &mut blocks);
    RichText(blocks).normalise()
}

/// An entity over a range of characters.
struct Mark<'a> {
    range: Range<usize>,
    kind: &'a MessageEntityKind,
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of each character.
    starts: Vec<usize>,
    /// Sorted: earlier first, then longer first.
    marks: Vec<Mark<'a>>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, entities: &'a [MessageEntity]) -> Self {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        // For each code unit, the first character that starts at it or behind it.
        let mut units = Vec::with_capacity(text.len());
        for (number, letter) in text.chars().enumerate() {
            units.push(number);
            if letter.len_utf16() == 2 {
                units.push(number + 1);
            }
        }
        let character = |unit: usize| units.get(unit).copied().unwrap_or(starts.len());
        let mut marks: Vec<Mark<'_>> = entities
            .iter()
            .map(|entity| Mark {
                range: character(entity.offset)
                    ..character(entity.offset.saturating_add(entity.length)),
                kind: &entity.kind,
            })
            .filter(|mark| !mark.range.is_empty())
            .collect();
        marks.sort_by_key(|mark| (mark.range.start, usize::MAX - mark.range.end));
        Self { text, starts, marks }
    }

    fn slice(&self, range: &Range<usize>) -> &'a str {
        let byte = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text.get(byte(range.start)..byte(range.end)).unwrap_or_default()
    }

    /// Cuts a region at its block entities; a quote within a quote does not count.
    fn region(&self, region: Range<usize>, in_quote: bool, blocks: &mut Vec<Block>) {
        let mut at = region.start;
        for mark in &self.marks {
            let range = mark.range.start.max(region.start)..mark.range.end.min(region.end);
            if range.is_empty() || range.start < at {
                continue;
            }
            let Some(block) = self.block(mark.kind, &range, in_quote) else { continue };
            self.paragraph(at..range.start, blocks);
            blocks.push(block);
            at = range.end;
        }
        self.paragraph(at..region.end, blocks);
    }

    fn block(
        &self,
        kind: &MessageEntityKind,
        range: &Range<usize>,
        in_quote: bool,
    ) -> Option<Block> {
        let is_quote =
            matches!(kind, MessageEntityKind::Blockquote | MessageEntityKind::ExpandableBlockquote);
        if is_quote && !in_quote {
            let mut blocks = Vec::new();
            self.region(range.clone(), true, &mut blocks);
            let expandable = matches!(kind, MessageEntityKind::ExpandableBlockquote);
            return Some(Block::Quote { blocks, expandable });
        }
        if let MessageEntityKind::Pre { language } = kind {
            let text = self.slice(range).to_owned();
            return Some(Block::Code { language: language.clone(), text });
        }
        None
    }

    /// The text between blocks. The line feed next to a block only parts it from its neighbour;
    /// `normalise` trims it.
    fn paragraph(&self, range: Range<usize>, blocks: &mut Vec<Block>) {
        let mut spans = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let (end, span) = match self.mention(at, &range) {
                Some((end, mention)) => (end, Leaf::Mention(mention)),
                None => {
                    let end = self.next_edge(at, range.end);
                    (end, Leaf::Text(self.slice(&(at..end)).to_owned()))
                }
            };
            spans.push(Span { leaf: span, style: self.style(at) });
            at = end;
        }
        if !spans.is_empty() {
            blocks.push(Block::Paragraph(spans));
        }
    }

    /// A mention is one leaf, whatever else starts or ends inside it.
    fn mention(&self, at: usize, region: &Range<usize>) -> Option<(usize, Mention)> {
        self.marks.iter().filter(|mark| mark.range.start == at).find_map(|mark| {
            let MessageEntityKind::TextMention { user } = mark.kind else { return None };
            let name = self.slice(&mark.range);
            if mark.range.end > region.end || name.contains(['\n', '\r']) || name.trim().is_empty()
            {
                return None;
            }
            let who = Person::new(NETWORK, user.id.0.to_string());
            Some((mark.range.end, Mention::Person { who, name: name.to_owned() }))
        })
    }

    /// Where the style next changes.
    fn next_edge(&self, at: usize, end: usize) -> usize {
        self.marks
            .iter()
            .flat_map(|mark| [mark.range.start, mark.range.end])
            .filter(|edge| *edge > at)
            .fold(end, usize::min)
    }

    fn style(&self, at: usize) -> Style {
        let mut style = Style::default();
        for mark in self.marks.iter().filter(|mark| mark.range.contains(&at)) {
            match mark.kind {
                MessageEntityKind::Bold => style.bold = true,
                MessageEntityKind::Italic => style.italic = true,
                MessageEntityKind::Underline => style.underline = true,
                MessageEntityKind::Strikethrough => style.strike = true,
                MessageEntityKind::Spoiler => style.spoiler = Some(Spoiler::default()),
                MessageEntityKind::Code => style.code = true,
                MessageEntityKind::TextLink { url } => style.link = Some(url.as_str().to_owned()),
                MessageEntityKind::Url => style.link = Some(address(self.slice(&mark.range))),
                MessageEntityKind::Mention
                | MessageEntityKind::Hashtag
                | MessageEntityKind::Cashtag
                | MessageEntityKind::BotCommand
                | MessageEntityKind::Email
                | MessageEntityKind::PhoneNumber
                | MessageEntityKind::Blockquote
                | MessageEntityKind::ExpandableBlockquote
                | MessageEntityKind::Pre { .. }
                | MessageEntityKind::TextMention { .. }
                // Its text is the emoji that stands for it where it cannot be shown.
                | MessageEntityKind::CustomEmoji { .. } => {}
            }
        }
        style
    }
}

/// What the platform opens for an address that it found in the text itself.
fn address(found: &str) -> String {
    if found.contains("://") { found.to_owned() } else { format!("http://{found}") }
}
