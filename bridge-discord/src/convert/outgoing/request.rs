// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bodies of requests, made by serenity's builders.
//!
//! Rule: every body that holds text also holds `allowed_mentions`.

use bot_core::network::CommandHelp;
use bridge_model::{Media, Reaction};
use serde_json::{Value, json};
use serenity::builder::{
    CreateAllowedMentions, CreateCommand, CreateCommandOption, CreateMessage, EditMessage,
    EditWebhookMessage, ExecuteWebhook,
};
use serenity::model::application::CommandOptionType;
use serenity::model::channel::{MessageReference, MessageReferenceKind, Nonce};
use serenity::model::id::{ChannelId, MessageId};

use super::{Piece, username};
use crate::COMMAND;

fn allowed(piece: &Piece) -> CreateAllowedMentions {
    CreateAllowedMentions::new().users(piece.users.iter().copied()).replied_user(false)
}

/// The builders cannot fail to be written; an empty body would be refused by Discord.
fn written(body: impl serde::Serialize) -> Value {
    serde_json::to_value(body).unwrap_or(Value::Null)
}

/// `POST /webhooks/{id}/{token}`: as a person.
///
/// See <https://discord.com/developers/docs/resources/webhook#execute-webhook>.
pub fn webhook_post(piece: &Piece, name: &str, avatar_url: Option<&str>) -> Value {
    let mut body = ExecuteWebhook::new()
        .content(&piece.content)
        .username(username(name))
        .allowed_mentions(allowed(piece));
    if let Some(url) = avatar_url {
        body = body.avatar_url(url);
    }
    without_empty(written(body))
}

/// `PATCH /webhooks/{id}/{token}/messages/{message}`.
pub fn webhook_edit(piece: &Piece) -> Value {
    written(EditWebhookMessage::new().content(&piece.content).allowed_mentions(allowed(piece)))
}

/// `POST /channels/{id}/messages`: as the bot. `nonce` has at most 25 characters and is
/// the same on every try; `answers` is the message that is replied to.
///
/// See <https://discord.com/developers/docs/resources/message#create-message>.
pub fn bot_post(piece: &Piece, nonce: &str, answers: Option<(u64, u64)>) -> Value {
    let mut body = CreateMessage::new()
        .content(&piece.content)
        .allowed_mentions(allowed(piece))
        .nonce(Nonce::String(nonce.to_owned()))
        .enforce_nonce(true);
    if let Some((channel, message)) =
        answers.filter(|(channel, message)| *channel != 0 && *message != 0)
    {
        let reference =
            MessageReference::new(MessageReferenceKind::Default, ChannelId::new(channel))
                .message_id(MessageId::new(message))
                .fail_if_not_exists(false);
        body = body.reference_message(reference);
    }
    without_empty(written(body))
}

/// `PATCH /channels/{id}/messages/{message}`.
pub fn bot_edit(piece: &Piece) -> Value {
    written(EditMessage::new().content(&piece.content).allowed_mentions(allowed(piece)))
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

/// Adds what is to be known about the files `files[0]`, `files[1]`, ...
///
/// See <https://discord.com/developers/docs/reference#uploading-files>.
pub fn with_attachments(mut body: Value, files: &[(&Media, String)]) -> Value {
    let attachments = files.iter().enumerate().map(|(number, (media, name))| {
        let mut one = json!({"id": number, "filename": name});
        if let (Some(alt), Some(fields)) = (&media.alt, one.as_object_mut()) {
            let alt: String = alt.chars().take(1024).collect();
            fields.insert("description".to_owned(), Value::String(alt));
        }
        one
    });
    let attachments = attachments.collect();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("attachments".to_owned(), Value::Array(attachments));
    }
    body
}

/// The body of `PUT /applications/{id}/commands`: one command with subcommands.
///
/// See <https://discord.com/developers/docs/interactions/application-commands>.
pub fn commands(commands: &[CommandHelp]) -> Value {
    let short = |words: &str| -> String {
        let words: String = words.chars().take(100).collect();
        if words.is_empty() { "…".to_owned() } else { words }
    };
    let options = commands.iter().map(|command| {
        let help = short(&command.description);
        let one = CreateCommandOption::new(CommandOptionType::SubCommand, &command.name, help);
        let Some(argument) = &command.argument else { return one };
        let help = short(command.argument_help.as_deref().unwrap_or(argument));
        let argument = CreateCommandOption::new(CommandOptionType::String, argument, help)
            .required(!command.argument_optional);
        one.add_sub_option(argument)
    });
    let one = CreateCommand::new(COMMAND)
        .description("Freeside: the way from this channel to Matrix")
        .set_options(options.collect());
    Value::Array(vec![said(written(one))])
}

/// Without the fields that serenity writes though they say nothing; Discord does not
/// take all of them with every kind of option.
fn said(value: Value) -> Value {
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
