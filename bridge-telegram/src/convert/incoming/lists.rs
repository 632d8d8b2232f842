// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checklists and other lists, <https://core.telegram.org/bots/api#checklist>.
//!
//! Rule: no side has boxes to tick in lists, so a box is a character before the words.

use bridge_model::{Block, ListItem, RichText, Span};
use serde_json::Value;

use super::field::{int, list, object, text};
use crate::convert::entities::from_wire;

const TICKED: &str = "☑ ";
const OPEN: &str = "☐ ";

/// The title in bold, then one item for each task.
pub(super) fn checklist(value: &Value) -> Option<RichText> {
    let mut title = from_wire(text(value, "title")?, list(value, "title_entities"));
    for block in &mut title.0 {
        if let Block::Paragraph(spans) = block {
            spans.iter_mut().for_each(|span| span.style.bold = true);
        }
    }
    let items = list(value, "tasks").iter().map(task).collect();
    title.0.push(Block::List { start: None, items });
    Some(title.normalise())
}

/// One task with its box.
pub(super) fn task(value: &Value) -> ListItem {
    let done = int(value, "completion_date").is_some_and(|date| date > 0)
        || object(value, "completed_by_user").is_some()
        || object(value, "completed_by_chat").is_some();
    task_with(value, done)
}

/// One task with a box that somebody else knows of.
pub(super) fn task_with(value: &Value, done: bool) -> ListItem {
    let words = text(value, "text").unwrap_or_default();
    let mut words = from_wire(words, list(value, "text_entities"));
    words.prepend(vec![tick(done)]);
    ListItem(words.0)
}

/// The box of a task.
pub(super) fn tick(done: bool) -> Span {
    Span::text(if done { TICKED } else { OPEN })
}

/// A list of short lines.
pub(super) fn bullets(lines: Vec<Vec<Span>>) -> Block {
    let item = |line| ListItem(vec![Block::Paragraph(line)]);
    Block::List { start: None, items: lines.into_iter().map(item).collect() }
}
