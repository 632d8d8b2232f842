// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of a message.
//!
//! Rule: the handle is the platform's `file_id`, which only this bot can use.

use bridge_model::{Media, MediaHandle, MediaKind};
use teloxide::types::{FileMeta, PhotoSize, Seconds, Sticker};

use crate::NETWORK;

/// A file with nothing known but its reference and size.
pub(super) fn file(meta: &FileMeta, kind: MediaKind) -> Media {
    let handle = MediaHandle { network: NETWORK.into(), reference: meta.id.0.clone() };
    Media {
        // teloxide writes the largest number where the platform did not say.
        size: (meta.size != u32::MAX).then(|| meta.size.into()),
        ..Media::new(handle, kind)
    }
}

/// The largest of a photo's sizes; the platform makes all of them JPEG.
pub(super) fn photo(sizes: &[PhotoSize], spoiler: bool) -> Option<Media> {
    let largest = sizes.iter().max_by_key(|it| u64::from(it.width) * u64::from(it.height))?;
    Some(Media {
        mime: Some("image/jpeg".to_owned()),
        width: Some(largest.width),
        height: Some(largest.height),
        spoiler,
        ..file(&largest.file, MediaKind::Image)
    })
}

/// A sticker: WebP, a gzipped Lottie animation, or WebM.
pub(super) fn sticker(sticker: &Sticker) -> Media {
    let mime = match (sticker.flags.is_animated, sticker.flags.is_video) {
        (true, _) => "application/x-tgsticker",
        (false, true) => "video/webm",
        (false, false) => "image/webp",
    };
    Media {
        mime: Some(mime.to_owned()),
        width: Some(sticker.width.into()),
        height: Some(sticker.height.into()),
        alt: sticker.emoji.clone(),
        ..file(&sticker.file, MediaKind::Sticker)
    }
}

/// Seconds of the wire to milliseconds of the model.
pub(super) fn milliseconds(duration: Seconds) -> Option<u64> {
    Some(u64::from(duration.seconds()) * 1000)
}
