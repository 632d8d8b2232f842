// SPDX-License-Identifier: AGPL-3.0-or-later
//! A channel or thread, as people use it.
//!
//! Rule: a person who speaks in a guild joins it first; whoever may not do a thing
//! gets an error, as the client would not offer it.

use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use serde_json::{Value, json};

use super::files::File;
use super::message::{Author, CHANNEL_NAME_CHANGE, Emoji, REPLY, Reference};
use super::permissions::{MANAGE_MESSAGES, PIN_MESSAGES};
use super::posting::{Change, Draft};
use super::rest::emoji_of;
use super::session::{Event, intents};
use super::webhook::Webhook;
use super::world::{Kind, Overwrite, World};
use super::{Inner, Seen, User, guild, render, seen};

/// Tells a channel's state under a name such as `CHANNEL_UPDATE`.
pub(crate) fn tell(world: &mut World, id: u64, name: &str) {
    let Some(row) = world.channels.get(&id) else { return };
    let data = render::channel(world, row);
    world.dispatch(Event::new(name, intents::GUILDS, data).within(id));
}

/// One channel, thread or direct chat.
#[derive(Clone)]
pub struct Channel {
    pub(super) inner: Arc<Inner>,
    pub(super) id: u64,
}

impl Channel {
    pub(crate) fn new(inner: &Arc<Inner>, id: u64) -> Self {
        Self { inner: Arc::clone(inner), id }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The channel's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The guild's id; `None` in a direct chat.
    pub fn guild_id(&self) -> Option<u64> {
        self.inner.with_quietly(|world| world.channels.get(&self.id)?.guild)
    }

    /// A person posts; answers with the message's id.
    pub fn say(&self, user: &User, text: &str) -> u64 {
        self.post(user, Draft::new(Author::User(user.id()), text))
    }

    /// A person replies to a message, with the ping that a client sends by default.
    pub fn reply(&self, user: &User, to: u64, text: &str) -> u64 {
        let mut draft = Draft::new(Author::User(user.id()), text);
        draft.kind = REPLY;
        draft.reference = Some(Reference { channel: self.id, message: to });
        self.post(user, draft)
    }

    /// A person posts a file, with a text when it is not empty.
    pub fn attach(&self, user: &User, file: File, text: &str) -> u64 {
        self.attach_all(user, vec![file], text)
    }

    /// A person posts several files in one message.
    pub fn attach_all(&self, user: &User, files: Vec<File>, text: &str) -> u64 {
        let mut draft = Draft::new(Author::User(user.id()), text);
        draft.flags = if files.iter().any(|file| file.voice.is_some()) { 1 << 13 } else { 0 };
        let store = |world: &mut World| {
            let rows = files.into_iter().map(|file| world.store(self.id, file));
            rows.collect::<Vec<_>>()
        };
        draft.attachments = self.inner.with_quietly(store);
        self.post(user, draft)
    }

    /// A person posts something with further fields of a message, such as `sticker_items`,
    /// `poll` or `message_snapshots`, in the platform's JSON.
    pub fn say_with(&self, user: &User, text: &str, extra: &Value) -> u64 {
        let mut draft = Draft::new(Author::User(user.id()), text);
        draft.extra = extra.as_object().cloned().unwrap_or_default();
        self.post(user, draft)
    }

    pub(super) fn post(&self, user: &User, draft: Draft) -> u64 {
        self.inner.with(|world| {
            self.come_in(world, user);
            world.post(self.id, draft)
        })
    }

    /// Whoever does something in a guild is a member.
    pub(crate) fn come_in(&self, world: &mut World, user: &User) {
        if let Some(id) = world.channels.get(&self.id).and_then(|row| row.guild) {
            guild::join(world, id, user.id());
        }
    }

    /// A person edits an own message.
    ///
    /// # Errors
    /// When it is gone or somebody else's.
    pub fn edit(&self, user: &User, id: u64, text: &str) -> anyhow::Result<()> {
        self.inner.with(|world| {
            let row = world.message(self.id, id).context("the message is gone")?;
            ensure!(row.user() == Some(user.id()), "only its author can edit a message");
            let change = Change { content: Some(text.to_owned()), ..Change::default() };
            done(world.change(self.id, id, change))
        })
    }

    /// The platform adds a preview of a link: an update that is no edit.
    ///
    /// # Errors
    /// When the message is gone.
    pub fn unfurl(&self, id: u64, url: &str) -> anyhow::Result<()> {
        let embed = json!({"type": "link", "url": url, "title": "A page"});
        let change = Change { embeds: Some(vec![embed]), silent: true, ..Change::default() };
        self.inner.with(|world| done(world.change(self.id, id, change)))
    }

    /// A person deletes a message: an own one, or any with Manage Messages.
    ///
    /// # Errors
    /// When it is gone or they may not.
    pub fn delete(&self, user: &User, id: u64) -> anyhow::Result<()> {
        self.inner.with(|world| {
            let own = world.message(self.id, id).context("the message is gone")?.user();
            let may = own == Some(user.id()) || self.may(world, user, MANAGE_MESSAGES);
            ensure!(may, "others' messages need Manage Messages");
            done(world.delete(self.id, id))
        })
    }

    /// A moderator's bot deletes many messages at once (`MESSAGE_DELETE_BULK`).
    pub fn purge(&self, ids: &[u64]) {
        self.inner.with(|world| world.delete_bulk(self.id, ids));
    }

    fn may(&self, world: &World, user: &User, bits: u64) -> bool {
        let row = world.channels.get(&self.id);
        row.is_some_and(|row| world.rights(row, user.id()) & bits == bits)
    }

    /// A person reacts with `👍` or `name:id`.
    ///
    /// # Errors
    /// When the message is gone, the emoji unknown or there are too many.
    pub fn react(&self, user: &User, id: u64, emoji: &str) -> anyhow::Result<()> {
        self.inner.with(|world| {
            self.come_in(world, user);
            let emoji = named(world, emoji)?;
            done(world.react((self.id, id), user.id(), &emoji))
        })
    }

    /// A person takes a reaction back.
    ///
    /// # Errors
    /// When the message is gone or the emoji unknown.
    pub fn unreact(&self, user: &User, id: u64, emoji: &str) -> anyhow::Result<()> {
        self.inner.with(|world| {
            let emoji = named(world, emoji)?;
            done(world.unreact((self.id, id), user.id(), &emoji))
        })
    }

    /// A moderator takes all reactions away, or all with one emoji.
    ///
    /// # Errors
    /// When the message is gone or the emoji unknown.
    pub fn clear_reactions(&self, id: u64, emoji: Option<&str>) -> anyhow::Result<()> {
        self.inner.with(|world| {
            let emoji = emoji.map(|emoji| named(world, emoji)).transpose()?;
            done(world.clear_reactions((self.id, id), emoji.as_ref()))
        })
    }

    /// A person pins a message.
    ///
    /// # Errors
    /// When it is gone or they may not.
    pub fn pin(&self, user: &User, id: u64) -> anyhow::Result<()> {
        self.inner.with(|world| {
            ensure!(self.may(world, user, PIN_MESSAGES), "pinning needs Pin Messages");
            done(world.pin(self.id, id, user.id()))
        })
    }

    /// A person unpins a message.
    ///
    /// # Errors
    /// When it is gone or they may not.
    pub fn unpin(&self, user: &User, id: u64) -> anyhow::Result<()> {
        self.inner.with(|world| {
            ensure!(self.may(world, user, PIN_MESSAGES), "unpinning needs Pin Messages");
            done(world.unpin(self.id, id))
        })
    }

    /// Somebody starts to type.
    pub fn typing(&self, user: &User) {
        self.inner.with(|world| {
            let seconds = super::clock::now() / 1000;
            let data = json!({"user_id": user.id().to_string(), "timestamp": seconds});
            let data = world.located(self.id, data);
            let event = Event::new("TYPING_START", intents::GUILD_MESSAGE_TYPING, data);
            world.dispatch(event.within(self.id));
        });
    }

    /// A webhook that the guild's owner makes here, for other people's messages.
    pub fn webhook(&self, name: &str) -> Webhook {
        let id = self.inner.with(|world| {
            let owner = world.owner;
            world.make_webhook(self.id, name, owner, None)
        });
        Webhook::new(self, id, None)
    }

    /// A webhook that the bot of another application makes here for itself.
    pub fn webhook_of(&self, application: u64, name: &str) -> Webhook {
        let id = self.inner.with(|world| {
            let owner = world.owner;
            world.make_webhook(self.id, name, owner, Some(application))
        });
        Webhook::new(self, id, Some(application))
    }

    /// The webhooks here: id, name, and whether the bridge's application made it.
    pub fn webhooks(&self) -> Vec<(u64, String, bool)> {
        self.inner.with_quietly(|world| {
            let here = world.webhooks.values().filter(|hook| hook.channel == self.id);
            let ours = |application| application == Some(world.application);
            here.map(|hook| (hook.id, hook.name.clone(), ours(hook.application))).collect()
        })
    }

    /// Somebody deletes a webhook in the channel's settings.
    pub fn delete_webhook(&self, id: u64) {
        self.inner.with(|world| world.remove_webhook(id));
    }

    /// Somebody gives a webhook another name, in the channel's settings.
    pub fn rename_webhook(&self, id: u64, name: &str) {
        self.inner.with(|world| world.rename_webhook(id, name));
    }

    /// Somebody moves a webhook of this channel to another one, in the channel's settings.
    pub fn move_webhook(&self, id: u64, to: &Self) {
        self.inner.with(|world| world.move_webhook(id, to.id));
    }

    /// New posts of this forum need a tag from now on; answers with the one that everybody may
    /// give.
    pub fn require_tag(&self) -> u64 {
        self.inner.with(|world| {
            let tag = world.ids.next();
            if let Some(row) = world.channels.get_mut(&self.id) {
                row.required_tag = Some(tag);
            }
            tell(world, self.id, "CHANNEL_UPDATE");
            tag
        })
    }

    /// Gives the channel another name.
    pub fn rename(&self, name: &str) {
        self.inner.with(|world| {
            if let Some(row) = world.channels.get_mut(&self.id) {
                row.name = name.to_owned();
            }
            tell(world, self.id, self.update_name(world));
            // The thread itself shows that it was renamed.
            if world.channels.get(&self.id).is_some_and(|row| matches!(row.kind, Kind::Thread(_))) {
                let owner = world.owner;
                let draft = Draft::new(Author::User(owner), name);
                world.post(self.id, Draft { kind: CHANNEL_NAME_CHANGE, ..draft });
            }
        });
    }

    /// Gives the channel a topic.
    pub fn set_topic(&self, topic: &str) {
        self.inner.with(|world| {
            if let Some(row) = world.channels.get_mut(&self.id) {
                row.topic = Some(topic.to_owned());
            }
            tell(world, self.id, self.update_name(world));
        });
    }

    pub(super) fn update_name(&self, world: &World) -> &'static str {
        let kind = world.channels.get(&self.id).map(|row| row.kind);
        match kind {
            Some(Kind::Thread(_)) => "THREAD_UPDATE",
            Some(Kind::Text | Kind::Forum | Kind::Direct(_)) | None => "CHANNEL_UPDATE",
        }
    }

