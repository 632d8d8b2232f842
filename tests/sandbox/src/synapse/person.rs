// SPDX-License-Identifier: AGPL-3.0-or-later
//! A scripted person on Matrix: account, rooms and rights.
//!
//! Rule: a person acts only through the client-server API, as any client does; nothing
//! is read from the bridge. Methods follow
//! <https://spec.matrix.org/v1.16/client-server-api/>.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Map, Value, json};

#[cfg(feature = "cipher")]
use super::cipher::Cipher;

/// A person who is logged in. Clones are the same person on the same device.
#[derive(Clone)]
pub struct Person {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
    token: String,
    user_id: String,
    device_id: String,
    transactions: Arc<AtomicU64>,
    #[cfg(feature = "cipher")]
    pub(super) cipher: Option<Arc<Cipher>>,
}

/// How a room is made; the default is private, without a name, of the default version.
#[derive(Clone, Debug, Default)]
pub struct RoomOptions {
    /// Its name.
    pub name: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Everybody may join.
    pub public: bool,
    /// The local part of its address.
    pub alias: Option<String>,
    /// User ids.
    pub invite: Vec<String>,
    /// `11` or `12`, where it shall differ from the server's default.
    pub version: Option<String>,
    /// It is encrypted from its first event on.
    pub encrypted: bool,
    /// Further keys of the `createRoom` body, such as `power_level_content_override`.
    pub more: Map<String, Value>,
}

impl RoomOptions {
    /// A room that everybody may join.
    pub fn public(name: &str) -> Self {
        Self { name: Some(name.to_owned()), public: true, ..Self::default() }
    }

    fn body(self) -> Value {
        let mut body = self.more;
        let preset = if self.public { "public_chat" } else { "private_chat" };
        body.insert("preset".to_owned(), json!(preset));
        body.insert("invite".to_owned(), json!(self.invite));
        if self.encrypted {
            let content = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
            let event = json!({ "type": "m.room.encryption", "state_key": "", "content": content });
            body.insert("initial_state".to_owned(), json!([event]));
        }
        let texts = [
            ("name", self.name),
            ("topic", self.topic),
            ("room_alias_name", self.alias),
            ("room_version", self.version),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                body.insert(key.to_owned(), Value::String(text));
            }
        }
        Value::Object(body)
    }
}

impl Person {
    /// The password of every person, for logging in by hand.
    pub const PASSWORD: &'static str = "correct-horse";

    pub(super) async fn register(http: reqwest::Client, url: Url, localpart: &str) -> Result<Self> {
        let mut person = Self {
            http,
            url,
            token: String::new(),
            user_id: String::new(),
            device_id: String::new(),
            transactions: Arc::default(),
            #[cfg(feature = "cipher")]
            cipher: None,
        };
        let body = json!({
            "username": localpart, "password": Self::PASSWORD, "auth": { "type": "m.login.dummy" },
        });
        let (status, answer) =
            person.try_call(Method::POST, &["client", "v3", "register"], Some(body)).await?;
        let answer = if text(&answer, "/errcode").as_deref() == Some("M_USER_IN_USE") {
            let body = json!({
                "type": "m.login.password", "password": Self::PASSWORD,
                "identifier": { "type": "m.id.user", "user": localpart },
            });
            person.call(Method::POST, &["client", "v3", "login"], Some(body)).await?
        } else if status == 200 {
            answer
        } else {
            bail!("registering {localpart}: {status} {answer}");
        };
        person.token = required(&answer, "/access_token")?;
        person.user_id = required(&answer, "/user_id")?;
        person.device_id = required(&answer, "/device_id")?;
        Ok(person)
    }

