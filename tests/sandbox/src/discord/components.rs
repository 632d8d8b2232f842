// SPDX-License-Identifier: AGPL-3.0-or-later
//! Buttons below messages: what Discord takes, and what it makes of it.
//!
//! Rule: at most five rows of five buttons; a `custom_id` has 1 to 100 characters and stands once in
//! a message; see "Component Reference".

use serde_json::{Value, json};

use super::refusal::{Refusal, invalid};
use super::slash::{list, number, text};

const ROW: u64 = 1;
const BUTTON: u64 = 2;
const LINK: u64 = 5;
/// Where a row holds its buttons.
const INSIDE: &str = "components";

/// The components of a message as they are kept, each with an id.
pub(crate) fn checked(rows: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    if rows.len() > 5 {
        let why = "Must be between 1 and 5 in length.";
        return Err(invalid("components", "BASE_TYPE_BAD_LENGTH", why));
    }
    let mut known = Vec::new();
    let mut ids = 0_u64;
    let mut kept = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let path = format!("components[{at}].components");
        let buttons = list(row, INSIDE);
        if number(row, "type") != ROW || buttons.is_empty() || buttons.len() > 5 {
            return Err(invalid(
                &path,
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            ));
        }
        ids += 1;
        let row_id = ids;
        let mut inside = Vec::new();
        for (n, button) in buttons.iter().enumerate() {
            check(button, &format!("{path}[{n}]"), &mut known)?;
            ids += 1;
            let mut button = button.clone();
            if let Some(fields) = button.as_object_mut() {
                fields.insert("id".into(), ids.into());
            }
            inside.push(button);
        }
        kept.push(json!({"type": ROW, "id": row_id, "components": inside}));
    }
    Ok(kept)
}

fn check(button: &Value, path: &str, known: &mut Vec<String>) -> Result<(), Refusal> {
    if number(button, "type") != BUTTON {
        let why = "The specified component type is invalid in this context.";
        return Err(invalid(path, "COMPONENT_TYPE_INVALID", why));
    }
    if text(button, "label").chars().count() > 80 {
        let why = "Must be 80 or fewer in length.";
        return Err(invalid(&format!("{path}.label"), "BASE_TYPE_MAX_LENGTH", why));
    }
    if number(button, "style") == LINK {
        let url = text(button, "url");
        if !["http://", "https://", "discord://"].iter().any(|scheme| url.starts_with(scheme)) {
            let why = "Scheme must be one of ('discord', 'http', 'https').";
            return Err(invalid(&format!("{path}.url"), "URL_TYPE_INVALID_SCHEME", why));
        }
        return Ok(());
    }
    let id = text(button, "custom_id").to_owned();
    if !(1..=100).contains(&id.chars().count()) {
        let why = "Must be between 1 and 100 in length.";
        return Err(invalid(&format!("{path}.custom_id"), "BASE_TYPE_BAD_LENGTH", why));
    }
    if known.contains(&id) {
        let why = "Component custom id cannot be duplicated";
        return Err(invalid(&format!("{path}.custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", why));
    }
    known.push(id);
    Ok(())
}

/// The buttons with their labels, in order.
pub(crate) fn buttons(rows: &[Value]) -> Vec<(String, Value)> {
    let all = rows.iter().flat_map(|row| list(row, INSIDE));
    all.map(|button| (text(button, "label").to_owned(), button.clone())).collect()
}
