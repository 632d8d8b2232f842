// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changed reactions, <https://core.telegram.org/bots/api#messagereactionupdated>.
//!
//! Rule: the platform tells the whole set before and after; what crosses is the difference.

use bridge_model::{Content, Event, Reaction};
use serde_json::Value;

use super::field::{list, object, text};
use super::{Us, author, chat_id, event, message_id};

/// Reads a `message_reaction` update. Counts of anonymous reactions (`message_reaction_count`)
/// are not asked for: they tell neither who reacted nor what is new.
pub(super) fn read(body: &Value, us: &Us) -> Option<Vec<Event>> {
    let (chat, message) = (chat_id(body)?, message_id(body)?);
    let user = object(body, "user");
    if user.is_some_and(|it| us.is(it)) {
        return Some(Vec::new());
    }
    let by = user
        .and_then(author::of_user)
        .or_else(|| object(body, "actor_chat").and_then(author::of_chat))?;
    let set = |name| list(body, name).iter().filter_map(reaction).collect::<Vec<_>>();
    let (old, new) = (set("old_reaction"), set("new_reaction"));
    let gone = old
        .iter()
        .filter(|it| !new.contains(it))
        .map(|it| Content::Unreacted { by: by.user.clone(), reaction: it.clone() });
    let come = new.iter().filter(|it| !old.contains(it)).map(|it| Content::Reacted {
        by: by.clone(),
        reaction: it.clone(),
        id: None,
    });
    Some(gone.chain(come).map(|it| event(chat, message.clone(), it)).collect())
}

/// Whether this version knows this kind of reaction.
pub(super) fn is_known(kind: &Value) -> bool {
    reaction(kind).is_some()
}

fn reaction(kind: &Value) -> Option<Reaction> {
    match text(kind, "type")? {
        "emoji" => Some(Reaction::Emoji(text(kind, "emoji")?.to_owned())),
        "custom_emoji" => Some(Reaction::Custom {
            id: text(kind, "custom_emoji_id")?.to_owned(),
            name: "custom_emoji".to_owned(),
        }),
        // A paid reaction is a star, whatever it cost.
        "paid" => Some(Reaction::Emoji("⭐".to_owned())),
        _ => None,
    }
}
