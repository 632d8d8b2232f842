// SPDX-License-Identifier: AGPL-3.0-or-later
//! A homeserver as the desk sees it.

use bot_core::Refusal;
use std::sync::Mutex;

use async_trait::async_trait;
use bot_core::AskError;
use bot_core::homeserver::{Door, Rooms, TopicRoom};
use bot_core::policing::ListedRule;
use bridge_model::{ChatId, Rights, UserId};
use bridge_policy::lists::PolicyRule;
use serde_json::Value;

pub const BOT: &str = "@freeside:example.org";

/// Writes down what it is asked.
#[derive(Default)]
pub struct FakeRooms {
    /// What was asked, in order.
    pub asked: Mutex<Vec<String>>,
    /// State events: room, type, key, content.
    pub state: Mutex<Vec<(String, String, String, Value)>>,
    /// Setting state is refused.
    pub state_refused: Mutex<bool>,
    /// The humans who may change settings.
    pub admins: Mutex<Vec<String>>,
    /// Other bridges in the rooms.
    pub bridges: Mutex<Vec<String>>,
    /// Joining is refused, with this reason.
    pub join_refused: Mutex<Option<String>>,
    /// All rooms are encrypted, and the bridge takes no part in that.
    pub encrypted: Mutex<bool>,
    /// All rooms are encrypted, and the bridge takes part in that.
    pub sealed: Mutex<bool>,
    /// Everybody can read all rooms.
    pub public: Mutex<bool>,
    /// Somebody is alone with the bot in every room.
    pub private: Mutex<bool>,
    /// How people stand with all rooms; who is not named is in them.
    pub doors: Mutex<Vec<(String, Door)>>,
    /// The humans in all rooms.
    pub members: Mutex<Vec<String>>,
    /// Nobody can be invited.
    pub invites_refused: Mutex<bool>,
    /// The rooms that the bot is in.
    pub joined: Mutex<Vec<String>>,
    /// No room is made for a topic, with this error.
    pub topics_refused: Mutex<Option<String>>,
}

impl FakeRooms {
    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// From now on somebody stands so with all rooms.
    pub fn set_door(&self, user: &str, door: Door) {
        let mut doors = self.doors.lock().unwrap();
        doors.retain(|(known, _)| known != user);
        doors.push((user.to_owned(), door));
    }

    /// The last content of each piece of state: type and content.
    pub fn state(&self) -> Vec<(String, Value)> {
        let mut last: Vec<(String, String, Value)> = Vec::new();
        for (_, kind, key, content) in self.state.lock().unwrap().iter() {
            last.retain(|(other, same, _)| other != kind || same != key);
            last.push((kind.clone(), key.clone(), content.clone()));
        }
        last.into_iter().map(|(kind, _, content)| (kind, content)).collect()
    }
}

#[async_trait]
impl Rooms for FakeRooms {
    fn bot(&self) -> &str {
        BOT
    }

    async fn join(&self, room: &ChatId) -> Result<(), AskError> {
        self.note(format!("join {}", room.as_str()));
        match self.join_refused.lock().unwrap().clone() {
            Some(reason) => Err(AskError::Refused(Refusal::Platform(reason))),
            None => Ok(()),
        }
    }

    async fn enter(&self, address: &str) -> Result<ChatId, AskError> {
        self.join(&ChatId::from(address)).await?;
        Ok(ChatId::new(address.replace('#', "!")))
    }

    async fn members(&self, _room: &ChatId) -> Result<Vec<String>, AskError> {
        Ok(self.members.lock().unwrap().clone())
    }

    async fn name_in(&self, _room: &ChatId, user: &str) -> Result<String, AskError> {
        Ok(user.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned())
    }

    async fn policy_rules(&self, list: &ChatId) -> Result<Vec<ListedRule>, AskError> {
        let state = self.state.lock().unwrap();
        let mut rules: Vec<ListedRule> = Vec::new();
        for (room, kind, key, content) in state.iter().filter(|row| row.0 == list.as_str()) {
            assert_eq!(room, list.as_str());
            let name = (kind.clone(), key.clone());
            rules.retain(|known| known.name != name);
            let rule = PolicyRule::read(kind, content);
            rules.extend(rule.map(|rule| ListedRule { name, rule }));
        }
        Ok(rules)
    }

