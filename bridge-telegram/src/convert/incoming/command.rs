// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words addressed to the bot, <https://core.telegram.org/bots/features#commands>.
//!
//! Rule: only what is certainly meant for us. `/name` counts for the names of this bridge, other
//! bots may stand in the same group; `/name@us` always counts.

use bridge_model::{Author, AuthorKind, Command, MessageId};
use teloxide::types::{Message, MessageEntityKind};

use super::{Us, reply};

/// The commands that are understood without naming the bot.
pub const KNOWN: [&str; 8] =
    ["link", "unlink", "status", "help", "privacy", "matrix", "delete", "start"];

/// Reads a command that is addressed to us.
pub(super) fn of_message(message: &Message, by: &Author, us: &Us) -> Option<Command> {
    if by.kind == AuthorKind::Bot {
        return None;
    }
    let text = words(message, us)?;
    let language = message.from.as_ref().and_then(|user| user.language_code.clone());
    Some(Command {
        by: by.clone(),
        text,
        rights: None,
        reply_to: reply::answered(message).map(|it| MessageId::new(it.id.0.to_string())),
        answer_via: None,
        language,
        chat_title: message.chat.title().map(str::to_owned),
        private: message.chat.is_private(),
    })
}

fn words(message: &Message, us: &Us) -> Option<String> {
    let text = message.text()?;
    let mark = message.entities()?.iter().find(|entity| entity.offset == 0)?;
    if mark.kind != MessageEntityKind::BotCommand {
        return None;
    }
    // A command is ASCII, so code units are bytes.
    let (head, rest) = text.split_at_checked(mark.length)?;
    let head = head.strip_prefix('/')?;
    let name = match head.split_once('@') {
        Some((name, bot)) if bot.eq_ignore_ascii_case(&us.username) => name,
        Some(_) => return None,
        None if KNOWN.iter().any(|known| head.eq_ignore_ascii_case(known)) => head,
        None => return None,
    };
    let rest = rest.trim();
    let gap = if rest.is_empty() { "" } else { " " };
    Some(format!("{}{gap}{rest}", name.to_ascii_lowercase()))
}
