// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bridge asks of and sets in rooms.

use bridge_model::Rights;
use ruma::api::client::membership::{get_member_events, invite_user, join_room_by_id};
use ruma::api::client::room::get_room_event;
use ruma::api::client::state::{get_state_event_for_key, get_state_events, send_state_event};
use ruma::events::StateEventType;
use ruma::events::room::member::MembershipState;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde_json::{Map, Value};

use super::client::{Client, ClientError, Identity};
use bot_core::store::keys;

/// The event that stands for a piece of state, or `None` when it was never set.
///
/// # Errors
/// [`ClientError`].
pub async fn state(
    client: &Client,
    room: &OwnedRoomId,
    kind: &str,
    key: &str,
) -> Result<Option<Value>, ClientError> {
    let mut request = get_state_event_for_key::v3::Request::new(
        room.clone(),
        StateEventType::from(kind),
        key.into(),
    );
    request.format = get_state_event_for_key::v3::StateEventFormat::Event;
    match client.send(request, &Identity::Bot).await {
        // A member's state holds what the member likes: asking again does not make it readable.
        Ok(response) => serde_json::from_str(response.event_or_content.get())
            .map(Some)
            .map_err(|error| ClientError::Unreadable(error.to_string())),
        Err(error) if error.is("M_NOT_FOUND") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The whole state of a room, each event as it is.
///
/// # Errors
/// [`ClientError`].
pub async fn whole_state(client: &Client, room: &OwnedRoomId) -> Result<Vec<Value>, ClientError> {
    let request = get_state_events::v3::Request::new(room.clone());
    let response = client.send(request, &Identity::Bot).await?;
    let read = |event: &ruma::serde::Raw<_>| serde_json::from_str(event.json().get()).ok();
    Ok(response.room_state.iter().filter_map(read).collect())
}

/// One event of a room, as it is now; `None` where there is no such event, or none that can be read
/// (`GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`).
///
/// # Errors
/// [`ClientError`].
pub async fn event(
    client: &Client,
    room: &OwnedRoomId,
    event: &str,
) -> Result<Option<Value>, ClientError> {
    // Anybody can name any event. With other characters homeservers fail in ways of their own.
    let event = Some(event).filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()));
    let Some(Ok(event)) = event.map(OwnedEventId::try_from) else { return Ok(None) };
    let request = get_room_event::v3::Request::new(room.clone(), event);
    match client.send(request, &Identity::Bot).await {
        Ok(answer) => Ok(serde_json::from_str(answer.event.json().get()).ok()),
        Err(error) if error.is("M_NOT_FOUND") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a redaction has taken the content of a message away ("Redactions").
pub fn is_redacted(event: &Value) -> bool {
    event.get("content").and_then(Value::as_object).is_none_or(Map::is_empty)
}

/// Sets a piece of state as the core bot.
///
/// # Errors
/// [`ClientError`].
pub async fn set_state(
    client: &Client,
    room: &OwnedRoomId,
    (kind, key): (&str, &str),
    content: &Value,
) -> Result<(), ClientError> {
    set_state_as(client, room, (kind, key), (content, &Identity::Bot)).await
}

/// The same as any of our accounts.
///
/// # Errors
/// [`ClientError`].
pub async fn set_state_as(
    client: &Client,
    room: &OwnedRoomId,
    (kind, key): (&str, &str),
    (content, identity): (&Value, &Identity),
) -> Result<(), ClientError> {
    let body = serde_json::value::to_raw_value(content)
        .map_err(|error| ClientError::Unwritable(error.to_string()))?;
    let request = send_state_event::v3::Request::new_raw(
        room.clone(),
        StateEventType::from(kind),
        key.into(),
        ruma::serde::Raw::from_json(body),
    );
    client.send(request, identity).await.map(drop)
}

/// Has a ghost join: at once, or after an invitation by the core bot. Homeservers refuse the first
/// with different codes, so that any refusal is answered by an invitation.
///
/// # Errors
/// [`ClientError`], the one of the join after the invitation.
pub async fn join(
    client: &Client,
    room: &OwnedRoomId,
    ghost: &OwnedUserId,
) -> Result<(), ClientError> {
    let identity = Identity::Ghost(ghost.clone());
    let request = join_room_by_id::v3::Request::new(room.clone());
    match client.send(request.clone(), &identity).await {
        Ok(_) => return Ok(()),
        Err(error) if error.is_refusal() => {}
        Err(error) => return Err(error),
    }
    let recipient = invite_user::v3::InvitationRecipient::UserId(
        invite_user::v3::InviteUserId::new(ghost.clone()),
    );
    let invitation = invite_user::v3::Request::new(room.clone(), recipient);
    match client.send(invitation, &Identity::Bot).await {
        Ok(_) => {}
        // "is already in the room" is a refusal too; the join tells.
        Err(error) if error.is_refusal() => {}
        Err(error) => return Err(error),
    }
    client.send(request, &identity).await.map(drop)
}

/// The ids of those who are in the room now.
///
/// # Errors
/// [`ClientError`].
pub async fn members(client: &Client, room: &OwnedRoomId) -> Result<Vec<String>, ClientError> {
    let mut request = get_member_events::v3::Request::new(room.clone());
    request.membership = Some(MembershipState::Join);
    let response = client.send(request, &Identity::Bot).await?;
    let events = response.chunk.iter();
    Ok(events.filter_map(|event| event.get_field("state_key").ok().flatten()).collect())
}

/// What a member may do, from power levels and, since room version 12, creators
/// (client-server API, `m.room.power_levels`).
pub fn rights(create: &Value, power: Option<&Value>, user: &str, joined: bool) -> Rights {
    if !joined {
        return Rights::default();
    }
    if is_creator(create, user) {
        return Rights { member: true, manage: true, change: true, moderate: true };
    }
    let content = power.and_then(|event| event.get("content"));
    let field = |key: &str| content.and_then(|content| content.get(key)).and_then(number);
    let level = level(create, content, user);
    let manage = level >= field("state_default").unwrap_or(50);
    Rights {
        member: true,
        manage,
        change: manage,
        moderate: level >= field("redact").unwrap_or(50),
    }
}

/// The power levels with which a member has these rights, and their level; `None` when they have
/// them already.
pub fn raised(create: &Value, content: &Value, user: &str, rights: Rights) -> Option<(i64, Value)> {
    let field = |key: &str| content.get(key).and_then(number).unwrap_or(50);
    let manage = rights.manage.then(|| field("state_default"));
    let moderate =
        rights.moderate.then(|| ["redact", "kick", "ban"].map(field).into_iter().max()).flatten();
    let wanted = manage.max(moderate)?;
    if is_creator(create, user) || level(create, Some(content), user) >= wanted {
        return None;
    }
    let mut content = content.clone();
    let users =
        content.as_object_mut()?.entry("users").or_insert_with(|| Value::Object(Map::new()));
    users.as_object_mut()?.insert(user.to_owned(), wanted.into());
    Some((wanted, content))
}

/// Whether a member may call everybody (`notifications.room` of `m.room.power_levels`).
pub fn may_notify(create: &Value, power: Option<&Value>, user: &str) -> bool {
    let content = power.and_then(|event| event.get("content"));
    let needed = content.and_then(|content| content.get("notifications")?.get("room"));
    is_creator(create, user)
        || level(create, content, user) >= needed.and_then(number).unwrap_or(50)
}

/// Whether a member may send a state event of this kind (`events` and `state_default` of
/// `m.room.power_levels`).
pub fn may_set(create: &Value, power: Option<&Value>, (user, kind): (&str, &str)) -> bool {
    let content = power.and_then(|event| event.get("content"));
    let own = content.and_then(|content| content.get("events")?.get(kind)).and_then(number);
    let default = || content.and_then(|content| content.get("state_default")).and_then(number);
    // Without power levels everybody may send state events.
    let needed = own.or_else(default).unwrap_or(if content.is_some() { 50 } else { 0 });
    is_creator(create, user) || level(create, content, user) >= needed
}

/// Whether a member may post messages (`events` and `events_default` of `m.room.power_levels`).
pub fn may_speak(create: &Value, power: Option<&Value>, user: &str) -> bool {
    let content = power.and_then(|event| event.get("content"));
    let own = content.and_then(|content| content.get("events")?.get("m.room.message"));
    let all = content.and_then(|content| content.get("events_default"));
    let needed = own.or(all).and_then(number).unwrap_or(0);
    is_creator(create, user) || level(create, content, user) >= needed
}

/// The power level of somebody who is no creator with power of their own.
pub fn level(create: &Value, content: Option<&Value>, user: &str) -> i64 {
    let users = content.and_then(|content| content.get("users"));
    let own = users.and_then(|users| users.get(user)).and_then(number);
    let default = content.and_then(|content| content.get("users_default")).and_then(number);
    let without_levels = i64::from(content.is_none() && sender(create) == Some(user)) * 100;
    own.or(default).unwrap_or(without_levels)
}

/// A level; old rooms have them as text.
pub fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// The first letters of a hash of `text`, for transaction ids.
pub fn short(text: &str) -> String {
    let mut short = data_encoding::HEXLOWER.encode(&keys::hash(&[text]));
    short.truncate(16);
    short
}

fn sender(create: &Value) -> Option<&str> {
    create.get("sender").and_then(Value::as_str)
}

fn is_creator(create: &Value, user: &str) -> bool {
    creators(create).any(|creator| creator == user)
}

/// Those who made a room and have power of their own. Room versions up to 11 name none.
pub fn creators(create: &Value) -> impl Iterator<Item = &str> {
    let content = create.get("content");
    let version = content.and_then(|content| content.get("room_version")).and_then(Value::as_str);
    let old = version.unwrap_or("1").parse::<u32>().is_ok_and(|version| version < 12);
    let more = content.and_then(|content| content.get("additional_creators"));
    let more = more.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    more.chain(sender(create)).filter(move |_| !old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn power_levels_decide_up_to_room_version_11() {
        let create = json!({"sender": "@a:x", "content": {"room_version": "11"}});
        let power = json!({"content": {"users": {"@a:x": 100, "@m:x": 50}, "state_default": 60}});
        let rights = |user| rights(&create, Some(&power), user, true);
        assert!(rights("@a:x").manage);
        assert_eq!(
            rights("@m:x"),
            Rights { member: true, manage: false, change: false, moderate: true }
        );
        assert_eq!(
            rights("@n:x"),
            Rights { member: true, manage: false, change: false, moderate: false }
        );
    }

    #[test]
    fn everybody_is_called_by_those_who_reach_the_level_for_it() {
        let create = json!({"sender": "@a:x", "content": {"room_version": "11"}});
        let users = json!({"@a:x": 100, "@m:x": 50});
        let may = |power: Value, user: &str| may_notify(&create, Some(&power), user);
        assert!(may(json!({"content": {"users": users}}), "@m:x"));
        assert!(!may(json!({"content": {"users": users}}), "@n:x"));
        let strict = json!({"content": {"users": users, "notifications": {"room": 60}}});
        assert!(!may(strict.clone(), "@m:x"));
        assert!(may(strict, "@a:x"));
        let open = json!({"content": {"users": users, "notifications": {"room": "0"}}});
        assert!(may(open, "@n:x"));
    }

    #[test]
    fn a_kind_of_state_takes_its_own_level_or_that_of_all_state() {
        let create = json!({"sender": "@a:x", "content": {"room_version": "11"}});
        let bot = ("@bot:x", "m.room.pinned_events");
        let may = |content: Value| may_set(&create, Some(&json!({ "content": content })), bot);
        assert!(!may(json!({})));
        assert!(may(json!({"users": {"@bot:x": 50}})));
        assert!(!may(json!({"users": {"@bot:x": 50}, "events": {"m.room.pinned_events": 60}})));
        assert!(may(json!({"events": {"m.room.pinned_events": 0}})));
        assert!(!may(json!({"users_default": "50", "state_default": "51"})));
        assert!(may_set(&create, None, bot));
    }

    #[test]
    fn a_message_without_content_was_redacted() {
        assert!(is_redacted(&json!({"type": "m.room.message", "content": {}})));
        assert!(is_redacted(&json!({"type": "m.room.encrypted"})));
        let there = json!({"type": "m.room.encrypted", "content": {"ciphertext": "x"}});
        assert!(!is_redacted(&there));
    }

    #[test]
    fn whoever_reaches_the_level_of_messages_may_speak() {
        let create = json!({"sender": "@a:x", "content": {"room_version": "11"}});
        let may = |power: Value, user: &str| may_speak(&create, Some(&power), user);
        assert!(may_speak(&create, None, "@n:x"));
        assert!(may(json!({"content": {}}), "@n:x"));
        let strict = json!({"content": {"users": {"@a:x": 100}, "events_default": 50}});
        assert!(!may(strict.clone(), "@n:x"));
        assert!(may(strict, "@a:x"));
        let open = json!({"content": {"events_default": 50, "events": {"m.room.message": 0}}});
        assert!(may(open, "@n:x"));
        let muted = json!({"content": {"users": {"@n:x": -1}}});
        assert!(!may(muted, "@n:x"));
    }

    #[test]
    fn creators_may_do_everything_since_room_version_12() {
        let content = json!({"room_version": "12", "additional_creators": ["@b:x"]});
        let create = json!({"sender": "@a:x", "content": content});
        let power = json!({"content": {"users": {}}});
        assert!(rights(&create, Some(&power), "@a:x", true).manage);
        assert!(rights(&create, Some(&power), "@b:x", true).moderate);
        assert!(!rights(&create, Some(&power), "@c:x", true).manage);
        assert_eq!(rights(&create, Some(&power), "@a:x", false), Rights::default());
    }

    #[test]
    fn power_is_raised_as_far_as_the_rights_need_and_never_lowered() {
        let create = json!({"sender": "@ann:x", "content": {"room_version": "11"}});
        let moderate = Rights { member: true, manage: false, change: false, moderate: true };
        let manage = Rights { manage: true, ..moderate };
        let content = json!({
            "users": {"@ann:x": 100, "@cid:x": 60}, "state_default": 75, "ban": 60, "redact": 40,
        });
        let raise = |user: &str, rights| raised(&create, &content, user, rights);
        assert_eq!(raise("@ben:x", Rights::default()), None);
        assert_eq!(raise("@ann:x", manage), None);
        assert_eq!(raise("@cid:x", moderate), None);
        let (level, after) = raise("@ben:x", moderate).unwrap();
        assert_eq!((level, &after["users"]["@ben:x"]), (60, &json!(60)));
        assert_eq!(after["users"]["@ann:x"], 100, "the others keep theirs");
        assert_eq!(raise("@cid:x", manage).unwrap().0, 75);
        // Since room version 12 creators have all power, and are not in the list.
        let create = json!({"sender": "@ann:x", "content": {"room_version": "12"}});
        assert_eq!(raised(&create, &json!({}), "@ann:x", manage), None);
    }
}
