// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words that are said to the core bot.
//!
//! Rule: what begins with the prefix is a command in every room. What begins with the bot's name is
//! one only where a word that commands begin with follows: people also talk about the bot. What asks
//! for something about oneself counts behind a bare slash, too.

use bot_core::desk::commands::{Command, about_oneself};
use serde_json::Value;

use super::{Own, text};

/// The command in `body`, without what it is addressed with; `None` where it is none.
pub(super) fn command<'a>(body: &'a str, content: &Value, own: &Own<'_>) -> Option<&'a str> {
    if let Some(rest) = behind(body, own.command_prefix) {
        return Some(behind_sign(rest).unwrap_or(rest).trim());
    }
    let named = named(body, content, own).map(str::trim);
    named.or_else(|| own.private.then_some(body)).or_else(|| about_oneself(body))
}

/// What follows the name of the bot: its Matrix id, the first part of it, its name in the room or the
/// prefix without its sign.
fn named<'a>(body: &'a str, content: &Value, own: &Own<'_>) -> Option<&'a str> {
    let local = own.bot.split(':').next().unwrap_or_default();
    let word = own.command_prefix.trim_start_matches('!');
    let shown = (own.name)(own.bot).unwrap_or_default();
    let names = [own.bot, local, local.trim_start_matches('@'), word, &shown];
    let found = names.into_iter().filter(|name| !name.is_empty());
    let rest = found.filter_map(|name| behind(body, name)).min_by_key(|rest| rest.len())?;
    let (rest, called) = match behind_sign(rest) {
        Some(rest) => (rest, true),
        None => (rest, is_pill(content, own.bot) || own.private),
    };
    let mut words = rest.split_whitespace();
    let is_command = words.next().is_some_and(Command::is_named);
    // "Freeside help us with the report" is said to people.
    (is_command && (called || words.next().is_none())).then_some(rest)
}

/// Clients write a colon or a comma behind a name at the start.
fn behind_sign(rest: &str) -> Option<&str> {
    rest.trim_start().strip_prefix([':', ','])
}

/// What follows `name`, as a word of its own. Phones write the first letter of a line large.
fn behind<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (head, rest) = body.split_at_checked(name.len())?;
    let ends = rest.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, ':' | ','));
    (ends && head.to_lowercase() == name.to_lowercase()).then_some(rest)
}

/// The bot was addressed natively ("Mentioning the user or room").
fn is_pill(content: &Value, bot: &str) -> bool {
    let called = content.get("m.mentions").and_then(|it| it.get("user_ids")?.as_array());
    called.is_some_and(|called| called.iter().any(|id| id.as_str() == Some(bot)))
}

/// Whether a command, without its prefix, begins with a word that is one.
pub(super) fn is_known(command: &str) -> bool {
    command.split_whitespace().next().is_none_or(Command::is_named)
}

/// The content of the new version that an edit brings.
pub(super) fn newer(content: &Value) -> &Value {
    let relation = content.get("m.relates_to");
    let edits = relation.and_then(|it| text(it, "rel_type")) == Some("m.replace");
    content.get("m.new_content").filter(|_| edits).unwrap_or(content)
}
