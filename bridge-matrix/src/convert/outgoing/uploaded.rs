// SPDX-License-Identifier: AGPL-3.0-or-later
//! What became of a file of a message.

use bridge_model::{Media, MediaHandle, RichText, Thumbnail};

use crate::convert::NETWORK;

/// What became of a file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The file.
    pub media: Media,
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    At { uri: String, mime: String },
    Missing { line: RichText },
}

impl Uploaded {
    /// The file is on the media repository under `uri` (`mxc://…`). Its thumbnail is shown where
    /// it is there too: where its handle is one of Matrix.
    pub fn at(media: Media, uri: impl Into<String>, mime: impl Into<String>) -> Self {
        Self { media, place: Place::At { uri: uri.into(), mime: mime.into() } }
    }

    /// The file cannot be had; people read `line` instead.
    pub fn missing(media: Media, line: RichText) -> Self {
        Self { media, place: Place::Missing { line } }
    }

    /// The file of a message that is there already: its handle is one of Matrix.
    pub fn known(media: &Media) -> Option<Self> {
        let uri = mxc(&media.handle)?;
        let mime = media.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        Some(Self::at(media.clone(), uri, mime))
    }

    /// The file with its place as its handle, as [`Uploaded::known`] reads it; unchanged where it
    /// could not be had.
    pub fn rehosted(self) -> Media {
        match self.place {
            Place::At { uri, mime } => {
                let handle = MediaHandle { network: NETWORK.into(), reference: uri };
                Media { handle, mime: Some(mime), ..self.media }
            }
            Place::Missing { .. } => self.media,
        }
    }
}

/// The address of a thumbnail that is on the media repository.
pub(super) fn thumbnail(media: &Media) -> Option<(&str, &Thumbnail)> {
    let thumbnail = media.thumbnail.as_ref()?;
    Some((mxc(&thumbnail.handle)?, thumbnail))
}

fn mxc(handle: &MediaHandle) -> Option<&str> {
    let ours = handle.network.as_str() == NETWORK && bot_core::address::is_mxc(&handle.reference);
    ours.then_some(handle.reference.as_str())
}
