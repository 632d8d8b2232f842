// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who said it, and who is mentioned.
//!
//! Rule: the nickname of the server wins over the display name, and that over the
//! handle, as in Discord's own clients.

use bridge_model::{Author, AuthorKind, MediaHandle, UserId, name};
use serde_json::Value;

use super::Ours;
use super::field::{id, list, text};
use crate::NETWORK;
use crate::convert::markdown::Names;

/// The author of a message object.
pub(super) fn of_message(message: &Value, ours: &Ours) -> Option<Author> {
    let mut author = of_user(message.get("author")?, message.get("member"), ours)?;
    if let Some(webhook) = id(message, "webhook_id") {
        // Many speak through one webhook, each under a name of its own.
        let speaker = id(message, "application_id").unwrap_or(webhook);
        author.user = UserId::new(format!("{speaker}/{}", author.name));
        let person = ours.is_proxy(message);
        author.kind = if person { AuthorKind::Person } else { AuthorKind::Bot };
    }
    Some(author)
}

/// A user object as an author; `member` is what the server knows about the account.
pub(super) fn of_user(user: &Value, member: Option<&Value>, ours: &Ours) -> Option<Author> {
    let user_id = id(user, "id")?;
    let bot = user.get("bot").and_then(Value::as_bool).unwrap_or(false);
    let avatar = text(user, "avatar").filter(|hash| is_hash(hash)).map(|hash| MediaHandle {
        network: NETWORK.into(),
        reference: format!("{}/avatars/{user_id}/{hash}.png?size=256", ours.cdn),
    });
    Some(Author {
        user: UserId::from(user_id),
        kind: if bot { AuthorKind::Bot } else { AuthorKind::Person },
        name: shown_name(user, member),
        username: text(user, "username").map(str::to_owned),
        avatar,
    })
}

/// Anything else would change where the address leads.
fn is_hash(hash: &str) -> bool {
    hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The first of an account's names in which a reader sees something.
fn shown_name(user: &Value, member: Option<&Value>) -> String {
    let nick = member.and_then(|member| text(member, "nick"));
    let names = [nick, text(user, "global_name"), text(user, "username")];
    let shown = names.into_iter().flatten().find_map(|it| name::clean(it, name::LONGEST));
    shown.unwrap_or_else(|| "somebody".to_owned())
}

/// `names` with the people whom this message mentions.
pub(super) fn with_mentions(names: &Names, message: &Value) -> Names {
    let mut names = names.clone();
    let copies = list(message, "message_snapshots").iter().filter_map(|copy| copy.get("message"));
    let around = copies.chain(message.get("referenced_message")).chain([message]);
    for user in around.flat_map(|one| list(one, "mentions")) {
        if let Some(user_id) = id(user, "id") {
            names.users.insert(user_id.to_owned(), shown_name(user, user.get("member")));
        }
    }
    names.everyone = message.get("mention_everyone").and_then(Value::as_bool).unwrap_or(false);
    names
}
