// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the platform finds in text by itself: commands, mentions, hashtags, links, addresses.
//!
//! Rule: nothing is found inside code, links and mentions that are already there.
//! Source: <https://core.telegram.org/bots/api#messageentity>.

use super::nesting::overlap;
use super::text::Entity;

/// Adds what is found, in the order of the text.
pub(super) fn spot(text: &str, entities: &mut Vec<Entity>) {
    let mut at = 0;
    let mut found = Vec::new();
    for word in text.split_inclusive([' ', '\n', '(', ')', '"', ',']) {
        let units = word.encode_utf16().count();
        let bare = word.trim_end_matches([' ', '\n', '(', ')', '"', ',', '.', ':', ';', '!', '?']);
        if let Some((kind, length)) = kind(bare) {
            found.push(Entity::plain(kind, at, length));
        }
        at += units;
    }
    let taken = |new: &Entity, old: &Entity| {
        let solid = matches!(
            old.kind.as_str(),
            "pre" | "code" | "text_link" | "text_mention" | "custom_emoji" | "date_time"
        );
        solid && overlap(new, old)
    };
    found.retain(|new| !entities.iter().any(|old| taken(new, old)));
    entities.extend(found);
    entities.sort_by(|a, b| (a.offset, b.length).cmp(&(b.offset, a.length)));
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn kind(word: &str) -> Option<(&'static str, usize)> {
    let name = |rest: &str| -> usize {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count()
    };
    if let Some(rest) = word.strip_prefix('/') {
        let command = name(rest);
        let bot = rest.split_once('@').filter(|(before, _)| before.len() == command);
        let bot = bot.map_or(0, |(_, bot)| if name(bot) >= 3 { name(bot) + 1 } else { 0 });
        return (1..=64).contains(&command).then_some(("bot_command", 1 + command + bot));
    }
    if let Some(rest) = word.strip_prefix('@') {
        return (3..=32).contains(&name(rest)).then(|| ("mention", 1 + name(rest)));
    }
    if let Some(rest) = word.strip_prefix('#') {
        let tag: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let named = tag.chars().any(char::is_alphabetic);
        return named.then(|| ("hashtag", 1 + units(&tag)));
    }
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    if rest.is_some_and(|rest| rest.split('/').next().is_some_and(|host| host.contains('.'))) {
        return Some(("url", units(word)));
    }
    let (user, host) = word.split_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    let address = !user.is_empty() && host.contains('.') && !host.starts_with('.');
    (address && user.chars().chain(host.chars()).all(plain)).then(|| ("email", units(word)))
}
