// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words, names and numbers that stand in a service message,
//! <https://core.telegram.org/bots/api#message>.
//!
//! Rule: people wrote them, so they cross also where nothing else is known of what happened. Signs
//! stand for the sentence, because a converter knows no language; the note says the rest.

use bridge_model::{Block, RichText, Service, Span};
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

/// The tasks of a checklist that were ticked, and those whose ticks were taken away.
pub(super) fn ticks(field: &Value) -> Option<RichText> {
    let all = list(object(object(field, "checklist_message")?, "checklist")?, "tasks");
    let marked =
        |key: &str, task: &Value| list(field, key).iter().any(|id| task.get("id") == Some(id));
    let item = |task: &Value| {
        let done = marked("marked_as_done_task_ids", task);
        let changed = done || marked("marked_as_not_done_task_ids", task);
        changed.then(|| lists::task_with(task, done))
    };
    let tasks =
        RichText(vec![Block::List { start: None, items: all.iter().filter_map(item).collect() }]);
    Some(tasks.normalise()).filter(|tasks| !tasks.is_empty())
}

/// An answer of a poll.
pub(super) fn option(sign: &str, field: &Value) -> Option<RichText> {
    let mut option = from_wire(text(field, "option_text")?, list(field, "option_text_entities"));
    option.prepend(vec![Span::text(format!("{sign} "))]);
    Some(option)
}

/// The people in these fields, each a user or a list of users.
pub(super) fn people(sign: &str, field: &Value, keys: &[&str]) -> Option<Service> {
    let users = keys.iter().filter_map(|key| field.get(*key)).flat_map(|value| match value {
        Value::Array(users) => users.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    });
    let names: Vec<String> = users.filter_map(author::of_user).map(|it| it.name).collect();
    let named = !names.is_empty();
    named.then(|| Service::About { sign: sign.to_owned(), names, metres: None })
}

/// Who came near whom.
pub(super) fn meeting(field: &Value) -> Option<Service> {
    let name = |key| object(field, key).and_then(author::of_user).map(|it| it.name);
    let names = vec![name("traveler")?, name("watcher")?];
    Some(Service::About { sign: "📍".to_owned(), names, metres: count(field, "distance") })
}

/// A number.
pub(super) fn number(sign: &str, field: &Value, key: &str) -> Option<RichText> {
    Some(RichText::plain_text(&format!("{sign} {}", count(field, key)?)))
}

/// What somebody wrote.
pub(super) fn words(field: &Value, key: &str) -> Option<RichText> {
    Some(RichText::plain_text(text(field, key)?))
}
