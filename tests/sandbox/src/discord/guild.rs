// SPDX-License-Identifier: AGPL-3.0-or-later
//! Guilds and people, as tests handle them.
//!
//! Rule: names are looked up, so `dc.guild("G")` and `dc.user("Bo")` give the same
//! thing each time; [`Discord::namesake`] makes another person of the same name.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::session::{Event, intents};
use super::world::{ChannelRow, EmojiRow, GuildRow, Kind, Member, Role, Stored, UserRow, World};
use super::{Channel, Discord, Inner, clock, permissions, render};

impl ChannelRow {
    /// An empty channel.
    pub(crate) fn new(id: u64, guild: Option<u64>, kind: Kind, name: &str) -> Self {
        Self {
            id,
            guild,
            kind,
            name: name.to_owned(),
            topic: None,
            position: 0,
            owner: 0,
            archived: false,
            archived_at: None,
            locked: false,
            private: false,
            overwrites: Vec::new(),
            messages: std::collections::BTreeMap::new(),
            pins: std::collections::BTreeMap::new(),
            last_message: None,
            required_tag: None,
        }
    }
}

impl Discord {
    /// The guild with this name, made with the bot in it when there is none.
    pub fn guild(&self, name: &str) -> Guild {
        let id = self.inner.with(|world| {
            let there = world.guilds.values().find(|guild| guild.name == name);
            there.map(|guild| guild.id).unwrap_or_else(|| make_guild(world, name))
        });
        Guild { inner: Arc::clone(&self.inner), id }
    }

    /// The person with this display name, made when there is none.
    pub fn user(&self, name: &str) -> User {
        let id = self.inner.with(|world| {
            let shown = |user: &&UserRow| user.global_name.as_deref() == Some(name);
            let there = world.users.values().find(shown).map(|user| user.id);
            there.unwrap_or_else(|| make_user(world, name, false))
        });
        User::new(&self.inner, id)
    }

    /// A new person with this display name.
    pub fn namesake(&self, name: &str) -> User {
        User::new(&self.inner, self.inner.with(|world| make_user(world, name, false)))
    }

    /// A new bot of somebody else.
    pub fn other_bot(&self, name: &str) -> User {
        User::new(&self.inner, self.inner.with(|world| make_user(world, name, true)))
    }

    /// The direct chat of a person and the bot.
    pub fn direct(&self, user: &User) -> Channel {
        let id = self.inner.with(|world| world.direct(user.id()));
        Channel::new(&self.inner, id)
    }
}

fn make_user(world: &mut World, name: &str, bot: bool) -> u64 {
    let id = world.ids.next();
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let base: String = letters.collect::<String>().to_lowercase();
    let taken = |name: &str| world.users.values().any(|user| user.username == name);
    let base = if base.len() < 2 { format!("{base}user") } else { base };
    let username = if taken(&base) { format!("{base}{}", id % 10_000) } else { base };
    let global_name = Some(name.to_owned());
    world.users.insert(id, UserRow { id, username, global_name, avatar: None, bot });
    id
}

fn make_guild(world: &mut World, name: &str) -> u64 {
    let id = world.ids.next();
    let bot_role = world.ids.next();
    let role = |id, name: &str, permissions, bot| Role {
        id,
        name: name.to_owned(),
        permissions,
        bot,
        mentionable: false,
        colour: 0,
    };
    let roles = vec![
        role(id, "@everyone", permissions::EVERYONE, None),
        role(bot_role, "freeside", permissions::BOT, Some(world.bot)),
    ];
    let mut members = std::collections::BTreeMap::new();
    let joined = clock::now();
    members.insert(world.owner, member(Vec::new(), joined));
    let (owner, name) = (world.owner, name.to_owned());
    let (emojis, bans, audit) = (Vec::new(), std::collections::BTreeMap::new(), Vec::new());
    let guild = GuildRow { id, name, owner, roles, members, emojis, bans, audit };
    world.guilds.insert(id, guild);
    invite(world, id);
    id
}

fn member(roles: Vec<u64>, joined: u64) -> Member {
    Member { nick: None, avatar: None, roles, joined, timeout: None }
}

