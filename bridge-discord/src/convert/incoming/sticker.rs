// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stickers.
//!
//! Rule: the address follows the format; see "Image Formatting" and "Sticker Format Types" in
//! <https://discord.com/developers/docs/resources/sticker>.

use bridge_model::{Media, MediaKind, Sticker};
use serde_json::Value;

use super::field::{id, number, text};
use super::{Ours, media};

/// One of a message's `sticker_items`; `None` for a format of the future.
pub(super) fn read(one: &Value, ours: &Ours) -> Option<Media> {
    let (origin, ending, mime) = match number(one, "format_type") {
        1 => (ours.cdn.as_str(), "png", "image/png"),
        2 => (ours.cdn.as_str(), "png", "image/apng"),
        3 => (ours.cdn.as_str(), "json", "video/lottie+json"),
        // Those that move as GIF are kept on another host than all others.
        4 => (ours.media_origin(), "gif", "image/gif"),
        _ => return None,
    };
    let sticker = id(one, "id")?;
    let handle = media::handle(format!("{origin}/stickers/{sticker}.{ending}"));
    Some(Media {
        name: Some(format!("{}.{ending}", text(one, "name").unwrap_or(sticker))),
        mime: Some(mime.to_owned()),
        alt: text(one, "name").map(str::to_owned),
        sticker: Some(Sticker {
            id: Some(sticker.to_owned()),
            pack: id(one, "pack_id").map(str::to_owned),
            emoji: emoji(one),
            mime: Some(mime.to_owned()),
        }),
        ..Media::new(handle, MediaKind::Sticker)
    })
}

/// The emoji that a sticker stands for: its tags hold one, or the name of one.
fn emoji(one: &Value) -> Option<String> {
    let tag = text(one, "tags")?.split(',').next()?.trim();
    (!tag.is_empty() && !tag.is_ascii()).then(|| tag.to_owned())
}
