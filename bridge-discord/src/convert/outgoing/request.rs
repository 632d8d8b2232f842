// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bodies of requests, made by serenity's builders.
//!
//! Rule: every body that holds text also holds `allowed_mentions`.

use bot_core::{SendAs, Words};
use bridge_model::name::first_characters;
use bridge_model::{Button, Media, Message, MessageKind, Press, Reaction};
use serde_json::{Value, json};
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateButton, CreateMessage, EditMessage,
    ExecuteWebhook,
};
use serenity::model::application::ButtonStyle;
use serenity::model::channel::{MessageFlags, MessageReference, MessageReferenceKind, Nonce};
use serenity::model::id::{ChannelId, MessageId};

use super::{Piece, webhook_name};

/// Discord's limit of characters on a button.
const MOST_LABEL: usize = 80;

fn allowed(piece: &Piece) -> CreateAllowedMentions {
    let allowed = CreateAllowedMentions::new().users(piece.users.iter().copied());
    allowed.everyone(piece.everyone).replied_user(false)
}

/// The builders cannot fail to be written; an empty body would be refused by Discord.
pub(super) fn written(body: impl serde::Serialize) -> Value {
    serde_json::to_value(body).unwrap_or(Value::Null)
}

/// A new message: `POST /webhooks/{id}/{token}` for a person, `POST /channels/{id}/messages`
/// for the bot. A notice wakes nobody.
///
/// See <https://discord.com/developers/docs/resources/webhook#execute-webhook> and
/// <https://discord.com/developers/docs/resources/message#create-message>.
pub fn post_body(piece: &Piece, message: &Message, (send_as, words): (&SendAs, &Words)) -> Value {
    let flags = match message.kind {
        MessageKind::Notice => Some(MessageFlags::SUPPRESS_NOTIFICATIONS),
        MessageKind::Text | MessageKind::Emote => None,
    };
    let body = match send_as {
        SendAs::Bot => {
            let body =
                CreateMessage::new().content(&piece.content).allowed_mentions(allowed(piece));
            written(if let Some(flags) = flags { body.flags(flags) } else { body })
        }
        SendAs::Person { person, name, avatar_url, .. } => {
            let mut body = ExecuteWebhook::new()
                .content(&piece.content)
                .username(webhook_name(name, &person.network, words.wording().bot()))
                .allowed_mentions(allowed(piece));
            if let Some(url) = avatar_url {
                body = body.avatar_url(url);
            }
            written(if let Some(flags) = flags { body.flags(flags) } else { body })
        }
    };
    let mut body = without_empty(body);
    if let Some(poll) = &piece.poll {
        put(&mut body, "poll", poll.clone());
    }
    with_buttons(body, &piece.buttons)
}

/// Buttons in rows of five, the most that Discord takes; what is pressed comes back as an
/// interaction with the command as `custom_id`.
///
/// See <https://discord.com/developers/docs/components/reference#button>.
fn with_buttons(mut body: Value, buttons: &[Button]) -> Value {
    let button = |button: &Button| {
        let made = match &button.press {
            Press::Say(command) => CreateButton::new(command).style(ButtonStyle::Secondary),
            Press::Open(url) => CreateButton::new_link(url),
        };
        made.label(button.label.chars().take(MOST_LABEL).collect::<String>())
    };
    let row = |row: &[Button]| CreateActionRow::Buttons(row.iter().map(button).collect());
    let rows: Vec<CreateActionRow> = buttons.chunks(5).take(5).map(row).collect();
    if !rows.is_empty() {
        put(&mut body, "components", said(written(rows)));
    }
    body
}

