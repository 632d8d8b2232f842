// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message without words is, in one short line: what stands for it where it is answered.
//!
//! Rule: signs and the author's own words only (a title, the name of a file), because a converter
//! knows no language.

use bridge_model::{MediaKind, RichText};
use serde_json::Value;

use super::field::{list, object, text};
use super::rich;
use crate::convert::entities::from_wire;

const STORY: &str = "🔵";

/// Stands for a story.
pub(super) fn story() -> RichText {
    RichText::plain_text(STORY)
}

/// A kind of content by its field, its sign, and the fields that name it, the first that is there.
type Kind = (&'static str, &'static str, &'static [&'static str]);

/// As in the list of contents, the platform repeats newer kinds in the form of older ones, so that
/// the order counts.
const KINDS: [Kind; 22] = [
    ("animation", "🎞", &[]),
    ("audio", "🎵", &["title", "file_name"]),
    ("document", "📄", &["file_name"]),
    ("live_photo", "🖼", &[]),
    ("paid_media", "🖼", &[]),
    ("photo", "🖼", &[]),
    ("sticker", "🏷", &["emoji"]),
    ("story", STORY, &[]),
    ("video", "🎬", &["file_name"]),
    ("video_note", "🎬", &[]),
    ("voice", "🎤", &[]),
    ("checklist", "☑", &["title"]),
    ("contact", "👤", &[]),
    ("dice", "🎲", &[]),
    ("game", "🎮", &["title"]),
    ("venue", "📍", &["title"]),
    ("location", "📍", &[]),
    ("invoice", "🧾", &["title"]),
    ("giveaway", "🎁", &[]),
    ("giveaway_winners", "🎁", &[]),
    ("gift", "🎁", &[]),
    ("unique_gift", "🎁", &[]),
];

/// Stands for a file.
fn sign(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "🖼",
        MediaKind::Video | MediaKind::VideoNote => "🎬",
        MediaKind::Animation => "🎞",
        MediaKind::Audio => "🎵",
        MediaKind::Voice => "🎤",
        MediaKind::Sticker => "🏷",
        MediaKind::File => "📄",
    }
}

/// One line for what `message` holds; `None` for what is not known here.
pub(super) fn content(message: &Value) -> Option<RichText> {
    if let Some(poll) = object(message, "poll") {
        return Some(from_wire(text(poll, "question")?, list(poll, "question_entities")));
    }
    if let Some(rich) = object(message, "rich_message") {
        let said = rich::message(rich);
        if !said.body.is_empty() {
            return Some(said.body);
        }
        return said.media.first().map(|file| RichText::plain_text(sign(file.kind)).normalise());
    }
    let found = KINDS.iter().find_map(|kind| Some((kind, message.get(kind.0)?)));
    let ((_, sign, names), value) = found?;
    let name = names.iter().find_map(|key| text(value, key));
    let line = name.map_or_else(|| (*sign).to_owned(), |name| format!("{sign} {name}"));
    Some(RichText::plain_text(&line).normalise())
}
