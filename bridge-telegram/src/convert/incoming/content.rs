// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message says: words and files.
//!
//! Rule: whatever a person sends has something to show for it here, if only one line that names
//! it; service messages say nothing by themselves.

use bridge_model::{Media, MediaKind as Kind, RichText};
use teloxide::types::{
    MediaAnimation, MediaAudio, MediaDocument, MediaKind, MediaVideo, MediaVideoNote, MediaVoice,
    MessageEntity, MessageKind,
};

use super::{Placeholder, media};
use crate::convert::from_telegram;

/// Words and files.
pub(super) struct Said {
    /// The text or caption.
    pub body: RichText,
    /// The files; albums come as one message for each.
    pub media: Vec<Media>,
}

impl Said {
    fn text(text: &str, entities: &[MessageEntity]) -> Self {
        Self { body: from_telegram(text, entities), media: Vec::new() }
    }

    fn file(media: Media, caption: Option<&String>, entities: &[MessageEntity]) -> Self {
        let body = caption.map(|it| from_telegram(it, entities)).unwrap_or_default();
        Self { body, media: vec![media] }
    }

    fn instead(placeholder: Placeholder) -> Self {
        Self::text(placeholder.text(), &[])
    }
}

/// What a message of this kind says; `None` for service messages.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other forty kinds are service messages, which say nothing by themselves"
)]
pub(super) fn of_kind(kind: &MessageKind) -> Option<Said> {
    match kind {
        MessageKind::Common(common) => of_medium(&common.media_kind),
        MessageKind::Dice(_) => Some(Said::instead(Placeholder::Dice)),
        MessageKind::Invoice(_) => Some(Said::instead(Placeholder::Invoice)),
        MessageKind::Giveaway(_) => Some(Said::instead(Placeholder::Giveaway)),
        _ => None,
    }
}

fn of_medium(kind: &MediaKind) -> Option<Said> {
    Some(match kind {
        MediaKind::Text(it) => Said::text(&it.text, &it.entities),
        MediaKind::Photo(it) => match media::photo(&it.photo, it.has_media_spoiler) {
            Some(photo) => Said::file(photo, it.caption.as_ref(), &it.caption_entities),
            None => Said::instead(Placeholder::Unknown),
        },
        MediaKind::Document(it) => document(it),
        MediaKind::Video(it) => video(it),
        MediaKind::Animation(it) => animation(it),
        MediaKind::VideoNote(it) => video_note(it),
        MediaKind::Audio(it) => audio(it),
        MediaKind::Voice(it) => voice(it),
        MediaKind::Sticker(it) => Said::file(media::sticker(&it.sticker), None, &[]),
        MediaKind::Contact(_) => Said::instead(Placeholder::Contact),
        MediaKind::PaidMedia(_) => Said::instead(Placeholder::PaidMedia),
        MediaKind::Game(_) => Said::instead(Placeholder::Game),
        MediaKind::Venue(_) => Said::instead(Placeholder::Venue),
        MediaKind::Location(_) => Said::instead(Placeholder::Location),
        MediaKind::Poll(_) => Said::instead(Placeholder::Poll),
        MediaKind::Checklist(_) => Said::instead(Placeholder::Checklist),
        MediaKind::Story(_) => Said::instead(Placeholder::Story),
        MediaKind::Migration(_) => return None,
    })
}

fn document(it: &MediaDocument) -> Said {
    let file = Media {
        name: it.document.file_name.clone(),
        mime: it.document.mime_type.as_ref().map(ToString::to_string),
        ..media::file(&it.document.file, Kind::File)
    };
    Said::file(file, it.caption.as_ref(), &it.caption_entities)
}

fn video(it: &MediaVideo) -> Said {
    let file = Media {
        name: it.video.file_name.clone(),
        mime: it.video.mime_type.as_ref().map(ToString::to_string),
        width: Some(it.video.width),
        height: Some(it.video.height),
        duration_ms: media::milliseconds(it.video.duration),
        spoiler: it.has_media_spoiler,
        ..media::file(&it.video.file, Kind::Video)
    };
    Said::file(file, it.caption.as_ref(), &it.caption_entities)
}

fn animation(it: &MediaAnimation) -> Said {
    let file = Media {
        name: it.animation.file_name.clone(),
        mime: it.animation.mime_type.as_ref().map(ToString::to_string),
        width: Some(it.animation.width),
        height: Some(it.animation.height),
        duration_ms: media::milliseconds(it.animation.duration),
        spoiler: it.has_media_spoiler,
        ..media::file(&it.animation.file, Kind::Animation)
    };
    Said::file(file, it.caption.as_ref(), &it.caption_entities)
}

fn video_note(it: &MediaVideoNote) -> Said {
    let file = Media {
        mime: Some("video/mp4".to_owned()),
        width: Some(it.video_note.length),
        height: Some(it.video_note.length),
        duration_ms: media::milliseconds(it.video_note.duration),
        ..media::file(&it.video_note.file, Kind::VideoNote)
    };
    Said::file(file, None, &[])
}

fn audio(it: &MediaAudio) -> Said {
    let file = Media {
        name: it.audio.file_name.clone(),
        mime: it.audio.mime_type.as_ref().map(ToString::to_string),
        duration_ms: media::milliseconds(it.audio.duration),
        ..media::file(&it.audio.file, Kind::Audio)
    };
    Said::file(file, it.caption.as_ref(), &it.caption_entities)
}

fn voice(it: &MediaVoice) -> Said {
    let mime = it.voice.mime_type.as_ref().map_or("audio/ogg".to_owned(), ToString::to_string);
    let file = Media {
        mime: Some(mime),
        duration_ms: media::milliseconds(it.voice.duration),
        ..media::file(&it.voice.file, Kind::Voice)
    };
    Said::file(file, it.caption.as_ref(), &it.caption_entities)
}
