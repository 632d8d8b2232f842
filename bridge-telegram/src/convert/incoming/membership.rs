// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who is in a chat, <https://core.telegram.org/bots/api#chatmemberupdated>.
//!
//! Rule: an admin bot learns of each coming and going twice, by a `chat_member` update and by the
//! service message that people see, except where groups have hidden those. So both become
//! [`Content::MemberChanged`], only the service message becomes a line in the chat, and
//! [`without_doubles`] drops the second telling. One that comes in a later batch does no harm:
//! whoever is in the chat already does not come.

use bridge_model::{Content, Event, MemberChange, MessageId};
use serde_json::Value;

use super::field::{object, text};
use super::{Us, author, chat_id, event, moderation};

/// The message of events that are about none.
pub(super) const NO_MESSAGE: &str = "0";

/// Reads a `my_chat_member` update: removed means closed. Let in again, or with other rights, the
/// bot may speak again: whoever did that is in the chat, and that somebody is there opens it.
pub(super) fn ours(body: &Value) -> Option<Vec<Event>> {
    let chat = chat_id(body)?;
    if !is_inside(object(body, "new_chat_member")?)? {
        return Some(vec![about_none(chat, Content::Closed)]);
    }
    let by = object(body, "from").and_then(author::of_user);
    let change = MemberChange::Joined;
    let present = |who| about_none(chat, Content::MemberChanged { who, change });
    let rights = about_none(chat, Content::RightsChanged);
    Some(by.map(present).into_iter().chain([rights]).collect())
}

/// Reads a `chat_member` update: what moderators do, coming and going; not who rules.
pub(super) fn read(body: &Value, us: &Us) -> Option<Vec<Event>> {
    let chat = chat_id(body)?;
    let (old, new) = (object(body, "old_chat_member")?, object(body, "new_chat_member")?);
    let user = object(new, "user")?;
    let change = match (is_inside(old)?, is_inside(new)?) {
        (false, true) => Some(MemberChange::Joined),
        (true, false) => Some(MemberChange::Left),
        (true, true) | (false, false) => None,
    };
    if us.is(user) {
        return Some(Vec::new());
    }
    let who = author::of_user(user)?;
    let deeds = moderation::deeds(body, (old, new), &who, us);
    let deeds = deeds.into_iter().map(|deed| Content::Moderated(Box::new(deed)));
    let change = change.map(|change| Content::MemberChanged { who, change });
    Some(deeds.chain(change).map(|content| about_none(chat, content)).collect())
}

fn about_none(chat: i64, content: Content) -> Event {
    event(chat, MessageId::from(NO_MESSAGE), content)
}

/// Whether this `ChatMember` is in the chat.
fn is_inside(member: &Value) -> Option<bool> {
    Some(match text(member, "status")? {
        "left" | "kicked" => false,
        "restricted" => member.get("is_member").and_then(Value::as_bool) != Some(false),
        _ => true,
    })
}

/// Drops a coming or going that the same batch has told already.
pub fn without_doubles(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::with_capacity(events.len());
    for event in events {
        let before = change(&event).and_then(|(who, change)| {
            let last = kept.iter().rev().find(|it| {
                it.place == event.place && self::change(it).is_some_and(|(old, _)| old == who)
            });
            Some(self::change(last?)?.1 == change)
        });
        if before != Some(true) {
            kept.push(event);
        }
    }
    kept
}

fn change(event: &Event) -> Option<(&str, MemberChange)> {
    let Content::MemberChanged { who, change } = &event.content else { return None };
    Some((who.user.as_str(), *change))
}
