// SPDX-License-Identifier: AGPL-3.0-or-later
//! One line of the tool's input.
//!
//! Rule: all maps may be missing; whoever writes a line by hand gets told where it is wrong.

use std::collections::HashMap;

use bridge_model::name;
use serde::Deserialize;
use serde_json::Value;

/// A network that the tool can read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Side {
    /// Bot API messages.
    Telegram,
    /// Discord message objects.
    Discord,
    /// Contents of Matrix events.
    Matrix,
}

impl Side {
    /// The name of the network.
    pub fn network(self) -> &'static str {
        match self {
            Self::Telegram => bridge_telegram::NETWORK,
            Self::Discord => bridge_discord::NETWORK,
            Self::Matrix => bridge_matrix::NETWORK,
        }
    }
}

/// One line.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    /// Comes back with the answer.
    #[serde(default)]
    pub id: Value,
    /// A Bot API `Message`, a Discord message object, or a Matrix event or its content.
    pub message: Value,
    /// By native id or Matrix id.
    #[serde(default)]
    pub people: HashMap<String, PersonInfo>,
    /// By native id.
    #[serde(default)]
    pub chats: HashMap<String, ChatInfo>,
    /// By native id.
    #[serde(default)]
    pub roles: HashMap<String, RoleInfo>,
    /// By native id or `mxc://` URI.
    #[serde(default)]
    pub emoji: HashMap<String, EmojiInfo>,
    /// The answered message's id here to what is known of it there.
    #[serde(default)]
    pub replies: HashMap<String, ReplyInfo>,
    /// What the operator and the portal's people decided.
    #[serde(default)]
    pub settings: SettingsInfo,
}

/// What the operator and the portal's people decided.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SettingsInfo {
    /// Phone numbers on business cards cross.
    pub phone_numbers: bool,
    /// The author may notify everybody.
    pub everyone: bool,
    /// How much of a name others see.
    pub names: NamesInfo,
}

/// How much of a name others see, as `privacy.names` of the configuration says it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NamesInfo {
    /// All of it.
    #[default]
    Full,
    /// The first word.
    FirstName,
    /// A made-up name.
    Pseudonym,
}

/// What is known of a person.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PersonInfo {
    pub name: Option<String>,
    pub username: Option<String>,
    pub mxid: Option<String>,
}

/// What is known of a chat.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ChatInfo {
    /// With or without `#`.
    pub name: Option<String>,
    /// The Matrix room.
    pub room: Option<String>,
    /// Servers through which the room can be joined.
    #[serde(default)]
    pub via: Vec<String>,
}

/// What is known of a role.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RoleInfo {
    pub name: Option<String>,
    /// A number as Discord writes it, or `#rrggbb`.
    pub color: Option<Value>,
}

impl RoleInfo {
    /// `0xRRGGBB`; `None` for no colour.
    pub fn colour(&self) -> Option<u32> {
        let color = self.color.as_ref()?;
        let colour = match color.as_str() {
            Some(text) => u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?,
            None => u32::try_from(color.as_u64()?).ok()?,
        };
        (1..=0xff_ffff).contains(&colour).then_some(colour)
    }
}

/// What is known of a custom emoji.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EmojiInfo {
    pub name: Option<String>,
    pub mxc: Option<String>,
    /// `<:name:id>` or `<a:name:id>`.
    pub discord: Option<String>,
    /// The emoji that stands for it there.
    pub telegram: Option<String>,
}

/// What is known of an answered message at the destination: its id, or more.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ReplyInfo {
    Text(String),
    Number(i64),
    Known {
        #[serde(alias = "event_id", alias = "message_id")]
        id: Option<Value>,
        /// Who wrote it.
        #[serde(alias = "author")]
        name: Option<String>,
        /// Their id at the destination.
        author_id: Option<String>,
        /// What it says.
        text: Option<String>,
        /// Its address.
        link: Option<String>,
    },
}

/// A line that cannot be read.
pub(super) struct Bad {
    /// Its id, where that can be read.
    pub id: Value,
    pub reason: String,
}

impl Line {
    /// Reads a line.
    pub fn read(raw: &[u8]) -> Result<Self, Bad> {
        let value: Value = serde_json::from_slice(raw).map_err(|error| Bad {
            id: Value::Null,
            reason: format!("this is no JSON: {error}"),
        })?;
        let id = value.get("id").cloned().unwrap_or(Value::Null);
        let bad = |reason: String| Bad { id: id.clone(), reason };
        if !value.is_object() {
            return Err(bad("an object is expected".into()));
        }
        match value.get("message") {
            Some(message) if message.is_object() => {}
            Some(_) => return Err(bad("message: an object is expected".into())),
            None => return Err(bad("message: is missing".into())),
        }
        for map in ["people", "chats", "roles", "emoji", "replies", "settings"] {
            if value.get(map).is_some_and(|map| !map.is_object() && !map.is_null()) {
                return Err(bad(format!("{map}: an object is expected")));
            }
        }
        let line: Self =
            serde_json::from_value(without_nulls(value)).map_err(|error| bad(error.to_string()))?;
        Ok(line.with_clean_names())
    }

    /// In the bridge a name is cleaned when it is learned.
    fn with_clean_names(mut self) -> Self {
        let clean = |name: &mut Option<String>| {
            *name = name.as_deref().and_then(|it| name::clean(it, name::LONGEST));
        };
        self.people.values_mut().for_each(|it| clean(&mut it.name));
        self.chats.values_mut().for_each(|it| clean(&mut it.name));
        self.roles.values_mut().for_each(|it| clean(&mut it.name));
        for reply in self.replies.values_mut() {
            if let ReplyInfo::Known { name, .. } = reply {
                clean(name);
            }
        }
        self
    }
}

/// A map that is `null` is a map that is missing.
fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|key, value| key == "id" || !value.is_null());
    }
    value
}
