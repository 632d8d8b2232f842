// SPDX-License-Identifier: AGPL-3.0-or-later
//! How pages look: one style sheet, built in.
//!
//! Rule: its address holds a hash of it, so that a browser keeps it for ever and never has an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../assets/style.css");

/// Where it is served.
pub(crate) const ROUTE: &str = "/assets/{name}";

static NAME: LazyLock<String> = LazyLock::new(|| {
    let mut hash = HEXLOWER.encode(&Sha256::digest(STYLE));
    hash.truncate(16);
    format!("style-{hash}.css")
});

/// Its path.
pub(crate) fn path() -> String {
    format!("/assets/{}", *NAME)
}

pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    if name != *NAME {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE).into_response()
}
