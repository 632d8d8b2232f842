// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may speak in a channel: its permission overwrites,
//! <https://discord.com/developers/docs/resources/channel#overwrite-object>.
//!
//! Rule: what is restored is the list that was there. Administrators and the server's owner may
//! speak in every case: no overwrite binds them. Commands stay possible, so that people find the
//! way out.

use bot_core::order::Access;
use serde_json::{Value, json};
use serenity::model::Permissions;

use crate::rights::bits;

/// The kind of an overwrite that is about a member.
const MEMBER: u64 = 1;
/// The kind of an overwrite that is about a role.
const ROLE: u64 = 0;

/// Whoever has none of these cannot say anything. All are our bot's own: Discord lets it change no
/// permission that it does not have.
fn speaking() -> u64 {
    (Permissions::SEND_MESSAGES
        | Permissions::SEND_MESSAGES_IN_THREADS
        | Permissions::CREATE_PUBLIC_THREADS)
        .bits()
}

/// The new `permission_overwrites` of a channel; `everyone` is the role of all members (the id of the
/// server), `bot` our user. `None` where what was there cannot be read.
pub(crate) fn overwrites(access: &Access, everyone: &str, bot: &str) -> Option<Vec<Value>> {
    let (Access::BotOnly(before) | Access::AsBefore(before)) = access;
    let before: Vec<Value> = serde_json::from_str(before).ok()?;
    if let Access::AsBefore(_) = access {
        return Some(before);
    }
    let mut closed: Vec<Value> = before.into_iter().map(silenced).collect();
    let speaking = speaking();
    change(&mut closed, (everyone, ROLE), |allow, deny| (allow, deny | speaking));
    let needed = speaking | (Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY).bits();
    change(&mut closed, (bot, MEMBER), |allow, deny| (allow | needed, deny & !needed));
    Some(closed)
}

fn silenced(overwrite: Value) -> Value {
    let allow = bits(overwrite.get("allow")) & !speaking();
    with(overwrite, "allow", allow)
}

fn with(mut overwrite: Value, key: &str, bits: u64) -> Value {
    if let Some(fields) = overwrite.as_object_mut() {
        fields.insert(key.to_owned(), bits.to_string().into());
    }
    overwrite
}

fn change(all: &mut Vec<Value>, (id, kind): (&str, u64), to: impl Fn(u64, u64) -> (u64, u64)) {
    let is_it = |one: &Value| one.get("id").and_then(Value::as_str) == Some(id);
    let at = all.iter().position(is_it);
    let known = at.map(|at| all.remove(at));
    let known = known.unwrap_or_else(|| json!({"id": id, "type": kind, "allow": "0", "deny": "0"}));
    let (allow, deny) = to(bits(known.get("allow")), bits(known.get("deny")));
    all.push(with(with(known, "allow", allow), "deny", deny));
}

/// A channel's overwrites, as [`overwrites`] takes them to restore them.
pub(crate) fn recorded(channel: &Value) -> String {
    let list = channel.get("permission_overwrites").and_then(Value::as_array);
    let field = |one: &Value, key: &str| one.get(key).cloned().unwrap_or_default();
    let only = |one: &Value| {
        json!({
            "id": field(one, "id"), "type": field(one, "type"),
            "allow": bits(one.get("allow")).to_string(),
            "deny": bits(one.get("deny")).to_string(),
        })
    };
    let all: Vec<Value> = list.map_or(&[][..], Vec::as_slice).iter().map(only).collect();
    Value::from(all).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: u64 = 1 << 11;

    fn before() -> String {
        let channel = json!({"permission_overwrites": [
            {"id": "1", "type": 0, "allow": "64", "deny": "0"},
            {"id": "7", "type": 0, "allow": SEND.to_string(), "deny": "8192"},
        ]});
        recorded(&channel)
    }

    fn find(all: &[Value], id: &str) -> (u64, u64) {
        let one = all.iter().find(|one| one["id"] == id).unwrap();
        (bits(one.get("allow")), bits(one.get("deny")))
    }

    #[test]
    fn no_role_speaks_and_the_bot_does() {
        let closed = overwrites(&Access::BotOnly(before()), "1", "9").unwrap();
        let (allow, deny) = find(&closed, "1");
        assert_eq!((allow, deny & SEND), (64, SEND), "what else was allowed stays");
        assert_eq!(find(&closed, "7"), (0, 8192));
        let (allow, deny) = find(&closed, "9");
        assert_eq!((allow & SEND, deny), (SEND, 0));
    }

    #[test]
    fn what_was_there_comes_back_as_it_was() {
        let again = overwrites(&Access::AsBefore(before()), "1", "9").unwrap();
        assert_eq!(Value::from(again).to_string(), before());
        assert_eq!(overwrites(&Access::AsBefore("?".into()), "1", "9"), None);
    }
}
