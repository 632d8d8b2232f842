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
use teloxide::types::{MessageEntity, MessageEntityKind};

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

/// The most bytes of entity data that go into one message. The platform refuses about 9500
/// (`ENTITIES_TOO_LONG`, <https://github.com/tdlib/telegram-bot-api/issues/165>).
pub const MAX_ENTITY_BYTES: usize = 9000;

/// What an entity takes besides its address, language or person, in bytes.
const ENTITY_OVERHEAD: usize = 16;

/// A text as the Bot API takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelegramText {
    /// The characters.
    pub text: String,
    /// What they wear, by offset.
    pub entities: Vec<MessageEntity>,
}

impl TelegramText {
    /// The length that Telegram limits: UTF-16 code units, or what the number or the size of the
    /// entities is worth of `max` when that is nearer to its own limit.
    pub fn measure(&self, max: usize) -> usize {
        self.measure_with(max, 0)
    }

    /// As [`Self::measure`], with room for `more` entities that are still to come.
    pub(crate) fn measure_with(&self, max: usize, more: usize) -> usize {
        let bytes: usize = self.entities.iter().map(entity_bytes).sum();
        let by_number = ((self.entities.len() + more) * max).div_ceil(MAX_ENTITIES);
        let by_bytes = ((bytes + more * ENTITY_OVERHEAD) * max).div_ceil(MAX_ENTITY_BYTES);
        utf16_len(&self.text).max(by_number).max(by_bytes)
    }

    /// This text behind `line`, which stands in a line of its own and has the style `kind`.
    #[must_use]
    pub(crate) fn below(self, line: &str, kind: MessageEntityKind) -> Self {
        let length = utf16_len(line);
        let moved = self
            .entities
            .into_iter()
            .map(|it| MessageEntity { offset: it.offset + length + 1, ..it });
        let first = MessageEntity { kind, offset: 0, length };
        let entities = std::iter::once(first).chain(moved).collect();
        Self { text: format!("{line}\n{}", self.text), entities }
    }
}

fn entity_bytes(entity: &MessageEntity) -> usize {
    let own = match &entity.kind {
        MessageEntityKind::TextLink { url } => url.as_str().len(),
        MessageEntityKind::Pre { language } => language.as_ref().map_or(0, String::len),
        MessageEntityKind::TextMention { .. } | MessageEntityKind::CustomEmoji { .. } => 16,
        MessageEntityKind::Mention
        | MessageEntityKind::Hashtag
        | MessageEntityKind::Cashtag
        | MessageEntityKind::BotCommand
        | MessageEntityKind::Url
        | MessageEntityKind::Email
        | MessageEntityKind::PhoneNumber
        | MessageEntityKind::Bold
        | MessageEntityKind::Italic
        | MessageEntityKind::Underline
        | MessageEntityKind::Strikethrough
        | MessageEntityKind::Spoiler
        | MessageEntityKind::Blockquote
        | MessageEntityKind::ExpandableBlockquote
        | MessageEntityKind::Code => 0,
    };
    own + ENTITY_OVERHEAD
}

/// The number of UTF-16 code units of `text`.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
