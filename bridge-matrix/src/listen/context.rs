// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an event needs to be understood and does not carry.
//!
//! Rule: what the homeserver does not have is left out, and the event is read without it. What it
//! could not say just now holds the transaction up, which it repeats; but not for ever.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use ruma::OwnedRoomId;
use serde_json::Value;

use super::Listener;
use crate::client::ClientError;
use crate::rooms;
use bot_core::network::{AskError, SinkError};

/// After so many transactions in a row that failed, events are read without what cannot be had.
/// Homeservers wait longer from time to time, so that this is a quarter of an hour.
const MOST_FAILURES: u32 = 10;

/// A question about an event was not answered; it may be answered later.
#[derive(Debug, thiserror::Error)]
#[error("a question about an event was not answered: {0}")]
pub(crate) struct Unanswered(String);

impl From<String> for Unanswered {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<Unanswered> for SinkError {
    fn from(error: Unanswered) -> Self {
        Self(error.to_string())
    }
}

/// Counts the transactions that failed since the last one that did not.
#[derive(Default)]
pub(super) struct Patience(AtomicU32);

impl Patience {
    pub(super) fn note(&self, succeeded: bool) {
        if succeeded {
            self.0.store(0, Ordering::Relaxed);
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed) < MOST_FAILURES
    }
}

impl Listener {
    /// What the homeserver answered; `None` when it says that there is nothing, or nothing for us.
    ///
    /// # Errors
    /// [`Unanswered`] when it may say something else later.
    pub(crate) fn answer<T>(
        &self,
        answered: Result<Option<T>, ClientError>,
    ) -> Result<Option<T>, Unanswered> {
        match answered.map_err(|error| error.ask()) {
            Ok(found) => Ok(found),
            Err(AskError::Refused(_)) => Ok(None),
            Err(AskError::Retry { reason, .. }) if self.patience.is_left() => {
                Err(Unanswered(reason))
            }
            Err(AskError::Retry { reason, .. }) => {
                tracing::error!(reason, "an event is read without what belongs to it");
                Ok(None)
            }
        }
    }

    /// Whether a room is joined to chats elsewhere, or is that of a topic of such a chat.
    ///
    /// # Errors
    /// [`Unanswered`] when the store does not say.
    pub(crate) async fn is_linked(&self, room: &str) -> Result<bool, Unanswered> {
        let place = bridge_model::Place::new(crate::NETWORK, room);
        let unanswered = |error: bot_core::store::StoreError| Unanswered(error.to_string());
        if self.store.portal_of(&place).await.map_err(unanswered)?.is_some() {
            return Ok(true);
        }
        Ok(self.store.topic_of_room(&place).await.map_err(unanswered)?.is_some())
    }

    /// Whether the core bot was removed from a linked room: our accounts hear what happens there for a
    /// while longer.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(crate) async fn was_removed_from(&self, room: &str) -> Result<bool, Unanswered> {
        let place = bridge_model::Place::new(crate::NETWORK, room);
        let portal = self.store.portal_of(&place).await;
        let portal = portal.map_err(|error| Unanswered(error.to_string()))?;
        let silence = portal.and_then(|portal| portal.silence_at(&place));
        Ok(silence == Some(bot_core::portal::Silence::Removed))
    }

    /// A state event with what was there before it. Homeservers put that into what they deliver,
    /// except for what they deliver late.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn with_previous<'e>(
        &self,
        room: &str,
        raw: &'e Value,
    ) -> Result<Cow<'e, Value>, Unanswered> {
        let unsigned = raw.get("unsigned");
        let has = |key: &str| unsigned.and_then(|unsigned| unsigned.get(key)).is_some();
        if raw.get("state_key").is_none() || has("prev_content") {
            return Ok(Cow::Borrowed(raw));
        }
        let replaced = unsigned.and_then(|unsigned| unsigned.get("replaces_state")?.as_str());
        let Some(replaced) = replaced else { return Ok(Cow::Borrowed(raw)) };
        let before = self.event(room, replaced).await?;
        let content = before.as_ref().and_then(|event| event.get("content"));
        let mut whole = raw.clone();
        if let (Some(content), Some(Value::Object(unsigned))) = (content, whole.get_mut("unsigned"))
        {
            unsigned.insert("prev_content".into(), content.clone());
        }
        Ok(Cow::Owned(whole))
    }

    /// One event of a room, as it is now
    /// (`GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`).
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn event(&self, room: &str, event: &str) -> Result<Option<Value>, Unanswered> {
        let Ok(room) = OwnedRoomId::try_from(room) else { return Ok(None) };
        self.answer(rooms::event(&self.client, &room, event).await)
    }
}
