// SPDX-License-Identifier: AGPL-3.0-or-later
//! WebP: a RIFF head, then chunks of type, length and data.
//!
//! Rule: chunks that a decoder does not need become `JUNK` full of zeros, and the head no longer
//! announces EXIF and XMP.

use super::{Step, Walk};

const HEAD: usize = 12;
/// The flags of `VP8X` that announce EXIF and XMP.
const ANNOUNCED: u8 = 0b0000_1100;

/// Chunks that a decoder needs, with the most bytes that they may have.
const NEEDED: [(&[u8; 4], u64); 6] = [
    (b"VP8 ", u64::MAX),
    (b"VP8L", u64::MAX),
    (b"ALPH", u64::MAX),
    (b"ICCP", u64::MAX),
    (b"VP8X", 10),
    (b"ANIM", 6),
];
/// A picture of a moving one: its place and time, then chunks.
const FRAME: &[u8; 4] = b"ANMF";
const FRAME_HEAD: u64 = 16;

/// Walks through a WebP file.
#[derive(Default)]
pub(super) struct WebP {
    next: Next,
    /// What the head says is left of the file.
    left: u64,
}

#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Head,
    Chunk,
    Copy(u64),
    Blank(u64),
}

impl Walk for WebP {
    fn step(&mut self, pending: &mut [u8], _end: bool) -> Step {
        match self.next {
            Next::Head => {
                let Some(head) = pending.get(4..HEAD) else { return Step::Wait };
                // `WEBP` counts as a part of what is left.
                self.left = u64::from(number(head)).saturating_sub(4);
                self.next = Next::Chunk;
                Step::Out(HEAD)
            }
            Next::Chunk if self.left == 0 => Step::Blank(pending.len()),
            Next::Chunk => self.chunk(pending),
            Next::Copy(left) => {
                let now = self.some(left, pending.len());
                self.next = self.rest(left, now, Next::Copy);
                Step::Out(now)
            }
            Next::Blank(left) => {
                let now = self.some(left, pending.len());
                self.next = self.rest(left, now, Next::Blank);
                Step::Blank(now)
            }
        }
    }
}

impl WebP {
    fn chunk(&mut self, pending: &mut [u8]) -> Step {
        // The flags of VP8X stand right behind the chunk's head.
        let Some(head) = pending.get_mut(..9) else { return Step::Wait };
        let (kind, rest) = head.split_at_mut(4);
        let (length, flags) = rest.split_at_mut(4);
        let length = u64::from(number(length));
        let padded = length + length % 2;
        // The chunks in a picture are read as those of the file.
        let frame = kind == FRAME && length >= FRAME_HEAD;
        let padded = if frame { FRAME_HEAD } else { padded };
        let needed = NEEDED.iter().any(|(known, most)| kind == *known && length <= *most);
        let hidden = !frame && !needed;
        if hidden {
            kind.copy_from_slice(b"JUNK");
        }
        if kind == b"VP8X" {
            flags.iter_mut().for_each(|flags| *flags &= !ANNOUNCED);
        }
        self.left = self.left.saturating_sub(8);
        self.next = match padded {
            0 => Next::Chunk,
            padded if hidden => Next::Blank(padded),
            padded => Next::Copy(padded),
        };
        Step::Out(8)
    }

    fn some(&mut self, left: u64, there: usize) -> usize {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(there);
        self.left = self.left.saturating_sub(now.try_into().unwrap_or(u64::MAX));
        now
    }

    fn rest(&self, left: u64, now: usize, more: fn(u64) -> Next) -> Next {
        match left.saturating_sub(now.try_into().unwrap_or(u64::MAX)) {
            0 => Next::Chunk,
            left => more(left),
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    let four = bytes.get(..4).and_then(|four| <[u8; 4]>::try_from(four).ok());
    four.map(u32::from_le_bytes).unwrap_or_default()
}