/// The bot comes into a guild.
fn invite(world: &mut World, guild: u64) {
    let bot = world.bot;
    let Some(row) = world.guilds.get_mut(&guild) else { return };
    let roles = row.roles.iter().filter(|role| role.bot == Some(bot)).map(|role| role.id);
    let member = member(roles.collect(), clock::now());
    row.members.insert(bot, member);
    let Some(row) = world.guilds.get(&guild) else { return };
    let event = Event::new("GUILD_CREATE", intents::GUILDS, render::guild_create(world, row));
    world.dispatch(event);
}

/// One person.
#[derive(Clone)]
pub struct User {
    inner: Arc<Inner>,
    id: u64,
}

impl User {
    pub(crate) fn new(inner: &Arc<Inner>, id: u64) -> Self {
        Self { inner: Arc::clone(inner), id }
    }

    /// The user's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// `<@id>`
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }

    /// The unique user name, in lower case.
    pub fn username(&self) -> String {
        let name = |world: &mut World| world.users.get(&self.id).map(|user| user.username.clone());
        self.inner.with_quietly(name).unwrap_or_default()
    }

    /// The name that others see.
    pub fn global_name(&self) -> String {
        self.inner.with_quietly(|world| world.shown_name(None, self.id))
    }

    /// Where the avatar is; `None` without one.
    pub fn avatar_url(&self) -> Option<String> {
        self.inner.with_quietly(|world| avatar_url(world, self.id))
    }

    /// Takes another display name; the guilds' members are told.
    pub fn rename(&self, name: &str) {
        self.inner.with(|world| {
            if let Some(user) = world.users.get_mut(&self.id) {
                user.global_name = Some(name.to_owned());
            }
            tell_everywhere(world, self.id);
        });
    }

    /// Takes another avatar (PNG); the guilds' members are told.
    pub fn set_avatar(&self, png: impl Into<Bytes>) {
        let bytes = png.into();
        self.inner.with(|world| {
            let hash = render::avatar_hash(&format!("{} {}", self.id, clock::now()));
            let stored = Stored { mime: "image/png".into(), bytes, signed: false };
            for ending in ["png", "webp", "jpg"] {
                let path = format!("/avatars/{}/{hash}.{ending}", self.id);
                let (mime, bytes) = (stored.mime.clone(), stored.bytes.clone());
                world.files.insert(path, Stored { mime, bytes, signed: false });
            }
            if let Some(user) = world.users.get_mut(&self.id) {
                user.avatar = Some(hash);
            }
            tell_everywhere(world, self.id);
        });
    }
}

/// Where a user's avatar is.
pub(crate) fn avatar_url(world: &World, user: u64) -> Option<String> {
    let hash = world.users.get(&user)?.avatar.as_ref()?;
    Some(format!("{}/avatars/{user}/{hash}.png", world.base))
}

fn tell_everywhere(world: &mut World, user: u64) {
    let of = |guild: &&GuildRow| guild.members.contains_key(&user);
    let guilds: Vec<u64> = world.guilds.values().filter(of).map(|guild| guild.id).collect();
    guilds.into_iter().for_each(|guild| tell_member(world, guild, user, "GUILD_MEMBER_UPDATE"));
}

pub(super) fn tell_member(world: &mut World, guild: u64, user: u64, name: &str) {
    let Some(row) = world.bots_guild(guild) else { return };
    let mut data = match render::member(world, row, user) {
        Some(member) if name != "GUILD_MEMBER_REMOVE" => member,
        Some(_) | None => json!({"user": render::user(world, user)}),
    };
    if let Some(map) = data.as_object_mut() {
        map.insert("guild_id".into(), guild.to_string().into());
    }
    world.dispatch(Event::new(name, intents::GUILD_MEMBERS, data));
}

/// Makes somebody a member who is none.
pub(crate) fn join(world: &mut World, guild: u64, user: u64) {
    let Some(row) = world.guilds.get_mut(&guild) else { return };
    if row.members.contains_key(&user) || row.bans.contains_key(&user) {
        return;
    }
    row.members.insert(user, member(Vec::new(), clock::now()));
    tell_member(world, guild, user, "GUILD_MEMBER_ADD");
}

