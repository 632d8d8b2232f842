// SPDX-License-Identifier: AGPL-3.0-or-later
//! Power levels as moderation needs them (client-server API, `m.room.power_levels`).
//!
//! Rule: pure, except for what asks the homeserver at the end. A mute is a level of one's own below the
//! one that messages take; it says nothing about rooms in which nobody may speak.

use bridge_model::{ChatId, Moderation, Timestamp};
use serde_json::{Map, Value};

use super::{MatrixNetwork, room_id, rooms};
use bot_core::network::{AskError, Standing};
use bot_core::{MissingRight, Right};

/// The type of the state event.
pub(super) const POWER_LEVELS: &str = "m.room.power_levels";

/// What members need by default to ban, to remove, to delete and to set state.
const MODERATOR: i64 = 50;

fn field(content: Option<&Value>, key: &str) -> Option<i64> {
    content?.get(key).and_then(rooms::number)
}

fn for_event(content: Option<&Value>, kind: &str) -> Option<i64> {
    content?.get("events")?.get(kind).and_then(rooms::number)
}

/// What messages take.
fn to_speak(content: Option<&Value>) -> i64 {
    for_event(content, "m.room.message").or_else(|| field(content, "events_default")).unwrap_or(0)
}

/// The level that somebody has by name, and not as everybody has it.
fn own(content: Option<&Value>, user: &str) -> Option<i64> {
    content?.get("users")?.get(user).and_then(rooms::number)
}

/// How somebody stands who is in the room.
pub(super) fn standing(create: &Value, content: Option<&Value>, user: &str) -> Standing {
    if rooms::creators(create).any(|creator| creator == user) {
        return Standing { ban: true, kick: true, mute: true, delete: true, rank: i64::MAX };
    }
    let rank = rooms::level(create, content, user);
    let may = |needed: Option<i64>| rank >= needed.unwrap_or(MODERATOR);
    let levels = for_event(content, POWER_LEVELS).or_else(|| field(content, "state_default"));
    Standing {
        ban: may(field(content, "ban")),
        kick: may(field(content, "kick")),
        mute: may(levels),
        delete: may(field(content, "redact")),
        rank,
    }
}

/// The levels with which a member may speak or not; `None` when that is so already.
pub(super) fn with_voice(content: &Value, user: &str, may_speak: bool) -> Option<Value> {
    let needed = to_speak(Some(content));
    let now = own(Some(content), user).or_else(|| field(Some(content), "users_default"));
    if (now.unwrap_or(0) >= needed) == may_speak {
        return None;
    }
    let mut content = content.clone();
    let users = content.as_object_mut()?.entry("users");
    let users = users.or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
    if may_speak {
        users.remove(user);
    } else {
        users.insert(user.to_owned(), needed.saturating_sub(1).into());
    }
    Some(content)
}

/// Who was muted, or may speak again, by an event that changes the levels.
pub(super) fn voices(before: &Value, now: &Value) -> Vec<(String, Moderation)> {
    let needed = to_speak(Some(now));
    if needed != to_speak(Some(before)) {
        // The room was closed or opened for everybody.
        return Vec::new();
    }
    let named = |content: &Value| {
        let users = content.get("users").and_then(Value::as_object);
        users.into_iter().flat_map(|users| users.keys().cloned()).collect::<Vec<_>>()
    };
    let mut users = named(before);
    users.extend(named(now));
    users.sort_unstable();
    users.dedup();
    let is_muted =
        |content: &Value, user: &str| own(Some(content), user).is_some_and(|it| it < needed);
    let changed = users.into_iter().filter_map(|user| {
        let what = match (is_muted(before, &user), is_muted(now, &user)) {
            (false, true) => Moderation::Mute { until: None::<Timestamp> },
            (true, false) => Moderation::Unmute,
            (true, true) | (false, false) => return None,
        };
        Some((user, what))
    });
    changed.collect()
}

impl MatrixNetwork {
    /// The events that rank the members of a room: `m.room.create` and the content of
    /// `m.room.power_levels`.
    pub(super) async fn levels(&self, chat: &ChatId) -> Result<(Value, Option<Value>), AskError> {
        let room = room_id(chat)?;
        let state = |kind| rooms::state(&self.client, &room, kind, "");
        let create = state("m.room.create").await.map_err(|error| error.ask())?;
        let power = state(POWER_LEVELS).await.map_err(|error| error.ask())?;
        let content = power.and_then(|mut power| power.get_mut("content").map(Value::take));
        Ok((create.unwrap_or_default(), content))
    }

    pub(super) async fn standing_of(
        &self,
        chat: &ChatId,
        user: &str,
    ) -> Result<Standing, AskError> {
        let (create, content) = self.levels(chat).await?;
        Ok(standing(&create, content.as_ref(), user))
    }

