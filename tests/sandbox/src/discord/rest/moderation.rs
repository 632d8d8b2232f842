// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans, removals, timeouts, and the audit log that tells of them.
//!
//! Rule: whoever acts needs the permission, and stands higher than the one who is acted on: the owner
//! above all, others by their highest role.
//! Source: <https://discord.com/developers/docs/resources/guild#create-guild-ban> and around.

use serde_json::{Value, json};

use super::{Call, id, wrong_method};
use crate::discord::clock;
use crate::discord::guild::{Guild, User, tell_member};
use crate::discord::permissions::{
    self, BAN_MEMBERS, KICK_MEMBERS, MODERATE_MEMBERS, VIEW_AUDIT_LOG,
};
use crate::discord::refusal::{
    Answer, Outcome, Refusal, invalid, missing_permissions, unknown_ban, unknown_guild,
    unknown_member, unknown_user,
};
use crate::discord::render;
use crate::discord::session::{Event, intents};
use crate::discord::world::{GuildRow, World};

/// The longest timeout, in milliseconds.
const LONGEST_TIMEOUT: u64 = 28 * 24 * 3_600_000;

/// Who acts on whom, and why.
#[derive(Clone)]
struct Deed {
    guild: u64,
    by: u64,
    whom: u64,
    reason: Option<String>,
}

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let guild = call.steps.get(1).map_or(Ok(0), |step| id(step))?;
    let bot = world.bot;
    let row = world.bots_guild(guild).ok_or_else(unknown_guild)?;
    let held = permissions::in_guild(row, bot);
    let whom = call.steps.get(3).map_or(Ok(0), |step| id(step))?;
    let deed = Deed { guild, by: bot, whom, reason: call.reason.clone() };
    let may = |right: u64| if held & right == 0 { Err(missing_permissions()) } else { Ok(()) };
    match (call.method, call.steps.get(2).copied()) {
        ("GET", Some("audit-logs")) => {
            may(VIEW_AUDIT_LOG)?;
            Ok(Answer::Json(log(world, guild, call)))
        }
        ("PUT", Some("bans")) => {
            may(BAN_MEMBERS)?;
            if !world.users.contains_key(&whom) {
                return Err(unknown_user());
            }
            let seconds = call.form.json.get("delete_message_seconds").and_then(Value::as_u64);
            ban(world, &deed, seconds.unwrap_or(0)).map(|()| Answer::Empty)
        }
        ("DELETE", Some("bans")) => {
            may(BAN_MEMBERS)?;
            unban(world, &deed).map(|()| Answer::Empty)
        }
        ("DELETE", Some("members")) => {
            may(KICK_MEMBERS)?;
            kick(world, &deed).map(|()| Answer::Empty)
        }
        ("PATCH", Some("members")) => {
            may(MODERATE_MEMBERS)?;
            let until = until(&call.form.json)?;
            time_out(world, &deed, until)?;
            let row = world.bots_guild(guild).ok_or_else(unknown_guild)?;
            render::member(world, row, whom).map(Answer::Json).ok_or_else(unknown_member)
        }
        _ => wrong_method(),
    }
}

/// The end of a timeout, in milliseconds since 1970; `None` where it is taken back.
fn until(body: &Value) -> Result<Option<u64>, Refusal> {
    let Some(text) = body.get("communication_disabled_until").and_then(Value::as_str) else {
        return Ok(None);
    };
    let field = "communication_disabled_until";
    let wrong = || invalid(field, "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.");
    let at = clock::read(text).ok_or_else(wrong)?;
    if at > clock::now() + LONGEST_TIMEOUT {
        let text = "Must be within 28 days.";
        return Err(invalid(field, "DATE_TIME_TYPE_MAX", text));
    }
    Ok(Some(at))
}

/// The position of somebody's highest role; the owner stands above all.
fn rank(row: &GuildRow, user: u64) -> usize {
    if row.owner == user {
        return usize::MAX;
    }
    let worn = row.members.get(&user).map(|member| member.roles.clone()).unwrap_or_default();
    let highest = row.roles.iter().rposition(|role| worn.contains(&role.id));
    highest.unwrap_or(0)
}

fn higher(world: &World, deed: &Deed) -> Result<(), Refusal> {
    let row = world.guilds.get(&deed.guild).ok_or_else(unknown_guild)?;
    if rank(row, deed.by) > rank(row, deed.whom) { Ok(()) } else { Err(missing_permissions()) }
}

