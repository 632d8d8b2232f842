// SPDX-License-Identifier: AGPL-3.0-or-later
//! JPEG: a row of marker segments, then the picture, then perhaps more segments.
//!
//! Rule: kept are the segments that a decoder needs; of EXIF only how the picture is to be turned.

use super::{Step, Walk};

/// What comes next.
#[derive(Debug, Default)]
enum Next {
    /// A marker.
    #[default]
    Marker,
    /// This many bytes as they are.
    Copy(usize),
    /// Compressed picture, until the next marker.
    Scan,
    /// Nothing that belongs to the picture.
    Nothing,
}

/// Walks through a JPEG file.
#[derive(Debug, Default)]
pub(super) struct Jpeg {
    next: Next,
    /// After the segment that is being copied the compressed picture begins.
    scan_follows: bool,
}

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
/// Version, density and the size of a small picture.
const JFIF: usize = 14;
/// How colours are to be read.
const ADOBE: usize = 12;

impl Walk for Jpeg {
    fn step(&mut self, pending: &mut [u8], _end: bool) -> Step {
        match self.next {
            Next::Nothing => Step::Blank(pending.len()),
            Next::Copy(left) => {
                let now = left.min(pending.len());
                self.next = match left - now {
                    0 if std::mem::take(&mut self.scan_follows) => Next::Scan,
                    0 => Next::Marker,
                    rest => Next::Copy(rest),
                };
                Step::Out(now)
            }
            Next::Scan => self.scan(pending),
            Next::Marker => self.marker(pending),
        }
    }
}

impl Jpeg {
    /// Up to the next marker; `ff 00` and the restart markers belong to the picture.
    fn scan(&mut self, pending: &mut [u8]) -> Step {
        let pairs = pending.iter().zip(pending.iter().skip(1));
        let is_marker = |(a, b): (&u8, &u8)| *a == 0xff && !matches!(*b, 0 | 0xff | 0xd0..=0xd7);
        match pairs.map(is_marker).position(|found| found) {
            Some(at) => {
                self.next = Next::Marker;
                if at == 0 { self.marker(pending) } else { Step::Out(at) }
            }
            None if pending.last() == Some(&0xff) && pending.len() > 1 => {
                Step::Out(pending.len() - 1)
            }
            None if pending.last() == Some(&0xff) => Step::Wait,
            None => Step::Out(pending.len()),
        }
    }

    fn marker(&mut self, pending: &mut [u8]) -> Step {
        let (Some(&first), Some(&kind)) = (pending.first(), pending.get(1)) else {
            return Step::Wait;
        };
        if first != 0xff {
            self.next = Next::Nothing;
            return Step::Blank(pending.len());
        }
        match kind {
            // A fill byte.
            0xff => Step::Out(1),
            0x01 | 0xd0..=0xd8 => Step::Out(2),
            END => {
                self.next = Next::Nothing;
                Step::Out(2)
            }
            _ => self.segment(pending, kind),
        }
    }

    fn segment(&mut self, pending: &mut [u8], kind: u8) -> Step {
        let Some(&[high, low]) = pending.get(2..4) else { return Step::Wait };
        let whole = usize::from(u16::from_be_bytes([high, low])) + 2;
        if whole < 4 {
            self.next = Next::Nothing;
            return Step::Blank(pending.len());
        }
        if !is_suspect(kind) {
            self.scan_follows = kind == SCAN;
            self.next = Next::Copy(whole);
            // The caller comes back at once: nothing was given out yet.
            return self.step(pending, false);
        }
        let Some(content) = pending.get_mut(4..whole) else { return Step::Wait };
        match kind {
            APP2 if content.starts_with(b"ICC_PROFILE\0") => {}
            APP0 if !content.starts_with(b"JFXX\0") => blank_from(content, JFIF, Some(12..JFIF)),
            APP14 if content.starts_with(b"Adobe") => blank_from(content, ADOBE, None),
            APP1 => blank_exif(content),
            _ => content.fill(0),
        }
        Step::Out(whole)
    }
}

/// Segments that may hold hidden data: all but the tables and pictures of the standard.
fn is_suspect(kind: u8) -> bool {
    !matches!(kind, 0xc0..=0xcf | SCAN | 0xdb..=0xdf)
}

/// Blanks what stands behind the first `head` bytes, and `inside` them the size of the small
/// picture that stood there.
fn blank_from(content: &mut [u8], head: usize, inside: Option<std::ops::Range<usize>>) {
    if let Some(behind) = content.get_mut(head..) {
        behind.fill(0);
    }
    if let Some(size) = inside.and_then(|inside| content.get_mut(inside)) {
        size.fill(0);
    }
}

/// Blanks EXIF and puts in its place an EXIF that says only how the picture is to be turned.
fn blank_exif(content: &mut [u8]) {
    let turned = orientation(content);
    content.fill(0);
    let Some(turned @ 2..=8) = turned else { return };
    // Big endian, one directory with one entry: tag 0x0112, SHORT, one value.
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.push(turned);
    exif.extend([0; 6]);
    if let Some(room) = content.get_mut(..exif.len()) {
        room.copy_from_slice(&exif);
    }
}

/// The value of the tag Orientation (1 to 8) in the first directory.
fn orientation(content: &[u8]) -> Option<u8> {
    let tiff = content.strip_prefix(b"Exif\0\0")?;
    let big = match tiff.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let offset: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let offset = if big { u32::from_be_bytes(offset) } else { u32::from_le_bytes(offset) };
    let directory = usize::try_from(offset).ok()?;
    let entries = usize::from(short(directory)?);
    (0..entries)
        .find_map(|number| {
            let at = directory.checked_add(2)?.checked_add(number.checked_mul(12)?)?;
            (short(at)? == 0x0112).then(|| short(at.checked_add(8)?)).flatten()
        })?
        .try_into()
        .ok()
}
