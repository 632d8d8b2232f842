// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes rooms for topics, in a space of the portal.
//!
//! Rule: a room is as open and as closed as the main one, and belongs to the same people. Its alias
//! is the memory of what was made already.

use bridge_model::ChatId;
use ruma::api::client::alias::get_alias;
use ruma::api::client::room::create_room::v3 as create_room;
use ruma::serde::Raw;
use ruma::{OwnedRoomAliasId, OwnedRoomId};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::client::{ClientError, Identity};
use super::rooms_impl::later;
use super::{MatrixNetwork, room_id, rooms};
use bot_core::Refusal;
use bot_core::homeserver::TopicRoom;
use bot_core::network::AskError;

/// What the main room says about itself.
struct Main {
    id: OwnedRoomId,
    join_rule: String,
    history: String,
    encryption: Option<Value>,
    /// The humans with power, by level; those who made the room have the highest one.
    users: Vec<(String, i64)>,
    power: Map<String, Value>,
}

const HIGHEST: i64 = 100;

impl MatrixNetwork {
    /// The room of a topic; made if there is none, and put into the portal's space.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn make_topic_room(
        &self,
        main: &ChatId,
        wanted: &TopicRoom,
    ) -> Result<ChatId, AskError> {
        let main = self.main(main).await?;
        let space = format!("space_{}", wanted.space);
        let state = rooms::state(&self.client, &main.id, "m.room.name", "").await;
        let state = state.map_err(|error| error.ask())?;
        let name = state.as_ref().and_then(|state| state.pointer("/content/name")?.as_str());
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&wanted.name).to_owned();
        let space = self.found_or_made(&main, &space, (&name, Some("m.space"), None)).await?;
        let alias = format!("topic_{}", wanted.key);
        let room = self.found_or_made(&main, &alias, (&wanted.name, None, Some(&space))).await?;
        let via = json!({ "via": [self.server()] });
        for child in [&main.id, &room] {
            let set = ("m.space.child", child.as_str());
            let set = rooms::set_state(&self.client, &space, set, &via).await;
            set.map_err(|error| error.ask())?;
        }
        Ok(ChatId::from(room.as_str()))
    }

    fn server(&self) -> &str {
        self.ghosts.bot().split_once(':').map_or("", |(_, server)| server)
    }

    async fn main(&self, chat: &ChatId) -> Result<Main, AskError> {
        let id = room_id(chat)?;
        let state = async |kind: &str| {
            let state = rooms::state(&self.client, &id, kind, "").await;
            state.map_err(|error: ClientError| error.ask())
        };
        let content = |state: Option<Value>| state.and_then(|state| state.get("content").cloned());
        let text = |state: Option<Value>, key: &str| {
            content(state).and_then(|content| content.get(key)?.as_str().map(str::to_owned))
        };
        let create = state("m.room.create").await?.unwrap_or_default();
        let power = content(state("m.room.power_levels").await?).unwrap_or_default();
        let power = power.as_object().cloned().unwrap_or_default();
        let join_rule = text(state("m.room.join_rules").await?, "join_rule");
        let history = text(state("m.room.history_visibility").await?, "history_visibility");
        let encryption = content(state("m.room.encryption").await?);
        let users = self.people_with_power(&create, &power);
        let history = history.unwrap_or_else(|| "shared".to_owned());
        Ok(Main {
            id,
            join_rule: join_rule.unwrap_or_default(),
            // What only members read there is never read by others here.
            history: if history == "world_readable" { "shared".to_owned() } else { history },
            encryption,
            users,
            power,
        })
    }

    fn people_with_power(&self, create: &Value, power: &Map<String, Value>) -> Vec<(String, i64)> {
        let listed = power.get("users").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut users: Vec<(String, i64)> = listed
            .iter()
            .filter_map(|(user, level)| Some((user.clone(), level.as_i64()?)))
            .collect();
        for creator in rooms::creators(create) {
            if users.iter().all(|(user, _)| user != creator) {
                users.push((creator.to_owned(), HIGHEST));
            }
        }
        users.retain(|(user, level)| *level > 0 && !self.ghosts.is_ours(user));
        users
    }

    async fn found_or_made(
        &self,
        main: &Main,
        alias: &str,
        (name, kind, parent): (&str, Option<&str>, Option<&OwnedRoomId>),
    ) -> Result<OwnedRoomId, AskError> {
        let localpart = format!("{}{alias}", self.ghosts.prefix());
        let whole = format!("#{localpart}:{}", self.server());
        let whole = OwnedRoomAliasId::try_from(whole)
            .map_err(|error| AskError::Refused(Refusal::unexpected(error)))?;
        match self.client.send(get_alias::v3::Request::new(whole), &Identity::Bot).await {
            Ok(found) => return Ok(found.room_id),
            Err(error) if error.is("M_NOT_FOUND") => {}
            Err(error) => return Err(error.ask()),
        }
        let creators = self.makes_creators().await?;
        let mut request = create_room::Request::new();
        request.name = Some(name.to_owned());
        request.room_alias_name = Some(localpart);
        request.preset = Some(create_room::RoomPreset::PrivateChat);
        request.initial_state = initial_state(main, parent, self.server())?;
        let mut creation = Map::new();
        creation.extend(kind.map(|kind| ("type".to_owned(), Value::from(kind))));
        let highest = || main.users.iter().filter(|(_, level)| *level >= HIGHEST);
        if creators {
            let humans: Vec<&str> = highest().map(|(user, _)| user.as_str()).collect();
            creation.insert("additional_creators".to_owned(), json!(humans));
        }
        request.creation_content = Some(Raw::from_json(raw(&Value::Object(creation))?));
        request.power_level_content_override =
            Some(Raw::from_json(raw(&self.power_levels(main, creators))?));
        let account = self.account().await.map_err(later)?;
        account.create(request).await.map_err(later)
    }

    /// The levels of the main room; whoever has made the room has power without being listed.
    fn power_levels(&self, main: &Main, creators: bool) -> Value {
        let mut power = main.power.clone();
        let mut users: Map<String, Value> = main
            .users
            .iter()
            .filter(|(_, level)| !creators || *level < HIGHEST)
            .map(|(user, level)| (user.clone(), Value::from(*level)))
            .collect();
        if !creators {
            users.insert(self.ghosts.bot().to_owned(), HIGHEST.into());
        }
        power.insert("users".to_owned(), Value::Object(users));
        Value::Object(power)
    }
}

