// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cuts a text into pieces that fit.
//!
//! Rule: a text is a row of atoms in reading order (characters, other leaves, rules,
//! empty list items); a place to cut is a number of atoms. A piece is the tree with
//! only its own atoms, so styles and containers go on by themselves.

use super::window::{Seam, Window, atoms, seams};
use super::{Block, RichText, bounds, normal};

impl RichText {
    /// Cuts the text into normalised pieces that each measure at most `max`.
    ///
    /// `measure` gives the length of a text as it will be sent. Cuts are made between
    /// blocks where the piece is at least a quarter full then, else between lines on the
    /// same condition, else between words, else between characters; white space at a cut
    /// goes. Styles, quotes, code with its language and the numbers of a list go on in the
    /// next piece. Always ends: a character that does not fit alone is a piece of its own.
    /// An empty text has no pieces.
    pub fn split(&self, max: usize, measure: &dyn Fn(&Self) -> usize) -> Vec<Self> {
        self.split_off(max, usize::MAX, measure).0
    }

    /// As [`Self::split`], but at most [`bounds::MESSAGES`] pieces, and what is left.
    pub fn split_bounded(
        &self,
        max: usize,
        measure: &dyn Fn(&Self) -> usize,
    ) -> (Vec<Self>, Option<Self>) {
        let (pieces, left) = self.split_off(max, bounds::MESSAGES, measure);
        (pieces, (!left.is_empty()).then_some(left))
    }

    /// The first piece of [`Self::split`], and what is left, which may be cut at another length.
    pub fn split_first(&self, max: usize, measure: &dyn Fn(&Self) -> usize) -> (Self, Self) {
        let (pieces, left) = self.split_off(max, 1, measure);
        (pieces.into_iter().next().unwrap_or_default(), left)
    }

    /// The first `most` pieces, and what is left.
    fn split_off(
        &self,
        max: usize,
        most: usize,
        measure: &dyn Fn(&Self) -> usize,
    ) -> (Vec<Self>, Self) {
        let blocks = normal::canonical(&self.0);
        let mut rest = Rest { blocks: &blocks, gone: 0 };
        let mut pieces = Vec::new();
        while !rest.blocks.is_empty() && pieces.len() < most {
            let head = rest.head(max, measure);
            let cut = choose(&head, max, measure);
            let piece = part(&head.blocks, cut);
            if !piece.is_empty() {
                pieces.push(piece);
            }
            rest.drop_front(cut);
        }
        let left = Window::new(rest.gone, usize::MAX).blocks(rest.blocks);
        (pieces, Self(normal::blocks(&left)))
    }
}

/// What was not put into a piece yet. Parts of it are looked at from its start only as far as the
/// next cut may be: looking at all of it for every piece would take time with the square of the
/// length.
struct Rest<'a> {
    blocks: &'a [Block],
    /// How many atoms of `blocks` are gone.
    gone: usize,
}

/// The start of what is left.
struct Head {
    /// Its blocks, not normalised: each of their atoms counts.
    blocks: Vec<Block>,
    atoms: usize,
    /// How long it is as a piece.
    length: usize,
    /// Nothing is behind it.
    whole: bool,
}

impl Rest<'_> {
    /// The start that surely holds the next cut: it measures more than `max`, or it is all.
    fn head(&self, max: usize, measure: &dyn Fn(&RichText) -> usize) -> Head {
        let mut reach = max.saturating_add(max / 4).saturating_add(16);
        loop {
            let end = self.gone.saturating_add(reach);
            let blocks = Window::new(self.gone, end).blocks(self.blocks);
            let count = atoms(&blocks, reach);
            // Fewer, so that the window also holds empty cells behind the last atom.
            let whole = atoms(self.blocks, end) < end;
            let length = measure(&part(&blocks, usize::MAX));
            if whole || length > max {
                return Head { blocks, atoms: count, length, whole };
            }
            reach = reach.saturating_mul(2);
        }
    }

    /// Forgets the next atoms, and the blocks that they were all of.
    fn drop_front(&mut self, atoms_used: usize) {
        self.gone = self.gone.saturating_add(atoms_used);
        while let Some((first, behind)) = self.blocks.split_first() {
            let first = atoms(std::slice::from_ref(first), self.gone.saturating_add(1));
            if first > self.gone {
                break;
            }
            self.gone -= first;
            self.blocks = behind;
        }
    }
}

/// The first atoms, up to before `to`, as a text.
fn part(blocks: &[Block], to: usize) -> RichText {
    RichText(normal::blocks(&Window::new(0, to).blocks(blocks)))
}

/// Where to cut: at least 1; behind everything when all fits.
fn choose(head: &Head, max: usize, measure: &dyn Fn(&RichText) -> usize) -> usize {
    if head.whole && head.length <= max {
        return usize::MAX;
    }
    let length = |to: usize| measure(&part(&head.blocks, to));
    let longest = longest(head, max, &length);
    let seams = seams(&head.blocks);
    for (kind, at_least) in [
        (Seam::Block, longest / 4),
        (Seam::Line, longest / 4),
        (Seam::Word, 0),
        (Seam::Character, 0),
    ] {
        let places = seams.iter().enumerate().take(longest + 1).rev();
        let mut places = places.filter(|(place, seam)| **seam == kind && *place > at_least);
        // A shorter part can measure more (an unpaired escape), hence the second look.
        if let Some((place, _)) = places.next().filter(|(place, _)| length(*place) <= max) {
            return place;
        }
    }
    longest.max(1)
}

/// The largest number of atoms that fits, if fewer atoms never measure more; in any case
/// 0 or a number that fits.
///
/// Guesses that lengths grow evenly, which they mostly do: a few looks are enough then. Every
/// third guess is the middle, so that an odd text takes a logarithmic number of looks.
fn longest(head: &Head, max: usize, length: &dyn Fn(usize) -> usize) -> usize {
    let (mut good, mut good_length) = (0_usize, 0_usize);
    let (mut bad, mut bad_length) = (head.atoms, head.length);
    if bad_length <= max {
        return bad;
    }
    let mut looks = 0_usize;
    while good + 1 < bad {
        looks += 1;
        let room = max.saturating_sub(good_length);
        let steps =
            (bad - good).saturating_mul(room) / bad_length.saturating_sub(good_length).max(1);
        let guess = if looks.is_multiple_of(3) { good.midpoint(bad) } else { good + steps };
        let guess = guess.clamp(good + 1, bad - 1);
        let measured = length(guess);
        if measured <= max {
            (good, good_length) = (guess, measured);
        } else {
            (bad, bad_length) = (guess, measured);
        }
    }
    good
}
