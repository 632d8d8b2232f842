// SPDX-License-Identifier: AGPL-3.0-or-later
//! The permission bits that the stand-in knows.
//!
//! Rule: names and values follow Discord's "Permissions" page; pinning needs
//! [`PIN_MESSAGES`] and nothing else since February 2026.

use super::world::{ChannelRow, GuildRow, Overwrite};

/// Everything, past all overwrites.
pub const ADMINISTRATOR: u64 = 1 << 3;
/// Change and delete channels.
pub const MANAGE_CHANNELS: u64 = 1 << 4;
/// Change the guild.
pub const MANAGE_GUILD: u64 = 1 << 5;
/// Remove members.
pub const KICK_MEMBERS: u64 = 1 << 1;
/// Keep people out.
pub const BAN_MEMBERS: u64 = 1 << 2;
/// Read who did what.
pub const VIEW_AUDIT_LOG: u64 = 1 << 7;
/// Keep members from writing for a time.
pub const MODERATE_MEMBERS: u64 = 1 << 40;
/// Add a reaction that nobody gave before.
pub const ADD_REACTIONS: u64 = 1 << 6;
/// See a channel.
pub const VIEW_CHANNEL: u64 = 1 << 10;
/// Post.
pub const SEND_MESSAGES: u64 = 1 << 11;
/// Delete what others posted.
pub const MANAGE_MESSAGES: u64 = 1 << 13;
/// Links become previews; embeds may be posted.
pub const EMBED_LINKS: u64 = 1 << 14;
/// Post files.
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read what was posted before.
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// `@everyone`, `@here` and every role.
pub const MENTION_EVERYONE: u64 = 1 << 17;
/// Emoji of other guilds.
pub const USE_EXTERNAL_EMOJIS: u64 = 1 << 18;
/// Change roles, and who may do what in a channel.
pub const MANAGE_ROLES: u64 = 1 << 28;
/// Make, list and delete webhooks.
pub const MANAGE_WEBHOOKS: u64 = 1 << 29;
/// Change, archive and lock everybody's threads.
pub const MANAGE_THREADS: u64 = 1 << 34;
/// Open threads that everybody sees.
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
/// Slash commands.
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
/// Post in threads.
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
/// Pin and unpin.
pub const PIN_MESSAGES: u64 = 1 << 51;

/// What `@everyone` may do in a new guild.
pub const EVERYONE: u64 = ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS;
/// What the bot was invited with, unless a test says otherwise.
pub const BOT: u64 = EVERYONE
    | MANAGE_MESSAGES
    | MANAGE_WEBHOOKS
    | PIN_MESSAGES
    | MANAGE_CHANNELS
    | MANAGE_THREADS
    | KICK_MEMBERS
    | BAN_MEMBERS
    | VIEW_AUDIT_LOG
    | MODERATE_MEMBERS;

/// Every bit.
const ALL: u64 = (1 << 53) - 1;

/// What `user` may do in the whole guild; nothing when not a member.
pub(crate) fn in_guild(guild: &GuildRow, user: u64) -> u64 {
    let Some(member) = guild.members.get(&user) else { return 0 };
    if guild.owner == user {
        return ALL;
    }
    let held = |id: u64| id == guild.id || member.roles.contains(&id);
    let sum = guild.roles.iter().filter(|role| held(role.id)).fold(0, |sum, r| sum | r.permissions);
    if sum & ADMINISTRATOR != 0 { ALL } else { sum }
}

/// What `user` may do in a channel, after its overwrites.
pub(crate) fn in_channel(guild: &GuildRow, channel: &ChannelRow, user: u64) -> u64 {
    let base = in_guild(guild, user);
    if base == ALL {
        return base;
    }
    let Some(member) = guild.members.get(&user) else { return 0 };
    let step = |held: u64, applies: &dyn Fn(&Overwrite) -> bool| {
        let fitting = channel.overwrites.iter().filter(|overwrite| applies(overwrite));
        let (allow, deny) =
            fitting.fold((0, 0), |(allow, deny), one| (allow | one.allow, deny | one.deny));
        held & !deny | allow
    };
    let of_role = |one: &Overwrite| !one.member && member.roles.contains(&one.id);
    let left = step(base, &|one| !one.member && one.id == guild.id);
    let left = step(left, &of_role);
    let left = step(left, &|one| one.member && one.id == user);
    if left & VIEW_CHANNEL == 0 { 0 } else { left }
}
