// SPDX-License-Identifier: AGPL-3.0-or-later
//! What members who are no administrators may do in a group.
//!
//! Source: <https://core.telegram.org/bots/api#chatpermissions>,
//! <https://core.telegram.org/bots/api#setchatpermissions>.

use serde_json::{Map, Value};

use super::answer::{ApiError, bad};
use super::group::Group;
use super::params::Params;
use super::rights::Standing;
use super::send::chat_id;
use super::wire;
use super::world::{Body, Chat, ChatKind, Draft, World};

const SEND: &str = "can_send_messages";
const FILES: [&str; 6] = [
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
];
const POLLS: &str = "can_send_polls";
const OTHER: &str = "can_send_other_messages";
const PREVIEWS: &str = "can_add_web_page_previews";
const REACT: &str = "can_react_to_messages";
const TAG: &str = "can_edit_tag";
const INFO: &str = "can_change_info";
const INVITE: &str = "can_invite_users";
const PIN: &str = "can_pin_messages";
const TOPICS: &str = "can_manage_topics";

fn names() -> impl Iterator<Item = &'static str> {
    let others = [SEND, POLLS, OTHER, PREVIEWS, REACT, TAG, INFO, INVITE, PIN, TOPICS];
    others.into_iter().chain(FILES)
}

/// All permissions, as a new group has them.
pub(super) fn all() -> Map<String, Value> {
    names().map(|name| (name.to_owned(), true.into())).collect()
}

/// No permission, as a member who is muted has them.
pub(super) fn none() -> Map<String, Value> {
    names().map(|name| (name.to_owned(), false.into())).collect()
}

/// The permission that a message needs, and what the platform calls such messages.
fn needed(body: &Body) -> Option<(&'static str, &'static str)> {
    Some(match body {
        Body::Text(_) => (SEND, "text messages"),
        Body::Card(_) => (SEND, "messages"),
        Body::Poll(_) => (POLLS, "polls"),
        Body::Media(media) => match media.kind {
            "audio" => ("can_send_audios", "music"),
            "document" => ("can_send_documents", "documents"),
            "photo" => ("can_send_photos", "photos"),
            "video" => ("can_send_videos", "videos"),
            "video_note" => ("can_send_video_notes", "video notes"),
            "voice" => ("can_send_voice_notes", "voice notes"),
            "sticker" => (OTHER, "stickers"),
            _ => (OTHER, "animations"),
        },
        Body::Service(_) => return None,
    })
}

impl Chat {
    /// Refuses what this user may not say here.
    ///
    /// # Errors
    /// 400 with the platform's words.
    pub(super) fn lets_say(&self, user: i64, body: &Body) -> Result<(), ApiError> {
        let free = self.kind == ChatKind::Private
            || matches!(self.standing(user), Standing::Owner | Standing::Admin(_));
        let Some((name, what)) = needed(body).filter(|_| !free) else { return Ok(()) };
        if let Standing::Muted(until) = self.standing(user)
            && (until == 0 || until > wire::now())
        {
            return Err(bad(format!("not enough rights to send {what} to the chat")));
        }
        if self.permissions.get(name) == Some(&Value::Bool(true)) {
            return Ok(());
        }
        Err(bad(format!("not enough rights to send {what} to the chat")))
    }
}

impl World {
    /// As `post`, for people.
    ///
    /// # Errors
    /// When the person may not say that here.
    pub(super) fn say(&mut self, chat: i64, user: i64, draft: Draft) -> Result<i64, ApiError> {
        let room = self.chats.get(&chat).ok_or_else(|| bad("chat not found"))?;
        room.lets_say(user, &draft.body)?;
        self.post(chat, user, draft)
    }
}

/// `setChatPermissions`.
pub(super) fn set(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = chat_id(world, params)?;
    let chat = world.chat_for_bot(id)?;
    if chat.kind == ChatKind::Private {
        return Err(bad("can't change chat permissions in private chats"));
    }
    if !world.bot_rights(chat).restrict_members {
        return Err(bad("not enough rights to change chat permissions"));
    }
    let given = params.text("permissions").unwrap_or_default();
    let given: Map<String, Value> = serde_json::from_str(&given)
        .map_err(|_| bad("can't parse permissions: expected an Object"))?;
    let independent = params.text("use_independent_chat_permissions").as_deref() == Some("true");
    let permissions = filled(&given, independent);
    let chat = world.chats.get_mut(&id).ok_or_else(|| bad("chat not found"))?;
    if chat.permissions == permissions {
        return Err(bad("CHAT_NOT_MODIFIED"));
    }
    chat.permissions = permissions;
    Ok(true.into())
}

/// What is left out follows others, as the page says of each.
fn filled(given: &Map<String, Value>, independent: bool) -> Map<String, Value> {
    let flag = |name: &str| given.get(name).and_then(Value::as_bool);
    let mut all: Map<String, Value> =
        names().map(|name| (name.to_owned(), flag(name).unwrap_or(false).into())).collect();
    if !independent {
        if flag(OTHER) == Some(true) || flag(PREVIEWS) == Some(true) {
            all.extend(FILES.into_iter().chain([SEND]).map(|name| (name.to_owned(), true.into())));
        }
        if flag(POLLS) == Some(true) {
            all.insert(SEND.to_owned(), true.into());
        }
    }
    for (name, follows) in [(REACT, SEND), (TAG, PIN), (TOPICS, PIN)] {
        if flag(name).is_none() {
            let value = all.get(follows).cloned().unwrap_or(false.into());
            all.insert(name.to_owned(), value);
        }
    }
    all
}

impl Group {
    /// What members who are no administrators may do: a `ChatPermissions`.
    pub fn permissions(&self) -> Value {
        let world = self.shared.lock();
        world.chats.get(&self.id).map(|chat| chat.permissions.clone()).unwrap_or_default().into()
    }

    /// The owner takes one permission from all members, or gives it.
    pub fn permit(&self, name: &str, may: bool) {
        self.shared.with(|world| {
            if let Some(chat) = world.chats.get_mut(&self.id) {
                chat.permissions.insert(name.to_owned(), may.into());
            }
        });
    }
}
