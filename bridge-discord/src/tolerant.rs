// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads Discord's JSON so that what cannot be read costs itself and nothing around it.
//!
//! Rule: a value that is nested too deeply, a number that no type holds and an object that is
//! broken become `null`; half of a surrogate pair becomes U+FFFD.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Levels that are read one by one; what is unreadable below them is `null`.
const LEVELS: usize = 24;

/// A document, and whether parts of it are missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// What could be read.
    pub(crate) value: Value,
    /// Something could not.
    pub(crate) damaged: bool,
}

/// Reads a document; `None` when it is not JSON at all.
pub(crate) fn read(bytes: &[u8]) -> Option<Document> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(Document { value, damaged: false }),
        Err(_) => {
            let raw: &RawValue = serde_json::from_slice(bytes).ok()?;
            Some(Document { value: parts(raw, LEVELS), damaged: true })
        }
    }
}

/// Reads a part of a document.
pub(crate) fn read_raw(raw: &RawValue) -> Document {
    match serde_json::from_str(raw.get()) {
        Ok(value) => Document { value, damaged: false },
        Err(_) => Document { value: parts(raw, LEVELS), damaged: true },
    }
}

fn parts(raw: &RawValue, levels: usize) -> Value {
    if let Ok(value) = serde_json::from_str(raw.get()) {
        return value;
    }
    let Some(levels) = levels.checked_sub(1) else { return Value::Null };
    let text = raw.get();
    if text.starts_with('{') {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
        let read = |(name, field): (String, &RawValue)| (name, parts(field, levels));
        return Value::Object(fields.into_iter().map(read).collect());
    }
    if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
        return Value::Array(items.into_iter().map(|item| parts(item, levels)).collect());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_bytes(Lossy).map_or(Value::Null, Value::String)
}

/// Takes the bytes of a string, in which serde_json leaves half surrogate pairs as they are.
struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn damaged(text: &str) -> Value {
        let document = read(text.as_bytes()).unwrap();
        assert!(document.damaged, "{text}");
        document.value
    }

    #[test]
    fn a_whole_document_is_read_as_it_is() {
        let whole = read(br#"{"a": [1, "x"]}"#).unwrap();
        assert_eq!(whole, Document { value: json!({"a": [1, "x"]}), damaged: false });
    }

    #[test]
    fn a_value_that_is_too_deep_costs_only_itself() {
        let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
        let read = damaged(&format!(r#"{{"id": "7", "embeds": {deep}, "content": "words"}}"#));
        assert_eq!((&read["id"], &read["content"]), (&json!("7"), &json!("words")));
    }

    #[test]
    fn a_number_that_no_type_holds_is_null() {
        let digits = "9".repeat(400);
        let read =
            damaged(&format!(r#"[{{"id": "1", "n": 1e999}}, {{"id": "2", "m": {digits}}}]"#));
        assert_eq!(read[0], json!({"id": "1", "n": null}));
        assert_eq!(read[1]["id"], "2");
    }

    #[test]
    fn half_a_surrogate_pair_is_one_lost_character() {
        let read = damaged(r#"{"content": "a\ud800b", "id": "1"}"#);
        let content = read["content"].as_str().unwrap();
        assert!(content.starts_with('a') && content.ends_with('b'), "{content}");
        assert!(content.contains('\u{fffd}'), "{content}");
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in ["", "<html>", "{", "\u{1}"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
