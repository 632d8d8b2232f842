// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may do what in one channel: its permission overwrites.
//!
//! Rule: who changes them needs *Manage Roles*, and every permission that is changed.
//! Source: <https://discord.com/developers/docs/resources/channel#modify-channel>.

use serde_json::{Map, Value, json};

use super::User;
use super::channel::{Channel, tell};
use super::permissions::{MANAGE_ROLES, SEND_MESSAGES, in_guild};
use super::refusal::{Refusal, invalid, missing_permissions};
use super::world::{ChannelRow, Overwrite, World};

/// As the API gives them.
pub(crate) fn overwrites(row: &ChannelRow) -> Value {
    let one = |overwrite: &Overwrite| {
        json!({
            "id": overwrite.id.to_string(), "type": u8::from(overwrite.member),
            "allow": overwrite.allow.to_string(), "deny": overwrite.deny.to_string(),
        })
    };
    row.overwrites.iter().map(one).collect()
}

fn read(value: &Value) -> Option<Overwrite> {
    let bits = |key: &str| match value.get(key) {
        Some(Value::String(bits)) => bits.parse().ok(),
        Some(Value::Null) | None => Some(0),
        Some(_) => None,
    };
    Some(Overwrite {
        id: value.get("id")?.as_str()?.parse().ok()?,
        member: value.get("type")?.as_u64()? == 1,
        allow: bits("allow")?,
        deny: bits("deny")?,
    })
}

/// The new overwrites in the body of a `PATCH`; `None` when it has none.
///
/// # Errors
/// 400 for what cannot be read, 403 where the bot may not.
pub(crate) fn changed(
    world: &World,
    channel: u64,
    body: &Map<String, Value>,
) -> Result<Option<Vec<Overwrite>>, Refusal> {
    let Some(list) = body.get("permission_overwrites") else { return Ok(None) };
    let malformed = || {
        let text = "Value is not a valid permission overwrite.";
        invalid("permission_overwrites", "OVERWRITE_INVALID", text)
    };
    let list = list.as_array().ok_or_else(malformed)?;
    let new: Option<Vec<Overwrite>> = list.iter().map(read).collect();
    let new = new.ok_or_else(malformed)?;
    let row = world.allowed(channel, MANAGE_ROLES)?;
    let guild = row.guild.and_then(|guild| world.guilds.get(&guild));
    let held = guild.map_or(0, |guild| in_guild(guild, world.bot));
    let find = |all: &[Overwrite], one: &Overwrite| {
        let found = all.iter().find(|other| (other.id, other.member) == (one.id, one.member));
        found.map_or((0, 0), |found| (found.allow, found.deny))
    };
    let touched = new.iter().chain(&row.overwrites).fold(0, |bits, one| {
        let (before, after) = (find(&row.overwrites, one), find(&new, one));
        bits | (before.0 ^ after.0) | (before.1 ^ after.1)
    });
    if touched & !held != 0 {
        return Err(missing_permissions());
    }
    Ok(Some(new))
}

impl Channel {
    /// Who may do what here, as the API gives it.
    pub fn overwrites(&self) -> Value {
        self.inner
            .with_quietly(|world| world.channels.get(&self.id).map(overwrites))
            .unwrap_or_default()
    }

    /// An administrator allows a role of the server something here, and denies it something.
    pub fn overwrite_role(&self, role: u64, allow: u64, deny: u64) {
        self.inner.with(|world| {
            if let Some(row) = world.channels.get_mut(&self.id) {
                row.overwrites.retain(|one| one.id != role);
                row.overwrites.push(Overwrite { member: false, id: role, allow, deny });
            }
            tell(world, self.id, "CHANNEL_UPDATE");
        });
    }

    /// A person posts, if the channel lets them.
    ///
    /// # Errors
    /// When the person lacks the permission to send messages here.
    pub fn try_say(&self, user: &User, text: &str) -> anyhow::Result<u64> {
        let may = self.inner.with(|world| {
            self.come_in(world, user);
            let row = world.channels.get(&self.id);
            row.is_some_and(|row| world.rights(row, user.id()) & SEND_MESSAGES != 0)
        });
        anyhow::ensure!(may, "You do not have permission to send messages in this channel");
        Ok(self.say(user, text))
    }
}
