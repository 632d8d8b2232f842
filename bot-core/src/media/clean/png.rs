// SPDX-License-Identifier: AGPL-3.0-or-later
//! PNG: a signature, then chunks of length, type, data and checksum, up to `IEND`.
//!
//! Rule: a chunk that a decoder does not need becomes a private one full of zeros with a right
//! checksum, so that every decoder passes over it.

use super::{Step, Walk};

/// Chunks that decide how the picture looks, with the most bytes that they may have.
const NEEDED: [(&[u8; 4], u32); 20] = [
    (b"IHDR", 13),
    (b"PLTE", 768),
    (b"IDAT", u32::MAX),
    (b"IEND", 0),
    (b"tRNS", 256),
    (b"cHRM", 32),
    (b"gAMA", 4),
    (b"iCCP", u32::MAX),
    (b"sBIT", 4),
    (b"sRGB", 1),
    (b"cICP", 4),
    (b"mDCV", 24),
    (b"cLLI", 8),
    (b"bKGD", 6),
    (b"hIST", 512),
    (b"pHYs", 9),
    (b"acTL", 8),
    (b"fcTL", 26),
    (b"fdAT", u32::MAX),
    // Of Apple's own variant, which its decoders need.
    (b"CgBI", 4),
];
/// The type of a chunk that nobody reads: ancillary, private, safe to copy.
const NOBODYS: &[u8; 4] = b"fsJk";
const SIGNATURE: usize = 8;
const CHECKSUM: u64 = 4;

/// Walks through a PNG file.
#[derive(Default)]
pub(super) struct Png {
    next: Next,
}

#[derive(Default)]
enum Next {
    #[default]
    Signature,
    Chunk,
    Copy {
        left: u64,
        last: bool,
    },
    Blank {
        left: u64,
        sum: crc32fast::Hasher,
    },
    Checksum(u32),
    Nothing,
}

impl Walk for Png {
    fn step(&mut self, pending: &mut [u8], _end: bool) -> Step {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Signature if pending.len() < SIGNATURE => self.wait(Next::Signature),
            Next::Signature => {
                self.next = Next::Chunk;
                Step::Out(SIGNATURE)
            }
            Next::Chunk => self.chunk(pending),
            Next::Copy { left, last } => {
                let now = most(left, pending.len());
                let left = left.saturating_sub(now.try_into().unwrap_or(u64::MAX));
                self.next = match (left, last) {
                    (0, true) => Next::Nothing,
                    (0, false) => Next::Chunk,
                    (left, last) => Next::Copy { left, last },
                };
                Step::Out(now)
            }
            Next::Blank { left, mut sum } => {
                let now = most(left, pending.len());
                if let Some(blank) = pending.get_mut(..now) {
                    blank.fill(0);
                    sum.update(blank);
                }
                let left = left.saturating_sub(now.try_into().unwrap_or(u64::MAX));
                self.next = match left {
                    0 => Next::Checksum(sum.finalize()),
                    left => Next::Blank { left, sum },
                };
                Step::Out(now)
            }
            Next::Checksum(sum) => match pending.get_mut(..4) {
                Some(room) => {
                    room.copy_from_slice(&sum.to_be_bytes());
                    self.next = Next::Chunk;
                    Step::Out(4)
                }
                None => self.wait(Next::Checksum(sum)),
            },
            Next::Nothing => Step::Blank(pending.len()),
        }
    }
}

impl Png {
    fn wait(&mut self, next: Next) -> Step {
        self.next = next;
        Step::Wait
    }

    fn chunk(&mut self, pending: &mut [u8]) -> Step {
        let Some(head) = pending.get_mut(..8) else { return self.wait(Next::Chunk) };
        let (length, kind) = head.split_at_mut(4);
        let length = u32::from_be_bytes(<[u8; 4]>::try_from(&*length).unwrap_or_default());
        if !NEEDED.iter().any(|(needed, most)| kind == *needed && length <= *most) {
            kind.copy_from_slice(NOBODYS);
            let mut sum = crc32fast::Hasher::new();
            sum.update(NOBODYS);
            self.next = match length {
                0 => Next::Checksum(sum.finalize()),
                length => Next::Blank { left: length.into(), sum },
            };
        } else {
            let last = kind == b"IEND";
            self.next = Next::Copy { left: u64::from(length) + CHECKSUM, last };
        }
        Step::Out(8)
    }
}

fn most(left: u64, there: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(there)
}
