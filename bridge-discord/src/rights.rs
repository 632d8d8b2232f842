// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a member of a server may do in a channel, computed as Discord does.
//!
//! Rule: pure; the answers of the API come in as JSON. What is missing gives no right.
//! See <https://discord.com/developers/docs/topics/permissions>.

use bot_core::network::{Need, Standing};
use bot_core::{MissingRight, Refusal, Right};
use bridge_model::Rights;
use serde_json::Value;
use serenity::model::Permissions;

/// Since August 2025 a permission of its own; the SDK does not know it.
pub(crate) const PIN_MESSAGES: u64 = 1 << 51;

/// The rights that permission bits give to a member. Whoever manages the server manages what the
/// bridge does there; making webhooks is a right that bots and helpers have.
pub(crate) fn of_bits(bits: u64) -> Rights {
    let held = Permissions::from_bits_truncate(bits);
    let admin = held.contains(Permissions::ADMINISTRATOR);
    let manage = admin || held.contains(Permissions::MANAGE_GUILD);
    Rights {
        member: true,
        manage,
        change: manage,
        moderate: admin || held.contains(Permissions::MANAGE_MESSAGES),
    }
}

/// A permission under the name that Discord's menus show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permission {
    right: Right,
    menu: &'static str,
}

const fn named(right: Right, menu: &'static str) -> Permission {
    Permission { right, menu }
}

pub(crate) const VIEW_CHANNEL: &[Permission] = &[named(Right::Read, "View Channel")];
pub(crate) const READ_HISTORY: &[Permission] = &[named(Right::Read, "Read Message History")];
pub(crate) const PIN: &[Permission] = &[named(Right::Pin, "Pin Messages")];
pub(crate) const WEBHOOKS: &[Permission] = &[named(Right::SpeakForOthers, "Manage Webhooks")];
pub(crate) const MANAGE_CHANNEL: &[Permission] = &[named(Right::ChangeChat, "Manage Channel")];
pub(crate) const MANAGE_ROLES: &[Permission] =
    &[named(Right::DecideWhoSpeaks, "Manage Permissions")];
pub(crate) const MANAGE_THREADS: &[Permission] = &[named(Right::ManageThreads, "Manage Threads")];
pub(crate) const CREATE_THREADS: &[Permission] =
    &[named(Right::ManageThreads, "Create Public Threads")];
pub(crate) const MANAGE_MESSAGES: &[Permission] = &[named(Right::Delete, "Manage Messages")];
pub(crate) const COMMANDS: &[Permission] =
    &[named(Right::OfferCommands, "Use Application Commands")];
pub(crate) const BAN: &[Permission] = &[named(Right::Ban, "Ban Members")];
pub(crate) const KICK: &[Permission] = &[named(Right::Ban, "Kick Members")];
pub(crate) const TIME_OUT: &[Permission] = &[named(Right::Mute, "Timeout Members")];
/// Without it only bans are heard.
const AUDIT_LOG: &[Permission] = &[named(Right::Ban, "View Audit Log")];
/// What a reaction needs; Discord does not say which one is missing.
pub(crate) const REACT: &[Permission] = &[
    named(Right::React, "Add Reactions"),
    named(Right::Read, "Read Message History"),
    named(Right::React, "Use External Emoji"),
];
/// What a post needs; Discord does not say which one is missing.
pub(crate) const POST: &[Permission] = &[
    named(Right::Read, "View Channel"),
    named(Right::Write, "Send Messages"),
    named(Right::Write, "Send Messages in Threads"),
    named(Right::Write, "Attach Files"),
    named(Right::SpeakForOthers, "Manage Webhooks"),
];

/// What the bridge uses in a channel; `docs/OPERATING.md` says what each is for.
const ASKED: [&[Permission]; 11] = [
    POST,
    REACT,
    BAN,
    KICK,
    TIME_OUT,
    MANAGE_MESSAGES,
    AUDIT_LOG,
    PIN,
    MANAGE_CHANNEL,
    CREATE_THREADS,
    MANAGE_THREADS,
];

/// These permissions under the names that Discord's menus show.
pub(crate) fn asked() -> Vec<MissingRight> {
    ASKED.iter().flat_map(|permissions| by_name(permissions)).collect()
}

