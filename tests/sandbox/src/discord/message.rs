// SPDX-License-Identifier: AGPL-3.0-or-later
//! One message and how it looks in JSON.
//!
//! Rule: REST and gateway show the same message; the gateway adds `guild_id` and
//! `member`. Shapes follow Discord's "Messages Resource" page.

use serde_json::{Map, Value, json};

use super::clock;
use super::files::AttachmentRow;
use super::mentions::Ping;
use super::render;
use super::world::World;

/// `IS_COMPONENTS_V2` and friends are passed through; these two have an effect here.
pub(crate) const EPHEMERAL: u64 = 1 << 6;
/// The bot "is thinking".
pub(crate) const LOADING: u64 = 1 << 7;
/// A spoken message.
pub(crate) const VOICE: u64 = 1 << 13;
/// No previews of links.
pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;

/// Message type of an ordinary message.
pub(crate) const DEFAULT: u64 = 0;
/// Message type of "changed the name of the thread".
pub(crate) const CHANNEL_NAME_CHANGE: u64 = 4;
/// Message type of "pinned a message".
pub(crate) const PIN_ADDED: u64 = 6;
/// Message type of "started a thread".
pub(crate) const THREAD_CREATED: u64 = 18;
/// Message type of what stands at the top of a thread on a message.
pub(crate) const THREAD_STARTER: u64 = 21;
/// Message type of a poll's result.
pub(crate) const POLL_RESULT: u64 = 46;
/// Message type of a reply.
pub(crate) const REPLY: u64 = 19;
/// Message type of an answer to a slash command.
pub(crate) const COMMAND: u64 = 20;

/// Who posted.
#[derive(Clone, Debug)]
pub(crate) enum Author {
    User(u64),
    /// A webhook under the name and face of this one message.
    Webhook {
        id: u64,
        name: String,
        avatar: Option<String>,
        application: Option<u64>,
    },
}

/// An emoji of a reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emoji {
    /// `None` for a Unicode emoji.
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) animated: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    pub(crate) emoji: Emoji,
    pub(crate) users: Vec<u64>,
}

/// Another message that this one refers to: a reply or "pinned".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference {
    pub(crate) channel: u64,
    pub(crate) message: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) author: Author,
    pub(crate) kind: u64,
    pub(crate) content: String,
    pub(crate) embeds: Vec<Value>,
    pub(crate) components: Vec<Value>,
    pub(crate) attachments: Vec<AttachmentRow>,
    pub(crate) reference: Option<Reference>,
    pub(crate) edited: Option<u64>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) flags: u64,
    pub(crate) tts: bool,
    pub(crate) pings: Vec<Ping>,
    /// Of a poll: who voted, for which answer.
    pub(crate) votes: Vec<(u64, u64)>,
    /// Further fields as they are sent: `interaction_metadata`, `webhook_id`, `poll`.
    pub(crate) extra: Map<String, Value>,
}

impl MessageRow {
    pub(crate) fn ephemeral(&self) -> bool {
        self.flags & EPHEMERAL != 0
    }

    /// The webhook (or application) that it came through.
    pub(crate) fn webhook(&self) -> Option<u64> {
        match &self.author {
            Author::Webhook { id, .. } => Some(*id),
            Author::User(_) => self.extra.get("webhook_id")?.as_str()?.parse().ok(),
        }
    }

    /// The user, when it is not a webhook's.
    pub(crate) fn user(&self) -> Option<u64> {
        match &self.author {
            Author::User(user) => Some(*user),
            Author::Webhook { .. } => None,
        }
    }
}

impl Emoji {
    /// `👍`, or `name:id` as in the routes.
    pub(crate) fn key(&self) -> String {
        self.id.map_or_else(|| self.name.clone(), |id| format!("{}:{id}", self.name))
    }

    pub(crate) fn json(&self) -> Value {
        let id = self.id.map(|id| id.to_string());
        let mut json = json!({"id": id, "name": self.name});
        if let (true, Some(map)) = (self.id.is_some(), json.as_object_mut()) {
            map.insert("animated".into(), self.animated.into());
        }
        json
    }
}

/// A message as REST shows it.
pub(crate) fn rest(world: &World, row: &MessageRow) -> Value {
    let mut json = plain(world, row);
    if matches!(row.kind, REPLY | THREAD_STARTER)
        && let (Some(reference), Some(map)) = (row.reference, json.as_object_mut())
    {
        let target = world.message(reference.channel, reference.message);
        map.insert("referenced_message".into(), target.map(|row| plain(world, row)).into());
    }
    json
}