    /// Takes rights from the bot in this channel; 0 gives them back.
    pub fn deny_bot(&self, bits: u64) {
        self.inner.with(|world| {
            let bot = world.bot;
            let guild = world.channels.get(&self.id).and_then(|row| row.guild);
            let guild = guild.and_then(|guild| world.guilds.get(&guild));
            let role = guild.and_then(|guild| guild.roles.iter().find(|r| r.bot == Some(bot)));
            let Some(role) = role.map(|role| role.id) else { return };
            if let Some(row) = world.channels.get_mut(&self.id) {
                row.overwrites.retain(|overwrite| overwrite.id != role);
                let member = false;
                row.overwrites.push(Overwrite { member, id: role, allow: 0, deny: bits });
            }
            tell(world, self.id, "CHANNEL_UPDATE");
        });
    }

    /// Deletes the channel with its threads and webhooks.
    pub fn remove(&self) {
        self.inner.with(|world| {
            let below = world.channels.values().filter(|row| row.kind == Kind::Thread(self.id));
            let mut ids: Vec<u64> = below.map(|row| row.id).collect();
            ids.push(self.id);
            for id in ids {
                let Some(row) = world.channels.get(&id) else { continue };
                let (name, data) = match row.kind {
                    Kind::Thread(parent) => (
                        "THREAD_DELETE",
                        json!({
                            "id": id.to_string(), "type": 11, "parent_id": parent.to_string(),
                            "guild_id": row.guild.map(|guild| guild.to_string()),
                        }),
                    ),
                    Kind::Text | Kind::Forum | Kind::Direct(_) => {
                        ("CHANNEL_DELETE", render::channel(world, row))
                    }
                };
                world.dispatch(Event::new(name, intents::GUILDS, data).within(id));
                world.channels.remove(&id);
                world.webhooks.retain(|_, hook| hook.channel != id);
            }
        });
    }

