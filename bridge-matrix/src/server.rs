// SPDX-License-Identifier: AGPL-3.0-or-later
//! Serves HTTP where the homeserver calls us, and where platforms and people fetch media.
//!
//! Rule: whoever connects has to say something soon. The port may be a public one, so that
//! connections are bounded in number, and one that does not send its head in time is closed.

mod clients;
mod guard;

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use guard::{Guard, guarded};

/// Who has connected; each request carries it.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// What those who connect may use up.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Connections at a time; others wait until one is closed.
    connections: usize,
    /// How long the head of a request may take, also after a request: the homeserver connects anew.
    head: Duration,
}

/// The limits of a public port.
pub(super) const LIMITS: Limits = Limits { connections: 512, head: Duration::from_secs(30) };

/// How long requests that have begun may take after the end was asked for.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// After the system refused a connection (for example for want of file descriptors).
const PAUSE: Duration = Duration::from_secs(1);

/// Answers requests for any router until `stop` is cancelled, under the limits of a public port.
pub async fn serve_router(listener: TcpListener, router: axum::Router, stop: CancellationToken) {
    serve(listener, router, LIMITS, stop).await;
}

/// Answers requests until `stop` is cancelled, and the last ones after that.
pub(super) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    limits: Limits,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let router = router.clone().layer(axum::Extension(Peer(address.ip())));
        let answered = answer(stream, router, (limits.head, stop.clone()));
        connections.spawn(async move {
            answered.await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_REQUESTS, ended).await.is_err() {
        tracing::warn!("requests that did not end were broken off");
    }
}

/// Answers the requests of one connection. Why it ends is the other side's business.
async fn answer(
    stream: TcpStream,
    router: axum::Router,
    (head, stop): (Duration, CancellationToken),
) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const MOST: Duration = Duration::from_secs(30);

    async fn served(limits: Limits) -> (std::net::SocketAddr, CancellationToken, JoinSet<()>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
        let router = axum::Router::new().fallback(async || "hello");
        task.spawn(serve(listener, router, limits, stop.clone()));
        (address, stop, task)
    }

    async fn answer_to(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        tokio::time::timeout(MOST, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn who_never_ends_the_head_of_a_request_is_hung_up_on() {
        let limits = Limits { connections: 1, head: Duration::from_millis(100) };
        let (address, _stop, _task) = served(limits).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX: ").await.unwrap();
        // The only connection is free again after that.
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(answer_to(&mut next).await.ends_with("hello"));
        assert!(!answer_to(&mut slow).await.contains("hello"));
    }

    #[tokio::test]
    async fn the_end_waits_for_no_connection_that_says_nothing() {
        let (address, stop, mut task) = served(LIMITS).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut byte = [0];
        tokio::time::timeout(MOST, idle.read_exact(&mut byte)).await.unwrap().unwrap();
        stop.cancel();
        tokio::time::timeout(MOST, task.join_next()).await.unwrap();
        assert!(task.is_empty());
    }
}
