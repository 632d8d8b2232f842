// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of people, rooms and files that strangers chose.
//!
//! Rule: a name is data. It is cleaned here and escaped where it is written.

/// Longest name that is shown, in characters.
const LONGEST: usize = 128;

/// Makes a name fit for one line: control characters and direction marks that reach beyond
/// the name are taken out, white space becomes single spaces, the length is bounded.
/// `None` when nothing is left.
pub fn clean(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut length = 0;
    for word in name.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut word = word.chars().filter(|c| !reaches_out(*c)).peekable();
        if word.peek().is_none() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        for c in word.take(LONGEST.saturating_sub(length)) {
            out.push(c);
            length += 1;
        }
        if length >= LONGEST {
            break;
        }
    }
    let out = out.trim_end();
    if out.is_empty() { None } else { Some(out.to_owned()) }
}

/// The display name of `mxid`, or what stands in for it: never empty.
pub fn shown(display_name: Option<&str>, mxid: &str) -> String {
    display_name
        .and_then(clean)
        .or_else(|| clean(localpart(mxid)))
        .or_else(|| clean(mxid))
        .unwrap_or_else(|| "?".to_owned())
}

/// The part of a Matrix user id between `@` and `:`.
fn localpart(mxid: &str) -> &str {
    let bare = mxid.strip_prefix('@').unwrap_or(mxid);
    bare.split_once(':').map_or(bare, |(local, _)| local)
}

/// Embeddings and overrides change the direction of what follows the name; isolates are
/// what we put around it ourselves. Zero-width joiners stay: emoji and scripts need them.
fn reaches_out(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_control_characters() {
        assert_eq!(clean(" Ann\n\u{202e}Lee \u{0} ").as_deref(), Some("Ann Lee"));
        assert_eq!(clean("\u{202e}\n"), None);
    }

    #[test]
    fn a_name_is_bounded() {
        assert_eq!(clean(&"x".repeat(1000)).map(|n| n.chars().count()), Some(LONGEST));
    }

    #[test]
    fn a_person_without_a_name_is_called_by_the_localpart() {
        assert_eq!(shown(None, "@ann:example.org"), "ann");
        assert_eq!(shown(Some("  "), "@ann:example.org"), "ann");
        assert_eq!(shown(Some(""), "@:example.org"), "@:example.org");
        assert_eq!(shown(Some("Ann"), "@ann:example.org"), "Ann");
    }
}
