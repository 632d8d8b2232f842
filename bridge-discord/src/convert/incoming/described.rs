// SPDX-License-Identifier: AGPL-3.0-or-later
//! What stands for a message where it is answered: its words, or what it is where it has none.
//!
//! Rule: signs and the author's own words only (the name of a file, a question), because a
//! converter knows no language.

use bridge_model::{Block, Card, Media, MediaKind, RichText, Span};
use serde_json::Value;

use super::field::{is, list, text};
use super::{EPHEMERAL, Ours, field, readable};
use crate::convert::markdown::{Names, from_markdown};

/// What is quoted of `original`; `None` where it says nothing, or where only one member sees it.
pub(super) fn excerpt(original: &Value, names: &Names, ours: &Ours) -> Option<RichText> {
    if field::number(original, "flags") & EPHEMERAL != 0 {
        return None;
    }
    let words = text(original, "content").map(|words| from_markdown(words, names));
    if let Some(words) = words.filter(|words| !words.is_blank()) {
        return Some(words);
    }
    let title = list(original, "embeds").iter().find_map(|card| text(card, "title"));
    let bot = original.get("author").is_some_and(|author| is(author, "bot"));
    if let Some(title) = title.filter(|_| bot) {
        return Some(from_markdown(title, names)).filter(|title| !title.is_empty());
    }
    let said = readable::read(original, names, ours);
    let file = || said.media.first().map(sign);
    let words = Some(unquoted(said.body)).filter(|words| !words.is_blank());
    words.or_else(|| question(said.card)).or_else(file).filter(|words| !words.is_empty())
}

/// The words of a copy or a card, which stand in a quote.
fn unquoted(body: RichText) -> RichText {
    match <[Block; 1]>::try_from(body.0) {
        Ok([Block::Quote { blocks, .. }]) => RichText(blocks),
        Ok(other) => RichText(other.into()),
        Err(blocks) => RichText(blocks),
    }
}

fn question(card: Option<Card>) -> Option<RichText> {
    match card? {
        Card::Poll(poll) => Some(poll.question),
        Card::Location(_) | Card::Contact(_) => None,
    }
}

/// One line for a file. The name of one that is hidden might say what it hides.
fn sign(file: &Media) -> RichText {
    let named = file.name.as_deref().filter(|_| !file.spoiler);
    let emoji = file.sticker.as_ref().and_then(|sticker| sticker.emoji.as_deref());
    let (sign, name) = match file.kind {
        MediaKind::Image => ("🖼", None),
        MediaKind::Video => ("🎬", named),
        MediaKind::VideoNote => ("🎬", None),
        MediaKind::Animation => ("🎞", None),
        MediaKind::Audio => ("🎵", named),
        MediaKind::Voice => ("🎤", None),
        MediaKind::Sticker => ("🏷", emoji.or(file.alt.as_deref())),
        MediaKind::File => ("📄", named),
    };
    let line = name.map_or_else(|| sign.to_owned(), |name| format!("{sign} {name}"));
    RichText::paragraph(vec![Span::text(line)]).normalise()
}