/// A message as the gateway shows it.
pub(crate) fn dispatched(world: &World, row: &MessageRow) -> Value {
    let mut json = rest(world, row);
    let guild = world.channels.get(&row.channel).and_then(|channel| channel.guild);
    let (Some(guild), Some(map)) = (guild, json.as_object_mut()) else { return json };
    map.insert("guild_id".into(), guild.to_string().into());
    // The gateway says of everybody who is mentioned what the guild knows of them.
    let members = world.guilds.get(&guild).map(|guild| &guild.members);
    let mentioned = map.get_mut("mentions").and_then(Value::as_array_mut);
    for user in mentioned.into_iter().flatten() {
        let id = user.get("id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
        let member = members.zip(id).and_then(|(members, id)| members.get(&id));
        if let (Some(member), Some(user)) = (member, user.as_object_mut()) {
            user.insert("member".into(), render::member_alone(member));
        }
    }
    let member = world.guilds.get(&guild).zip(row.user());
    if let Some(member) = member.and_then(|(guild, user)| guild.members.get(&user)) {
        map.insert("member".into(), render::member_alone(member));
    }
    json
}

fn plain(world: &World, row: &MessageRow) -> Value {
    let pinned = world.channels.get(&row.channel).is_some_and(|c| c.pins.contains_key(&row.id));
    let files: Vec<Value> = row.attachments.iter().map(|file| file.json(world)).collect();
    let mut json = json!({
        "id": row.id.to_string(), "type": row.kind, "channel_id": row.channel.to_string(),
        "content": row.content, "author": author(world, row), "attachments": files,
        "embeds": row.embeds, "components": row.components, "flags": row.flags,
        "timestamp": clock::iso(clock::made(row.id)), "edited_timestamp": row.edited.map(clock::iso),
        "pinned": pinned, "tts": row.tts,
        "mention_everyone": row.pings.iter().any(|p| matches!(p, Ping::Everyone | Ping::Here)),
        "mentions": mentioned(world, row), "mention_roles": roles(row),
    });
    let Some(map) = json.as_object_mut() else { return json };
    if let Author::Webhook { id, application, .. } = &row.author {
        map.insert("webhook_id".into(), id.to_string().into());
        if let Some(application) = application {
            map.insert("application_id".into(), application.to_string().into());
        }
    }
    if let Some(reference) = row.reference {
        map.insert("message_reference".into(), reference_json(world, reference));
    }
    if !row.reactions.is_empty() {
        let all: Vec<Value> = row.reactions.iter().map(|r| reaction(r, world.bot)).collect();
        map.insert("reactions".into(), all.into());
    }
    map.extend(row.extra.clone());
    let copies = map.get_mut("message_snapshots").and_then(Value::as_array_mut);
    let copies = copies.into_iter().flatten().filter_map(|copy| copy.get_mut("message"));
    copies.for_each(|copy| sign_copy(world, copy));
    json
}

/// Addresses of files live as long in a copy as in the original.
fn sign_copy(world: &World, copy: &mut Value) {
    let files = copy.get_mut("attachments").and_then(Value::as_array_mut);
    for file in files.into_iter().flatten() {
        let Some(map) = file.as_object_mut() else { continue };
        let url = map.get("url").and_then(Value::as_str);
        if let Some(url) = url.and_then(|url| super::files::sign_again(world, url)) {
            map.insert("url".into(), url.clone().into());
            map.insert("proxy_url".into(), url.into());
        }
    }
}

fn reference_json(world: &World, reference: Reference) -> Value {
    let mut json = json!({
        "type": 0, "channel_id": reference.channel.to_string(),
        "message_id": reference.message.to_string(),
    });
    let guild = world.channels.get(&reference.channel).and_then(|channel| channel.guild);
    if let (Some(guild), Some(map)) = (guild, json.as_object_mut()) {
        map.insert("guild_id".into(), guild.to_string().into());
    }
    json
}

fn author(world: &World, row: &MessageRow) -> Value {
    match &row.author {
        Author::User(user) => render::user(world, *user),
        Author::Webhook { id, name, avatar, .. } => json!({
            "id": id.to_string(), "username": name, "global_name": null, "discriminator": "0000",
            "avatar": avatar.as_deref().map(render::avatar_hash), "bot": true,
            "public_flags": 0, "flags": 0, "primary_guild": null,
        }),
    }
}

fn mentioned(world: &World, row: &MessageRow) -> Vec<Value> {
    let users = row.pings.iter().filter_map(|ping| match ping {
        Ping::User(user) | Ping::Replied(user) => Some(*user),
        Ping::Role(_) | Ping::Everyone | Ping::Here => None,
    });
    let mut seen: Vec<u64> = Vec::new();
    users.for_each(|user| {
        if !seen.contains(&user) {
            seen.push(user);
        }
    });
    seen.into_iter().map(|user| render::user(world, user)).collect()
}

fn roles(row: &MessageRow) -> Vec<String> {
    let roles = row.pings.iter().filter_map(|ping| match ping {
        Ping::Role(role) => Some(role.to_string()),
        Ping::User(_) | Ping::Replied(_) | Ping::Everyone | Ping::Here => None,
    });
    roles.collect()
}

fn reaction(reaction: &Reaction, bot: u64) -> Value {
    let count = reaction.users.len();
    json!({
        "emoji": reaction.emoji.json(), "count": count, "burst_colors": [], "me_burst": false,
        "count_details": {"burst": 0, "normal": count}, "me": reaction.users.contains(&bot),
    })
}

/// Takes out what an application without the message content intent may not see.
///
/// Its own messages, those that mention it and direct chats stay whole.
pub(crate) fn blank(message: &mut Value, bot: u64) {
    let bot = Value::from(bot.to_string());
    let own = message.pointer("/author/id") == Some(&bot);
    let named = message.get("mentions").and_then(Value::as_array);
    let named = named.is_some_and(|all| all.iter().any(|user| user.get("id") == Some(&bot)));
    let Some(map) = message.as_object_mut() else { return };
    if !own && !named {
        map.insert("content".into(), "".into());
        for key in ["embeds", "attachments", "components"] {
            map.insert(key.into(), Value::Array(Vec::new()));
        }
        map.remove("poll");
    }
    if let Some(replied) = map.get_mut("referenced_message").filter(|value| value.is_object()) {
        blank(replied, bot.as_str().and_then(|id| id.parse().ok()).unwrap_or(0));
    }
}
