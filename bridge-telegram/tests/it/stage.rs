// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the tests stand on: a network on the stand-in, and a sink that remembers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bot_core::network::SinkError;
use bot_core::order::Missed;
use bot_core::{
    Action, AskError, Batch, EntryId, Mark, MediaSource, MediaStream, Network, NetworkError, Order,
    Part, SendAs, Sink, Words,
};
use bridge_model::{
    Author, AuthorKind, ChatId, Content, Event, Media, MediaHandle, MediaKind, Message, MessageId,
    NetworkId, Person, RichText, Timestamp,
};
use bridge_telegram::{Patience, Settings, TelegramNetwork};
use bytes::Bytes;
use futures_util::StreamExt;
use sandbox::telegram::Telegram;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// No test waits longer for anything.
const DEADLINE: Duration = Duration::from_secs(20);

/// The network, speaking to the stand-in, impatient.
pub fn network(telegram: &Telegram) -> TelegramNetwork {
    TelegramNetwork::new(settings(telegram)).unwrap()
}

/// What that network is made from.
pub fn settings(telegram: &Telegram) -> Settings {
    let mut patience = Patience::new(Arc::new(|| 0.0));
    patience.long_poll = Duration::from_secs(2);
    patience.first = Duration::from_millis(20);
    patience.longest = Duration::from_millis(200);
    Settings {
        token: telegram.bot_token(),
        api_url: telegram.url().parse().unwrap(),
        proxy: None,
        local_server: false,
        local_files: None,
        patience,
        watch: bot_core::measure::Stopwatch::off(),
    }
}

/// Remembers what it accepts, as the store would.
#[derive(Default)]
pub struct Memory {
    pub events: Mutex<Vec<Event>>,
    pub marks: Mutex<HashMap<String, Vec<u8>>>,
    /// Chats that are linked.
    pub linked: Mutex<Vec<ChatId>>,
    /// What was missed.
    pub missed: Mutex<Vec<Missed>>,
    /// So many batches are refused first.
    pub refusals: AtomicUsize,
    changed: Notify,
}

#[async_trait]
impl Sink for Memory {
    async fn accept(&self, batch: Batch) -> Result<(), SinkError> {
        let refuse = self
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        self.changed.notify_waiters();
        if refuse.is_ok() {
            return Err(SinkError("the disk is full".to_owned()));
        }
        for mark in batch.marks {
            match mark {
                Mark::Set { key, value } => {
                    self.marks.lock().unwrap().insert(key, value);
                }
                Mark::Missed(missed) => self.missed.lock().unwrap().push(missed),
                Mark::Once { .. } => {}
            }
        }
        self.events.lock().unwrap().extend(batch.events);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, SinkError> {
        Ok(self.marks.lock().unwrap().get(key).cloned())
    }

    async fn linked_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        Ok(self.linked.lock().unwrap().clone())
    }
}

impl Memory {
    /// Waits until `look` finds what it wants.
    pub async fn wait<R>(&self, look: impl Fn(&Self) -> Option<R>) -> R {
        let search = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(self) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(DEADLINE, search).await.expect("in time")
    }

    /// Waits for an event.
    pub async fn event(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        self.wait(|memory| memory.events.lock().unwrap().iter().find(|it| wanted(it)).cloned())
            .await
    }

    /// Waits for a message whose text is `text`.
    pub async fn message(&self, text: &str) -> Message {
        let event = self.event(|it| posted(it).is_some_and(|it| it.body.plain() == text)).await;
        posted(&event).unwrap().clone()
    }

    /// The texts of all messages so far.
    pub fn texts(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events.iter().filter_map(posted).map(|it| it.body.plain()).collect()
    }

    /// The offset of the last accepted batch.
    pub fn offset(&self) -> Option<i64> {
        let marks = self.marks.lock().unwrap();
        String::from_utf8(marks.get("offset")?.clone()).unwrap().parse().ok()
    }
}

/// The message of a `Posted` event.
pub fn posted(event: &Event) -> Option<&Message> {
    let Content::Posted(message) = &event.content else { return None };
    Some(message)
}

/// A running listener.
pub struct Listener {
    pub memory: Arc<Memory>,
    stop: CancellationToken,
    task: JoinSet<Result<(), NetworkError>>,
}

impl Listener {
    pub fn start(telegram: &Telegram, memory: Arc<Memory>) -> Self {
        Self::of(Arc::new(network(telegram)), memory)
    }

    /// Listens by this network.
    pub fn of(network: Arc<TelegramNetwork>, memory: Arc<Memory>) -> Self {
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        let (sink, stopped) = (memory.clone(), stop.clone());
        task.spawn(async move { network.run(sink, stopped).await });
        Self { memory, stop, task }
    }

    /// Asks it to stop and waits.
    pub async fn stop(self) -> Result<(), NetworkError> {
        self.stop.cancel();
        self.end().await
    }

    /// Waits until it ends by itself.
    pub async fn end(mut self) -> Result<(), NetworkError> {
        let end = tokio::time::timeout(DEADLINE, self.task.join_next()).await;
        end.expect("in time").expect("one task").expect("no panic")
    }
}

/// Files by reference.
#[derive(Default)]
pub struct Shelf(pub HashMap<String, Vec<u8>>);

#[async_trait]
impl MediaSource for Shelf {
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError> {
        let bytes = self.0.get(&media.handle.reference);
        let bytes = bytes
            .ok_or_else(|| AskError::Refused(bot_core::Refusal::file("no such file")))?
            .clone();
        let chunks: Vec<_> =
            bytes.chunks(64 * 1024).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
        let chunks = futures_util::stream::iter(chunks).boxed();
        Ok(MediaStream { size: None, mime: None, chunks })
    }
}

/// A message of Alice on Matrix.
pub fn message(text: &str) -> Message {
    let author = Author {
        user: "@alice:example.org".into(),
        kind: AuthorKind::Person,
        name: "Alice".to_owned(),
        username: None,
        avatar: None,
    };
    Message { body: RichText::plain_text(text), ..Message::new(author, Timestamp(0)) }
}

/// A file of that message.
pub fn media(kind: MediaKind, name: &str, mime: &str) -> Media {
    let handle = MediaHandle { network: "matrix".into(), reference: name.to_owned() };
    Media { name: Some(name.to_owned()), mime: Some(mime.to_owned()), ..Media::new(handle, kind) }
}

/// Alice's send_as.
pub fn alice() -> SendAs {
    SendAs::Person {
        person: Person::new("matrix", "@alice:example.org"),
        name: "Alice".to_owned(),
        avatar_url: None,
        avatar: None,
    }
}

/// Alice says `message`.
pub fn post(message: Message) -> Action {
    Action::Post { send_as: alice(), message, native_reply: false, answer_via: None }
}

/// An order for `chat`.
pub fn order(chat: i64, act: Action) -> Order {
    Order {
        entry: EntryId(1),
        chat: ChatId::new(chat.to_string()),
        act,
        done: Vec::new(),
        after: None,
        source: "source".to_owned(),
        words: Words::english(),
        in_clear: false,
    }
}

/// A text part.
pub fn part(id: i64) -> Part {
    Part { id: MessageId::new(id.to_string()), media: false }
}

/// The smallest PNG: one pixel.
pub fn png() -> Vec<u8> {
    vec![
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0,
        0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44,
        0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x56, 0xc7,
        0x2f, 0x0d, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ]
}
