// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of each file of a message before it goes to a network.
//!
//! Rule: a plan is a function from value to value; the same message has the same plan on every
//! try, because a repeated order is compared with what an earlier try left.

use bridge_model::{Media, MediaCapabilities, MediaKind};

use super::derived::Recipe;
use super::names;

/// Media types of Lottie stickers: Telegram's gzipped ones and Discord's.
const LOTTIE: [&str; 2] = ["application/x-tgsticker", "video/lottie+json"];
/// Pictures whose hidden data is not understood here.
const OPAQUE: [&str; 5] = ["image/heic", "image/heif", "image/avif", "image/tiff", "image/jxl"];

/// Changes `media` into what the network can show, and takes away what nobody chose to say.
pub fn plan(media: &mut Media, network: &MediaCapabilities) {
    if is_picture(media) && media.name.as_deref().is_some_and(names::is_by_camera) {
        media.name = None;
    }
    let Some(mime) = media.mime.as_deref().map(str::to_ascii_lowercase) else { return };
    if LOTTIE.contains(&mime.as_str()) && !network.formats.contains(&mime.as_str()) {
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
