// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the Bot API answers: `{"ok":true,"result":…}` or an error.
//!
//! Rule: descriptions are worded as the platform words them, because clients decide by
//! them. Sources: <https://core.telegram.org/bots/api#making-requests> and the open
//! Bot API server.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error answer.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    code: u16,
    description: String,
    parameters: Option<Value>,
}

impl ApiError {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    /// The upload was over 50 MB.
    pub(super) fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large")
    }

    /// The token is not the bot's.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// No such method or file.
    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// The platform is down.
    pub(super) fn bad_gateway() -> Self {
        Self::new(502, "Bad Gateway")
    }

    /// The chat has a new id.
    pub(super) fn migrated(to: i64) -> Self {
        let mut error = bad("group chat was upgraded to a supergroup chat");
        error.parameters = Some(json!({ "migrate_to_chat_id": to }));
        error
    }

    /// Too fast; `retry_after` is in seconds.
    pub(super) fn too_many_requests(retry_after: u64) -> Self {
        let mut error = Self::new(429, format!("Too Many Requests: retry after {retry_after}"));
        error.parameters = Some(json!({ "retry_after": retry_after }));
        error
    }

    /// The HTTP status, which is also the `error_code`.
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    /// The sentence.
    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// The JSON body.
    pub(super) fn body(&self) -> Value {
        let mut body =
            json!({ "ok": false, "error_code": self.code, "description": self.description });
        if let (Some(parameters), Some(body)) = (&self.parameters, body.as_object_mut()) {
            body.insert("parameters".to_owned(), parameters.clone());
        }
        body
    }
}

/// `400 Bad Request: …`.
pub(super) fn bad(what: impl AsRef<str>) -> ApiError {
    ApiError::new(400, format!("Bad Request: {}", what.as_ref()))
}

/// `403 Forbidden: …`.
pub(super) fn forbidden(what: impl AsRef<str>) -> ApiError {
    ApiError::new(403, format!("Forbidden: {}", what.as_ref()))
}

/// `409 Conflict: …`.
pub(super) fn conflict(what: impl AsRef<str>) -> ApiError {
    ApiError::new(409, format!("Conflict: {}", what.as_ref()))
}

/// The HTTP response of an answer.
pub(super) fn respond(answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(error) => {
            let status =
                StatusCode::from_u16(error.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error.body())).into_response()
        }
    }
}
