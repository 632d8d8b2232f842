// SPDX-License-Identifier: AGPL-3.0-or-later
//! Runs of backticks inside code, which Markdown cannot say.
//!
//! Rule: a run is broken by one zero-width space, and every zero-width space that
//! stands between two backticks already gets one more; [`decode`] takes one away.

use super::BREAKER;

/// Breaks runs of more than `allowed` backticks (1 or 2).
pub(super) fn encode(text: &str, allowed: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    let mut breakers = 0;
    for c in text.chars() {
        if c == BREAKER && run > 0 {
            breakers += 1;
        } else if c == '`' {
            if breakers > 0 || run == allowed {
                out.push(BREAKER);
                run = 0;
            }
            run += 1;
            breakers = 0;
        } else {
            run = 0;
            breakers = 0;
        }
        out.push(c);
    }
    out
}

/// Undoes [`encode`].
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_tick = false;
    let mut breakers = 0_usize;
    for c in text.chars() {
        if c == BREAKER && after_tick {
            breakers += 1;
            continue;
        }
        let kept = if c == '`' { breakers.saturating_sub(1) } else { breakers };
        out.extend(std::iter::repeat_n(BREAKER, kept));
        breakers = 0;
        after_tick = c == '`';
        out.push(c);
    }
    out.extend(std::iter::repeat_n(BREAKER, breakers));
    out
}

/// Breaks pairs of bars, which would end a spoiler around the code.
pub(super) fn break_bars(text: &str) -> String {
    insert_between(text, '|')
}

/// Undoes [`break_bars`].
pub(super) fn join_bars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut breakers = 0_usize;
    let mut after_bar = false;
    for c in text.chars() {
        if c == BREAKER && after_bar {
            breakers += 1;
            continue;
        }
        let kept = if c == '|' { breakers.saturating_sub(1) } else { breakers };
        out.extend(std::iter::repeat_n(BREAKER, kept));
        breakers = 0;
        after_bar = c == '|';
        out.push(c);
    }
    out.extend(std::iter::repeat_n(BREAKER, breakers));
    out
}

/// One breaker more between every two of `sign` that only breakers part.
fn insert_between(text: &str, sign: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after = false;
    for c in text.chars() {
        if c == sign && after {
            out.push(BREAKER);
        }
        after = c == sign || after && c == BREAKER;
        out.push(c);
    }
    out
}

/// A code span around `text`, which holds no line break.
pub(super) fn span(text: &str) -> String {
    let text = encode(text, 1);
    let fence = if text.contains('`') { "``" } else { "`" };
    let front = if text.trim_start_matches(' ').starts_with('`') { " " } else { "" };
    let back = if text.trim_end_matches(' ').ends_with('`') { " " } else { "" };
    format!("{fence}{front}{text}{back}{fence}")
}

/// Reads the code span whose opening run of backticks starts at `from`: its text
/// and where it ends.
pub(super) fn read_span(chars: &[char], from: usize) -> Option<(String, usize)> {
    let ticks = run(chars, from);
    let start = from + ticks;
    let mut at = start;
    while at < chars.len() {
        let length = run(chars, at);
        if length == 0 {
            at += 1;
        } else if length == ticks && at > start {
            let inner: String = chars.get(start..at)?.iter().collect();
            return Some((decode(unpad(&inner)), at + length));
        } else {
            at += length;
        }
    }
    None
}

/// The number of backticks at `from`.
fn run(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).take_while(|c| **c == '`').count()
}

/// Takes away the one space that keeps a backtick from the edge.
fn unpad(inner: &str) -> &str {
    let mut out = inner;
    if out.trim_start_matches(' ').starts_with('`') {
        out = out.strip_prefix(' ').unwrap_or(out);
    }
    if out.trim_end_matches(' ').ends_with('`') {
        out = out.strip_suffix(' ').unwrap_or(out);
    }
    out
}
