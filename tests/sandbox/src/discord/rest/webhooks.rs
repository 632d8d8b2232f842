// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes of webhooks: made, listed, executed; their messages edited and deleted.
//!
//! Rule: a webhook's token is all that is needed to use it. A message in a thread is
//! reached only with `thread_id`. See "Webhook Resource".

use serde_json::{Value, json};

use super::{Call, id, polls, threads, wrong_method};
use crate::discord::check;
use crate::discord::message::{self, Author, EPHEMERAL, MessageRow, VOICE};
use crate::discord::permissions::MANAGE_WEBHOOKS;
use crate::discord::posting::Draft;
use crate::discord::refusal::{
    Answer, Outcome, Refusal, archived, invalid, invalid_webhook_token, missing_permissions,
    not_found, required, unknown_channel, unknown_message, unknown_webhook, wrong_kind,
};
use crate::discord::render;
use crate::discord::session::{Event, intents};
use crate::discord::world::{Kind, WebhookRow, World};

/// Webhooks of one channel.
pub(crate) const WEBHOOK_LIMIT: usize = 15;

/// `/channels/{id}/webhooks`
pub(super) fn of_channel(world: &mut World, call: &Call) -> Outcome {
    let ["channels", channel, "webhooks"] = call.steps.as_slice() else { return wrong_method() };
    let row = world.allowed(id(channel)?, MANAGE_WEBHOOKS)?;
    if !matches!(row.kind, Kind::Text | Kind::Forum) {
        return Err(wrong_kind());
    }
    let channel = row.id;
    match call.method {
        "GET" => {
            let all = world.webhooks.values().filter(|hook| hook.channel == channel);
            Ok(Answer::Json(all.map(|hook| seen_by_bot(world, hook)).collect()))
        }
        "POST" => create(world, call, channel),
        _ => wrong_method(),
    }
}

/// The tokens of other applications' webhooks stay secret.
fn seen_by_bot(world: &World, hook: &WebhookRow) -> Value {
    let foreign = hook.application.is_some_and(|app| app != world.application);
    render::webhook(world, hook, !foreign)
}

fn create(world: &mut World, call: &Call, channel: u64) -> Outcome {
    check::object(&call.form)?;
    let name = call.form.json.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| required("name"))?;
    check::webhook_name("name", name)?;
    let avatar = avatar(&call.form.json)?;
    let count = world.webhooks.values().filter(|hook| hook.channel == channel).count();
    if count >= WEBHOOK_LIMIT {
        let text = format!("Maximum number of webhooks reached ({WEBHOOK_LIMIT})");
        return Err(Refusal::new(400, 30007, text));
    }
    let (user, application) = (world.bot, Some(world.application));
    let made = world.make_webhook(channel, name.trim(), user, application);
    if let Some(hook) = world.webhooks.get_mut(&made) {
        hook.avatar = avatar;
    }
    let hook = world.webhooks.get(&made).ok_or_else(unknown_webhook)?;
    Ok(Answer::Json(render::webhook(world, hook, true)))
}

/// A picture as a `data:` address.
fn avatar(body: &Value) -> Result<Option<String>, Refusal> {
    let Some(given) = body.get("avatar").filter(|given| !given.is_null()) else { return Ok(None) };
    let data = given.as_str().filter(|text| text.starts_with("data:image/"));
    let data = data.ok_or_else(|| invalid("avatar", "IMAGE_INVALID", "Invalid image data"))?;
    Ok(Some(data.to_owned()))
}

impl World {
    /// Makes a webhook and tells the channel.
    pub(crate) fn make_webhook(
        &mut self,
        channel: u64,
        name: &str,
        user: u64,
        application: Option<u64>,
    ) -> u64 {
        let id = self.ids.next();
        let token: String = (0..2).map(|_| format!("{:034x}", rand::random::<u128>())).collect();
        let guild = self.channels.get(&channel).and_then(|row| row.guild).unwrap_or(0);
        let name = name.to_owned();
        let row = WebhookRow { id, channel, guild, name, avatar: None, token, user, application };
        self.webhooks.insert(id, row);
        self.tell_webhooks(channel);
        id
    }

    /// Removes a webhook and tells the channel.
    pub(crate) fn remove_webhook(&mut self, id: u64) {
        if let Some(hook) = self.webhooks.remove(&id) {
            self.tell_webhooks(hook.channel);
        }
    }

    /// Gives a webhook another name and tells the channel.
    pub(crate) fn rename_webhook(&mut self, id: u64, name: &str) {
        let Some(hook) = self.webhooks.get_mut(&id) else { return };
        name.clone_into(&mut hook.name);
        let channel = hook.channel;
        self.tell_webhooks(channel);
    }

    /// Puts a webhook into another channel and tells both.
    pub(crate) fn move_webhook(&mut self, id: u64, to: u64) {
        let Some(hook) = self.webhooks.get_mut(&id) else { return };
        let from = std::mem::replace(&mut hook.channel, to);
        self.tell_webhooks(from);
        self.tell_webhooks(to);
    }

    fn tell_webhooks(&mut self, channel: u64) {
        let data = self.located(channel, json!({}));
        let event = Event::new("WEBHOOKS_UPDATE", intents::GUILD_WEBHOOKS, data);
        self.dispatch(event.within(channel));
    }
}

