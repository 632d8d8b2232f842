// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a node answers that waits until the store is its own: 503, so that the homeserver repeats what
//! it sent, to the node that owns the store.
//!
//! Rule: nothing is read of what is sent.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::server;

/// Between two tries to listen where somebody else does, such as the owner on the same machine.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers until it is dropped.
pub async fn serve(address: SocketAddr) {
    let listener = listen(address).await;
    let router = axum::Router::new().fallback(refuse);
    server::serve(listener, router, server::LIMITS, CancellationToken::new()).await;
}

async fn listen(address: SocketAddr) -> TcpListener {
    let mut told = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) if !told => {
                told = true;
                tracing::info!(%address, %error, "this standby cannot answer the homeserver yet");
            }
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn refuse() -> Response {
    let error = "this node stands by; another one has the store";
    let body = axum::Json(json!({"errcode": "M_UNKNOWN", "error": error}));
    (StatusCode::SERVICE_UNAVAILABLE, [(CONNECTION, "close"), (RETRY_AFTER, "1")], body)
        .into_response()
}
