// SPDX-License-Identifier: AGPL-3.0-or-later
//! A reverse proxy between a client and a server on this machine, which gets wrong what it is told to.
//!
//! Rule: what it is not told to get wrong goes through as it is, whole.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::faults::{Fault, Faults, lost};

/// Bytes of a body.
const LONGEST: usize = 128 << 20;

/// The proxy.
pub struct Between {
    url: String,
    faults: Arc<Faults>,
    task: tokio::task::JoinHandle<()>,
}

struct Way {
    to: String,
    http: reqwest::Client,
    faults: Arc<Faults>,
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Between {
    /// Listens at a port of this machine (0: any) and hands on to the server at `to`.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(port: u16, to: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("port {port}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let faults = Arc::new(Faults::default());
        let http = reqwest::Client::builder().no_proxy().build()?;
        let way =
            Way { to: to.trim_end_matches('/').to_owned(), http, faults: Arc::clone(&faults) };
        let router = Router::new().fallback(pass).with_state(Arc::new(way));
        #[expect(clippy::disallowed_methods, reason = "it is aborted when the proxy is dropped")]
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or(()) });
        Ok(Self { url, faults, task })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it gets wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let name = format!("{} {}", request.method(), request.uri().path());
    let fault = way.faults.take(&name);
    match &fault {
        Some(Fault::Answer { status, body, headers }) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = match body.as_str() {
                Some(page) => (status, page.to_owned()).into_response(),
                None => (status, axum::Json(body)).into_response(),
            };
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) =
                    (name.parse::<header::HeaderName>(), value.parse::<header::HeaderValue>())
                {
                    response.headers_mut().insert(name, value);
                }
            }
            return response;
        }
        Some(Fault::Break) => return lost(),
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::LoseResponse) | None => {}
    }
    match hand_on(&way, request).await {
        Ok(_) if matches!(fault, Some(Fault::LoseResponse)) => lost(),
        Ok(response) => response,
        // As a proxy says whose server is away.
        Err(_) => (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response(),
    }
}

async fn hand_on(way: &Way, request: Request) -> anyhow::Result<Response> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = axum::body::to_bytes(body, LONGEST).await?;
    let sent = way.http.request(head.method, format!("{}{path}", way.to));
    let answer = sent.headers(end_to_end(&head.headers)).body(body).send().await?;
    let (status, headers) = (answer.status(), end_to_end(answer.headers()));
    let mut response = Response::new(Body::from(answer.bytes().await?));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The fields that are not about one connection (RFC 9110, 7.6.1) or about the length, which is new.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::CONTENT_ENCODING,
        header::ACCEPT_ENCODING,
    ] {
        kept.remove(name);
    }
    kept
}