/// One guild.
#[derive(Clone)]
pub struct Guild {
    pub(super) inner: Arc<Inner>,
    id: u64,
}

impl Guild {
    /// The guild's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The text channel with this name, made when there is none.
    pub fn channel(&self, name: &str) -> Channel {
        self.made(name, Kind::Text)
    }

    /// The forum with this name, made when there is none.
    pub fn forum(&self, name: &str) -> Channel {
        self.made(name, Kind::Forum)
    }

    fn made(&self, name: &str, kind: Kind) -> Channel {
        let id = self.inner.with(|world| {
            let of = |row: &&ChannelRow| row.guild == Some(self.id) && row.kind == kind;
            let there = world.channels.values().filter(of).find(|row| row.name == name);
            if let Some(row) = there {
                return row.id;
            }
            let position = world.channels.values().filter(of).count();
            let id = world.ids.next();
            let row = ChannelRow::new(id, Some(self.id), kind, name);
            world.channels.insert(id, ChannelRow { position, ..row });
            super::channel::tell(world, id, "CHANNEL_CREATE");
            id
        });
        Channel::new(&self.inner, id)
    }

    /// Makes a person a member.
    pub fn join(&self, user: &User) {
        self.inner.with(|world| join(world, self.id, user.id()));
    }

    /// A person leaves.
    pub fn leave(&self, user: &User) {
        self.inner.with(|world| {
            let Some(row) = world.guilds.get_mut(&self.id) else { return };
            if row.members.remove(&user.id()).is_some() {
                tell_member(world, self.id, user.id(), "GUILD_MEMBER_REMOVE");
            }
        });
    }

