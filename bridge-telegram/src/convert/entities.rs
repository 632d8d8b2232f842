// SPDX-License-Identifier: AGPL-3.0-or-later
//! Formatted text to and from Telegram's text with entities,
//! <https://core.telegram.org/bots/api#messageentity>.
//!
//! Rule: no parse modes. Text is text; formatting stands beside it as entities whose offsets
//! count UTF-16 code units.

mod mark;
mod read;
mod write;

use bridge_model::{QuoteDepth, TextCapabilities};
use teloxide::types::MessageEntity;

pub(crate) use mark::style as time_style;
pub(crate) use read::{emoji, is_known};
pub use read::{from_telegram, from_wire};
pub use write::to_telegram;
pub(crate) use write::write;

/// What Telegram shows in text. Custom emoji are left out because bots may send them only after
/// a purchase; quotes hold text only because the platform does not nest blocks.
pub const CAPABILITIES: TextCapabilities = TextCapabilities {
    quotes: QuoteDepth::One,
    expandable_quotes: true,
    code_blocks: true,
    code_language: true,
    basic_styles: true,
    underline: true,
    code: true,
    spoilers: true,
    links: true,
    ..TextCapabilities::PLAIN
};

/// The most entities that one message may have; the platform drops those beyond.
pub const MAX_ENTITIES: usize = 100;

/// A text as the Bot API takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelegramText {
    /// The characters.
    pub text: String,
    /// What they wear, by offset.
    pub entities: Vec<MessageEntity>,
}

impl TelegramText {
    /// The length that Telegram limits: UTF-16 code units, or what the number of entities is
    /// worth of `max` when that is nearer to its own limit.
    pub fn measure(&self, max: usize) -> usize {
        let by_entities = (self.entities.len() * max).div_ceil(MAX_ENTITIES);
        utf16_len(&self.text).max(by_entities)
    }
}

/// The number of UTF-16 code units of `text`.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
