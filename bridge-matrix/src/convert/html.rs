// SPDX-License-Identifier: AGPL-3.0-or-later
//! `formatted_body`: Matrix HTML to [`RichText`] and back.
//!
//! Rule: only the tags of the specification ("m.room.message msgtypes") have an
//! effect; whatever else stands there gives its text. Reading takes time linear in
//! the input and never nests deeper than `MAX_DEPTH`.
//!
//! The tokens are html5ever's; the tree is ours, because ruma's overflows the stack
//! when a tree of ten thousand tags is dropped. Formatting is a set of open
//! tags beside the tree of blocks, so that badly nested tags need no repair.

mod blocks;
mod effect;
mod frames;
mod line;
mod read;
mod tags;
mod write;

#[cfg(test)]
mod tests;

use bridge_model::RichText;

use super::CAPABILITIES;
use super::native::native;

/// How deep blocks, and how deep inline tags, are nested; the specification's own bound.
const MAX_DEPTH: usize = 100;

/// Reads the value of `formatted_body`. Never fails: HTML that is broken is read as a
/// browser would read it, more or less. Reply fallbacks (`mx-reply`) are left out. A link of
/// which nobody sees anything shows its address. The result is normalised.
pub fn read(html: &str) -> RichText {
    read::read(&tags::bounded(html)).label_links().normalise()
}

/// Writes a text as `formatted_body`.
///
/// What Matrix cannot show is degraded first, so that for every text
/// `read(&write(t)) == shown(t)`.
pub fn write(text: &RichText) -> String {
    write_shown(&shown(text))
}

/// What Matrix can show of a text (see [`CAPABILITIES`] and [`native`]); normalised.
pub(super) fn shown(text: &RichText) -> RichText {
    native(&text.restrict(&CAPABILITIES.text).label_links())
}

/// As [`write()`], of what [`shown`] gave.
pub(super) fn write_shown(text: &RichText) -> String {
    write::write(text)
}
