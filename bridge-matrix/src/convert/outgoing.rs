// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a message to the contents of Matrix events.
//!
//! Rule: every content carries [`SOURCE`], so that our own event is known again when it
//! comes back and the answer to its sending was lost; and every text carries
//! `m.mentions`, so that nobody is woken by a word that happens to be a name.
//!
//! ruma's content types are not used: they cannot hold unknown fields, and their
//! replacements put HTML into plain bodies.

mod card;
mod content;
mod edit;
mod emoji;
mod info;
mod media;
mod pack;
mod relation;
#[cfg(test)]
mod tests;
mod uploaded;

use bridge_model::text::bounds::MESSAGES;
use bridge_model::{Button, Card, Message, Press, Reaction, RichText};
use serde_json::{Map, Value, json};

use super::{CAPABILITIES, MAX_CONTENT, native};
pub use card::poll_end;
pub use edit::{UNCHANGED, edit_parts};
pub(super) use media::{SPOILER, SPOILER_REASON, VOICE};
pub use pack::emoji_pack;
pub use relation::without_thread;
use uploaded::Place;
pub use uploaded::Uploaded;

/// The field of every content of ours: `{"id": string, "part": number}`.
pub const SOURCE: &str = "org.freeside.source";

/// The field of the bot's words that says which command a reaction with a key stands for:
/// `{key: string}`.
pub const BUTTONS: &str = "org.freeside.buttons";

/// What the key of a reaction begins with that is a button.
pub const BUTTON: &str = "▶ ";

/// What [`SOURCE`], relations and edits may add to a content, in bytes.
const RESERVE: usize = 4 * 1024;

/// One event to send.
#[derive(Clone, Debug, PartialEq)]
pub struct PartContent {
    /// Such as `m.room.message`.
    pub event_type: &'static str,
    /// Its `content`.
    pub content: Value,
    /// It carries a file, so that its text is a caption.
    pub media: bool,
}

/// The events that say `message`: first its card, then its files, with the text as caption of the
/// first one, then what is left of the text, cut so that each content stays below [`MAX_CONTENT`].
///
/// With `native_reply` the first event answers `reply_to.message`; otherwise what is answered
/// is drawn as a quote, where it is known. A message in a thread has all its events there. A
/// message that says nothing has no events. Follows "m.room.message", "m.sticker", "Rich
/// replies", "Threading" and "Mentioning" in the specification, and MSC3381 and MSC3488.
pub fn post_parts(
    message: &Message,
    native_reply: bool,
    source: &str,
    media: &[Uploaded],
) -> Vec<PartContent> {
    let closed = matches!(&message.card, Some(Card::Poll(poll)) if poll.closed);
    let mut parts = bare_parts(message, native_reply, media, closed);
    for (number, part) in parts.iter_mut().enumerate() {
        if let Value::Object(content) = &mut part.content {
            relation::relate(content, message, (number, native_reply));
            sign(content, source, number);
        }
    }
    let keys = button_keys(message);
    if let (false, Some(Value::Object(content))) =
        (keys.is_empty(), parts.last_mut().map(|part| &mut part.content))
    {
        let keys = keys.into_iter().map(|(key, command)| (key, Value::from(command)));
        content.insert(BUTTONS.into(), Value::Object(keys.collect()));
    }
    parts
}

/// The reactions that stand for buttons, with their commands. What opens an address is a link in
/// the text here.
fn button_keys(message: &Message) -> Vec<(String, &str)> {
    let key = |button: &'_ Button| format!("{BUTTON}{}", button.label);
    let commands = message.buttons.iter().filter_map(|button| match &button.press {
        Press::Say(command) => Some((key(button), command.as_str())),
        Press::Open(_) => None,
    });
    commands.collect()
}

/// The bot's reactions to its own words `target`, which people only have to touch.
pub fn buttons(target: &str, message: &Message, source: &str) -> Vec<PartContent> {
    let keys = button_keys(message).into_iter();
    keys.map(|(key, _)| reaction(target, &Reaction::Emoji(key), source)).collect()
}

/// The event that reacts to the event `target` ("m.reaction"); a picture of the media repository
/// has its address as key and its name beside it (MSC4027), any other is its name.
///
/// An emoji gets the selector of its coloured form, as clients write it, so that the
/// reactions of both sides are counted together.
pub fn reaction(target: &str, reaction: &Reaction, source: &str) -> PartContent {
    let mut content = Map::new();
    let key = match reaction {
        Reaction::Emoji(key) => emoji::coloured(key),
        Reaction::Custom { id, name } if bot_core::address::is_mxc(id) => {
            for field in ["shortcode", "com.beeper.reaction.shortcode"] {
                if !name.is_empty() {
                    content.insert(field.into(), format!(":{name}:").into());
                }
            }
            id.clone()
        }
        Reaction::Custom { name, .. } => emoji::coloured(&native::shortcode(name)),
    };
    let relation = json!({ "rel_type": "m.annotation", "event_id": target, "key": key });
    content.insert("m.relates_to".into(), relation);
    sign(&mut content, source, 0);
    PartContent { event_type: "m.reaction", content: Value::Object(content), media: false }
}

/// The contents without relation and signature; `as_words` as for [`card::part`].
fn bare_parts(
    message: &Message,
    native_reply: bool,
    media: &[Uploaded],
    as_words: bool,
) -> Vec<PartContent> {
    let mut text = content::whole_text(message, native_reply, card::words(message, as_words));
    let mut parts = Vec::from_iter(card::part(message, as_words));
    let mut lost = Vec::new();
    for file in media {
        let (uri, mime) = match &file.place {
            Place::At { uri, mime } => (uri, mime),
            Place::Missing { line } => {
                lost.extend(line.0.iter().cloned());
                continue;
            }
        };
        let mut part = media::part(&file.media, uri, mime);
        if part.event_type == content::MESSAGE && !text.is_empty() && fits(message, &text) {
            media::add_caption(&mut part.content, &file.media, &std::mem::take(&mut text));
        }
        parts.push(part);
    }
    text.0.extend(lost);
    let most = (MAX_CONTENT.saturating_sub(RESERVE), MESSAGES);
    let pieces = text.split_for_chat(most, &CAPABILITIES.text, &|piece| weight(message, piece));
    parts.extend(pieces.iter().map(|piece| content::text_part(message.kind, piece)));
    if message.silent {
        let contents = parts.iter_mut().filter_map(|part| part.content.as_object_mut());
        contents.filter_map(|content| content.get_mut("m.mentions")).for_each(|it| *it = json!({}));
    }
    parts
}

fn fits(message: &Message, text: &RichText) -> bool {
    weight(message, text) <= MAX_CONTENT.saturating_sub(2 * RESERVE)
}

/// The length of the content that says `text`, in bytes of JSON.
fn weight(message: &Message, text: &RichText) -> usize {
    content::text_part(message.kind, text).content.to_string().len()
}

fn sign(content: &mut Map<String, Value>, source: &str, number: usize) {
    content.insert(SOURCE.into(), json!({ "id": source, "part": number }));
}
