// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the platform knows: people, guilds, channels, messages, webhooks.
//!
//! Rule: the world changes only under its lock, and every change puts its dispatches
//! into the sessions under the same lock, so that all clients see one order.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clock::Ids;
use super::message::MessageRow;
use super::permissions;
use super::refusal::{Refusal, missing_access, missing_permissions, unknown_channel};
use super::requests::Request;

/// A person or the bot.
pub(crate) struct UserRow {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) global_name: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) bot: bool,
}

/// A role of a guild; `@everyone` has the guild's id.
pub(crate) struct Role {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) permissions: u64,
    /// The bot that this role belongs to.
    pub(crate) bot: Option<u64>,
    pub(crate) mentionable: bool,
    /// `0xRRGGBB`; 0 for none.
    pub(crate) colour: u32,
}

/// A user's place in a guild.
pub(crate) struct Member {
    pub(crate) nick: Option<String>,
    /// The hash of the picture that was chosen for this guild.
    pub(crate) avatar: Option<String>,
    pub(crate) roles: Vec<u64>,
    pub(crate) joined: u64,
    /// Until when they may not write, in milliseconds since 1970.
    pub(crate) timeout: Option<u64>,
}

/// An emoji of a guild.
pub(crate) struct EmojiRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) animated: bool,
}

pub(crate) struct GuildRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) owner: u64,
    pub(crate) roles: Vec<Role>,
    pub(crate) members: BTreeMap<u64, Member>,
    pub(crate) emojis: Vec<EmojiRow>,
    /// Who is banned, and why.
    pub(crate) bans: BTreeMap<u64, Option<String>>,
    /// The audit log, oldest first.
    pub(crate) audit: Vec<Value>,
}

/// What kind of channel it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text channel of a guild.
    Text,
    /// A channel of a guild that consists of threads.
    Forum,
    /// A thread under the channel with this id.
    Thread(u64),
    /// A direct chat of the bot and this user.
    Direct(u64),
}

/// Rights of one role or member that differ in one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overwrite {
    /// The id is a member's, not a role's.
    pub(crate) member: bool,
    pub(crate) id: u64,
    pub(crate) allow: u64,
    pub(crate) deny: u64,
}

pub(crate) struct ChannelRow {
    pub(crate) id: u64,
    pub(crate) guild: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) topic: Option<String>,
    pub(crate) position: usize,
    pub(crate) owner: u64,
    pub(crate) archived: bool,
    /// When it was archived or opened again last.
    pub(crate) archived_at: Option<u64>,
    pub(crate) locked: bool,
    /// Only those who were asked in see the thread.
    pub(crate) private: bool,
    pub(crate) overwrites: Vec<Overwrite>,
    pub(crate) messages: BTreeMap<u64, MessageRow>,
    /// Message id to the time of pinning.
    pub(crate) pins: BTreeMap<u64, u64>,
    /// The newest id ever posted here: it stays when the message is deleted.
    pub(crate) last_message: Option<u64>,
    /// New posts of this forum need a tag; this is the one that everybody may give.
    pub(crate) required_tag: Option<u64>,
}

pub(crate) struct WebhookRow {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) guild: u64,
    pub(crate) name: String,
    pub(crate) avatar: Option<String>,
    pub(crate) token: String,
    /// Who made it.
    pub(crate) user: u64,
    /// The application that made it.
    pub(crate) application: Option<u64>,
}

/// Bytes under an address of the CDN.
pub(crate) struct Stored {
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
    /// The address needs a valid signature.
    pub(crate) signed: bool,
}

/// How an interaction was answered first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    No,
    /// A loading state; the original is still to be edited in.
    Deferred,
    Answered,
}

pub(crate) struct InteractionRow {
    pub(crate) id: u64,
    pub(crate) token: String,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    /// 2 for a command, 3 for a button.
    pub(crate) kind: u64,
    pub(crate) name: String,
    /// The message below which the button is.
    pub(crate) below: Option<u64>,
    pub(crate) made: Instant,
    pub(crate) state: Acknowledged,
    pub(crate) original: Option<u64>,
    pub(crate) followups: Vec<u64>,
}

