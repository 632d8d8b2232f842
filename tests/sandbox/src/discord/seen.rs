// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a person sees in a channel.
//!
//! Rule: only what a client shows is here; nothing tells how it came about.

use bytes::Bytes;
use serde_json::Value;

use super::board::{self, SeenPoll};
use super::components;
use super::guild::avatar_url;
use super::mentions::Ping;
use super::message::{Author, LOADING, MessageRow, REPLY};
use super::world::World;

/// One message as people see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The message's id.
    pub id: u64,
    /// The channel's id.
    pub channel: u64,
    /// 0 ordinary, 6 "pinned a message", 19 reply, 20 answer to a command.
    pub kind: u64,
    /// The name above it: the webhook's name for this message, nick or display name.
    pub author: String,
    /// The author's picture.
    pub avatar_url: Option<String>,
    /// The user, unless a webhook posted it.
    pub user: Option<u64>,
    /// The webhook that posted it (for answers to commands, the application).
    pub webhook: Option<u64>,
    /// The text, in Discord's Markdown.
    pub content: String,
    /// Embeds in the platform's JSON.
    pub embeds: Vec<Value>,
    /// Files.
    pub attachments: Vec<SeenFile>,
    /// The message that it replies to.
    pub reply: Option<u64>,
    /// It is marked "(edited)".
    pub edited: bool,
    /// Reactions in the order in which they came.
    pub reactions: Vec<SeenReaction>,
    /// It is pinned.
    pub pinned: bool,
    /// What stands on the buttons below it, in order.
    pub buttons: Vec<String>,
    /// Message flags.
    pub flags: u64,
    /// Whom it pinged.
    pub pings: Vec<Ping>,
    /// Its poll.
    pub poll: Option<SeenPoll>,
}

/// One file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    /// Name in the address.
    pub name: String,
    /// Content type.
    pub mime: String,
    /// What is in it.
    pub bytes: Bytes,
    /// Alternative text.
    pub description: Option<String>,
    /// It is hidden until clicked.
    pub spoiler: bool,
}

/// One kind of reaction on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenReaction {
    /// `👍` or `name:id`.
    pub emoji: String,
    /// Ids of those who gave it.
    pub users: Vec<u64>,
}

/// What a person sees as the answer to a command.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The message.
    pub message: Seen,
    /// Only the person who asked sees it.
    pub ephemeral: bool,
}

impl Seen {
    /// One line for transcripts.
    pub fn line(&self) -> String {
        let mut line = format!("{}  {}: {}", self.id, self.author, self.content);
        let reply = self.reply.map(|to| format!(" [reply to {to}]"));
        let files = self.attachments.iter().map(|file| format!(" [file {}]", file.name));
        let faces = self.reactions.iter().map(|r| format!(" [{} x{}]", r.emoji, r.users.len()));
        line.extend(self.poll.iter().map(|poll| format!(" [poll {}]", poll.question)));
        line.extend(reply.into_iter().chain(files).chain(faces));
        for (mark, set) in [(" (edited)", self.edited), (" (pinned)", self.pinned)] {
            line.push_str(if set { mark } else { "" });
        }
        line
    }

    /// Who gave this reaction.
    pub fn reacted(&self, emoji: &str) -> Vec<u64> {
        let found = self.reactions.iter().find(|reaction| reaction.emoji == emoji);
        found.map(|reaction| reaction.users.clone()).unwrap_or_default()
    }
}

/// The messages that everybody sees, oldest first.
pub(crate) fn all(world: &World, channel: u64) -> Vec<Seen> {
    let rows = world.channels.get(&channel).into_iter().flat_map(|row| row.messages.values());
    rows.filter(|row| !row.ephemeral()).map(|row| one(world, row)).collect()
}

/// One message.
pub(crate) fn one(world: &World, row: &MessageRow) -> Seen {
    let channel = world.channels.get(&row.channel);
    let guild = channel.and_then(|channel| channel.guild);
    let (author, avatar) = match &row.author {
        Author::User(user) => (world.shown_name(guild, *user), avatar_url(world, *user)),
        Author::Webhook { name, avatar, .. } => (name.clone(), avatar.clone()),
    };
    let files = row.attachments.iter().map(|file| SeenFile {
        name: file.filename.clone(),
        mime: file.file.mime.clone(),
        bytes: file.file.bytes.clone(),
        description: file.file.description.clone(),
        spoiler: file.filename.starts_with("SPOILER_"),
    });
    let reactions = row.reactions.iter().map(|reaction| SeenReaction {
        emoji: reaction.emoji.key(),
        users: reaction.users.clone(),
    });
    let buttons = components::buttons(&row.components).into_iter();
    Seen {
        id: row.id,
        channel: row.channel,
        kind: row.kind,
        author,
        avatar_url: avatar,
        user: row.user(),
        webhook: row.webhook(),
        content: row.content.clone(),
        embeds: row.embeds.clone(),
        attachments: files.collect(),
        reply: row.reference.filter(|_| row.kind == REPLY).map(|reference| reference.message),
        edited: row.edited.is_some(),
        reactions: reactions.collect(),
        pinned: channel.is_some_and(|channel| channel.pins.contains_key(&row.id)),
        buttons: buttons.map(|(label, _)| label).collect(),
        flags: row.flags,
        pings: row.pings.clone(),
        poll: board::poll(row),
    }
}

/// A message that is still in its loading state is no answer yet.
pub(crate) fn answer(world: &World, row: &MessageRow) -> Option<Answered> {
    let loading = row.flags & LOADING != 0;
    (!loading).then(|| Answered { message: one(world, row), ephemeral: row.ephemeral() })
}