fn initial_state(
    main: &Main,
    parent: Option<&OwnedRoomId>,
    server: &str,
) -> Result<Vec<Raw<ruma::events::AnyInitialStateEvent>>, AskError> {
    let public = main.join_rule == "public";
    let join = if public {
        json!({ "join_rule": "public" })
    } else {
        let allow = json!([{ "type": "m.room_membership", "room_id": main.id.as_str() }]);
        json!({ "join_rule": "restricted", "allow": allow })
    };
    let history = json!({ "history_visibility": main.history });
    let mut state = vec![
        ("m.room.join_rules", String::new(), join),
        ("m.room.history_visibility", String::new(), history),
    ];
    if let (Some(encryption), Some(_)) = (&main.encryption, parent) {
        state.push(("m.room.encryption", String::new(), encryption.clone()));
    }
    if let Some(space) = parent {
        let content = json!({ "via": [server], "canonical": true });
        state.push(("m.space.parent", space.as_str().to_owned(), content));
    }
    let one = |(kind, key, content): (&str, String, Value)| {
        raw(&json!({ "type": kind, "state_key": key, "content": content })).map(Raw::from_json)
    };
    state.into_iter().map(one).collect()
}

fn raw(value: &Value) -> Result<Box<RawValue>, AskError> {
    serde_json::value::to_raw_value(value)
        .map_err(|error| AskError::Refused(Refusal::unexpected(error)))
}
