// SPDX-License-Identifier: AGPL-3.0-or-later
//! A port that this node listens at, and that another node of the bridge on this machine may still have.
//!
//! Rule: the node that owns the store gets the port. One that stands by lets go of it when it is asked,
//! and any other one is waited for (`docs/adr/0032`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bot_core::backoff::Backoff;
use reqwest::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Between two tries.
const TRIES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
/// How long whoever has the port may take to say whether it lets go.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where a standby is asked (POST, with the homeserver's token): 202 when it lets go.
pub(crate) const LET_GO: &str = "/_freeside/standby/let-go";

/// A port that is not open yet.
#[derive(Clone, Debug)]
pub struct Port {
    address: SocketAddr,
    key: &'static str,
    shared: bool,
    token: Option<String>,
}

/// A port that is open, or waited for.
#[derive(Debug)]
pub enum Opening {
    /// It is open.
    Open(TcpListener),
    /// Another process has it.
    Taken(Port),
}

impl Port {
    /// The address that the configuration has under `key`; `shared` when other nodes of this bridge may
    /// have it.
    pub fn new(address: SocketAddr, key: &'static str, shared: bool) -> Self {
        Self { address, key, shared, token: None }
    }

    /// Standbys answer there, too; `hs_token` shows them that it is a node of theirs that asks.
    #[must_use]
    pub fn of_homeserver(self, hs_token: &str) -> Self {
        Self { token: Some(hs_token.to_owned()), ..self }
    }

    /// Tries once.
    ///
    /// # Errors
    /// When this node cannot listen there: waiting does not help, or no other node shares the address.
    pub async fn open(self) -> io::Result<Opening> {
        match TcpListener::bind(self.address).await {
            Ok(listener) => Ok(Opening::Open(listener)),
            Err(error) if self.shared && error.kind() == io::ErrorKind::AddrInUse => {
                Ok(Opening::Taken(self))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks and tries until it is open.
    async fn opened(self) -> TcpListener {
        let Self { address, key, .. } = self;
        let (mut failed, mut told) = (0, false);
        loop {
            if self.is_let_go().await {
                failed = 0;
            } else if !told {
                told = true;
                tracing::warn!(
                    %address,
                    "another process listens at `{key}`: this node tries again until the port is free. \
                     It may be a node that ends or hangs; if it is another program, end it"
                );
            }
            tokio::time::sleep(TRIES.after(failed)).await;
            failed = failed.saturating_add(1);
            if let Ok(listener) = TcpListener::bind(address).await {
                if told {
                    tracing::info!(%address, "the port of `{key}` is free again");
                }
                return listener;
            }
        }
    }

    /// Whether a standby has it and lets go.
    async fn is_let_go(&self) -> bool {
        let Some(token) = &self.token else { return false };
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let Ok(client) = client else { return false };
        let url = format!("http://{}{LET_GO}", reachable(self.address));
        let answer = client.post(url).bearer_auth(token).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::ACCEPTED)
    }
}

impl Opening {
    /// The listener, as soon as the port is open; `None` when `stop` is cancelled before that.
    pub async fn listener(self, stop: &CancellationToken) -> Option<TcpListener> {
        match self {
            Self::Open(listener) => Some(listener),
            Self::Taken(port) => tokio::select! {
                () = stop.cancelled() => None,
                listener = port.opened() => Some(listener),
            },
        }
    }
}

/// Where this machine reaches what listens at `address`.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests;
