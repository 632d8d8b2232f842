// SPDX-License-Identifier: AGPL-3.0-or-later
//! By which method a file is sent, and what stands for it when it cannot be.
//!
//! Rule: a method that the platform would refuse for this file is never chosen; a document is
//! always possible.

use bridge_model::{Media, MediaKind, RichText, Thumbnail, media};
use teloxide::types::MessageEntity;

use super::MAX_PHOTO;
use crate::convert::entities::utf16_len;
use crate::convert::{TelegramText, to_telegram};

/// Largest still, moving and filmed sticker, in bytes, <https://core.telegram.org/stickers>.
const STICKERS: [(&str, u64); 3] =
    [("image/webp", 512_000), ("application/x-tgsticker", 65_536), ("video/webm", 262_144)];
/// Longest side of a sticker, in pixels.
const STICKER_SIDE: u32 = 512;
/// Longest round film, in milliseconds, <https://core.telegram.org/bots/api#sendvideonote>.
const MAX_ROUND: u64 = 60_000;
/// Largest preview, in bytes and pixels, <https://core.telegram.org/bots/api#sendaudio>.
const THUMBNAIL: (u64, u32) = (200_000, 320);

/// The method that sends a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadMethod {
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
    /// `sendVideoNote`.
    Round,
    /// `sendSticker`.
    Sticker,
    /// `sendDocument`.
    Document,
}

/// What can stand in one group, <https://core.telegram.org/bots/api#sendmediagroup>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Album {
    Pictures,
    Music,
    Documents,
}

impl UploadMethod {
    /// The method for `media`, by its kind, type, size and shape. What is hidden and cannot be hidden
    /// there in its own form is a document, which shows nothing before somebody opens it.
    pub fn of(media: &Media) -> Self {
        let own = Self::by_kind(media);
        if media.spoiler && !own.hides() { Self::Document } else { own }
    }

    /// It can stand behind a cover (`has_spoiler`).
    pub(super) fn hides(self) -> bool {
        match self {
            Self::Photo | Self::Video | Self::Animation => true,
            Self::Audio | Self::Voice | Self::Round | Self::Sticker | Self::Document => false,
        }
    }

    fn by_kind(media: &Media) -> Self {
        let mime = media_type(media);
        let is = |known: &[&str]| known.contains(&mime.as_str());
        let picture = is(&["image/jpeg", "image/png", "image/webp"]);
        let music = is(&["audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"]);
        match media.kind {
            MediaKind::Sticker if is_sticker(media, &mime) && !media.spoiler => Self::Sticker,
            MediaKind::Image | MediaKind::Sticker if picture && is_photo(media) => Self::Photo,
            MediaKind::Image | MediaKind::Animation | MediaKind::Sticker if is(&["image/gif"]) => {
                Self::Animation
            }
            MediaKind::Animation if is(&["video/mp4"]) => Self::Animation,
            MediaKind::VideoNote if is(&["video/mp4"]) && is_round(media) => Self::Round,
            MediaKind::Video | MediaKind::VideoNote if is(&["video/mp4"]) => Self::Video,
            MediaKind::Voice if music || is(&["audio/ogg", "audio/opus"]) => Self::Voice,
            MediaKind::Audio if music => Self::Audio,
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

    /// Words can stand with it.
    pub fn has_caption(self) -> bool {
        match self {
            Self::Photo
            | Self::Video
            | Self::Animation
            | Self::Audio
            | Self::Voice
            | Self::Document => true,
            Self::Round | Self::Sticker => false,
        }
    }

    /// A message can be changed to hold it.
    pub(super) fn exchanges(self) -> bool {
        match self {
            Self::Photo | Self::Video | Self::Animation | Self::Audio | Self::Document => true,
            Self::Voice | Self::Round | Self::Sticker => false,
        }
    }

    /// The groups that it can stand in.
    pub(super) fn album(self) -> Option<Album> {
        match self {
            Self::Photo | Self::Video => Some(Album::Pictures),
            Self::Audio => Some(Album::Music),
            Self::Document => Some(Album::Documents),
            Self::Animation | Self::Voice | Self::Round | Self::Sticker => None,
        }
    }

    /// The preview that goes with it. The platform makes those of pictures and films itself.
    pub(super) fn thumbnail(self, media: &Media) -> Option<&Thumbnail> {
        let side = |side: Option<u32>| side.is_none_or(|it| it <= THUMBNAIL.1);
        let fits = |it: &&Thumbnail| {
            it.mime.as_deref() == Some("image/jpeg")
                && it.size.is_some_and(|size| size <= THUMBNAIL.0)
                && side(it.width)
                && side(it.height)
        };
        match self {
            Self::Document if media.spoiler => None,
            Self::Audio | Self::Document => media.thumbnail.as_ref().filter(fits),
            Self::Photo
            | Self::Video
            | Self::Animation
            | Self::Voice
            | Self::Round
            | Self::Sticker => None,
        }
    }
}

/// The media type in lower case, by what is said or by the name. A picture of which neither tells is
/// one of those that clients make.
fn media_type(media: &Media) -> String {
    let known = media::media_type(media.mime.as_deref(), media.name.as_deref());
    let usual = match media.kind {
        MediaKind::Image | MediaKind::Sticker => "image/png",
        MediaKind::Video
        | MediaKind::VideoNote
        | MediaKind::Animation
        | MediaKind::Audio
        | MediaKind::Voice
        | MediaKind::File => "",
    };
    known.unwrap_or_else(|| usual.to_owned()).to_ascii_lowercase()
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

fn is_sticker(media: &Media, mime: &str) -> bool {
    let side = |side: Option<u32>| side.is_none_or(|it| it <= STICKER_SIDE);
    let light = |most: u64| media.size.is_none_or(|size| size <= most);
    let known = STICKERS.iter().find(|(known, _)| *known == mime);
    known.is_some_and(|(_, most)| light(*most)) && side(media.width) && side(media.height)
}

/// Square, and not too long.
fn is_round(media: &Media) -> bool {
    media.width == media.height && media.duration_ms.is_none_or(|it| it <= MAX_ROUND)
}

/// A caption with a line below.
pub(crate) fn with_line(caption: &TelegramText, line: &RichText) -> TelegramText {
    let line = to_telegram(line);
    if caption.text.is_empty() {
        return line;
    }
    let start = utf16_len(&caption.text) + 1;
    let below =
        line.entities.into_iter().map(|it| MessageEntity { offset: it.offset + start, ..it });
    let entities = caption.entities.iter().cloned().chain(below).collect();
    TelegramText { text: format!("{}\n{}", caption.text, line.text), entities }
}
