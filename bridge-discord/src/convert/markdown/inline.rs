// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the markup inside lines.
//!
//! Rule: at each place the constructs are tried in Discord's order; of two styles
//! that fit, the one that reaches farther wins.

use bridge_model::{Leaf, Mention, Span, Style};

use super::atoms::{self, Angle};
use super::closing::{Delimiter, is_word};
use super::{BREAKER, DELIMITERS, JOINER, Names, code, emoji};

/// Styles deeper than this are text; a person needs five.
const DEEPEST: usize = 24;

/// The shrug that every Discord client sends with this backslash.
const SHRUG: &str = "¯\\_(ツ)_/¯";

/// Reads lines.
pub(super) struct Inline<'a> {
    names: &'a Names,
    out: Vec<Span>,
    text: String,
}

enum Construct {
    Text(String),
    Leaf(Leaf),
    Code(String),
    Address(String),
    Masked { label_end: usize, address: String },
    Styled(Delimiter, usize),
}

impl<'a> Inline<'a> {
    /// Reads `source`, which may hold several lines, into spans that wear `style`.
    pub(super) fn read(names: &'a Names, source: &str, style: &Style) -> Vec<Span> {
        let chars: Vec<char> = source.chars().collect();
        let mut reader = Self { names, out: Vec::new(), text: String::new() };
        reader.stretch(&chars, style, 0);
        reader.out
    }

    fn stretch(&mut self, chars: &[char], style: &Style, depth: usize) {
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            let Some((found, end)) = self.find(chars, at, style, depth) else {
                self.text.push(*c);
                at += 1;
                continue;
            };
            at = self.take(chars, (at, end), found, (style, depth));
        }
        self.flush(style);
    }

    fn take(
        &mut self,
        chars: &[char],
        (from, end): (usize, usize),
        found: Construct,
        (style, depth): (&Style, usize),
    ) -> usize {
        if let Construct::Text(text) = found {
            self.text.push_str(&text);
            return end;
        }
        self.flush(style);
        match found {
            Construct::Text(_) => {}
            Construct::Leaf(leaf) => self.out.push(Span { leaf, style: style.clone() }),
            Construct::Code(text) => self.code(&text, style),
            Construct::Address(url) => {
                let leaf = Leaf::Text(url.clone());
                self.out.push(Span { leaf, style: Style { link: Some(url), ..style.clone() } });
            }
            Construct::Masked { label_end, address } => {
                let label = chars.get(from + 1..label_end).unwrap_or_default();
                let style = Style { link: Some(address), ..style.clone() };
                self.stretch(label, &style, depth + 1);
            }
            Construct::Styled(delimiter, close) => {
                let inner = chars.get(from + delimiter.length()..close).unwrap_or_default();
                let inner = match delimiter {
                    Delimiter::Star | Delimiter::Strong => unshielded(inner),
                    Delimiter::Spoiler => without_guard(inner),
                    Delimiter::Underline | Delimiter::Underscore | Delimiter::Strike => inner,
                };
                self.stretch(inner, &worn(delimiter, style), depth + 1);
                return end + self.joiners(chars, end);
            }
        }
        end
    }

    /// Takes one joiner away where it keeps two delimiters apart; gives how many
    /// characters it has dealt with.
    fn joiners(&mut self, chars: &[char], end: usize) -> usize {
        let count = chars.iter().skip(end).take_while(|c| **c == JOINER).count();
        let before_delimiter = chars.get(end + count).is_some_and(|c| DELIMITERS.contains(c));
        if count == 0 || !before_delimiter {
            return 0;
        }
        self.text.extend(std::iter::repeat_n(JOINER, count - 1));
        count
    }

    fn code(&mut self, text: &str, style: &Style) {
        let style = Style { code: true, ..style.clone() };
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.out.push(Span::line_break());
            }
            self.out.push(Span { leaf: Leaf::Text(line.to_owned()), style: style.clone() });
        }
    }

    fn flush(&mut self, style: &Style) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.out.push(Span { leaf: Leaf::Text(text), style: style.clone() });
        }
    }

    fn find(
        &self,
        chars: &[char],
        at: usize,
        style: &Style,
        depth: usize,
    ) -> Option<(Construct, usize)> {
        let loose = style.link.is_none();
        match chars.get(at)? {
            '\n' => Some((Construct::Leaf(Leaf::Break), at + 1)),
            '¯' if starts_with(chars, at, SHRUG) => {
                Some((Construct::Text(SHRUG.to_owned()), at + SHRUG.chars().count()))
            }
            // Discord shows backslashes in labels.
            '\\' if loose => {
                let next = chars.get(at + 1).filter(|c| is_escapable(**c))?;
                Some((Construct::Text(next.to_string()), at + 2))
            }
            '`' => {
                let (text, end) = code::read_span(chars, at)?;
                let hidden = style.spoiler.is_some();
                Some((Construct::Code(if hidden { code::join_bars(&text) } else { text }), end))
            }
            '<' => match atoms::angle(chars, at, self.names)? {
                (Angle::Leaf(leaf), end) => Some((Construct::Leaf(leaf), end)),
                (Angle::Address(url), end) if loose => Some((Construct::Address(url), end)),
                (Angle::Address(_), _) => None,
            },
            'h' if loose => {
                let end = atoms::bare_address(chars, at)?;
                let url: String = chars.get(at..end)?.iter().collect();
                Some((Construct::Address(url), end))
            }
            '[' if loose && depth < DEEPEST => {
                let link = atoms::masked_link(chars, at)?;
                let found = Construct::Masked { label_end: link.label_end, address: link.address };
                Some((found, link.end))
            }
            '@' => self.everyone(chars, at),
            ':' if self.names.emoji => {
                emoji::named(chars, at).map(|(emoji, end)| (Construct::Text(emoji), end))
            }
            c if DELIMITERS.contains(c) && depth < DEEPEST => styled(chars, at),
            _ => None,
        }
    }

    fn everyone(&self, chars: &[char], at: usize) -> Option<(Construct, usize)> {
        let breakers = chars.iter().skip(at + 1).take_while(|c| **c == BREAKER).count();
        let word = ["everyone", "here"]
            .into_iter()
            .find(|word| starts_with(chars, at + 1 + breakers, word))?;
        let end = at + 1 + breakers + word.len();
        if breakers == 0 && self.names.everyone {
            return Some((Construct::Leaf(Leaf::Mention(Mention::Everyone)), end));
        }
        let kept: String = std::iter::repeat_n(BREAKER, breakers.saturating_sub(1)).collect();
        Some((Construct::Text(format!("@{kept}{word}")), end))
    }
}

