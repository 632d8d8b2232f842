// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rooms that are policy lists, and the ACLs of rooms.
//!
//! Rule: a homeserver lets its own people past an ACL that keeps their server out, and everybody else
//! drops what they say; so the bridge looks before it brings or invites anybody.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bridge_model::{ChatId, Timestamp};
use bridge_policy::acl;
use bridge_policy::lists::{PolicyRule, USER};
use ruma::api::client::membership::join_room_by_id_or_alias;
use ruma::{OwnedRoomId, OwnedRoomOrAliasId, OwnedServerName};
use serde_json::Value;

use super::client::{Client, ClientError, Identity};
use super::power::POWER_LEVELS;
use super::{MatrixNetwork, room_id, rooms};
use bot_core::Refusal;
use bot_core::network::AskError;
use bot_core::policing::ListedRule;

/// The type of the state event.
pub(super) const SERVER_ACL: &str = "m.room.server_acl";
/// How long it counts that an ACL lets our server in, where no event says otherwise.
const LOOK_LASTS_MS: i64 = 10_000;
/// So many rooms are remembered; all are forgotten when there are more.
const ROOMS: usize = 10_000;

/// Rooms whose ACL was seen a moment ago to let our server in: many ghosts that come at once cost one
/// look.
#[derive(Default)]
pub struct OpenRooms(Mutex<HashMap<String, Timestamp>>);

impl OpenRooms {
    fn rooms(&self) -> std::sync::MutexGuard<'_, HashMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self, room: &str, now: Timestamp) -> bool {
        let seen = self.rooms().get(room).copied();
        seen.is_some_and(|at| (0..LOOK_LASTS_MS).contains(&now.0.saturating_sub(at.0)))
    }

    fn note_open(&self, room: &str, now: Timestamp) {
        let mut rooms = self.rooms();
        if rooms.len() >= ROOMS {
            rooms.clear();
        }
        rooms.insert(room.to_owned(), now);
    }

    /// The ACL of a room is another one now.
    pub(super) fn forget(&self, room: &str) {
        self.rooms().remove(room);
    }
}

/// The server of a Matrix id.
pub(super) fn server_of(mxid: &str) -> &str {
    mxid.split_once(':').map_or("", |(_, server)| server)
}

/// The first of these servers that the ACL of a room keeps out.
///
/// # Errors
/// [`ClientError`].
pub(super) async fn denied<'a>(
    client: &Client,
    room: &OwnedRoomId,
    servers: &[&'a str],
) -> Result<Option<&'a str>, ClientError> {
    let state = rooms::state(client, room, SERVER_ACL, "").await?;
    let Some(content) = state.as_ref().and_then(|event| event.get("content")) else {
        return Ok(None);
    };
    Ok(servers.iter().copied().find(|server| acl::denies(content, server)))
}

impl MatrixNetwork {
    /// Whether the ACL of a room keeps a server of ours out.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) async fn keeps_out(
        &self,
        room: &OwnedRoomId,
        server: &str,
    ) -> Result<bool, ClientError> {
        let now = self.clock.now();
        if self.open_rooms.is_open(room.as_str(), now) {
            return Ok(false);
        }
        let kept_out = denied(&self.client, room, &[server]).await?.is_some();
        if !kept_out {
            self.open_rooms.note_open(room.as_str(), now);
        }
        Ok(kept_out)
    }

    /// Joins a room by its id or alias.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn enter_room(&self, address: &str) -> Result<ChatId, AskError> {
        let room = OwnedRoomOrAliasId::try_from(address)
            .map_err(|error| AskError::Refused(Refusal::platform(error.to_string())))?;
        let mut request = join_room_by_id_or_alias::v3::Request::new(room);
        request.via = OwnedServerName::try_from(server_of(address)).into_iter().collect();
        let joined = self.client.send(request, &Identity::Bot).await;
        joined.map(|joined| ChatId::from(joined.room_id.as_str())).map_err(|error| error.ask())
    }

    /// The rules in the state of a room.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn rules_of(&self, list: &ChatId) -> Result<Vec<ListedRule>, AskError> {
        let state = rooms::whole_state(&self.client, &room_id(list)?).await;
        let state = state.map_err(|error| error.ask())?;
        Ok(state.iter().filter_map(listed).collect())
    }

    /// Whether the core bot may send rules about users.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn sends_rules(&self, list: &ChatId) -> Result<bool, AskError> {
        let room = room_id(list)?;
        let state = |kind| rooms::state(&self.client, &room, kind, "");
        let create = state("m.room.create").await.map_err(|error| error.ask())?;
        let power = state(POWER_LEVELS).await.map_err(|error| error.ask())?;
        let create = create.unwrap_or_default();
        Ok(rooms::may_set(&create, power.as_ref(), (self.ghosts.bot(), USER)))
    }
}

fn listed(event: &Value) -> Option<ListedRule> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let (kind, state_key) = (text("type")?, text("state_key")?);
    let rule = PolicyRule::read(kind, event.get("content")?)?;
    Some(ListedRule { name: (kind.to_owned(), state_key.to_owned()), rule })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_is_a_state_event_that_was_not_taken_back() {
        let content = json!({ "entity": "@spam:x.org", "recommendation": "m.ban" });
        let event = json!({ "type": USER, "state_key": "rule:1", "content": content });
        assert_eq!(listed(&event).unwrap().name, (USER.into(), "rule:1".into()));
        assert_eq!(listed(&json!({ "type": USER, "state_key": "rule:1", "content": {} })), None);
        assert_eq!(listed(&json!({ "type": USER, "content": content })), None, "no state");
        let other = json!({ "type": "m.room.name", "state_key": "", "content": content });
        assert_eq!(listed(&other), None);
    }

    #[test]
    fn a_server_is_what_follows_the_first_colon() {
        assert_eq!(server_of("@ann:example.org:8448"), "example.org:8448");
        assert_eq!(server_of("#list:[::1]:8448"), "[::1]:8448");
        assert_eq!(server_of("!room"), "");
    }
}
