// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration that `freeside init` writes: the example with the answers in it.
//!
//! Rule: what was not asked keeps the example's line with its explanation, so that the file documents
//! itself.

use std::collections::BTreeMap;

/// Every key with its explanation.
const EXAMPLE: &str = include_str!("../../config/freeside.example.toml");

/// What the example is filled with.
#[derive(Debug, Default)]
pub(super) struct Values {
    set: BTreeMap<(&'static str, &'static str), String>,
    without: Vec<&'static str>,
}

impl Values {
    /// Sets a key to a text.
    pub(super) fn text(&mut self, section: &'static str, key: &'static str, value: &str) {
        self.set.insert((section, key), quoted(value));
    }

    /// Sets a key to a list of texts.
    pub(super) fn list(&mut self, section: &'static str, key: &'static str, values: &[String]) {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        self.set.insert((section, key), format!("[{}]", values.join(", ")));
    }

    /// Leaves a section out, or a key of it (`section.key`).
    pub(super) fn leave_out(&mut self, name: &'static str) {
        self.without.push(name);
    }

    fn is_out(&self, section: &str, key: &str) -> bool {
        let whole = format!("{section}.{key}");
        self.without.iter().any(|name| *name == section || *name == whole)
    }

    /// The configuration.
    ///
    /// # Errors
    /// The keys that the example does not have.
    pub(super) fn fill(mut self) -> Result<String, String> {
        let mut text = String::with_capacity(EXAMPLE.len());
        let mut section = String::new();
        for line in EXAMPLE.lines() {
            let bare = line.strip_prefix('#').unwrap_or(line);
            let name = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let key = bare.split_once(" = ").map(|(key, _)| key);
            let is_key = |key: &&str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let written = if let Some(name) = name {
                name.clone_into(&mut section);
                let wanted = self.set.keys().any(|(of, _)| *of == section);
                match (self.is_out(&section, ""), wanted) {
                    (true, _) => format!("#{bare}"),
                    (false, true) => bare.to_owned(),
                    (false, false) => line.to_owned(),
                }
            } else if let Some(key) = key.filter(is_key) {
                let set = self.set.keys().find(|(of, known)| *of == section && *known == key);
                match set.copied().and_then(|it| self.set.remove(&it)) {
                    Some(value) => format!("{key} = {value}"),
                    None if self.is_out(&section, key) => format!("#{bare}"),
                    None => line.to_owned(),
                }
            } else {
                line.to_owned()
            };
            text.push_str(&written);
            text.push('\n');
        }
        if self.set.is_empty() {
            return Ok(text);
        }
        let left = self.set.keys().map(|(section, key)| format!("{section}.{key}"));
        Err(left.collect::<Vec<_>>().join(", "))
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    #[test]
    fn answers_take_the_place_of_the_examples_and_the_rest_stays() {
        let mut values = Values::default();
        values.text("homeserver", "server_name", "a \"b\" \\ c");
        values.text("media_proxy", "public_url", "https://m.example");
        values.text("media_proxy", "listen", "127.0.0.1:1");
        values.list("bot", "admins", &["@a:b".to_owned()]);
        values.leave_out("discord");
        values.leave_out("telegram.token_file");
        let text = values.fill().unwrap();
        let read = table(&text);
        assert_eq!(read["homeserver"]["server_name"].as_str(), Some("a \"b\" \\ c"));
        assert_eq!(read["homeserver"]["url"].as_str(), Some("http://127.0.0.1:8008"));
        assert_eq!(read["media_proxy"]["listen"].as_str(), Some("127.0.0.1:1"));
        assert_eq!(read["bot"]["admins"][0].as_str(), Some("@a:b"));
        assert!(!read.contains_key("discord"));
        assert!(read["telegram"].as_table().unwrap().is_empty());
        let comments = |text: &str| text.lines().filter(|line| line.starts_with("# ")).count();
        assert_eq!(comments(&text), comments(EXAMPLE), "every explanation stays");
    }

    #[test]
    fn a_key_that_the_example_does_not_have_is_named() {
        let mut values = Values::default();
        values.text("bot", "colour", "red");
        assert_eq!(values.fill().unwrap_err(), "bot.colour");
        let untouched = Values::default().fill().unwrap();
        assert_eq!(untouched, EXAMPLE);
    }
}
