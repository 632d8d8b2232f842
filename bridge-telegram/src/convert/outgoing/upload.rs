// SPDX-License-Identifier: AGPL-3.0-or-later
//! By which method a file is sent, and what stands for it when it cannot be.
//!
//! Rule: a method that the platform would refuse for this file is never chosen; a document is
//! always possible.

use bridge_model::{Media, MediaKind, RichText};
use teloxide::types::MessageEntity;

use super::{MAX_PHOTO, draw};
use crate::convert::{TelegramText, to_telegram};

/// The method that sends a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendAs {
    /// `sendPhoto`.
    Photo,
    /// `sendVideo`.
    Video,
    /// `sendAnimation`.
    Animation,
    /// `sendAudio`.
    Audio,
    /// `sendVoice`.
    Voice,
    /// `sendDocument`.
    Document,
}

impl SendAs {
    /// The method for `media`, by its kind, type, size and shape.
    ///
    /// A sticker or round film has no caption on Telegram, so that nobody could be named; they go
    /// as picture and film.
    pub fn of(media: &Media) -> Self {
        let mime = media.mime.as_deref().unwrap_or_default().to_ascii_lowercase();
        let is = |known: &[&str]| known.contains(&mime.as_str());
        match media.kind {
            MediaKind::Image | MediaKind::Sticker
                if is(&["image/jpeg", "image/png", "image/webp"]) && is_photo(media) =>
            {
                Self::Photo
            }
            MediaKind::Image | MediaKind::Animation if is(&["image/gif"]) => Self::Animation,
            MediaKind::Animation if is(&["video/mp4"]) => Self::Animation,
            MediaKind::Video | MediaKind::VideoNote if is(&["video/mp4"]) => Self::Video,
            MediaKind::Audio | MediaKind::Voice
                if is(&["audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"]) =>
            {
                Self::Audio
            }
            MediaKind::Voice if mime.starts_with("audio/ogg") => Self::Voice,
            MediaKind::Image
            | MediaKind::Sticker
            | MediaKind::Animation
            | MediaKind::Video
            | MediaKind::VideoNote
            | MediaKind::Audio
            | MediaKind::Voice
            | MediaKind::File => Self::Document,
        }
    }
}

/// Width and height at most 10000 together, at most 20 to 1,
/// <https://core.telegram.org/bots/api#sendphoto>.
fn is_photo(media: &Media) -> bool {
    let fits = match (media.width.map(u64::from), media.height.map(u64::from)) {
        (Some(width), Some(height)) => {
            width + height <= 10_000 && width <= 20 * height && height <= 20 * width
        }
        (None, _) | (_, None) => true,
    };
    fits && media.size.is_none_or(|size| size <= MAX_PHOTO)
}

/// The line for a file that is larger than what can be sent.
pub(super) fn too_large(media: &Media, size: Option<u64>) -> String {
    note(media, "too large for Telegram", size)
}

/// The text for a file that is not sent: its caption, then a line that names it.
pub(super) fn instead(
    media: &Media,
    caption: &TelegramText,
    why: &str,
    size: Option<u64>,
) -> TelegramText {
    let note = to_telegram(&RichText::plain_text(&note(media, why, size.or(media.size))));
    if caption.text.is_empty() {
        return note;
    }
    // Behind the caption, so that its entities keep their places.
    let entities: Vec<MessageEntity> = caption.entities.clone();
    TelegramText { text: format!("{}\n{}", caption.text, note.text), entities }
}

fn note(media: &Media, why: &str, size: Option<u64>) -> String {
    let name = media.name.as_deref().map(|it| draw::one_line(it, 100));
    let name = name.filter(|it| !it.is_empty()).unwrap_or_else(|| "file".to_owned());
    match size {
        Some(bytes) => format!("[{name}, {}: {why}]", megabytes(bytes)),
        None => format!("[{name}: {why}]"),
    }
}

/// In units of a million bytes, rounded to a tenth.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
