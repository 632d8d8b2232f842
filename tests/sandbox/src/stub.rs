// SPDX-License-Identifier: AGPL-3.0-or-later
//! A server that answers what a test says: a homeserver of another kind, a website, something broken.
//!
//! Rule: it knows nothing by itself. What nobody told it is answered as a homeserver answers a path that
//! it does not have.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

#[derive(Clone)]
struct Told {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

type Answers = Arc<Mutex<BTreeMap<String, Told>>>;

/// The running server; it ends when this is dropped.
pub struct Stub {
    address: SocketAddr,
    answers: Answers,
    _running: DropGuard,
}

impl Stub {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port")?;
        let address = listener.local_addr()?;
        let answers = Answers::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&answers));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            let serving = axum::serve(listener, router)
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(error) = serving.await {
                tracing::error!(%error, "a stub stopped");
            }
        });
        tasks.close();
        Ok(Self { address, answers, _running: stop.drop_guard() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers a path, with its query, in JSON from now on.
    pub fn json(&self, path: &str, status: u16, body: &Value) {
        self.tell(path, (status, &[("content-type", "application/json")]), &body.to_string());
    }

    /// Answers a path with a page of a website.
    pub fn page(&self, path: &str, status: u16) {
        let kind = [("content-type", "text/html; charset=utf-8")];
        self.tell(path, (status, &kind), "<!DOCTYPE html><title>Welcome</title>");
    }

    /// Answers a path with status, headers and body.
    pub fn tell(&self, path: &str, (status, headers): (u16, &[(&'static str, &str)]), body: &str) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let told = Told { status, headers, body: body.to_owned() };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path.to_owned(), told);
    }
}

async fn answer(State(answers): State<Answers>, request: Request) -> Response {
    let uri = request.uri().clone();
    let asked = uri.path_and_query().map_or("", |it| it.as_str());
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(told) = answers.get(asked) else {
        let body = json!({ "errcode": "M_UNRECOGNIZED", "error": "Unrecognized request" });
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    };
    let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, told.body.clone()).into_response();
    for (name, value) in &told.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