/// Writes a deed into the audit log, and tells those who may read it.
fn note(world: &mut World, deed: &Deed, kind: u64, changes: Value) {
    let id = world.ids.next();
    let mut entry = json!({
        "id": id.to_string(), "action_type": kind, "user_id": deed.by.to_string(),
        "target_id": deed.whom.to_string(),
    });
    if let Some(map) = entry.as_object_mut() {
        if changes != json!([]) {
            map.insert("changes".into(), changes);
        }
        map.extend(deed.reason.clone().map(|reason| ("reason".to_owned(), reason.into())));
    }
    let bot = world.bot;
    let Some(row) = world.guilds.get_mut(&deed.guild) else { return };
    row.audit.push(entry.clone());
    if permissions::in_guild(row, bot) & VIEW_AUDIT_LOG == 0 {
        return;
    }
    if let Some(map) = entry.as_object_mut() {
        map.insert("guild_id".into(), deed.guild.to_string().into());
    }
    world.dispatch(Event::new("GUILD_AUDIT_LOG_ENTRY_CREATE", intents::GUILD_MODERATION, entry));
}

fn told(world: &mut World, deed: &Deed, name: &str) {
    let user = render::user(world, deed.whom);
    let data = json!({"guild_id": deed.guild.to_string(), "user": user});
    world.dispatch(Event::new(name, intents::GUILD_MODERATION, data));
}

fn gone(world: &mut World, deed: &Deed) -> bool {
    let row = world.guilds.get_mut(&deed.guild);
    let left = row.and_then(|row| row.members.remove(&deed.whom)).is_some();
    if left {
        tell_member(world, deed.guild, deed.whom, "GUILD_MEMBER_REMOVE");
    }
    left
}

fn ban(world: &mut World, deed: &Deed, purged: u64) -> Result<(), Refusal> {
    higher(world, deed)?;
    let row = world.guilds.get_mut(&deed.guild).ok_or_else(unknown_guild)?;
    let before = row.bans.insert(deed.whom, deed.reason.clone());
    if before.is_none() {
        note(world, deed, 22, json!([]));
        told(world, deed, "GUILD_BAN_ADD");
        gone(world, deed);
    }
    purge(world, deed, purged);
    Ok(())
}

/// Takes away what somebody said in the last `seconds`, with one event for each channel.
fn purge(world: &mut World, deed: &Deed, seconds: u64) {
    let since = clock::now().saturating_sub(seconds.saturating_mul(1000));
    let mut taken = Vec::new();
    for row in world.channels.values_mut().filter(|row| row.guild == Some(deed.guild)) {
        let of = row.messages.values().filter(|message| {
            seconds > 0 && message.user() == Some(deed.whom) && clock::made(message.id) >= since
        });
        let ids: Vec<u64> = of.map(|message| message.id).collect();
        ids.iter().for_each(|id| drop(row.messages.remove(id)));
        if !ids.is_empty() {
            taken.push((row.id, ids));
        }
    }
    for (channel, ids) in taken {
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let data = json!({
            "ids": ids, "channel_id": channel.to_string(), "guild_id": deed.guild.to_string(),
        });
        let event = Event::new("MESSAGE_DELETE_BULK", intents::GUILD_MESSAGES, data);
        world.dispatch(event.within(channel));
    }
}

fn unban(world: &mut World, deed: &Deed) -> Result<(), Refusal> {
    let row = world.guilds.get_mut(&deed.guild).ok_or_else(unknown_guild)?;
    row.bans.remove(&deed.whom).ok_or_else(unknown_ban)?;
    note(world, deed, 23, json!([]));
    told(world, deed, "GUILD_BAN_REMOVE");
    Ok(())
}

fn kick(world: &mut World, deed: &Deed) -> Result<(), Refusal> {
    let row = world.guilds.get(&deed.guild).ok_or_else(unknown_guild)?;
    if !row.members.contains_key(&deed.whom) {
        return Err(unknown_member());
    }
    higher(world, deed)?;
    note(world, deed, 20, json!([]));
    gone(world, deed);
    Ok(())
}

fn time_out(world: &mut World, deed: &Deed, until: Option<u64>) -> Result<(), Refusal> {
    let row = world.guilds.get(&deed.guild).ok_or_else(unknown_guild)?;
    if !row.members.contains_key(&deed.whom) {
        return Err(unknown_member());
    }
    higher(world, deed)?;
    let row = world.guilds.get_mut(&deed.guild).ok_or_else(unknown_guild)?;
    let member = row.members.get_mut(&deed.whom).ok_or_else(unknown_member)?;
    let before = std::mem::replace(&mut member.timeout, until);
    if before == until {
        return Ok(());
    }
    let mut change = json!({"key": "communication_disabled_until"});
    if let Some(map) = change.as_object_mut() {
        map.extend(before.map(|at| ("old_value".to_owned(), clock::iso(at).into())));
        map.extend(until.map(|at| ("new_value".to_owned(), clock::iso(at).into())));
    }
    note(world, deed, 24, json!([change]));
    tell_member(world, deed.guild, deed.whom, "GUILD_MEMBER_UPDATE");
    Ok(())
}

