// SPDX-License-Identifier: AGPL-3.0-or-later
//! All that a message says, wherever it stands.
//!
//! Rule: in the order in which Discord shows it: words, the forwarded, components, cards;
//! likewise the files.

use bridge_model::{Card, Media, Note, RichText};
use serde_json::Value;

use super::field::{id, list, number, text};
use super::{Ours, component, embed, forward, media, poll, service};
use crate::convert::markdown::{Names, from_markdown};

/// What a message says.
pub(super) struct ReadableParts {
    pub(super) body: RichText,
    pub(super) media: Vec<Media>,
    pub(super) card: Option<Card>,
    pub(super) notes: Vec<Note>,
}

/// Reads everything but the frame of a message.
pub(super) fn read(message: &Value, names: &Names, ours: &Ours) -> ReadableParts {
    let picked = embed::picked(message, ours);
    let words = text(message, "content").filter(|_| picked.is_none());
    let mut body = words.map(|words| from_markdown(words, names)).unwrap_or_default();
    if body.is_empty() {
        let bought = service::bought(message).map(RichText::plain_text);
        body = bought.unwrap_or_default();
    }
    let home = id(message, "channel_id").zip(id(message, "id"));
    let mut files = media::of(message, home, ours);
    files.extend(picked);
    let (quotes, copies) = forward::read(message, names, ours);
    body.0.extend(quotes);
    files.extend(copies);
    let mut laid = component::read(message, names, ours);
    body.0.append(&mut laid.blocks);
    files.append(&mut laid.media);
    let (cards, pictures) = embed::read(message, embed::by(message), names, ours);
    body.0.extend(cards);
    files.extend(pictures);
    let mut notes = laid.notes;
    let known = |one: &&Value| (1..=4).contains(&number(one, "format_type"));
    let strange = list(message, "sticker_items").iter().filter(|one| !known(one)).count();
    notes.extend(std::iter::repeat_n(Note::Unknown, strange));
    notes.extend(service::command(message));
    ReadableParts {
        body: body.label_links().normalise(),
        media: files,
        card: poll::card(message),
        notes,
    }
}
