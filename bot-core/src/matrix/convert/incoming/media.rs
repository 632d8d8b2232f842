// SPDX-License-Identifier: AGPL-3.0-or-later
//! The file of a message.

use bridge_model::{Media, MediaHandle, MediaKind};
use serde_json::Value;

use super::{Unreadable, text};
use crate::matrix::convert::outgoing::{SPOILER, VOICE};
use crate::matrix::convert::{NETWORK, name, native};

/// The file of an `m.room.message`; `None` for messages of another type.
pub(super) fn read(content: &Value) -> Result<Option<Media>, Unreadable> {
    let mime = mime(content);
    let kind = match text(content, "msgtype") {
        Some("m.image") if mime == Some("image/gif") => MediaKind::Animation,
        Some("m.image") => MediaKind::Image,
        Some("m.video") => MediaKind::Video,
        Some("m.audio") if content.get(VOICE).is_some_and(Value::is_object) => MediaKind::Voice,
        Some("m.audio") => MediaKind::Audio,
        Some("m.file") => MediaKind::File,
        Some(_) | None => return Ok(None),
    };
    let file_name = text(content, "filename").or_else(|| text(content, "body"));
    file(content, kind, file_name).map(Some)
}

/// The picture of an `m.sticker`; its body describes it.
pub(super) fn sticker(content: &Value) -> Result<Media, Unreadable> {
    let mut media = file(content, MediaKind::Sticker, None)?;
    media.alt = text(content, "body").and_then(name::clean);
    Ok(media)
}

fn file(content: &Value, kind: MediaKind, called: Option<&str>) -> Result<Media, Unreadable> {
    if content.get("file").is_some_and(Value::is_object) {
        return Err(Unreadable::encrypted("the file is encrypted"));
    }
    let uri = text(content, "url").filter(|uri| native::is_mxc(uri));
    let uri = uri.ok_or_else(|| Unreadable::malformed("a file without an `mxc` address"))?;
    let side = |key| number(content, key).and_then(|n| u32::try_from(n).ok());
    let handle = MediaHandle { network: NETWORK.into(), reference: uri.to_owned() };
    Ok(Media {
        name: called.and_then(name::clean),
        mime: mime(content).map(str::to_owned),
        size: number(content, "size"),
        width: side("w"),
        height: side("h"),
        duration_ms: number(content, "duration"),
        spoiler: content.get(SPOILER).and_then(Value::as_bool) == Some(true),
        ..Media::new(handle, kind)
    })
}

fn mime(content: &Value) -> Option<&str> {
    let mime = text(content.get("info")?, "mimetype")?;
    let known = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+/".contains(c);
    Some(mime).filter(|mime| mime.contains('/') && mime.chars().all(known))
}

/// A number of `info`; some clients send `1.0`.
fn number(content: &Value, key: &str) -> Option<u64> {
    let value = content.get("info")?.get(key)?;
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|n| n.is_finite() && *n >= 0.0)?;
        format!("{float:.0}").parse().ok()
    })
}