/// The newest entries first, with the people in them.
fn log(world: &World, guild: u64, call: &Call) -> Value {
    let number = |key: &str| call.query(key).and_then(|text| text.parse::<u64>().ok());
    let (kind, limit) = (number("action_type"), number("limit").unwrap_or(50));
    let row = world.guilds.get(&guild);
    let entries = row.map(|row| row.audit.as_slice()).unwrap_or_default().iter().rev();
    let fits = |entry: &&Value| {
        kind.is_none_or(|kind| entry.get("action_type").and_then(Value::as_u64) == Some(kind))
    };
    let entries = entries.filter(fits).take(usize::try_from(limit).unwrap_or(50));
    let entries: Vec<Value> = entries.cloned().collect();
    let ids = entries.iter().flat_map(|entry| ["user_id", "target_id"].map(|key| entry.get(key)));
    let mut ids: Vec<u64> = ids.flatten().filter_map(|id| id.as_str()?.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let users: Vec<Value> = ids.into_iter().map(|id| render::user(world, id)).collect();
    json!({
        "audit_log_entries": entries, "users": users, "integrations": [], "webhooks": [],
        "guild_scheduled_events": [], "threads": [], "application_commands": [],
        "auto_moderation_rules": [],
    })
}

/// What moderators do by hand; what Discord's clients do not offer them is an error.
impl Guild {
    fn acts(
        &self,
        (by, whom): (&User, &User),
        (right, reason): (u64, Option<&str>),
        act: impl FnOnce(&mut World, &Deed) -> Result<(), Refusal>,
    ) -> anyhow::Result<()> {
        let (guild, by, whom) = (self.id(), by.id(), whom.id());
        let deed = Deed { guild, by, whom, reason: reason.map(str::to_owned) };
        self.inner.with(|world| {
            let held = world.guilds.get(&guild).map_or(0, |row| permissions::in_guild(row, by));
            anyhow::ensure!(held & right != 0, "the moderator lacks the permission");
            act(world, &deed).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))
        })
    }

    /// A moderator bans somebody.
    ///
    /// # Errors
    /// When they may not.
    pub fn ban(&self, by: &User, whom: &User, reason: Option<&str>) -> anyhow::Result<()> {
        self.acts((by, whom), (BAN_MEMBERS, reason), |world, deed| ban(world, deed, 0))
    }

    /// A moderator lifts a ban.
    ///
    /// # Errors
    /// When they may not, or there is none.
    pub fn unban(&self, by: &User, whom: &User) -> anyhow::Result<()> {
        self.acts((by, whom), (BAN_MEMBERS, None), unban)
    }

    /// A moderator removes a member.
    ///
    /// # Errors
    /// When they may not, or it is none.
    pub fn kick(&self, by: &User, whom: &User) -> anyhow::Result<()> {
        self.acts((by, whom), (KICK_MEMBERS, None), kick)
    }

    /// A moderator times a member out, until then in milliseconds since 1970.
    ///
    /// # Errors
    /// When they may not, or it is none.
    pub fn time_out(&self, by: &User, whom: &User, until: Option<u64>) -> anyhow::Result<()> {
        self.acts((by, whom), (MODERATE_MEMBERS, None), |world, deed| time_out(world, deed, until))
    }

    /// Why somebody is banned; the outer `None` where they are not.
    pub fn ban_of(&self, whom: &User) -> Option<Option<String>> {
        let look = |world: &mut World| world.guilds.get(&self.id())?.bans.get(&whom.id()).cloned();
        self.inner.with_quietly(look)
    }

    /// Until when a member may not write, in milliseconds since 1970.
    pub fn timeout_of(&self, whom: &User) -> Option<u64> {
        let look =
            |world: &mut World| world.guilds.get(&self.id())?.members.get(&whom.id())?.timeout;
        self.inner.with_quietly(look)
    }

    /// Whether somebody is a member.
    pub fn has(&self, whom: &User) -> bool {
        self.inner.with_quietly(|world| {
            world.guilds.get(&self.id()).is_some_and(|row| row.members.contains_key(&whom.id()))
        })
    }
}
