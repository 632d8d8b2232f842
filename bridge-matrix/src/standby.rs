// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a node answers that waits until the store is its own: 503, so that the homeserver repeats what
//! it sent, to the node that owns the store.
//!
//! Rule: nothing is read of what is sent. Where the owner shares the address it asks for the port, and
//! gets it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::appservice::shows_token;
use crate::port::LET_GO;
use crate::server;

/// When a standby does not listen.
#[derive(Clone, Copy)]
pub(crate) struct Pauses {
    /// Between two tries to listen where somebody else does, such as the owner on the same machine.
    pub(crate) taken: Duration,
    /// How long a port that was let go is the owner's to take.
    pub(crate) let_go: Duration,
}

const PAUSES: Pauses = Pauses { taken: Duration::from_secs(1), let_go: Duration::from_secs(5) };

struct Standby {
    hs_token: String,
    let_go: CancellationToken,
}

/// Answers until it is dropped, except for a while after the owner has asked for the port.
pub async fn serve(address: SocketAddr, hs_token: &str) {
    stand_by(address, hs_token, PAUSES).await;
}

/// The same with pauses of one's own.
pub(crate) async fn stand_by(address: SocketAddr, hs_token: &str, pauses: Pauses) {
    loop {
        let listener = listen(address, pauses.taken).await;
        let let_go = CancellationToken::new();
        let standby = Standby { hs_token: hs_token.to_owned(), let_go: let_go.clone() };
        let router = axum::Router::new()
            .route(LET_GO, post(asked).fallback(refuse))
            .fallback(refuse)
            .with_state(Arc::new(standby));
        server::serve(listener, router, server::LIMITS, let_go).await;
        tracing::info!(%address, "this standby has let the node have the port that runs the bridge");
        tokio::time::sleep(pauses.let_go).await;
    }
}

async fn listen(address: SocketAddr, pause: Duration) -> TcpListener {
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
        tokio::time::sleep(pause).await;
    }
}

/// The owner asks for the port.
async fn asked(State(standby): State<Arc<Standby>>, headers: HeaderMap) -> Response {
    if !shows_token(&headers, &standby.hs_token) {
        return refuse().await;
    }
    standby.let_go.cancel();
    (StatusCode::ACCEPTED, [(CONNECTION, "close")]).into_response()
}

async fn refuse() -> Response {
    let error = "this node stands by; another one has the store";
    let body = axum::Json(json!({"errcode": "M_UNKNOWN", "error": error}));
    (StatusCode::SERVICE_UNAVAILABLE, [(CONNECTION, "close"), (RETRY_AFTER, "1")], body)
        .into_response()
}
