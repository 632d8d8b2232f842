// SPDX-License-Identifier: AGPL-3.0-or-later
//! `dashboard`: a link for one person, which works once.

use bot_core::store::visits::{LINK_MS, Opened, SESSION_MS, link_hash, session_hash};
use bridge_model::{Command, Place, Timestamp};

use super::{ANN, NOBODY, TINA, ask, ask_with, joined};
use crate::harness::Spine;
use crate::words::{START, command, group, room};

const OPERATOR: &str = "@op:example.org";

/// Types it in a chat with the bot alone.
async fn alone(spine: &Spine, by: &str) -> String {
    let place = Place::new("matrix", "!alone:example.org");
    ask_with(spine, &place, Command { private: true, ..command(by, "dashboard") }).await
}

/// The secret in a link.
fn secret(told: &str) -> &str {
    let (_, rest) = told.split_once("https://pages.example.org/in/").expect("no link");
    rest.split(')').next().unwrap()
}

fn later(ms: i64) -> Timestamp {
    Timestamp(START.0 + ms)
}

#[tokio::test]
async fn a_link_is_said_in_private_to_admins_and_operators_and_to_nobody_else() {
    let spine = joined().await;
    for by in [ANN, OPERATOR] {
        let told = alone(&spine, by).await;
        assert_eq!(secret(&told).len(), 64, "{told}");
    }
    let refused = alone(&spine, NOBODY).await;
    assert!(refused.contains("admin of none of these rooms"), "{refused}");
    let public = ask(&spine, &room(), ANN, "dashboard").await;
    assert!(public.contains("private chat") && !public.contains("/in/"), "{public}");
    let there = ask(&spine, &group(), TINA, "dashboard").await;
    assert!(there.starts_with("I do not know the command"), "{there}");
}

#[tokio::test]
async fn a_link_begins_one_session_and_only_while_it_is_fresh() {
    let spine = joined().await;
    let told = alone(&spine, ANN).await;
    let (link, session) = (link_hash(secret(&told)), session_hash("cookie"));
    let store = spine.store();
    let welcome = Opened::Welcome(ANN.to_owned());
    assert_eq!(store.link_state(link, later(0)).await.unwrap(), welcome);
    assert_eq!(store.link_state(link, later(2 * LINK_MS)).await.unwrap(), Opened::Late);
    let forged = link_hash("ffff");
    assert_eq!(store.open_link(forged, session, later(0)).await.unwrap(), Opened::Unknown);
    assert_eq!(store.visitor(session, later(1)).await.unwrap(), None);
    assert_eq!(store.open_link(link, session, later(0)).await.unwrap(), welcome);
    assert_eq!(store.visitor(session, later(1)).await.unwrap().as_deref(), Some(ANN));
    let again = session_hash("another");
    assert_eq!(store.open_link(link, again, later(1)).await.unwrap(), Opened::Used);
    assert_eq!(store.visitor(again, later(1)).await.unwrap(), None);
    assert_eq!(store.visitor(session, later(SESSION_MS)).await.unwrap(), None);
    store.end_session(session).await.unwrap();
    assert_eq!(store.visitor(session, later(1)).await.unwrap(), None);
}