/// The body of the bot's message, safe to be repeated: `nonce` has at most 25 characters and
/// is the same on every try; `answers` is the channel and the message that is replied to.
pub fn as_bot(mut body: Value, nonce: &str, answers: Option<(u64, u64)>) -> Value {
    let mut more = CreateMessage::new().nonce(Nonce::String(nonce.to_owned())).enforce_nonce(true);
    if let Some((channel, message)) =
        answers.filter(|(channel, message)| *channel != 0 && *message != 0)
    {
        let reference =
            MessageReference::new(MessageReferenceKind::Default, ChannelId::new(channel))
                .message_id(MessageId::new(message))
                .fail_if_not_exists(false);
        more = more.reference_message(reference);
    }
    if let Value::Object(more) = without_empty(written(more)) {
        let more = more.into_iter().filter(|(key, _)| {
            matches!(key.as_str(), "nonce" | "enforce_nonce" | "message_reference")
        });
        more.for_each(|(key, value)| put(&mut body, &key, value));
    }
    body
}

/// A post that a message opens in a forum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPost {
    /// Its title.
    pub name: String,
    /// Ids of tags that it gets.
    pub tags: Vec<String>,
}

/// A new post in a forum: through a webhook the message names it, the bot puts the message
/// into it (`POST /channels/{id}/threads`).
pub fn new_post(body: Value, post: &NewPost, by_webhook: bool) -> Value {
    let mut outer = if by_webhook { body } else { json!({"message": body}) };
    let name = if by_webhook { "thread_name" } else { "name" };
    put(&mut outer, name, post.name.as_str().into());
    if !post.tags.is_empty() {
        put(&mut outer, "applied_tags", json!(post.tags));
    }
    outer
}

/// `PATCH` of a message, the same for the bot and for webhooks.
pub fn edit_body(piece: &Piece) -> Value {
    let body = EditMessage::new().content(&piece.content).allowed_mentions(allowed(piece));
    with_buttons(written(body), &piece.buttons)
}

fn put(body: &mut Value, key: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// Fields that serenity always writes and that say nothing.
fn without_empty(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|key, value| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            !(empty && matches!(key.as_str(), "embeds" | "attachments" | "sticker_ids"))
        });
    }
    body
}

/// Adds what is to be known about the files: those that stay, by their ids, and the new ones
/// `files[0]`, `files[1]`, ...
///
/// See <https://discord.com/developers/docs/reference#uploading-files>.
pub fn with_attachments(mut body: Value, kept: &[String], files: &[(&Media, String)]) -> Value {
    let kept = kept.iter().map(|id| json!({"id": id}));
    let new = files.iter().enumerate().map(|(number, (media, name))| {
        let mut one = json!({"id": number, "filename": name});
        if let Some(alt) = media.alt.as_deref().filter(|alt| !alt.is_empty()) {
            put(&mut one, "description", bounded(alt, 1024).into());
        }
        one
    });
    let attachments = kept.chain(new).collect();
    put(&mut body, "attachments", Value::Array(attachments));
    body
}

/// Without the fields that serenity writes though they say nothing; Discord does not
/// take all of them with every kind of option.
pub(super) fn said(value: Value) -> Value {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, said(value)));
            Value::Object(fields.filter(|(_, value)| says(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(said).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// The reaction as Discord can know it: a picture of another network is the emoji that it
/// stands for, if it stands for one.
pub fn known_reaction(reaction: &Reaction) -> Option<Reaction> {
    let Reaction::Custom { id, name } = reaction else { return Some(reaction.clone()) };
    // Telegram's ids are numbers too; the name tells them apart.
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.chars().all(word) {
        let ours = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        return ours.then(|| reaction.clone());
    }
    let emoji = !name.is_empty() && !name.chars().any(char::is_alphanumeric);
    emoji.then(|| Reaction::Emoji(name.clone()))
}

/// The emoji as it stands in the path of a request, encoded.
///
/// See <https://discord.com/developers/docs/resources/message#create-reaction>.
pub fn reaction_path(reaction: &Reaction) -> String {
    let raw = match reaction {
        Reaction::Emoji(emoji) => emoji.clone(),
        Reaction::Custom { id, name } => format!("{name}:{id}"),
    };
    raw.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// At most so many characters, the last of them a sign that there were more.
fn bounded(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start = first_characters(text, most.saturating_sub(1));
    format!("{start}…")
}
