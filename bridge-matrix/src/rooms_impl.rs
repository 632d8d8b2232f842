// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the core bot does in rooms besides talking: joins them, makes them, keeps ghosts out
//! of those that are not theirs.
//!
//! Rule: a room that the bot makes belongs to the human who asked for it.

use async_trait::async_trait;
use bridge_model::{ChatId, Rights, UserId};
use ruma::api::client::discovery::get_capabilities;
use ruma::api::client::membership::invite_user::v3 as invite_user;
use ruma::api::client::membership::{joined_rooms, leave_room};
use ruma::api::client::room::create_room::v3 as create_room;
use ruma::serde::Raw;
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::{Value, json};

use super::client::Identity;
use super::convert::incoming;
use super::{MatrixNetwork, account, foreign, policy, private_chats, room_id, rooms};
use bot_core::Refusal;
use bot_core::homeserver::TopicRoom;
use bot_core::homeserver::{Door, Rooms};
use bot_core::network::AskError;
use bot_core::policing::ListedRule;

const POWER_LEVELS: &str = "m.room.power_levels";

#[async_trait]
impl Rooms for MatrixNetwork {
    fn bot(&self) -> &str {
        self.ghosts.bot()
    }

    async fn join(&self, chat: &ChatId) -> Result<(), AskError> {
        let room = room_id(chat)?;
        let account = self.account().await.map_err(later)?;
        account
            .join(&room)
            .await
            .map_err(|error| AskError::Refused(Refusal::platform(error.to_string())))
    }

    async fn enter(&self, address: &str) -> Result<ChatId, AskError> {
        self.enter_room(address).await
    }

    async fn members(&self, chat: &ChatId) -> Result<Vec<String>, AskError> {
        let members = rooms::members(&self.client, &room_id(chat)?).await;
        let mut members = members.map_err(|error| error.ask())?;
        members.retain(|member| !self.ghosts.is_ours(member));
        Ok(members)
    }

    async fn name_in(&self, chat: &ChatId, user: &str) -> Result<String, AskError> {
        let member = rooms::state(&self.client, &room_id(chat)?, "m.room.member", user).await;
        let member = member.map_err(|error| error.ask())?.unwrap_or_default();
        let name = member.pointer("/content/displayname").and_then(Value::as_str);
        Ok(incoming::author(user, name).name)
    }

    async fn policy_rules(&self, list: &ChatId) -> Result<Vec<ListedRule>, AskError> {
        self.rules_of(list).await
    }

    async fn may_write_rules(&self, list: &ChatId) -> Result<bool, AskError> {
        self.sends_rules(list).await
    }

    async fn joined(&self) -> Result<Vec<ChatId>, AskError> {
        let request = joined_rooms::v3::Request::new();
        let answer = self.client.send(request, &Identity::Bot).await.map_err(|it| it.ask())?;
        Ok(answer.joined_rooms.iter().map(|room| ChatId::from(room.as_str())).collect())
    }

    async fn is_space(&self, chat: &ChatId) -> Result<bool, AskError> {
        let create = rooms::state(&self.client, &room_id(chat)?, "m.room.create", "").await;
        let create = create.map_err(|error| error.ask())?.unwrap_or_default();
        Ok(create.pointer("/content/type").and_then(Value::as_str) == Some("m.space"))
    }

    async fn is_encrypted(&self, chat: &ChatId) -> Result<bool, AskError> {
        let room = room_id(chat)?;
        let encrypted = self.clear_rooms.is_encrypted(&self.client, &room).await;
        encrypted.map_err(|error| error.ask())
    }

    async fn is_unreadable(&self, chat: &ChatId) -> Result<bool, AskError> {
        if self.crypto.is_some() {
            return Ok(false);
        }
        Rooms::is_encrypted(self, chat).await
    }

    async fn is_public(&self, chat: &ChatId) -> Result<bool, AskError> {
        let kind = incoming::HISTORY;
        let state = rooms::state(&self.client, &room_id(chat)?, kind, "").await;
        Ok(state.map_err(|error| error.ask())?.is_some_and(|raw| incoming::is_public(&raw)))
    }

    async fn is_private(&self, chat: &ChatId) -> Result<bool, AskError> {
        let count = private_chats::count(&self.client, chat.as_str()).await;
        Ok(count.map_err(|error| error.ask())? == Some(2))
    }

    async fn door(&self, chat: &ChatId, user: &str, ghost: Option<&str>) -> Result<Door, AskError> {
        let room = room_id(chat)?;
        let ghost = ghost.map(|localpart| self.ghosts.mxid(localpart));
        if let Some(ghost) = ghost
            && self.membership(&room, &ghost).await?.as_deref() == Some("ban")
        {
            return Ok(Door::Banned);
        }
        Ok(match self.membership(&room, user).await?.as_deref() {
            Some("join") => Door::In,
            Some("ban") => Door::Banned,
            Some("invite") => Door::Invited,
            _ => {
                let rules = rooms::state(&self.client, &room, "m.room.join_rules", "").await;
                let rules = rules.map_err(|error| error.ask())?.unwrap_or_default();
                let rule = rules.pointer("/content/join_rule").and_then(Value::as_str);
                if rule == Some("public") { Door::Open } else { Door::Closed }
            }
        })
    }

    async fn invite(&self, chat: &ChatId, user: &str) -> Result<(), AskError> {
        let servers = [policy::server_of(user), policy::server_of(self.bot())];
        let denied = policy::denied(&self.client, &room_id(chat)?, &servers).await;
        if let Some(server) = denied.map_err(|error| error.ask())? {
            return Err(AskError::Refused(Refusal::ServerDenied(server.to_owned())));
        }
        let user = user_id(&UserId::from(user))?;
        let recipient =
            invite_user::InvitationRecipient::UserId(invite_user::InviteUserId::new(user));
        let request = invite_user::Request::new(room_id(chat)?, recipient);
        let invited = self.client.send(request, &Identity::Bot).await;
        invited.map(drop).map_err(|error| error.ask())
    }

