// SPDX-License-Identifier: AGPL-3.0-or-later
//! Brings the text of an older configuration up to date.
//!
//! Rule: functions from text to text. Comments and the order of lines stay, and what is taken out stands
//! there as a comment.

/// A configuration that was brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The new text.
    pub text: String,
    /// What was changed, a line each.
    pub changes: Vec<String>,
}

/// A key that older versions knew: section, key, and the key that it is now, if there is one.
struct Old {
    section: &'static str,
    key: &'static str,
    now: Option<(&'static str, &'static str)>,
}

const OLD: [Old; 3] = [
    Old {
        section: "appservice",
        key: "public_media_url",
        now: Some(("media_proxy", "public_url")),
    },
    Old { section: "appservice", key: "public_media_listen", now: Some(("media_proxy", "listen")) },
    // It paused all listening; `most_waiting` counts otherwise, so that its default is right.
    Old { section: "lanes", key: "high_water", now: None },
];

/// What a section needs that its older form did not.
const NEEDED: [(&str, &str, &str); 1] = [("media_proxy", "listen", "\"127.0.0.1:29331\"")];

/// The configuration as this version reads it; `None` for one that has nothing to change.
pub fn upgrade(text: &str) -> Option<Upgraded> {
    let mut section = String::new();
    let mut changes = Vec::new();
    let mut moved: Vec<(&'static str, &'static str, String)> = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(name) = header(line) {
            name.clone_into(&mut section);
        }
        let is = |old: &&Old| section == old.section && key(line) == Some(old.key);
        let Some(old) = OLD.iter().find(is) else {
            lines.push(line.to_owned());
            continue;
        };
        lines.push(format!("#{line}"));
        let from = format!("{}.{}", old.section, old.key);
        match old.now {
            Some((section, key)) => {
                moved.push((section, key, value(line).to_owned()));
                changes.push(format!("{from} is {section}.{key} now"));
            }
            None => changes.push(format!("{from} is gone")),
        }
    }
    if changes.is_empty() {
        return None;
    }
    let mut sections: Vec<&str> = moved.iter().map(|(section, ..)| *section).collect();
    sections.dedup();
    for section in sections {
        // One that is there was written for this version; the old keys are of no more use.
        if lines.iter().any(|line| header(line) == Some(section)) {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("[{section}]"));
        let own: Vec<_> = moved.iter().filter(|(of, ..)| *of == section).collect();
        lines.extend(own.iter().map(|(_, key, value)| format!("{key} = {value}")));
        let lacks = |key: &str| !own.iter().any(|(_, known, _)| *known == key);
        let needed = NEEDED.iter().filter(|(of, key, _)| *of == section && lacks(key));
        lines.extend(needed.map(|(_, key, value)| format!("{key} = {value}")));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    Some(Upgraded { text, changes })
}

fn header(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?;
    name.split_once(']').map(|(name, _)| name.trim())
}

fn key(line: &str) -> Option<&str> {
    line.split_once('=').map(|(key, _)| key.trim())
}

fn value(line: &str) -> &str {
    line.split_once('=').map_or("", |(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_have_moved_are_moved_and_everything_else_stays() {
        let old = "# mine\n[appservice]\nlisten = \"127.0.0.1:1\"\n\
                   public_media_url = \"https://m.example\" # by nginx\n\
                   public_media_listen = \"127.0.0.1:2\"\n\n[lanes]\nhigh_water = 10\n# end\n";
        let new = upgrade(old).unwrap();
        assert_eq!(
            new.text,
            "# mine\n[appservice]\nlisten = \"127.0.0.1:1\"\n\
             #public_media_url = \"https://m.example\" # by nginx\n\
             #public_media_listen = \"127.0.0.1:2\"\n\n[lanes]\n#high_water = 10\n# end\n\n\
             [media_proxy]\npublic_url = \"https://m.example\" # by nginx\nlisten = \"127.0.0.1:2\"\n"
        );
        assert_eq!(new.changes.len(), 3);
        assert_eq!(upgrade(&new.text), None, "the second time nothing is left to do");
    }

    #[test]
    fn what_a_new_section_needs_besides_is_written() {
        let new = upgrade("[appservice]\npublic_media_url = \"https://m.example\"\n").unwrap();
        assert!(new.text.ends_with("listen = \"127.0.0.1:29331\"\n"), "{}", new.text);
    }

    #[test]
    fn a_section_that_is_there_is_left_as_it_is() {
        let old =
            "[media_proxy]\nlisten = \"127.0.0.1:2\"\n[appservice]\npublic_media_url = \"x\"\n";
        let new = upgrade(old).unwrap();
        assert_eq!(new.text.matches("[media_proxy]").count(), 1);
        assert!(upgrade(include_str!("../freeside.example.toml")).is_none());
    }
}
