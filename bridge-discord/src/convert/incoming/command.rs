// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands: `/freeside ...` in a channel, and words to the bot, in private or by its name.
//!
//! Rule: the rights are those that Discord computed for this channel.

use bot_core::desk::commands::{Command as Named, about_oneself};
use bridge_model::{Command, Content, Event, MessageId, Place};
use serde_json::Value;

use super::field::{id, list, number, text};
use super::{Ours, author};
use crate::token::Token;
use crate::{COMMAND, NETWORK, rights};

/// A slash command, and how to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slash {
    /// What the core hears.
    pub event: Event,
    /// The interaction's id.
    pub interaction: String,
    /// The interaction's token; good for 15 minutes.
    pub token: Token,
}

/// Reads `INTERACTION_CREATE` of our command, of an entry in the menu of a message, and of a button
/// below our words; `None` for every other interaction. `menus` are our entries and the commands
/// that they stand for.
///
/// See <https://discord.com/developers/docs/interactions/receiving-and-responding>.
pub fn slash(raw: &Value, ours: &Ours, menus: &[(String, String)]) -> Option<Slash> {
    let data = raw.get("data")?;
    let chosen = chosen(raw, data, menus)?;
    let interaction = id(raw, "id")?.to_owned();
    let token = text(raw, "token")?;
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
    let in_thread = |message: &str| match &thread {
        Some(thread) => thread.message(message),
        None => MessageId::from(message),
    };
    let command = Command {
        by: author::of_user(user, id(raw, "guild_id").zip(member), ours)?,
        text: chosen.words,
        rights: member.map(|member| rights::of_bits(rights::bits(member.get("permissions")))),
        reply_to: chosen.about.map(in_thread),
        pressed: chosen.below.map(in_thread),
        answer_via: Some(format!("{application}/{token}")),
        language: text(raw, "locale").map(str::to_owned),
        chat_title: title.map(|name| format!("#{name}")),
        private: member.is_none(),
        on_page: false,
    };
    let event = Event {
        place: Place::new(NETWORK, chat),
        message: MessageId::from(interaction.as_str()),
        late: false,
        content: Content::Commanded(command),
    };
    Some(Slash { event, interaction, token: token.into() })
}

/// What was chosen: by typing, in the menu of a message, or with a button.
struct ChosenCommand<'a> {
    words: String,
    /// The message in whose menu it stood.
    about: Option<&'a str>,
    /// The message below which it stood.
    below: Option<&'a str>,
}

fn chosen<'a>(
    raw: &'a Value,
    data: &'a Value,
    menus: &[(String, String)],
) -> Option<ChosenCommand<'a>> {
    match (number(raw, "type"), number(data, "type")) {
        (2, 3) => {
            let name = text(data, "name")?;
            let (_, command) = menus.iter().find(|(known, _)| known == name)?;
            Some(ChosenCommand {
                words: command.clone(),
                about: id(data, "target_id"),
                below: None,
            })
        }
        (2, _) if text(data, "name") == Some(COMMAND) => {
            Some(ChosenCommand { words: words(data), about: None, below: None })
        }
        (3, _) => {
            let words = text(data, "custom_id")?.to_owned();
            let below = raw.get("message").and_then(|message| id(message, "id"));
            Some(ChosenCommand { words, about: None, below })
        }
        _ => None,
    }
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

/// Reads a message in a channel that is written to the bot: `@Freeside status`, or a command about
/// oneself behind a slash, which is a message where Discord did not take it for its own command.
pub(super) fn addressed(raw: &Value, ours: &Ours) -> Option<Event> {
    let content = text(raw, "content")?.trim();
    let called = [format!("<@{}>", ours.bot), format!("<@!{}>", ours.bot)];
    let called = called.iter().filter(|_| !ours.bot.is_empty());
    let named = called.filter_map(|called| content.strip_prefix(called)).next().and_then(|rest| {
        let rest = rest.trim_start_matches([':', ',']).trim().trim_start_matches('/');
        rest.split_whitespace().next().is_some_and(Named::is_named).then_some(rest)
    });
    let words = named.or_else(|| about_oneself(content))?;
    typed(raw, ours, (words, false))
}

/// Reads a message to the bot in private as a command; `None` for bots and for
/// messages in a server.
pub fn private(raw: &Value, ours: &Ours) -> Option<Event> {
    if raw.get("guild_id").is_some_and(|guild| !guild.is_null()) {
        return None;
    }
    let words = text(raw, "content")?.trim();
    let words = words.trim_start_matches(['/', '!']);
    let named = words.get(..COMMAND.len()).is_some_and(|head| head.eq_ignore_ascii_case(COMMAND));
    let words = words.get(COMMAND.len()..).filter(|_| named).unwrap_or(words);
    let words = words.trim_start_matches([':', ',']).trim();
    typed(raw, ours, (words, true))
}

/// A message of a person as a command: its words, and whether nobody else reads them.
fn typed(raw: &Value, ours: &Ours, (words, private): (&str, bool)) -> Option<Event> {
    let by = author::of_message(raw, ours)?;
    if by.kind != bridge_model::AuthorKind::Person {
        return None;
    }
    let command = Command {
        by,
        text: words.to_owned(),
        rights: None,
        reply_to: None,
        pressed: None,
        answer_via: None,
        language: None,
        chat_title: None,
        private,
        on_page: false,
    };
    Some(Event {
        place: Place::new(NETWORK, id(raw, "channel_id")?),
        message: MessageId::from(id(raw, "id")?),
        late: false,
        content: Content::Commanded(command),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(content: &str) -> Option<String> {
        let ours = Ours { bot: "7".to_owned(), ..Ours::default() };
        let author = json!({"id": "8", "username": "dora"});
        let raw = json!({"id": "1", "channel_id": "2", "guild_id": "3", "author": author,
            "content": content, "type": 0});
        let Content::Commanded(command) = addressed(&raw, &ours)?.content else { return None };
        Some(command.text)
    }

    #[test]
    fn what_is_written_to_the_bot_in_a_channel_is_a_command() {
        for (content, command) in [
            ("/stop", "stop"),
            ("/optout everywhere", "optout everywhere"),
            ("<@7> optout", "optout"),
            ("<@!7>: /status", "status"),
        ] {
            assert_eq!(said(content).as_deref(), Some(command), "{content}");
        }
        for content in ["/stop it", "stop", "<@8> optout", "<@7> is nice", "/help", ""] {
            assert_eq!(said(content), None, "{content}");
        }
    }
}
