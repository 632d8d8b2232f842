// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opens one encrypted event with the Megolm sessions of the bot's device.
//!
//! Rule: an event whose session has not come yet is no error: it is asked for again later.

use ruma::OwnedRoomId;
use serde_json::Value;

use super::device::Unread;
use super::{Crypto, CryptoError, held, text};

impl Crypto {
    /// The event as it was before it was encrypted; `None` while its key is missing.
    pub(crate) async fn open_event(&self, event: &Value) -> Result<Option<Value>, CryptoError> {
        let is_sealed = event.pointer("/content/ciphertext").is_some();
        if text(event, "type") != "m.room.encrypted" || !is_sealed {
            return Ok(Some(event.clone()));
        }
        let Ok(room) = OwnedRoomId::try_from(text(event, "room_id")) else {
            return Ok(Some(event.clone()));
        };
        match self.bot().await?.read(&room, event).await {
            Ok(opened) => Ok(Some(opened)),
            Err(Unread::KeyMissing) => Ok(None),
            Err(Unread::Store(error)) => Err(error),
            Err(Unread::Never(reason)) => {
                let event_id = text(event, "event_id");
                tracing::warn!(event = event_id, reason, "an event cannot be decrypted");
                Ok(Some(event.clone()))
            }
        }
    }

    /// Stores the events that wait for a key.
    pub(crate) async fn keep_held(&self) -> Result<(), CryptoError> {
        let list = self.held.lock().await.write();
        let list = list.map_err(|error| CryptoError::Keys(error.to_string()))?;
        self.bot().await?.keep(held::KEPT, list).await
    }
}
