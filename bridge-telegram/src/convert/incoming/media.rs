// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of a message, <https://core.telegram.org/bots/api#available-types>.
//!
//! Rule: the handle is the platform's `file_id`, which only this bot can use. The Bot API tells
//! neither descriptions of files nor the loudness of spoken messages.

use bridge_model::{Media, MediaHandle, MediaKind, Sticker, Thumbnail, media, name};
use serde_json::Value;

use super::field::{count, flag, list, object, small, text};
use crate::NETWORK;

/// The media type of a moving sticker: a gzipped Lottie animation.
const LOTTIE: &str = "application/x-tgsticker";
/// A thumbnail shall be at most so wide or high, in pixels.
const THUMBNAIL: u32 = 400;

/// A file of this kind with all that its object says; `None` without a reference.
pub(super) fn file(value: &Value, kind: MediaKind) -> Option<Media> {
    let seconds = count(value, "duration");
    Some(Media {
        name: text(value, "file_name").and_then(name::of_file),
        mime: media_type(value, kind),
        size: count(value, "file_size"),
        width: small(value, "width"),
        height: small(value, "height"),
        duration_ms: seconds.map(|it| it.saturating_mul(1000)),
        title: text(value, "title").and_then(name::of_file),
        performer: text(value, "performer").and_then(name::of_file),
        thumbnail: object(value, "thumbnail").and_then(|it| picture(it, Some("image/jpeg"))),
        ..Media::new(handle(value)?, kind)
    })
}

/// The media type that the platform says; where it does not, that of the files it makes itself, or
/// that of the name.
///
/// A file that somebody only calls a moving sticker is the archive that it looks like from outside:
/// what is drawn are the platform's own stickers.
fn media_type(value: &Value, kind: MediaKind) -> Option<String> {
    let said = text(value, "mime_type").map(str::to_ascii_lowercase);
    let said = said.as_deref().map(|it| if it == LOTTIE { "application/gzip" } else { it });
    let usual = match kind {
        MediaKind::Video | MediaKind::VideoNote => Some("video/mp4"),
        MediaKind::Animation if has_ending(value, ".gif") => Some("image/gif"),
        MediaKind::Animation => Some("video/mp4"),
        MediaKind::Audio => Some("audio/mpeg"),
        MediaKind::Voice => Some("audio/ogg"),
        MediaKind::Image => Some("image/jpeg"),
        MediaKind::Sticker | MediaKind::File => None,
    };
    let name = text(value, "file_name");
    media::media_type(said.or(usual), name)
}

fn has_ending(value: &Value, ending: &str) -> bool {
    text(value, "file_name").is_some_and(|name| name.to_ascii_lowercase().ends_with(ending))
}

/// The largest of a photo's sizes; the platform makes all of them JPEG.
pub(super) fn photo(sizes: &Value) -> Option<Media> {
    let sizes = sizes.as_array()?;
    let area = |size: &&Value| {
        u64::from(small(size, "width").unwrap_or(0)) * u64::from(small(size, "height").unwrap_or(0))
    };
    let largest = sizes.iter().max_by_key(area)?;
    let handle = handle(largest)?;
    let is_small = |size: &&Value| {
        let side = |key| small(size, key).is_some_and(|it| it <= THUMBNAIL);
        side("width") && side("height")
    };
    let smaller = sizes.iter().filter(is_small).max_by_key(area);
    let thumbnail = smaller.and_then(|it| picture(it, Some("image/jpeg")));
    Some(Media {
        mime: Some("image/jpeg".to_owned()),
        size: count(largest, "file_size"),
        width: small(largest, "width"),
        height: small(largest, "height"),
        thumbnail: thumbnail.filter(|it| it.handle != handle),
        ..Media::new(handle, MediaKind::Image)
    })
}

/// A round film; `length` is its diameter.
pub(super) fn video_note(value: &Value) -> Option<Media> {
    let diameter = small(value, "length");
    Some(Media { width: diameter, height: diameter, ..file(value, MediaKind::VideoNote)? })
}

/// A spoken message.
pub(super) fn voice(value: &Value) -> Option<Media> {
    file(value, MediaKind::Voice)
}

/// A sticker: WebP, a gzipped Lottie animation, or WebM.
pub(super) fn sticker(value: &Value) -> Option<Media> {
    let mime = match (flag(value, "is_animated"), flag(value, "is_video")) {
        (true, _) => LOTTIE,
        (false, true) => "video/webm",
        (false, false) => "image/webp",
    };
    let own = |key| text(value, key).map(str::to_owned);
    Some(Media {
        mime: Some(mime.to_owned()),
        alt: own("emoji"),
        // WebP or JPEG; the platform does not say which.
        thumbnail: object(value, "thumbnail").and_then(|it| picture(it, None)),
        sticker: Some(Sticker {
            id: own("file_unique_id"),
            pack: own("set_name"),
            emoji: own("emoji"),
            mime: Some(mime.to_owned()),
        }),
        ..file(value, MediaKind::Sticker)?
    })
}

/// A photo that moves: the still picture, then its few seconds of film.
pub(super) fn live_photo(message: &Value, value: &Value) -> Vec<Media> {
    let sizes = message.get("photo").or_else(|| value.get("photo"));
    let still = sizes.and_then(photo);
    let film = file(value, MediaKind::Video);
    let thumbnail = still.as_ref().and_then(|it| it.thumbnail.clone());
    still.into_iter().chain(film.map(|film| Media { thumbnail, ..film })).collect()
}

/// What is attached to a poll or one of its parts.
pub(super) fn of_poll(value: &Value) -> Option<Media> {
    let own = |key: &str| object(value, key);
    own("animation")
        .and_then(|it| file(it, MediaKind::Animation))
        .or_else(|| own("audio").and_then(|it| file(it, MediaKind::Audio)))
        .or_else(|| own("document").and_then(|it| file(it, MediaKind::File)))
        .or_else(|| own("video").and_then(|it| file(it, MediaKind::Video)))
        .or_else(|| own("sticker").and_then(sticker))
        .or_else(|| own("live_photo").and_then(|it| live_photo(value, it).into_iter().next()))
        .or_else(|| value.get("photo").and_then(photo))
}

/// What of a paid post is open to us.
pub(super) fn paid(value: &Value) -> Vec<Media> {
    let open = |item: &Value| -> Vec<Media> {
        let film = || object(item, "video").and_then(|it| file(it, MediaKind::Video));
        match text(item, "type") {
            Some("photo") => item.get("photo").and_then(photo).into_iter().collect(),
            Some("video") => film().into_iter().collect(),
            Some("live_photo") => {
                object(item, "live_photo").map(|it| live_photo(item, it)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    };
    list(value, "paid_media").iter().flat_map(open).collect()
}

fn handle(value: &Value) -> Option<MediaHandle> {
    let reference = text(value, "file_id")?.to_owned();
    Some(MediaHandle { network: NETWORK.into(), reference })
}

fn picture(size: &Value, mime: Option<&str>) -> Option<Thumbnail> {
    Some(Thumbnail {
        handle: handle(size)?,
        mime: mime.map(str::to_owned),
        size: count(size, "file_size"),
        width: small(size, "width"),
        height: small(size, "height"),
    })
}
