// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attachments and stickers.
//!
//! Rule: the handle is the address that Discord gave, and after `#` the place where a
//! fresh one can be had: addresses of attachments die after a day. Whether an address may
//! be fetched is decided when it is opened.

use bridge_model::{Media, MediaHandle, MediaKind};
use serde_json::Value;

use super::Ours;
use super::field::{id, list, text};
use crate::NETWORK;

/// The flag of a spoken message.
const VOICE: u64 = 1 << 13;

/// The files of a message, and of a message that it forwards.
pub(super) fn all(message: &Value, ours: &Ours) -> Vec<Media> {
    let mut media = of_one(message, ours);
    for snapshot in list(message, "message_snapshots") {
        media.extend(snapshot.get("message").map(|inner| of_one(inner, ours)).unwrap_or_default());
    }
    media
}

fn of_one(message: &Value, ours: &Ours) -> Vec<Media> {
    let home = id(message, "channel_id").zip(id(message, "id"));
    let voice = message.get("flags").and_then(Value::as_u64).unwrap_or(0) & VOICE != 0;
    let files =
        list(message, "attachments").iter().filter_map(|file| attachment(file, voice, home));
    let stickers = list(message, "sticker_items").iter().filter_map(|one| sticker(one, ours));
    files.chain(stickers).collect()
}

fn attachment(file: &Value, voice: bool, home: Option<(&str, &str)>) -> Option<Media> {
    let number = |key: &str| file.get(key).and_then(Value::as_u64);
    let pixels = |key: &str| number(key).and_then(|n| u32::try_from(n).ok());
    let mime = text(file, "content_type").map(|mime| mime.split(';').next().unwrap_or(mime));
    let name = text(file, "title").or_else(|| text(file, "filename"));
    let seconds = file.get("duration_secs").and_then(Value::as_f64);
    let mut address = text(file, "url")?.to_owned();
    if let (Some((channel, message)), Some(own)) = (home, id(file, "id")) {
        address.push_str(&format!("#{channel}/{message}/{own}"));
    }
    Some(Media {
        name: name.map(|name| name.trim_start_matches("SPOILER_").to_owned()),
        mime: mime.map(str::to_owned),
        size: number("size"),
        width: pixels("width"),
        height: pixels("height"),
        duration_ms: seconds
            .and_then(|s| std::time::Duration::try_from_secs_f64(s).ok())
            .and_then(|d| u64::try_from(d.as_millis()).ok()),
        spoiler: text(file, "filename").is_some_and(|name| name.starts_with("SPOILER_")),
        alt: text(file, "description").map(str::to_owned),
        ..Media::new(handle(address), kind(mime.unwrap_or_default(), voice))
    })
}

fn kind(mime: &str, voice: bool) -> MediaKind {
    match mime.split('/').next().unwrap_or_default() {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" if voice => MediaKind::Voice,
        "audio" => MediaKind::Audio,
        _ => MediaKind::File,
    }
}

/// Vector stickers (format 3) are no pictures; their name stands in the text.
fn sticker(one: &Value, ours: &Ours) -> Option<Media> {
    let (ending, mime) = match one.get("format_type").and_then(Value::as_u64)? {
        1 | 2 => ("png", "image/png"),
        4 => ("gif", "image/gif"),
        _ => return None,
    };
    let sticker = id(one, "id")?;
    let handle = handle(format!("{}/stickers/{sticker}.{ending}", ours.cdn));
    Some(Media {
        name: Some(format!("{sticker}.{ending}")),
        mime: Some(mime.to_owned()),
        alt: text(one, "name").map(str::to_owned),
        ..Media::new(handle, MediaKind::Sticker)
    })
}

fn handle(reference: String) -> MediaHandle {
    MediaHandle { network: NETWORK.into(), reference }
}
