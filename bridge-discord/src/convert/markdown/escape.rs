// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writes literal characters so that Discord shows just these.
//!
//! Rule: whoever adds markup to the parser adds its escape here.

use super::BREAKER;

/// Appends `text` to `out`, escaped. `out` holds the block so far, so that its last
/// line says whether a mark at the start of a line must be escaped. In a `heading`
/// every number sign is.
pub(super) fn push(out: &mut String, text: &str, heading: bool) {
    let mut line_start =
        out.rsplit('\n').next().is_some_and(|line| line.trim_matches(' ').is_empty());
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        if line_start && c != ' ' {
            line_start = false;
            if let Some(length) = number_mark(rest) {
                // The full stop is met again below; only remember where it is.
                out.push_str(rest.get(..length).unwrap_or_default());
                out.push_str("\\.");
                return push(out, rest.get(length + 1..).unwrap_or_default(), heading);
            }
            if matches!(c, '-' | '+' | '>') || (c == '#' && !heading) {
                out.push('\\');
            }
        }
        match c {
            '\\' | '*' | '_' | '~' | '|' | '`' | '<' | '[' | ']' => out.push('\\'),
            '#' if heading => out.push('\\'),
            ':' if rest.starts_with("://") && (out.ends_with("http") || out.ends_with("https")) => {
                out.push('\\');
            }
            ':' if is_shortcode(rest) => out.push('\\'),
            _ => {}
        }
        out.push(c);
        if c == '@' && addresses_all(rest.get(1..).unwrap_or_default()) {
            out.push(BREAKER);
        }
    }
}

/// The digits of a list mark such as `12.`.
fn number_mark(rest: &str) -> Option<usize> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let marked = rest.get(digits..)?.starts_with('.');
    (digits > 0 && marked).then_some(digits)
}

/// What Discord may draw as an emoji: `:name:`.
pub(super) fn is_shortcode(rest: &str) -> bool {
    let name = rest.strip_prefix(':').and_then(|rest| rest.split_once(':'));
    name.is_some_and(|(name, _)| {
        (1..=48).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    })
}

fn addresses_all(rest: &str) -> bool {
    let word = rest.trim_start_matches(BREAKER);
    word.starts_with("everyone") || word.starts_with("here")
}
