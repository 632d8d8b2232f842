// SPDX-License-Identifier: AGPL-3.0-or-later
//! How to take part in a call by phone, where a message says so.
//!
//! Rule: a number counts beside a word for taking part by phone, before a code, or in the form that
//! services give; never somebody's own number. It is repeated as it stands there.

use super::fold::{Word, words};
use super::lexicon::{CODE, DIAL, Lexicon, OWN, PHONE};

/// How to take part by phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialIn {
    /// The number, with what a phone dials after it.
    pub number: String,
    /// What is asked for then.
    pub pin: Option<String>,
}

/// Digits of a number that begins with a country.
const WHOLE: std::ops::RangeInclusive<usize> = 8..=15;

/// Digits of a number without one.
const LOCAL: std::ops::RangeInclusive<usize> = 6..=13;

/// Letters between a word and its number, or a number and what stands for its code.
const NEAR: usize = 40;

/// Letters of a word that is cut by a dot.
const SHORT: usize = 4;

/// Digits of a code.
const CODE_DIGITS: usize = 4;

/// A number in a line.
struct Number<'l> {
    text: &'l str,
    /// What stands before and behind it.
    before: &'l str,
    behind: &'l str,
    /// It begins with a country.
    whole: bool,
}

/// The first number by which people can take part.
pub(super) fn of(text: &str) -> Option<DialIn> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().enumerate().find_map(|(at, line)| {
        // A line such as "By phone" speaks of the next one.
        let head = at.checked_sub(1).and_then(|head| lines.get(head)).copied();
        numbers(line).into_iter().find_map(|number| dial_in(&number, head.unwrap_or_default()))
    })
}

fn dial_in(number: &Number<'_>, head: &str) -> Option<DialIn> {
    let (tail, behind) = tail_of(number.behind);
    let digits = number.text.chars().filter(|c| c.is_numeric()).count();
    let range = if number.whole { WHOLE } else { LOCAL };
    if !range.contains(&digits) || is_money(number) || is_date(number.text) {
        return None;
    }
    if !tail.is_empty() {
        return Some(DialIn { number: format!("{}{tail}", number.text), pin: None });
    }
    let pin = pin_of(behind);
    let before = last(number.before);
    let told = is_told(&before, &DIAL) || (before.is_empty() && is_told(&words(head), &DIAL));
    // "Phone" alone may be anybody's; with a code behind the number it is that of a call.
    let told = told || (pin.is_some() && is_told(&before, &PHONE));
    let own = OWN.is_in(&before) || OWN.is_in(&first(behind));
    let offered = told || (number.whole && pin.is_some());
    (offered && !own).then(|| DialIn { number: number.text.to_owned(), pin })
}

/// A word for taking part by phone stands there, and nothing behind it that is followed by a code.
fn is_told(before: &[Word], lexicon: &Lexicon) -> bool {
    let Some((_, told)) = lexicon.spans(before).last().copied() else { return false };
    let code = CODE.spans(before).last().map(|(_, end)| *end);
    code.is_none_or(|code| code <= told)
}

/// The numbers of a line: digits with what people put between them.
fn numbers(line: &str) -> Vec<Number<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = line.get(from..).and_then(|rest| rest.find(begins)) {
        let start = from + start;
        let run = line.get(start..).unwrap_or_default();
        let end = start + length(run);
        let before = line.get(..start).unwrap_or_default();
        let glued = before.chars().next_back().is_some_and(is_glued);
        let text = line.get(start..end).unwrap_or_default();
        if !glued && !text.is_empty() {
            let whole = text.starts_with(['+', '＋']) || text.starts_with("00");
            let behind = line.get(end..).unwrap_or_default();
            found.push(Number { text, before, behind, whole });
        }
        from = end.max(start + run.chars().next().map_or(1, char::len_utf8));
    }
    found
}

fn begins(c: char) -> bool {
    matches!(c, '+' | '＋' | '(') || c.is_numeric()
}

