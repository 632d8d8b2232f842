// SPDX-License-Identifier: AGPL-3.0-or-later
//! The indivisible things in a line: `<...>` forms, addresses and masked links.
//!
//! Rule: each reader gives `None` for what is not exactly its form; it is text then.

use bridge_model::{Leaf, Mention, Person, Place, Timestamp};
use percent_encoding::percent_decode_str;

use super::{DELIMITERS, Names, Role, code};

/// What stands between `<` and `>`.
pub(super) enum Angle {
    /// A mention, emoji or time.
    Leaf(Leaf),
    /// `<https://...>`
    Address(String),
}

/// `[label](address)`
pub(super) struct Masked {
    /// Where the label ends; it starts after the first bracket.
    pub(super) label_end: usize,
    /// The address.
    pub(super) address: String,
    /// The position after the link.
    pub(super) end: usize,
}

/// Reads the `<...>` form at `at` and says where it ends.
///
/// See <https://discord.com/developers/docs/reference#message-formatting>.
pub(super) fn angle(chars: &[char], at: usize, names: &Names) -> Option<(Angle, usize)> {
    let end = angle_end(chars, at)?;
    let inner: String = chars.get(at + 1..end - 1)?.iter().collect();
    if is_address(&inner) {
        return Some((Angle::Address(inner), end));
    }
    leaf(&inner, names).map(|leaf| (Angle::Leaf(leaf), end))
}

/// The position after the `<...>` form at `at`, if there is one.
pub(super) fn angle_end(chars: &[char], at: usize) -> Option<usize> {
    if chars.get(at) != Some(&'<') {
        return None;
    }
    // Only the name of a command has spaces in it.
    let command = chars.get(at + 1) == Some(&'/');
    let space = |c: char| c.is_whitespace() && !(command && c == ' ');
    let stops = |c: &char| matches!(c, '>' | '<' | '`') || space(*c);
    let length = chars.iter().skip(at + 1).position(stops)?;
    let end = at + 1 + length;
    if chars.get(end) != Some(&'>') {
        return None;
    }
    let inner: String = chars.get(at + 1..end)?.iter().collect();
    let good = is_address(&inner) || leaf(&inner, &Names::default()).is_some();
    good.then_some(end + 1)
}

fn leaf(inner: &str, names: &Names) -> Option<Leaf> {
    if let Some(id) = inner.strip_prefix("@&") {
        let Role { name, colour } = names.role(id);
        let role = Mention::Role { id: id.to_owned(), name, colour };
        return is_id(id).then_some(Leaf::Mention(role));
    }
    if let Some(id) = inner.strip_prefix("@!").or_else(|| inner.strip_prefix('@')) {
        let who = Person::new(crate::NETWORK, id);
        return is_id(id).then(|| Leaf::Mention(Mention::Person { who, name: names.user(id) }));
    }
    if let Some(id) = inner.strip_prefix('#') {
        let place = Place::new(crate::NETWORK, id);
        return is_id(id).then(|| Leaf::Mention(Mention::Chat { place, name: names.chat(id) }));
    }
    if let Some(rest) = inner.strip_prefix("t:") {
        return time(rest);
    }
    if let Some(command) = inner.strip_prefix('/') {
        let (name, id) = command.rsplit_once(':')?;
        let good = is_id(id) && (1..=100).contains(&name.chars().count());
        return good.then(|| Leaf::Text(format!("/{name}")));
    }
    if let Some(page) = inner.strip_prefix("id:") {
        // Linked roles are those of one application.
        let (page, of) = page.split_once(':').unwrap_or((page, "0"));
        let known = matches!(page, "browse" | "customize" | "guide" | "home" | "linked-roles");
        return (known && is_id(of)).then(|| Leaf::Text(format!("#{page}")));
    }
    if let Some(sound) = inner.strip_prefix("sound:") {
        let (server, sound) = sound.split_once(':')?;
        return (is_id(server) && is_id(sound)).then(|| Leaf::Text(SOUND.to_owned()));
    }
    emoji(inner)
}

/// Stands for a sound of a soundboard, of which only ids are written.
const SOUND: &str = "🔊";

fn time(rest: &str) -> Option<Leaf> {
    let (seconds, style) = rest.split_once(':').unwrap_or((rest, "f"));
    let mut letters = style.chars();
    let style = letters.next().and_then(shown_time_style)?;
    if letters.next().is_some() || seconds.starts_with('+') {
        return None;
    }
    let at = seconds.parse::<i64>().ok()?.checked_mul(1000)?;
    Some(Leaf::Time { at: Timestamp(at), style })
}

/// The letters that Discord knows.
pub(super) fn is_time_style(c: char) -> bool {
    shown_time_style(c).is_some()
}

/// The letter for the same moment that all networks know: `s` and `S` (since October 2025) are a
/// short date and a time, without and with seconds.
fn shown_time_style(c: char) -> Option<char> {
    match c {
        't' | 'T' | 'd' | 'D' | 'f' | 'F' | 'R' => Some(c),
        's' | 'S' => Some('f'),
        _ => None,
    }
}

fn emoji(inner: &str) -> Option<Leaf> {
    let (animated, rest) = match inner.strip_prefix("a:") {
        Some(rest) => (true, rest),
        None => (false, inner.strip_prefix(':')?),
    };
    let (name, id) = rest.split_once(':')?;
    (is_id(id) && is_emoji_name(name)).then(|| Leaf::Emoji {
        id: id.to_owned(),
        name: name.to_owned(),
        animated,
    })
}

