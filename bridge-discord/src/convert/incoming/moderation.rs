// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans, removals and timeouts, from the audit log and from the events of a server.
//!
//! Rule: Discord tells who did it only in the audit log, which the bot may not be allowed to read.

use bridge_model::{Author, Content, Deed, Event, Moderation, Person, Timestamp};
use serde_json::Value;

use super::field::{id, list, number, text};
use super::{Ours, about, author, moment};
use crate::NETWORK;

/// An entry of the audit log about a deed.
///
/// See <https://discord.com/developers/docs/resources/audit-log#audit-log-entry-object-audit-log-events>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who did it.
    pub by: String,
    /// To whom.
    pub whom: String,
    /// What.
    pub what: Moderation,
    /// In their words.
    pub reason: Option<String>,
}

impl AuditEntry {
    /// Reads an entry; `None` for one that is about something else.
    pub fn read(entry: &Value) -> Option<Self> {
        let what = match number(entry, "action_type") {
            20 => Moderation::Kick,
            22 => Moderation::Ban { purge: false },
            23 => Moderation::Unban,
            24 => {
                let changed =
                    |change: &&Value| text(change, "key") == Some("communication_disabled_until");
                let change = list(entry, "changes").iter().find(changed)?;
                match text(change, "new_value").and_then(moment::read) {
                    Some(until) => Moderation::Mute { until: Some(until) },
                    None => Moderation::Unmute,
                }
            }
            _ => return None,
        };
        Some(Self {
            by: id(entry, "user_id")?.to_owned(),
            whom: id(entry, "target_id")?.to_owned(),
            what,
            reason: text(entry, "reason").map(str::to_owned),
        })
    }

    /// The number under which the log has such entries.
    pub fn kind(what: Moderation) -> u64 {
        match what {
            Moderation::Kick => 20,
            Moderation::Ban { .. } => 22,
            Moderation::Unban => 23,
            Moderation::Mute { .. } | Moderation::Unmute => 24,
        }
    }
}

/// Until when a member is timed out, where they are.
pub fn timeout(member: &Value) -> Option<Timestamp> {
    text(member, "communication_disabled_until").and_then(moment::read)
}

/// The event of a deed in one of the server's channels. `user` is as much of the user object as is
/// known.
pub fn moderated(
    channel: &str,
    user: &Value,
    (what, by): (Moderation, Option<Author>),
    reason: Option<String>,
    ours: &Ours,
) -> Option<Event> {
    let whom = Person::new(NETWORK, id(user, "id")?);
    let named = text(user, "username").is_some();
    let name = author::of_user(user, None, ours).filter(|_| named).map(|it| it.name);
    let name = name.unwrap_or_default();
    let deed = Deed { by, whom, name, what, reason };
    Some(about(channel, channel, Content::Moderated(Box::new(deed))))
}

/// Somebody as a member of a server.
pub fn author_of(user: &Value, server: (&str, &Value), ours: &Ours) -> Option<Author> {
    author::of_user(user, Some(server), ours)
}

/// The event of rights of ours that may be others than before.
pub fn rights_changed(channel: &str) -> Event {
    about(channel, channel, Content::RightsChanged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_audit_log_says_who_did_what_to_whom() {
        let entry = |kind: u64, changes: Value| {
            let entry = json!({
                "id": "1", "action_type": kind, "user_id": "2", "target_id": "3",
                "reason": "spam", "changes": changes,
            });
            AuditEntry::read(&entry).map(|entry| entry.what)
        };
        assert_eq!(entry(20, json!([])), Some(Moderation::Kick));
        assert_eq!(entry(22, json!([])), Some(Moderation::Ban { purge: false }));
        assert_eq!(entry(23, json!(null)), Some(Moderation::Unban));
        assert_eq!(entry(24, json!([{"key": "nick", "new_value": "x"}])), None);
        assert_eq!(entry(25, json!([])), None);
        let key = "communication_disabled_until";
        let until = json!([{"key": key, "new_value": "1970-01-01T00:01:00+00:00"}]);
        let mute = Moderation::Mute { until: Some(Timestamp(60_000)) };
        assert_eq!(entry(24, until), Some(mute));
        let over = json!([{"key": key, "old_value": "1970-01-01T00:01:00+00:00"}]);
        assert_eq!(entry(24, over), Some(Moderation::Unmute));
    }
}
