// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cuts a text into pieces that fit.
//!
//! Rule: a text is a row of atoms in reading order (characters, other leaves, rules,
//! empty list items); a place to cut is a number of atoms. A piece is the tree with
//! only its own atoms, so styles and containers go on by themselves.

use super::window::{Seam, Window, seams};
use super::{RichText, normal};

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
        let mut pieces = Vec::new();
        let mut rest = Self(normal::blocks(&self.0, 0));
        while !rest.is_empty() {
            // What is far behind the next cut has no say in it, and looking at all of it for
            // every piece would take time with the square of the length.
            let near = near(&rest, max, measure);
            let head = near.as_ref().unwrap_or(&rest);
            if near.is_none() && measure(head) <= max {
                pieces.push(rest);
                break;
            }
            let seams = seams(&head.0);
            let cut = choose(head, &seams, max, measure);
            let piece = part(head, 0, cut);
            if !piece.is_empty() {
                pieces.push(piece);
            }
            rest = part(&rest, cut, usize::MAX);
        }
        pieces
    }
}

/// The start of a long text, if it surely holds the next cut: it measures more than `max`. An
/// atom measures about 1 or more, so that four times as many do, but for odd texts.
fn near(text: &RichText, max: usize, measure: &dyn Fn(&RichText) -> usize) -> Option<RichText> {
    let atoms = max.saturating_mul(4).saturating_add(64);
    let start = RichText(Window::new(0, atoms).blocks(&text.0));
    if start == *text {
        return None;
    }
    let tidy = RichText(normal::blocks(&start.0, 0));
    (measure(&tidy) > max.saturating_mul(2)).then_some(start)
}

/// The atoms from `from` up to before `to` as a text.
fn part(text: &RichText, from: usize, to: usize) -> RichText {
    RichText(normal::blocks(&Window::new(from, to).blocks(&text.0), 0))
}

/// Where to cut: at least 1.
fn choose(
    text: &RichText,
    seams: &[Seam],
    max: usize,
    measure: &dyn Fn(&RichText) -> usize,
) -> usize {
    let fits = |to: usize| measure(&part(text, 0, to)) <= max;
    let longest = longest(seams.len(), max, &fits);
    for (kind, at_least) in [
        (Seam::Block, longest / 4),
        (Seam::Line, longest / 4),
        (Seam::Word, 0),
        (Seam::Character, 0),
    ] {
        let places = seams.iter().enumerate().take(longest + 1).rev();
        let mut places = places.filter(|(place, seam)| **seam == kind && *place > at_least);
        // A shorter part can measure more (an unpaired escape), hence the second look.
        if let Some((place, _)) = places.next().filter(|(place, _)| fits(*place)) {
            return place;
        }
    }
    longest.max(1)
}

/// The largest number of atoms that fits, if fewer atoms never measure more; in any case
/// 0 or a number that fits.
fn longest(atoms: usize, max: usize, fits: &dyn Fn(usize) -> bool) -> usize {
    let mut good = 0;
    let mut bad = max.saturating_mul(2).saturating_add(16);
    while bad < atoms && fits(bad) {
        good = bad;
        bad = bad.saturating_mul(2);
    }
    bad = bad.min(atoms);
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        if fits(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}
