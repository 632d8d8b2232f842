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
