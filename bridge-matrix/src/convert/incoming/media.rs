// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of a message.

use bridge_model::{Media, MediaHandle, MediaKind, Missing, Note, Sticker, Thumbnail, media};
use serde_json::Value;

use super::{Unreadable, text, words};
use crate::convert::outgoing::{SPOILER, SPOILER_REASON, VOICE};
use crate::convert::{NETWORK, name, native};

/// More points than any client draws of a spoken message.
const LONGEST_WAVEFORM: usize = 1024;
/// The specification has no such limit; the other networks' groups are smaller by far.
const LARGEST_GALLERY: usize = 100;

/// The file of an `m.room.message`; `None` for messages of another type.
pub(super) fn read(content: &Value) -> Result<Option<Media>, Unreadable> {
    one(content, text(content, "msgtype").unwrap_or_default())
}

/// The files of a gallery (MSC4274), and what stands for those that cannot be read; `None` for
/// messages of another type.
pub(super) fn gallery(content: &Value) -> Option<(Vec<Media>, Vec<Note>)> {
    if !matches!(text(content, "msgtype"), Some("dm.filament.gallery" | "m.gallery")) {
        return None;
    }
    let (mut files, mut lost) = (Vec::new(), Vec::new());
    let items = content.get("itemtypes").and_then(Value::as_array);
    for item in items.into_iter().flatten().take(LARGEST_GALLERY) {
        if let Ok(Some(media)) = one(item, text(item, "itemtype").unwrap_or_default()) {
            files.push(media);
        } else {
            let name = text(item, "filename").or_else(|| text(item, "body")).and_then(name::line);
            let size = number(item, "size");
            lost.push(Note::FileMissing { name, size, why: Missing::Unavailable });
        }
    }
    Some((files, lost))
}

/// Why the files are hidden (MSC4193).
pub(super) fn reason(content: &Value) -> Option<String> {
    let hidden = content.get(SPOILER).and_then(Value::as_bool) == Some(true);
    let reason = text(content, SPOILER_REASON).filter(|_| hidden).and_then(name::line);
    reason.map(|reason| name::short_reason(&reason))
}

/// The picture of an `m.sticker`; its body describes it.
pub(super) fn sticker(content: &Value) -> Result<Media, Unreadable> {
    let mut media = file(content, MediaKind::Sticker, None)?;
    media.alt = text(content, "body").and_then(name::line);
    let emoji = media.alt.clone().filter(|alt| !alt.is_ascii() && !native::is_word(alt));
    let id = Some(media.handle.reference.clone());
    media.sticker = Some(Sticker { id, pack: None, emoji, mime: None });
    Ok(media)
}

fn one(content: &Value, msgtype: &str) -> Result<Option<Media>, Unreadable> {
    let voice = [VOICE, "org.matrix.msc3245.voice.v2", "m.voice"];
    let kind = match msgtype {
        "m.image" if is_animated(content) => MediaKind::Animation,
        "m.image" => MediaKind::Image,
        "m.video" if is_loop(content) => MediaKind::Animation,
        "m.video" => MediaKind::Video,
        "m.audio" if voice.iter().any(|key| content.get(*key).is_some_and(Value::is_object)) => {
            MediaKind::Voice
        }
        "m.audio" => MediaKind::Audio,
        "m.file" => MediaKind::File,
        _ => return Ok(None),
    };
    let file_name = text(content, "filename").or_else(|| text(content, "body"));
    file(content, kind, file_name).map(Some)
}

fn file(content: &Value, kind: MediaKind, called: Option<&str>) -> Result<Media, Unreadable> {
    if content.get("file").is_some_and(Value::is_object) {
        return Err(Unreadable::encrypted("the file is encrypted"));
    }
    let uri = text(content, "url").filter(|uri| bot_core::address::is_mxc(uri));
    let uri = uri.ok_or_else(|| Unreadable::malformed("a file without an `mxc` address"))?;
    let side = |key| number(content, key).and_then(|n| u32::try_from(n).ok());
    let audio = ["m.audio_details", "org.matrix.msc1767.audio"];
    let audio = audio.iter().find_map(|key| content.get(*key));
    let length = audio.and_then(|audio| whole(audio.get("duration")?));
    let info = content.get("info");
    let mime = media::media_type(info.and_then(mime).as_deref(), called);
    Ok(Media {
        name: called.and_then(name::line).map(|name| with_ending(name, kind, mime.as_deref())),
        mime,
        size: number(content, "size"),
        width: side("w"),
        height: side("h"),
        duration_ms: number(content, "duration").or(length),
        spoiler: content.get(SPOILER).and_then(Value::as_bool) == Some(true),
        alt: described(content),
        waveform: audio.map(waveform).unwrap_or_default(),
        blurhash: info.and_then(blurhash),
        thumbnail: info.and_then(thumbnail),
        ..Media::new(handle(uri), kind)
    })
}

