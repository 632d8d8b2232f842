// SPDX-License-Identifier: AGPL-3.0-or-later
//! Service messages: what happened in a chat that nobody said,
//! <https://core.telegram.org/bots/api#message>.
//!
//! Rule: each is one line of kind notice with exactly one note, under its own id, and with the words
//! and names that the platform tells; what it changes
//! (members, name, pins, topics) is an event of its own before it.

use bridge_model::{ChatChange, Content, Event, MemberChange, Message, Note, Service, Timestamp};
use serde_json::Value;

use super::field::{count, int, object, text};
use super::message::IncomingMessage;
use super::{Us, author, media, message_id, particulars, reply};

/// What one kind of service message tells; the value is that of its field.
type Reader = fn(&IncomingMessage<'_>, &Value, &Us) -> Option<Vec<Event>>;

const KINDS: [(&str, Reader); 27] = [
    ("new_chat_members", joined),
    ("left_chat_member", left),
    ("new_chat_title", renamed),
    ("new_chat_photo", pictured),
    ("delete_chat_photo", |it, _, _| {
        let change = changed(it, ChatChange::Avatar(None));
        Some(vec![change, it.notice(Service::Pictured { removed: true })])
    }),
    ("pinned_message", pinned),
    ("forum_topic_created", |it, field, _| {
        let name = text(field, "name")?.to_owned();
        Some(vec![it.notice(Service::ThreadOpened { name })])
    }),
    ("forum_topic_edited", topic_edited),
    ("forum_topic_closed", |it, _, _| Some(topic(it, true))),
    ("forum_topic_reopened", |it, _, _| Some(topic(it, false))),
    ("video_chat_scheduled", |it, field, _| {
        let at = Timestamp(int(field, "start_date")?.saturating_mul(1000));
        Some(vec![it.notice(Service::CallPlanned { at })])
    }),
    ("video_chat_started", |it, _, _| Some(vec![it.notice(Service::CallStarted)])),
    ("video_chat_ended", |it, field, _| {
        Some(vec![it.notice(Service::CallEnded { seconds: count(field, "duration") })])
    }),
    ("message_auto_delete_timer_changed", |it, field, _| {
        let seconds = count(field, "message_auto_delete_time")?;
        Some(vec![it.notice(Service::AutoDelete { seconds })])
    }),
    ("boost_added", |it, field, _| {
        Some(vec![it.notice(Service::Boosted { count: count(field, "boost_count")? })])
    }),
    ("checklist_tasks_done", |it, field, us| {
        checklist(it, field, us).or_else(|| Some(vec![it.notice_with(particulars::ticks(field)?)]))
    }),
    ("checklist_tasks_added", |it, field, us| {
        checklist(it, field, us).or_else(|| Some(vec![it.notice_with(particulars::tasks(field)?)]))
    }),
    ("poll_option_added", |it, field, us| {
        poll(it, field, us)
            .or_else(|| Some(vec![it.notice_with(particulars::option("➕", field)?)]))
    }),
    ("poll_option_deleted", |it, field, us| {
        poll(it, field, us)
            .or_else(|| Some(vec![it.notice_with(particulars::option("➖", field)?)]))
    }),
    ("chat_owner_changed", |it, field, _| {
        Some(vec![it.notice_about(particulars::people("👑", field, &["new_owner"])?)])
    }),
    ("chat_owner_left", |it, field, _| {
        Some(vec![it.notice_about(particulars::people("👑", field, &["new_owner"])?)])
    }),
    ("video_chat_participants_invited", |it, field, _| {
        Some(vec![it.notice_about(particulars::people("📞", field, &["users"])?)])
    }),
    ("proximity_alert_triggered", |it, field, _| {
        Some(vec![it.notice_about(particulars::meeting(field)?)])
    }),
    ("managed_bot_created", |it, field, _| {
        Some(vec![it.notice_about(particulars::people("🤖", field, &["bot"])?)])
    }),
    ("giveaway_completed", |it, field, _| {
        Some(vec![it.notice_with(particulars::number("🏆", field, "winner_count")?)])
    }),
    ("suggested_post_declined", |it, field, _| {
        Some(vec![it.notice_with(particulars::words(field, "comment")?)])
    }),
    ("paid_message_price_changed", |it, field, _| {
        Some(vec![it.notice_with(particulars::number("⭐", field, "paid_message_star_count")?)])
    }),
];

/// What is told in one line without particulars: the platform gives none, or none that others need.
const OTHERS: [&str; 12] = [
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "chat_background_set",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "direct_message_price_changed",
    "giveaway_created",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_paid",
    "suggested_post_refunded",
];

/// What is told to the bot alone, or before it can be linked, and means nothing elsewhere.
pub(super) const SILENT: [&str; 12] = [
    "migrate_from_chat_id",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "web_app_data",
];

/// The events of a service message; `None` when it is none.
pub(super) fn events(it: &IncomingMessage<'_>, us: &Us) -> Option<Vec<Event>> {
    let has = |name: &&str| it.raw.get(*name).is_some();
    if SILENT.iter().any(has) {
        return Some(Vec::new());
    }
    let other = || vec![it.notice(Service::Other)];
    let kind = KINDS.iter().find_map(|(name, read)| Some((read, it.raw.get(*name)?)));
    if let Some((read, field)) = kind {
        return Some(read(it, field, us).unwrap_or_else(other));
    }
    OTHERS.iter().any(has).then(other)
}

fn joined(it: &IncomingMessage<'_>, field: &Value, us: &Us) -> Option<Vec<Event>> {
    let people = field.as_array()?.iter().filter(|user| !us.is(user));
    let people: Vec<_> = people.filter_map(author::of_user).collect();
    if people.is_empty() {
        return Some(Vec::new());
    }
    let names = people.iter().map(|who| who.name.clone()).collect();
    let change = MemberChange::Joined;
    let changes = people.into_iter().map(|who| Content::MemberChanged { who, change });
    let mut events: Vec<Event> = changes.map(|change| it.event(change)).collect();
    events.push(it.notice(Service::Joined { names }));
    Some(events)
}

fn left(it: &IncomingMessage<'_>, field: &Value, us: &Us) -> Option<Vec<Event>> {
    if us.is(field) {
        // `my_chat_member` says it.
        return Some(Vec::new());
    }
    let who = author::of_user(field)?;
    let (name, removed) = (who.name.clone(), who.user != it.by.user);
    let change = it.event(Content::MemberChanged { who, change: MemberChange::Left });
    Some(vec![change, it.notice(Service::Left { name, removed })])
}

fn changed(it: &IncomingMessage<'_>, change: ChatChange) -> Event {
    it.event(Content::ChatChanged { by: Some(it.by.user.clone()), change })
}

fn renamed(it: &IncomingMessage<'_>, field: &Value, _: &Us) -> Option<Vec<Event>> {
    let to = field.as_str()?.to_owned();
    let change = changed(it, ChatChange::Name(to.clone()));
    Some(vec![change, it.notice(Service::Renamed { to })])
}

fn pictured(it: &IncomingMessage<'_>, field: &Value, _: &Us) -> Option<Vec<Event>> {
    let change = changed(it, ChatChange::Avatar(Some(media::photo(field)?.handle)));
    Some(vec![change, it.notice(Service::Pictured { removed: false })])
}

/// The line answers what was pinned, so that readers find it.
fn pinned(it: &IncomingMessage<'_>, field: &Value, us: &Us) -> Option<Vec<Event>> {
    let pin = it.event_of(message_id(field)?, Content::Pinned);
    let reply_to = reply::to_message(&Value::Null, field, us);
    let line = Message { reply_to, ..it.line(Note::Service(Service::Pinned)) };
    Some(vec![pin, it.event(Content::Posted(line))])
}

fn topic_edited(it: &IncomingMessage<'_>, field: &Value, _: &Us) -> Option<Vec<Event>> {
    // Another icon is nothing to other sides.
    let Some(name) = text(field, "name") else { return Some(Vec::new()) };
    let mut events = Vec::new();
    if let Some(root) = it.topic() {
        let change = Content::ThreadChanged { name: Some(name.to_owned()), closed: None };
        events.push(it.event_of(root, change));
    }
    events.push(it.notice(Service::ThreadRenamed { to: name.to_owned() }));
    Some(events)
}

fn topic(it: &IncomingMessage<'_>, closed: bool) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(root) = it.topic() {
        let change = Content::ThreadChanged { name: None, closed: Some(closed) };
        events.push(it.event_of(root, change));
    }
    let service = if closed { Service::ThreadClosed } else { Service::ThreadReopened };
    events.push(it.notice(service));
    events
}

/// A list or a poll that somebody else may change comes with its new version, by its author.
fn changed_message(it: &IncomingMessage<'_>, raw: Option<&Value>, us: &Us) -> Option<Vec<Event>> {
    let raw = raw?;
    if us.wrote(raw) {
        return Some(Vec::new());
    }
    let (id, by) = (message_id(raw)?, author::of_message(raw)?);
    let new = IncomingMessage { raw, chat: it.chat, id, by };
    Some(vec![new.event(Content::Edited(new.message(us)?))])
}

fn checklist(it: &IncomingMessage<'_>, field: &Value, us: &Us) -> Option<Vec<Event>> {
    changed_message(it, object(field, "checklist_message"), us)
}

fn poll(it: &IncomingMessage<'_>, field: &Value, us: &Us) -> Option<Vec<Event>> {
    changed_message(it, object(field, "poll_message"), us)
}
