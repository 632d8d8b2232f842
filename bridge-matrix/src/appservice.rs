// SPDX-License-Identifier: AGPL-3.0-or-later
//! The routes that the homeserver calls (application service API v1).
//!
//! Rule: 200 only after the store has committed. One odd event never holds up the others: the
//! homeserver would repeat the transaction for ever. Nor does a full lane: one list of events
//! carries all rooms, and whoever refuses it refuses everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::crypto::feed;
use super::listen::Listener;
use super::restart::Restart;
use super::transaction::{self, NoTransaction, Skipped};
use bot_core::clock::Clock;
use bot_core::report::{Format, Reports};

/// A transaction holds at most 100 events of 64 KiB, and ephemeral data.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// Between two warnings of wrong tokens.
const BETWEEN_WARNINGS_MS: i64 = 60_000;

/// What the routes need.
pub struct Appservice {
    /// Authenticates the homeserver.
    pub hs_token: String,
    /// Takes the events.
    pub listener: Listener,
    /// Writes reports.
    pub reports: Reports,
    /// Starts the bridge anew.
    pub restart: Arc<Restart>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When somebody was last warned of for a wrong token, in milliseconds since 1970.
    pub warned: AtomicI64,
}

impl Appservice {
    /// Whether a line in the log is due: whoever calls decides how often they call.
    fn may_warn(&self) -> bool {
        let now = self.clock.now().0;
        let last = self.warned.load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= BETWEEN_WARNINGS_MS;
        due && self.warned.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The routes.
pub fn router(service: Arc<Appservice>) -> axum::Router {
    axum::Router::new()
        .route("/_matrix/app/v1/transactions/{txn}", put(transaction))
        .route("/_matrix/app/v1/ping", post(ping))
        .route("/_freeside/report/{format}", get(report))
        .route("/_freeside/consent", get(consent))
        .route("/_freeside/chats", get(chats))
        .route("/_freeside/backup", post(backup))
        .route("/_freeside/start", get(started).post(start_anew))
        .route("/_matrix/app/v1/users/{user}", get(user))
        .route("/_matrix/app/v1/rooms/{alias}", get(room))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "no such endpoint") })
        .layer(from_fn_with_state(Arc::clone(&service), authenticate))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(service)
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"errcode": code, "error": message}))).into_response()
}

fn shown_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a request shows this token.
pub(crate) fn shows_token(headers: &HeaderMap, token: &str) -> bool {
    shown_token(headers).is_some_and(|shown| shown.as_bytes().ct_eq(token.as_bytes()).into())
}

/// The homeserver shows its token in the `Authorization` header ("Authorization").
async fn authenticate(
    State(service): State<Arc<Appservice>>,
    request: Request,
    next: Next,
) -> Response {
    if shown_token(request.headers()).is_none() {
        let message = "the homeserver's token is missing";
        return refuse(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", message);
    }
    if !shows_token(request.headers(), &service.hs_token) {
        if service.may_warn() {
            tracing::warn!(
                "somebody called with a wrong hs_token: compare the registration file that the \
                 homeserver reads with the configuration"
            );
        }
        return refuse(StatusCode::FORBIDDEN, "M_FORBIDDEN", "the token is wrong");
    }
    next.run(request).await
}

/// `freeside report` asks here: the store is open in one process only.
async fn report(State(service): State<Arc<Appservice>>, Path(format): Path<String>) -> Response {
    let Some(format) = Format::parse(&format) else {
        return refuse(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "there is no such format");
    };
    let writer = service.reports.get().and_then(std::sync::Weak::upgrade);
    let written = match writer {
        Some(writer) => writer.report(format).await,
        None => Err("the bridge is starting".to_owned()),
    };
    match written {
        Ok(text) => ([(CONTENT_TYPE, format.mime())], text).into_response(),
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", &reason),
    }
}

/// `freeside consent export` asks here.
async fn consent(State(service): State<Arc<Appservice>>) -> Response {
    let writer = service.reports.get().and_then(std::sync::Weak::upgrade);
    let written = match writer {
        Some(writer) => writer.consent().await,
        None => Err("the bridge is starting".to_owned()),
    };
    match written {
        Ok(lines) => ([(CONTENT_TYPE, "application/jsonl")], lines).into_response(),
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", &reason),
    }
}

/// `freeside check` asks here.
async fn chats(State(service): State<Arc<Appservice>>) -> Response {
    let writer = service.reports.get().and_then(std::sync::Weak::upgrade);
    let told = match writer {
        Some(writer) => writer.chats().await,
        None => Err("the bridge is starting".to_owned()),
    };
    match told {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", &reason),
    }
}

/// When this start was.
async fn started(State(service): State<Arc<Appservice>>) -> String {
    service.restart.started().to_string()
}

/// `freeside reload` asks here; it hears when the start was that ends now.
async fn start_anew(State(service): State<Arc<Appservice>>) -> String {
    service.restart.ask();
    service.restart.started().to_string()
}

/// `freeside store backup` asks here.
async fn backup(State(service): State<Arc<Appservice>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "M_BAD_JSON", "that names no folder");
    };
    let writer = service.reports.get().and_then(std::sync::Weak::upgrade);
    let done = match writer {
        Some(writer) => writer.backup(request).await,
        None => Err("the bridge is starting".to_owned()),
    };
    match done {
        Ok(()) => Json(json!({})).into_response(),
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", &reason),
    }
}

async fn transaction(
    State(service): State<Arc<Appservice>>,
    Path(txn): Path<String>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            tracing::error!(txn, "a transaction is larger than {BODY_LIMIT} bytes");
            let message = "the transaction is too large";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", message);
        }
        Err(rejection) => {
            return refuse(rejection.status(), "M_UNKNOWN", "the transaction broke off");
        }
    };
    let transaction = match transaction::read(&body, feed::TO_DEVICE, feed::FACTS) {
        Ok(transaction) => transaction,
        Err(error @ NoTransaction::NotJson) => {
            tracing::error!(txn, %error, "a transaction is not JSON and was refused");
            return refuse(StatusCode::BAD_REQUEST, "M_NOT_JSON", "the transaction is not JSON");
        }
        Err(NoTransaction::NoEvents) => {
            tracing::error!(txn, "a transaction without a list of events was refused");
            let message = "the transaction has no list \"events\"";
            return refuse(StatusCode::BAD_REQUEST, "M_BAD_JSON", message);
        }
    };
    drop(body);
    for Skipped { index, event_id, reason } in &transaction.skipped {
        tracing::warn!(txn, index, event = event_id, reason, "an event was skipped");
    }
    match service.listener.take_in(&txn, &transaction).await {
        Ok(()) => Json(json!({})).into_response(),
        Err(error) => {
            tracing::error!(txn, %error, "a transaction was not stored; the homeserver repeats it");
            let message = "not stored, try again";
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN", message)
        }
    }
}

async fn ping() -> Response {
    Json(json!({})).into_response()
}

/// Whether a user exists: ghosts are made when they first speak, never because somebody asks.
async fn user(State(service): State<Arc<Appservice>>, Path(user): Path<String>) -> Response {
    if service.listener.knows_user(&user).await {
        Json(json!({})).into_response()
    } else {
        refuse(StatusCode::NOT_FOUND, "M_NOT_FOUND", "no such user of this bridge")
    }
}

/// Rooms are made on request in a chat with the bot, never because somebody asks for an alias.
async fn room(Path(_alias): Path<String>) -> Response {
    refuse(StatusCode::NOT_FOUND, "M_NOT_FOUND", "this bridge has no aliases")
}
