// SPDX-License-Identifier: AGPL-3.0-or-later
//! What state events say: the room's name, topic, picture and pins, and its members.
//!
//! Rule: an event that repeats what was there before says nothing. What was there before stands in
//! `prev_content`; whoever hears an event without it fetches it first.

use bridge_model::{
    Author, AuthorKind, ChatChange, Content, Event, MediaHandle, MemberChange, MessageId, Place,
    UserId,
};
use serde_json::Value;

use super::{Own, Raw, envelope, name, text};
use crate::convert::NETWORK;

/// The type of events about members.
pub const MEMBER: &str = "m.room.member";
/// The type of events about pins.
pub const PINS: &str = "m.room.pinned_events";

/// The type of events about who may read a room.
pub const HISTORY: &str = "m.room.history_visibility";

/// Whether an event of type [`HISTORY`] lets everybody read, also who never was in the room.
pub fn is_public(raw: &Value) -> bool {
    let shown = raw.pointer("/content/history_visibility").and_then(Value::as_str);
    shown == Some("world_readable")
}

/// Who may read a room from now on, by an event of type [`HISTORY`].
pub fn readers_changed(room: &str, raw: &Value) -> Option<Event> {
    let place = Place::new(NETWORK, room);
    let message = MessageId::from(text(raw, "event_id").unwrap_or_default());
    let content = Content::ReadersChanged { everybody: is_public(raw) };
    let is_state = text(raw, "state_key") == Some("");
    is_state.then_some(Event { place, message, late: false, content })
}

/// Whether events of this type say something about a room.
pub(super) fn is_known(kind: &str) -> bool {
    matches!(kind, "m.room.name" | "m.room.topic" | "m.room.avatar" | PINS)
}

impl Raw<'_> {
    pub(super) fn state(&self, kind: &str, raw: &Value) -> Vec<Event> {
        if text(raw, "state_key") != Some("") {
            return Vec::new();
        }
        let before = before(raw).unwrap_or(&Value::Null);
        if kind == PINS {
            return self.pins(before);
        }
        let (then, now) = (change(kind, before), change(kind, self.content));
        // A room without a name is called after its members; nothing can be set elsewhere.
        let nameless = matches!(&now, Some(ChatChange::Name(name)) if name.is_empty());
        match now {
            Some(change) if then.as_ref() != Some(&change) && !nameless => {
                let by = Some(UserId::from(self.sender));
                vec![self.event(self.id, Content::ChatChanged { by, change })]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn pins(&self, before: &Value) -> Vec<Event> {
        let (then, now) = (pinned(before), pinned(self.content));
        let gone = then.iter().filter(|id| !now.contains(id));
        let new = now.iter().filter(|id| !then.contains(id));
        let gone = gone.map(|id| self.event(id, Content::Unpinned));
        gone.chain(new.map(|id| self.event(id, Content::Pinned))).collect()
    }
}

/// Who came, left or looks different, by an `m.room.member` event; `None` for our own accounts and
/// for what changes nothing that people see.
pub fn member(room: &str, raw: &Value, own: &Own<'_>) -> Option<Event> {
    let event = envelope(room, raw, own).ok()?;
    let who = text(raw, "state_key")?;
    let ours = |id: &str| id == own.bot || (own.ghost)(id);
    if ours(who) || ours(event.sender) {
        return None;
    }
    let before = before(raw);
    let field = |key: &str| (before.and_then(|it| text(it, key)), text(event.content, key));
    let (then, now) = field("membership");
    let change = match (then == Some("join"), now?) {
        (false, "join") => MemberChange::Joined,
        (true, "join") => {
            let same = |key| matches!(field(key), (then, now) if then == now);
            if same("displayname") && same("avatar_url") {
                return None;
            }
            MemberChange::Profile
        }
        (true, "leave" | "ban") => MemberChange::Left,
        (_, _) => return None,
    };
    let shown = if change == MemberChange::Left { before? } else { event.content };
    let known = text(shown, "displayname").map(str::to_owned).or_else(|| (own.name)(who));
    let avatar = text(shown, "avatar_url").filter(|uri| bot_core::address::is_mxc(uri));
    let who = Author {
        user: UserId::from(who),
        kind: AuthorKind::Person,
        name: name::shown(known.as_deref(), who),
        username: None,
        avatar: avatar.map(handle),
    };
    Some(event.event(event.id, Content::MemberChanged { who, change }))
}

/// What was there before the event, where the event says so.
fn before(raw: &Value) -> Option<&Value> {
    let unsigned = raw.get("unsigned").and_then(|unsigned| unsigned.get("prev_content"));
    unsigned.or_else(|| raw.get("prev_content")).filter(|content| content.is_object())
}

/// How the room looks by the content of a state event.
fn change(kind: &str, content: &Value) -> Option<ChatChange> {
    let said = |key| text(content, key).unwrap_or_default().trim().replace("\r\n", "\n");
    Some(match kind {
        "m.room.name" => ChatChange::Name(said("name")),
        "m.room.topic" => ChatChange::Topic(said("topic")),
        "m.room.avatar" => {
            let uri = text(content, "url").filter(|uri| bot_core::address::is_mxc(uri));
            ChatChange::Avatar(uri.map(handle))
        }
        _ => return None,
    })
}

fn pinned(content: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    let listed = content.get("pinned").and_then(Value::as_array);
    for id in listed.into_iter().flatten().filter_map(Value::as_str) {
        if !id.is_empty() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn handle(uri: &str) -> MediaHandle {
    MediaHandle { network: NETWORK.into(), reference: uri.to_owned() }
}