    /// All messages that everybody here sees, oldest first.
    pub fn messages(&self) -> Vec<Seen> {
        self.inner.with_quietly(|world| seen::all(world, self.id))
    }

    /// The pinned messages, oldest first.
    pub fn pinned(&self) -> Vec<Seen> {
        self.messages().into_iter().filter(|message| message.pinned).collect()
    }

    /// Waits for a message that `fits` and answers with the oldest of those.
    ///
    /// # Errors
    /// After [`super::PATIENCE`], with the channel's transcript.
    pub async fn expect(&self, fits: impl Fn(&Seen) -> bool) -> anyhow::Result<Seen> {
        let look = |world: &World| seen::all(world, self.id).into_iter().find(|one| fits(one));
        let found = self.inner.wait(look).await;
        found.ok_or_else(|| anyhow!("no such message; the channel shows:\n{}", self.transcript()))
    }

    /// Waits until the whole channel `fits`.
    ///
    /// # Errors
    /// After [`super::PATIENCE`], with the channel's transcript.
    pub async fn until(&self, fits: impl Fn(&[Seen]) -> bool) -> anyhow::Result<Vec<Seen>> {
        let look = |world: &World| Some(seen::all(world, self.id)).filter(|all| fits(all));
        let found = self.inner.wait(look).await;
        found.ok_or_else(|| anyhow!("it never came to that; it shows:\n{}", self.transcript()))
    }

    /// Waits until a message is gone.
    ///
    /// # Errors
    /// After [`super::PATIENCE`], with the channel's transcript.
    pub async fn expect_gone(&self, id: u64) -> anyhow::Result<()> {
        self.until(|all| all.iter().all(|message| message.id != id)).await.map(|_| ())
    }

    /// The channel as text, one line for each message.
    pub fn transcript(&self) -> String {
        let lines: Vec<String> = self.messages().iter().map(Seen::line).collect();
        if lines.is_empty() { "(nothing)".into() } else { lines.join("\n") }
    }
}

fn named(world: &World, emoji: &str) -> anyhow::Result<Emoji> {
    emoji_of(world, emoji).map_err(|refusal| anyhow!("{}: {emoji}", refusal.message))
}

pub(super) fn done(result: Result<(), super::refusal::Refusal>) -> anyhow::Result<()> {
    result.map_err(|refusal| anyhow!("{} ({})", refusal.message, refusal.code))
}
