// SPDX-License-Identifier: AGPL-3.0-or-later
//! Fields of JSON objects.
//!
//! Rule: a field of the wrong type is a field that is not there.

use serde_json::Value;

/// A snowflake: decimal digits in a string.
pub fn id<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    text(value, key).filter(|id| id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit()))
}

/// A string that is not empty.
pub fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An array; empty when there is none.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A whole number that is not negative; 0 when there is none.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A whole number that fits a smaller type.
pub(super) fn small(value: &Value, key: &str) -> Option<u32> {
    value.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok())
}

/// A truth value; `false` when there is none.
pub(super) fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}
