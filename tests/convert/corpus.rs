// SPDX-License-Identifier: AGPL-3.0-or-later
//! The lines of `hostile.jsonl`, which holds what somebody who means harm would send.
//!
//! Rule: what repeats itself is written short. The text `{"join": ["a", [3, "b"]]}` is `abbb`, and
//! `{"times": 3, "of": x}` stands for three elements of a list.

use anyhow::Context;
use serde_json::Value;

const FILE: &str = include_str!("hostile.jsonl");

/// Every line, with its repetitions written out.
///
/// # Errors
/// When a line is no JSON.
pub fn lines() -> anyhow::Result<Vec<Value>> {
    let read = |(number, line): (usize, &str)| {
        let line = serde_json::from_str(line);
        line.map(written_out).with_context(|| format!("line {} of hostile.jsonl", number + 1))
    };
    FILE.lines().enumerate().map(read).collect()
}

fn written_out(value: Value) -> Value {
    if let Some(text) = value.get("join").and_then(Value::as_array) {
        return text.iter().map(piece).collect::<String>().into();
    }
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, written_out(value))).collect()
        }
        Value::Array(items) => items.into_iter().flat_map(elements).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

/// A piece of a text: words, or `[how often, words]`.
fn piece(piece: &Value) -> String {
    let (times, words) = match piece.as_array().map(Vec::as_slice) {
        Some([times, words]) => (number(times), words),
        Some(_) | None => (1, piece),
    };
    words.as_str().unwrap_or_default().repeat(times)
}

/// An element of a list, or the elements that it stands for.
fn elements(item: Value) -> Vec<Value> {
    match (item.get("times").map(number), item.get("of").cloned()) {
        (Some(times), Some(of)) => vec![written_out(of); times],
        (Some(_) | None, None) | (None, Some(_)) => vec![written_out(item)],
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|times| usize::try_from(times).ok()).unwrap_or_default()
}
