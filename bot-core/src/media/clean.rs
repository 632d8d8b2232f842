// SPDX-License-Identifier: AGPL-3.0-or-later
//! Takes hidden data out of pictures while they flow: EXIF (with the place where it was taken and
//! the camera), XMP, IPTC, comments, and whatever hangs behind the end of the picture.
//!
//! Rule: the length never changes, so that what was said about the size stays true; what is taken
//! out becomes zeros. How a picture is to be turned stays, because else it would lie on its side.
//!
//! JPEG: ITU-T T.81, annex B; PNG: <https://www.w3.org/TR/png-3/>; WebP:
//! <https://developers.google.com/speed/webp/docs/riff_container>.

mod jpeg;
mod png;
mod webp;

use bytes::{Bytes, BytesMut};

/// How many bytes tell what a file is.
pub const SNIFF: usize = 12;

/// A kind of picture whose hidden data can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG, also animated.
    Png,
    /// WebP.
    WebP,
    /// GIF, which holds no data of a camera.
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
    /// Nothing is to be taken out.
    Through,
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
        let at = |from: usize, wanted: &[u8]| {
            start.get(from..from.saturating_add(wanted.len())) == Some(wanted)
        };
        if at(0, &[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Self::WebP)
        } else if at(0, b"GIF8") {
            Some(Self::Gif)
        } else {
            None
        }
    }
}

impl Cleaner {
    /// For a picture of that format.
    pub fn new(format: Format) -> Self {
        let state = match format {
            Format::Jpeg => State::Jpeg(jpeg::Jpeg::default()),
            Format::Png => State::Png(png::Png::default()),
            Format::WebP => State::WebP(webp::WebP::default()),
            Format::Gif => State::Through,
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
                State::Through => Step::Out(self.pending.len()),
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