    async fn create_room(&self, owner: &UserId, name: &str) -> Result<ChatId, AskError> {
        let owner = user_id(owner)?;
        let mut request = create_room::Request::new();
        request.name = Some(name.to_owned());
        request.preset = Some(create_room::RoomPreset::PrivateChat);
        request.invite = vec![owner.clone()];
        if self.makes_creators().await? {
            let mut content = create_room::CreationContent::new();
            content.additional_creators = vec![owner];
            let raw = Raw::new(&content).map_err(|e| AskError::Refused(Refusal::unexpected(e)))?;
            request.creation_content = Some(raw);
        } else {
            let users = json!({"users": {owner.as_str(): 100, self.bot(): 100}});
            let raw = serde_json::value::to_raw_value(&users)
                .map_err(|error| AskError::Refused(Refusal::unexpected(error)))?;
            request.power_level_content_override = Some(Raw::from_json(raw));
        }
        let account = self.account().await.map_err(later)?;
        let room: OwnedRoomId = account.create(request).await.map_err(later)?;
        Ok(ChatId::from(room.as_str()))
    }

    async fn decline(&self, chat: &ChatId, whom: &UserId, reason: String) -> Result<(), AskError> {
        let room = room_id(chat)?;
        let identity = match whom.as_str() == self.bot() {
            true => Identity::Bot,
            false => Identity::Ghost(user_id(whom)?),
        };
        let mut request = leave_room::v3::Request::new(room);
        request.reason = Some(reason);
        let left = self.client.send(request, &identity).await;
        match left.map_err(|error| error.ask()) {
            Ok(_) | Err(AskError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn admins(&self, chat: &ChatId) -> Result<Vec<String>, AskError> {
        let room = room_id(chat)?;
        let ask = |error: super::client::ClientError| error.ask();
        let create = rooms::state(&self.client, &room, "m.room.create", "").await.map_err(ask)?;
        let create = create.unwrap_or_default();
        let power = rooms::state(&self.client, &room, POWER_LEVELS, "").await;
        let power = power.map_err(ask)?;
        let mut members = rooms::members(&self.client, &room).await.map_err(ask)?;
        members.retain(|member| {
            !self.ghosts.is_ours(member)
                && rooms::rights(&create, power.as_ref(), member, true).manage
        });
        Ok(members)
    }

    async fn appoint(
        &self,
        chat: &ChatId,
        user: &str,
        rights: Rights,
    ) -> Result<Option<i64>, AskError> {
        let room = room_id(chat)?;
        let ask = |error: super::client::ClientError| error.ask();
        let create = rooms::state(&self.client, &room, "m.room.create", "").await.map_err(ask)?;
        let power = rooms::state(&self.client, &room, POWER_LEVELS, "").await.map_err(ask)?;
        let content = power.as_ref().and_then(|event| event.get("content"));
        let Some(content) = content else {
            return Err(AskError::Refused(Refusal::unexpected("the room has no power levels")));
        };
        let raised = rooms::raised(&create.unwrap_or_default(), content, user, rights);
        let Some((level, content)) = raised else { return Ok(None) };
        let set = rooms::set_state(&self.client, &room, (POWER_LEVELS, ""), &content).await;
        set.map(|()| Some(level)).map_err(ask)
    }

    async fn bridges(&self, chat: &ChatId) -> Result<Vec<String>, AskError> {
        let room = room_id(chat)?;
        let state = rooms::whole_state(&self.client, &room).await.map_err(|error| error.ask())?;
        Ok(foreign::bridges(&state, &|user| user == self.bot() || self.ghosts.is_ours(user)))
    }

    async fn topic_room(&self, main: &ChatId, wanted: &TopicRoom) -> Result<ChatId, AskError> {
        self.make_topic_room(main, wanted).await
    }

    async fn set_state(
        &self,
        chat: &ChatId,
        kind_and_key: (&str, &str),
        content: &Value,
    ) -> Result<(), AskError> {
        let room = room_id(chat)?;
        let set = rooms::set_state(&self.client, &room, kind_and_key, content).await;
        set.map_err(|error| error.ask())
    }
}

impl MatrixNetwork {
    /// The membership of an account (`m.room.member`), where it ever had one.
    async fn membership(&self, room: &OwnedRoomId, user: &str) -> Result<Option<String>, AskError> {
        let member = rooms::state(&self.client, room, "m.room.member", user).await;
        let member = member.map_err(|error| error.ask())?.unwrap_or_default();
        Ok(member.pointer("/content/membership").and_then(Value::as_str).map(str::to_owned))
    }

    /// Whether new rooms have creators with power of their own (room version 12 and later).
    pub(super) async fn makes_creators(&self) -> Result<bool, AskError> {
        let request = get_capabilities::v3::Request::new();
        let answer = self.client.send(request, &Identity::Bot).await;
        let answer = answer.map_err(|error| error.ask())?;
        let version = answer.capabilities.room_versions.default;
        Ok(version.as_str().parse::<u32>().is_ok_and(|version| version >= 12))
    }
}

fn user_id(user: &UserId) -> Result<OwnedUserId, AskError> {
    OwnedUserId::try_from(user.as_str())
        .map_err(|error| AskError::Refused(Refusal::unexpected(error)))
}

pub(super) fn later(error: account::AccountError) -> AskError {
    AskError::Retry { after: None, reason: error.to_string() }
}
