// SPDX-License-Identifier: AGPL-3.0-or-later
//! Text with entities to formatted text.
//!
//! Rule: any entities are survived, also ones that are out of range, overlap or end inside a
//! surrogate pair; a character belongs to an entity when its first code unit does.

use std::collections::BTreeSet;
use std::ops::Range;

use bridge_model::{Block, Leaf, Mention, Person, RichText, Span, Spoiler, Style};
use serde_json::Value;
use teloxide::types::MessageEntity;

use super::mark::Mark;
use crate::NETWORK;
use crate::convert::address::leads_to_account;

/// Reads a text of Telegram with its entities (offsets in UTF-16 code units), normalised.
///
/// What the platform marks by itself (hashtags, user names, commands, numbers) stays text. A link of
/// which nobody sees anything, which is how programs choose the picture of a preview, shows its
/// address.
pub fn from_telegram(text: &str, entities: &[MessageEntity]) -> RichText {
    let marks = entities.iter().map(|it| (it.offset, it.length, Mark::of_typed(&it.kind)));
    read(text, marks.collect())
}

/// As [`from_telegram`], with the entities as they stand in the raw JSON of a message. Those that
/// are not known are as if they were not there.
pub fn from_wire(text: &str, entities: &[Value]) -> RichText {
    let place = |entity: &Value, key| {
        entity.get(key).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok())
    };
    let marks = entities.iter().filter_map(|entity| {
        Some((place(entity, "offset")?, place(entity, "length")?, Mark::of_wire(entity)?))
    });
    read(text, marks.collect())
}

/// Whether this version knows what an entity of the raw JSON says.
pub(crate) fn is_known(entity: &Value) -> bool {
    Mark::of_wire(entity).is_some()
}