/// A decimal snowflake.
pub(super) fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// A name that Discord gives to custom emoji.
pub(super) fn is_emoji_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// An address that Discord makes a link of.
pub(super) fn is_address(text: &str) -> bool {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).is_some_and(|rest| {
        !rest.is_empty()
            && !rest.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\\`".contains(c))
    })
}

/// There is an address in this label, so that Discord shows it as it is written.
pub(super) fn holds_address(label: &str) -> bool {
    label.contains("https://") || label.contains("http://")
}

/// Two spellings of one address: with percent signs or letters, with or without the last slash.
pub(super) fn is_same_address(one: &str, other: &str) -> bool {
    let spelled = |text: &str| {
        let text = text.trim_matches(DELIMITERS);
        let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
        text.strip_suffix('/').map_or_else(|| text.clone(), str::to_owned)
    };
    one == other || spelled(one) == spelled(other)
}

/// The end of the bare address at `at`: up to white space or a bracket, without
/// the punctuation that ends a sentence.
pub(super) fn bare_address(chars: &[char], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|i| chars.get(i));
    if chars.get(at) != Some(&'h') || before.is_some_and(|c| c.is_alphanumeric()) {
        return None;
    }
    let stop = |c: &char| c.is_whitespace() || c.is_control() || "<>\\`".contains(*c);
    let inside = chars.get(at..)?;
    let length = inside.iter().position(stop).unwrap_or(inside.len());
    // Where a masked link was not one, its label ends here.
    let label = inside.windows(2).position(|pair| pair == [']', '(']).unwrap_or(length);
    let mut end = at + length.min(label);
    while let Some(last) = end.checked_sub(1).and_then(|i| chars.get(i)) {
        let inside = chars.get(at..end).unwrap_or_default();
        let count = |sign: char| inside.iter().filter(|c| **c == sign).count();
        let loose = match last {
            '.' | ',' | ':' | ';' | '"' | '\'' | '!' | '?' | ']' => true,
            ')' => count(')') > count('('),
            _ => false,
        };
        if !loose || end <= at {
            break;
        }
        end -= 1;
    }
    let address: String = chars.get(at..end)?.iter().collect();
    is_address(&address).then_some(end)
}

/// Reads the masked link whose first bracket is at `at`.
pub(super) fn masked_link(chars: &[char], at: usize) -> Option<Masked> {
    let label_end = label_end(chars, at)?;
    if label_end == at + 1 || chars.get(label_end + 1) != Some(&'(') {
        return None;
    }
    let from = label_end + 2;
    let (address, end) = if chars.get(from) == Some(&'<') {
        let length = chars.iter().skip(from).position(|c| *c == '>')?;
        (chars.get(from + 1..from + length)?, from + length + 1)
    } else {
        let end = plain_target_end(chars, from)?;
        (chars.get(from..end)?, end)
    };
    let address: String = address.iter().collect();
    let end = title_end(chars, end).unwrap_or(end);
    let closed = chars.get(end) == Some(&')');
    let label: String = chars.get(at + 1..label_end)?.iter().collect();
    // Discord shows such a label with its brackets, so that it cannot lead elsewhere.
    let disguised = holds_address(&label) && !is_same_address(&label, &address);
    let good = closed && is_address(&address) && !disguised;
    good.then_some(Masked { label_end, address, end: end + 1 })
}

/// The end of a title in quotation marks, which is shown only under the pointer.
fn title_end(chars: &[char], at: usize) -> Option<usize> {
    let mark = chars.get(at + 1).filter(|c| QUOTATION_MARKS.contains(c))?;
    if chars.get(at) != Some(&' ') {
        return None;
    }
    let length = chars.iter().skip(at + 2).position(|c| c == mark || *c == '\n')?;
    let end = at + 2 + length;
    (chars.get(end) == Some(mark)).then_some(end + 1)
}

/// What stands around the title of a link.
const QUOTATION_MARKS: [char; 2] = ['"', '\''];

/// Brackets within each other in a link; what has more is none. Each of them may begin a link, so
/// looking for the ends of all would take time with the square of their number.
const DEEPEST: usize = 16;

fn plain_target_end(chars: &[char], from: usize) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in chars.iter().enumerate().skip(from) {
        match c {
            '(' if open == DEEPEST => return None,
            '(' => open += 1,
            ')' if open == 0 => return Some(at),
            ')' => open -= 1,
            ' ' if open == 0 && chars.get(at + 1).is_some_and(|c| QUOTATION_MARKS.contains(c)) => {
                return Some(at);
            }
            ' ' | '\n' => return None,
            _ => {}
        }
    }
    None
}

fn label_end(chars: &[char], at: usize) -> Option<usize> {
    if chars.get(at) != Some(&'[') {
        return None;
    }
    let mut open = 0_usize;
    let mut i = at + 1;
    while let Some(c) = chars.get(i) {
        let step = match c {
            '\\' => 2,
            '`' => code::read_span(chars, i).map_or(1, |(_, end)| end - i),
            '<' => angle_end(chars, i).map_or(1, |end| end - i),
            _ => 1,
        };
        match c {
            '[' if open == DEEPEST => return None,
            '[' => open += 1,
            ']' if open == 0 => return Some(i),
            ']' => open -= 1,
            _ => {}
        }
        i += step;
    }
    None
}
