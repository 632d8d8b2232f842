// SPDX-License-Identifier: AGPL-3.0-or-later
//! The HTTP route that serves profile pictures to platforms that fetch them by address: media of a
//! homeserver can be had only with a token.
//!
//! Rule: only addresses that the bridge has made itself ([`Pictures`]) are answered, and only with
//! pictures, without what is hidden in them.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bot_core::media::strip::clean_picture;
use bot_core::pictures::Pictures;
use subtle::ConstantTimeEq;

use crate::client::Client;

/// The route that answers the addresses that [`Pictures`] makes.
pub fn router(pictures: Pictures, client: Client) -> axum::Router {
    axum::Router::new()
        .route("/_freeside/picture/{token}/{server}/{media}", get(picture))
        .with_state((pictures, client))
}

async fn picture(
    State((pictures, client)): State<(Pictures, Client)>,
    Path((token, server, media)): Path<(String, String, String)>,
) -> Response {
    let mxc = format!("mxc://{server}/{media}");
    if !bool::from(token.as_bytes().ct_eq(pictures.token(&mxc).as_bytes())) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(stream) = client.download(&mxc).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(Some(stream)) = clean_picture(stream).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mime = stream.mime.unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "public, max-age=86400".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Body::from_stream(stream.chunks)).into_response()
}
