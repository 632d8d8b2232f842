// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of each kind of what a message holds: styles, blocks, sources, reactions, up to Bot API
//! 10.3, <https://core.telegram.org/bots/api#messageentity>.
//!
//! Rule: as for fields. A test compares these lists with the platform's contract, and sees that each
//! kind is shown.

use super::fields::FieldUse;

/// Types whose values are told apart by one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindOf {
    /// `MessageEntity.type`
    Entity,
    /// `RichBlock.type`
    RichBlock,
    /// `RichText.type`
    RichText,
    /// `MessageOrigin.type`
    Origin,
    /// `PaidMedia.type`
    PaidMedia,
    /// `ReactionType.type`
    Reaction,
    /// The fields of `PollMedia`, of which one is there.
    PollMedia,
}

type Kinds = (KindOf, &'static [&'static str], FieldUse);

const KINDS: [Kinds; 11] = [
    (
        KindOf::Entity,
        &[
            "bold",
            "italic",
            "underline",
            "strikethrough",
            "spoiler",
            "blockquote",
            "expandable_blockquote",
            "code",
            "pre",
            "text_link",
            "text_mention",
            "custom_emoji",
            "date_time",
        ],
        FieldUse::Crosses,
    ),
    (
        // The words are what they are.
        KindOf::Entity,
        &[
            "mention",
            "hashtag",
            "cashtag",
            "bot_command",
            "url",
            "email",
            "phone_number",
            "bank_card_number",
        ],
        FieldUse::Around,
    ),
    (
        KindOf::RichBlock,
        &[
            "paragraph",
            "heading",
            "pre",
            "footer",
            "divider",
            "mathematical_expression",
            "list",
            "blockquote",
            "expandable_blockquote",
            "pullquote",
            "collage",
            "slideshow",
            "table",
            "details",
            "map",
            "buttons",
            "animation",
            "audio",
            "document",
            "photo",
            "video",
            "voice_note",
            "thinking",
        ],
        FieldUse::Crosses,
    ),
    (KindOf::RichBlock, &["anchor"], FieldUse::Around),
    (
        KindOf::RichText,
        &[
            "bold",
            "italic",
            "underline",
            "strikethrough",
            "spoiler",
            "date_time",
            "text_mention",
            "subscript",
            "superscript",
            "marked",
            "code",
            "custom_emoji",
            "mathematical_expression",
            "url",
            "email_address",
            "phone_number",
            "bank_card_number",
            "mention",
            "hashtag",
            "cashtag",
            "bot_command",
            "button",
            "anchor_link",
            "reference",
            "reference_link",
        ],
        FieldUse::Crosses,
    ),
    (KindOf::RichText, &["anchor"], FieldUse::Around),
    (KindOf::Origin, &["user", "hidden_user", "chat", "channel"], FieldUse::Crosses),
    (KindOf::PaidMedia, &["photo", "video", "live_photo"], FieldUse::Crosses),
    (KindOf::PaidMedia, &["preview"], FieldUse::Line),
    (KindOf::Reaction, &["emoji", "custom_emoji", "paid"], FieldUse::Crosses),
    (
        KindOf::PollMedia,
        &[
            "animation",
            "audio",
            "document",
            "live_photo",
            "photo",
            "sticker",
            "video",
            "link",
            "venue",
            "location",
        ],
        FieldUse::Crosses,
    ),
];

/// What becomes of a kind; `None` when it is not known.
pub fn of(what: KindOf, kind: &str) -> Option<FieldUse> {
    all(what).find(|(known, _)| *known == kind).map(|(_, fate)| fate)
}

/// All kinds of a type that are known, each with what becomes of it.
pub fn all(what: KindOf) -> impl Iterator<Item = (&'static str, FieldUse)> {
    let lists = KINDS.iter().filter(move |(of, _, _)| *of == what);
    lists.flat_map(|(_, kinds, fate)| kinds.iter().map(move |kind| (*kind, *fate)))
}
