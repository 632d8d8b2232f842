// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a delivery makes of a homeserver that says no, or of something before it that says anything.
//!
//! Rule: a room is closed only when the core bot is not in it; what a ghost may not do concerns its
//! person alone.

use std::sync::Arc;

use async_trait::async_trait;
use bot_core::order::{DeliverError, Failure, Receipt};
use bot_core::store::Store;
use bot_core::store::memory::MemoryKv;
use bot_core::{
    Action, AskError, Deliver, EntryId, MediaSource, MediaStream, Order, Refusal, SendAs, Words,
};
use bridge_matrix::MatrixNetwork;
use bridge_matrix::client::Client;
use bridge_model::{ChatId, Media, Message, Reply, Thread};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::stage::{ann, network, said};
use crate::stub::{ROOM, Stub, refused};

struct NoFiles;

#[async_trait]
impl MediaSource for NoFiles {
    async fn open(&self, _media: &Media) -> Result<MediaStream, AskError> {
        Err(AskError::Refused(Refusal::file("there is no such file")))
    }
}

fn at(stub: &Stub) -> Arc<MatrixNetwork> {
    let store = Store::start(MemoryKv::default(), [7; 32]).unwrap();
    network(1, &stub.url, &store)
}

fn post(send_as: SendAs, message: Message) -> Action {
    Action::Post { send_as, native_reply: message.reply_to.is_some(), message, answer_via: None }
}

async fn does(matrix: &MatrixNetwork, entry: u64, act: Action) -> Result<Receipt, Failure> {
    matrix.deliver(&order(entry, act), &NoFiles).await
}

fn order(entry: u64, act: Action) -> Order {
    Order {
        entry: EntryId(entry),
        chat: ChatId::from(ROOM),
        act,
        done: Vec::new(),
        after: None,
        source: "source".into(),
        words: Words::english(),
        in_clear: false,
    }
}

/// A homeserver on which ghosts do not join, for this reason; the core bot's membership is this.
async fn barring(code: &'static str, bot: Option<(u16, Value)>) -> Stub {
    Stub::answering(move |method, path| match (method, path) {
        ("POST", path) if path.ends_with("/join") => refused(403, code),
        ("POST", path) if path.ends_with("/invite") => refused(403, "M_FORBIDDEN"),
        ("GET", path) if path.contains("/state/m.room.member/") => bot.clone(),
        (_, path) if path.contains("/redact/") => Some((200, json!({ "event_id": "$r" }))),
        ("POST" | "PUT", path) if path.ends_with("/register") || path.contains("/profile/") => {
            Some((200, json!({ "user_id": "@_fs_x:localhost" })))
        }
        _ => None,
    })
    .await
}

fn joined() -> Option<(u16, Value)> {
    Some((200, json!({ "content": { "membership": "join" } })))
}

#[tokio::test]
async fn a_ghost_that_may_not_join_concerns_its_person_and_never_halts_the_room() {
    for code in ["M_FORBIDDEN", "M_BAD_STATE", "M_UNKNOWN", "M_UNABLE_TO_AUTHORISE_JOIN"] {
        let stub = barring(code, joined()).await;
        let matrix = at(&stub);
        let failure = does(&matrix, 1, post(ann(), said("hi"))).await.unwrap_err();
        let barred = |failure: &Failure| {
            matches!(&failure.error, DeliverError::Refused { reason: Refusal::Barred(_) })
        };
        assert!(barred(&failure), "{code}: {failure:?}");
        assert!(stub.times("/invite") > 0, "{code}: an invitation is tried");
        let again = does(&matrix, 2, post(ann(), said("hi again"))).await.unwrap_err();
        assert!(barred(&again), "{code}: {again:?}");
        // What is taken away does not need the ghost.
        let parts = vec![bot_core::Part { id: "$a".into(), media: false }];
        does(&matrix, 3, Action::Delete { send_as: ann(), parts }).await.unwrap();
        assert_eq!(stub.times("/redact/"), 1, "{code}");
    }
}

#[tokio::test]
async fn a_room_is_closed_only_when_the_core_bot_is_not_in_it() {
    let gone = Some((200, json!({ "content": { "membership": "leave" } })));
    let cases = [(gone, "closed"), (refused(403, "M_FORBIDDEN"), "closed")];
    for (bot, expected) in cases {
        let stub = barring("M_FORBIDDEN", bot).await;
        let failure = does(&at(&stub), 1, post(ann(), said("hi"))).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::ChatClosed { .. }), "{expected}");
    }
    // A question that failed does not close it.
    let stub = barring("M_FORBIDDEN", refused(502, "")).await;
    let failure = does(&at(&stub), 1, post(ann(), said("hi"))).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Retry { .. }), "{failure:?}");
}

