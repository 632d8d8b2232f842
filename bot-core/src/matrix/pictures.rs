// SPDX-License-Identifier: AGPL-3.0-or-later
//! Profile pictures for platforms that fetch them by address: media of a homeserver can be had
//! only with a token.
//!
//! Rule: only addresses that the bridge has made itself are answered, and only with pictures.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use subtle::ConstantTimeEq;

use super::client::Client;
use crate::pseudonym::Pseudonyms;

const PURPOSE: &str = "picture";

/// Makes the addresses of pictures.
#[derive(Clone)]
pub struct Pictures {
    base: String,
    pseudonyms: Pseudonyms,
}

impl Pictures {
    /// `base` is where the platforms reach the bridge.
    pub fn new(base: &str, pseudonyms: Pseudonyms) -> Self {
        Self { base: base.trim_end_matches('/').into(), pseudonyms }
    }

    /// The public address of an `mxc://` URI.
    pub fn address(&self, mxc: &str) -> Option<String> {
        let (server, media) = mxc.strip_prefix("mxc://")?.split_once('/')?;
        let token = self.pseudonyms.token(PURPOSE, mxc);
        Some(format!("{}/_freeside/picture/{token}/{server}/{media}", self.base))
    }

    /// The route that answers the addresses.
    pub fn router(&self, client: Client) -> axum::Router {
        let state = (self.pseudonyms.clone(), client);
        axum::Router::new()
            .route("/_freeside/picture/{token}/{server}/{media}", get(picture))
            .with_state(state)
    }
}

async fn picture(
    State((pseudonyms, client)): State<(Pseudonyms, Client)>,
    Path((token, server, media)): Path<(String, String, String)>,
) -> Response {
    let mxc = format!("mxc://{server}/{media}");
    let right = pseudonyms.token(PURPOSE, &mxc);
    if !bool::from(token.as_bytes().ct_eq(right.as_bytes())) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(stream) = client.download(&mxc).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mime = stream.mime.unwrap_or_default();
    if !matches!(mime.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "public, max-age=86400".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Body::from_stream(stream.chunks)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_signed_and_leads_to_one_picture() {
        let pictures = Pictures::new("https://bridge.example/", Pseudonyms::new(b"secret"));
        let address = pictures.address("mxc://example.org/abc").unwrap();
        assert!(address.starts_with("https://bridge.example/_freeside/picture/"), "{address}");
        assert!(address.ends_with("/example.org/abc"), "{address}");
        assert_ne!(Some(address), pictures.address("mxc://example.org/abd"));
        assert_eq!(pictures.address("https://example.org/a.png"), None);
    }
}
