// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Discord itself says in a channel.
//!
//! Rule: every type has its row; one that is not known is read as a notice.
//! See <https://discord.com/developers/docs/resources/message#message-object-message-types>.

use bridge_model::{Author, Note, Service};
use serde_json::Value;

use super::field::{id, number, text};

/// What a message is, by its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody said it.
    Spoken,
    /// Something happened.
    Happened(Service),
    /// It tells by itself what happened; the words are Discord's or an admin's.
    Told(Service),
    /// It stands for something that is told otherwise.
    Silent,
    /// A type of the future.
    Unknown,
}

/// What `message` is.
pub(super) fn kind(message: &Value, author: &Author) -> Kind {
    let words = text(message, "content").unwrap_or_default();
    let renamed = || Service::Renamed { to: words.to_owned() };
    match number(message, "type") {
        0 | 19 | 20 | 23 => Kind::Spoken,
        // Members of a thread; the root of a thread; the result of a poll.
        1 | 2 | 21 | 46 => Kind::Silent,
        4 => Kind::Happened(renamed()),
        5 => Kind::Happened(Service::Pictured { removed: false }),
        6 => Kind::Happened(Service::Pinned),
        7 => Kind::Happened(Service::Joined { names: vec![author.name.clone()] }),
        8..=11 => Kind::Happened(Service::Boosted { count: words.trim().parse().unwrap_or(1) }),
        12 => Kind::Happened(Service::Followed { name: words.to_owned() }),
        18 => Kind::Happened(Service::ThreadOpened { name: words.to_owned() }),
        3 => Kind::Happened(Service::CallStarted),
        27 if words.is_empty() => Kind::Happened(Service::CallStarted),
        // The topic of a stage.
        27 => Kind::Told(Service::CallStarted),
        28 => Kind::Happened(Service::CallEnded { seconds: None }),
        14..=17 | 22 | 26 | 29 | 30 | 32 | 36..=39 => Kind::Happened(Service::Other),
        // What was blocked, for moderators; the tier of a subscription; a report; what was bought.
        24 | 25 | 31 | 44 => Kind::Told(Service::Other),
        _ => Kind::Unknown,
    }
}

/// What a member subscribed to or bought, by its name. Discord's clients make the sentence around it.
///
/// See <https://discord.com/developers/docs/resources/message#role-subscription-data-object>.
pub(super) fn bought(message: &Value) -> Option<&str> {
    let subscribed = || text(message.get("role_subscription_data")?, "tier_name");
    let purchase = || message.get("purchase_notification")?.get("guild_product_purchase");
    match number(message, "type") {
        25 => subscribed(),
        44 => text(purchase()?, "product_name"),
        _ => None,
    }
}

/// Somebody wrote it, or a program answered with it.
pub(super) fn is_spoken(message: &Value) -> bool {
    matches!(number(message, "type"), 0 | 19 | 20 | 23)
}

/// The thread that a message of type 18 tells of.
pub(super) fn opened_thread(message: &Value) -> Option<&str> {
    let to = message.get("message_reference").filter(|_| number(message, "type") == 18)?;
    id(to, "channel_id")
}

/// The message that a message of type 6 tells of.
pub(super) fn pinned_message(message: &Value) -> Option<&str> {
    let to = message.get("message_reference").filter(|_| number(message, "type") == 6)?;
    id(to, "message_id")
}

/// Whose command an answer of a bot answers.
///
/// See <https://discord.com/developers/docs/resources/message#message-interaction-metadata-object>.
pub(super) fn command(message: &Value) -> Option<Note> {
    if !matches!(number(message, "type"), 20 | 23) {
        return None;
    }
    let old = message.get("interaction");
    let new = message.get("interaction_metadata");
    let user = [new, old].into_iter().flatten().find_map(|one| one.get("user"))?;
    let name = [old, new].into_iter().flatten().find_map(|one| text(one, "name"));
    let by = text(user, "global_name").or_else(|| text(user, "username"))?.to_owned();
    // Commands of a menu have no slash in front of them.
    let slash = if number(message, "type") == 20 { "/" } else { "" };
    let command = format!("{slash}{}", name?);
    Some(Note::Service(Service::CommandUsed { by, command }))
}
