// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that travel with a message.
//!
//! Rule: a handle, never bytes. The bytes are streamed from the network that
//! made the handle, at the moment of delivery.

use serde::{Deserialize, Serialize};

use crate::NetworkId;

/// Where the bytes can be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaHandle {
    /// The network that holds the bytes.
    pub network: NetworkId,
    /// That network's own reference: a `file_id`, an attachment URL, an `mxc://` URI.
    pub reference: String,
}

impl MediaHandle {
    /// There are no bytes: whatever stood here before is to go.
    pub fn none(network: &NetworkId) -> Self {
        Self { network: network.clone(), reference: String::new() }
    }

    /// Whether it is [`Self::none`].
    pub fn is_none(&self) -> bool {
        self.reference.is_empty()
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where the bytes are.
    pub handle: MediaHandle,
    /// How it is shown.
    pub kind: MediaKind,
    /// The file's name, as the sender gave it.
    pub name: Option<String>,
    /// The media type, such as `image/png`.
    pub mime: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
    /// In milliseconds.
    pub duration_ms: Option<u64>,
    /// Hidden until asked for.
    pub spoiler: bool,
    /// The description for people who cannot see it.
    pub alt: Option<String>,
    /// Of music: the title.
    pub title: Option<String>,
    /// Of music: who plays it.
    pub performer: Option<String>,
    /// Of a spoken message: loudness over time, each 0 to 1024; empty when not known.
    pub waveform: Vec<u16>,
    /// A blurred preview, <https://blurha.sh>.
    pub blurhash: Option<String>,
    /// A small still picture of it.
    pub thumbnail: Option<Thumbnail>,
    /// What is known of a sticker besides its picture.
    pub sticker: Option<Sticker>,
}

/// A small still picture of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Where the bytes are.
    pub handle: MediaHandle,
    /// The media type.
    pub mime: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
}

/// What is known of a sticker besides its picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticker {
    /// The network's id of the sticker itself, the same in every message that shows it.
    pub id: Option<String>,
    /// The network's name of the pack it comes from.
    pub pack: Option<String>,
    /// The emoji that it stands for.
    pub emoji: Option<String>,
    /// The media type in which its network keeps it.
    pub mime: Option<String>,
}

impl Media {
    /// A file of which nothing else is known.
    pub fn new(handle: MediaHandle, kind: MediaKind) -> Self {
        Self {
            handle,
            kind,
            name: None,
            mime: None,
            size: None,
            width: None,
            height: None,
            duration_ms: None,
            spoiler: false,
            alt: None,
            title: None,
            performer: None,
            waveform: Vec::new(),
            blurhash: None,
            thumbnail: None,
            sticker: None,
        }
    }
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaKind {
    /// A still picture.
    Image,
    /// A film.
    Video,
    /// Music or another recording.
    Audio,
    /// A spoken message.
    Voice,
    /// A round spoken film.
    VideoNote,
    /// A short silent loop.
    Animation,
    /// A sticker.
    Sticker,
    /// Anything else.
    File,
}

/// Media types by the endings of names: of what networks show, and of pictures that may hide data.
const ENDINGS: [(&str, &str); 42] = [
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    ("dng", "image/x-adobe-dng"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("html", "text/html"),
    ("jp2", "image/jp2"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("jxl", "image/jxl"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("md", "text/markdown"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("psd", "image/vnd.adobe.photoshop"),
    ("svg", "image/svg+xml"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("zip", "application/zip"),
    ("3gp", "video/3gpp"),
];

/// The media type that the ending of a file's name stands for.
#[must_use]
pub fn type_of_name(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    let known = |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(ending);
    ENDINGS.iter().find(known).map(|(_, mime)| *mime)
}

/// The media type that a network says, without parameters; where it says none, or one that stands
/// for any bytes, that of the name.
#[must_use]
pub fn media_type(said: Option<&str>, name: Option<&str>) -> Option<String> {
    let said = said.map(|said| said.split(';').next().unwrap_or(said).trim());
    let said = said.filter(|said| !said.is_empty());
    let vague = |said: &&str| said.eq_ignore_ascii_case("application/octet-stream");
    let by_name = name.and_then(type_of_name);
    said.filter(|said| !vague(said)).or(by_name).or(said).map(str::to_owned)
}

#[cfg(test)]
mod media_type_tests {
    use super::*;

    #[test]
    fn the_ending_counts_where_nobody_says_a_type() {
        let of = |said, name| media_type(said, name).unwrap_or_default();
        assert_eq!(of(None, Some("Clip.MP4")), "video/mp4");
        assert_eq!(of(Some(""), Some("a.heic")), "image/heic");
        assert_eq!(of(Some("application/octet-stream"), Some("a.b.mp3")), "audio/mpeg");
        assert_eq!(of(Some("application/octet-stream"), Some("a")), "application/octet-stream");
        assert_eq!(of(Some("text/plain; charset=utf-8"), Some("a.mp3")), "text/plain");
        assert_eq!(of(None, Some("a.unknown")), "");
        assert_eq!(of(None, None), "");
    }
}
