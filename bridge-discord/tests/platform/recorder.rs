// SPDX-License-Identifier: AGPL-3.0-or-later
//! A core that remembers what it is told.
//!
//! Rule: like the real one it drops an event that it has seen before.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bot_core::network::SinkError;
use bot_core::{Batch, Mark, Sink};
use bridge_model::{ChatId, Content, Event, NetworkId};
use tokio::sync::watch;

/// How long a test waits for something.
pub const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Kept {
    marks: BTreeMap<String, Vec<u8>>,
    events: Vec<Event>,
    seen: HashSet<String>,
    refusals: usize,
    linked: Vec<String>,
    severed: Vec<String>,
}

pub struct Recorder {
    kept: Mutex<Kept>,
    changed: watch::Sender<usize>,
    answering: watch::Sender<bool>,
}

impl Recorder {
    pub fn new(linked: &[u64]) -> Self {
        let linked = linked.iter().map(u64::to_string).collect();
        Self {
            kept: Mutex::new(Kept { linked, ..Kept::default() }),
            changed: watch::Sender::new(0),
            answering: watch::Sender::new(true),
        }
    }

    /// The next batches are not stored.
    pub fn refuse(&self, times: usize) {
        self.kept.lock().unwrap().refusals = times;
    }

    /// Whether the store answers, or lets everybody wait.
    pub fn set_answering(&self, answering: bool) {
        self.answering.send_replace(answering);
    }

    /// The link of a channel is severed.
    pub fn sever(&self, channel: u64) {
        let mut kept = self.kept.lock().unwrap();
        kept.linked.retain(|one| *one != channel.to_string());
        kept.severed.push(channel.to_string());
    }

    pub fn events(&self) -> Vec<Event> {
        self.kept.lock().unwrap().events.clone()
    }

    pub fn has_mark(&self, key: &str) -> bool {
        self.kept.lock().unwrap().marks.contains_key(key)
    }

    /// Waits until the events are as wanted.
    pub async fn until<T>(&self, look: impl Fn(&[Event]) -> Option<T>) -> T {
        self.wait(|kept| look(&kept.events)).await
    }

    pub async fn until_mark(&self, key: &str) {
        self.wait(|kept| kept.marks.contains_key(key).then_some(())).await;
    }

    async fn wait<T>(&self, look: impl Fn(&Kept) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                if let Some(found) = look(&self.kept.lock().unwrap()) {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(DEADLINE, waiting).await;
        found.unwrap_or_else(|_| panic!("in vain; heard {:#?}", self.texts()))
    }

    /// The texts of new messages, in order.
    pub fn texts(&self) -> Vec<String> {
        texts(&self.events())
    }

    /// Waits for so many new messages.
    pub async fn until_texts(&self, count: usize) -> Vec<String> {
        self.until(|events| Some(texts(events)).filter(|texts| texts.len() >= count)).await
    }
}

pub fn texts(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match &event.content {
        Content::Posted(message) => Some(message.body.plain()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

#[async_trait]
impl Sink for Recorder {
    async fn accept(&self, batch: Batch) -> Result<(), SinkError> {
        self.answering.subscribe().wait_for(|answering| *answering).await.unwrap();
        let mut kept = self.kept.lock().unwrap();
        if kept.refusals > 0 && !batch.events.is_empty() {
            kept.refusals -= 1;
            return Err(SinkError("the disk is full".to_owned()));
        }
        for event in batch.events {
            // Whatever is heard from a severed channel links it again.
            let here = event.place.chat.as_str().to_owned();
            if let Some(at) = kept.severed.iter().position(|one| *one == here) {
                let chat = kept.severed.remove(at);
                kept.linked.push(chat);
            }
            let posted = matches!(event.content, Content::Posted(_) | Content::Commanded(_));
            if !posted || kept.seen.insert(event.message.as_str().to_owned()) {
                kept.events.push(event);
            }
        }
        for mark in batch.marks {
            match mark {
                Mark::Set { key, value } => {
                    kept.marks.insert(key, value);
                }
                Mark::Once { .. } | Mark::Missed(_) => {}
            }
        }
        drop(kept);
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, SinkError> {
        Ok(self.kept.lock().unwrap().marks.get(key).cloned())
    }

    async fn severed_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.severed.iter().map(|chat| ChatId::from(chat.as_str())).collect())
    }

    async fn linked_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.linked.iter().map(|chat| ChatId::from(chat.as_str())).collect())
    }
}
