// SPDX-License-Identifier: AGPL-3.0-or-later
//! Connects WebSockets, through a proxy where one is configured.
//!
//! Rule: with a proxy, nothing goes around it: not the connection, and with `socks5h` and `http`
//! not the question for the address either.

use data_encoding::BASE64;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls, connect_async};
use tower_service::Service;
use url::Url;

/// A WebSocket.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A proxy that the gateway cannot be reached through.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Another kind of proxy.
    #[error(
        "{0}:// is no kind of proxy for Discord's gateway; use socks5h://, socks5:// or http://"
    )]
    Scheme(String),
    /// The address of the proxy is not one.
    #[error("the address of the proxy cannot be used")]
    Address,
}

/// A WebSocket was not connected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// The address is not one.
    #[error("not an address of a WebSocket")]
    Address,
    /// The proxy was not reached, or did not connect.
    #[error("the proxy did not connect: {0}")]
    Proxy(String),
    /// TLS or the WebSocket's handshake failed.
    #[error("{0}")]
    WebSocket(String),
}

/// Connects WebSockets.
#[derive(Clone)]
pub(crate) struct Dialer(Route);

#[derive(Clone)]
enum Route {
    Direct,
    Socks(SocksV5<HttpConnector>),
    Connect(Tunnel<HttpConnector>),
}

impl Dialer {
    /// Connects through `proxy`, if one is given.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub(crate) fn new(proxy: Option<&Url>) -> Result<Self, ProxyError> {
        let Some(proxy) = proxy else { return Ok(Self(Route::Direct)) };
        let host = proxy.host_str().ok_or(ProxyError::Address)?;
        let text = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let (user, password) = (text(proxy.username()), text(proxy.password().unwrap_or_default()));
        let at = |port: u16| -> Result<Uri, ProxyError> {
            let port = proxy.port().unwrap_or(port);
            format!("http://{host}:{port}").parse().map_err(|_| ProxyError::Address)
        };
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        let route = match proxy.scheme() {
            kind @ ("socks5" | "socks5h") => {
                let socks = SocksV5::new(at(1080)?, connector).local_dns(kind == "socks5");
                Route::Socks(if user.is_empty() { socks } else { socks.with_auth(user, password) })
            }
            "http" => {
                let tunnel = Tunnel::new(at(80)?, connector);
                if user.is_empty() {
                    Route::Connect(tunnel)
                } else {
                    let secret = BASE64.encode(format!("{user}:{password}").as_bytes());
                    let secret = HeaderValue::from_str(&format!("Basic {secret}"));
                    Route::Connect(tunnel.with_auth(secret.map_err(|_| ProxyError::Address)?))
                }
            }
            other => return Err(ProxyError::Scheme(other.to_owned())),
        };
        Ok(Self(route))
    }

    /// Connects to `ws://` or `wss://`.
    ///
    /// # Errors
    /// [`DialError`].
    pub(crate) async fn connect(&self, url: &str) -> Result<Socket, DialError> {
        let stream = match self.0.clone() {
            Route::Direct => {
                let connected = connect_async(url).await;
                return connected.map(|(socket, _)| socket).map_err(websocket);
            }
            Route::Socks(mut proxy) => proxy.call(target(url)?).await.map_err(refused)?,
            Route::Connect(mut proxy) => proxy.call(target(url)?).await.map_err(refused)?,
        };
        let stream: TokioIo<TcpStream> = stream;
        let connected = client_async_tls(url, stream.into_inner()).await;
        connected.map(|(socket, _)| socket).map_err(websocket)
    }
}

/// Host and port, with the port of the scheme where the address names none.
fn target(url: &str) -> Result<Uri, DialError> {
    let uri: Uri = url.parse().map_err(|_| DialError::Address)?;
    let host = uri.host().ok_or(DialError::Address)?;
    let usual = if uri.scheme_str() == Some("wss") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    format!("http://{host}:{port}").parse().map_err(|_| DialError::Address)
}

fn refused(error: impl std::fmt::Display) -> DialError {
    DialError::Proxy(error.to_string())
}

fn websocket(error: tokio_tungstenite::tungstenite::Error) -> DialError {
    DialError::WebSocket(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(proxy: &str) -> Result<Dialer, ProxyError> {
        Dialer::new(Some(&proxy.parse().unwrap()))
    }

    #[test]
    fn a_proxy_of_a_kind_that_would_be_gone_around_is_refused() {
        for proxy in ["socks4://127.0.0.1:1", "https://127.0.0.1:1", "ftp://127.0.0.1"] {
            assert!(matches!(made(proxy), Err(ProxyError::Scheme(_))), "{proxy}");
        }
        for proxy in ["socks5h://127.0.0.1", "socks5://u:p@[::1]:9", "http://u:p%40@proxy:3128"] {
            assert!(made(proxy).is_ok(), "{proxy}");
        }
    }

    #[test]
    fn the_target_has_a_port() {
        let of = |url| target(url).map(|uri| uri.to_string()).unwrap_or_default();
        assert_eq!(of("wss://gateway.discord.gg/?v=10"), "http://gateway.discord.gg:443/");
        assert_eq!(of("ws://127.0.0.1:9/x"), "http://127.0.0.1:9/");
    }
}