/// Takes away the joiners that keep `*` and a space apart.
fn unshielded(inner: &[char]) -> &[char] {
    let mut inner = inner;
    if let [JOINER, rest @ ..] = inner
        && rest.iter().find(|c| **c != JOINER) == Some(&' ')
    {
        inner = rest;
    }
    if let [rest @ .., JOINER] = inner
        && rest.iter().rev().find(|c| **c != JOINER) == Some(&' ')
    {
        inner = rest;
    }
    inner
}

/// Takes away the joiner that keeps a bar and the end of the spoiler apart.
fn without_guard(inner: &[char]) -> &[char] {
    match inner {
        [rest @ .., JOINER] if rest.iter().rev().find(|c| **c != JOINER) == Some(&'|') => rest,
        _ => inner,
    }
}

fn starts_with(chars: &[char], at: usize, word: &str) -> bool {
    chars.get(at..).is_some_and(|rest| {
        let mut rest = rest.iter();
        word.chars().all(|c| rest.next() == Some(&c))
    })
}

/// What a backslash makes literal.
fn is_escapable(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !c.is_whitespace()
}

/// The position after what stands at `at` and opens no style, whatever signs are in it.
pub(super) fn whole(chars: &[char], at: usize) -> Option<usize> {
    if starts_with(chars, at, SHRUG) {
        return Some(at + SHRUG.chars().count());
    }
    atoms::bare_address(chars, at)
}

fn styled(chars: &[char], at: usize) -> Option<(Construct, usize)> {
    let (delimiter, close) = opening(chars, at)?;
    Some((Construct::Styled(delimiter, close), close + delimiter.length()))
}

/// The style that opens at `at`, and where its closing delimiter starts.
pub(super) fn opening(chars: &[char], at: usize) -> Option<(Delimiter, usize)> {
    let sign = *chars.get(at).filter(|sign| DELIMITERS.contains(sign))?;
    let double = chars.get(at + 1) == Some(&sign);
    // Discord's own expression would also open in the middle of a word; names like
    // `snake_case_` are more frequent than such italics.
    let before = at.checked_sub(1).and_then(|i| chars.get(i));
    let in_word = before.is_some_and(|c| is_word(*c));
    let candidates = match sign {
        '*' => [Some(Delimiter::Star), double.then_some(Delimiter::Strong)],
        '_' => {
            [(!in_word).then_some(Delimiter::Underscore), double.then_some(Delimiter::Underline)]
        }
        '~' => [None, double.then_some(Delimiter::Strike)],
        _ => [None, double.then_some(Delimiter::Spoiler)],
    };
    let mut best: Option<(Delimiter, usize)> = None;
    for delimiter in candidates.into_iter().flatten() {
        let Some(close) = delimiter.close(chars, at + delimiter.length()) else { continue };
        let reach = close + delimiter.length();
        if best.is_none_or(|(held, held_close)| reach > held_close + held.length()) {
            best = Some((delimiter, close));
        }
    }
    best
}

fn worn(delimiter: Delimiter, style: &Style) -> Style {
    let mut style = style.clone();
    delimiter.put_on(&mut style);
    style
}
