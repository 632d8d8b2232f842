// SPDX-License-Identifier: AGPL-3.0-or-later
//! How to take part in a call by phone, where a message says so.
//!
//! Rule: numbers are repeated as they stand there, never completed.

/// How to take part by phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialIn {
    /// The number, with what a phone dials after it.
    pub number: String,
    /// What is asked for then.
    pub pin: Option<String>,
}

/// Digits of an international number.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The first number in a text, with its code.
pub(super) fn of(text: &str) -> Option<DialIn> {
    let (number, end) = text.match_indices('+').find_map(|(at, _)| number_at(text, at))?;
    let behind = text.get(end..).unwrap_or_default();
    let (tail, behind) = tail_of(behind);
    let pin = if tail.is_empty() { pin_of(behind) } else { None };
    Some(DialIn { number: format!("{number}{tail}"), pin })
}

fn number_at(text: &str, at: usize) -> Option<(String, usize)> {
    let run = text.get(at..)?;
    let mut digits = 0;
    let mut end = 0;
    for (offset, c) in run.char_indices() {
        match c {
            '+' if offset == 0 => {}
            '0'..='9' => {
                digits += 1;
                end = offset + 1;
            }
            ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' => {}
            _ => break,
        }
    }
    let number = run.get(..end)?;
    DIGITS.contains(&digits).then(|| (number.to_owned(), at + end))
}

/// `,,123456789#`: pauses and what is dialled after them.
fn tail_of(text: &str) -> (&str, &str) {
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, ',' | '#' | '*');
    let end = text.find(|c| !dialled(c)).unwrap_or(text.len());
    let (tail, rest) = text.split_at(end);
    if tail.starts_with(",,") { (tail, rest) } else { ("", text) }
}

/// What stands behind "PIN" or "ID".
fn pin_of(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    // Letters may change their length when they become small.
    let marks = ["pin", "id", "code", "код", "код доступа", "رمز", "密码", "会议号"];
    let at = marks.iter().filter_map(|mark| Some(lower.find(mark)? + mark.len())).min()?;
    let behind = lower.get(at..)?;
    let skipped = behind.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n');
    if behind.len() - skipped.len() > 12 {
        return None;
    }
    let end = skipped
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '#')))
        .unwrap_or(skipped.len());
    let pin = skipped.get(..end)?.trim();
    (pin.chars().filter(char::is_ascii_digit).count() >= 4).then(|| pin.to_owned())
}