#[tokio::test]
async fn nothing_is_said_in_clear_in_an_encrypted_room_but_what_may_be() {
    let stub = Stub::answering(|method, path| match (method, path) {
        (_, path) if path.contains("/state/m.room.encryption") => {
            Some((200, json!({ "content": { "algorithm": "m.megolm.v1.aes-sha2" } })))
        }
        (_, path) if path.contains("/send/") => Some((200, json!({ "event_id": "$sent" }))),
        _ => None,
    })
    .await;
    let matrix = at(&stub);
    let failure = does(&matrix, 1, post(SendAs::Bot, said("a secret"))).await.unwrap_err();
    let closed = DeliverError::ChatClosed { reason: Refusal::Encrypted };
    assert_eq!(failure.error, closed);
    assert_eq!(stub.times("/send/"), 0);
    let mut order = order(2, post(SendAs::Bot, said("I cannot read this")));
    order.in_clear = true;
    matrix.deliver(&order, &NoFiles).await.unwrap();
    assert_eq!(stub.times("/send/"), 1);
}

#[tokio::test]
async fn what_the_homeserver_did_not_say_itself_refuses_nothing() {
    for status in [400, 401, 403, 404, 408, 413] {
        let stub = Stub::answering(move |_, path| {
            path.contains("/send/").then(|| (status, json!("<html>no backend</html>")))
        })
        .await;
        let failure = does(&at(&stub), 1, post(SendAs::Bot, said("hi"))).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{status}: {failure:?}");
    }
}

#[tokio::test]
async fn a_message_leaves_its_thread_only_where_the_homeserver_says_that_none_can_be() {
    for (status, sent) in [(500, 1), (400, 2)] {
        let stub = Stub::answering(move |_, path| {
            if path.contains("/send/") { refused(status, "M_UNKNOWN") } else { None }
        })
        .await;
        let mut message = said("hi");
        message.thread = Some(Thread { root: "$root".into(), name: None });
        drop(does(&at(&stub), 1, post(SendAs::Bot, message)).await.unwrap_err());
        assert_eq!(stub.times("/send/"), sent, "{status}");
    }
}

#[tokio::test]
async fn the_bot_answers_in_the_thread_in_which_it_was_asked() {
    let bodies = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&bodies);
    let router = axum::Router::new()
        .route(
            "/_matrix/client/v3/rooms/{room}/event/{event}",
            axum::routing::get(|| async {
                let relation = json!({ "rel_type": "m.thread", "event_id": "$root" });
                axum::Json(json!({ "type": "m.room.message", "event_id": "$asked",
                    "content": { "m.relates_to": relation } }))
            }),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/state/{*kind}",
            axum::routing::get(|| async {
                let body = json!({ "errcode": "M_NOT_FOUND", "error": "" });
                (axum::http::StatusCode::NOT_FOUND, axum::Json(body))
            }),
        )
        .fallback(move |axum::Json(body): axum::Json<Value>| {
            noted.lock().unwrap().push(body);
            async { axum::Json(json!({ "event_id": "$sent" })) }
        });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut stub = Stub::answering(|_, _| None).await;
    stub.url = format!("http://{}", listener.local_addr().unwrap());
    let mut task = tokio::task::JoinSet::new();
    task.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut message = said("Freeside 1.0");
    message.reply_to = Some(Reply::to("$asked".into()));
    does(&at(&stub), 1, post(SendAs::Bot, message)).await.unwrap();
    let sent = bodies.lock().unwrap().pop().unwrap();
    let relation = &sent["m.relates_to"];
    assert_eq!(relation["rel_type"], "m.thread");
    assert_eq!(relation["event_id"], "$root");
    assert_eq!(relation["m.in_reply_to"]["event_id"], "$asked");
}

#[tokio::test]
async fn a_homeserver_of_before_matrix_1_11_gives_files_at_the_old_address() {
    let stub = Stub::answering(|_, path| match path {
        "/_matrix/media/v3/download/hs.example/abc" => Some((200, json!("file"))),
        _ => refused(404, "M_UNRECOGNIZED"),
    })
    .await;
    let client = Client::new(reqwest::Client::new(), &stub.url, "token");
    let stream = client.download("mxc://hs.example/abc").await.unwrap();
    let bytes: Vec<bytes::Bytes> = stream.chunks.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"\"file\"");
    // What is not there is not looked for elsewhere.
    let stub = Stub::answering(|_, _| None).await;
    let client = Client::new(reqwest::Client::new(), &stub.url, "token");
    assert!(client.download("mxc://hs.example/abc").await.is_err());
    assert_eq!(stub.asked().len(), 1);
}
