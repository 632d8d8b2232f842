// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who said it, and who is mentioned.
//!
//! Rule: the nickname of the server wins over the display name, and that over the
//! handle, as in Discord's own clients.

use bridge_model::name::{LONGEST, clean};
use bridge_model::{Author, AuthorKind, MediaHandle, Mention, RichText, UserId};
use serde_json::Value;

use super::Ours;
use super::field::{id, list, text};
use crate::NETWORK;
use crate::convert::markdown::Names;

/// The author of a message object.
pub(super) fn of_message(message: &Value, ours: &Ours) -> Option<Author> {
    let server = id(message, "guild_id").zip(message.get("member"));
    let mut author = of_user(message.get("author")?, server, ours)?;
    let Some(webhook) = id(message, "webhook_id").filter(|_| !is_answer(message)) else {
        return Some(author);
    };
    if ours.is_proxy(message) {
        // Many people speak through one application, each under a name of their own.
        let speaker = id(message, "application_id").unwrap_or(webhook);
        author.user = UserId::new(format!("{speaker}/{}", author.name));
        author.kind = AuthorKind::Person;
        return Some(author);
    }
    // Whoever has a webhook can give it any name with each message; it stays one account.
    author.kind = AuthorKind::Bot;
    author.user = UserId::from(webhook);
    author.username = None;
    if let Some(face) = ours.webhook_faces.get(webhook) {
        author.name.clone_from(&face.name);
        author.avatar = face.avatar.as_deref().and_then(|hash| avatar(ours, webhook, hash));
    }
    Some(author)
}

/// The name under which a webhook speaks this once, where it is not the one that it has.
pub(super) fn other_name<'v>(message: &'v Value, author: &Author) -> Option<&'v str> {
    id(message, "webhook_id").filter(|_| author.kind == AuthorKind::Bot)?;
    let name = message.get("author").and_then(|author| text(author, "username"))?;
    (!is_answer(message) && name != author.name).then_some(name)
}

/// A bot answers an interaction: that goes through a webhook of the application, which is the bot.
fn is_answer(message: &Value) -> bool {
    let own =
        id(message, "webhook_id").is_some_and(|hook| id(message, "application_id") == Some(hook));
    let asked = |key| message.get(key).is_some_and(Value::is_object);
    own || asked("interaction_metadata") || asked("interaction")
}

fn avatar(ours: &Ours, user: &str, hash: &str) -> Option<MediaHandle> {
    is_hash(hash).then(|| MediaHandle {
        network: NETWORK.into(),
        reference: format!("{}/avatars/{user}/{hash}.png?size=256", ours.cdn),
    })
}

/// A user object as an author; `server` is the id of the server and what it knows about the
/// account.
pub(super) fn of_user(user: &Value, server: Option<(&str, &Value)>, ours: &Ours) -> Option<Author> {
    let user_id = id(user, "id")?;
    let bot = user.get("bot").and_then(Value::as_bool).unwrap_or(false);
    // The picture that somebody chose for this server wins, as in Discord's own clients.
    let of_server = server.and_then(|(guild, member)| {
        let hash = text(member, "avatar").filter(|hash| is_hash(hash))?;
        let path = format!("guilds/{guild}/users/{user_id}/avatars/{hash}.png?size=256");
        Some(MediaHandle { network: NETWORK.into(), reference: format!("{}/{path}", ours.cdn) })
    });
    let own = || text(user, "avatar").and_then(|hash| avatar(ours, user_id, hash));
    let avatar = of_server.or_else(own);
    Some(Author {
        user: UserId::from(user_id),
        kind: if bot { AuthorKind::Bot } else { AuthorKind::Person },
        name: name(user, server.map(|(_, member)| member)),
        username: text(user, "username").map(str::to_owned),
        avatar,
    })
}

/// Anything else would change where the address leads.
fn is_hash(hash: &str) -> bool {
    hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The first of an account's names in which a reader sees something.
fn name(user: &Value, member: Option<&Value>) -> String {
    let nick = member.and_then(|member| text(member, "nick"));
    let names = [nick, text(user, "global_name"), text(user, "username")];
    let shown = names.into_iter().flatten().find_map(|it| clean(it, LONGEST));
    shown.unwrap_or_else(|| "user".to_owned())
}

/// Whom the words of a message mention and whom Discord did not notify: it tells in `mentions` whom it
/// did. Cards, components and programs that allow no mentions notify nobody.
pub(super) fn uncalled(body: &RichText, message: &Value) -> Vec<UserId> {
    if message.get("mentions").is_none_or(|mentions| !mentions.is_array()) {
        return Vec::new();
    }
    let called: Vec<&str> =
        list(message, "mentions").iter().filter_map(|user| id(user, "id")).collect();
    let mut uncalled: Vec<UserId> = Vec::new();
    for mention in body.mentions() {
        if let Mention::Person { who, .. } = mention
            && !called.contains(&who.user.as_str())
            && !uncalled.contains(&who.user)
        {
            uncalled.push(who.user.clone());
        }
    }
    uncalled
}

/// `names` with the people whom this message mentions.
pub(super) fn with_mentions(names: &Names, message: &Value) -> Names {
    let mut names = names.clone();
    let copies = list(message, "message_snapshots").iter().filter_map(|copy| copy.get("message"));
    let around = copies.chain(message.get("referenced_message")).chain([message]);
    for user in around.flat_map(|one| list(one, "mentions")) {
        if let Some(user_id) = id(user, "id") {
            names.users.insert(user_id.to_owned(), name(user, user.get("member")));
        }
    }
    for channel in list(message, "mention_channels") {
        if let Some((channel_id, name)) = id(channel, "id").zip(text(channel, "name")) {
            names.chats.entry(channel_id.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    names.everyone = message.get("mention_everyone").and_then(Value::as_bool).unwrap_or(false);
    names
}
