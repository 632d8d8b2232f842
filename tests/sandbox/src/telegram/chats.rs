// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a chat looks, and the methods by which the bot changes that.
//!
//! Rule: each change needs the right to change the chat's info.
//! Source: <https://core.telegram.org/bots/api#setchattitle> and around.

use axum::body::Bytes;
use serde_json::Value;

use super::answer::{ApiError, bad};
use super::group::Group;
use super::media;
use super::params::Params;
use super::send::chat_id;
use super::world::{Chat, ChatKind, Draft, World};

/// The chat, if the bot may change `what` of it; the words are those of the platform.
fn changing(world: &World, params: &Params, lack: &str, what: &str) -> Result<i64, ApiError> {
    let id = chat_id(world, params)?;
    let chat = world.chat_for_bot(id)?;
    if chat.kind == ChatKind::Private {
        return Err(bad(format!("can't change {what} in private chats")));
    }
    if !world.bot_rights(chat).change_info {
        return Err(bad(format!("not enough rights to {lack}")));
    }
    Ok(id)
}

fn chat(world: &mut World, id: i64) -> Result<&mut Chat, ApiError> {
    world.chats.get_mut(&id).ok_or_else(|| bad("chat not found"))
}

/// `setChatTitle`.
pub(super) fn set_title(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = changing(world, params, "change chat title", "title")?;
    let title = params.text("title").unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return Err(bad("title can't be empty"));
    }
    let title: String = title.chars().take(128).collect();
    if std::mem::replace(&mut chat(world, id)?.title, title.clone()) == title {
        return Err(bad("chat title is not modified"));
    }
    world.post(id, world.bot, Draft::service("new_chat_title", title.into()))?;
    Ok(true.into())
}

/// `setChatDescription`.
pub(super) fn set_description(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = changing(world, params, "set chat description", "description")?;
    let text = params.text("description").unwrap_or_default();
    let text: String = text.trim().chars().take(255).collect();
    if std::mem::replace(&mut chat(world, id)?.about, text.clone()) == text {
        return Err(bad("chat description is not modified"));
    }
    Ok(true.into())
}

/// `setChatPhoto`.
pub(super) fn set_photo(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = changing(world, params, "change chat photo", "photo")?;
    let file = media::find(&mut world.files, "photo", "photo", params)?;
    chat(world, id)?.photo = Some(file.id.clone());
    world.post(id, world.bot, Draft::service("new_chat_photo", media::sizes(&file)))?;
    Ok(true.into())
}

/// `deleteChatPhoto`.
pub(super) fn delete_photo(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = changing(world, params, "change chat photo", "photo")?;
    if chat(world, id)?.photo.take().is_none() {
        return Err(bad("CHAT_NOT_MODIFIED"));
    }
    world.post(id, world.bot, Draft::service("delete_chat_photo", true.into()))?;
    Ok(true.into())
}

impl Group {
    /// What the chat says about itself.
    pub fn description(&self) -> String {
        let world = self.shared.lock();
        world.chats.get(&self.id).map(|chat| chat.about.clone()).unwrap_or_default()
    }

    /// The picture of the chat.
    pub fn picture(&self) -> Option<Bytes> {
        let world = self.shared.lock();
        let file = world.chats.get(&self.id)?.photo.clone()?;
        world.files.get(&file).map(|file| file.bytes.clone())
    }

    /// From now on only these emoji are reactions here.
    pub fn allow_reactions(&self, emoji: &[&str]) {
        let emoji: Vec<String> = emoji.iter().map(|emoji| (*emoji).to_owned()).collect();
        self.shared.with(|world| {
            if let Some(chat) = world.chats.get_mut(&self.id) {
                chat.reactions = Some(emoji);
            }
        });
    }
}
