// SPDX-License-Identifier: AGPL-3.0-or-later
//! People use slash commands, the menu of a message, and buttons.
//!
//! Rule: a client offers only what the bot registered, with the options that it
//! declared and to those with the rights that it asked for; anything else is an error.

use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::permissions::USE_APPLICATION_COMMANDS;
use super::seen::{self, Answered};
use super::session::Event;
use super::world::{Acknowledged, InteractionRow, World};
use super::{Channel, Inner, User, components, message, render};

/// One use of a command.
#[derive(Clone)]
pub struct Interaction {
    inner: Arc<Inner>,
    id: u64,
}

impl Channel {
    /// A person uses `/command sub option:value` (`None` for a command without subcommands).
    ///
    /// # Errors
    /// When the client would not offer it.
    pub fn slash<'a>(
        &self,
        user: &User,
        command: &str,
        sub: impl Into<Option<&'a str>>,
        options: &[(&str, &str)],
    ) -> anyhow::Result<Interaction> {
        let sub = sub.into();
        let id = self.inner().with(|world| {
            self.come_in(world, user);
            let guild = world.channels.get(&self.id()).and_then(|row| row.guild);
            let command = offered(world, guild, (command, 1))?;
            self.allowed(world, user, &command)?;
            let data = chosen(&command, sub, options)?;
            start(world, self.id(), user, (2, json!({"data": data})))
        })?;
        Ok(Interaction { inner: Arc::clone(self.inner()), id })
    }

    /// A person chooses an entry of ours in the menu of a message ("Apps").
    ///
    /// # Errors
    /// When the client would not offer it.
    pub fn choose(&self, user: &User, message: u64, entry: &str) -> anyhow::Result<Interaction> {
        let id = self.inner().with(|world| {
            self.come_in(world, user);
            let guild = world.channels.get(&self.id()).and_then(|row| row.guild);
            let command = offered(world, guild, (entry, 3))?;
            self.allowed(world, user, &command)?;
            let target = world.message(self.id(), message).context("the message is gone")?;
            let target = message::rest(world, target);
            let data = json!({
                "id": command.get("id"), "name": entry, "type": 3,
                "target_id": message.to_string(),
                "resolved": {"messages": {message.to_string(): target}},
            });
            start(world, self.id(), user, (2, json!({"data": data})))
        })?;
        Ok(Interaction { inner: Arc::clone(self.inner()), id })
    }

    /// A person presses the button with this label.
    ///
    /// # Errors
    /// When there is no such button.
    pub fn press(&self, user: &User, message: u64, label: &str) -> anyhow::Result<Interaction> {
        let id = self.inner().with(|world| {
            self.come_in(world, user);
            let row = world.channels.get(&self.id()).and_then(|row| row.messages.get(&message));
            let row = row.context("the message is gone")?;
            let mut buttons = components::buttons(&row.components).into_iter();
            let found = buttons.find(|(known, _)| known == label);
            let (_, button) = found.with_context(|| format!("there is no button {label}"))?;
            ensure!(button.get("custom_id").is_some(), "the button opens an address");
            let data = json!({
                "component_type": 2, "id": button.get("id"), "custom_id": button.get("custom_id"),
            });
            let message = message::rest(world, row);
            start(world, self.id(), user, (3, json!({"data": data, "message": message})))
        })?;
        Ok(Interaction { inner: Arc::clone(self.inner()), id })
    }

    fn allowed(&self, world: &World, user: &User, command: &Value) -> anyhow::Result<()> {
        let row = world.channels.get(&self.id()).context("the channel is gone")?;
        if row.guild.is_none() {
            return Ok(());
        }
        let needed = command.get("default_member_permissions").and_then(Value::as_str);
        let needed: u64 = needed.map_or(Ok(0), str::parse)?;
        let needed = needed | USE_APPLICATION_COMMANDS;
        let held = world.rights(row, user.id());
        ensure!(held & needed == needed, "the command is not offered to this person");
        Ok(())
    }
}

