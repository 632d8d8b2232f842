// SPDX-License-Identifier: AGPL-3.0-or-later
//! Takes hidden data out of pictures while they flow: EXIF (with the place where it was taken and
//! the camera), XMP, IPTC, comments, and whatever hangs behind the end of the picture.
//!
//! Rule: the length never changes, so that what was said about the size stays true; what is taken
//! out becomes zeros. How a picture is to be turned stays, because else it would lie on its side.
//!
//! JPEG: ITU-T T.81, annex B; PNG: <https://www.w3.org/TR/png-3/>; WebP:
//! <https://developers.google.com/speed/webp/docs/riff_container>.

mod gif;
mod jpeg;
mod png;
mod webp;

use bytes::{Bytes, BytesMut};

/// How many bytes tell what a file is; the list of brands of an ISO file is mostly shorter.
pub const SNIFF: usize = 64;

/// A kind of picture whose hidden data can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG, also animated.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
}

/// Takes hidden data out of one picture.
pub struct Cleaner {
    state: State,
    pending: BytesMut,
}

enum State {
    Jpeg(jpeg::Jpeg),
    Png(png::Png),
    WebP(webp::WebP),
    Gif(gif::Gif),
}

/// What a reader of one format does with the bytes that wait.
enum Step {
    /// More bytes are needed.
    Wait,
    /// This many bytes go out as they are now.
    Out(usize),
    /// This many bytes go out as zeros.
    Blank(usize),
}

/// One format: looks at the bytes that wait, may change them in place.
trait Walk {
    /// What to do next. `end` says that no more bytes come.
    fn step(&mut self, pending: &mut [u8], end: bool) -> Step;
}

impl Format {
    /// What the first [`SNIFF`] bytes of a file say that it is.
    pub fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if start.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if start.starts_with(b"RIFF") && holds_at(start, 8, b"WEBP") {
            Some(Self::WebP)
        } else if start.starts_with(b"GIF8") {
            Some(Self::Gif)
        } else {
            None
        }
    }

    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// How files begin that may hold pictures with hidden data and that nobody here can clean:
/// broken JPEG and PNG; TIFF and BigTIFF, which cameras' raw formats and DNG are, too, with those
/// that have a signature of their own (Olympus, Panasonic, Fujifilm, JPEG XR); JPEG 2000 and
/// JPEG XL, as files and as bare pictures; Photoshop.
const OPAQUE: [&[u8]; 20] = [
    b"\xff\xd8",
    b"\x89PNG",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\0",
    b"II\xbc",
    b"II\x1a\0\0\0HEAP",
    b"FUJIFILMCCD-RAW",
    b"FOVb",
    b"\0\0\0\x0cjP  ",
    b"\0\0\0\x0cjP\x1a\x1a",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cJXL ",
    b"\xff\x0a",
    b"8BPS",
];

/// Brands of ISO base media files that hold pictures: HEIF and HEIC with their sequences, AVIF,
/// JPEG 2000, JPEG XL and Canon's raw format (<https://mp4ra.org/registered-types/brands>).
const BRANDS: [&[u8; 4]; 30] = [
    b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"MiHB", b"MiHA", b"MiHE", b"MiPr", b"MA1A",
    b"MA1B", b"1pic", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
    b"avif", b"avis", b"avci", b"avcs", b"jpeg", b"jpgs", b"jp2 ", b"jpx ", b"jxl ", b"crx ",
];

/// Whether a file begins like a picture whose hidden data is not understood here.
pub fn is_opaque(start: &[u8]) -> bool {
    if Format::of(start).is_some() {
        return false;
    }
    let of_picture = |brand: &[u8]| BRANDS.iter().any(|known| brand == *known);
    let iso = holds_at(start, 4, b"ftyp");
    let length = start.first_chunk().map_or(0, |length| u32::from_be_bytes(*length));
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(start.len());
    // The version of the first brand stands between it and the others; no brand looks like one.
    let mut brands = start.get(8..end).unwrap_or_default().chunks_exact(4);
    (iso && brands.any(of_picture)) || OPAQUE.iter().any(|opaque| start.starts_with(opaque))
}

fn holds_at(start: &[u8], from: usize, wanted: &[u8]) -> bool {
    start.get(from..).is_some_and(|rest| rest.starts_with(wanted))
}

impl Cleaner {
    /// For a picture of that format.
    pub fn new(format: Format) -> Self {
        let state = match format {
            Format::Jpeg => State::Jpeg(jpeg::Jpeg::default()),
            Format::Png => State::Png(png::Png::default()),
            Format::WebP => State::WebP(webp::WebP::default()),
            Format::Gif => State::Gif(gif::Gif::default()),
        };
        Self { state, pending: BytesMut::new() }
    }

    /// Takes the next bytes; gives those that are clean. At most 64 KiB are held back.
    pub fn push(&mut self, chunk: &[u8]) -> Bytes {
        self.pending.extend_from_slice(chunk);
        self.work(false)
    }

    /// The bytes that were held back; call once, after the last [`Cleaner::push`].
    pub fn finish(&mut self) -> Bytes {
        self.work(true)
    }

    fn work(&mut self, end: bool) -> Bytes {
        let mut out = BytesMut::new();
        while !self.pending.is_empty() {
            let step = match &mut self.state {
                State::Jpeg(walk) => walk.step(&mut self.pending, end),
                State::Png(walk) => walk.step(&mut self.pending, end),
                State::WebP(walk) => walk.step(&mut self.pending, end),
                State::Gif(walk) => walk.step(&mut self.pending, end),
            };
            let (length, blank) = match step {
                Step::Out(length) => (length, false),
                Step::Blank(length) => (length, true),
                // A picture that ends in the middle of something: the rest is not understood.
                Step::Wait if end => (self.pending.len(), true),
                Step::Wait => break,
            };
            let mut piece = self.pending.split_to(length.min(self.pending.len()));
            if blank {
                piece.fill(0);
            }
            out.unsplit(piece);
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests;
