// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words addressed to the bot, <https://core.telegram.org/bots/features#commands>.
//!
//! Rule: only what is certainly meant for us. `/name` counts for the names of this bridge, other
//! bots may stand in the same group; `/name@us` always counts.

use bot_core::desk::commands::Command as Named;
use bridge_model::{Author, AuthorKind, Command, Content, Event, MessageId};
use serde_json::Value;

use super::field::{count, int, list, object, text};
use super::{Us, author, event, message_id, reply};

/// The commands that are understood without naming the bot.
///
/// Whatever stands in the menu is among them: people type it as they read it there.
pub const KNOWN: [&str; 30] = [
    "link",
    "unlink",
    "confirm",
    "status",
    "help",
    "faq",
    "privacy",
    "matrix",
    "delete",
    "set",
    "start",
    "stage",
    "selftest",
    "audit",
    "vote",
    "report",
    "exception",
    "ban",
    "unban",
    "kick",
    "mute",
    "unmute",
    "purge",
    "optout",
    "optin",
    "stop",
    "pseudonym",
    "mydata",
    "version",
    "source",
];

/// A button below our words was pressed, <https://core.telegram.org/bots/api#callbackquery>; empty
/// where it says nothing that we could do.
pub(super) fn pressed(query: &Value) -> Option<Vec<Event>> {
    let by = author::of_user(object(query, "from")?)?;
    let (Some(said), Some(message)) = (text(query, "data"), object(query, "message")) else {
        return Some(Vec::new());
    };
    let chat = object(message, "chat")?;
    let language = object(query, "from").and_then(|user| text(user, "language_code"));
    let command = Command {
        by,
        text: said.to_owned(),
        rights: None,
        reply_to: None,
        pressed: message_id(message),
        answer_via: None,
        language: language.map(str::to_owned),
        chat_title: text(chat, "title").map(str::to_owned),
        private: text(chat, "type") == Some("private"),
        on_page: false,
    };
    let content = Content::Commanded(command);
    // Each press is a command of its own.
    let id = MessageId::new(format!("press/{}", text(query, "id")?));
    Some(vec![event(int(chat, "id")?, id, content)])
}

/// Reads a command that is addressed to us.
pub(super) fn of_message(message: &Value, by: &Author, us: &Us) -> Option<Command> {
    if by.kind == AuthorKind::Bot {
        return None;
    }
    let chat = object(message, "chat")?;
    let private = text(chat, "type") == Some("private");
    let said = words(message, us).or_else(|| if private { alone(message) } else { None })?;
    let language = object(message, "from").and_then(|user| text(user, "language_code"));
    Some(Command {
        by: by.clone(),
        text: said,
        rights: None,
        reply_to: reply::answered(message).and_then(message_id),
        pressed: None,
        answer_via: None,
        language: language.map(str::to_owned),
        chat_title: text(chat, "title").map(str::to_owned),
        private,
        on_page: false,
    })
}

/// Reads a command that a message became when it was changed, with an id of its own. The answer stands
/// below the message; whether the message was a command before is for the core to know.
pub(super) fn of_edit(
    message: &Value,
    (id, by): (&MessageId, &Author),
    us: &Us,
) -> Option<(MessageId, Command)> {
    let command = of_message(message, by, us)?;
    let edit = MessageId::new(format!("edit/{}/{}", id.as_str(), int(message, "edit_date")?));
    Some((edit, Command { pressed: Some(id.clone()), ..command }))
}

/// `@bot status`: the bot by its name, and a command behind it.
fn named(said: &str, us: &Us) -> Option<String> {
    let (head, rest) =
        said.strip_prefix('@')?.split_once(|c: char| c.is_whitespace() || c == ':')?;
    let rest = rest.trim().trim_start_matches('/');
    let is_command = rest.split_whitespace().next().is_some_and(Named::is_named);
    (is_command && head.eq_ignore_ascii_case(&us.username)).then(|| rest.to_owned())
}

/// In a chat with the bot alone everything that is written is for the bot.
fn alone(message: &Value) -> Option<String> {
    let said = text(message, "text")?.trim();
    let said = said.strip_prefix('/').unwrap_or(said);
    (!said.is_empty()).then(|| said.to_owned())
}

fn words(message: &Value, us: &Us) -> Option<String> {
    let said = text(message, "text")?;
    if let Some(command) = named(said, us) {
        return Some(command);
    }
    let mark = list(message, "entities").iter().find(|entity| int(entity, "offset") == Some(0))?;
    if text(mark, "type") != Some("bot_command") {
        return None;
    }
    // A command is ASCII, so code units are bytes.
    let length = count(mark, "length").and_then(|it| usize::try_from(it).ok())?;
    let (head, rest) = said.split_at_checked(length)?;
    let head = head.strip_prefix('/')?;
    let name = match head.split_once('@') {
        Some((name, bot)) if bot.eq_ignore_ascii_case(&us.username) => name,
        Some(_) => return None,
        // Other bots take an answer with this word as a complaint about what is answered.
        None if head.eq_ignore_ascii_case("report") && reply::answered(message).is_some() => {
            return None;
        }
        None if KNOWN.iter().any(|known| head.eq_ignore_ascii_case(known)) => head,
        None => return None,
    };
    let rest = rest.trim();
    let gap = if rest.is_empty() { "" } else { " " };
    Some(format!("{}{gap}{rest}", name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_the_menu_is_understood_without_the_name_of_the_bot() {
        for command in Named::ALL.iter().filter(|command| command.entry().remote) {
            assert!(KNOWN.contains(&command.name()), "{}", command.name());
        }
    }
}
