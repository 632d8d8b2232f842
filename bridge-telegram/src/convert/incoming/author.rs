// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who speaks, <https://core.telegram.org/bots/api#message>.
//!
//! Rule: a chat that speaks for itself (an anonymous admin, a channel) is an author whose user id
//! is the chat's id; the account that the platform names beside it is a stand-in. Where a post is
//! signed, each signature is an author of its own (`<chat id>/<signature>`): one account whose name
//! changed with every post would fill the rooms with name changes.

use bridge_model::{Author, AuthorKind, UserId, name};
use serde_json::Value;

use super::field::{flag, int, object, text};
use crate::convert::address::SIGNED;

/// The name of an account that has none, as deleted ones are. Never its id, which is personal data;
/// two digits tell the people of a conversation apart and name nobody.
fn nameless(id: i64) -> String {
    format!("user {:02}", id.rem_euclid(100))
}

/// The author of `message`; `None` when the platform names nobody.
pub(super) fn of_message(message: &Value) -> Option<Author> {
    if let Some(author) = object(message, "sender_chat").and_then(of_chat) {
        return Some(signed(author, signature(message)));
    }
    if let Some(author) = object(message, "from").and_then(of_user) {
        return Some(author);
    }
    let chat = object(message, "chat").filter(|it| text(it, "type") == Some("channel"))?;
    Some(signed(of_chat(chat)?, signature(message)))
}

/// The name below a channel's post, or an anonymous admin's title. A post that was forwarded to
/// the channel's group by itself keeps its signature with its origin.
fn signature(message: &Value) -> Option<&str> {
    text(message, "author_signature").or_else(|| {
        let origin = object(message, "forward_origin")?;
        flag(message, "is_automatic_forward").then(|| text(origin, "author_signature"))?
    })
}

fn signed(author: Author, signature: Option<&str>) -> Author {
    let Some(signature) = signature.and_then(|it| name::clean(it, name::LONGEST)) else {
        return author;
    };
    Author {
        user: UserId::new(format!("{}{SIGNED}{signature}", author.user.as_str())),
        name: format!("{} ({signature})", author.name),
        ..author
    }
}

/// A person or a bot; `None` without an id.
pub(super) fn of_user(user: &Value) -> Option<Author> {
    let id = int(user, "id")?;
    let kind = if flag(user, "is_bot") { AuthorKind::Bot } else { AuthorKind::Person };
    let own = |key| text(user, key).unwrap_or_default();
    let full = format!("{} {}", own("first_name"), own("last_name"));
    let shown = first_named([&full, own("username")]);
    Some(Author {
        user: UserId::new(id.to_string()),
        kind,
        name: shown.unwrap_or_else(|| nameless(id)),
        username: text(user, "username").map(str::to_owned),
        avatar: None,
    })
}

/// A chat that speaks for itself; `None` without an id.
pub(super) fn of_chat(chat: &Value) -> Option<Author> {
    let id = int(chat, "id")?;
    let own = |key| text(chat, key).unwrap_or_default();
    let shown = first_named([own("title"), own("username"), own("first_name")]);
    Some(Author {
        user: UserId::new(id.to_string()),
        kind: AuthorKind::Chat,
        name: shown.unwrap_or_else(|| "chat".to_owned()),
        username: text(chat, "username").map(str::to_owned),
        avatar: None,
    })
}

/// The first name in which something can be seen.
fn first_named<const N: usize>(names: [&str; N]) -> Option<String> {
    names.into_iter().find_map(|it| name::clean(it, name::LONGEST))
}
