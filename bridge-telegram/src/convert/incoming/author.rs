// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who speaks.
//!
//! Rule: a chat that speaks for itself (an anonymous admin, a channel) is an author whose user id
//! is the chat's id; the account that the platform names beside it is a stand-in.

use bridge_model::{Author, AuthorKind, UserId};
use teloxide::types::{Chat, Message, User};

/// The author of `message`; `None` when the platform names nobody.
pub(super) fn of_message(message: &Message) -> Option<Author> {
    match (&message.sender_chat, &message.from) {
        (Some(chat), _) => Some(of_chat(chat)),
        (None, Some(user)) => Some(of_user(user)),
        (None, None) if message.chat.is_channel() => Some(of_chat(&message.chat)),
        (None, None) => None,
    }
}

/// A person or a bot.
pub(super) fn of_user(user: &User) -> Author {
    let kind = if user.is_bot { AuthorKind::Bot } else { AuthorKind::Person };
    let last = user.last_name.as_deref().unwrap_or_default();
    let full = format!("{} {last}", user.first_name);
    let name = first_named([full.trim(), user.username.as_deref().unwrap_or_default()]);
    Author {
        user: UserId::new(user.id.0.to_string()),
        kind,
        name: name.unwrap_or_else(|| format!("user {}", user.id.0 % 10_000)),
        username: user.username.clone(),
        avatar: None,
    }
}

/// A chat that speaks for itself.
pub(super) fn of_chat(chat: &Chat) -> Author {
    let titles = [chat.title(), chat.username(), chat.first_name()];
    Author {
        user: UserId::new(chat.id.0.to_string()),
        kind: AuthorKind::Chat,
        name: first_named(titles.map(Option::unwrap_or_default)).unwrap_or_else(|| "chat".into()),
        username: chat.username().map(str::to_owned),
        avatar: None,
    }
}

fn first_named<const N: usize>(names: [&str; N]) -> Option<String> {
    names.into_iter().map(str::trim).find(|name| !name.is_empty()).map(str::to_owned)
}
