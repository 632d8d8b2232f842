// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of people, rooms and files that strangers chose.
//!
//! Rule: a name is data. It is cleaned here and escaped where it is written.

use bridge_model::name;

/// Longest reason for hiding something, in characters. It stands on each piece of what is hidden.
pub const LONGEST_REASON: usize = 100;

/// Makes a name of a person fit for one line, see [`name::clean`]; `None` when nothing is left
/// that a reader sees.
pub fn clean(name: &str) -> Option<String> {
    name::clean(name, name::LONGEST)
}

/// Does the same for the name of a file, a description or a place, whole: an ending stands last,
/// and the event bounds how long they are.
pub fn line(words: &str) -> Option<String> {
    name::clean(words, usize::MAX)
}

/// Why something is hidden; what is too long ends with `…`.
pub fn short_reason(words: &str) -> String {
    if words.chars().count() <= LONGEST_REASON {
        return words.to_owned();
    }
    let start: String = words.chars().take(LONGEST_REASON.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_control_characters() {
        assert_eq!(clean(" Ann\n\u{202e}Lee \u{0} ").as_deref(), Some("Ann Lee"));
        assert_eq!(clean("\u{202e}\n"), None);
        for blank in ["\u{3164}\u{115f}\u{2800}", "\u{ad}\u{34f}", "\u{2800}\u{2800}"] {
            assert_eq!(shown(Some(blank), "@evil:example.org"), "evil");
        }
    }

    #[test]
    fn a_name_is_bounded() {
        assert_eq!(clean(&"x".repeat(1000)).map(|n| n.chars().count()), Some(name::LONGEST));
    }

    #[test]
    fn a_file_keeps_its_whole_name_and_a_reason_is_cut_with_a_sign() {
        let long = format!("{}.pdf", "x".repeat(300));
        assert_eq!(line(&long), Some(long));
        assert_eq!(line("a\r\n\u{202e}b.pdf").as_deref(), Some("a b.pdf"));
        assert_eq!(short_reason("ä"), "ä");
        let cut = short_reason(&"ä".repeat(101));
        assert!(cut.ends_with('…') && cut.chars().count() == LONGEST_REASON);
    }

    #[test]
    fn a_person_without_a_name_is_called_by_the_localpart() {
        assert_eq!(shown(None, "@ann:example.org"), "ann");
        assert_eq!(shown(Some("  "), "@ann:example.org"), "ann");
        assert_eq!(shown(Some(""), "@:example.org"), "@:example.org");
        assert_eq!(shown(Some("Ann"), "@ann:example.org"), "Ann");
    }
}