/// The name of a file with an ending, by which other networks know what it is. Clients write words
/// such as "Voice message" where the file has no name.
fn with_ending(name: String, kind: MediaKind, mime: Option<&str>) -> String {
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, end)| end);
    let is_ending = |end: &str| {
        (1..=8).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && end.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    match ending_of(kind, mime) {
        Some(new) if !ending.is_some_and(is_ending) => format!("{name}.{new}"),
        Some(_) | None => name,
    }
}

/// The ending that files of a type have.
fn ending_of(kind: MediaKind, mime: Option<&str>) -> Option<&'static str> {
    let mime = mime.unwrap_or_default().to_ascii_lowercase();
    let known = match mime.as_str() {
        "image/jpeg" | "image/jpg" => "jpg",
        "image/png" => "png",
        "image/apng" => "apng",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/heic" | "image/heif" => "heic",
        "image/jxl" => "jxl",
        "image/bmp" => "bmp",
        "image/tiff" => "tiff",
        "image/svg+xml" => "svg",
        "audio/ogg" | "audio/opus" | "application/ogg" => "ogg",
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/mp4" | "audio/x-m4a" | "audio/m4a" => "m4a",
        "audio/aac" => "aac",
        "audio/flac" | "audio/x-flac" => "flac",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/webm" | "video/webm" => "webm",
        "video/mp4" | "video/x-m4v" => "mp4",
        "video/quicktime" => "mov",
        "video/x-matroska" => "mkv",
        "video/mpeg" => "mpg",
        "video/3gpp" => "3gp",
        "video/ogg" => "ogv",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/json" => "json",
        "text/plain" => "txt",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/markdown" => "md",
        _ => match kind {
            MediaKind::Voice => "ogg",
            MediaKind::Image => "jpg",
            MediaKind::Video | MediaKind::VideoNote | MediaKind::Animation => "mp4",
            MediaKind::Audio => "mp3",
            // Who knows; many files of programs have none.
            MediaKind::File | MediaKind::Sticker => return None,
        },
    };
    Some(known)
}

fn handle(uri: &str) -> MediaHandle {
    MediaHandle { network: NETWORK.into(), reference: uri.to_owned() }
}

/// MSC4230; clients that do not know it send GIFs.
fn is_animated(content: &Value) -> bool {
    let Some(info) = content.get("info") else { return false };
    let says = ["is_animated", "org.matrix.msc4230.is_animated"];
    let says = says.iter().find_map(|key| info.get(*key)?.as_bool());
    says.unwrap_or_else(|| mime(info).as_deref() == Some("image/gif"))
}

/// A film that is shown as a GIF would be, by the hint of the clients and bridges that send such.
fn is_loop(content: &Value) -> bool {
    let hints = ["fi.mau.gif", "fi.mau.loop"];
    let info = content.get("info");
    hints.iter().any(|key| info.and_then(|info| info.get(*key)?.as_bool()) == Some(true))
}

/// The description for people who cannot see it (MSC3552).
fn described(content: &Value) -> Option<String> {
    let keys = ["m.alt_text", "org.matrix.msc1767.alt_text"];
    let block = keys.iter().find_map(|key| content.get(*key))?;
    words(block).or_else(|| block.as_str()).and_then(name::line)
}

fn waveform(audio: &Value) -> Vec<u16> {
    let points = audio.get("waveform").and_then(Value::as_array);
    let loudness = |point: &Value| {
        let point = whole(point).unwrap_or(0).min(1024);
        u16::try_from(point).unwrap_or(1024)
    };
    points.into_iter().flatten().take(LONGEST_WAVEFORM).map(loudness).collect()
}

fn blurhash(info: &Value) -> Option<String> {
    let hash = text(info, "xyz.amorgan.blurhash").or_else(|| text(info, "blurhash"))?;
    let fits = (6..=200).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| hash.to_owned())
}

fn thumbnail(info: &Value) -> Option<Thumbnail> {
    let uri = text(info, "thumbnail_url").filter(|uri| bot_core::address::is_mxc(uri))?;
    let about = info.get("thumbnail_info");
    let field = |key: &str| about.and_then(|about| whole(about.get(key)?));
    let side = |key| field(key).and_then(|n| u32::try_from(n).ok());
    Some(Thumbnail {
        handle: handle(uri),
        mime: about.and_then(mime),
        size: field("size"),
        width: side("w"),
        height: side("h"),
    })
}

/// The media type, without parameters such as `; codecs=opus`.
fn mime(info: &Value) -> Option<String> {
    let mime = text(info, "mimetype")?;
    let mime = mime.split(';').next().unwrap_or(mime).trim();
    let known = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+/".contains(c);
    Some(mime).filter(|mime| mime.contains('/') && mime.chars().all(known)).map(str::to_owned)
}

/// A number of `info`.
fn number(content: &Value, key: &str) -> Option<u64> {
    whole(content.get("info")?.get(key)?)
}

/// Some clients send `1.0`.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|n| n.is_finite() && *n >= 0.0)?;
        format!("{float:.0}").parse().ok()
    })
}
