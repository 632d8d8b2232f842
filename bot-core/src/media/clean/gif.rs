// SPDX-License-Identifier: AGPL-3.0-or-later
//! GIF: a head with colours, then pictures and extensions, up to the trailer
//! (<https://www.w3.org/Graphics/GIF/spec-gif89a.txt>).
//!
//! Rule: kept are pictures, how long each is shown, and how often all are repeated. Every other
//! extension, such as a comment or XMP, becomes a comment of zeros.

use super::{Step, Walk};

/// Signature and logical screen.
const HEAD: usize = 13;
/// Place and size of a picture.
const PICTURE: usize = 10;
/// Label and name of an application's extension.
const APPLICATION: usize = 14;
const CONTROL: u8 = 0xf9;
const COMMENT: u8 = 0xfe;
const OF_APPLICATION: u8 = 0xff;
/// Applications whose extension says how often the pictures are repeated.
const REPEATS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// Walks through a GIF file.
#[derive(Default)]
pub(super) struct Gif {
    next: Next,
}

#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Head,
    /// An extension, a picture or the trailer.
    Block,
    /// Bytes as they are, then what follows.
    Copy(usize, After),
    /// A row of sub-blocks of a length and data, up to one of length 0.
    Rows(Keep),
    /// Data of a sub-block, as it is or as zeros; then more rows.
    Data {
        left: usize,
        kept: bool,
        keep: Keep,
    },
    Nothing,
}

#[derive(Clone, Copy)]
enum After {
    Block,
    /// The rows of a picture.
    Picture,
}

/// Which sub-blocks keep their data.
#[derive(Clone, Copy)]
enum Keep {
    All,
    /// Those of this length.
    Only(usize),
    None,
}

impl Walk for Gif {
    fn step(&mut self, pending: &mut [u8], _end: bool) -> Step {
        match self.next {
            Next::Head => {
                let Some(flags) = pending.get(..HEAD).and_then(|head| head.get(10)) else {
                    return Step::Wait;
                };
                self.next = copy(colours(*flags), After::Block);
                Step::Out(HEAD)
            }
            Next::Block => self.block(pending),
            Next::Copy(left, after) => {
                let now = left.min(pending.len());
                self.next = copy(left - now, after);
                Step::Out(now)
            }
            Next::Rows(keep) => {
                let length = pending.first().copied().map_or(0, usize::from);
                let kept = match keep {
                    Keep::All => true,
                    Keep::Only(wanted) => length == wanted,
                    Keep::None => false,
                };
                self.next = rows(length, kept, keep);
                Step::Out(1)
            }
            Next::Data { left, kept, keep } => {
                let now = left.min(pending.len());
                self.next = match left - now {
                    0 => Next::Rows(keep),
                    left => Next::Data { left, kept, keep },
                };
                if kept { Step::Out(now) } else { Step::Blank(now) }
            }
            Next::Nothing => Step::Blank(pending.len()),
        }
    }
}

impl Gif {
    fn block(&mut self, pending: &mut [u8]) -> Step {
        match pending.first() {
            Some(b',') => {
                let Some(flags) = pending.get(..PICTURE).and_then(|head| head.get(9)) else {
                    return Step::Wait;
                };
                // Behind the colours one byte says how long the codes are.
                self.next = copy(colours(*flags) + 1, After::Picture);
                Step::Out(PICTURE)
            }
            Some(b'!') => self.extension(pending),
            Some(b';') => {
                self.next = Next::Nothing;
                Step::Out(1)
            }
            Some(_) | None => {
                self.next = Next::Nothing;
                Step::Blank(pending.len())
            }
        }
    }

    fn extension(&mut self, pending: &mut [u8]) -> Step {
        match pending.get(1) {
            None => return Step::Wait,
            Some(&CONTROL) => {
                self.next = Next::Rows(Keep::Only(4));
                return Step::Out(2);
            }
            Some(&OF_APPLICATION) => {
                let Some(head) = pending.get(..APPLICATION) else {
                    // The file may end before: then nothing of it is kept.
                    return Step::Wait;
                };
                if head.get(3..).is_some_and(|name| REPEATS.contains(&name)) {
                    self.next = Next::Rows(Keep::Only(3));
                    return Step::Out(APPLICATION);
                }
            }
            Some(_) => {}
        }
        if let Some(label) = pending.get_mut(1) {
            *label = COMMENT;
        }
        self.next = Next::Rows(Keep::None);
        Step::Out(2)
    }
}

fn rows(length: usize, kept: bool, keep: Keep) -> Next {
    if length == 0 { Next::Block } else { Next::Data { left: length, kept, keep } }
}

fn copy(length: usize, after: After) -> Next {
    match (length, after) {
        (0, After::Block) => Next::Block,
        (0, After::Picture) => Next::Rows(Keep::All),
        (length, after) => Next::Copy(length, after),
    }
}

/// How many bytes the table of colours takes that these flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}
