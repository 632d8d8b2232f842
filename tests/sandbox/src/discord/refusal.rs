// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the platform says no.
//!
//! Rule: status, code and text are those of Discord's "JSON Error Codes"; a client
//! decides by the code, so a wrong code here hides a wrong decision there.

use serde_json::{Value, json};

/// A request that is turned down.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u64,
    pub(crate) message: String,
    pub(crate) errors: Option<Value>,
}

/// What a route gives back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 200 with a body.
    Json(Value),
    /// 201 with a body.
    Created(Value),
    /// 204.
    Empty,
}

pub(crate) type Outcome = Result<Answer, Refusal>;

impl Refusal {
    pub(crate) fn new(status: u16, code: u64, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: None }
    }

    /// The JSON body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if let (Some(errors), Some(map)) = (&self.errors, body.as_object_mut()) {
            map.insert("errors".into(), errors.clone());
        }
        body
    }
}

/// 50035 with one nested error; `path` is dotted: `embeds.0.title`.
pub(crate) fn invalid(path: &str, code: &str, message: impl Into<String>) -> Refusal {
    let leaf = json!({"_errors": [{"code": code, "message": message.into()}]});
    let errors = path.rsplit('.').filter(|step| !step.is_empty()).fold(leaf, |inner, step| {
        let mut map = serde_json::Map::new();
        map.insert(step.into(), inner);
        Value::Object(map)
    });
    Refusal { errors: Some(errors), ..Refusal::new(400, 50035, "Invalid Form Body") }
}

/// 50035 for a text that is too long, counted in characters.
pub(crate) fn too_long(path: &str, max: usize) -> Refusal {
    invalid(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."))
}

/// 50035 for a field that must be there.
pub(crate) fn required(path: &str) -> Refusal {
    invalid(path, "BASE_TYPE_REQUIRED", "This field is required")
}

pub(crate) fn unauthorized() -> Refusal {
    Refusal::new(401, 0, "401: Unauthorized")
}
pub(crate) fn not_found() -> Refusal {
    Refusal::new(404, 0, "404: Not Found")
}
pub(crate) fn method_not_allowed() -> Refusal {
    Refusal::new(405, 0, "405: Method Not Allowed")
}
pub(crate) fn missing_access() -> Refusal {
    Refusal::new(403, 50001, "Missing Access")
}
pub(crate) fn missing_permissions() -> Refusal {
    Refusal::new(403, 50013, "Missing Permissions")
}
pub(crate) fn archived() -> Refusal {
    Refusal::new(400, 50083, "Thread is archived")
}
pub(crate) fn wrong_kind() -> Refusal {
    Refusal::new(400, 50024, "Cannot execute action on this channel type")
}
pub(crate) fn unknown_channel() -> Refusal {
    Refusal::new(404, 10003, "Unknown Channel")
}
pub(crate) fn unknown_guild() -> Refusal {
    Refusal::new(404, 10004, "Unknown Guild")
}
pub(crate) fn unknown_member() -> Refusal {
    Refusal::new(404, 10007, "Unknown Member")
}
pub(crate) fn unknown_message() -> Refusal {
    Refusal::new(404, 10008, "Unknown Message")
}
pub(crate) fn unknown_emoji() -> Refusal {
    Refusal::new(400, 10014, "Unknown Emoji")
}
pub(crate) fn unknown_ban() -> Refusal {
    Refusal::new(404, 10026, "Unknown Ban")
}
pub(crate) fn unknown_webhook() -> Refusal {
    Refusal::new(404, 10015, "Unknown Webhook")
}
pub(crate) fn unknown_application() -> Refusal {
    Refusal::new(404, 10002, "Unknown Application")
}
pub(crate) fn unknown_user() -> Refusal {
    Refusal::new(404, 10013, "Unknown User")
}
pub(crate) fn unknown_interaction() -> Refusal {
    Refusal::new(404, 10062, "Unknown interaction")
}
pub(crate) fn acknowledged() -> Refusal {
    Refusal::new(400, 40060, "Interaction has already been acknowledged.")
}
pub(crate) fn invalid_webhook_token() -> Refusal {
    Refusal::new(401, 50027, "Invalid Webhook Token")
}
pub(crate) fn empty_message() -> Refusal {
    Refusal::new(400, 50006, "Cannot send an empty message")
}
pub(crate) fn not_the_author() -> Refusal {
    Refusal::new(403, 50005, "Cannot edit a message authored by another user")
}
pub(crate) fn tag_required() -> Refusal {
    Refusal::new(400, 40067, "A tag is required to create a forum post in this channel")
}
pub(crate) fn too_large() -> Refusal {
    Refusal::new(413, 40005, "Request entity too large")
}
pub(crate) fn invalid_json() -> Refusal {
    Refusal::new(400, 50109, "The request body contains invalid JSON.")
}
