// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of people on Matrix, and the user id that stands in for one that shows nothing.
//!
//! Rule: a name is data. It is cleaned here and escaped where it is written.

use bridge_model::name;

/// A name as one line ([`name::clean`]); `None` when a reader would see nothing.
pub fn clean(name: &str) -> Option<String> {
    name::clean(name, name::LONGEST)
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
    }

    #[test]
    fn a_person_without_a_name_is_called_by_the_localpart() {
        assert_eq!(shown(None, "@ann:example.org"), "ann");
        assert_eq!(shown(Some("  "), "@ann:example.org"), "ann");
        assert_eq!(shown(Some(""), "@:example.org"), "@:example.org");
        assert_eq!(shown(Some("Ann"), "@ann:example.org"), "Ann");
        assert_eq!(shown(Some("\u{3164}\u{ad}"), "@ann:example.org"), "ann");
    }
}
