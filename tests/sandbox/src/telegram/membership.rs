// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who comes, goes and rules in a chat, and what a chat becomes.

use anyhow::Context;
use serde_json::json;

use super::group::{Group, refused};
use super::rights::{Rights, Standing};
use super::user::{MessageId, User};
use super::world::{Chat, ChatKind, Draft, World};
use super::{permissions, wire};

impl Group {
    fn owner(world: &World, chat: i64) -> i64 {
        world.chats.get(&chat).and_then(Chat::owner).unwrap_or(world.bot)
    }

    fn note(&self, world: &mut World, by: i64, draft: Draft) -> anyhow::Result<MessageId> {
        world.post(self.id, by, draft).map(MessageId).map_err(refused)
    }

    /// Lets a person join, with the line that everybody sees.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn join(&self, user: &User) -> anyhow::Result<MessageId> {
        self.shared.with(|world| {
            world.set_standing(self.id, user.id, user.id, Standing::Member);
            let who = json!([wire::user(world, user.id)]);
            self.note(world, user.id, Draft::service("new_chat_members", who))
        })
    }

    /// Lets a person leave, with the line that everybody sees.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn leave(&self, user: &User) -> anyhow::Result<MessageId> {
        self.shared.with(|world| {
            let who = wire::user(world, user.id);
            let note = self.note(world, user.id, Draft::service("left_chat_member", who));
            world.set_standing(self.id, user.id, user.id, Standing::Left);
            note
        })
    }

    /// Lets the owner remove a person for good.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn kick(&self, user: &User) -> anyhow::Result<MessageId> {
        self.shared.with(|world| {
            let owner = Self::owner(world, self.id);
            world.set_standing(self.id, user.id, owner, Standing::Kicked);
            let who = wire::user(world, user.id);
            self.note(world, owner, Draft::service("left_chat_member", who))
        })
    }

    fn appoint(&self, user: i64, standing: Standing) {
        self.shared.with(|world| {
            let owner = Self::owner(world, self.id);
            world.set_standing(self.id, user, owner, standing);
        });
    }

    /// Makes a person an administrator with every right.
    pub fn promote(&self, user: &User) {
        self.promote_with(user, Rights::all());
    }

    /// Makes a person an administrator with these rights.
    pub fn promote_with(&self, user: &User, rights: Rights) {
        self.appoint(user.id, Standing::Admin(rights));
    }

    /// Makes an administrator a plain member again.
    pub fn demote(&self, user: &User) {
        self.appoint(user.id, Standing::Member);
    }

    /// Gives the chat to a person; the owner before becomes a plain member.
    pub fn own(&self, user: &User) {
        self.shared.with(|world| {
            let old = Self::owner(world, self.id);
            if old != world.bot && old != user.id {
                world.set_standing(self.id, old, old, Standing::Member);
            }
            world.set_standing(self.id, user.id, old, Standing::Owner);
        });
    }

    /// Makes the bot an administrator with these rights.
    pub fn promote_bot(&self, rights: Rights) {
        let bot = self.shared.lock().bot;
        self.appoint(bot, Standing::Admin(rights));
    }

    /// Makes the bot a plain member.
    pub fn demote_bot(&self) {
        let bot = self.shared.lock().bot;
        self.appoint(bot, Standing::Member);
    }

    /// Lets a person bring the bot in.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn add_bot(&self, by: &User) -> anyhow::Result<MessageId> {
        self.shared.with(|world| {
            let bot = world.bot;
            world.set_standing(self.id, bot, by.id, Standing::Member);
            let who = json!([wire::user(world, bot)]);
            self.note(world, by.id, Draft::service("new_chat_members", who))
        })
    }

    /// Lets the owner remove the bot for good; its calls are answered 403 from now on.
    pub fn remove_bot(&self) {
        let bot = self.shared.lock().bot;
        self.appoint(bot, Standing::Kicked);
    }

    /// In a private chat: the person blocks the bot, or takes that back.
    pub fn block_bot(&self, blocked: bool) {
        self.shared.with(|world| {
            let bot = world.bot;
            let Some(chat) = world.chats.get_mut(&self.id) else { return };
            if std::mem::replace(&mut chat.blocked, blocked) == blocked {
                return;
            }
            let states = [Standing::Member, Standing::Kicked];
            let [old, new] = states.map(|standing| wire::member(world, bot, &standing, true));
            let (old, new) = if blocked { (old, new) } else { (new, old) };
            let payload = json!({
                "chat": wire::chat(world, self.id),
                "from": wire::user(world, self.id),
                "date": wire::now(),
                "old_chat_member": old,
                "new_chat_member": new,
            });
            world.tell("my_chat_member", payload);
        });
    }

    /// Lets the owner give the chat a new title.
    ///
    /// # Errors
    /// When the chat is gone.
    pub fn rename(&self, title: &str) -> anyhow::Result<MessageId> {
        self.shared.with(|world| {
            let owner = Self::owner(world, self.id);
            let chat = world.chats.get_mut(&self.id).context("the chat does not exist")?;
            title.clone_into(&mut chat.title);
            self.note(world, owner, Draft::service("new_chat_title", title.into()))
        })
    }

    /// Turns a basic group into a supergroup with a new id, as the platform does on its own.
    ///
    /// # Errors
    /// When the chat is no basic group or was turned before.
    pub fn migrate(&self) -> anyhow::Result<Self> {
        self.shared.with(|world| {
            let owner = Self::owner(world, self.id);
            let new_id = new_chat_id(world, ChatKind::Supergroup);
            let chat = world.chats.get(&self.id).context("the chat does not exist")?;
            anyhow::ensure!(chat.kind == ChatKind::Group, "only basic groups can be upgraded");
            anyhow::ensure!(chat.migrated_to.is_none(), "the group was upgraded before");
            let mut new = new_chat(new_id, ChatKind::Supergroup, &chat.title);
            new.members = chat.members.clone();
            new.permissions = chat.permissions.clone();
            world.chats.insert(new_id, new);
            self.note(world, owner, Draft::service("migrate_to_chat_id", new_id.into()))?;
            let new = Self { id: new_id, shared: self.shared.clone() };
            new.note(world, owner, Draft::service("migrate_from_chat_id", self.id.into()))?;
            if let Some(chat) = world.chats.get_mut(&self.id) {
                chat.migrated_to = Some(new_id);
            }
            Ok(new)
        })
    }
}

/// A fresh id in the range of this kind of chat.
pub(super) fn new_chat_id(world: &mut World, kind: ChatKind) -> i64 {
    let number = world.fresh();
    match kind {
        ChatKind::Supergroup => -1_001_500_000_000 - number,
        ChatKind::Group => -4_500_000_000 - number,
        ChatKind::Private => 5_000_000_000 + number,
    }
}

/// A chat without members and messages.
pub(super) fn new_chat(id: i64, kind: ChatKind, title: &str) -> Chat {
    Chat {
        id,
        kind,
        title: title.to_owned(),
        migrated_to: None,
        members: std::collections::BTreeMap::new(),
        messages: std::collections::BTreeMap::new(),
        pinned: Vec::new(),
        last_id: 0,
        sent: std::collections::VecDeque::new(),
        started: false,
        blocked: false,
        about: String::new(),
        photo: None,
        permissions: permissions::all(),
        reactions: None,
        forum: false,
        topics: std::collections::BTreeMap::new(),
    }
}
