// SPDX-License-Identifier: AGPL-3.0-or-later
//! What has to be known of a room before something is said there: whether it is encrypted, and
//! who is to be able to read.
//!
//! Rule: asked once, then kept up to date by the transactions; it can be forgotten at any time.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use matrix_sdk_crypto::{CollectStrategy, EncryptionSettings};
use ruma::api::client::membership::get_member_events;
use ruma::events::room::encryption::RoomEncryptionEventContent;
use ruma::events::room::history_visibility::HistoryVisibility;
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::Value;

use crate::client::{Client, ClientError, Identity};
use crate::rooms;

/// So many rooms are remembered; all are forgotten when there are more.
const ROOMS: usize = 1_000;

/// What is known of rooms.
#[derive(Default)]
pub struct Facts {
    settings: Mutex<HashMap<String, Option<EncryptionSettings>>>,
    members: Mutex<HashMap<String, BTreeSet<OwnedUserId>>>,
    /// Grows with each event that changes facts: an answer that was asked for before is not kept.
    changes: AtomicU64,
}

impl Facts {
    /// How the room is encrypted; `None` when it is not.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn settings(
        &self,
        client: &Client,
        room: &OwnedRoomId,
    ) -> Result<Option<EncryptionSettings>, ClientError> {
        let known = lock(&self.settings).get(room.as_str()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let before = self.changes.load(Ordering::SeqCst);
        let asked = Self::ask_settings(client, room).await?;
        let mut settings = lock(&self.settings);
        if before != self.changes.load(Ordering::SeqCst) {
            return Ok(asked);
        }
        if settings.len() >= ROOMS {
            settings.clear();
        }
        settings.insert(room.to_string(), asked.clone());
        Ok(asked)
    }

    async fn ask_settings(
        client: &Client,
        room: &OwnedRoomId,
    ) -> Result<Option<EncryptionSettings>, ClientError> {
        let Some(event) = rooms::state(client, room, "m.room.encryption", "").await? else {
            return Ok(None);
        };
        let content = event.get("content").cloned().unwrap_or_default();
        // A broken content must not make an encrypted room a clear one.
        let content = serde_json::from_value::<RoomEncryptionEventContent>(content)
            .unwrap_or_else(|_| RoomEncryptionEventContent::with_recommended_defaults());
        let history = rooms::state(client, room, "m.room.history_visibility", "").await?;
        let history = history
            .as_ref()
            .and_then(|event| event.get("content")?.get("history_visibility")?.as_str());
        let history = HistoryVisibility::from(history.unwrap_or("shared"));
        Ok(Some(EncryptionSettings::new(content, history, CollectStrategy::AllDevices)))
    }

    /// Who may read what is said now: members, and who is invited where the room shows them that.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn readers(
        &self,
        client: &Client,
        (room, settings): (&OwnedRoomId, &EncryptionSettings),
    ) -> Result<BTreeSet<OwnedUserId>, ClientError> {
        let known = lock(&self.members).get(room.as_str()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let before = self.changes.load(Ordering::SeqCst);
        let request = get_member_events::v3::Request::new(room.clone());
        let answer = client.send(request, &Identity::Bot).await?;
        let mut readers = BTreeSet::new();
        for event in &answer.chunk {
            let Ok(event) = serde_json::from_str::<Value>(event.json().get()) else { continue };
            if let Some((user, true)) = reader(&event, &settings.history_visibility) {
                readers.insert(user);
            }
        }
        let mut members = lock(&self.members);
        if before != self.changes.load(Ordering::SeqCst) {
            return Ok(readers);
        }
        if members.len() >= ROOMS {
            members.clear();
        }
        members.insert(room.to_string(), readers.clone());
        Ok(readers)
    }

    /// Takes notice of an event of a transaction.
    pub fn note(&self, event: &Value) {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let room = text("room_id");
        match text("type") {
            "m.room.encryption" | "m.room.history_visibility" => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                lock(&self.settings).remove(room);
                lock(&self.members).remove(room);
            }
            "m.room.member" => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                let settings = lock(&self.settings).get(room).cloned().flatten();
                let history = settings.map(|settings| settings.history_visibility);
                let Some(history) = history else {
                    lock(&self.members).remove(room);
                    return;
                };
                if let Some(readers) = lock(&self.members).get_mut(room)
                    && let Some((user, reads)) = reader(event, &history)
                {
                    if reads {
                        readers.insert(user)
                    } else {
                        readers.remove(&user)
                    };
                }
            }
            _ => {}
        }
    }
}

/// Whom a member event is about, and whether they may read.
fn reader(event: &Value, history: &HistoryVisibility) -> Option<(OwnedUserId, bool)> {
    let user = OwnedUserId::try_from(event.get("state_key")?.as_str()?).ok()?;
    let reads = match event.get("content")?.get("membership")?.as_str()? {
        "join" => true,
        "invite" => *history != HistoryVisibility::Joined,
        _ => false,
    };
    Some((user, reads))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
