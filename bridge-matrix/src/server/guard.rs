// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bounds how much each client may ask on a public port.
//!
//! Rule: it knows addresses of clients for a minute, and writes none anywhere.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bot_core::clock::Clock;

use super::Peer;
use super::clients::Clients;

/// The budgets of clients.
pub struct Guard {
    clients: Mutex<Clients>,
    trusted: Vec<IpAddr>,
    clock: Arc<dyn Clock>,
}

impl Guard {
    /// So many requests of one client address in a minute; `trusted` are reverse proxies whose
    /// `X-Forwarded-For` says who asks.
    pub fn new(per_minute: u32, trusted: Vec<IpAddr>, clock: Arc<dyn Clock>) -> Self {
        Self { clients: Mutex::new(Clients::per_minute(per_minute)), trusted, clock }
    }

    /// Counts a request; the answer, where it is one too many.
    pub(crate) fn refusal(&self, request: &Request) -> Option<Response> {
        let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |it| it.0);
        let client = self.client(peer, request.headers());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = clients.take(client, self.clock.now())?;
        let after = [(header::RETRY_AFTER, seconds.to_string())];
        Some((StatusCode::TOO_MANY_REQUESTS, after).into_response())
    }

    /// Who asks: behind a reverse proxy that is known, whom it says, the last of a list that others may
    /// have begun.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusted.contains(&peer) {
            return peer;
        }
        let said = headers.get_all("x-forwarded-for").iter().next_back();
        let last =
            said.and_then(|said| said.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        last.unwrap_or(peer)
    }
}

/// The router behind a guard.
pub fn guarded(router: axum::Router, guard: Guard) -> axum::Router {
    router.layer(from_fn_with_state(Arc::new(guard), ask))
}

async fn ask(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.refusal(&request) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}
