// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a message as it was said to the message as the destination can show it.
//!
//! Rule: the bridge and `freeside convert` prepare messages with this function; what they know
//! comes from a [`Directory`].

use bridge_model::{AuthorKind, Mention, Message, MessageKind, Note, Reply};

use super::directory::Directory;
use super::{emoji, everyone, length, links, media, mentions, names, redaction};
use crate::lane::CORE;
use crate::network::MATRIX;
use crate::order::DeliverError;
use crate::wording::{Wording, label};

/// A message in the terms of the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What to say. Its notes are words in the text.
    pub message: Message,
    /// The destination knows the answered message, under `reply_to.message`.
    pub native_reply: bool,
}

/// Prepares what a person said for the destination of `directory`.
///
/// # Errors
/// What the directory answers.
pub async fn prepare(
    directory: &dyn Directory,
    wording: &Wording,
    message: Message,
) -> Result<Prepared, DeliverError> {
    let author = message.author.user.clone();
    let mut prepared = prepare_own(directory, wording, message).await?;
    let message = &mut prepared.message;
    let body = std::mem::take(&mut message.body);
    let body = everyone::check_everyone(directory, &author, body).await?;
    let body = match calls_by_hand(message) {
        true => names::resolve_written_names(directory, body).await?,
        false => body,
    };
    let body = links::resolve_links(directory, body).await?;
    message.body = emoji::resolve_emoji(directory, body).await?;
    if let Some(capabilities) = directory.capabilities() {
        length::bound_length(capabilities.max_text, message);
    }
    if let Some(reply) = &mut message.reply_to
        && let Some(excerpt) = reply.excerpt.take()
    {
        reply.excerpt = Some(emoji::resolve_emoji(directory, excerpt).await?);
    }
    Ok(prepared)
}

/// Prepares what the core bot says: its words mean what they say, so names, links and emoji in them
/// are left as they are.
///
/// # Errors
/// What the directory answers.
pub(super) async fn prepare_own(
    directory: &dyn Directory,
    wording: &Wording,
    message: Message,
) -> Result<Prepared, DeliverError> {
    let from = &directory.route().from.network;
    let mut message = match from.as_str() {
        CORE => message,
        _ => redaction::redact_personal_data(directory, message),
    };
    if directory.route().to.network.as_str() == MATRIX {
        // There it stands at the time at which it was said.
        message.notes.retain(|note| !matches!(note, Note::SentAt { .. }));
    }
    media::prepare_media(directory, &mut message).await?;
    let mut message = wording.spell_notes(message);
    if let Some(mut thread) = message.thread.take()
        && let Some(root) = directory.thread_root(&thread.root).await?
    {
        thread.root = root;
        message.thread = Some(thread);
    }
    for mention in message.body.mentions() {
        if let Mention::Person { who, .. } = mention
            && !message.uncalled.contains(&who.user)
        {
            directory.calls(who);
        }
    }
    let uncalled = message.uncalled.as_slice();
    message.body = mentions::resolve_mentions(directory, message.body, uncalled).await?;
    let native_reply = match &mut message.reply_to {
        Some(reply) => resolve_reply(directory, reply).await?,
        None => false,
    };
    Ok(Prepared { message, native_reply })
}

/// Whether an `@name` in the words was written by somebody who meant a person of the chat: programs
/// write names of other places, and what somebody forwards was said elsewhere.
fn calls_by_hand(message: &Message) -> bool {
    message.kind != MessageKind::Notice
        && message.author.kind != AuthorKind::Bot
        && message.forwarded.is_none()
}

/// Whether the destination knows the answered message; `reply` then names its copy.
async fn resolve_reply(directory: &dyn Directory, reply: &mut Reply) -> Result<bool, DeliverError> {
    if let Some(excerpt) = reply.excerpt.take() {
        reply.excerpt = Some(mentions::resolve_mentions(directory, excerpt, &[]).await?);
    }
    let known = directory.message(&reply.message).await?.unwrap_or_default();
    if known.name.is_some() {
        reply.name = known.name;
    }
    reply.author = match (known.author, reply.author.take()) {
        (None, Some(author)) => Some(directory.person(&author).await?.person),
        (author, _) => author,
    };
    if known.revised {
        reply.excerpt = None;
    } else if !reply.partial && known.excerpt.is_some() {
        reply.excerpt = known.excerpt;
    }
    call_author(directory, reply).await?;
    name_at_home(directory, reply);
    match known.id {
        Some(id) => {
            reply.message = id;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Of the people who are to be notified of an answer, only the answered one is called by it, and only
/// where they have an account: the others are called in the words, or not at all.
async fn call_author(directory: &dyn Directory, reply: &mut Reply) -> Result<(), DeliverError> {
    let named = std::mem::take(&mut reply.called);
    let network = &directory.route().to.network;
    let Some(author) = reply.author.as_ref().filter(|author| author.network == *network) else {
        return Ok(());
    };
    for person in named {
        if directory.person(&person).await?.person == *author {
            reply.called = vec![author.clone()];
            break;
        }
    }
    Ok(())
}

/// A person of the destination is called there as they are, without the name of their network,
/// which stands behind the name of their ghost on Matrix.
fn name_at_home(directory: &dyn Directory, reply: &mut Reply) {
    let network = &directory.route().to.network;
    let at_home = reply.author.as_ref().is_some_and(|author| author.network == *network);
    let suffix = format!(" ({})", label(network));
    if at_home && let Some(short) = reply.name.as_ref().and_then(|it| it.strip_suffix(&suffix)) {
        reply.name = Some(short.to_owned());
    }
}