/// The reason that names these permissions.
pub(crate) fn missing(needed: &[Permission]) -> Refusal {
    Refusal::MissingRights(by_name(needed))
}

fn by_name(needed: &[Permission]) -> Vec<MissingRight> {
    let one = |it: &Permission| MissingRight { right: it.right, menu: it.menu.to_owned() };
    needed.iter().map(one).collect()
}

/// The permissions that are missing for something.
pub(crate) fn lacking(held: u64, need: Need) -> Vec<MissingRight> {
    let held = Permissions::from_bits_retain(held);
    let needed: &[(Permissions, &[Permission])] = match need {
        Need::Pin => &[(Permissions::from_bits_retain(PIN_MESSAGES), PIN)],
        Need::SetAccess => &[(Permissions::MANAGE_ROLES, MANAGE_ROLES)],
        Need::SetChat => &[(Permissions::MANAGE_CHANNELS, MANAGE_CHANNEL)],
        Need::Moderate => &[
            (Permissions::BAN_MEMBERS, BAN),
            (Permissions::KICK_MEMBERS, KICK),
            (Permissions::MODERATE_MEMBERS, TIME_OUT),
            (Permissions::MANAGE_MESSAGES, MANAGE_MESSAGES),
        ],
    };
    let admin = held.contains(Permissions::ADMINISTRATOR);
    let lacking = needed.iter().filter(|(right, _)| !admin && held.bits() & right.bits() == 0);
    lacking.flat_map(|(_, names)| by_name(names)).collect()
}

/// How a member stands: the rank is the position of their highest role, and the owner is above all.
///
/// Takes what [`in_channel`] takes, and its answer.
pub(crate) fn standing(guild: &Value, member: &Value, user: &str, held: u64) -> Standing {
    let held = Permissions::from_bits_retain(held);
    let may = |right| held.contains(Permissions::ADMINISTRATOR) || held.contains(right);
    let owner = guild.get("owner_id").and_then(Value::as_str) == Some(user);
    let worn: Vec<&str> = list(member, "roles").iter().filter_map(Value::as_str).collect();
    let roles = list(guild, "roles")
        .iter()
        .filter(|role| role.get("id").and_then(Value::as_str).is_some_and(|id| worn.contains(&id)));
    let highest = roles.filter_map(|role| role.get("position")?.as_i64()).max().unwrap_or(0);
    Standing {
        ban: may(Permissions::BAN_MEMBERS),
        kick: may(Permissions::KICK_MEMBERS),
        mute: may(Permissions::MODERATE_MEMBERS),
        delete: may(Permissions::MANAGE_MESSAGES),
        rank: if owner { i64::MAX } else { highest },
    }
}

/// Bits as Discord spells them: a number in a string.
pub(crate) fn bits(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::String(digits)) => digits.parse().unwrap_or(0),
        Some(other) => other.as_u64().unwrap_or(0),
        None => 0,
    }
}

