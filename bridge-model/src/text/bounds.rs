// SPDX-License-Identifier: AGPL-3.0-or-later
//! What bounds the size of a text and the work that it makes.
//!
//! Rule: an address or a reason stands once in what somebody wrote and may cover thousands of
//! lines. Whoever writes it out again asks `Told` first, so that the size of the output is at
//! most proportional to the size of the input.

use std::collections::{HashMap, HashSet};

use super::walk::map_runs;
use super::{Block, Span};

/// The longest reason of a spoiler, in characters; the rest is cut off.
pub const REASON: usize = 100;

/// The longest address of a link, in characters; a longer one is no link.
pub const ADDRESS: usize = 2048;

/// How many lists may stand within each other; deeper ones become lines of their item.
pub const LISTS: usize = 8;

/// The most messages that one message becomes on a network.
pub const MESSAGES: usize = 10;

/// Characters that one address, or one reason, may take when it is written out repeatedly.
const REPEATED: usize = 2048;

/// Bytes of addresses and reasons that the runs of a text may hold beside the first of each.
const CARRIED: usize = 65_536;

/// Counts how often each address or reason was written out.
#[derive(Debug, Default)]
pub(super) struct Told(HashMap<String, usize>);

impl Told {
    /// Whether to write it out now: the first time, and again while that stays short.
    pub(super) fn tell(&mut self, words: &str) -> bool {
        let length = words.chars().count();
        let Some(told) = self.0.get_mut(words) else {
            self.0.insert(words.to_owned(), length);
            return true;
        };
        *told = told.saturating_add(length);
        *told <= REPEATED
    }
}

/// The address, if it is short enough to be a link.
pub(super) fn address(url: String) -> Option<String> {
    // A byte count is a quick upper bound of the character count.
    let short = url.len() <= ADDRESS || url.chars().count() <= ADDRESS;
    (short && !url.is_empty()).then_some(url)
}

/// The first [`REASON`] characters of a reason; `None` when nothing is left.
pub(super) fn reason(words: &str) -> Option<String> {
    let kept = crate::name::first_characters(words, REASON);
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Takes links and reasons from the runs at the end of a text whose runs hold too much of
/// them. `None` when there is nothing to take. The result is not normalised.
pub(super) fn lightened(blocks: &[Block]) -> Option<Vec<Block>> {
    let mut weight = Weight::default();
    if super::walk::spans(blocks).into_iter().all(|span| weight.admits(span) == (true, true)) {
        return None;
    }
    let mut weight = Weight::default();
    let lighten = |mut span: Span| {
        let (link, reason) = weight.admits(&span);
        span.style.link = span.style.link.filter(|_| link);
        if let Some(spoiler) = &mut span.style.spoiler {
            spoiler.reason = spoiler.reason.take().filter(|_| reason);
        }
        span
    };
    let mut lighten = lighten;
    let mut runs = |spans: Vec<Span>| spans.into_iter().map(&mut lighten).collect();
    Some(map_runs(blocks.to_vec(), &mut runs))
}

/// What the runs so far hold.
#[derive(Default)]
struct Weight {
    known: HashSet<String>,
    carried: usize,
}

impl Weight {
    /// Whether a run keeps its link, and its reason.
    fn admits(&mut self, span: &Span) -> (bool, bool) {
        let reason = span.style.spoiler.as_ref().and_then(|spoiler| spoiler.reason.as_deref());
        (self.admit(span.style.link.as_deref()), self.admit(reason))
    }

    fn admit(&mut self, words: Option<&str>) -> bool {
        let Some(words) = words else { return true };
        if !self.known.contains(words) {
            self.known.insert(words.to_owned());
            return true;
        }
        let carried = self.carried.saturating_add(words.len());
        if carried > CARRIED {
            return false;
        }
        self.carried = carried;
        true
    }
}