/// Part of a word or an address, not of a number.
fn is_glued(c: char) -> bool {
    matches!(c, '/' | '.' | '-' | '=' | '_' | '#' | '@') || (c.is_alphanumeric() && c.is_ascii())
}

/// How long the number is at the beginning of a text, in bytes, up to its last digit.
fn length(run: &str) -> usize {
    let mut end = 0;
    let mut gap = 0;
    for (offset, c) in run.char_indices() {
        match c {
            '+' | '＋' if offset == 0 => {}
            _ if c.is_numeric() => {
                end = offset + c.len_utf8();
                gap = 0;
            }
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '‑' | '.' | '(' | ')' | '/' if gap < 2 => {
                gap += 1
            }
            _ => break,
        }
    }
    end
}

/// The words of the last letters before a number, in its sentence.
fn last(before: &str) -> Vec<Word> {
    let ends = ['.', '!', '?', '。', '！', '؟', '।', ';', '；'];
    // The dot of "tel." ends no sentence.
    let before = before.trim_end_matches([' ', ':']);
    let short = before.strip_suffix('.').filter(|rest| {
        let word = rest.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        (1..=SHORT).contains(&word.chars().count())
    });
    let sentence = short.unwrap_or(before).rsplit(ends).next().unwrap_or_default();
    let skipped = sentence.chars().count().saturating_sub(NEAR);
    let near: String = sentence.chars().skip(skipped).collect();
    words(&near)
}

/// The words of the first letters behind a number.
fn first(behind: &str) -> Vec<Word> {
    let near: String = behind.chars().take(NEAR).collect();
    let sentence = near.split(['.', '!', '?', '。', '！', '؟', '।']).next().unwrap_or_default();
    words(sentence)
}

/// An amount of money stands before or behind it.
fn is_money(number: &Number<'_>) -> bool {
    let signs = ['€', '$', '£', '₹', '¥', '₽', '₩', '₺', '৳', '﷼'];
    let units =
        ["eur", "euro", "euros", "usd", "gbp", "chf", "pesos", "reais", "rub", "inr", "idr"];
    let at_once = |c: Option<char>| c.is_some_and(|c| signs.contains(&c));
    let behind = number.behind.trim_start();
    let unit = words(behind).first().is_some_and(|word| units.contains(&word.text.as_str()));
    at_once(number.before.trim_end().chars().next_back()) || at_once(behind.chars().next()) || unit
}

/// A day such as 2026-11-26 or 26.11.2026.
fn is_date(text: &str) -> bool {
    let parts: Vec<usize> = text.split(['-', '.', '/']).map(|part| part.trim().len()).collect();
    matches!(parts.as_slice(), [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4])
}

/// `,,123456789#`: pauses and what is dialled after them.
fn tail_of(text: &str) -> (&str, &str) {
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, ',' | '#' | '*');
    let end = text.find(|c| !dialled(c)).unwrap_or(text.len());
    let (tail, rest) = text.split_at(end);
    if tail.starts_with(",,") { (tail, rest) } else { ("", text) }
}

/// The code behind a number, with the word for it.
fn pin_of(behind: &str) -> Option<String> {
    let near: String = behind.chars().take(NEAR).collect();
    let (start, end) = CODE.spans(&words(&near)).first().copied()?;
    // Another number between them has the code.
    if near.get(..start)?.chars().any(char::is_numeric) {
        return None;
    }
    let rest = behind.get(end..)?;
    let skipped = rest.find(char::is_numeric)?;
    if rest.get(..skipped)?.chars().any(char::is_alphanumeric) {
        return None;
    }
    let code = rest.get(skipped..)?;
    let part = |c: char| c.is_numeric() || matches!(c, ' ' | '\u{a0}' | '-' | '#');
    let code = code.get(..code.find(|c| !part(c)).unwrap_or(code.len()))?.trim();
    (code.chars().filter(|c| c.is_numeric()).count() >= CODE_DIGITS).then(|| code.to_owned())
}
