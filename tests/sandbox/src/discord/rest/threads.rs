// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes that make threads and change channels.
//!
//! Rule: an archived thread is changed only by a request that opens it; what needs which
//! permission stands in "Modify Channel" and "Start Thread".

use serde_json::{Map, Value, json};

use super::{Call, id, wrong_method};
use crate::discord::channel::tell;
use crate::discord::form::Form;
use crate::discord::message::{self, Author, COMMAND, DEFAULT, REPLY, Reference, THREAD_STARTER};
use crate::discord::permissions::{
    ATTACH_FILES, CREATE_PUBLIC_THREADS, MANAGE_CHANNELS, MANAGE_THREADS, READ_MESSAGE_HISTORY,
    SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::discord::posting::Draft;
use crate::discord::refusal::{
    Answer, Outcome, Refusal, archived, invalid, missing_permissions, required, tag_required,
    too_long, unknown_channel, unknown_message, wrong_kind,
};
use crate::discord::world::{ChannelRow, Kind, World};
use crate::discord::{access, check, clock, render};

/// The flag of a message with a thread.
const HAS_THREAD: u64 = 1 << 5;

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    match (call.method, call.steps.as_slice()) {
        ("POST", ["channels", channel, "messages", message, "threads"]) => {
            on_message(world, call, (id(channel)?, id(message)?))
        }
        ("POST", ["channels", channel, "threads"]) => post(world, call, id(channel)?),
        ("GET", ["channels", channel, "threads", "archived", "public"]) => {
            archived_here(world, call, id(channel)?)
        }
        ("PATCH", ["channels", channel]) => change(world, call, id(channel)?),
        _ => wrong_method(),
    }
}

/// "List Public Archived Threads": the last archived first.
fn archived_here(world: &World, call: &Call, parent: u64) -> Outcome {
    world.allowed(parent, READ_MESSAGE_HISTORY)?;
    let limit = call.query("limit").map_or(Ok(50), |limit| limit.parse::<usize>());
    let limit = limit.ok().filter(|limit| (2..=100).contains(limit));
    let range = "int value should be between 2 and 100.";
    let limit = limit.ok_or_else(|| invalid("limit", "NUMBER_TYPE_COERCE", range))?;
    let before = call.query("before");
    let when = |row: &&ChannelRow| row.archived_at.map(clock::iso).unwrap_or_default();
    let is_here = |row: &&ChannelRow| {
        row.kind == Kind::Thread(parent)
            && row.archived
            && !row.private
            && before.as_ref().is_none_or(|before| when(row) < *before)
    };
    let mut rows: Vec<&ChannelRow> = world.channels.values().filter(is_here).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(when(row)));
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let threads: Vec<Value> = rows.into_iter().map(|row| render::channel(world, row)).collect();
    Ok(Answer::Json(json!({"threads": threads, "members": [], "has_more": has_more})))
}

/// A name of 1 to 100 characters; `None` when none is given.
fn name(body: &Map<String, Value>) -> Result<Option<&str>, Refusal> {
    let Some(name) = body.get("name").and_then(Value::as_str) else { return Ok(None) };
    if !(1..=100).contains(&name.trim().chars().count()) {
        let text = "Must be between 1 and 100 in length.";
        return Err(invalid("name", "BASE_TYPE_BAD_LENGTH", text));
    }
    Ok(Some(name.trim()))
}

fn on_message(world: &mut World, call: &Call, at: (u64, u64)) -> Outcome {
    let body = check::object(&call.form)?;
    let row = world.allowed(at.0, CREATE_PUBLIC_THREADS)?;
    if row.kind != Kind::Text {
        return Err(wrong_kind());
    }
    let name = name(body)?.ok_or_else(|| required("name"))?.to_owned();
    let kind = world.message(at.0, at.1).ok_or_else(unknown_message)?.kind;
    if ![DEFAULT, REPLY, COMMAND].contains(&kind) {
        return Err(Refusal::new(403, 50021, "Cannot execute action on a system message"));
    }
    if world.channels.contains_key(&at.1) {
        let text = "A thread has already been created for this message";
        return Err(Refusal::new(400, 160_004, text));
    }
    let bot = world.bot;
    world.open_thread_on(at.0, at.1, &name, bot);
    made(world, at.1, None)
}

fn made(world: &World, thread: u64, message: Option<Value>) -> Outcome {
    let row = world.channels.get(&thread).ok_or_else(unknown_channel)?;
    let mut json = render::channel(world, row);
    if let (Some(message), Some(map)) = (message, json.as_object_mut()) {
        map.insert("message".into(), message);
    }
    Ok(Answer::Created(json))
}

/// A forum may want a tag at each new post.
pub(super) fn tagged(forum: &ChannelRow, body: &Value) -> Result<(), Refusal> {
    let Some(tag) = forum.required_tag else { return Ok(()) };
    let given = body.get("applied_tags").and_then(Value::as_array);
    let good = given.is_some_and(|tags| tags.iter().any(|one| check::id(one) == Some(tag)));
    if good { Ok(()) } else { Err(tag_required()) }
}

