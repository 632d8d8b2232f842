// SPDX-License-Identifier: AGPL-3.0-or-later
//! Forums: groups whose messages stand in topics.
//!
//! Rule: a topic's id is that of the message that opened it; the first topic has none.
//! Source: <https://core.telegram.org/bots/api#forumtopic>.

use anyhow::Context;
use serde_json::{Value, json};

use super::answer::{ApiError, bad};
use super::group::{Group, refused};
use super::params::Params;
use super::send::chat_id;
use super::user::{MessageId, User};
use super::world::{Draft, World};

/// One topic.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) closed: bool,
}

/// The topic that `message_thread_id` names, else that of the message that is answered, if a
/// message of the bot may stand there.
pub(super) fn thread(
    world: &World,
    chat: i64,
    params: &Params,
    answered: Option<i64>,
) -> Result<Option<i64>, ApiError> {
    let named = params.int("message_thread_id")?;
    let known = world.chats.get(&chat);
    let of_answered = || known?.messages.get(&answered?)?.thread;
    let Some(id) = named.or_else(of_answered) else { return Ok(None) };
    let chat = world.chat_for_bot(chat)?;
    let topic = chat.topics.get(&id).ok_or_else(|| bad("message thread not found"))?;
    if topic.closed && !world.bot_rights(chat).manage_topics {
        return Err(bad("TOPIC_CLOSED"));
    }
    Ok(Some(id))
}

fn topic<'a>(world: &'a mut World, params: &Params) -> Result<(i64, i64, &'a mut Topic), ApiError> {
    let chat = chat_id(world, params)?;
    let id = params.int("message_thread_id")?.ok_or_else(|| bad("TOPIC_ID_INVALID"))?;
    let room = world.chat_for_bot(chat)?;
    if !room.forum {
        return Err(bad("the chat is not a forum"));
    }
    if !world.bot_rights(room).manage_topics {
        return Err(bad("not enough rights to edit the topic"));
    }
    let topic = world.chats.get_mut(&chat).and_then(|room| room.topics.get_mut(&id));
    topic.map(|topic| (chat, id, topic)).ok_or_else(|| bad("TOPIC_ID_INVALID"))
}

fn note(
    world: &mut World,
    chat: i64,
    topic: i64,
    field: &str,
    value: Value,
) -> Result<Value, ApiError> {
    let mut draft = Draft::service(field, value);
    draft.thread = Some(topic);
    world.post(chat, world.bot, draft)?;
    Ok(true.into())
}

/// `editForumTopic`.
pub(super) fn rename(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let name = params.text("name").unwrap_or_default();
    if name.chars().count() > 128 {
        return Err(bad("TOPIC_TITLE_INVALID"));
    }
    let (chat, id, topic) = topic(world, params)?;
    if name.is_empty() || topic.name == name {
        return Err(bad("TOPIC_NOT_MODIFIED"));
    }
    topic.name.clone_from(&name);
    note(world, chat, id, "forum_topic_edited", json!({ "name": name }))
}

fn set_closed(world: &mut World, params: &Params, closed: bool) -> Result<Value, ApiError> {
    let (chat, id, topic) = topic(world, params)?;
    if std::mem::replace(&mut topic.closed, closed) == closed {
        return Err(bad("TOPIC_NOT_MODIFIED"));
    }
    let field = if closed { "forum_topic_closed" } else { "forum_topic_reopened" };
    note(world, chat, id, field, json!({}))
}

/// `closeForumTopic`.
pub(super) fn close(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    set_closed(world, params, true)
}

/// `reopenForumTopic`.
pub(super) fn reopen(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    set_closed(world, params, false)
}

impl Group {
    /// Lets a person open a topic; the group is a forum from now on. Answers with its id.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn open_topic(&self, user: &User, name: &str) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            chat.forum = true;
            let next = chat.last_id + 1;
            chat.topics.insert(next, Topic { name: name.to_owned(), closed: false });
            let created = json!({ "name": name, "icon_color": 7_322_096 });
            let mut draft = Draft::service("forum_topic_created", created);
            draft.thread = Some(next);
            world.post(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// The name of a topic, and whether it is closed.
    pub fn topic(&self, id: MessageId) -> Option<(String, bool)> {
        let world = self.shared.lock();
        let topic = world.chats.get(&self.id)?.topics.get(&id.0)?;
        Some((topic.name.clone(), topic.closed))
    }
}
