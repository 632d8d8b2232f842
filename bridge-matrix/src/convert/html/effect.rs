// SPDX-License-Identifier: AGPL-3.0-or-later
//! What tags and their attributes do to the words in them.
//!
//! Rule: a value that says nothing is as if it were not there.

use html5ever::tokenizer::Tag;

use super::super::name;

/// What an inline tag does.
pub(super) enum Effect {
    Nothing,
    Bold,
    Italic,
    Underline,
    Strike,
    Code,
    Subtext,
    Raised,
    Spoiler(Option<String>),
    Link(String),
}

/// The value of an attribute.
pub(super) fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|a| a.name.local.as_ref() == name).map(|a| a.value.as_ref())
}

/// What a tag hides, and why.
pub(super) fn spoiler(tag: &Tag) -> Option<Effect> {
    let reason = name::short_reason(attribute(tag, "data-mx-spoiler")?);
    Some(Effect::Spoiler(Some(reason).filter(|reason| !reason.is_empty())))
}

/// The language in a `class` such as `language-rust`.
pub(super) fn language_of(class: &str) -> Option<String> {
    class.split_whitespace().find_map(|c| c.strip_prefix("language-")).map(str::to_owned)
}
