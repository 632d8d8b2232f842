// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reactions.
//!
//! Rule: our own are not heard.

use bridge_model::{Author, AuthorKind, Content, Event, MessageId, Place, Reaction, UserId};
use serde_json::Value;

use super::field::{id, text};
use super::{Ours, author};
use crate::NETWORK;

/// The event of `MESSAGE_REACTION_ADD`.
///
/// See <https://discord.com/developers/docs/events/gateway-events#message-reaction-add>.
pub fn reacted(raw: &Value, ours: &Ours) -> Option<Event> {
    let user = by(raw, ours)?;
    let member = raw.get("member");
    let author = member.and_then(|member| {
        let server = id(raw, "guild_id").map(|guild| (guild, member));
        author::of_user(member.get("user")?, server, ours)
    });
    let by = author.unwrap_or_else(|| Author {
        user: UserId::from(user),
        kind: AuthorKind::Person,
        name: "user".to_owned(),
        username: None,
        avatar: None,
    });
    event(raw, Content::Reacted { by, reaction: reaction(raw)?, id: None })
}

/// The event of `MESSAGE_REACTION_REMOVE`.
pub fn unreacted(raw: &Value, ours: &Ours) -> Option<Event> {
    let by = UserId::from(by(raw, ours)?);
    event(raw, Content::Unreacted { by, reaction: reaction(raw)? })
}

fn by<'v>(raw: &'v Value, ours: &Ours) -> Option<&'v str> {
    id(raw, "user_id").filter(|user| *user != ours.bot)
}

/// The event of `MESSAGE_REACTION_REMOVE_ALL`, which names no emoji, and of
/// `MESSAGE_REACTION_REMOVE_EMOJI`, which does.
///
/// See <https://discord.com/developers/docs/events/gateway-events#message-reaction-remove-all>.
pub fn cleared(raw: &Value) -> Option<Event> {
    let only = match raw.get("emoji") {
        Some(_) => Some(reaction(raw)?),
        None => None,
    };
    event(raw, Content::ReactionsCleared { only })
}

/// The emoji of a reaction.
pub fn reaction(raw: &Value) -> Option<Reaction> {
    let emoji = raw.get("emoji")?;
    let name = text(emoji, "name");
    match id(emoji, "id") {
        Some(id) => {
            Some(Reaction::Custom { id: id.to_owned(), name: name.unwrap_or("emoji").to_owned() })
        }
        None => name.map(|name| Reaction::Emoji(name.to_owned())),
    }
}

fn event(raw: &Value, content: Content) -> Option<Event> {
    let place = Place::new(NETWORK, id(raw, "channel_id")?);
    Some(Event { place, message: MessageId::from(id(raw, "message_id")?), late: false, content })
}
