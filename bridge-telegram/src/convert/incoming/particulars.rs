// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words, names and numbers that stand in a service message,
//! <https://core.telegram.org/bots/api#message>.
//!
//! Rule: people wrote them, so they cross also where nothing else is known of what happened. Signs
//! stand for the sentence, because a converter knows no language; the note says the rest.

use bridge_model::{Block, RichText, Span};
use serde_json::Value;

use super::field::{count, list, object, text};
use super::{author, lists};
use crate::convert::entities::from_wire;

/// The tasks that were added to a checklist.
pub(super) fn tasks(field: &Value) -> Option<RichText> {
    let items: Vec<_> = list(field, "tasks").iter().map(lists::task).collect();
    let tasks = RichText(vec![Block::List { start: None, items }]).normalise();
    (!tasks.is_empty()).then_some(tasks)
}

/// An answer of a poll.
pub(super) fn option(sign: &str, field: &Value) -> Option<RichText> {
    let mut option = from_wire(text(field, "option_text")?, list(field, "option_text_entities"));
    option.prepend(vec![Span::text(format!("{sign} "))]);
    Some(option)
}

/// The people in these fields, each a user or a list of users.
pub(super) fn people(sign: &str, field: &Value, keys: &[&str]) -> Option<RichText> {
    let users = keys.iter().filter_map(|key| field.get(*key)).flat_map(|value| match value {
        Value::Array(users) => users.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    });
    let names: Vec<String> = users.filter_map(author::of_user).map(|it| it.name).collect();
    let line = format!("{sign} {}", names.join(", "));
    (!names.is_empty()).then(|| RichText::plain_text(&line))
}

/// Who came near whom.
pub(super) fn meeting(field: &Value) -> Option<RichText> {
    let name = |key| object(field, key).and_then(author::of_user).map(|it| it.name);
    let metres = count(field, "distance").map_or_else(String::new, |it| format!(" ({it} m)"));
    let line = format!("📍 {} – {}{metres}", name("traveler")?, name("watcher")?);
    Some(RichText::plain_text(&line))
}

/// A number.
pub(super) fn number(sign: &str, field: &Value, key: &str) -> Option<RichText> {
    Some(RichText::plain_text(&format!("{sign} {}", count(field, key)?)))
}

/// What somebody wrote.
pub(super) fn words(field: &Value, key: &str) -> Option<RichText> {
    Some(RichText::plain_text(text(field, key)?))
}
