// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who gets a port that several nodes want.
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::*;
use crate::server;
use crate::standby::{Pauses, stand_by};

const TOKEN: &str = "the homeserver's token";
const MOST: Duration = Duration::from_secs(120);
/// Short, so that standbys are in the way as often as they can be.
const PAUSES: Pauses =
    Pauses { taken: Duration::from_millis(5), let_go: Duration::from_millis(400) };

/// An address of this machine at which nobody listens.
async fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap()
}

fn port(address: SocketAddr, shared: bool) -> Port {
    Port::new(address, "appservice.listen", shared).of_homeserver(TOKEN)
}

/// What a POST of the homeserver is answered; `None` when nobody answers.
async fn answer(address: SocketAddr, path: &str, token: &str) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://{address}{path}")).bearer_auth(token);
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// Asks until that is answered. The homeserver hears nothing but refusals and what `owner` answers.
async fn answered(address: SocketAddr, wanted: u16, owner: &str) {
    let asked = async {
        loop {
            let answered = answer(address, "/_matrix/app/v1/transactions/1", TOKEN).await;
            match &answered {
                Some((200, who)) => assert_eq!(who, owner, "only the owner acknowledges"),
                Some((status, _)) => assert_eq!(*status, 503, "a standby refuses"),
                None => {}
            }
            if answered.is_some_and(|(status, _)| status == wanted) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(MOST, asked).await.is_ok(), "nobody answers {wanted} at {address}");
}

/// A node that stands by until the lease is its own, and then answers with its number.
async fn node(number: usize, address: SocketAddr, mut lease: watch::Receiver<usize>) {
    tokio::select! {
        () = stand_by(address, TOKEN, PAUSES) => {}
        owns = lease.wait_for(|owner| *owner == number) => drop(owns.unwrap()),
    }
    let stop = CancellationToken::new();
    let opening = port(address, true).open().await.unwrap();
    let listener = opening.listener(&stop).await.unwrap();
    let router = axum::Router::new().fallback(move || async move { number.to_string() });
    server::serve(listener, router, server::LIMITS, stop).await;
}

#[tokio::test]
async fn of_three_nodes_at_one_address_the_one_that_owns_the_store_gets_the_port() {
    const NOBODY: usize = 3;
    let address = free_address().await;
    let (lease, _) = watch::channel(NOBODY);
    let mut tasks = JoinSet::new();
    let mut start = |number| tasks.spawn(node(number, address, lease.subscribe()));
    let mut nodes: Vec<AbortHandle> = (0..3).map(&mut start).collect();
    for owner in [0, 1, 2, 0, 2] {
        // Nobody owns the store, and one of those that stand by has the port.
        answered(address, 503, "nobody").await;
        lease.send_replace(owner);
        answered(address, 200, &owner.to_string()).await;
        // It dies, and is started again.
        lease.send_replace(NOBODY);
        let dead = nodes.get_mut(owner).unwrap();
        dead.abort();
        timeout(MOST, async {
            while !dead.is_finished() {
                tokio::task::yield_now().await
            }
        })
        .await
        .unwrap();
        *dead = start(owner);
    }
}

#[tokio::test]
async fn a_standby_lets_nobody_have_the_port_who_does_not_know_the_token() {
    let address = free_address().await;
    let mut tasks = JoinSet::new();
    let pauses = Pauses { let_go: MOST, ..PAUSES };
    tasks.spawn(stand_by(address, TOKEN, pauses));
    answered(address, 503, "nobody").await;
    let refused = answer(address, LET_GO, "a guess").await;
    assert_eq!(refused.map(|(status, _)| status), Some(503));
    // Something else than the request that is meant.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}{LET_GO}");
    let refused = client.get(&url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    answered(address, 503, "nobody").await;
    let let_go = answer(address, LET_GO, TOKEN).await;
    assert_eq!(let_go.map(|(status, _)| status), Some(202));
    let opening = port(address, true).open().await.unwrap();
    let opened = timeout(MOST, opening.listener(&CancellationToken::new())).await.unwrap();
    assert_eq!(opened.unwrap().local_addr().unwrap(), address);
}

#[tokio::test]
async fn a_port_of_another_program_is_waited_for_only_where_nodes_share_it() {
    let other = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = other.local_addr().unwrap();
    let refused = port(address, false).open().await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    // An address of no network of this machine.
    let foreign = SocketAddr::from(([192, 0, 2, 1], 29330));
    let refused = port(foreign, true).open().await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AddrNotAvailable);

    let opening = port(address, true).open().await.unwrap();
    let stop = CancellationToken::new();
    let (opened, ()) = tokio::join!(timeout(MOST, opening.listener(&stop)), async move {
        // It is asked to let go, as a standby is, and says nothing; then it ends.
        let (connection, _) = other.accept().await.unwrap();
        drop((connection, other));
    });
    assert_eq!(opened.unwrap().unwrap().local_addr().unwrap(), address);
}

#[tokio::test]
async fn who_waits_for_a_port_can_be_stopped() {
    let other = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let opening = port(other.local_addr().unwrap(), true).open().await.unwrap();
    let stop = CancellationToken::new();
    let (opened, ()) =
        tokio::join!(timeout(MOST, opening.listener(&stop)), async { stop.cancel() });
    assert!(opened.unwrap().is_none());
}
