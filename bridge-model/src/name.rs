// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of people, rooms and files, which strangers chose.
//!
//! Rule: a name is data. It is cleaned here, once for all networks, and escaped where it is
//! written. A name in which a reader sees nothing is no name: the caller falls back.

use icu_properties::props::{
    BinaryProperty, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic,
    GeneralCategory, Ideographic,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_segmentation::UnicodeSegmentation;

/// The longest name that is shown, in grapheme clusters, where a network sets no limit itself.
pub const LONGEST: usize = 128;

/// Combining marks that one letter may carry. Vietnamese, Hebrew and Tibetan need up to four.
const MARKS: usize = 4;

/// Characters that one grapheme cluster may have on average; a family emoji has seven.
const PER_GRAPHEME: usize = 8;

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
/// Keeps words apart for a parser; takes no room and allows no line break.
const WORD_JOINER: char = '\u{2060}';
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// Makes one line of a name: at most `most` grapheme clusters, with single spaces between
/// words. Takes out control and format characters, among them those that change the direction
/// of the text around the name, and all that shows nothing. `None` without a visible character.
///
/// A joiner stays between letters or emoji, a variation selector after a character that has
/// variants, and tags after the flag that they belong to.
#[must_use]
pub fn clean(name: &str, most: usize) -> Option<String> {
    let line = one_line(name, most);
    line.chars().any(is_visible).then_some(line)
}

/// Does what [`clean`] does for the name of a file, whole: its ending stands last, and must not look
/// like another one (`photo\u{202e}gpj.exe`).
#[must_use]
pub fn of_file(name: &str) -> Option<String> {
    clean(name, usize::MAX)
}

/// Does what [`clean`] does for words that may be empty, such as a quoted line.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    // What is dropped is bounded, too, so that a long filler costs little.
    let scanned = most.saturating_mul(PER_GRAPHEME).saturating_mul(4);
    let mut line = Line::default();
    let mut rest = text.chars().take(scanned).peekable();
    while let Some(c) = rest.next() {
        line.push(c, rest.peek().copied());
    }
    first_graphemes(&line.text, most)
}

/// The first `most` characters of `text`, cut before the grapheme cluster that would not fit.
#[must_use]
pub fn first_characters(text: &str, most: usize) -> &str {
    let mut room = most;
    let mut end = 0;
    for (start, cluster) in text.grapheme_indices(true) {
        let Some(left) = room.checked_sub(cluster.chars().count()) else { break };
        room = left;
        end = start.saturating_add(cluster.len());
    }
    text.get(..end).unwrap_or_default().trim_end()
}

/// The name for the middle of a sentence: its direction does not reach the words around it
/// (<https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates>).
#[must_use]
pub fn isolated(name: &str) -> String {
    format!("{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}")
}

/// What a name looks like: two names with the same skeleton cannot be told apart at a glance
/// (<https://www.unicode.org/reports/tr39/#Confusable_Detection>). Case, white space and
/// characters that show nothing do not count. For comparing only, never for showing.
#[must_use]
pub fn skeleton(name: &str) -> String {
    // UTS 39 distinguishes case. Lower case makes new look-alikes, so it stands between two
    // skeletons; there, a capital `I` has become an `l`, so an `i` has to become one, too.
    let shown: String = name.chars().filter(|c| is_visible(*c)).collect();
    let once: String = unicode_security::skeleton(&shown).collect();
    let lower = once.to_lowercase();
    let again = unicode_security::skeleton(&lower).filter(|c| is_visible(*c));
    again.map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// Whether a reader could take one name for the other. False for names that show nothing.
#[must_use]
pub fn looks_like(name: &str, other: &str) -> bool {
    let shown = skeleton(name);
    !shown.is_empty() && shown == skeleton(other)
}

/// The name without what a network makes a link of by itself: a word joiner, which nobody
/// sees, stands after each dot and colon of an address (`alex.dev`, `https://…`) and after the
/// signs of a mention, a tag and a command.
#[must_use]
pub fn defuse(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let joined = rest.peek().is_some_and(|next| !next.is_whitespace());
        let inside = before.is_some_and(|it: char| !it.is_whitespace());
        let splits = match c {
            '@' | '#' | '$' => true,
            // A command begins a word.
            '/' => joined && !inside,
            // Other dots end names, too: `alex。dev` is an address.
            '.' | ':' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => joined && inside,
            _ => false,
        };
        if splits {
            out.push(WORD_JOINER);
        }
        before = Some(c);
    }
    out
}

