// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes of reactions.
//!
//! Rule: an emoji in a path is percent-encoded, `👍` or `name:id`; anything else is
//! 10014, as "Create Reaction" says.

use super::{Call, id, threads, wrong_method};
use crate::discord::message::Emoji;
use crate::discord::path;
use crate::discord::permissions::{
    ADD_REACTIONS, MANAGE_MESSAGES, READ_MESSAGE_HISTORY, USE_EXTERNAL_EMOJIS,
};
use crate::discord::refusal::{Answer, Outcome, Refusal, invalid, unknown_emoji, unknown_message};
use crate::discord::render;
use crate::discord::world::World;

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let (["channels", channel, "messages", message, "reactions", rest @ ..], method) =
        (call.steps.as_slice(), call.method)
    else {
        return wrong_method();
    };
    let at = (id(channel)?, id(message)?);
    let row = world.allowed(at.0, READ_MESSAGE_HISTORY)?;
    if method != "GET" {
        threads::awake(row)?;
    }
    world.message(at.0, at.1).ok_or_else(unknown_message)?;
    let bot = world.bot;
    match (method, rest) {
        ("PUT", [emoji, "@me"]) => {
            let emoji = emoji_of(world, emoji)?;
            may_add(world, at, &emoji)?;
            world.react(at, bot, &emoji)?;
        }
        ("DELETE", [emoji, "@me"]) => {
            let emoji = emoji_of(world, emoji)?;
            world.unreact(at, bot, &emoji)?;
        }
        ("DELETE", [emoji, user]) => {
            world.allowed(at.0, MANAGE_MESSAGES)?;
            let emoji = emoji_of(world, emoji)?;
            world.unreact(at, id(user)?, &emoji)?;
        }
        ("DELETE", [emoji]) => {
            world.allowed(at.0, MANAGE_MESSAGES)?;
            let emoji = emoji_of(world, emoji)?;
            world.clear_reactions(at, Some(&emoji))?;
        }
        ("DELETE", []) => {
            world.allowed(at.0, MANAGE_MESSAGES)?;
            world.clear_reactions(at, None)?;
        }
        ("GET", [emoji]) => return users(world, (call, at), &emoji_of(world, emoji)?),
        _ => return wrong_method(),
    }
    Ok(Answer::Empty)
}

/// In the order of their ids, 25 in a page or up to 100.
fn users(world: &World, (call, at): (&Call, (u64, u64)), emoji: &Emoji) -> Outcome {
    let limit = call.query("limit").map_or(Some(25), |limit| limit.parse::<usize>().ok());
    let Some(limit) = limit.filter(|limit| (1..=100).contains(limit)) else {
        let text = "int value should be less than or equal to 100.";
        return Err(invalid("limit", "NUMBER_TYPE_MAX", text));
    };
    let after = call.query("after").map(|text: String| id(&text)).transpose()?.unwrap_or(0);
    let row = world.message(at.0, at.1).ok_or_else(unknown_message)?;
    let reaction = row.reactions.iter().find(|reaction| reaction.emoji == *emoji);
    let users = reaction.into_iter().flat_map(|reaction| &reaction.users);
    let mut users: Vec<u64> = users.copied().filter(|user| *user > after).collect();
    users.sort_unstable();
    users.truncate(limit);
    Ok(Answer::Json(users.into_iter().map(|user| render::user(world, user)).collect()))
}

/// Only a reaction that nobody gave before needs a right of its own.
fn may_add(world: &World, at: (u64, u64), emoji: &Emoji) -> Result<(), Refusal> {
    let there = world.message(at.0, at.1).into_iter().flat_map(|row| &row.reactions);
    if there.into_iter().any(|reaction| reaction.emoji == *emoji) {
        return Ok(());
    }
    world.allowed(at.0, ADD_REACTIONS)?;
    let guild = world.channels.get(&at.0).and_then(|row| world.guilds.get(&row.guild?));
    let foreign = emoji
        .id
        .is_some_and(|id| guild.is_none_or(|guild| guild.emojis.iter().all(|one| one.id != id)));
    if foreign {
        world.allowed(at.0, USE_EXTERNAL_EMOJIS)?;
    }
    Ok(())
}

/// Reads the emoji of a path.
pub(crate) fn emoji_of(world: &World, step: &str) -> Result<Emoji, Refusal> {
    let text = path::decode(step);
    if let Some((_, id)) = text.rsplit_once(':') {
        let id: u64 = id.parse().map_err(|_| unknown_emoji())?;
        let mut all = world.guilds.values().flat_map(|guild| &guild.emojis);
        let row = all.find(|row| row.id == id).ok_or_else(unknown_emoji)?;
        return Ok(Emoji { id: Some(id), name: row.name.clone(), animated: row.animated });
    }
    if !is_unicode_emoji(&text) {
        return Err(unknown_emoji());
    }
    Ok(Emoji { id: None, name: text, animated: false })
}

/// Whether the text can be one Unicode emoji: only characters of the emoji blocks and
/// what joins them, not just any word.
fn is_unicode_emoji(text: &str) -> bool {
    let keycap = text.ends_with('\u{20e3}');
    let picture = |c: char| {
        matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}')
            || matches!(
                c,
                '\u{2190}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            )
            || matches!(c, '\u{1f000}'..='\u{1faff}')
            || keycap && matches!(c, '0'..='9' | '#' | '*')
    };
    let joint =
        |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}');
    let pictures = text.chars().filter(|c| picture(*c)).count();
    (1..=8).contains(&pictures) && text.chars().all(|c| picture(c) || joint(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_emoji() {
        for emoji in ["👍", "👍🏽", "❤️", "1️⃣", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪"]
        {
            assert!(is_unicode_emoji(emoji), "{emoji}");
        }
        for word in ["", "a", "1", ":+1:", "thumbsup", "ж", "👍a"] {
            assert!(!is_unicode_emoji(word), "{word}");
        }
    }
}
