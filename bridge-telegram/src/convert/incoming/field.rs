// SPDX-License-Identifier: AGPL-3.0-or-later
//! Fields of the Bot API's objects.
//!
//! Rule: a field of the wrong type is a field that is not there. So nothing that is new, odd or
//! broken in one field takes another one with it.

use serde_json::Value;

/// A string that is not empty.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A whole number.
pub(super) fn int(value: &Value, key: &str) -> Option<i64> {
    value.get(key).and_then(Value::as_i64)
}

/// A whole number that is not negative.
pub(super) fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

/// A side of a picture, a number of votes: what fits into 32 bits.
pub(super) fn small(value: &Value, key: &str) -> Option<u32> {
    count(value, key).and_then(|number| u32::try_from(number).ok())
}

/// Yes; absent means no.
pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// An array; empty when there is none.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An object.
pub(super) fn object<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|it| it.is_object())
}
