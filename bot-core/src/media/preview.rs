// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is shown of a picture before it is loaded: its size and a blurred preview.
//!
//! Rule: a preview is a courtesy. What cannot be read, or is large when unpacked, has none.

use std::io::Cursor;

use image::{ImageReader, Limits};
use serde::{Deserialize, Serialize};

/// Longest side of what the blur is computed from, in pixels.
const SIDE: u32 = 64;
/// Most memory that an unpacked picture may take, in bytes.
const MOST_MEMORY: u64 = 16 * 1024 * 1024;
/// Largest picture that is looked at, in bytes.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// What is known of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// <https://blurha.sh>, 4 by 3 components.
    pub blurhash: Option<String>,
}

/// Looks at a whole picture.
pub fn of(picture: &[u8]) -> Option<Preview> {
    let reader = || ImageReader::new(Cursor::new(picture)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    Some(Preview { width, height, blurhash: blurhash(reader()?) })
}

fn blurhash(mut reader: ImageReader<Cursor<&[u8]>>) -> Option<String> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let small = reader.decode().ok()?.thumbnail(SIDE, SIDE).into_rgba8();
    blurhash::encode(4, 3, small.width(), small.height(), small.as_raw()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let picture = image::RgbaImage::from_fn(width, height, |x, _| {
            image::Rgba([if x < width / 2 { 255 } else { 0 }, 0, 0, 255])
        });
        picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
        out.into_inner()
    }

    #[test]
    fn a_picture_has_its_size_and_a_blur_that_looks_like_it() {
        let preview = of(&png(80, 40)).unwrap();
        assert_eq!((preview.width, preview.height), (80, 40));
        let blur = blurhash::decode(&preview.blurhash.unwrap(), 8, 4, 1.0).unwrap();
        let red = |x: usize| u32::from(blur[x * 4]);
        assert!(red(0) > 2 * red(7), "{} {}", red(0), red(7));
    }

    #[test]
    fn what_is_large_when_unpacked_has_a_size_but_no_blur() {
        let preview = of(&png(4000, 3000)).unwrap();
        assert_eq!(preview, Preview { width: 4000, height: 3000, blurhash: None });
    }

    #[test]
    fn what_is_no_picture_has_no_preview() {
        assert_eq!(of(b"hello"), None);
        assert_eq!(of(&png(4, 4)[..20]), None);
    }
}
