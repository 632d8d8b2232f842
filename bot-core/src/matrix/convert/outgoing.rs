// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a message to the contents of Matrix events.
//!
//! Rule: every content carries [`SOURCE`], so that our own event is known again when it
//! comes back and the answer to its sending was lost; and every text carries
//! `m.mentions`, so that nobody is woken by a word that happens to be a name.
//!
//! ruma's content types are not used: they cannot hold unknown fields, and their
//! replacements put HTML into plain bodies.

mod content;
mod edit;
mod emoji;
mod media;
#[cfg(test)]
mod tests;

use bridge_model::{Media, Message, RichText};
use serde_json::{Map, Value, json};

use super::MAX_CONTENT;
pub use edit::{UNCHANGED, edit_parts};
pub(super) use media::{SPOILER, VOICE};

/// The field of every content of ours: `{"id": string, "part": number}`.
pub const SOURCE: &str = "org.freeside.source";

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

/// What became of a file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The file.
    pub media: Media,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    At { uri: String, mime: Option<String> },
    Missing { reason: String },
}

impl Uploaded {
    /// The file is on the media repository under `uri` (`mxc://…`).
    pub fn at(media: Media, uri: impl Into<String>, mime: impl Into<String>) -> Self {
        let mime = Some(mime.into());
        Self { media, place: Place::At { uri: uri.into(), mime } }
    }

    /// Its `mxc://` URI and media type, where it has them.
    pub fn address(&self) -> Option<(&str, &str)> {
        match &self.place {
            Place::At { uri, mime } => Some((uri, mime.as_deref()?)),
            Place::Missing { .. } => None,
        }
    }

    /// The file cannot be had; people are told that there was one, and `reason`.
    pub fn missing(media: Media, reason: &str) -> Self {
        Self { media, place: Place::Missing { reason: reason.to_owned() } }
    }
}

/// The events that say `message`: first its files, with the text as caption of the first one,
/// then what is left of the text, cut so that each content stays below [`MAX_CONTENT`].
///
/// With `native_reply` the first event answers `reply_to.message`; otherwise what is answered
/// is drawn as a quote, where it is known. A message that says nothing has no events.
/// Follows "m.room.message", "m.sticker", "Rich replies" and "Mentioning" in the
/// specification.
pub fn post_parts(
    message: &Message,
    native_reply: bool,
    source: &str,
    media: &[Uploaded],
) -> Vec<PartContent> {
    let mut parts = bare_parts(message, native_reply, media);
    let reply = message.reply_to.as_ref().filter(|_| native_reply);
    for (number, part) in parts.iter_mut().enumerate() {
        if let Value::Object(content) = &mut part.content {
            if let (0, Some(reply)) = (number, reply) {
                let target = json!({ "event_id": reply.message.as_str() });
                content.insert("m.relates_to".into(), json!({ "m.in_reply_to": target }));
            }
            sign(content, source, number);
        }
    }
    parts
}

/// The event that reacts to the event `target` with `key` ("m.reaction").
///
/// An emoji gets the selector of its coloured form, as clients write it, so that the
/// reactions of both sides are counted together.
pub fn reaction(target: &str, key: &str, source: &str) -> PartContent {
    let key = emoji::coloured(key);
    let relation = json!({ "rel_type": "m.annotation", "event_id": target, "key": key });
    let mut content = Map::new();
    content.insert("m.relates_to".into(), relation);
    sign(&mut content, source, 0);
    PartContent { event_type: "m.reaction", content: Value::Object(content), media: false }
}

/// The contents without relation and signature.
fn bare_parts(message: &Message, native_reply: bool, media: &[Uploaded]) -> Vec<PartContent> {
    let mut text = content::whole_text(message, native_reply);
    let mut parts = Vec::new();
    let mut lost = Vec::new();
    for file in media {
        let (uri, mime) = match &file.place {
            Place::At { uri, mime } => (uri, mime.as_deref()),
            Place::Missing { reason } => {
                lost.extend(content::lost_file(&file.media, reason));
                continue;
            }
        };
        let mut part = media::part(&file.media, uri, mime);
        if part.event_type == content::MESSAGE && !text.is_empty() && fits(message, &text) {
            media::add_caption(&mut part.content, &std::mem::take(&mut text));
        }
        parts.push(part);
    }
    text.0.extend(lost);
    let pieces = text.split(MAX_CONTENT.saturating_sub(RESERVE), &|piece| weight(message, piece));
    parts.extend(pieces.iter().map(|piece| content::text_part(message.kind, piece)));
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
