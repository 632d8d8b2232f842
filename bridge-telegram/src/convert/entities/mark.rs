// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an entity says about the characters that it covers,
//! <https://core.telegram.org/bots/api#messageentity>.
//!
//! Rule: read from teloxide's types where we have them, and from the wire field by field; there, an
//! entity that is not known takes nothing with it.

use bridge_model::Timestamp;
use serde_json::Value;
use teloxide::types::MessageEntityKind;

/// What an entity says.
pub(super) enum Mark<'a> {
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
    Code,
    Pre {
        language: Option<&'a str>,
    },
    Quote {
        expandable: bool,
    },
    /// The characters lead to another address.
    Link(&'a str),
    /// The characters are an address.
    Address,
    /// A person without a user name is addressed, by id.
    Person(String),
    /// A picture of the platform's own; the characters are the emoji that stands for it.
    Emoji(&'a str),
    /// A moment, in one of Discord's styles.
    Time(Timestamp, char),
    /// What the platform marks by itself (hashtags, user names, commands, numbers) stays text.
    PlainText,
}

impl<'a> Mark<'a> {
    pub(super) fn of_typed(kind: &'a MessageEntityKind) -> Self {
        match kind {
            MessageEntityKind::Bold => Self::Bold,
            MessageEntityKind::Italic => Self::Italic,
            MessageEntityKind::Underline => Self::Underline,
            MessageEntityKind::Strikethrough => Self::Strike,
            MessageEntityKind::Spoiler => Self::Spoiler,
            MessageEntityKind::Code => Self::Code,
            MessageEntityKind::Pre { language } => Self::Pre { language: language.as_deref() },
            MessageEntityKind::Blockquote => Self::Quote { expandable: false },
            MessageEntityKind::ExpandableBlockquote => Self::Quote { expandable: true },
            MessageEntityKind::TextLink { url } => Self::Link(url.as_str()),
            MessageEntityKind::Url => Self::Address,
            MessageEntityKind::TextMention { user } => Self::Person(user.id.0.to_string()),
            MessageEntityKind::CustomEmoji { custom_emoji_id } => Self::Emoji(&custom_emoji_id.0),
            MessageEntityKind::Mention
            | MessageEntityKind::Hashtag
            | MessageEntityKind::Cashtag
            | MessageEntityKind::BotCommand
            | MessageEntityKind::Email
            | MessageEntityKind::PhoneNumber => Self::PlainText,
        }
    }

    /// `None` for kinds that are not known here, and for those that lack what they are about.
    pub(super) fn of_wire(entity: &'a Value) -> Option<Self> {
        let text = |key| entity.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
        Some(match text("type")? {
            "bold" => Self::Bold,
            "italic" => Self::Italic,
            "underline" => Self::Underline,
            "strikethrough" => Self::Strike,
            "spoiler" => Self::Spoiler,
            "code" => Self::Code,
            "pre" => Self::Pre { language: text("language") },
            "blockquote" => Self::Quote { expandable: false },
            "expandable_blockquote" => Self::Quote { expandable: true },
            "text_link" => Self::Link(text("url")?),
            "url" => Self::Address,
            "text_mention" => Self::Person(entity.pointer("/user/id")?.as_u64()?.to_string()),
            "custom_emoji" => Self::Emoji(text("custom_emoji_id")?),
            "date_time" => {
                let seconds = entity.get("unix_time").and_then(Value::as_i64)?;
                // Without a format the characters are shown as they are.
                match text("date_time_format").map(style) {
                    Some(style) => Self::Time(Timestamp(seconds.saturating_mul(1000)), style),
                    None => Self::PlainText,
                }
            }
            "mention" | "hashtag" | "cashtag" | "bot_command" | "email" | "phone_number" => {
                Self::PlainText
            }
            _ => return None,
        })
    }
}

/// Discord's letter for one of Telegram's formats, `r|w?[dD]?[tT]?`.
pub(crate) fn style(format: &str) -> char {
    let has = |letter| format.contains(letter);
    let (date, time) = (has('d') || has('D'), has('t') || has('T'));
    match (date, time) {
        _ if has('r') => 'R',
        _ if has('w') => 'F',
        (true, false) if has('d') => 'd',
        (true, false) => 'D',
        (false, true) if has('t') => 't',
        (false, true) => 'T',
        (true, true) | (false, false) => 'f',
    }
}