    /// Such as `@alice:localhost`.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The access token, for clients that are driven by hand.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The device that the token belongs to.
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// Sets the display name.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn set_display_name(&self, name: &str) -> Result<()> {
        let path = ["client", "v3", "profile", &self.user_id, "displayname"];
        self.call(Method::PUT, &path, Some(json!({ "displayname": name }))).await.map(drop)
    }

    /// Sets the avatar to an image that is uploaded already (`mxc://`).
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn set_avatar(&self, mxc: &str) -> Result<()> {
        let path = ["client", "v3", "profile", &self.user_id, "avatar_url"];
        self.call(Method::PUT, &path, Some(json!({ "avatar_url": mxc }))).await.map(drop)
    }

    /// Makes a room and returns its id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn create_room(&self, options: RoomOptions) -> Result<String> {
        let path = ["client", "v3", "createRoom"];
        required(&self.call(Method::POST, &path, Some(options.body())).await?, "/room_id")
    }

    /// Invites somebody.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn invite(&self, room: &str, user_id: &str) -> Result<()> {
        self.act_in(room, "invite", json!({ "user_id": user_id })).await
    }

    /// Joins by room id or alias and returns the room id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn join(&self, room: &str) -> Result<String> {
        let path = ["client", "v3", "join", room];
        required(&self.call(Method::POST, &path, Some(json!({}))).await?, "/room_id")
    }

    /// Leaves, or declines an invitation.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn leave(&self, room: &str) -> Result<()> {
        self.act_in(room, "leave", json!({})).await
    }

    /// Removes somebody.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn kick(&self, room: &str, user_id: &str, reason: &str) -> Result<()> {
        self.act_in(room, "kick", json!({ "user_id": user_id, "reason": reason })).await
    }

    /// Bans somebody.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn ban(&self, room: &str, user_id: &str, reason: &str) -> Result<()> {
        self.act_in(room, "ban", json!({ "user_id": user_id, "reason": reason })).await
    }

    /// Lifts a ban.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn unban(&self, room: &str, user_id: &str) -> Result<()> {
        self.act_in(room, "unban", json!({ "user_id": user_id })).await
    }

    /// Sets a state event and returns its id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn set_state(
        &self,
        room: &str,
        kind: &str,
        key: &str,
        content: Value,
    ) -> Result<String> {
        let path = ["client", "v3", "rooms", room, "state", kind, key];
        required(&self.call(Method::PUT, &path, Some(content)).await?, "/event_id")
    }

    /// The content of a state event, `None` where there is none.
    ///
    /// # Errors
    /// When Synapse refuses, for example because the person is not in the room.
    pub async fn state(&self, room: &str, kind: &str, key: &str) -> Result<Option<Value>> {
        let path = ["client", "v3", "rooms", room, "state", kind, key];
        match self.try_call(Method::GET, &path, None).await? {
            (200, content) => Ok(Some(content)),
            (404, _) => Ok(None),
            (status, answer) => bail!("state {kind} of {room}: {status} {answer}"),
        }
    }

    /// The whole current state, as full events.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn whole_state(&self, room: &str) -> Result<Vec<Value>> {
        let path = ["client", "v3", "rooms", room, "state"];
        let answer = self.call(Method::GET, &path, None).await?;
        answer.as_array().cloned().with_context(|| format!("the state of {room} is no list"))
    }

    /// Gives somebody a power level. In version 12 rooms the creator's is infinite and
    /// cannot be set.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn set_power(&self, room: &str, user_id: &str, level: i64) -> Result<()> {
        let kind = "m.room.power_levels";
        let mut levels = self.state(room, kind, "").await?.context("no power levels")?;
        let levels_map = levels.as_object_mut().context("power levels are no object")?;
        let users = levels_map.entry("users").or_insert_with(|| json!({}));
        users.as_object_mut().context("users is no object")?.insert(user_id.into(), json!(level));
        self.set_state(room, kind, "", levels).await.map(drop)
    }

    /// Any request of the client-server API that has no method here: `path` is what follows
    /// `/_matrix/`, one element for each segment.
    ///
    /// # Errors
    /// When there is no answer or the status is not 2xx; names the status and the body.
    pub async fn call(&self, method: Method, path: &[&str], body: Option<Value>) -> Result<Value> {
        let (status, answer) = self.try_call(method.clone(), path, body).await?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        Err(anyhow!("{method} {}: {status} {answer}", path.join("/")))
    }

    /// As [`Person::call`], with the status instead of an error for it.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn try_call(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> Result<(u16, Value)> {
        let mut request = self.request(method.clone(), path)?;
        if let Some(body) = body {
            request = request.json(&body);
        }
        let whole = path.join("/");
        let answer = request.send().await.with_context(|| format!("{method} {whole}"))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.with_context(|| format!("{method} {whole}"))?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    pub(super) fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("the address of Synapse has no path"))?
            .pop_if_empty()
            .push("_matrix")
            .extend(path);
        let request = self.http.request(method, url);
        Ok(if self.token.is_empty() { request } else { request.bearer_auth(&self.token) })
    }

    pub(super) fn next_transaction(&self) -> String {
        format!("sandbox-{}", self.transactions.fetch_add(1, Ordering::Relaxed))
    }

    async fn act_in(&self, room: &str, what: &str, body: Value) -> Result<()> {
        let path = ["client", "v3", "rooms", room, what];
        self.call(Method::POST, &path, Some(body)).await.map(drop)
    }
}

/// The string at `pointer`.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// The string at `pointer`, which must be there.
pub(super) fn required(value: &Value, pointer: &str) -> Result<String> {
    text(value, pointer).with_context(|| format!("no {pointer} in {value}"))
}
