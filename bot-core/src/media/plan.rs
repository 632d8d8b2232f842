// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of each file of a message before it goes to a network.
//!
//! Rule: a plan is a function from value to value; the same message has the same plan on every
//! try, because a repeated order is compared with what an earlier try left.

use bridge_model::{Media, MediaCapabilities, MediaKind};

use super::derived::Recipe;
use super::names;
use crate::address::is_mxc;

/// Media types of Lottie stickers: Telegram's gzipped ones and Discord's.
const LOTTIE: [&str; 2] = ["application/x-tgsticker", "video/lottie+json"];
/// Pictures whose hidden data is not understood here. What a sender says of a file only saves
/// fetching it: `strip` decides by its bytes.
const OPAQUE: [&str; 14] = [
    "image/heic",
    "image/heif",
    "image/heic-sequence",
    "image/heif-sequence",
    "image/avif",
    "image/avif-sequence",
    "image/tiff",
    "image/x-adobe-dng",
    "image/dng",
    "image/jp2",
    "image/jpx",
    "image/jpm",
    "image/jxl",
    "image/vnd.adobe.photoshop",
];

/// Changes `media` into what the network can show, and takes away what nobody chose to say.
pub fn plan(media: &mut Media, network: &MediaCapabilities) {
    if is_picture(media) && media.name.as_deref().is_some_and(names::is_by_camera) {
        media.name = None;
    }
    let Some(mime) = media.mime.as_deref().map(str::to_ascii_lowercase) else { return };
    if is_vector_sticker(media, &mime) && !network.formats.contains(&mime.as_str()) {
        let recipe = match network.formats.contains(&"image/apng") {
            true => Recipe::LottieToApng,
            false => Recipe::LottieToGif,
        };
        media.handle = recipe.of(&media.handle);
        media.mime = Some(recipe.mime().to_owned());
        // Another file has another size and name.
        media.size = None;
        media.name = None;
        media.width = None;
        media.height = None;
    }
}

/// Whether it is a moving sticker of a platform that keeps such itself. Anybody can upload a file
/// to a homeserver and call it a sticker, so those are not drawn.
fn is_vector_sticker(media: &Media, mime: &str) -> bool {
    let of_platform = media.kind == MediaKind::Sticker && !is_mxc(&media.handle.reference);
    of_platform && LOTTIE.contains(&mime)
}

/// Whether hidden data of this file cannot be taken out, so that it must not cross.
pub fn is_withheld(media: &Media) -> bool {
    let mime = media.mime.as_deref().unwrap_or_default().to_ascii_lowercase();
    OPAQUE.contains(&mime.as_str())
}

/// Whether it is a still picture, by what is said of it.
pub fn is_picture(media: &Media) -> bool {
    let mime = media.mime.as_deref().unwrap_or_default();
    media.kind == MediaKind::Image
        || mime.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("image/"))
}

#[cfg(test)]
mod tests {
    use bridge_model::MediaHandle;

    use super::*;
    use crate::media::derived;

    fn file(network: &str, reference: &str, kind: MediaKind) -> Media {
        let handle = MediaHandle { network: network.into(), reference: reference.into() };
        Media { mime: Some("application/x-tgsticker".into()), ..Media::new(handle, kind) }
    }

    fn is_drawn(mut media: Media) -> bool {
        plan(&mut media, &MediaCapabilities::default());
        derived::original(&media.handle).is_some()
    }

    #[test]
    fn a_platforms_own_sticker_is_drawn() {
        assert!(is_drawn(file("telegram", "AgAD", MediaKind::Sticker)));
    }

    #[test]
    fn a_file_that_only_calls_itself_a_sticker_is_not_drawn() {
        assert!(!is_drawn(file("telegram", "AgAD", MediaKind::File)));
        assert!(!is_drawn(file("matrix", "mxc://a/b", MediaKind::Sticker)));
        assert!(!is_drawn(file("matrix", "mxc://a/b", MediaKind::File)));
    }
}
