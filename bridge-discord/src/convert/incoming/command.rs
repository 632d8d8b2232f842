// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands: `/freeside ...` in a channel, and words to the bot in private.
//!
//! Rule: the rights are those that Discord computed for this channel.

use bridge_model::{Command, Content, Event, MessageId, Place};
use serde_json::Value;

use super::field::{id, list, text};
use super::{Ours, author};
use crate::{COMMAND, NETWORK, rights};

/// A slash command, and how to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slash {
    /// What the core hears.
    pub event: Event,
    /// The interaction's id.
    pub interaction: String,
    /// The interaction's token; good for 15 minutes.
    pub token: String,
}

/// Reads `INTERACTION_CREATE` of our command; `None` for every other interaction.
///
/// See <https://discord.com/developers/docs/interactions/receiving-and-responding>.
pub fn slash(raw: &Value, ours: &Ours) -> Option<Slash> {
    let data = raw.get("data")?;
    if raw.get("type").and_then(Value::as_u64) != Some(2) || text(data, "name") != Some(COMMAND) {
        return None;
    }
    let interaction = id(raw, "id")?.to_owned();
    let token = text(raw, "token")?.to_owned();
    let application = id(raw, "application_id").unwrap_or(&ours.application);
    let member = raw.get("member");
    let user = member.and_then(|member| member.get("user")).or_else(|| raw.get("user"))?;
    let channel = raw.get("channel");
    // Whoever speaks in a thread means the channel around it.
    let thread = channel.and_then(super::Thread::read);
    let title = channel.filter(|_| thread.is_none()).and_then(|channel| text(channel, "name"));
    let chat = match &thread {
        Some(thread) => thread.parent.as_str(),
        None => id(raw, "channel_id")?,
    };
    let command = Command {
        by: author::of_user(user, member, ours)?,
        text: words(data),
        rights: member.map(|member| rights::of_bits(rights::bits(member.get("permissions")))),
        reply_to: None,
        answer_via: Some(format!("{application}/{token}")),
        language: text(raw, "locale").map(str::to_owned),
        chat_title: title.map(|name| format!("#{name}")),
        private: member.is_none(),
    };
    let event = Event {
        place: Place::new(NETWORK, chat),
        message: MessageId::from(interaction.as_str()),
        late: false,
        content: Content::Commanded(command),
    };
    Some(Slash { event, interaction, token })
}

/// The subcommand and its arguments as one line.
fn words(data: &Value) -> String {
    let mut words = Vec::new();
    for subcommand in list(data, "options") {
        words.extend(text(subcommand, "name").map(str::to_owned));
        for option in list(subcommand, "options") {
            match option.get("value") {
                Some(Value::String(value)) => words.push(value.trim().to_owned()),
                Some(value) => words.push(value.to_string()),
                None => {}
            }
        }
    }
    words.join(" ")
}

/// Reads a message to the bot in private as a command; `None` for bots and for
/// messages in a server.
pub fn private(raw: &Value, ours: &Ours) -> Option<Event> {
    if raw.get("guild_id").is_some_and(|guild| !guild.is_null()) {
        return None;
    }
    let by = author::of_message(raw, ours)?;
    if by.kind != bridge_model::AuthorKind::Person {
        return None;
    }
    let words = text(raw, "content")?.trim();
    let words = words.trim_start_matches(['/', '!']);
    let words = words.strip_prefix(COMMAND).unwrap_or(words).trim();
    let command = Command {
        by,
        text: words.to_owned(),
        rights: None,
        reply_to: None,
        answer_via: None,
        language: None,
        chat_title: None,
        private: true,
    };
    Some(Event {
        place: Place::new(NETWORK, id(raw, "channel_id")?),
        message: MessageId::from(id(raw, "id")?),
        late: false,
        content: Content::Commanded(command),
    })
}