/// The permission bits of `user` in `channel`.
///
/// Takes the answers of `GET /guilds/{id}`, `GET /guilds/{id}/members/{user}` and
/// `GET /channels/{id}`.
pub(crate) fn in_channel(guild: &Value, member: &Value, channel: &Value, user: &str) -> u64 {
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if text(guild, "owner_id") == user {
        return Permissions::all().bits();
    }
    let everyone = text(guild, "id");
    let worn: Vec<&str> = list(member, "roles").iter().filter_map(Value::as_str).collect();
    let base = list(guild, "roles")
        .iter()
        .filter(|role| {
            let id = text(role, "id");
            id == everyone || worn.contains(&id.as_str())
        })
        .fold(0, |all, role| all | bits(role.get("permissions")));
    if base & Permissions::ADMINISTRATOR.bits() != 0 {
        return Permissions::all().bits();
    }
    let overwrites = list(channel, "permission_overwrites");
    let of = |wanted: &dyn Fn(&str) -> bool| {
        let fitting = overwrites.iter().filter(|one| wanted(&text(one, "id")));
        fitting.fold((0, 0), |(allow, deny), one| {
            (allow | bits(one.get("allow")), deny | bits(one.get("deny")))
        })
    };
    let steps = [
        of(&|id| id == everyone),
        of(&|id| id != everyone && worn.contains(&id)),
        of(&|id| id == user),
    ];
    steps.into_iter().fold(base, |held, (allow, deny)| (held & !deny) | allow)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANAGE_GUILD: u64 = 1 << 5;
    const MANAGE_WEBHOOKS: u64 = 1 << 29;
    const MANAGE_MESSAGES: u64 = 1 << 13;

    fn guild() -> Value {
        json!({"id": "1", "owner_id": "9", "roles": [
            {"id": "1", "permissions": "1024"},
            {"id": "2", "permissions": MANAGE_GUILD.to_string()},
            {"id": "3", "permissions": "8"},
        ]})
    }

    #[test]
    fn every_permission_that_is_asked_for_is_explained_to_operators() {
        let page = include_str!("../../docs/OPERATING.md");
        for right in asked() {
            assert!(page.contains(&right.menu), "{right:?}");
        }
    }

    #[test]
    fn a_role_gives_its_permissions() {
        let held = in_channel(&guild(), &json!({"roles": ["2"]}), &json!({}), "5");
        assert_eq!(
            of_bits(held),
            Rights { member: true, manage: true, change: true, moderate: false }
        );
    }

    #[test]
    fn whoever_makes_webhooks_does_not_manage_the_bridge() {
        assert!(!of_bits(MANAGE_WEBHOOKS | MANAGE_MESSAGES).manage);
    }

    #[test]
    fn an_administrator_and_the_owner_may_do_all() {
        let all = Rights { member: true, manage: true, change: true, moderate: true };
        let deny = json!({"permission_overwrites": [{"id": "3", "deny": "8"}]});
        assert_eq!(of_bits(in_channel(&guild(), &json!({"roles": ["3"]}), &deny, "5")), all);
        assert_eq!(of_bits(in_channel(&guild(), &json!({"roles": []}), &deny, "9")), all);
    }

    #[test]
    fn the_overwrite_of_a_member_wins_over_that_of_a_role() {
        let channel = json!({"permission_overwrites": [
            {"id": "5", "allow": MANAGE_MESSAGES.to_string(), "deny": "0"},
            {"id": "2", "allow": "0", "deny": (MANAGE_GUILD | MANAGE_MESSAGES).to_string()},
        ]});
        let held = in_channel(&guild(), &json!({"roles": ["2"]}), &channel, "5");
        assert_eq!(
            of_bits(held),
            Rights { member: true, manage: false, change: false, moderate: true }
        );
    }

    #[test]
    fn who_wears_the_higher_role_stands_higher_and_the_owner_above_all() {
        let guild = json!({"id": "1", "owner_id": "9", "roles": [
            {"id": "1", "permissions": "0", "position": 0},
            {"id": "2", "permissions": (1_u64 << 2).to_string(), "position": 3},
            {"id": "3", "permissions": "8", "position": 5},
        ]});
        let of = |roles: Value, user: &str| {
            let member = json!({"roles": roles});
            let held = in_channel(&guild, &member, &json!({}), user);
            standing(&guild, &member, user, held)
        };
        let mods = of(json!(["2"]), "5");
        assert!(mods.ban && !mods.mute && !mods.delete);
        assert_eq!((mods.rank, of(json!(["2", "3"]), "6").rank), (3, 5));
        assert!(of(json!(["3"]), "6").mute);
        assert_eq!(of(json!([]), "9").rank, i64::MAX);
        assert_eq!(of(json!([]), "7"), Standing::default());
    }

    #[test]
    fn what_is_missing_to_moderate_is_named_right_by_right() {
        let menus = |held: u64| {
            let all = lacking(held, Need::Moderate).into_iter();
            all.map(|right| right.menu).collect::<Vec<_>>()
        };
        assert_eq!(menus(8), Vec::<String>::new());
        let some = Permissions::BAN_MEMBERS | Permissions::MANAGE_MESSAGES;
        assert_eq!(menus(some.bits()), ["Kick Members", "Timeout Members"]);
    }

    #[test]
    fn a_role_that_is_not_worn_gives_nothing() {
        let held = in_channel(&guild(), &json!({"roles": []}), &json!({}), "5");
        assert_eq!(
            of_bits(held),
            Rights { member: true, manage: false, change: false, moderate: false }
        );
    }
}
