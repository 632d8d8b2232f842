// SPDX-License-Identifier: AGPL-3.0-or-later
//! `info` of events with files, and the names of files.

use bridge_model::{Media, MediaKind};
use serde_json::{Map, Value};

use super::uploaded;
use crate::convert::name;

/// What clients know of a file before they fetch it ("m.room.message msgtypes", MSC2448, MSC4230).
pub(super) fn info(media: &Media, mime: &str) -> Value {
    let mut info = Map::new();
    info.insert("mimetype".into(), mime.into());
    let sides = (media.width, media.height);
    put_numbers(&mut info, sides, &[("size", media.size), ("duration", media.duration_ms)]);
    if let Some(hash) = &media.blurhash {
        info.insert("xyz.amorgan.blurhash".into(), hash.as_str().into());
    }
    if let Some((uri, thumbnail)) = uploaded::thumbnail(media) {
        let mut about = Map::new();
        about.insert("mimetype".into(), thumbnail.mime.as_deref().unwrap_or("image/jpeg").into());
        let sides = (thumbnail.width, thumbnail.height);
        put_numbers(&mut about, sides, &[("size", thumbnail.size)]);
        info.insert("thumbnail_url".into(), uri.into());
        info.insert("thumbnail_info".into(), Value::Object(about));
    }
    let moves = matches!(media.kind, MediaKind::Animation | MediaKind::Sticker);
    if moves && mime.starts_with("video/") {
        // No proposal says that a film is a loop; these hints are what clients know.
        for hint in ["gif", "loop", "autoplay", "hide_controls", "no_audio"] {
            info.insert(format!("fi.mau.{hint}"), true.into());
        }
    }
    if media.kind == MediaKind::Animation && mime.starts_with("image/") {
        for key in ["is_animated", "org.matrix.msc4230.is_animated"] {
            info.insert(key.into(), true.into());
        }
    }
    Value::Object(info)
}

fn put_numbers(
    info: &mut Map<String, Value>,
    (width, height): (Option<u32>, Option<u32>),
    more: &[(&str, Option<u64>)],
) {
    let sides = [("w", width.map(u64::from)), ("h", height.map(u64::from))];
    for (key, value) in more.iter().chain(&sides) {
        if let Some(value) = value {
            info.insert((*key).into(), (*value).into());
        }
    }
}

/// The name that the sender gave, or what kind of file it is.
pub(super) fn filename(media: &Media, mime: &str) -> String {
    if let Some(name) = media.name.as_deref().and_then(name::line) {
        // A client may save the file under it.
        return name.replace(['/', '\\'], "_");
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