/// A new post in a forum.
fn post(world: &mut World, call: &Call, forum: u64) -> Outcome {
    let body = check::object(&call.form)?;
    let row = world.allowed(forum, SEND_MESSAGES)?;
    if row.kind != Kind::Forum {
        return Err(wrong_kind());
    }
    tagged(row, &Value::Object(body.clone()))?;
    let name = name(body)?.ok_or_else(|| required("name"))?.to_owned();
    let inner = body.get("message").cloned().ok_or_else(|| required("message"))?;
    if !call.form.files.is_empty() {
        world.allowed(forum, ATTACH_FILES)?;
    }
    let form = Form { json: inner, files: call.form.files.clone() };
    let bot = world.bot;
    let draft = check::fill(world, forum, &form, Draft::new(Author::User(bot), ""))?;
    let id = world.open_post(forum, &name, bot, draft);
    let row = world.message(id, id).ok_or_else(unknown_message)?;
    let message = message::rest(world, row);
    made(world, id, Some(message))
}

fn change(world: &mut World, call: &Call, channel: u64) -> Outcome {
    let body = check::object(&call.form)?.clone();
    let row = world.visible(channel)?;
    match row.kind {
        Kind::Thread(_) => change_thread(world, channel, &body)?,
        Kind::Text | Kind::Forum => change_channel(world, channel, &body)?,
        Kind::Direct(_) => return Err(wrong_kind()),
    }
    let row = world.channels.get(&channel).ok_or_else(unknown_channel)?;
    Ok(Answer::Json(render::channel(world, row)))
}

fn change_thread(world: &mut World, id: u64, body: &Map<String, Value>) -> Result<(), Refusal> {
    let flag = |key: &str| body.get(key).and_then(Value::as_bool);
    let name = name(body)?;
    let row = world.visible(id)?;
    let rights = world.rights(row, world.bot);
    let only_opens = body.len() == 1 && flag("archived") == Some(false);
    let own = row.owner == world.bot && flag("locked").is_none() && !row.locked;
    let opens = only_opens && !row.locked && rights & SEND_MESSAGES_IN_THREADS != 0;
    if rights & MANAGE_THREADS == 0 && !own && !opens {
        return Err(missing_permissions());
    }
    if row.archived && flag("archived") != Some(false) {
        return Err(archived());
    }
    if let Some(row) = world.channels.get_mut(&id) {
        if let Some(archived) = flag("archived").filter(|archived| *archived != row.archived) {
            (row.archived, row.archived_at) = (archived, Some(clock::now()));
        }
        row.locked = flag("locked").unwrap_or(row.locked);
        row.name = name.map_or_else(|| row.name.clone(), str::to_owned);
    }
    tell(world, id, "THREAD_UPDATE");
    Ok(())
}

fn change_channel(world: &mut World, id: u64, body: &Map<String, Value>) -> Result<(), Refusal> {
    let row = world.allowed(id, MANAGE_CHANNELS)?;
    let forum = row.kind == Kind::Forum;
    let name = name(body)?.map(|name| if forum { name.to_owned() } else { dashed(name) });
    let topic = body.get("topic").map(|topic| topic.as_str().unwrap_or("").to_owned());
    let most = if forum { 4096 } else { 1024 };
    if topic.as_ref().is_some_and(|topic| topic.chars().count() > most) {
        return Err(too_long("topic", most));
    }
    let overwrites = access::changed(world, id, body)?;
    if let Some(row) = world.channels.get_mut(&id) {
        row.overwrites = overwrites.unwrap_or_else(|| row.overwrites.clone());
        row.name = name.unwrap_or_else(|| row.name.clone());
        if let Some(topic) = topic {
            row.topic = Some(topic).filter(|topic| !topic.is_empty());
        }
    }
    tell(world, id, "CHANNEL_UPDATE");
    Ok(())
}

/// What the platform makes of the name of a text channel.
fn dashed(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join("-").to_lowercase()
}

impl World {
    /// Opens a thread on a message, which shows it from then on.
    fn open_thread_on(&mut self, channel: u64, message: u64, name: &str, by: u64) {
        self.open_thread(channel, (message, name), by);
        let thread = self.channels.get(&message).map(|row| render::channel(self, row));
        if let Some(row) = self.message_mut(channel, message) {
            row.flags |= HAS_THREAD;
            row.extra.insert("thread".into(), thread.unwrap_or(Value::Null));
        }
        self.tell(channel, message, "MESSAGE_UPDATE", None);
        let mut draft = Draft::new(Author::User(by), "");
        draft.kind = THREAD_STARTER;
        draft.reference = Some(Reference { channel, message });
        self.post(message, draft);
    }

    /// Opens a post in a forum, with its first message; both have the same id.
    pub(super) fn open_post(&mut self, forum: u64, name: &str, by: u64, draft: Draft) -> u64 {
        let id = self.ids.next();
        self.open_thread(forum, (id, name), by);
        self.post_as(id, id, draft)
    }
}

/// What only an open thread takes.
pub(super) fn awake(row: &ChannelRow) -> Result<(), Refusal> {
    if row.archived { Err(archived()) } else { Ok(()) }
}
