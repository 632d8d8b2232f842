// SPDX-License-Identifier: AGPL-3.0-or-later
//! In which rooms somebody is alone with the core bot, so that every text is a command.
//!
//! Rule: members are counted beside the transactions, never inside: strangers decide how large
//! and how restless their rooms are. A transaction waits a moment for an answer that is on its way,
//! and not even that in a room whose answers take long.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::Notify;

use super::client::{Client, ClientError};

/// How long a transaction waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rooms that are remembered; all are forgotten when there are more.
const ROOMS: usize = 10_000;
/// So many rooms are asked for at a time.
const AT_ONCE: usize = 4;
/// Two members and their profiles are smaller; what is larger is no private chat.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Knows in which rooms somebody is alone with the core bot.
#[derive(Default)]
pub struct PrivateChats {
    rooms: Mutex<HashMap<String, Known>>,
    to_ask: Mutex<BTreeSet<String>>,
    asked: Notify,
    answered: Notify,
}

#[derive(Clone, Copy, Default)]
struct Known {
    private: Option<bool>,
    /// An answer took longer than anybody waits.
    slow: bool,
}

impl PrivateChats {
    /// Somebody came to a room that is not linked, or left it.
    pub fn members_changed(&self, room: &str, joined: bool) {
        {
            let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(known) = rooms.get_mut(room) else { return };
            if joined && known.private == Some(false) {
                // There were too many before.
                return;
            }
            known.private = None;
        }
        self.ask(room);
    }

    /// Whether two are in the room, and nobody gave it a name. `false` as long as the homeserver has not said so.
    pub async fn is_private(&self, room: &str) -> bool {
        let known = self.known(room);
        if let Some(private) = known.private {
            return private;
        }
        self.ask(room);
        if known.slow {
            return false;
        }
        let answer = async {
            loop {
                let answered = self.answered.notified();
                tokio::pin!(answered);
                answered.as_mut().enable();
                if let Some(private) = self.known(room).private {
                    return private;
                }
                answered.await;
            }
        };
        let Ok(private) = tokio::time::timeout(PATIENCE, answer).await else {
            self.note(room, |known| known.slow = true);
            return false;
        };
        private
    }

    /// Asks the homeserver for rooms that somebody wants to know of; for ever.
    pub async fn watch(&self, client: &Client) {
        loop {
            let asked = self.asked.notified();
            let rooms = {
                let mut to_ask = self.to_ask.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *to_ask)
            };
            if rooms.is_empty() {
                asked.await;
                continue;
            }
            let questions = rooms.into_iter().map(async |room| {
                // Without an answer it is no private chat; the next change asks again.
                let private = matches!(count(client, &room).await, Ok(Some(2)))
                    && !has_name(client, &room).await;
                self.note(&room, |known| known.private = Some(private));
                self.answered.notify_waiters();
            });
            futures_util::stream::iter(questions).buffer_unordered(AT_ONCE).collect::<()>().await;
        }
    }

    fn ask(&self, room: &str) {
        self.to_ask.lock().unwrap_or_else(PoisonError::into_inner).insert(room.to_owned());
        self.asked.notify_one();
    }

    fn known(&self, room: &str) -> Known {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.get(room).copied().unwrap_or_default()
    }

    fn note(&self, room: &str, change: impl FnOnce(&mut Known)) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= ROOMS {
            rooms.clear();
        }
        change(rooms.entry(room.to_owned()).or_default());
    }
}

/// Whether somebody gave a room a name: it is one in which others are expected
/// (`GET /_matrix/client/v3/rooms/{roomId}/state/m.room.name`).
async fn has_name(client: &Client, room: &str) -> bool {
    let path = ["_matrix", "client", "v3", "rooms", room, "state", "m.room.name"];
    let answer = client.get_small(&path, LARGEST_ANSWER).await.ok().flatten();
    let content = answer.and_then(|answer| serde_json::from_slice::<Value>(&answer).ok());
    let name = content.as_ref().and_then(|content| content.get("name")?.as_str());
    name.is_some_and(|name| !name.trim().is_empty())
}

/// How many are in a room (`GET /_matrix/client/v3/rooms/{roomId}/joined_members`); `None` when
/// the answer is too large to be read.
pub async fn count(client: &Client, room: &str) -> Result<Option<usize>, ClientError> {
    let path = ["_matrix", "client", "v3", "rooms", room, "joined_members"];
    let Some(answer) = client.get_small(&path, LARGEST_ANSWER).await? else { return Ok(None) };
    let answer: Value = serde_json::from_slice(&answer)
        .map_err(|error| ClientError::Unreadable(error.to_string()))?;
    Ok(answer.get("joined").and_then(Value::as_object).map(serde_json::Map::len))
}