    async fn may_write_rules(&self, _list: &ChatId) -> Result<bool, AskError> {
        Ok(!*self.state_refused.lock().unwrap())
    }

    async fn joined(&self) -> Result<Vec<ChatId>, AskError> {
        Ok(self.joined.lock().unwrap().iter().map(|room| ChatId::from(room.as_str())).collect())
    }

    async fn is_space(&self, room: &ChatId) -> Result<bool, AskError> {
        Ok(room.as_str().starts_with("!space"))
    }

    async fn is_encrypted(&self, _room: &ChatId) -> Result<bool, AskError> {
        Ok(*self.encrypted.lock().unwrap() || *self.sealed.lock().unwrap())
    }

    async fn is_unreadable(&self, _room: &ChatId) -> Result<bool, AskError> {
        Ok(*self.encrypted.lock().unwrap())
    }

    async fn is_public(&self, _room: &ChatId) -> Result<bool, AskError> {
        Ok(*self.public.lock().unwrap())
    }

    async fn is_private(&self, _room: &ChatId) -> Result<bool, AskError> {
        Ok(*self.private.lock().unwrap())
    }

    async fn door(
        &self,
        _room: &ChatId,
        user: &str,
        _ghost: Option<&str>,
    ) -> Result<Door, AskError> {
        let doors = self.doors.lock().unwrap();
        let known = doors.iter().find(|(known, _)| known == user);
        Ok(known.map_or(Door::In, |(_, door)| *door))
    }

    async fn invite(&self, room: &ChatId, user: &str) -> Result<(), AskError> {
        if *self.invites_refused.lock().unwrap() {
            return Err(AskError::Refused(Refusal::platform("403")));
        }
        self.note(format!("invite {user} to {}", room.as_str()));
        self.set_door(user, Door::Invited);
        Ok(())
    }

    async fn create_room(&self, owner: &UserId, name: &str) -> Result<ChatId, AskError> {
        self.note(format!("create {name} for {}", owner.as_str()));
        Ok(ChatId::from("!created:example.org"))
    }

    async fn decline(&self, room: &ChatId, ghost: &UserId, reason: String) -> Result<(), AskError> {
        self.note(format!("decline {} for {}: {reason}", room.as_str(), ghost.as_str()));
        Ok(())
    }

    async fn admins(&self, _room: &ChatId) -> Result<Vec<String>, AskError> {
        Ok(self.admins.lock().unwrap().clone())
    }

    async fn appoint(
        &self,
        room: &ChatId,
        user: &str,
        rights: Rights,
    ) -> Result<Option<i64>, AskError> {
        self.note(format!("appoint {user} in {}, manage {}", room.as_str(), rights.manage));
        match *self.state_refused.lock().unwrap() {
            true => Err(AskError::Refused(Refusal::platform("403"))),
            false => Ok(Some(50)),
        }
    }

    async fn bridges(&self, _room: &ChatId) -> Result<Vec<String>, AskError> {
        Ok(self.bridges.lock().unwrap().clone())
    }

    async fn topic_room(&self, main: &ChatId, wanted: &TopicRoom) -> Result<ChatId, AskError> {
        self.note(format!("room {} beside {}", wanted.name, main.as_str()));
        match self.topics_refused.lock().unwrap().clone() {
            Some(reason) => Err(AskError::Refused(Refusal::Platform(reason))),
            None => Ok(ChatId::new(format!("!{}:example.org", wanted.key))),
        }
    }

    async fn set_state(
        &self,
        room: &ChatId,
        (kind, key): (&str, &str),
        content: &Value,
    ) -> Result<(), AskError> {
        if *self.state_refused.lock().unwrap() {
            return Err(AskError::Refused(Refusal::platform("403")));
        }
        let row = (room.as_str().into(), kind.into(), key.into(), content.clone());
        self.state.lock().unwrap().push(row);
        Ok(())
    }
}
