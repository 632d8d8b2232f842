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