    /// Gives a member (who joins for it) these permissions, by a role of their own.
    pub fn grant(&self, user: &User, bits: u64) {
        self.inner.with(|world| {
            join(world, self.id, user.id());
            let id = world.ids.next();
            let name = format!("granted to {}", user.id());
            let role =
                Role { id, name, permissions: bits, bot: None, mentionable: false, colour: 0 };
            self.add_role(world, role);
            let guild = world.guilds.get_mut(&self.id);
            if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.id())) {
                member.roles.push(id);
            }
            tell_member(world, self.id, user.id(), "GUILD_MEMBER_UPDATE");
        });
    }

    /// Takes all roles from a member.
    pub fn revoke(&self, user: &User) {
        self.inner.with(|world| {
            let guild = world.guilds.get_mut(&self.id);
            if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.id())) {
                member.roles.clear();
            }
            tell_member(world, self.id, user.id(), "GUILD_MEMBER_UPDATE");
        });
    }

    fn add_role(&self, world: &mut World, role: Role) {
        let Some(guild) = world.guilds.get_mut(&self.id) else { return };
        let at = guild.roles.len();
        let data = json!({"guild_id": self.id.to_string(), "role": render::role(&role, at)});
        guild.roles.push(role);
        world.dispatch(Event::new("GUILD_ROLE_CREATE", intents::GUILDS, data));
    }

    /// Makes a role that everybody may mention; answers with its id.
    pub fn role(&self, name: &str) -> u64 {
        self.coloured_role(name, 0)
    }

    /// The same, shown in a colour (`0xRRGGBB`).
    pub fn coloured_role(&self, name: &str, colour: u32) -> u64 {
        self.inner.with(|world| {
            let (id, name) = (world.ids.next(), name.to_owned());
            let (permissions, bot, mentionable) = (0, None, true);
            self.add_role(world, Role { id, name, permissions, bot, mentionable, colour });
            id
        })
    }

    /// Sets what the bot may do here, beside what `@everyone` may.
    pub fn bot_permissions(&self, bits: u64) {
        self.inner.with(|world| {
            let bot = world.bot;
            self.set_role(world, bits, |role| role.bot == Some(bot));
        });
    }

    /// Sets what everybody may do here.
    pub fn everyone_permissions(&self, bits: u64) {
        self.inner.with(|world| self.set_role(world, bits, |role| role.id == self.id));
    }

    fn set_role(&self, world: &mut World, bits: u64, which: impl Fn(&Role) -> bool) {
        let Some(guild) = world.guilds.get_mut(&self.id) else { return };
        let mut changed = None;
        for (at, role) in guild.roles.iter_mut().enumerate().filter(|(_, role)| which(role)) {
            role.permissions = bits;
            changed = Some(render::role(role, at));
        }
        let data = json!({"guild_id": self.id.to_string(), "role": changed});
        world.dispatch(Event::new("GUILD_ROLE_UPDATE", intents::GUILDS, data));
    }

    /// Gives a member another name in this guild; `None` takes it away.
    pub fn nick(&self, user: &User, nick: Option<&str>) {
        self.inner.with(|world| {
            let guild = world.guilds.get_mut(&self.id);
            if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.id())) {
                member.nick = nick.map(str::to_owned);
            }
            tell_member(world, self.id, user.id(), "GUILD_MEMBER_UPDATE");
        });
    }

    /// Gives a member another picture (PNG) in this guild.
    pub fn server_picture(&self, user: &User, png: impl Into<Bytes>) {
        let bytes = png.into();
        self.inner.with(|world| {
            let hash = render::avatar_hash(&format!("{} in {}", user.id(), self.id));
            let path = format!("/guilds/{}/users/{}/avatars/{hash}.png", self.id, user.id());
            world.files.insert(path, Stored { mime: "image/png".into(), bytes, signed: false });
            let guild = world.guilds.get_mut(&self.id);
            if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.id())) {
                member.avatar = Some(hash);
            }
            tell_member(world, self.id, user.id(), "GUILD_MEMBER_UPDATE");
        });
    }

    /// Makes a custom emoji; answers with its id. In texts it is `<:name:id>`.
    pub fn emoji(&self, name: &str, png: impl Into<Bytes>) -> u64 {
        let bytes = png.into();
        self.inner.with(|world| {
            let id = world.ids.next();
            for ending in ["png", "webp"] {
                let stored =
                    Stored { mime: "image/png".into(), bytes: bytes.clone(), signed: false };
                world.files.insert(format!("/emojis/{id}.{ending}"), stored);
            }
            let Some(guild) = world.guilds.get_mut(&self.id) else { return id };
            guild.emojis.push(EmojiRow { id, name: name.to_owned(), animated: false });
            let all: Vec<_> = guild.emojis.iter().map(render::emoji).collect();
            let data = json!({"guild_id": self.id.to_string(), "emojis": all});
            world.dispatch(Event::new("GUILD_EMOJIS_UPDATE", intents::GUILD_EXPRESSIONS, data));
            id
        })
    }

    /// Throws the bot out: `GUILD_DELETE`, and nothing here exists for it any more.
    pub fn kick_bot(&self) {
        self.inner.with(|world| {
            let bot = world.bot;
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.members.remove(&bot);
            }
            // Webhooks of the application leave with it.
            let gone = |hook: &super::world::WebhookRow| {
                hook.guild == self.id && hook.application == Some(world.application)
            };
            let gone: Vec<u64> =
                world.webhooks.values().filter(|hook| gone(hook)).map(|hook| hook.id).collect();
            gone.into_iter().for_each(|id| world.remove_webhook(id));
            let data = json!({"id": self.id.to_string()});
            world.dispatch(Event::new("GUILD_DELETE", intents::GUILDS, data));
        });
    }

    /// Invites the bot again.
    pub fn invite_bot(&self) {
        self.inner.with(|world| invite(world, self.id));
    }

    /// The guild cannot be reached for a while (`true`), or is back.
    pub fn unavailable(&self, unavailable: bool) {
        self.inner.with(|world| {
            let event = if unavailable {
                let data = json!({"id": self.id.to_string(), "unavailable": true});
                Event::new("GUILD_DELETE", intents::GUILDS, data)
            } else {
                let Some(row) = world.guilds.get(&self.id) else { return };
                Event::new("GUILD_CREATE", intents::GUILDS, render::guild_create(world, row))
            };
            world.dispatch(event);
        });
    }
}
