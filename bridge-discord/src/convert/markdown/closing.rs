// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a style that was opened is closed.
//!
//! Rule: the answers are those of Discord's regular expressions, except that
//! escapes, code, links and `<...>` are stepped over whole; nothing is in a spoiler.

use bridge_model::{Spoiler, Style};

use super::{atoms, code};

/// A kind of style delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// `**`
    Strong,
    /// `*`
    Star,
    /// `__`
    Underline,
    /// `_`
    Underscore,
    /// `~~`
    Strike,
    /// `||`
    Spoiler,
}

impl Delimiter {
    /// Its characters in the text.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Star | Self::Underscore => 1,
            Self::Strong | Self::Underline | Self::Strike | Self::Spoiler => 2,
        }
    }

    /// Gives a style what stands between two of these.
    pub(super) fn put_on(self, style: &mut Style) {
        match self {
            Self::Strong => style.bold = true,
            Self::Star | Self::Underscore => style.italic = true,
            Self::Underline => style.underline = true,
            Self::Strike => style.strike = true,
            Self::Spoiler => style.spoiler = Some(Spoiler { reason: None }),
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Strong | Self::Star => '*',
            Self::Underline | Self::Underscore => '_',
            Self::Strike => '~',
            Self::Spoiler => '|',
        }
    }

    /// Where the closing delimiter starts, for a content that starts at `start`.
    pub(super) fn close(self, chars: &[char], start: usize) -> Option<usize> {
        match self {
            Self::Strong | Self::Underline => self.close_at_end_of_run(chars, start),
            Self::Strike => self.close_at_start_of_run(chars, start),
            Self::Spoiler => close_spoiler(chars, start),
            Self::Star | Self::Underscore => self.close_single(chars, start),
        }
    }

    /// The first run of two or more closes, with its last two.
    fn close_at_end_of_run(self, chars: &[char], start: usize) -> Option<usize> {
        let mut at = start;
        while at < chars.len() {
            let run = run(chars, at, self.sign());
            if run >= 2 && at + run - 2 > start {
                return Some(at + run - 2);
            }
            at = if run > 0 { at + run } else { step(chars, at) };
        }
        None
    }

    /// The first two in a row close that have something before them, also one of themselves. Looks at
    /// no run to its end: each of its signs may open a style.
    fn close_at_start_of_run(self, chars: &[char], start: usize) -> Option<usize> {
        let is_sign = |at: usize| chars.get(at) == Some(&self.sign());
        let mut at = start;
        while at < chars.len() {
            if at > start && is_sign(at) && is_sign(at + 1) {
                return Some(at);
            }
            at = if is_sign(at) { at + 1 } else { step(chars, at) };
        }
        None
    }

    /// Pairs inside belong to the double delimiter; a single one closes.
    fn close_single(self, chars: &[char], start: usize) -> Option<usize> {
        if self == Self::Star && is_space(chars.get(start)) {
            return None;
        }
        let mut at = start;
        while at < chars.len() {
            let run = run(chars, at, self.sign());
            if run == 0 {
                at = step(chars, at);
                continue;
            }
            if run.is_multiple_of(2) {
                at += run;
                continue;
            }
            let close = at + run - 1;
            let content = chars.get(start..close).unwrap_or_default();
            let good = content.iter().any(|c| *c != self.sign())
                && match self {
                    Self::Star => !is_space(close.checked_sub(1).and_then(|i| chars.get(i))),
                    Self::Strong
                    | Self::Underline
                    | Self::Underscore
                    | Self::Strike
                    | Self::Spoiler => !chars.get(close + 1).is_some_and(|c| is_word(*c)),
                };
            return good.then_some(close);
        }
        None
    }
}

/// The next two bars close a spoiler, also in code and in addresses: Discord looks for them before
/// it reads anything else.
fn close_spoiler(chars: &[char], start: usize) -> Option<usize> {
    let behind = chars.get(start + 1..)?;
    behind.windows(2).position(|pair| pair == ['|', '|']).map(|at| start + 1 + at)
}

/// Letters, digits and `_` as JavaScript's `\w` counts them.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_space(c: Option<&char>) -> bool {
    matches!(c, Some(' ' | '\n'))
}

fn run(chars: &[char], from: usize, sign: char) -> usize {
    chars.iter().skip(from).take_while(|c| **c == sign).count()
}

/// The position after whatever stands at `at` and holds no delimiters of ours.
pub(super) fn step(chars: &[char], at: usize) -> usize {
    let whole = match chars.get(at) {
        Some('\\') => Some(at + 2),
        Some('`') => code::read_span(chars, at).map(|(_, end)| end),
        Some('<') => atoms::angle_end(chars, at),
        Some('[') => atoms::masked_link(chars, at).map(|link| link.end),
        _ => None,
    };
    whole.unwrap_or(at + 1)
}
