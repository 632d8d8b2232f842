// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which rooms are encrypted, for a bridge that takes no part in encrypted rooms.
//!
//! Rule: asked once for each room, then kept up to date by the transactions. A room that was encrypted
//! once stays so (`m.room.encryption` is never taken back).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ruma::OwnedRoomId;

use crate::client::{Client, ClientError};
use crate::rooms;

/// The type of the event that makes a room encrypted.
pub const ENCRYPTION: &str = "m.room.encryption";
/// The type of encrypted events.
pub const ENCRYPTED: &str = "m.room.encrypted";

/// So many rooms are remembered; all are forgotten when there are more.
const ROOMS: usize = 10_000;

/// What is known of rooms: whether they are encrypted.
#[derive(Default)]
pub struct ClearRooms(Mutex<HashMap<String, bool>>);

impl ClearRooms {
    /// Whether a room is encrypted.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn is_encrypted(
        &self,
        client: &Client,
        room: &OwnedRoomId,
    ) -> Result<bool, ClientError> {
        let known = self.rooms().get(room.as_str()).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let encrypted = rooms::state(client, room, ENCRYPTION, "").await?.is_some();
        let mut rooms = self.rooms();
        if rooms.len() >= ROOMS {
            rooms.clear();
        }
        // It may have become so while the question was under way.
        let known = rooms.entry(room.as_str().to_owned()).or_insert(encrypted);
        *known |= encrypted;
        Ok(*known)
    }

    /// A room is encrypted from now on.
    pub fn note_encrypted(&self, room: &str) {
        self.rooms().insert(room.to_owned(), true);
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, HashMap<String, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