/// What goes out on one connection.
pub(crate) enum Out {
    Frame(String),
    Close(u16, &'static str),
    /// Gone without a close frame, as when a cable is cut.
    Cut,
}

/// One WebSocket.
pub(crate) struct Connection {
    pub(crate) outbox: VecDeque<Out>,
    pub(crate) wake: Arc<Notify>,
}

/// One gateway session: outlives its connections.
pub(crate) struct Session {
    pub(crate) intents: u64,
    pub(crate) seq: u64,
    /// All frames, for replay: sequence number and text.
    pub(crate) log: Vec<(u64, String)>,
    pub(crate) connection: Option<u64>,
}

/// What tests can change about how the platform behaves.
pub(crate) struct Knobs {
    pub(crate) outage: bool,
    pub(crate) token_valid: bool,
    pub(crate) heartbeat: Duration,
    pub(crate) lateness: Duration,
    pub(crate) heartbeat_acks: bool,
    /// Privileged intents that the application was granted.
    pub(crate) privileged: u64,
    /// Time to give the first answer to an interaction.
    pub(crate) answer_within: Duration,
    /// Addresses of files signed before this change are dead.
    pub(crate) link_age: u64,
    /// How long tests wait for what they expect.
    pub(crate) patience: Duration,
}

pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) application: u64,
    pub(crate) bot: u64,
    pub(crate) owner: u64,
    pub(crate) users: BTreeMap<u64, UserRow>,
    pub(crate) guilds: BTreeMap<u64, GuildRow>,
    pub(crate) channels: BTreeMap<u64, ChannelRow>,
    pub(crate) webhooks: BTreeMap<u64, WebhookRow>,
    pub(crate) interactions: BTreeMap<u64, InteractionRow>,
    /// `None` holds the global commands.
    pub(crate) commands: BTreeMap<Option<u64>, Vec<Value>>,
    pub(crate) files: HashMap<String, Stored>,
    pub(crate) nonces: HashMap<String, (u64, u64)>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) connections: BTreeMap<u64, Connection>,
    /// Channel id to the end of its rate limit.
    pub(crate) limited: HashMap<u64, Instant>,
    pub(crate) requests: Vec<Request>,
    pub(crate) violations: Vec<String>,
    /// How many heartbeats came.
    pub(crate) heartbeats: u64,
    pub(crate) knobs: Knobs,
}

impl World {
    /// The guild's row when the bot is in it.
    pub(crate) fn bots_guild(&self, id: u64) -> Option<&GuildRow> {
        self.guilds.get(&id).filter(|guild| guild.members.contains_key(&self.bot))
    }

    /// What `user` may do in a channel; everything in a direct chat of one's own.
    pub(crate) fn rights(&self, channel: &ChannelRow, user: u64) -> u64 {
        let Some(guild) = channel.guild else {
            let mine = user == self.bot || channel.kind == Kind::Direct(user);
            return if mine { permissions::EVERYONE | permissions::PIN_MESSAGES } else { 0 };
        };
        let Some(guild) = self.guilds.get(&guild) else { return 0 };
        let ruling = match channel.kind {
            Kind::Thread(parent) => self.channels.get(&parent).unwrap_or(channel),
            Kind::Text | Kind::Forum | Kind::Direct(_) => channel,
        };
        permissions::in_channel(guild, ruling, user)
    }

    /// A channel that the bot can see.
    pub(crate) fn visible(&self, id: u64) -> Result<&ChannelRow, Refusal> {
        let channel = self.channels.get(&id).ok_or_else(unknown_channel)?;
        if self.rights(channel, self.bot) & permissions::VIEW_CHANNEL == 0 {
            return Err(missing_access());
        }
        Ok(channel)
    }

    /// A channel in which the bot holds all of `needed`.
    pub(crate) fn allowed(&self, id: u64, needed: u64) -> Result<&ChannelRow, Refusal> {
        let channel = self.visible(id)?;
        if self.rights(channel, self.bot) & needed != needed {
            return Err(missing_permissions());
        }
        Ok(channel)
    }

    /// The message with this id, ephemeral ones left out.
    pub(crate) fn message(&self, channel: u64, id: u64) -> Option<&MessageRow> {
        self.channels.get(&channel)?.messages.get(&id).filter(|message| !message.ephemeral())
    }

    /// The same, to be changed.
    pub(crate) fn message_mut(&mut self, channel: u64, id: u64) -> Option<&mut MessageRow> {
        self.channels.get_mut(&channel)?.messages.get_mut(&id).filter(|row| !row.ephemeral())
    }

    /// The name that people see for `user` in a channel.
    pub(crate) fn shown_name(&self, guild: Option<u64>, user: u64) -> String {
        let nick = guild
            .and_then(|guild| self.guilds.get(&guild))
            .and_then(|guild| guild.members.get(&user)?.nick.clone());
        let row = self.users.get(&user);
        nick.or_else(|| row?.global_name.clone())
            .or_else(|| Some(row?.username.clone()))
            .unwrap_or_else(|| "Deleted User".into())
    }
}
