// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happens to things that people have posted, and to the chat itself.
//!
//! Rule: an edited place is told as an edit, a stopped poll by the poll's id, everything else as a
//! service message. Sources: <https://core.telegram.org/bots/api#message>,
//! <https://core.telegram.org/bots/api#update>.

use anyhow::Context;
use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::group::{Group, admin, refused};
use super::params::Upload;
use super::rights::Standing;
use super::user::{MessageId, User};
use super::world::{Body, Draft, World};
use super::{media, wire};

/// The fields of a message that is neither text nor file, if it is the person's own.
fn own<'w>(
    world: &'w mut World,
    (chat, id): (i64, MessageId),
    user: &User,
) -> anyhow::Result<&'w mut Map<String, Value>> {
    let chat = world.chats.get_mut(&chat).context("the chat does not exist")?;
    let message = chat.messages.get_mut(&id.0).context("message to edit not found")?;
    anyhow::ensure!(message.from == user.id, "message can't be edited");
    match &mut message.body {
        Body::Card(fields) => Ok(fields),
        Body::Text(_) | Body::Media(_) | Body::Poll(_) | Body::Service(_) => {
            anyhow::bail!("message can't be edited")
        }
    }
}

fn part<'f>(
    fields: &'f mut Map<String, Value>,
    name: &str,
) -> anyhow::Result<&'f mut Map<String, Value>> {
    let part = fields.get_mut(name).and_then(Value::as_object_mut);
    part.with_context(|| format!("the message has no {name}"))
}

impl Group {
    fn edited(&self, world: &mut World, id: MessageId) {
        let chat = world.chats.get_mut(&self.id);
        if let Some(message) = chat.and_then(|chat| chat.messages.get_mut(&id.0)) {
            message.edited = Some(wire::now());
        }
        if world.bot_sees(self.id, id.0) {
            let payload = wire::message(world, self.id, id.0);
            world.tell("edited_message", payload);
        }
    }

    /// The person who shares where they are has moved.
    ///
    /// # Errors
    /// When the message is no such place of theirs.
    pub fn move_to(&self, user: &User, id: MessageId, to: (f64, f64)) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let place = part(own(world, (self.id, id), user)?, "location")?;
            anyhow::ensure!(place.contains_key("live_period"), "the place does not move");
            place.insert("latitude".to_owned(), to.0.into());
            place.insert("longitude".to_owned(), to.1.into());
            self.edited(world, id);
            Ok(())
        })
    }

    /// The person no longer shares where they are.
    ///
    /// # Errors
    /// When the message is no such place of theirs.
    pub fn stop_moving(&self, user: &User, id: MessageId) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let place = part(own(world, (self.id, id), user)?, "location")?;
            place.remove("live_period").context("the place does not move")?;
            self.edited(world, id);
            Ok(())
        })
    }

    /// Stops the person's poll, in which so many voted for each answer. Before, the bot is told
    /// nothing of votes: the poll is not its own.
    ///
    /// # Errors
    /// When it is no open poll of theirs, or has another number of answers.
    pub fn stop_poll(&self, user: &User, id: MessageId, votes: &[u64]) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let poll = part(own(world, (self.id, id), user)?, "poll")?;
            let open = poll.get("is_closed") == Some(&false.into());
            anyhow::ensure!(open, "poll has already been closed");
            let options = poll.get_mut("options").and_then(Value::as_array_mut);
            let options = options.context("the poll has no answers")?;
            anyhow::ensure!(options.len() == votes.len(), "the poll has other answers");
            for (option, votes) in options.iter_mut().zip(votes) {
                if let Some(option) = option.as_object_mut() {
                    option.insert("voter_count".to_owned(), (*votes).into());
                }
            }
            poll.insert("is_closed".to_owned(), true.into());
            poll.insert("total_voter_count".to_owned(), votes.iter().sum::<u64>().into());
            let payload = Value::Object(poll.clone());
            world.tell("poll", payload);
            Ok(())
        })
    }

    /// Ticks a box of a checklist, with the line that everybody sees.
    ///
    /// # Errors
    /// When there is no such checklist or task.
    pub fn tick(&self, user: &User, id: MessageId, task: i64) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            let by = wire::user(world, user.id);
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let message = chat.messages.get_mut(&id.0).context("message not found")?;
            let Body::Card(fields) = &mut message.body else { anyhow::bail!("no checklist") };
            let tasks = part(fields, "checklist")?.get_mut("tasks").and_then(Value::as_array_mut);
            let mut tasks = tasks.into_iter().flatten().filter_map(Value::as_object_mut);
            let task_is = |it: &Map<String, Value>| it.get("id") == Some(&json!(task));
            let found = tasks.find(|it| task_is(it)).context("no such task")?;
            found.insert("completion_date".to_owned(), wire::now().into());
            found.insert("completed_by_user".to_owned(), by);
            let message = message.clone();
            let list = Value::Object(wire::flat(world, self.id, &message));
            let done = json!({ "checklist_message": list, "marked_as_done_task_ids": [task] });
            let draft = Draft::service("checklist_tasks_done", done);
            world.post(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// Something happens that the platform tells with one field, such as
    /// `("video_chat_started", {})`.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn happen(&self, user: &User, field: &str, value: Value) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            let draft = Draft::service(field, value);
            world.post(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// An administrator gives the chat another picture, or takes it away.
    ///
    /// # Errors
    /// When the person may not, or the bytes are no image.
    pub fn set_picture(&self, user: &User, picture: Option<Bytes>) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            let chat = world.chats.get(&self.id).context("the chat does not exist")?;
            anyhow::ensure!(admin(chat, user, |rights| rights.change_info), "not enough rights");
            let draft = match picture {
                Some(bytes) => {
                    let upload = Upload { name: None, mime: None, bytes };
                    let file = media::keep(&mut world.files, "photo", &upload).map_err(refused)?;
                    Draft::service("new_chat_photo", media::sizes(&file))
                }
                None => Draft::service("delete_chat_photo", true.into()),
            };
            world.post(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// Renames, closes or opens a topic, with the line that everybody sees.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn change_topic(
        &self,
        user: &User,
        topic: MessageId,
        name: Option<&str>,
        closed: Option<bool>,
    ) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let found = chat.topics.get_mut(&topic.0).context("no such topic")?;
            let mut lines = Vec::new();
            if let Some(name) = name {
                name.clone_into(&mut found.name);
                lines.push(("forum_topic_edited", json!({ "name": name })));
            }
            if let Some(closed) = closed {
                found.closed = closed;
                let field = if closed { "forum_topic_closed" } else { "forum_topic_reopened" };
                lines.push((field, json!({})));
            }
            for (field, value) in lines {
                let mut draft = Draft::service(field, value);
                draft.thread = Some(topic.0);
                world.post(self.id, user.id, draft).map_err(refused)?;
            }
            Ok(())
        })
    }

    /// Lets a person join or leave a group that shows no lines about that.
    pub fn come_unseen(&self, user: &User) {
        self.shared.with(|world| {
            world.set_standing(self.id, user.id, user.id, Standing::Member);
        });
    }

    /// As `come_unseen`.
    pub fn go_unseen(&self, user: &User) {
        self.shared.with(|world| world.set_standing(self.id, user.id, user.id, Standing::Left));
    }
}
