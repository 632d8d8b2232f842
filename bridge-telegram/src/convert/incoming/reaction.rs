// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changed reactions, <https://core.telegram.org/bots/api#messagereactionupdated>.
//!
//! Rule: the platform tells the whole set before and after; what crosses is the difference.

use bridge_model::{Content, Event, Reaction};
use serde_json::Value;
use teloxide::types::{MaybeAnonymousUser, MessageReactionUpdated, ReactionType};

use super::{How, Reading, Us, author, event, scrub, unreadable};

/// Reads a `message_reaction` update.
pub(super) fn read(body: &Value, us: &Us) -> Reading {
    // teloxide's reader panics on a change that nobody made.
    let somebody =
        ["user", "actor_chat"].iter().any(|name| body.get(name).is_some_and(Value::is_object));
    if !somebody {
        return unreadable();
    }
    if let Some(update) = parse(body) {
        return Reading { events: events(&update, us), how: How::Whole };
    }
    match parse(&scrub::scrub(body)) {
        Some(update) => Reading { events: events(&update, us), how: How::Scrubbed },
        None => unreadable(),
    }
}

fn parse(body: &Value) -> Option<MessageReactionUpdated> {
    serde_json::from_value(body.clone()).ok()
}

fn events(update: &MessageReactionUpdated, us: &Us) -> Vec<Event> {
    let by = match &update.actor {
        MaybeAnonymousUser::User(user) if user.id.0 == us.id => return Vec::new(),
        MaybeAnonymousUser::User(user) => author::of_user(user),
        MaybeAnonymousUser::Chat(chat) => author::of_chat(chat),
    };
    let (old, new) = (&update.old_reaction, &update.new_reaction);
    let gone = old
        .iter()
        .filter(|it| !new.contains(it))
        .map(|it| Content::Unreacted { by: by.user.clone(), reaction: reaction(it) });
    let come = new.iter().filter(|it| !old.contains(it)).map(|it| Content::Reacted {
        by: by.clone(),
        reaction: reaction(it),
        id: None,
    });
    gone.chain(come).map(|it| event(update.chat.id.0, update.message_id.0, it)).collect()
}

fn reaction(kind: &ReactionType) -> Reaction {
    match kind {
        ReactionType::Emoji { emoji } => Reaction::Emoji(emoji.clone()),
        ReactionType::CustomEmoji { custom_emoji_id } => {
            Reaction::Custom { id: custom_emoji_id.0.clone(), name: "custom_emoji".to_owned() }
        }
        // A paid reaction is a star, whatever it cost.
        ReactionType::Paid => Reaction::Emoji("⭐".to_owned()),
    }
}
