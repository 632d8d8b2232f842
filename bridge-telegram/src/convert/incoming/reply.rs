// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message answers, and where it was forwarded from.
//!
//! Rule: in a forum every message formally answers the one that opened its topic; that is not a
//! reply.

use bridge_model::{Block, Forward, Leaf, MessageId, Person, Reply, RichText};
use teloxide::types::{Message, MessageOrigin};

use super::author;
use crate::NETWORK;
use crate::convert::from_telegram;

/// The id of a message that cannot be resolved in this chat; real ids start at 1.
const ELSEWHERE: &str = "0";

/// The message of this chat that `message` answers.
pub(super) fn answered(message: &Message) -> Option<&Message> {
    let answered = message.reply_to_message()?;
    let opens_topic =
        message.is_topic_message && message.thread_id.is_some_and(|thread| thread.0 == answered.id);
    (!opens_topic).then_some(answered)
}

/// What `message` answers, in the words of the model.
pub(super) fn of_message(message: &Message) -> Option<Reply> {
    let quoted = message.quote().map(|quote| from_telegram(&quote.text, &quote.entities));
    let Some(answered) = answered(message) else {
        // A quote without a message here answers one of another chat.
        let message = MessageId::from(ELSEWHERE);
        return quoted.map(|it| Reply { excerpt: Some(it), partial: true, ..Reply::to(message) });
    };
    let by = author::of_message(answered);
    let whole = words(answered);
    let by_bot = answered.from.as_ref().is_some_and(|from| from.is_bot);
    let (relayed, whole) = match whole.clone().filter(|_| by_bot).and_then(unwrapped) {
        Some((name, rest)) => (Some(name), Some(rest)),
        None => (None, whole),
    };
    Some(Reply {
        message: MessageId::new(answered.id.0.to_string()),
        author: by.as_ref().map(|it| Person::new(NETWORK, it.user.clone())),
        name: relayed.or(by.map(|it| it.name)),
        partial: quoted.is_some(),
        excerpt: quoted.or(whole),
    })
}

/// Name and words of somebody whom a bridge relayed: the bold line `Name:` and what follows.
fn unwrapped(mut text: RichText) -> Option<(String, RichText)> {
    let Some(Block::Paragraph(spans)) = text.0.first_mut() else { return None };
    let (first, second) = (spans.first()?, spans.get(1)?);
    let Leaf::Text(line) = &first.leaf else { return None };
    if !first.style.bold || second.leaf != Leaf::Break {
        return None;
    }
    let name = line.strip_suffix(':')?.to_owned();
    spans.drain(..2);
    Some((name, text.normalise()))
}

fn words(answered: &Message) -> Option<RichText> {
    let (text, entities) = match answered.text() {
        Some(text) => (text, answered.entities()),
        None => (answered.caption()?, answered.caption_entities()),
    };
    Some(from_telegram(text, entities.unwrap_or_default()))
}

/// Where `message` first came from.
pub(super) fn forwarded(message: &Message) -> Option<Forward> {
    let from = match message.forward_origin()? {
        MessageOrigin::User { sender_user, .. } => author::of_user(sender_user).name,
        MessageOrigin::HiddenUser { sender_user_name, .. } => sender_user_name.clone(),
        MessageOrigin::Chat { sender_chat, .. } => author::of_chat(sender_chat).name,
        MessageOrigin::Channel { chat, .. } => author::of_chat(chat).name,
    };
    Some(Forward { from })
}
