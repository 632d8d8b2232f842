// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files that people of the demo show, and a text that is too long for two of the networks.
//!
//! Rule: the smallest that the platforms take for what they are.

/// A picture: one pixel.
pub const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x62, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

/// A sticker: one pixel as lossless WebP.
pub const STICKER: &[u8] = &[
    b'R', b'I', b'F', b'F', 0x1a, 0, 0, 0, b'W', b'E', b'B', b'P', b'V', b'P', b'8', b'L', 0x0d, 0,
    0, 0, 0x2f, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 0x07, 0,
];

/// A spoken message: the first page of an Ogg file with Opus in it.
pub const VOICE: &[u8] = &[
    b'O', b'g', b'g', b'S', 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0x6a, 0x0b,
    0x19, 1, 19, b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', 1, 1, 0x38, 0x01, 0x80, 0xbb, 0,
    0, 0, 0, 0,
];

/// A text of some 5000 characters; a message on Telegram has at most 4096, on Discord 2000.
pub fn long_text() -> String {
    let point = |number| {
        format!(
            "Point {number} of 60: what was said about it, who does it, and until when it is done."
        )
    };
    (1..=60).map(point).collect::<Vec<_>>().join("\n")
}
