// SPDX-License-Identifier: AGPL-3.0-or-later
//! Replacing what was said before ("Event replacements" in the specification).
//!
//! Rule: the new content stands whole in `m.new_content`; outside of it stands what
//! clients show that know no edits, and it wakes nobody a second time.

use bridge_model::{Media, Message};
use serde_json::{Map, Value, json};

use super::content::MESSAGE;
use super::{PartContent, Uploaded, bare_parts, sign};
use crate::Part;
use crate::matrix::convert::{NETWORK, native};

/// The contents that turn `parts` into `message`: one for each part, in order, as long as
/// there is something to say; then those of new parts. Parts beyond the end of the answer
/// are to be redacted.
///
/// A file can only be edited where its place on the media repository is known: when the
/// handle of the message's file is one of Matrix. Otherwise the event with the file stays
/// as it is (the answer has a [`UNCHANGED`] in its place) and the text follows in a part of
/// its own.
pub fn edit_parts(
    message: &Message,
    native_reply: bool,
    source: &str,
    parts: &[Part],
) -> Vec<PartContent> {
    let mut new = Vec::new();
    let files: Vec<Uploaded> = message.media.iter().filter_map(known).collect();
    let kept = parts.iter().take_while(|part| part.media).count();
    if files.len() == message.media.len() {
        new.extend(bare_parts(message, native_reply, &files));
    } else {
        new.extend(std::iter::repeat_with(unchanged).take(kept));
        new.extend(bare_parts(message, native_reply, &[]));
    }
    let mut out = Vec::new();
    for (number, part) in new.into_iter().enumerate() {
        let mut part = match parts.get(number) {
            Some(old) => replacing(part, old),
            None => part,
        };
        if let (Value::Object(content), true) = (&mut part.content, part.event_type != UNCHANGED) {
            sign(content, source, number);
        }
        out.push(part);
    }
    out
}

/// The type of an event that changes nothing and that no client shows; it is not signed, so
/// that it is never taken for a part of the message.
pub const UNCHANGED: &str = "org.freeside.unchanged";

fn unchanged() -> PartContent {
    PartContent { event_type: UNCHANGED, content: json!({}), media: true }
}

fn known(media: &Media) -> Option<Uploaded> {
    let ours = media.handle.network.as_str() == NETWORK && native::is_mxc(&media.handle.reference);
    let mime = media.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    ours.then(|| Uploaded::at(media.clone(), media.handle.reference.clone(), mime))
}

fn replacing(part: PartContent, old: &Part) -> PartContent {
    let target = old.id.as_str();
    if part.event_type != MESSAGE {
        // Stickers, and what stays as it is, cannot be edited.
        let content = json!({ "m.relates_to": { "rel_type": "m.reference", "event_id": target } });
        return PartContent { event_type: UNCHANGED, content, media: old.media };
    }
    let mut content = Map::new();
    for key in ["msgtype", "url", "info", "filename", "format"] {
        if let Some(value) = part.content.get(key) {
            content.insert(key.into(), value.clone());
        }
    }
    for key in ["body", "formatted_body"] {
        if let Some(text) = part.content.get(key).and_then(Value::as_str) {
            content.insert(key.into(), format!("* {text}").into());
        }
    }
    content.insert("m.mentions".into(), json!({}));
    content.insert("m.new_content".into(), part.content);
    let relation = json!({ "rel_type": "m.replace", "event_id": target });
    content.insert("m.relates_to".into(), relation);
    PartContent { event_type: MESSAGE, content: Value::Object(content), media: old.media }
}
