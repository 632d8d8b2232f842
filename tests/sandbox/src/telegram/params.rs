// SPDX-License-Identifier: AGPL-3.0-or-later
//! The parameters of a method call, from whichever of the four shapes they came in.
//!
//! Rule: as on the platform, a value may be JSON or the text of JSON; both mean the same.
//! Source: <https://core.telegram.org/bots/api#making-requests>.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::answer::{ApiError, bad};

/// The most that one request may carry: 50 MB of file and some room for the rest.
const BODY_LIMIT: usize = 50 * 1024 * 1024 + 64 * 1024;

/// A file that came with the request.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    /// Its name on the sender's disk.
    pub(super) name: Option<String>,
    /// What the sender says it is.
    pub(super) mime: Option<String>,
    /// Its content.
    pub(super) bytes: Bytes,
}

/// Named values and named files.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    /// Values as they came: JSON, or strings from forms.
    pub(super) values: Map<String, Value>,
    /// Files by the name of their part.
    pub(super) files: BTreeMap<String, Upload>,
}

impl Params {
    /// Parameters that are one JSON object, as the items of an album are.
    pub(super) fn of(object: &Map<String, Value>, files: &BTreeMap<String, Upload>) -> Self {
        Self { values: object.clone(), files: files.clone() }
    }

    /// A string; numbers count as their digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.values.get(name)?;
        if let Some(text) = value.as_str() {
            return Some(text.to_owned());
        }
        (!value.is_null()).then(|| value.to_string())
    }

    /// A whole number, or the error for one that is none.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let number = text.trim().parse();
        number.map(Some).map_err(|_| bad(format!("field \"{name}\" must be a valid Number")))
    }

    /// A yes or no; absent means no.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| matches!(text.as_str(), "true" | "True" | "1" | "yes"))
    }

    /// A JSON value, given as JSON or as its text.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let Some(value) = self.values.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let Some(text) = value.as_str() else { return Ok(Some(value.clone())) };
        if text.is_empty() {
            return Ok(None);
        }
        let parsed = serde_json::from_str(text);
        parsed.map(Some).map_err(|_| bad(format!("can't parse {name} JSON object")))
    }

    /// A JSON array; absent means empty.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        let Some(value) = self.json(name)? else { return Ok(None) };
        let list = value.as_array().cloned();
        list.map(Some).ok_or_else(|| bad(format!("expected an Array for \"{name}\"")))
    }

    /// What the log keeps: the values, and of files only name and size.
    pub(super) fn logged(&self) -> Value {
        let mut values = self.values.clone();
        for (part, file) in &self.files {
            let about = serde_json::json!({ "file": file.name, "size": file.bytes.len() });
            values.insert(part.clone(), about);
        }
        Value::Object(values)
    }
}

/// Reads a request wholly: the query, then the body by its content type.
///
/// # Errors
/// 413 for more than 50 MB; 400 for a body that is not what its type says.
pub(super) async fn read(request: Request) -> Result<Params, ApiError> {
    let (parts, body) = request.into_parts();
    let bytes = drain(body).await?;
    let mut params = Params::default();
    if let Some(query) = parts.uri.query() {
        params.values.extend(pairs(query)?);
    }
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let kind = kind.to_ascii_lowercase();
    if kind.starts_with("application/json") {
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| bad("can't parse JSON in the request body"))?;
        let object = value.as_object().ok_or_else(|| bad("expected a JSON Object in the body"))?;
        params.values.extend(object.clone());
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        params.values.extend(pairs(&String::from_utf8_lossy(&bytes))?);
    } else if kind.starts_with("multipart/form-data") {
        form(parts, bytes, &mut params).await?;
    } else if !bytes.is_empty() {
        return Err(bad(format!("unsupported content type \"{kind}\"")));
    }
    params.values.retain(|_, value| !value.is_null());
    Ok(params)
}

/// Reads to the end even when it is too much: a client that is cut off while it still
/// writes sees a broken connection instead of the 413.
async fn drain(body: Body) -> Result<Bytes, ApiError> {
    let mut stream = body.into_data_stream();
    let (mut whole, mut size) = (Vec::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| bad("the request broke off"))?;
        size = size.saturating_add(chunk.len());
        if size <= BODY_LIMIT {
            whole.extend_from_slice(&chunk);
        }
    }
    if size > BODY_LIMIT { Err(ApiError::too_large()) } else { Ok(Bytes::from(whole)) }
}

fn pairs(encoded: &str) -> Result<Map<String, Value>, ApiError> {
    let url = reqwest::Url::parse(&format!("http://sandbox/?{encoded}"))
        .map_err(|_| bad("can't parse the parameters"))?;
    Ok(url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect())
}

async fn form(parts: Parts, bytes: Bytes, params: &mut Params) -> Result<(), ApiError> {
    let odd = |_| bad("can't parse multipart body");
    let request = Request::from_parts(parts, Body::from(bytes));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| bad("can't parse multipart body: boundary not found"))?;
    while let Some(field) = form.next_field().await.map_err(odd)? {
        let part = field.name().unwrap_or_default().to_owned();
        let (name, mime) = (field.file_name().map(str::to_owned), field.content_type());
        let mime = mime.map(str::to_owned);
        let bytes = field.bytes().await.map_err(odd)?;
        if name.is_some() || mime.as_deref().is_some_and(|mime| !mime.starts_with("text/plain")) {
            params.files.insert(part, Upload { name, mime, bytes });
        } else {
            let text = String::from_utf8(bytes.to_vec())
                .map_err(|_| bad("strings must be encoded in UTF-8"))?;
            params.values.insert(part, Value::String(text));
        }
    }
    Ok(())
}
