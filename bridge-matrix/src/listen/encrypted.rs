// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opens what a transaction brings, so that the rest of the bridge sees plain events.
//!
//! Rule: nobody waits for a key with a transaction in the hand. What cannot be opened yet is put
//! into the list of [`crate::crypto::held`], and told when its key comes.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::Listener;
use crate::NETWORK;
use crate::crypto::{Crypto, CryptoError, files, held, text};
use bot_core::network::SinkError;
use bot_core::order::Batch;

/// Between two looks at events whose key is missing.
const PACE: Duration = Duration::from_secs(1);
/// Between two looks at what the device has to say, when nothing calls.
const REST: Duration = Duration::from_secs(60);

impl From<CryptoError> for SinkError {
    fn from(error: CryptoError) -> Self {
        Self(error.to_string())
    }
}

impl Listener {
    /// Takes in what a transaction holds for devices, then tells the events that can be read now.
    ///
    /// # Errors
    /// [`SinkError`]: the transaction must not be acknowledged.
    pub(crate) async fn feed(&self, txn: &str, body: &Value) -> Result<(), SinkError> {
        let Some(crypto) = &self.crypto else { return Ok(()) };
        if crypto.feed(txn, body).await? {
            self.release(crypto).await?;
        }
        Ok(())
    }

    /// The events as they were before they were encrypted, without those that wait for a key.
    ///
    /// # Errors
    /// [`SinkError`]: the transaction must not be acknowledged.
    pub(crate) async fn opened(&self, raw: Vec<Value>) -> Result<Vec<Value>, SinkError> {
        let mut opened = Vec::with_capacity(raw.len());
        let Some(crypto) = &self.crypto else {
            opened.extend(raw.into_iter().map(readable));
            return Ok(opened);
        };
        let _turn = crypto.turn.lock().await;
        let mut holds = false;
        for event in raw {
            crypto.facts.note(&event);
            let sender = text(&event, "sender");
            if event.get("state_key").is_some() || self.ghosts.is_ours(sender) {
                opened.push(event);
                continue;
            }
            let now = self.clock.now();
            let waits = crypto.held.lock().await.blocks(text(&event, "room_id"), now);
            match if waits { Ok(None) } else { crypto.open_event(&event).await } {
                Ok(Some(event)) => opened.push(readable(event)),
                Ok(None) => {
                    crypto.held.lock().await.hold(&event, now);
                    holds = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if holds {
            crypto.held.lock().await.give_up(self.clock.now());
            crypto.keep_held().await?;
            crypto.wake.notify_one();
        }
        Ok(opened)
    }

    /// One event as it was before it was encrypted; as it is when it cannot be read.
    pub(crate) async fn opened_one(&self, event: Value) -> Value {
        let Some(crypto) = &self.crypto else { return readable(event) };
        match crypto.open_event(&event).await {
            Ok(Some(opened)) => readable(opened),
            Ok(None) | Err(_) => event,
        }
    }

    /// Tells the held events whose keys have come, in the order in which they were said.
    async fn release(&self, crypto: &Crypto) -> Result<(), SinkError> {
        let _turn = crypto.turn.lock().await;
        if crypto.held.lock().await.is_empty() {
            return Ok(());
        }
        let mut pass = held::Held::replay_pass(self.clock.now());
        let (mut done, mut events) = (HashSet::new(), Vec::new());
        let held = crypto.held.lock().await.events();
        for event in held {
            if !pass.may_go(&event) {
                continue;
            }
            match crypto.open_event(&event).await? {
                Some(opened) => {
                    done.insert(text(&event, "event_id").to_owned());
                    events.extend(self.convert(&readable(opened)).await?);
                }
                None => pass.still_waits(&event, &*crypto.held.lock().await),
            }
        }
        if !done.is_empty() {
            let batch = Batch { network: NETWORK.into(), marks: Vec::new(), events };
            self.sink.accept(batch).await?;
            crypto.held.lock().await.settle(&done);
        }
        let gave_up = crypto.held.lock().await.give_up(self.clock.now());
        if gave_up || !done.is_empty() {
            crypto.keep_held().await?;
        }
        Ok(())
    }

    /// Sends what the bot's device has to say (new one-time keys, new sessions), and looks
    /// whether held events can go; for ever.
    pub(crate) async fn tend(&self) {
        let Some(crypto) = &self.crypto else { return };
        loop {
            let tended = async {
                crypto.bot().await?.settle().await?;
                self.release(crypto).await
            };
            if let Err(error) = tended.await {
                tracing::warn!(%error, "the keys of encrypted rooms are not in order yet");
            }
            let waits = crypto.held.lock().await.blocks_any(self.clock.now());
            let called = crypto.wake.notified();
            tokio::select! {
                () = self.clock.sleep(if waits { PACE } else { REST }) => {}
                () = called => {}
            }
        }
    }
}

/// The event with the addresses of encrypted files as the converters read them.
fn readable(mut event: Value) -> Value {
    if let Some(content) = event.get_mut("content") {
        *content = files::hidden(content.take());
    }
    event
}
