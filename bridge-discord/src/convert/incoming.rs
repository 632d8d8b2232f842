// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the JSON of Discord's messages to the model.
//!
//! Rule: reads the raw JSON field by field, so that one field of a new shape costs
//! that field and never the message. Only ids are asked for: without them there is `None`.

mod author;
mod command;
mod field;
mod media;
mod reaction;
mod readable;

use bridge_model::{Content, Event, Message, MessageId, MessageKind, Place, Reply, Timestamp};
use serde_json::Value;

use super::markdown::{Names, from_markdown};
use crate::NETWORK;

pub use command::{Slash, private, slash};
pub use field::{id, list, text};
pub use reaction::{reacted, unreacted};

/// Who we are, so that our own words are known; and where files of this network are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// The application's id.
    pub application: String,
    /// The bot's user id.
    pub bot: String,
    /// The ids of our webhooks, as far as they are known.
    pub webhooks: Vec<String>,
    /// The origin of the CDN: `https://cdn.discordapp.com`.
    pub cdn: String,
}

/// The first millisecond of Discord's ids.
const EPOCH: i64 = 1_420_070_400_000;

impl Ours {
    /// We said this ourselves.
    ///
    /// See <https://discord.com/developers/docs/resources/message#message-object>:
    /// a message of an application's own webhook names the application.
    pub fn said(&self, message: &Value) -> bool {
        let author = message.get("author").and_then(|author| id(author, "id"));
        if author.is_some_and(|author| author == self.bot) {
            return true;
        }
        let Some(webhook) = id(message, "webhook_id") else { return false };
        let application = id(message, "application_id");
        self.webhooks.iter().any(|own| own == webhook)
            || application.is_some_and(|id| !id.is_empty() && id == self.application)
    }
}

/// When the thing with this id was made, in milliseconds since 1970.
///
/// See <https://discord.com/developers/docs/reference#snowflakes>.
pub fn made_at(snowflake: &str) -> Timestamp {
    let milliseconds = snowflake.parse::<u64>().unwrap_or(0) >> 22;
    Timestamp(i64::try_from(milliseconds).unwrap_or(0) + EPOCH)
}

/// The event of a new message; `None` when there is nothing to read in it.
pub fn posted(raw: &Value, names: &Names, ours: &Ours, late: bool) -> Option<Event> {
    let content = Content::Posted(message(raw, names, ours)?);
    event(raw, content, late)
}

/// The event of a changed message; `None` when no person changed it. Discord also
/// sends an update when it has looked at a link, without a time of editing.
pub fn edited(raw: &Value, names: &Names, ours: &Ours) -> Option<Event> {
    text(raw, "edited_timestamp")?;
    let content = Content::Edited(message(raw, names, ours)?);
    event(raw, content, false)
}

/// The event of a message that was taken away: `MESSAGE_DELETE`.
pub fn deleted(chat: &str, message: &str) -> Event {
    Event {
        place: Place::new(NETWORK, chat),
        message: MessageId::from(message),
        late: false,
        content: Content::Deleted { by: None },
    }
}

/// The event of a chat that is gone or closed to us.
pub fn closed(chat: &str) -> Event {
    Event {
        place: Place::new(NETWORK, chat),
        message: MessageId::from(chat),
        late: false,
        content: Content::Closed,
    }
}

fn event(raw: &Value, content: Content, late: bool) -> Option<Event> {
    let place = Place::new(NETWORK, id(raw, "channel_id")?);
    Some(Event { place, message: MessageId::from(id(raw, "id")?), late, content })
}

/// Ordinary messages, replies, and what a command of another bot answers.
const SPOKEN: [u64; 4] = [0, 19, 20, 23];

fn message(raw: &Value, names: &Names, ours: &Ours) -> Option<Message> {
    let kind = raw.get("type").and_then(Value::as_u64).unwrap_or(0);
    let spoken = SPOKEN.contains(&kind);
    let names = author::with_mentions(names, raw);
    let body = readable::body(raw, &names);
    let media = media::all(raw, ours);
    if body.is_empty() && media.is_empty() {
        return None;
    }
    let author = author::of_message(raw, ours)?;
    Some(Message {
        kind: if spoken { MessageKind::Text } else { MessageKind::Notice },
        body,
        media,
        reply_to: reply(raw, &names, ours),
        ..Message::new(author, made_at(id(raw, "id")?))
    })
}

fn reply(raw: &Value, names: &Names, ours: &Ours) -> Option<Reply> {
    let reference = raw.get("message_reference")?;
    // Type 1 is a forward.
    if reference.get("type").and_then(Value::as_u64).unwrap_or(0) != 0
        || raw.get("type").and_then(Value::as_u64) != Some(19)
    {
        return None;
    }
    let message = MessageId::from(id(reference, "message_id")?);
    let original = raw.get("referenced_message").filter(|original| original.is_object());
    let author = original.and_then(|original| author::of_message(original, ours));
    let excerpt = original.and_then(|original| text(original, "content"));
    let excerpt = excerpt.map(|words| from_markdown(words, names)).filter(|t| !t.is_empty());
    Some(Reply {
        message,
        author: author.as_ref().map(|author| bridge_model::Person {
            network: NETWORK.into(),
            user: author.user.clone(),
        }),
        name: author.map(|author| author.name),
        excerpt,
        partial: false,
    })
}
