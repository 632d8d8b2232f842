// SPDX-License-Identifier: AGPL-3.0-or-later
//! A homeserver of a few lines, which answers what a test tells it to, and a listener that asks it.
//!
//! Rule: a question that the test did not foresee is answered by 404 `M_NOT_FOUND` and counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use bot_core::clock::{Clock, SystemClock};
use bot_core::ghost::Ghosts;
use bot_core::network::SinkError;
use bot_core::pseudonym::Pseudonyms;
use bot_core::store::Store;
use bot_core::store::memory::MemoryKv;
use bot_core::{Batch, Mark, Sink};
use bridge_matrix::client::Client;
use bridge_matrix::listen::{Listener, Parts};
use bridge_matrix::transaction;
use bridge_model::{ChatId, Content, Event, NetworkId, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::link;

pub const ROOM: &str = "!tea:localhost";
pub const ALICE: &str = "@alice:localhost";

/// What is asked, and what is answered: status and body; `None` for what is not foreseen.
pub type Answers = dyn Fn(&str, &str) -> Option<(u16, Value)> + Send + Sync;

/// Answers questions.
pub struct Stub {
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Stub {
    /// Answers by method and path.
    pub async fn answering(
        answers: impl Fn(&str, &str) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        let answers: Arc<Answers> = Arc::new(answers);
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        let answer = move |method: Method, uri: Uri| {
            let path = uri.path().replace("%21", "!").replace("%40", "@").replace("%24", "$");
            let path = path.replace("%3A", ":");
            noted.lock().unwrap().push(format!("{method} {path}"));
            let not_found = (404, json!({ "errcode": "M_NOT_FOUND", "error": "" }));
            let (status, body) = answers(method.as_str(), &path).unwrap_or(not_found);
            async move { (StatusCode::from_u16(status).unwrap(), Json(body)) }
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut task = JoinSet::new();
        let router = axum::Router::new().fallback(answer);
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, _task: task }
    }

    /// What was asked so far, as method and path.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// How often something with these words in it was asked.
    pub fn times(&self, words: &str) -> usize {
        self.asked().iter().filter(|asked| asked.contains(words)).count()
    }
}

/// Something was refused, by the homeserver itself.
pub fn refused(status: u16, code: &str) -> Option<(u16, Value)> {
    Some((status, json!({ "errcode": code, "error": "no" })))
}

/// The machine's clock, and how far a test is ahead of it.
#[derive(Default)]
pub struct GoingOn(AtomicI64);

impl GoingOn {
    /// So much time goes by.
    pub fn go_on(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for GoingOn {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        drop(tokio::time::timeout(duration, std::future::pending::<()>()).await);
    }
}

/// A listener, what it heard, and what it knows.
pub struct Hearing {
    pub listener: Listener,
    pub clock: Arc<GoingOn>,
    pub store: Arc<Store>,
    heard: Arc<Heard>,
}

impl Hearing {
    /// A listener at `stub`, with [`ROOM`] linked.
    pub async fn at(stub: &Stub) -> Self {
        let store = Store::start(MemoryKv::default(), [7; 32]).unwrap();
        link(&store, ROOM, ALICE).await;
        let heard = Arc::new(Heard::default());
        let pseudonyms = Pseudonyms::new(b"secret of the tests");
        let clock = Arc::new(GoingOn::default());
        let listener = Listener::new(Parts {
            sink: Arc::clone(&heard) as Arc<dyn Sink>,
            client: Client::new(reqwest::Client::new(), &stub.url, "token"),
            ghosts: Ghosts::new(pseudonyms, "_fs_", "localhost", "freeside"),
            store: Arc::clone(&store) as Arc<Store>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            crypto: None,
            clear_rooms: Arc::default(),
            open_rooms: Arc::default(),
        });
        Self { listener, clock, store, heard }
    }

    /// Takes in a transaction with these events; whether it was acknowledged.
    pub async fn takes(&self, name: &str, events: &[Value]) -> bool {
        self.takes_raw(name, &json!({ "events": events }).to_string()).await
    }

    /// Takes in a transaction as it comes over the wire.
    pub async fn takes_raw(&self, name: &str, body: &str) -> bool {
        let transaction = transaction::read(body.as_bytes(), &[], &[]).unwrap();
        self.listener.take_in(name, &transaction).await.is_ok()
    }

    /// What was heard since the last time.
    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.heard.events.lock().unwrap())
    }

    /// How many batches were handed to the core, each of which it stores.
    pub fn batches(&self) -> usize {
        self.heard.batches.load(Ordering::Relaxed)
    }

    /// The texts of what was heard since the last time.
    pub fn texts(&self) -> Vec<String> {
        let text = |event: Event| match event.content {
            Content::Posted(message) | Content::Edited(message) => message.body.plain(),
            other => format!("{other:?}"),
        };
        self.events().into_iter().map(text).collect()
    }

    /// Stores that something was heard, as the core does.
    pub async fn knows(&self, events: Vec<Event>) {
        let batch = Batch { network: "matrix".into(), marks: Vec::new(), events };
        self.store.accept(batch, Timestamp(1)).await.unwrap();
    }
}

/// A text of somebody in [`ROOM`].
pub fn text(id: &str, sender: &str, body: &str) -> Value {
    message(id, sender, json!({ "msgtype": "m.text", "body": body }))
}

/// A message of somebody in [`ROOM`].
pub fn message(id: &str, sender: &str, content: Value) -> Value {
    json!({
        "type": "m.room.message", "room_id": ROOM, "event_id": id, "sender": sender,
        "origin_server_ts": 1_700_000_000_000_i64, "content": content,
    })
}

#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Event>>,
    batches: AtomicUsize,
    marks: Mutex<HashMap<String, Vec<u8>>>,
}

#[async_trait]
impl Sink for Heard {
    async fn accept(&self, batch: Batch) -> Result<(), SinkError> {
        self.events.lock().unwrap().extend(batch.events);
        self.batches.fetch_add(1, Ordering::Relaxed);
        for mark in batch.marks {
            if let Mark::Set { key, value } = mark {
                self.marks.lock().unwrap().insert(key, value);
            }
        }
        Ok(())
    }

    async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, SinkError> {
        Ok(self.marks.lock().unwrap().get(key).cloned())
    }

    async fn linked_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        Ok(vec![ChatId::from(ROOM)])
    }
}
