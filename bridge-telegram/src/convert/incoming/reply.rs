// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message answers, and where it was forwarded from.
//!
//! Rule: in a forum every message formally answers the one that opened its topic; that is not a
//! reply.

use bridge_model::{Block, Forward, Leaf, MessageId, Person, Reply, RichText, name};
use serde_json::Value;

use super::field::{flag, int, list, object, text};
use super::{Us, author, described, message_id};
use crate::NETWORK;
use crate::convert::entities::from_wire;

/// The id of a message that cannot be resolved in this chat; real ids start at 1.
const ELSEWHERE: &str = "0";

/// Stands for the name of a sender that the platform does not tell.
const UNNAMED: &str = "?";

/// The message of this chat that `message` answers.
pub(super) fn answered(message: &Value) -> Option<&Value> {
    let answered = object(message, "reply_to_message")?;
    let thread = int(message, "message_thread_id");
    let opens_topic = flag(message, "is_topic_message") && int(answered, "message_id") == thread;
    (!opens_topic).then_some(answered)
}

/// What `message` answers, in the words of the model.
pub(super) fn of_message(message: &Value, us: &Us) -> Option<Reply> {
    match answered(message) {
        Some(answered) => Some(to_message(message, answered, us)?),
        None => to_elsewhere(message),
    }
}

/// An answer to `answered`, a message of the same chat; what is quoted of it is in `message`.
pub(super) fn to_message(message: &Value, answered: &Value, us: &Us) -> Option<Reply> {
    let by = author::of_message(answered);
    let whole = words(answered);
    // Only our own bot relays names; another bot's first line is its own.
    let (relayed, whole) = match whole.clone().filter(|_| us.wrote(answered)).and_then(unwrapped) {
        Some((name, rest)) if rest.is_empty() => (Some(name), described::content(answered)),
        Some((name, rest)) => (Some(name), Some(rest)),
        None => (None, whole),
    };
    let chosen = chosen(message, answered);
    Some(Reply {
        message: message_id(answered)?,
        author: by.as_ref().map(|it| Person::new(NETWORK, it.user.clone())),
        name: relayed.or(by.map(|it| it.name)),
        partial: chosen.is_some(),
        excerpt: chosen.or(whole),
        called: Vec::new(),
    })
}

/// The part that the author chose to answer. The platform also quotes by itself.
fn chosen(message: &Value, answered: &Value) -> Option<RichText> {
    quoted(message)
        .filter(|_| object(message, "quote").is_some_and(|it| flag(it, "is_manual")))
        .or_else(|| {
            let id = text(message, "reply_to_poll_option_id")?;
            let poll = object(answered, "poll")?;
            let is_it = |it: &&Value| text(it, "persistent_id") == Some(id);
            option_words(list(poll, "options").iter().find(is_it)?)
        })
        .or_else(|| {
            let id = int(message, "reply_to_checklist_task_id")?;
            let tasks = list(object(answered, "checklist")?, "tasks");
            option_words(tasks.iter().find(|it| int(it, "id") == Some(id))?)
        })
}

fn option_words(value: &Value) -> Option<RichText> {
    Some(from_wire(text(value, "text")?, list(value, "text_entities")))
}

/// An answer to a message of another chat, of another topic of this one, or to a story.
fn to_elsewhere(message: &Value) -> Option<Reply> {
    let quote = quoted(message);
    let external = object(message, "external_reply");
    let story = object(message, "reply_to_story").and_then(|it| object(it, "chat"));
    if quote.is_none() && external.is_none() && story.is_none() {
        return None;
    }
    let chat = |it: &Value| object(it, "chat").and_then(|chat| int(chat, "id"));
    let here = external.filter(|it| chat(it).is_some() && chat(it) == chat(message));
    let name = external
        .and_then(|it| object(it, "origin"))
        .and_then(origin)
        .or_else(|| story.and_then(author::of_chat).map(|it| it.name));
    Some(Reply {
        name,
        partial: object(message, "quote").is_some_and(|it| flag(it, "is_manual")),
        excerpt: quote
            .or_else(|| external.and_then(words))
            .or_else(|| story.map(|_| described::story())),
        ..Reply::to(here.and_then(message_id).unwrap_or_else(|| MessageId::from(ELSEWHERE)))
    })
}

fn quoted(message: &Value) -> Option<RichText> {
    let quote = object(message, "quote")?;
    Some(from_wire(text(quote, "text")?, list(quote, "entities")))
}

/// Name and words of somebody whom our bot relayed: the bold line `Name:`, or `Name (2/3):` in
/// italics above a later piece, and what follows.
fn unwrapped(mut text: RichText) -> Option<(String, RichText)> {
    let Some(Block::Paragraph(spans)) = text.0.first_mut() else { return None };
    let first = spans.first()?;
    let Leaf::Text(line) = &first.leaf else { return None };
    if spans.get(1).is_some_and(|second| second.leaf != Leaf::Break) {
        return None;
    }
    let line = line.strip_suffix(':')?;
    let shown = match (first.style.bold, first.style.italic) {
        (true, _) => line,
        (false, true) => line.strip_suffix(')')?.rsplit_once(" (")?.0,
        (false, false) => return None,
    };
    let name = name::clean(shown, name::LONGEST)?;
    let head = spans.len().min(2);
    spans.drain(..head);
    Some((name, text.normalise()))
}

/// What is said in `answered`, or what it is where nobody says anything in it.
fn words(answered: &Value) -> Option<RichText> {
    let own = |key, entities| Some(from_wire(text(answered, key)?, list(answered, entities)));
    let said = own("text", "entities").or_else(|| own("caption", "caption_entities"));
    said.or_else(|| described::content(answered)).filter(|it| !it.is_empty())
}

/// Where `message` first came from. What a linked channel's post says is said by the channel.
pub(super) fn forwarded(message: &Value) -> Option<Forward> {
    if flag(message, "is_automatic_forward") {
        return None;
    }
    let from = origin(object(message, "forward_origin")?);
    // Else these words would seem to be those of who forwarded them.
    Some(Forward { from: from.unwrap_or_else(|| UNNAMED.to_owned()) })
}

/// The name of who first said something, <https://core.telegram.org/bots/api#messageorigin>.
fn origin(value: &Value) -> Option<String> {
    if let Some(user) = object(value, "sender_user") {
        return author::of_user(user).map(|it| it.name);
    }
    if let Some(chat) = object(value, "sender_chat").or_else(|| object(value, "chat")) {
        let name = author::of_chat(chat)?.name;
        return Some(match text(value, "author_signature") {
            Some(signature) => format!("{name} ({signature})"),
            None => name,
        });
    }
    text(value, "sender_user_name").and_then(|it| name::clean(it, name::LONGEST))
}