/// `/webhooks/...`, but not those of interactions.
pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let ["webhooks", hook, rest @ ..] = call.steps.as_slice() else { return Err(not_found()) };
    let hook = id(hook)?;
    match rest {
        [] => {
            let row = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?;
            let channel = row.channel;
            world.allowed(channel, MANAGE_WEBHOOKS).map_err(|_| missing_permissions())?;
            own(world, call, hook)
        }
        [token, rest @ ..] => {
            let row = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?;
            if row.token != *token {
                return Err(invalid_webhook_token());
            }
            match (call.method, rest) {
                ("POST", []) => execute(world, call, hook),
                (_, []) => own(world, call, hook),
                (_, ["messages", message]) => of_message(world, call, hook, id(message)?),
                _ => Err(not_found()),
            }
        }
    }
}

fn own(world: &mut World, call: &Call, hook: u64) -> Outcome {
    let row = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?;
    match call.method {
        "GET" => Ok(Answer::Json(seen_by_bot(world, row))),
        "DELETE" => {
            world.remove_webhook(hook);
            Ok(Answer::Empty)
        }
        _ => wrong_method(),
    }
}

/// The channel, or the thread of it that the query names.
fn place(world: &World, call: &Call, hook: u64) -> Result<u64, Refusal> {
    let channel = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?.channel;
    let Some(thread) = call.query("thread_id") else { return Ok(channel) };
    let thread = id(&thread)?;
    let row = world.channels.get(&thread).filter(|row| row.kind == Kind::Thread(channel));
    row.map(|row| row.id).ok_or_else(unknown_channel)
}

/// The name of the post that this message opens in a forum.
fn post_name(world: &World, call: &Call, hook: u64) -> Result<Option<String>, Refusal> {
    let channel = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?.channel;
    let forum = world.channels.get(&channel).is_some_and(|row| row.kind == Kind::Forum);
    let name = call.form.json.get("thread_name").and_then(Value::as_str);
    let refused = |code, text: &str| Err(Refusal::new(400, code, text));
    match (forum, name, call.query("thread_id")) {
        (false, Some(_), _) => {
            refused(220_003, "Webhooks can only create threads in forum channels")
        }
        (true, Some(_), Some(_)) => refused(
            220_002,
            "Webhooks posted to forum channels cannot have both a thread_name and thread_id",
        ),
        (true, None, None) => refused(
            220_001,
            "Webhooks posted to forum channels must have a thread_name or thread_id",
        ),
        (true, Some(name), None) if !(1..=100).contains(&name.trim().chars().count()) => {
            let text = "Must be between 1 and 100 in length.";
            Err(invalid("thread_name", "BASE_TYPE_BAD_LENGTH", text))
        }
        (_, name, _) => {
            if let Some(row) = world.channels.get(&channel).filter(|_| name.is_some()) {
                threads::tagged(row, &call.form.json)?;
            }
            Ok(name.map(|name| name.trim().to_owned()))
        }
    }
}

fn execute(world: &mut World, call: &Call, hook: u64) -> Outcome {
    check::object(&call.form)?;
    let opens = post_name(world, call, hook)?;
    let place = place(world, call, hook)?;
    let text = |key: &str| call.form.json.get(key).and_then(Value::as_str);
    let row = world.webhooks.get(&hook).ok_or_else(unknown_webhook)?;
    let name = match text("username") {
        Some(name) => {
            check::webhook_name("username", name)?;
            name.trim().to_owned()
        }
        None => row.name.clone(),
    };
    let avatar = match text("avatar_url").filter(|url| !url.is_empty()) {
        Some(url) => {
            check::web_address("avatar_url", url)?;
            Some(url.to_owned())
        }
        None => row.avatar.clone(),
    };
    let locked = world.channels.get(&place).is_some_and(|row| row.archived && row.locked);
    if locked {
        return Err(archived());
    }
    let author = Author::Webhook { id: hook, name, avatar, application: row.application };
    let mut draft = check::fill(world, place, &call.form, Draft::new(author, ""))?;
    // Webhooks can say neither ephemeral nor spoken messages.
    draft.flags &= !(EPHEMERAL | VOICE);
    let (place, id) = match opens {
        Some(name) => {
            let id = world.open_post(place, &name, hook, draft);
            (id, id)
        }
        None => (place, world.post(place, draft)),
    };
    if call.query("wait").as_deref() != Some("true") {
        return Ok(Answer::Empty);
    }
    let row = world.message(place, id).ok_or_else(unknown_message)?;
    Ok(Answer::Json(message::rest(world, row)))
}

/// A message that this webhook posted.
fn posted(world: &World, place: u64, hook: u64, id: u64) -> Result<&MessageRow, Refusal> {
    let row = world.message(place, id).filter(|row| row.webhook() == Some(hook));
    row.ok_or_else(unknown_message)
}

fn of_message(world: &mut World, call: &Call, hook: u64, id: u64) -> Outcome {
    let place = place(world, call, hook)?;
    posted(world, place, hook, id)?;
    match call.method {
        "GET" => {}
        "PATCH" => {
            check::object(&call.form)?;
            polls::unchangeable(posted(world, place, hook, id)?)?;
            threads::awake(world.channels.get(&place).ok_or_else(unknown_channel)?)?;
            let change = check::change(world, (place, id), &call.form)?;
            world.change(place, id, change)?;
        }
        "DELETE" => {
            world.delete(place, id)?;
            return Ok(Answer::Empty);
        }
        _ => return wrong_method(),
    }
    Ok(Answer::Json(message::rest(world, posted(world, place, hook, id)?)))
}
