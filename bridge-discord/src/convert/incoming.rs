// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the JSON of Discord's messages to the model.
//!
//! Rule: reads the raw JSON field by field, so that one field of a new shape costs
//! that field and never the message. Only ids are asked for: without them there is `None`.

mod author;
mod chat;
mod command;
mod component;
mod described;
mod embed;
mod field;
mod forward;
mod media;
mod moderation;
mod moment;
mod poll;
mod proxy;
mod reaction;
mod readable;
mod service;
mod sticker;
mod thread;

use std::collections::BTreeMap;

use bridge_model::{
    Author, AuthorKind, Content, Event, Leaf, Message, MessageId, MessageKind, Note, Place, Reply,
    RichText, Service, Span, Style, Timestamp,
};
use serde_json::Value;

use super::markdown::Names;
use crate::NETWORK;

pub use chat::{
    ChannelAppearance, channel_type, face, holds_posts, is_thread, member, pack, packed,
    required_tag, role,
};
pub use command::{Slash, private, slash};
pub use field::{id, list, text};
pub use media::address_now;
pub use moderation::{AuditEntry, author_of, moderated, rights_changed, timeout};
pub use poll::{counted, voted};
pub use reaction::{cleared, reacted, reaction, unreacted};
pub use thread::Thread;

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
    /// Applications that say again, under another name, what somebody said.
    pub proxies: Vec<String>,
    /// What other people's webhooks look like, by their ids, as far as it is known.
    pub webhook_faces: BTreeMap<String, WebhookFace>,
}

/// What a webhook looks like while no message says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFace {
    /// Its name.
    pub name: String,
    /// The hash of its picture.
    pub avatar: Option<String>,
}

impl WebhookFace {
    /// Reads a webhook object.
    pub fn read(webhook: &Value) -> Option<Self> {
        let name = text(webhook, "name")?.to_owned();
        Some(Self { name, avatar: text(webhook, "avatar").map(str::to_owned) })
    }
}

/// Discord's own hosts of files: the one of [`Ours::cdn`], that of what moves, and those of
/// foreign pictures.
pub const HOSTS: [&str; 4] = [
    "cdn.discordapp.com",
    "media.discordapp.net",
    "images-ext-1.discordapp.net",
    "images-ext-2.discordapp.net",
];

/// The flag of a message that only one member sees.
const EPHEMERAL: u64 = 1 << 6;

/// The flag of a message whose author is still thinking.
const LOADING: u64 = 1 << 7;

/// The flag of a message that wakes nobody (`@silent`).
const SILENT: u64 = 1 << 12;

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

    /// What somebody said is said again here, under another name.
    pub fn is_proxy(&self, message: &Value) -> bool {
        let application = id(message, "application_id");
        id(message, "webhook_id").is_some()
            && application.is_some_and(|id| self.proxies.iter().any(|proxy| proxy == id))
    }

    /// A file at this address can be fetched from Discord.
    fn keeps(&self, address: &str) -> bool {
        let below =
            |origin: &str| address.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        below(&self.cdn)
            || self.is_discord() && HOSTS.iter().any(|host| below(&format!("https://{host}")))
    }

    /// Where things that move are kept.
    fn media_origin(&self) -> &str {
        if self.is_discord() { "https://media.discordapp.net" } else { &self.cdn }
    }

    fn is_discord(&self) -> bool {
        self.cdn == "https://cdn.discordapp.com"
    }
}

