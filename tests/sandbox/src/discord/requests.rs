// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the stand-in was asked.
//!
//! Rule: every request is noted before anything can go wrong with it, so that a
//! test also sees those that were refused.

use serde_json::Value;

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Path below `/api/v10`, without the query.
    pub path: String,
    /// Query string, empty when there was none.
    pub query: String,
    /// `User-Agent`.
    pub agent: Option<String>,
    /// JSON body (`payload_json` of a multipart one); null without a body.
    pub body: Value,
    /// Names of the files that came along.
    pub files: Vec<String>,
    /// The status that it was answered with; `None` while under way.
    pub status: Option<u16>,
}
