// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contents of events with files.
//!
//! Rule: `filename` is the file's name and `body` its caption where there is one, else
//! the name again ("Media captions" in the specification).

use bridge_model::{Media, MediaKind, RichText, Span};
use serde_json::{Map, Value, json};

use super::PartContent;
use super::content::{self, MESSAGE};
use super::info::{filename, info};
use crate::convert::{name, text};

/// Files that are hidden until asked for (MSC4193).
pub(in crate::convert) const SPOILER: &str = "page.codeberg.everypizza.msc4193.spoiler";
/// Why they are.
pub(in crate::convert) const SPOILER_REASON: &str =
    "page.codeberg.everypizza.msc4193.spoiler.reason";
/// Spoken messages (MSC3245).
pub(in crate::convert) const VOICE: &str = "org.matrix.msc3245.voice";

/// The event that shows the file at `uri`, without caption. `mime` is what the upload was
/// declared as.
pub(super) fn part(media: &Media, uri: &str, mime: &str) -> PartContent {
    let filename = filename(media, mime);
    let alt = media.alt.as_deref().and_then(name::line);
    let mut content = Map::new();
    let tags = tags(media).map(|tags| text::plain_body(&tags));
    let body = tags.or_else(|| alt.clone()).unwrap_or_else(|| filename.clone());
    content.insert("body".into(), body.into());
    content.insert("url".into(), uri.into());
    content.insert("info".into(), info(media, mime));
    content.insert("m.mentions".into(), json!({}));
    let sticker = media.kind == MediaKind::Sticker && mime.starts_with("image/");
    if sticker && !media.spoiler {
        return PartContent { event_type: "m.sticker", content: content.into(), media: true };
    }
    content.insert("msgtype".into(), msgtype(media.kind, mime).into());
    content.insert("filename".into(), filename.into());
    if let Some(alt) = alt {
        // MSC3552; a caption takes the place in `body`.
        let words = json!({ "org.matrix.msc1767.text": alt });
        content.insert("org.matrix.msc1767.alt_text".into(), words);
    }
    if media.spoiler {
        content.insert(SPOILER.into(), true.into());
    }
    if media.kind == MediaKind::Voice {
        content.insert(VOICE.into(), json!({}));
        content.insert("org.matrix.msc1767.audio".into(), audio(media));
    }
    PartContent { event_type: MESSAGE, content: content.into(), media: true }
}

/// Puts a caption. A description of the picture gives way to it; the title of music stands before
/// it.
pub(super) fn add_caption(content: &mut Value, media: &Media, caption: &RichText) {
    let Value::Object(content) = content else { return };
    match tags(media) {
        Some(mut words) => {
            words.append(caption.clone());
            content::add_text(content, &words.normalise());
        }
        None => content::add_text(content, caption),
    }
}

/// Who plays what, which Matrix has no field for.
fn tags(media: &Media) -> Option<RichText> {
    let tags = [&media.performer, &media.title];
    let tags: Vec<String> =
        tags.into_iter().flatten().filter_map(|words| name::line(words)).collect();
    let words = format!("🎵 {}", tags.join(" – "));
    (!tags.is_empty()).then(|| RichText::paragraph(vec![Span::text(words)]))
}

/// Length and loudness of a spoken message (MSC1767, MSC3246).
fn audio(media: &Media) -> Value {
    let mut audio = Map::new();
    if let Some(ms) = media.duration_ms {
        audio.insert("duration".into(), ms.into());
    }
    if !media.waveform.is_empty() {
        let points: Vec<u16> = media.waveform.iter().map(|point| (*point).min(1024)).collect();
        audio.insert("waveform".into(), json!(points));
    }
    Value::Object(audio)
}

fn msgtype(kind: MediaKind, mime: &str) -> &'static str {
    match kind {
        MediaKind::Image => "m.image",
        MediaKind::Video | MediaKind::VideoNote => "m.video",
        MediaKind::Audio | MediaKind::Voice => "m.audio",
        MediaKind::Animation | MediaKind::Sticker if mime.starts_with("image/") => "m.image",
        MediaKind::Animation | MediaKind::Sticker if mime.starts_with("video/") => "m.video",
        MediaKind::Animation | MediaKind::Sticker | MediaKind::File => "m.file",
    }
}
