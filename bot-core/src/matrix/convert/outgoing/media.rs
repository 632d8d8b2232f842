// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contents of events with files.
//!
//! Rule: `filename` is the file's name and `body` its caption where there is one, else
//! the name again ("Media captions" in the specification).

use bridge_model::{Media, MediaKind, RichText};
use serde_json::{Map, Value, json};

use super::PartContent;
use super::content::{self, MESSAGE};
use crate::matrix::convert::name;

/// Files that are hidden until asked for (MSC4193).
pub(in crate::matrix::convert) const SPOILER: &str = "page.codeberg.everypizza.msc4193.spoiler";
/// Spoken messages (MSC3245).
pub(in crate::matrix::convert) const VOICE: &str = "org.matrix.msc3245.voice";

/// The event that shows the file at `uri`, without caption. `mime` is what the upload was
/// declared as.
pub(super) fn part(media: &Media, uri: &str, mime: Option<&str>) -> PartContent {
    let mime = mime.or(media.mime.as_deref()).unwrap_or("application/octet-stream");
    let filename = filename(media, mime);
    let mut content = Map::new();
    let body = media.alt.as_deref().and_then(name::clean).unwrap_or_else(|| filename.clone());
    content.insert("body".into(), body.into());
    content.insert("url".into(), uri.into());
    content.insert("info".into(), info(media, mime));
    content.insert("m.mentions".into(), json!({}));
    let sticker = media.kind == MediaKind::Sticker && mime.starts_with("image/");
    if sticker && !media.spoiler {
        return PartContent { event_type: "m.sticker", content: content.into(), media: true };
    }
    content.insert("msgtype".into(), msgtype(media.kind, mime).into());
    content.insert("filename".into(), filename.into());
    if media.spoiler {
        content.insert(SPOILER.into(), true.into());
    }
    if media.kind == MediaKind::Voice {
        content.insert(VOICE.into(), json!({}));
        let audio = media.duration_ms.map_or_else(|| json!({}), |ms| json!({ "duration": ms }));
        content.insert("org.matrix.msc1767.audio".into(), audio);
    }
    PartContent { event_type: MESSAGE, content: content.into(), media: true }
}

/// Puts a caption. A description of the picture gives way to it.
pub(super) fn add_caption(content: &mut Value, caption: &RichText) {
    if let Value::Object(content) = content {
        content::add_text(content, caption);
    }
}

fn msgtype(kind: MediaKind, mime: &str) -> &'static str {
    match kind {
        MediaKind::Image => "m.image",
        MediaKind::Video | MediaKind::VideoNote => "m.video",
        MediaKind::Audio | MediaKind::Voice => "m.audio",
        MediaKind::Animation | MediaKind::Sticker if mime.starts_with("image/") => "m.image",
        MediaKind::Animation | MediaKind::Sticker if mime.starts_with("video/") => "m.video",
        MediaKind::Animation | MediaKind::Sticker | MediaKind::File => "m.file",
    }
}

fn info(media: &Media, mime: &str) -> Value {
    let mut info = Map::new();
    info.insert("mimetype".into(), mime.into());
    let numbers = [
        ("size", media.size),
        ("w", media.width.map(u64::from)),
        ("h", media.height.map(u64::from)),
        ("duration", media.duration_ms),
    ];
    for (key, value) in numbers {
        if let Some(value) = value {
            info.insert(key.into(), value.into());
        }
    }
    Value::Object(info)
}

/// The name that the sender gave, or what kind of file it is.
fn filename(media: &Media, mime: &str) -> String {
    if let Some(name) = media.name.as_deref().and_then(name::clean) {
        return name;
    }
    let stem = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video | MediaKind::VideoNote => "video",
        MediaKind::Audio | MediaKind::Voice => "audio",
        MediaKind::Animation => "animation",
        MediaKind::Sticker => "sticker",
        MediaKind::File => "file",
    };
    let ending = match mime {
        "image/jpeg" => "jpg",
        "audio/mpeg" => "mp3",
        "video/quicktime" => "mov",
        "application/x-tgsticker" => "tgs",
        other => match other.split_once('/') {
            Some(("image" | "video" | "audio", ending))
                if ending.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                ending
            }
            _ => return stem.to_owned(),
        },
    };
    format!("{stem}.{ending}")
}