    /// What our bot lacks to moderate, as Element calls it under *Roles & Permissions*.
    pub(super) async fn lacking_to_moderate(
        &self,
        chat: &ChatId,
    ) -> Result<Vec<MissingRight>, AskError> {
        let own = self.standing_of(chat, self.ghosts.bot()).await?;
        let needed = [
            (own.ban, Right::Ban, BAN),
            (own.kick, Right::Ban, KICK),
            (own.mute, Right::Mute, MUTE),
            (own.delete, Right::Delete, DELETE),
        ];
        let missing = needed.into_iter().filter(|(has, ..)| !has);
        let named = missing.map(|(_, right, menu)| MissingRight { right, menu: menu.to_owned() });
        Ok(named.collect())
    }
}

/// Names of levels in Element.
pub(super) const BAN: &str = "Ban users";
pub(super) const KICK: &str = "Remove users";
pub(super) const MUTE: &str = "Change permissions";
const DELETE: &str = "Remove messages sent by others";

/// The events by which a room is changed; the menus of clients have no name for the right.
pub(super) const PIN: &[&str] = &["m.room.pinned_events"];
pub(super) const CHANGE_CHAT: &[&str] = &["m.room.name", "m.room.topic", "m.room.avatar"];

/// What our bot needs in a room, under these names.
pub(super) fn asked() -> Vec<MissingRight> {
    let named =
        [(Right::Ban, BAN), (Right::Ban, KICK), (Right::Mute, MUTE), (Right::Delete, DELETE)];
    let states = [(Right::Pin, PIN), (Right::ChangeChat, CHANGE_CHAT)];
    let named = named.into_iter().map(|(right, menu)| (right, menu.to_owned()));
    let states = states.into_iter().map(|(right, kinds)| (right, kinds.join(", ")));
    named.chain(states).map(|(right, menu)| MissingRight { right, menu }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_standing_is_what_the_levels_say_and_a_creator_stands_above_them() {
        let old = json!({"sender": "@a:x", "content": {"room_version": "11"}});
        let content = json!({
            "users": {"@a:x": 100, "@m:x": 50, "@k:x": 40}, "ban": 60, "kick": 40, "redact": 50,
            "events": {"m.room.power_levels": 100},
        });
        let of = |user| standing(&old, Some(&content), user);
        let all = Standing { ban: true, kick: true, mute: true, delete: true, rank: 100 };
        assert_eq!(of("@a:x"), all);
        let half = Standing { kick: true, delete: true, rank: 50, ..Standing::default() };
        assert_eq!(of("@m:x"), half);
        assert_eq!(of("@k:x"), Standing { kick: true, rank: 40, ..Standing::default() });
        assert_eq!(of("@n:x"), Standing::default());
        let new = json!({"sender": "@a:x", "content": {"room_version": "12"}});
        assert_eq!(standing(&new, Some(&content), "@a:x").rank, i64::MAX);
    }

    #[test]
    fn a_mute_takes_the_voice_of_one_and_gives_it_back() {
        let open = json!({"users": {"@a:x": 100}});
        let muted = with_voice(&open, "@spam:x", false).unwrap();
        assert_eq!(muted["users"], json!({"@a:x": 100, "@spam:x": -1}));
        assert_eq!(with_voice(&muted, "@spam:x", false), None, "that is so already");
        assert_eq!(with_voice(&muted, "@spam:x", true), Some(open.clone()));
        assert_eq!(with_voice(&open, "@spam:x", true), None);
        let strict = json!({"events": {"m.room.message": 10}, "users_default": 10});
        assert_eq!(with_voice(&strict, "@b:x", false).unwrap()["users"]["@b:x"], 9);
    }

    #[test]
    fn who_is_muted_is_told_from_a_room_that_is_closed() {
        let open = json!({"users": {"@a:x": 100, "@b:x": 0}});
        let muted = json!({"users": {"@a:x": 100, "@b:x": -1, "@c:x": -5}});
        let mute = Moderation::Mute { until: None };
        let named = |all: &[(&str, Moderation)]| {
            all.iter().map(|(user, what)| ((*user).to_owned(), *what)).collect::<Vec<_>>()
        };
        assert_eq!(voices(&open, &muted), named(&[("@b:x", mute), ("@c:x", mute)]));
        let back = [("@b:x", Moderation::Unmute), ("@c:x", Moderation::Unmute)];
        assert_eq!(voices(&muted, &open), named(&back));
        let closed = json!({"users": {"@a:x": 100, "@b:x": 0}, "events_default": 50});
        assert_eq!(voices(&open, &closed), []);
        assert_eq!(voices(&open, &open), []);
    }
}
