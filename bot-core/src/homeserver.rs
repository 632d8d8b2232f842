// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the core asks of the homeserver besides delivering: rooms, power levels, accounts.
//!
//! Rule: the core knows the homeserver only as these traits; `bridge-matrix` implements them.

use async_trait::async_trait;
use bridge_model::{ChatId, Rights, Timestamp, UserId};
use serde_json::Value;

use crate::network::AskError;
use crate::policing::ListedRule;

/// How somebody stands with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// They are in it.
    In,
    /// They are invited.
    Invited,
    /// Everybody can join it.
    Open,
    /// They have to be let in.
    Closed,
    /// They, or the ghost that stands for them, are banned.
    Banned,
}

/// A room for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRoom {
    /// Its name.
    pub name: String,
    /// The topic's keyed identity: the same on every try.
    pub key: String,
    /// The main room's keyed identity, for the space.
    pub space: String,
}

/// What the core bot does in rooms besides talking.
#[async_trait]
pub trait Rooms: Send + Sync {
    /// The core bot's Matrix id.
    fn bot(&self) -> &str;

    /// Joins a room that the core bot was invited to.
    ///
    /// # Errors
    /// [`AskError`].
    async fn join(&self, room: &ChatId) -> Result<(), AskError>;

    /// Joins a room by its id or alias, which may be on any server
    /// (`POST /_matrix/client/v3/join/{roomIdOrAlias}`), and says its id.
    ///
    /// # Errors
    /// [`AskError::Refused`] where there is no such room, or the bot is not let in.
    async fn enter(&self, address: &str) -> Result<ChatId, AskError>;

    /// The Matrix ids of the humans in a room.
    ///
    /// # Errors
    /// [`AskError`].
    async fn members(&self, room: &ChatId) -> Result<Vec<String>, AskError>;

    /// What somebody is called in a room (`displayname` of `m.room.member`), else by their Matrix id.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn name_in(&self, room: &ChatId, user: &str) -> Result<String, AskError>;

    /// The rules of a policy list, in the state of its room.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn policy_rules(&self, list: &ChatId) -> Result<Vec<ListedRule>, AskError>;

    /// Whether the core bot may write rules about users into a list.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn may_write_rules(&self, list: &ChatId) -> Result<bool, AskError>;

    /// The rooms that the core bot is in (`GET /_matrix/client/v3/joined_rooms`).
    ///
    /// # Errors
    /// [`AskError`].
    async fn joined(&self) -> Result<Vec<ChatId>, AskError>;

    /// Whether a room is a space.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn is_space(&self, room: &ChatId) -> Result<bool, AskError>;

    /// Whether a room is encrypted (`m.room.encryption`).
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn is_encrypted(&self, room: &ChatId) -> Result<bool, AskError>;

    /// Whether a room is encrypted and the bridge takes no part in encrypted
    /// rooms.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn is_unreadable(&self, room: &ChatId) -> Result<bool, AskError>;

    /// Whether everybody can read what is said in a room from now on, also who is not in it
    /// (`m.room.history_visibility`: `world_readable`).
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn is_public(&self, room: &ChatId) -> Result<bool, AskError>;

    /// Whether somebody is alone with the core bot in a room.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn is_private(&self, room: &ChatId) -> Result<bool, AskError>;

    /// How a Matrix account stands with a room; `ghost` is the localpart of the account of ours that
    /// stands for the same person.
    ///
    /// # Errors
    /// [`AskError`]; a refusal means that the bot is not in the room.
    async fn door(&self, room: &ChatId, user: &str, ghost: Option<&str>) -> Result<Door, AskError>;

    /// Invites a Matrix account (`POST /_matrix/client/v3/rooms/{roomId}/invite`).
    ///
    /// # Errors
    /// [`AskError::Refused`] where the bot may not, or the account takes no invitation.
    async fn invite(&self, room: &ChatId, user: &str) -> Result<(), AskError>;

    /// Makes a private room that `owner` is invited to and owns.
    ///
    /// # Errors
    /// [`AskError`].
    async fn create_room(&self, owner: &UserId, name: &str) -> Result<ChatId, AskError>;

    /// Declines an invitation of one of our accounts: the person behind a ghost would never see what
    /// is written there, and the core bot does not come to everybody.
    ///
    /// # Errors
    /// [`AskError::Retry`]; a refusal means that the invitation is gone, which is a success.
    async fn decline(&self, room: &ChatId, whom: &UserId, reason: String) -> Result<(), AskError>;

    /// The humans in a room who may change its settings. Ghosts and the core bot are none.
    ///
    /// # Errors
    /// [`AskError`].
    async fn admins(&self, room: &ChatId) -> Result<Vec<String>, AskError>;

    /// Gives a member at least the power that these rights take; the level, or `None` when they have it
    /// already.
    ///
    /// # Errors
    /// [`AskError`].
    async fn appoint(
        &self,
        room: &ChatId,
        user: &str,
        rights: Rights,
    ) -> Result<Option<i64>, AskError>;

    /// Other bridges that carry Telegram or Discord into the room, as their admins would know them.
    ///
    /// # Errors
    /// [`AskError`].
    async fn bridges(&self, room: &ChatId) -> Result<Vec<String>, AskError>;

    /// The room of a topic of the chat that `main` is linked to: found or made, as open as `main` and
    /// owned by the same people, in a space of its own.
    ///
    /// # Errors
    /// [`AskError`].
    async fn topic_room(&self, main: &ChatId, wanted: &TopicRoom) -> Result<ChatId, AskError>;

    /// Sets a piece of state (type and state key) as the core bot
    /// (`PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`).
    ///
    /// # Errors
    /// [`AskError`].
    async fn set_state(
        &self,
        room: &ChatId,
        kind_and_key: (&str, &str),
        content: &Value,
    ) -> Result<(), AskError>;
}

/// A homeserver that gives accounts to those who have a token.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Makes a token that works once, until then; says whether it still works, also when it was made
    /// before.
    ///
    /// # Errors
    /// [`AskError`].
    async fn allow(&self, token: &str, until: Timestamp) -> Result<bool, AskError>;
}
