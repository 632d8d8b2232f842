// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads and forum posts, as people use them.
//!
//! Rule: who opens a thread sees it in the channel: a thread of its own by a message of type
//! 18, one on a message by a mark at that message. See Discord's "Threads" page.

use anyhow::Context;
use serde_json::{Value, json};

use super::message::{Author, Reference, THREAD_CREATED, THREAD_STARTER};
use super::posting::Draft;
use super::session::{Event, intents};
use super::world::{ChannelRow, Kind, World};
use super::{Channel, User, channel, render};

/// The flag of a message with a thread.
const HAS_THREAD: u64 = 1 << 5;

impl World {
    /// Makes a thread and tells of it.
    pub(crate) fn open_thread(&mut self, parent: u64, (id, name): (u64, &str), by: u64) {
        let guild = self.channels.get(&parent).and_then(|row| row.guild);
        let row = ChannelRow::new(id, guild, Kind::Thread(parent), name);
        self.channels.insert(id, ChannelRow { owner: by, ..row });
        self.tell_thread(id);
    }

    fn tell_thread(&mut self, id: u64) {
        let Some(row) = self.channels.get(&id) else { return };
        let mut data = render::channel(self, row);
        if let Some(map) = data.as_object_mut() {
            map.insert("newly_created".into(), true.into());
        }
        self.dispatch(Event::new("THREAD_CREATE", intents::GUILDS, data).within(id));
    }

    /// "started a thread", in the channel around it.
    pub(crate) fn announce_thread(&mut self, parent: u64, (id, name): (u64, &str), by: u64) {
        let guild = self.channels.get(&parent).and_then(|row| row.guild);
        let mut draft = Draft::new(Author::User(by), name);
        draft.kind = THREAD_CREATED;
        let mut to = json!({"type": 0, "channel_id": id.to_string()});
        if let (Some(guild), Some(map)) = (guild, to.as_object_mut()) {
            map.insert("guild_id".into(), guild.to_string().into());
        }
        draft.extra.insert("message_reference".into(), to);
        self.post(parent, draft);
    }

    /// Whoever writes in an archived thread opens it.
    pub(crate) fn reopen(&mut self, thread: u64) {
        let row = self.channels.get_mut(&thread).filter(|row| row.archived);
        if let Some(row) = row {
            row.archived = false;
            channel::tell(self, thread, "THREAD_UPDATE");
        }
    }

    /// The newest thread of a channel.
    pub(crate) fn newest_thread(&self, parent: u64) -> Option<String> {
        let here = self.channels.values().filter(|row| row.kind == Kind::Thread(parent));
        here.map(|row| row.id).max().map(|id| id.to_string())
    }
}

impl Channel {
    /// The guild's owner opens a public thread of its own.
    pub fn thread(&self, name: &str) -> Self {
        let id = self.inner.with(|world| {
            let (id, owner) = (world.ids.next(), world.owner);
            world.open_thread(self.id, (id, name), owner);
            world.announce_thread(self.id, (id, name), owner);
            id
        });
        Self::new(&self.inner, id)
    }

    /// The guild's owner opens a thread that only those see who were asked in, the bot too.
    pub fn private_thread(&self, name: &str) -> Self {
        let id = self.inner.with(|world| {
            let (id, owner) = (world.ids.next(), world.owner);
            let guild = world.channels.get(&self.id).and_then(|row| row.guild);
            let row = ChannelRow::new(id, guild, Kind::Thread(self.id), name);
            world.channels.insert(id, ChannelRow { owner, private: true, ..row });
            world.tell_thread(id);
            id
        });
        Self::new(&self.inner, id)
    }

    /// A person opens a thread on a message, whose id it gets.
    ///
    /// # Errors
    /// When the message is gone.
    pub fn thread_on(&self, user: &User, message: u64, name: &str) -> anyhow::Result<Self> {
        self.inner.with(|world| {
            self.come_in(world, user);
            world.message(self.id, message).context("the message is gone")?;
            world.open_thread(self.id, (message, name), user.id());
            let thread = world.channels.get(&message).map(|row| render::channel(world, row));
            if let Some(row) = world.message_mut(self.id, message) {
                row.flags |= HAS_THREAD;
                row.extra.insert("thread".into(), thread.unwrap_or(Value::Null));
            }
            world.tell(self.id, message, "MESSAGE_UPDATE", None);
            let far =
                world.channels.get(&self.id).and_then(|row| row.last_message) != Some(message);
            if far {
                world.announce_thread(self.id, (message, name), user.id());
            }
            let mut draft = Draft::new(Author::User(user.id()), "");
            draft.kind = THREAD_STARTER;
            draft.reference = Some(Reference { channel: self.id, message });
            world.post(message, draft);
            Ok(Self::new(&self.inner, message))
        })
    }

    /// A person posts in a forum: a thread whose first message has the thread's id.
    pub fn post_in_forum(&self, user: &User, title: &str, text: &str) -> Self {
        let id = self.inner.with(|world| {
            self.come_in(world, user);
            let id = world.ids.next();
            world.open_thread(self.id, (id, title), user.id());
            world.post_as(id, id, Draft::new(Author::User(user.id()), text))
        });
        Self::new(&self.inner, id)
    }

    /// Archives a thread; `locked` threads stay so until somebody unlocks them.
    pub fn archive(&self, locked: bool) {
        self.set_thread(true, locked);
    }

    /// Opens an archived or locked thread again.
    pub fn unarchive(&self) {
        self.set_thread(false, false);
    }

    fn set_thread(&self, archived: bool, locked: bool) {
        self.inner.with(|world| {
            if let Some(row) = world.channels.get_mut(&self.id) {
                (row.archived, row.locked) = (archived, locked);
                row.archived_at = Some(super::clock::now());
            }
            channel::tell(world, self.id, self.update_name(world));
        });
    }
}
