// SPDX-License-Identifier: AGPL-3.0-or-later
//! The word behind Telegram's `/start` that asks for the way to Matrix and names the chat that
//! somebody comes from, or asks what is stored.
//!
//! Rule: at most 64 letters, digits, `-` and `_`, <https://core.telegram.org/bots/features#deep-linking>;
//! a chat is named by its pseudonym.

use bridge_model::Place;

use crate::pseudonym::Pseudonyms;

const WORD: &str = "matrix";

/// The word for those who ask what is stored about them.
pub(super) const OWN_DATA: &str = "mydata";

/// The word for those who come from a chat.
pub(super) fn way_from(pseudonyms: &Pseudonyms, place: &Place) -> String {
    format!("{WORD}-{}", pseudonyms.place(place))
}

/// Whether a word asks for the way to Matrix, and from which chat, by its pseudonym.
pub(super) fn read(word: Option<&str>) -> Option<Option<&str>> {
    let rest = word?.strip_prefix(WORD)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('-').map(Some) }
}