/// Whether a reader sees something where this character stands alone.
pub(crate) fn is_visible(c: char) -> bool {
    !is_blank(c) && !has::<DefaultIgnorableCodePoint>(c) && !is_mark(c) && !is_unseen(c)
}

/// White space, and letters and symbols that are drawn as white space.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{fffc}'
            | '\u{16fe4}'
            | '\u{1d159}'
    ) || c.is_whitespace()
        || c.is_control()
}

/// Format characters and code points without a character.
fn is_unseen(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::Format | GeneralCategory::Unassigned | GeneralCategory::Surrogate
    )
}

fn is_mark(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::SpacingMark
    )
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn has<P: BinaryProperty>(c: char) -> bool {
    CodePointSetData::new::<P>().contains(c)
}

/// A letter or an emoji: what a joiner may stand between.
fn is_joined(c: char) -> bool {
    c.is_alphabetic() || has::<ExtendedPictographic>(c) || has::<EmojiModifier>(c)
}

fn first_graphemes(text: &str, most: usize) -> String {
    let end = text.grapheme_indices(true).nth(most).map_or(text.len(), |(at, _)| at);
    let cut = text.get(..end).unwrap_or_default();
    first_characters(cut, most.saturating_mul(PER_GRAPHEME)).to_owned()
}

/// A line that is being written.
#[derive(Default)]
struct Line {
    text: String,
    /// The last visible character of the word being written; a mark counts as its letter.
    base: Option<char>,
    /// The last character that was kept.
    last: Option<char>,
    /// A space is due before the next visible character.
    gap: bool,
    /// Marks since the last visible character.
    marks: usize,
}

impl Line {
    fn push(&mut self, c: char, next: Option<char>) {
        if is_blank(c) {
            self.gap = !self.text.is_empty();
            self.base = None;
            return;
        }
        if has::<DefaultIgnorableCodePoint>(c) {
            if self.keeps(c, next) {
                self.text.push(c);
                self.last = Some(c);
            }
            return;
        }
        if is_unseen(c) {
            return;
        }
        if is_mark(c) {
            self.marks = self.marks.saturating_add(1);
            if self.base.is_none() || self.marks > MARKS {
                return;
            }
        } else {
            self.marks = 0;
            self.base = Some(c);
        }
        if std::mem::take(&mut self.gap) {
            self.text.push(' ');
        }
        self.text.push(c);
        self.last = Some(c);
    }

    /// Whether a character that shows nothing itself changes what stands before or after it.
    fn keeps(&self, c: char, next: Option<char>) -> bool {
        let (Some(base), Some(last)) = (self.base, self.last) else { return false };
        let first = !has::<DefaultIgnorableCodePoint>(last);
        match c {
            ZWNJ => first && base.is_alphabetic() && next.is_some_and(char::is_alphabetic),
            ZWJ => (first || last == '\u{fe0f}') && is_joined(base) && next.is_some_and(is_joined),
            '\u{fe0e}' | '\u{fe0f}' => first && has::<Emoji>(base),
            '\u{180b}'..='\u{180d}' | '\u{180f}' => {
                first && ('\u{1820}'..='\u{18aa}').contains(&base)
            }
            '\u{e0100}'..='\u{e01ef}' => first && has::<Ideographic>(base),
            // The flags of England, Scotland and Wales.
            '\u{e0020}'..='\u{e007f}' => base == '\u{1f3f4}' && last != '\u{e007f}',
            _ => false,
        }
    }
}
