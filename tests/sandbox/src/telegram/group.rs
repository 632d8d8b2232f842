// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people do in a chat.
//!
//! Rule: the platform's limits hold for people too; what they may not do is an error.
//! Deleting tells no bot anything.

use std::sync::Arc;

use anyhow::{Context, bail};
use axum::body::Bytes;
use serde_json::{Value, json};

use super::answer::ApiError;
use super::params::{Params, Upload};
use super::rights::{Rights, Standing};
use super::server::Shared;
use super::text::tidy;
use super::user::{MessageId, User};
use super::world::{Body, Chat, ChatKind, Draft, Media, World};
use super::{edit, emoji, media, wire};

/// A chat: a supergroup, a basic group or a private chat with the bot.
#[derive(Clone)]
pub struct Group {
    pub(super) id: i64,
    pub(super) shared: Arc<Shared>,
}

/// A refusal, as an error of the test.
pub(super) fn refused(error: ApiError) -> anyhow::Error {
    anyhow::anyhow!("{}", error.description())
}

impl Group {
    /// The chat's number, as the Bot API gives it.
    pub fn id(&self) -> i64 {
        self.id
    }

    pub(super) fn act<R>(
        &self,
        user: &User,
        act: impl FnOnce(&mut World, &User) -> anyhow::Result<R>,
    ) -> anyhow::Result<R> {
        self.shared.with(|world| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            anyhow::ensure!(chat.migrated_to.is_none(), "the chat became a supergroup");
            let elsewhere = chat.kind == ChatKind::Private && chat.id != user.id;
            anyhow::ensure!(!elsewhere, "this is somebody else's private chat");
            match chat.standing(user.id) {
                Standing::Kicked => bail!("the person was removed from the chat"),
                // Somebody who was always there, as far as the test cares.
                Standing::Left => drop(chat.members.insert(user.id, Standing::Member)),
                Standing::Member | Standing::Muted(_) | Standing::Admin(_) | Standing::Owner => {}
            }
            if chat.kind == ChatKind::Private {
                chat.started = true;
            }
            act(world, user)
        })
    }

    fn post(&self, user: &User, draft: Draft) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            world.say(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    fn text(text: &str, entities: &Value) -> anyhow::Result<Body> {
        let entities = entities.as_array().cloned().unwrap_or_default();
        let text = tidy(text, &entities).map_err(refused)?;
        anyhow::ensure!(!text.text.is_empty(), "message text is empty");
        anyhow::ensure!(text.units() <= 4096, "message is too long");
        Ok(Body::Text(text))
    }

    /// Says something.
    ///
    /// # Errors
    /// When the text is empty or too long, or the person was removed.
    pub fn say(&self, user: &User, text: &str) -> anyhow::Result<MessageId> {
        self.say_with_entities(user, text, &json!([]))
    }

    /// Says something with styles: a JSON array of `MessageEntity`.
    ///
    /// # Errors
    /// As `say`, and when an entity is none.
    pub fn say_with_entities(
        &self,
        user: &User,
        text: &str,
        entities: &Value,
    ) -> anyhow::Result<MessageId> {
        self.post(user, Draft::new(Self::text(text, entities)?))
    }

    /// Answers a message.
    ///
    /// # Errors
    /// As `say`, and when there is no such message.
    pub fn reply(&self, user: &User, to: MessageId, text: &str) -> anyhow::Result<MessageId> {
        self.message_exists(to)?;
        let mut draft = Draft::new(Self::text(text, &json!([]))?);
        draft.reply_to = Some(to.0);
        self.post(user, draft)
    }

    fn message_exists(&self, id: MessageId) -> anyhow::Result<()> {
        let world = self.shared.lock();
        let there = world.chats.get(&self.id).is_some_and(|chat| chat.messages.contains_key(&id.0));
        anyhow::ensure!(there, "message #{id} not found");
        Ok(())
    }

    /// Changes the text or caption of the person's own message.
    ///
    /// # Errors
    /// When it is not theirs, not there, or says the same as before.
    pub fn edit(&self, user: &User, id: MessageId, text: &str) -> anyhow::Result<()> {
        self.edit_with_entities(user, id, text, &json!([]))
    }

    /// As `edit`, with styles: a JSON array of `MessageEntity`.
    ///
    /// # Errors
    /// As `edit`.
    pub fn edit_with_entities(
        &self,
        user: &User,
        id: MessageId,
        text: &str,
        entities: &Value,
    ) -> anyhow::Result<()> {
        let new = tidy(text, entities.as_array().map_or(&[], Vec::as_slice)).map_err(refused)?;
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let message = chat.messages.get_mut(&id.0).context("message to edit not found")?;
            anyhow::ensure!(message.from == user.id, "message can't be edited");
            anyhow::ensure!(message.styled() != Some(&new), "message is not modified");
            match &mut message.body {
                Body::Text(_) if new.text.is_empty() => bail!("message text is empty"),
                Body::Text(old) => *old = new,
                Body::Media(media) => media.caption = new,
                Body::Poll(_) | Body::Card(_) | Body::Service(_) => {
                    bail!("message can't be edited")
                }
            }
            message.edited = Some(wire::now());
            if world.bot_sees(self.id, id.0) {
                let payload = wire::message(world, self.id, id.0);
                world.tell("edited_message", payload);
            }
            Ok(())
        })
    }

    /// Deletes a message: one's own, or as an administrator anybody's. No bot is told.
    ///
    /// # Errors
    /// When it is not there or the person may not.
    pub fn delete(&self, user: &User, id: MessageId) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let message = chat.messages.get(&id.0).context("message to delete not found")?;
            let private = chat.kind == ChatKind::Private;
            let may =
                private || message.from == user.id || admin(chat, user, |r| r.delete_messages);
            anyhow::ensure!(may, "message can't be deleted");
            edit::forget(chat, id.0);
            Ok(())
        })
    }

    /// Sets the person's reactions to a message; an empty list takes them away.
    ///
    /// # Errors
    /// For an emoji that the platform does not take, or no such message.
    pub fn react(&self, user: &User, id: MessageId, emoji: &[&str]) -> anyhow::Result<()> {
        anyhow::ensure!(emoji.iter().all(|emoji| emoji::allowed(emoji)), "REACTION_INVALID");
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let bot_is_admin =
                matches!(chat.standing(world.bot), Standing::Admin(_) | Standing::Owner);
            let told = bot_is_admin || chat.kind == ChatKind::Private;
            let message = chat.messages.get_mut(&id.0).context("message to react not found")?;
            let own = |(by, _): &(i64, String)| *by == user.id;
            let old = message.reactions.iter().filter(|r| own(r)).map(|(_, emoji)| emoji);
            let old = wire::reactions(old);
            let new: Vec<String> = emoji.iter().map(|emoji| (*emoji).to_owned()).collect();
            message.reactions.retain(|reaction| !own(reaction));
            let added = new.iter().map(|emoji| (user.id, emoji.clone()));
            message.reactions.extend(added);
            let new = wire::reactions(new.iter());
            let is_bot = world.people.get(&user.id).is_some_and(|person| person.is_bot);
            if told && old != new && !is_bot {
                let payload = json!({
                    "chat": wire::chat(world, self.id),
                    "message_id": id.0,
                    "user": wire::user(world, user.id),
                    "date": wire::now(),
                    "old_reaction": old,
                    "new_reaction": new,
                });
                world.tell("message_reaction", payload);
            }
            Ok(())
        })
    }

    /// Posts an image.
    ///
    /// # Errors
    /// When the bytes are no PNG, JPEG, GIF or WebP, or the caption is too long.
    pub fn photo(
        &self,
        user: &User,
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> anyhow::Result<MessageId> {
        let upload = Upload { name: None, mime: None, bytes: bytes.into() };
        self.file(user, "photo", upload, (caption, None))
    }

    /// Posts a file.
    ///
    /// # Errors
    /// When it is empty or the caption is too long.
    pub fn document(
        &self,
        user: &User,
        (name, mime): (&str, &str),
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> anyhow::Result<MessageId> {
        let (name, mime) = (Some(name.to_owned()), Some(mime.to_owned()));
        self.file(user, "document", Upload { name, mime, bytes: bytes.into() }, (caption, None))
    }

    /// Posts a medium of another kind: `video`, `audio`, `voice`, `animation`, `sticker` or
    /// `video_note`.
    ///
    /// # Errors
    /// As `document`.
    pub fn medium(
        &self,
        user: &User,
        kind: &'static str,
        (name, mime): (&str, &str),
        bytes: impl Into<Bytes>,
    ) -> anyhow::Result<MessageId> {
        let (name, mime) = (Some(name.to_owned()), Some(mime.to_owned()));
        self.file(user, kind, Upload { name, mime, bytes: bytes.into() }, ("", None))
    }

    /// Posts several images as one album; the caption belongs to the first.
    ///
    /// # Errors
    /// As `photo`.
    pub fn album(
        &self,
        user: &User,
        images: &[Bytes],
        caption: &str,
    ) -> anyhow::Result<Vec<MessageId>> {
        let album = format!("1390{:013}", self.shared.lock().fresh());
        let mut ids = Vec::new();
        for (n, bytes) in images.iter().enumerate() {
            let upload = Upload { name: None, mime: None, bytes: bytes.clone() };
            let caption = if n == 0 { caption } else { "" };
            ids.push(self.file(user, "photo", upload, (caption, Some(album.clone())))?);
        }
        Ok(ids)
    }

    fn file(
        &self,
        user: &User,
        kind: &'static str,
        upload: Upload,
        (caption, album): (&str, Option<String>),
    ) -> anyhow::Result<MessageId> {
        let caption = tidy(caption, &[]).map_err(refused)?;
        anyhow::ensure!(caption.units() <= 1024, "message caption is too long");
        let body = self.shared.with(|world| -> Result<Body, ApiError> {
            let file = media::keep(&mut world.files, kind, &upload)?;
            let value = media::describe(&file, &Params::default())?;
            let (file, spoiler) = (file.id, false);
            Ok(Body::Media(Media { kind, value, file, caption, spoiler }))
        });
        let mut draft = Draft::new(body.map_err(refused)?);
        draft.album = album;
        self.post(user, draft)
    }

    /// Pins a message.
    ///
    /// # Errors
    /// When it is not there or the person may not.
    pub fn pin(&self, user: &User, id: MessageId) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get(&self.id).context("the chat does not exist")?;
            let may = chat.kind == ChatKind::Private || admin(chat, user, |r| r.pin_messages);
            anyhow::ensure!(may, "not enough rights to manage pinned messages in the chat");
            edit::pin_as(world, self.id, user.id, id.0).map_err(refused)
        })
    }

    /// Unpins a message; no bot is told.
    ///
    /// # Errors
    /// When the person may not.
    pub fn unpin(&self, user: &User, id: MessageId) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            let may = chat.kind == ChatKind::Private || admin(chat, user, |r| r.pin_messages);
            anyhow::ensure!(may, "not enough rights to manage pinned messages in the chat");
            chat.pinned.retain(|pinned| *pinned != id.0);
            Ok(())
        })
    }

    /// Presses the button with this label below a message.
    ///
    /// # Errors
    /// When there is no such button.
    pub fn press(&self, user: &User, id: MessageId, label: &str) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get(&self.id).context("the chat does not exist")?;
            let message = chat.messages.get(&id.0).context("message not found")?;
            let rows = message.markup.as_ref().and_then(|markup| markup.get("inline_keyboard"));
            let rows = rows.and_then(Value::as_array).into_iter().flatten();
            let mut buttons = rows.filter_map(Value::as_array).flatten();
            let button = buttons.find(|button| button.get("text") == Some(&json!(label)));
            let button = button.with_context(|| format!("no button \"{label}\""))?;
            let data = button.get("callback_data").cloned().unwrap_or_default();
            let query = format!("4382{:012}", world.fresh());
            world.queries.insert(query.clone());
            let payload = json!({
                "id": query,
                "from": wire::user(world, user.id),
                "message": wire::message(world, self.id, id.0),
                "chat_instance": format!("{}", self.id),
                "data": data,
            });
            world.tell("callback_query", payload);
            Ok(())
        })
    }
}

/// Whether the person is the owner or an administrator with this right.
pub(super) fn admin(chat: &Chat, user: &User, right: impl Fn(&Rights) -> bool) -> bool {
    match chat.standing(user.id) {
        Standing::Owner => true,
        Standing::Admin(rights) => right(&rights),
        Standing::Member | Standing::Muted(_) | Standing::Left | Standing::Kicked => false,
    }
}