/// The address of a custom emoji's picture; one that moves comes as WebP that moves.
///
/// See <https://discord.com/developers/docs/reference#image-formatting>.
pub fn emoji_address(cdn: &str, emoji: &str) -> String {
    format!("{cdn}/emojis/{emoji}.webp?size=128&animated=true")
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

/// All that a new message comes to: it may also pin another one, or close a poll.
pub fn created(raw: &Value, names: &Names, ours: &Ours, late: bool) -> Vec<Event> {
    if field::number(raw, "type") == 46 {
        return poll::closed(raw).into_iter().collect();
    }
    if let Some(command) = command::addressed(raw, ours) {
        return vec![command];
    }
    let pinned = service::pinned_message(raw).and_then(|id| event_about(raw, id, Content::Pinned));
    let pinned = pinned.map(|event| Event { late, ..event });
    posted(raw, names, ours, late).into_iter().chain(pinned).collect()
}

/// The event of a changed message; `None` when no person changed it. Discord also
/// sends an update when it has looked at a link, without a time of editing.
pub fn edited(raw: &Value, names: &Names, ours: &Ours) -> Option<Event> {
    text(raw, "edited_timestamp")?;
    changed(raw, names, ours)
}

/// The event of a changed message, whoever changed it.
pub fn changed(raw: &Value, names: &Names, ours: &Ours) -> Option<Event> {
    let content = Content::Edited(message(raw, names, ours)?);
    event(raw, content, false)
}

/// The author has announced a message and will write it later.
pub fn is_loading(raw: &Value) -> bool {
    field::number(raw, "flags") & LOADING != 0
}

/// A program has written its answer to a command some time after the command was given.
pub fn is_late_answer(raw: &Value) -> bool {
    let asked = raw.get("interaction_metadata").is_some_and(Value::is_object);
    asked && !is_loading(raw) && (text(raw, "content").is_some() || !list(raw, "embeds").is_empty())
}

/// All that a message says is a moving picture that its author picked in Discord's own menu.
pub fn is_picked(raw: &Value, ours: &Ours) -> bool {
    embed::picked(raw, ours).is_some()
}

/// The flags and the type of a message object, 0 where they are missing.
pub fn flags_and_type(raw: &Value) -> (u64, u64) {
    (field::number(raw, "flags"), field::number(raw, "type"))
}

/// An author wrote it, and not Discord itself.
pub fn is_from_author(raw: &Value) -> bool {
    service::is_spoken(raw)
}

/// A truth value of an object; `false` where it is missing.
pub fn is(raw: &Value, key: &str) -> bool {
    field::is(raw, key)
}

/// An event about a message of a channel.
pub fn about(chat: &str, message: &str, content: Content) -> Event {
    let place = Place::new(NETWORK, chat);
    Event { place, message: MessageId::from(message), late: false, content }
}

/// The event of a message that was taken away: `MESSAGE_DELETE`.
pub fn deleted(chat: &str, message: &str) -> Event {
    about(chat, message, Content::Deleted { by: None })
}

/// The event of a chat that is gone or closed to us. It is about no message; the channel's own id
/// stands for one.
pub fn closed(chat: &str) -> Event {
    about(chat, chat, Content::Closed)
}

fn event(raw: &Value, content: Content, late: bool) -> Option<Event> {
    // What tells of a new thread stands for the thread's root.
    let message = service::opened_thread(raw).or_else(|| id(raw, "id"))?;
    Some(Event { late, ..event_about(raw, message, content)? })
}

/// An event about a message in the channel that `raw` names.
fn event_about(raw: &Value, message: &str, content: Content) -> Option<Event> {
    let place = Place::new(NETWORK, id(raw, "channel_id")?);
    Some(Event { place, message: MessageId::from(message), late: false, content })
}

fn message(raw: &Value, names: &Names, ours: &Ours) -> Option<Message> {
    if field::number(raw, "flags") & EPHEMERAL != 0 {
        return None;
    }
    let author = author::of_message(raw, ours)?;
    let kind = service::kind(raw, &author);
    let sent_at = made_at(id(raw, "id")?);
    let mut names = author::with_mentions(names, raw);
    // Only what programs write still has the names of emoji in it when it arrives.
    names.emoji = author.kind != AuthorKind::Person;
    let read = match kind {
        service::Kind::Silent => return None,
        service::Kind::Happened(what) => return Some(notice(raw, author, what)),
        service::Kind::Spoken | service::Kind::Told(_) | service::Kind::Unknown => {
            readable::read(raw, &names, ours)
        }
    };
    let spoken = kind == service::Kind::Spoken;
    let answered = proxy::answered(raw, ours).map(Reply::to);
    let mut message = Message {
        kind: if spoken { MessageKind::Text } else { MessageKind::Notice },
        body: read.body,
        media: read.media,
        reply_to: answered.or_else(|| reply(raw, &names, ours)),
        card: read.card,
        notes: read.notes,
        forwarded: forward::header(raw, &names),
        silent: field::number(raw, "flags") & SILENT != 0,
        ..Message::new(author, sent_at)
    };
    message.uncalled = author::uncalled(&message.body, raw);
    if let service::Kind::Told(what) = kind {
        message.notes.push(Note::Service(what));
    }
    if text(raw, "content").is_some() && message.body.is_blank() {
        // `_ _` is how people write a gap.
        message.body = RichText::default();
        let other = ["embeds", "components"].iter().any(|key| !list(raw, key).is_empty());
        if message.says_nothing() && !other {
            return None;
        }
    }
    if let Some(name) = author::other_name(raw, &message.author) {
        let style = Style { bold: true, ..Style::default() };
        let name = Span { leaf: Leaf::Text(name.to_owned()), style };
        message.body.prepend(vec![name, Span::line_break()]);
    }
    if message.body.is_empty() && message.media.is_empty() && message.card.is_none() {
        if is_loading(raw) {
            return None;
        }
        if message.notes.is_empty() {
            message.notes.push(Note::Unknown);
        }
    }
    Some(message)
}

/// Something happened in the channel.
fn notice(raw: &Value, author: Author, what: Service) -> Message {
    let pinned = service::pinned_message(raw);
    let sent_at = id(raw, "id").map(made_at).unwrap_or_default();
    Message {
        kind: MessageKind::Notice,
        notes: vec![Note::Service(what)],
        reply_to: pinned.map(|id| Reply::to(MessageId::from(id))),
        ..Message::new(author, sent_at)
    }
}

fn reply(raw: &Value, names: &Names, ours: &Ours) -> Option<Reply> {
    let reference = raw.get("message_reference")?;
    // Type 1 is a forward.
    if field::number(reference, "type") != 0 || field::number(raw, "type") != 19 {
        return None;
    }
    let mut original = raw.get("referenced_message").filter(|original| original.is_object());
    let mut message = id(reference, "message_id")?;
    // What stands at the top of a thread on a message is only a window to that message.
    if let Some(window) = original.filter(|original| field::number(original, "type") == 21) {
        let behind = window.get("message_reference").and_then(|to| id(to, "message_id"));
        message = behind.unwrap_or(message);
        original = window.get("referenced_message").filter(|original| original.is_object());
    }
    let author = original.and_then(|original| author::of_message(original, ours));
    let excerpt = original.and_then(|original| described::excerpt(original, names, ours));
    Some(Reply {
        author: author.as_ref().map(|author| bridge_model::Person {
            network: NETWORK.into(),
            user: author.user.clone(),
        }),
        name: author.map(|author| author.name),
        excerpt,
        ..Reply::to(MessageId::from(message))
    })
}
