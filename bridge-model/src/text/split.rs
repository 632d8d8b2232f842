// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cuts a text into pieces that fit.
//!
//! Rule: a text is a row of atoms in reading order (characters, other leaves, rules,
//! empty list items); a place to cut is a number of atoms. A piece is the tree with
//! only its own atoms, so styles and containers go on by themselves.

use super::window::{Seam, Window, atoms, seams};
use super::{Block, RichText, bounds, normal};
use crate::TextCapabilities;

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

    /// As [`Self::split`], for what one message becomes on a network: where there would be more than
    /// `most` pieces, see [`bounds::MESSAGES`], the text loses what makes it longer (lists, code,
    /// styles) and keeps its words, what is hidden and where links lead. How many words one message
    /// may have is decided before.
    pub fn split_for_chat(
        &self,
        (max, most): (usize, usize),
        caps: &TextCapabilities,
        measure: &dyn Fn(&Self) -> usize,
    ) -> Vec<Self> {
        // A text that is surely too long is not cut twice.
        let enough = max.saturating_mul(most).saturating_mul(2);
        if atoms(&self.0, enough) < enough {
            let (pieces, left) = self.split_off(max, most, measure);
            if left.is_empty() {
                return pieces;
            }
        }
        let (spoilers, links, custom_emoji) = (caps.spoilers, caps.links, caps.custom_emoji);
        let bare = TextCapabilities { spoilers, links, custom_emoji, ..TextCapabilities::PLAIN };
        self.restrict(&bare).split(max, measure)
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
    let mut search = Search::new(head, max);
    let mut refused = Vec::new();
    while let Some(look) = search.next(&refused) {
        match look {
            Look::Measure(place) => search.learn(place, length(place)),
            Look::Cut(place) if place == search.good.0 || length(place) <= max => return place,
            // A shorter part can measure more (an unpaired escape).
            Look::Cut(place) => refused.push(place),
        }
    }
    search.good.0.max(1)
}

/// The kinds of places, the best one first, and whether the piece has to be a quarter full there.
const KINDS: [(Seam, bool); 4] =
    [(Seam::Block, true), (Seam::Line, true), (Seam::Word, false), (Seam::Character, false)];

/// Looks for the best place to cut with few looks at how long a piece would be.
///
/// Looks only at places where one may cut, where they would be if lengths grew evenly, which they
/// mostly do; where they do not, every second look is at the middle, so that their number is
/// logarithmic.
struct Search {
    seams: Vec<Seam>,
    max: usize,
    /// The largest number of atoms known to fit, and its length.
    good: (usize, usize),
    /// The smallest number of atoms known to be too many, and its length.
    bad: (usize, usize),
    looks: usize,
}

enum Look {
    /// How long is the piece up to here?
    Measure(usize),
    /// This is the place, if it fits.
    Cut(usize),
}

impl Search {
    /// For a start that is too long.
    fn new(head: &Head, max: usize) -> Self {
        let bad = (head.atoms, head.length);
        Self { seams: seams(&head.blocks), max, good: (0, 0), bad, looks: 0 }
    }

    fn learn(&mut self, place: usize, length: usize) {
        let known = if length <= self.max { &mut self.good } else { &mut self.bad };
        *known = (place, length);
    }

    /// What is to be done next; nothing when the piece can be cut at no seam.
    fn next(&mut self, refused: &[usize]) -> Option<Look> {
        for (kind, filled) in KINDS {
            if self.holds(kind) {
                return Some(Look::Measure(self.guess(kind)));
            }
            let Some(last) = self.last(kind).filter(|last| !refused.contains(last)) else {
                continue;
            };
            // The largest number that fits lies from `good` up to before `bad`.
            if !filled || last > (self.bad.0 - 1) / 4 {
                return Some(Look::Cut(last));
            }
            if last > self.good.0 / 4 {
                return Some(Look::Measure(self.good.0.midpoint(self.bad.0)));
            }
        }
        let open = self.good.0 + 1 < self.bad.0;
        open.then(|| Look::Measure(self.good.0.midpoint(self.bad.0)))
    }

    /// Whether a place of this kind may or may not fit.
    fn holds(&self, kind: Seam) -> bool {
        self.between().contains(&kind)
    }

    fn between(&self) -> &[Seam] {
        let end = self.bad.0.min(self.seams.len());
        self.seams.get(self.good.0 + 1..end).unwrap_or_default()
    }

    /// The last place of this kind that fits.
    fn last(&self, kind: Seam) -> Option<usize> {
        let fitting = self.seams.get(..=self.good.0).unwrap_or(&self.seams);
        fitting.iter().rposition(|seam| *seam == kind).filter(|place| *place > 0)
    }

    /// A place of this kind between `good` and `bad`.
    fn guess(&mut self, kind: Seam) -> usize {
        self.looks += 1;
        let (good, bad) = (self.good, self.bad);
        let steps = (bad.0 - good.0).saturating_mul(self.max.saturating_sub(good.1));
        let even = good.0 + steps / bad.1.saturating_sub(good.1).max(1);
        let odd = self.looks > 3 && self.looks.is_multiple_of(2);
        let guess = if odd { good.0.midpoint(bad.0) } else { even };
        let before = guess.saturating_sub(good.0).min(self.between().len());
        let (near, far) = self.between().split_at(before);
        let nearest = near.iter().rposition(|seam| *seam == kind);
        let nearest =
            nearest.or_else(|| far.iter().position(|seam| *seam == kind).map(|at| before + at));
        good.0 + 1 + nearest.unwrap_or_default()
    }
}