fn read(text: &str, marks: Vec<(usize, usize, Mark<'_>)>) -> RichText {
    let reader = Reader::new(text, marks);
    let all = 0..reader.starts.len();
    let mut blocks = Vec::new();
    reader.region(all, false, &mut blocks);
    // The platform drops entities over white space, so nothing is lost by normalising first.
    RichText(blocks).normalise().label_links().normalise()
}

/// An entity over a range of characters.
struct Marked<'a> {
    range: Range<usize>,
    mark: Mark<'a>,
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of each character.
    starts: Vec<usize>,
    /// Sorted: earlier first, then longer first.
    marks: Vec<Marked<'a>>,
    /// Where the style may change, in order, with the style from there on.
    styles: Vec<(usize, Style)>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, entities: Vec<(usize, usize, Mark<'a>)>) -> Self {
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
        let mut marks: Vec<Marked<'_>> = entities
            .into_iter()
            .map(|(offset, length, mark)| Marked {
                range: character(offset)..character(offset.saturating_add(length)),
                mark,
            })
            .filter(|marked| !marked.range.is_empty())
            .collect();
        marks.sort_by_key(|marked| (marked.range.start, usize::MAX - marked.range.end));
        let mut reader = Self { text, starts, marks, styles: Vec::new() };
        reader.styles = reader.sweep();
        reader
    }

    /// The styles from edge to edge, in one way through the text.
    fn sweep(&self) -> Vec<(usize, Style)> {
        let mut edges: Vec<(usize, bool, usize)> = Vec::with_capacity(self.marks.len() * 2);
        for (number, Marked { range, .. }) in self.marks.iter().enumerate() {
            edges.push((range.start, true, number));
            edges.push((range.end, false, number));
        }
        edges.sort_unstable();
        let mut worn = BTreeSet::new();
        let mut styles = Vec::with_capacity(edges.len());
        for same in edges.chunk_by(|one, other| one.0 == other.0) {
            for (_, starts, number) in same {
                if *starts {
                    worn.insert(*number);
                } else {
                    worn.remove(number);
                }
            }
            let Some((at, ..)) = same.first() else { continue };
            let marks = worn.iter().filter_map(|number| self.marks.get(*number));
            styles.push((*at, self.worn(marks)));
        }
        styles
    }

    fn slice(&self, range: &Range<usize>) -> &'a str {
        let byte = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text.get(byte(range.start)..byte(range.end)).unwrap_or_default()
    }

    /// Cuts a region at its block entities; a quote within a quote does not count.
    fn region(&self, region: Range<usize>, in_quote: bool, blocks: &mut Vec<Block>) {
        let mut at = region.start;
        for Marked { range, mark } in &self.marks {
            let range = range.start.max(region.start)..range.end.min(region.end);
            if range.is_empty() || range.start < at {
                continue;
            }
            let Some(block) = self.block(mark, &range, in_quote) else { continue };
            self.paragraph(at..range.start, blocks);
            blocks.push(block);
            at = range.end;
        }
        self.paragraph(at..region.end, blocks);
    }

    fn block(&self, mark: &Mark<'_>, range: &Range<usize>, in_quote: bool) -> Option<Block> {
        if let Mark::Quote { expandable } = mark
            && !in_quote
        {
            let mut blocks = Vec::new();
            self.region(range.clone(), true, &mut blocks);
            return Some(Block::Quote { blocks, expandable: *expandable });
        }
        if let Mark::Pre { language } = mark
            && !self.is_hidden(range)
        {
            let text = self.slice(range).to_owned();
            return Some(Block::Code { language: language.map(str::to_owned), text });
        }
        None
    }

    /// Whether any of these characters is hidden, which no block of code can be.
    fn is_hidden(&self, range: &Range<usize>) -> bool {
        self.marks.iter().any(|Marked { range: other, mark }| {
            let meets = other.start < range.end && range.start < other.end;
            meets && matches!(mark, Mark::Spoiler)
        })
    }

    /// The text between blocks. The line feed next to a block only parts it from its neighbour;
    /// `normalise` trims it.
    fn paragraph(&self, range: Range<usize>, blocks: &mut Vec<Block>) {
        let mut spans = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let (end, leaf) = self.leaf(at, &range).unwrap_or_else(|| {
                let end = self.next_edge(at, range.end);
                (end, Leaf::Text(self.slice(&(at..end)).to_owned()))
            });
            spans.push(Span { leaf, style: self.style(at) });
            at = end;
        }
        if !spans.is_empty() {
            blocks.push(Block::Paragraph(spans));
        }
    }

    /// A mention, a picture and a moment are one leaf each, whatever else starts or ends inside.
    fn leaf(&self, at: usize, region: &Range<usize>) -> Option<(usize, Leaf)> {
        let first = self.marks.partition_point(|marked| marked.range.start < at);
        let mut here = self.marks.iter().skip(first).take_while(|marked| marked.range.start == at);
        here.find_map(|marked| {
            let words = self.slice(&marked.range);
            if marked.range.end > region.end
                || words.contains(['\n', '\r'])
                || words.trim().is_empty()
            {
                return None;
            }
            Some((marked.range.end, leaf(&marked.mark, words)?))
        })
    }

    /// Where the style next changes.
    fn next_edge(&self, at: usize, end: usize) -> usize {
        let next = self.styles.partition_point(|(edge, _)| *edge <= at);
        self.styles.get(next).map_or(end, |(edge, _)| end.min(*edge))
    }

    fn style(&self, at: usize) -> Style {
        let next = self.styles.partition_point(|(edge, _)| *edge <= at);
        let before = next.checked_sub(1).and_then(|last| self.styles.get(last));
        before.map(|(_, style)| style.clone()).unwrap_or_default()
    }

    fn worn<'m>(&self, marks: impl Iterator<Item = &'m Marked<'a>>) -> Style
    where
        'a: 'm,
    {
        let mut style = Style::default();
        for Marked { range, mark } in marks {
            match mark {
                Mark::Bold => style.bold = true,
                Mark::Italic => style.italic = true,
                Mark::Underline => style.underline = true,
                Mark::Strike => style.strike = true,
                Mark::Spoiler => style.spoiler = Some(Spoiler::default()),
                Mark::Code | Mark::Pre { .. } => style.code = true,
                Mark::Link(url) if leads_to_account(url) => {}
                Mark::Link(url) => style.link = Some((*url).to_owned()),
                Mark::Address => style.link = Some(address(self.slice(range))),
                Mark::Quote { .. }
                | Mark::Person(_)
                | Mark::Emoji(_)
                | Mark::Time(..)
                | Mark::PlainText => {}
            }
        }
        style
    }
}

/// What stands for `words`, where that is more than characters.
fn leaf(mark: &Mark<'_>, words: &str) -> Option<Leaf> {
    match mark {
        Mark::Person(id) => {
            let who = Person::new(NETWORK, id.as_str());
            Some(Leaf::Mention(Mention::Person { who, name: words.to_owned() }))
        }
        Mark::Emoji(id) => emoji(id, words),
        Mark::Time(at, style) => Some(Leaf::Time { at: *at, style: *style }),
        Mark::Bold
        | Mark::Italic
        | Mark::Underline
        | Mark::Strike
        | Mark::Spoiler
        | Mark::Code
        | Mark::Pre { .. }
        | Mark::Quote { .. }
        | Mark::Link(_)
        | Mark::Address
        | Mark::PlainText => None,
    }
}

/// One of the platform's own pictures, whose name is the emoji that stands for it. Only where that
/// is shown as just these characters, so that none is lost or invented.
pub(crate) fn emoji(id: &str, words: &str) -> Option<Leaf> {
    let emoji = Leaf::Emoji { id: id.to_owned(), name: words.to_owned(), animated: false };
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    (!words.contains(odd) && emoji.shown() == words).then_some(emoji)
}

/// What the platform opens for an address that it found in the text itself.
fn address(found: &str) -> String {
    if found.contains("://") { found.to_owned() } else { format!("http://{found}") }
}