/// The registered command; those of the guild come first.
fn offered(world: &World, guild: Option<u64>, (name, kind): (&str, u64)) -> anyhow::Result<Value> {
    let of_guild = guild.and_then(|guild| world.commands.get(&Some(guild)));
    let all = of_guild.into_iter().chain(world.commands.get(&None)).flatten();
    let found =
        all.into_iter().find(|one| text(one, "name") == name && number(one, "type") == kind);
    found.cloned().ok_or_else(|| anyhow!("the bot has no command /{name}"))
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The `data` of the interaction.
fn chosen(command: &Value, sub: Option<&str>, given: &[(&str, &str)]) -> anyhow::Result<Value> {
    let subs = list(command, "options").iter().filter(|one| number(one, "type") == 1);
    let declared = match sub {
        Some(sub) => {
            let found = subs.into_iter().find(|one| text(one, "name") == sub);
            found.with_context(|| format!("there is no subcommand {sub}"))?
        }
        None => {
            ensure!(subs.count() == 0, "the command needs a subcommand");
            command
        }
    };
    let mut options = Vec::new();
    for (name, value) in given {
        let option = list(declared, "options").iter().find(|one| text(one, "name") == *name);
        let option = option.with_context(|| format!("there is no option {name}"))?;
        let kind = number(option, "type");
        options.push(json!({"name": name, "type": kind, "value": typed(kind, value)?}));
    }
    for option in list(declared, "options") {
        let required = option.get("required").and_then(Value::as_bool).unwrap_or(false);
        let name = text(option, "name");
        let there = given.iter().any(|(given, _)| *given == name);
        ensure!(there || !required, "the option {name} is required");
    }
    let options = match sub {
        Some(sub) => vec![json!({"name": sub, "type": 1, "options": options})],
        None => options,
    };
    Ok(json!({
        "id": command.get("id"), "name": command.get("name"), "type": 1, "options": options,
    }))
}

/// A value of the option's type: text, integer or truth value.
fn typed(kind: u64, value: &str) -> anyhow::Result<Value> {
    match kind {
        4 => Ok(value.parse::<i64>()?.into()),
        5 => Ok(value.parse::<bool>()?.into()),
        3 | 6 | 7 | 8 | 9 => Ok(value.into()),
        other => Err(anyhow!("options of type {other} are not played here")),
    }
}

/// Tells the bot; `what` holds `data`, and for a button the message.
fn start(
    world: &mut World,
    channel: u64,
    user: &User,
    (kind, what): (u64, Value),
) -> anyhow::Result<u64> {
    let id = world.ids.next();
    let token = format!("{:064x}{:064x}", rand::random::<u128>(), rand::random::<u128>());
    let mut event = json!({
        "id": id.to_string(), "application_id": world.application.to_string(), "type": kind,
        "token": token, "version": 1, "channel_id": channel.to_string(),
        "locale": "en-US", "app_permissions": "0", "entitlements": [],
        "authorizing_integration_owners": {}, "attachment_size_limit": super::FILE_LIMIT,
        "context": 0,
    });
    let row = world.channels.get(&channel).context("the channel is gone")?;
    let mut more = json!({
        "channel": render::channel(world, row),
        "app_permissions": world.rights(row, world.bot).to_string(),
    });
    let guild = row.guild.and_then(|guild| world.guilds.get(&guild));
    if let (Some(guild), Some(map)) = (guild, more.as_object_mut()) {
        let rights = world.rights(row, user.id()).to_string();
        let mut member = render::member(world, guild, user.id()).context("not a member")?;
        member.as_object_mut().context("no member")?.insert("permissions".into(), rights.into());
        map.insert("member".into(), member);
        map.insert("guild_id".into(), guild.id.to_string().into());
        map.insert("guild_locale".into(), "en-US".into());
        let partial = json!({"id": guild.id.to_string(), "locale": "en-US", "features": []});
        map.insert("guild".into(), partial);
        map.insert("authorizing_integration_owners".into(), json!({"0": guild.id.to_string()}));
    } else if let Some(map) = more.as_object_mut() {
        map.insert("user".into(), render::user(world, user.id()));
        map.insert("context".into(), 1.into());
    }
    let data = what.get("data").cloned().unwrap_or_default();
    let below = what.get("message").and_then(|message| text(message, "id").parse().ok());
    if let (Some(map), Value::Object(more), Value::Object(what)) =
        (event.as_object_mut(), more, what)
    {
        map.extend(more);
        map.extend(what);
    }
    let name = text(&data, "name").to_owned();
    let row = InteractionRow {
        id,
        token,
        channel,
        user: user.id(),
        kind,
        name,
        below,
        made: Instant::now(),
        state: Acknowledged::No,
        original: None,
        followups: Vec::new(),
    };
    world.dispatch(Event::new("INTERACTION_CREATE", 0, event));
    // The time to answer runs from the dispatch; checking it may have taken a while.
    world.interactions.insert(id, InteractionRow { made: Instant::now(), ..row });
    Ok(id)
}

impl Interaction {
    /// The interaction's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The token, for tests that answer by hand.
    pub fn token(&self) -> String {
        let look =
            |world: &mut World| world.interactions.get(&self.id).map(|row| row.token.clone());
        self.inner.with_quietly(look).unwrap_or_default()
    }

    /// Waits for the first answer with content (a loading state is none).
    ///
    /// # Errors
    /// After [`super::PATIENCE`].
    pub async fn answer(&self) -> anyhow::Result<Answered> {
        let look = |world: &World| {
            let row = world.interactions.get(&self.id)?;
            let message = world.channels.get(&row.channel)?.messages.get(&row.original?)?;
            seen::answer(world, message)
        };
        let found = self.inner.wait(look).await;
        found.context("the command was not answered")
    }

    /// All further messages that answered it.
    pub fn followups(&self) -> Vec<Answered> {
        self.inner.with_quietly(|world| {
            let Some(row) = world.interactions.get(&self.id) else { return Vec::new() };
            let rows = world.channels.get(&row.channel).map(|channel| &channel.messages);
            let found = row.followups.iter().filter_map(|id| seen::answer(world, rows?.get(id)?));
            found.collect()
        })
    }
}
