// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the body of a request: JSON, or multipart with `payload_json` and `files[n]`.
//!
//! Rule: follows "Uploading Files" of Discord's reference; what cannot be read is
//! refused with the platform's code and never taken as empty.

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use axum::http::request::Parts;
use axum::http::{Request, header};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::files::{FILE_LIMIT, File};
use super::refusal::{Refusal, invalid, invalid_json, too_large};

/// A body that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// Null without a body.
    pub(crate) json: Value,
    /// Files with their number `n`.
    pub(crate) files: Vec<(u64, File)>,
}

/// Reads a body by its content type.
pub(crate) async fn read(parts: &Parts, bytes: Bytes) -> Result<Form, Refusal> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("").to_ascii_lowercase();
    if kind.starts_with("multipart/form-data") {
        return multipart(parts, bytes).await;
    }
    if bytes.is_empty() {
        return Ok(Form::default());
    }
    if !kind.starts_with("application/json") {
        let text = "Expected \"Content-Type\" header to be one of {'application/json', \
                    'application/x-www-form-urlencoded', 'multipart/form-data'}.";
        return Err(invalid("_misc", "CONTENT_TYPE_INVALID", text));
    }
    let json = serde_json::from_slice(&bytes).map_err(|_| invalid_json())?;
    Ok(Form { json, files: Vec::new() })
}

async fn multipart(parts: &Parts, bytes: Bytes) -> Result<Form, Refusal> {
    let broken = || invalid("_misc", "MULTIPART_INVALID", "The multipart body cannot be read.");
    let request = Request::from_parts(parts.clone(), Body::from(bytes));
    let mut fields = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut form = Form::default();
    let mut loose = Map::new();
    while let Some(field) = fields.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or("").to_owned();
        let filename = field.file_name().map(str::to_owned);
        let mime = field.content_type().map(str::to_owned);
        let data = field.bytes().await.map_err(|_| broken())?;
        match (filename, file_number(&name)) {
            (Some(filename), Some(number)) => {
                if data.len() > FILE_LIMIT {
                    return Err(too_large());
                }
                let mime = mime.unwrap_or_else(|| "application/octet-stream".into());
                form.files.push((number, File::new(filename, mime, data)));
            }
            (_, _) if name == "payload_json" => {
                form.json = serde_json::from_slice(&data).map_err(|_| invalid_json())?;
            }
            (_, _) => {
                loose.insert(name, String::from_utf8_lossy(&data).into_owned().into());
            }
        }
    }
    if form.json.is_null() {
        form.json = Value::Object(loose);
    }
    // The whole request has the limit of one file.
    if form.files.iter().map(|(_, file)| file.bytes.len()).sum::<usize>() > FILE_LIMIT {
        return Err(too_large());
    }
    form.files.sort_by_key(|(number, _)| *number);
    if form.files.len() > 10 {
        let text = "Must be 10 or fewer in length.";
        return Err(invalid("attachments", "BASE_TYPE_MAX_LENGTH", text));
    }
    Ok(form)
}

/// `files[3]` is 3; `file` is 0.
fn file_number(name: &str) -> Option<u64> {
    if name == "file" {
        return Some(0);
    }
    name.strip_prefix("files[")?.strip_suffix(']')?.parse().ok()
}
