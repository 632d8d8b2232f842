// SPDX-License-Identifier: AGPL-3.0-or-later
//! The command that a form stands for.
//!
//! Rule: a field is one word, or words in quotation marks; it cannot become an option, or the end of one.

use super::Fields;

/// Letters of a command at most.
const LONGEST: usize = 1000;

/// The command, without prefix; `None` where the form stands for none.
pub(super) fn of(fields: &Fields) -> Option<String> {
    let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let word = |name: &str| first_word(field(name));
    let decision = match word("decision").as_str() {
        "" => String::new(),
        address => format!(" --decision {address}"),
    };
    let command = match field("do") {
        "next" => format!("stage next{decision}"),
        "back" => format!("stage back{decision}"),
        "schedule" => format!("stage schedule {}{decision}", word("day")),
        "hold" => "stage hold".to_owned(),
        "approve" => "stage approve".to_owned(),
        "again" => "stage retry".to_owned(),
        "set" => format!("set {} {}", word("name"), plain(field("value"))),
        "except" => format!(
            "exception add {} --reason {} --candidate {} --owner {} --review {}{}",
            quoted(field("service")),
            quoted(field("reason")),
            quoted(field("candidate")),
            quoted(field("owner")),
            word("review"),
            option("tracker", &word("tracker")),
        ),
        "close" => format!("exception close {}", word("number")),
        "host" => {
            let named = option("name", &quoted(field("called")));
            let evidence = option("evidence", &word("evidence"));
            format!("services {} {}{evidence}{named}", word("host"), word("kind"))
        }
        "forget" => format!("services {} forget", word("host")),
        "follow" => format!("policy add {}", word("list")),
        "unfollow" => format!("policy remove {}", word("list")),
        "selftest" => "selftest".to_owned(),
        "lane" => format!("lanes {} {}", word("verb"), word("network")),
        _ => return None,
    };
    (command.chars().count() <= LONGEST).then_some(command)
}

fn option(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" --{name} {value}") }
}

/// One line, without what a phone would make a dash of an option of.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first word, which is no option.
fn first_word(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let bare = first.trim_start_matches(['-', '\u{2013}', '\u{2014}']);
    bare.chars().filter(|letter| !is_mark(*letter)).collect()
}

/// Words in quotation marks, or nothing.
fn quoted(text: &str) -> String {
    let inside: String = plain(text).chars().filter(|letter| !is_mark(*letter)).collect();
    if inside.is_empty() { inside } else { format!("\u{201C}{inside}\u{201D}") }
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '"' | '\u{201C}'..='\u{201F}' | '«' | '»' | '「' | '」' | '『' | '』')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_the_command_that_somebody_would_type() {
        for (pairs, command) in [
            (
                &[("do", "next"), ("decision", " https://a.example/d ")][..],
                "stage next --decision https://a.example/d",
            ),
            (&[("do", "back")], "stage back"),
            (
                &[("do", "set"), ("name", "silent"), ("value", "members,  pins")],
                "set silent members, pins",
            ),
            (&[("do", "lane"), ("verb", "skip"), ("network", "telegram")], "lanes skip telegram"),
            (&[("do", "close"), ("number", "3")], "exception close 3"),
        ] {
            assert_eq!(of(&form(pairs)).as_deref(), Some(command));
        }
        assert_eq!(of(&form(&[("do", "unlink")])), None);
        assert_eq!(of(&form(&[])), None);
    }

    #[test]
    fn a_field_stays_one_value() {
        let hostile = "x” --owner “me\" --review 2030-01-01\nnext";
        let fields = form(&[
            ("do", "except"),
            ("service", "Zoom"),
            ("reason", hostile),
            ("review", "--owner"),
        ]);
        let command = of(&fields).unwrap();
        assert!(
            command.contains("--reason “x --owner me --review 2030-01-01 next” --candidate"),
            "{command}"
        );
        assert!(command.ends_with("--review owner"), "{command}");
        assert_eq!(of(&form(&[("do", "set"), ("name", "a"), ("value", &"x".repeat(2000))])), None);
    }
}
