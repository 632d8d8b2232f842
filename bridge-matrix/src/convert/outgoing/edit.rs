// SPDX-License-Identifier: AGPL-3.0-or-later
//! Replacing what was said before ("Event replacements" in the specification).
//!
//! Rule: the new content stands whole in `m.new_content`; outside of it stands what
//! clients show that know no edits, and it wakes nobody a second time.

use bridge_model::Message;
use serde_json::{Map, Value, json};

use super::content::MESSAGE;
use super::{PartContent, Uploaded, bare_parts, card, relation, sign};
use crate::convert::MAX_CONTENT;
use bot_core::Part;

/// How much of a long text clients show that know no edits, in characters.
const FALLBACK: usize = 500;

/// The contents that turn `parts` into `message`: one for each part, in order, as long as
/// there is something to say; then those of new parts. Parts beyond the end of the answer
/// are to be redacted.
///
/// A file can only be edited where its place on the media repository is known: when the
/// handle of the message's file is one of Matrix. Otherwise the event with the file stays
/// as it is (the answer has a [`UNCHANGED`] in its place) and the text follows in a part of
/// its own. A poll stays a poll, and what was words stays words.
pub fn edit_parts(
    message: &Message,
    native_reply: bool,
    source: &str,
    parts: &[Part],
) -> Vec<PartContent> {
    let mut new = Vec::new();
    let files: Vec<Uploaded> = message.media.iter().filter_map(Uploaded::known).collect();
    let first_is_file = parts.first().is_some_and(|part| part.media);
    if files.len() == message.media.len() {
        new.extend(bare_parts(message, native_reply, &files, !first_is_file));
    } else {
        let kept = parts.iter().take_while(|part| part.media).count();
        new.extend(std::iter::repeat_with(unchanged).take(kept));
        new.extend(bare_parts(message, native_reply, &[], true));
    }
    let mut out = Vec::new();
    for (number, part) in new.into_iter().enumerate() {
        let mut part = match parts.get(number) {
            Some(old) => replacing(part, old),
            None => added(part, message, number),
        };
        if let (Value::Object(content), true) = (&mut part.content, part.event_type != UNCHANGED) {
            sign(content, source, number);
        }
        out.push(part);
    }
    out
}

/// A part that was not there before.
fn added(mut part: PartContent, message: &Message, number: usize) -> PartContent {
    if let Value::Object(content) = &mut part.content {
        relation::relate(content, message, (number, false));
    }
    part
}

/// The type of an event that changes nothing and that no client shows; it is not signed, so
/// that it is never taken for a part of the message.
pub const UNCHANGED: &str = "org.freeside.unchanged";

fn unchanged() -> PartContent {
    PartContent { event_type: UNCHANGED, content: json!({}), media: true }
}

fn replacing(part: PartContent, old: &Part) -> PartContent {
    let target = old.id.as_str();
    if part.event_type != MESSAGE && part.event_type != card::POLL_START {
        // Stickers, and what stays as it is, cannot be edited.
        let content = json!({ "m.relates_to": { "rel_type": "m.reference", "event_id": target } });
        return PartContent { event_type: UNCHANGED, content, media: old.media };
    }
    let mut content = part.content.as_object().cloned().unwrap_or_default();
    for key in ["body", "formatted_body", "org.matrix.msc1767.text"] {
        if let Some(Value::String(text)) = content.get_mut(key) {
            text.insert_str(0, "* ");
        }
    }
    content.insert("m.mentions".into(), json!({}));
    content.insert("m.new_content".into(), part.content);
    let relation = json!({ "rel_type": "m.replace", "event_id": target });
    content.insert("m.relates_to".into(), relation);
    shorten(&mut content);
    PartContent { event_type: part.event_type, content: Value::Object(content), media: old.media }
}

/// What stands outside of `m.new_content` gives way where both do not fit.
fn shorten(content: &mut Map<String, Value>) {
    let size = serde_json::to_string(content).map_or(usize::MAX, |json| json.len());
    if size <= MAX_CONTENT {
        return;
    }
    content.remove("format");
    content.remove("formatted_body");
    if let Some(Value::String(body)) = content.get_mut("body") {
        let short: String = body.chars().take(FALLBACK).collect();
        *body = format!("{short}…");
    }
}
