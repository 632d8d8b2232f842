// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words that are too long for messages, as a text file.
//!
//! Rule: the handle holds the words, so that the file can be opened at any time.

use bridge_model::{Media, MediaHandle, MediaKind};
use bytes::Bytes;

use crate::network::{AskError, MediaStream};

/// The network of such handles.
const TEXT: &str = "text";

/// The file that holds these words.
pub fn of(words: &str) -> Media {
    let handle = MediaHandle { network: TEXT.into(), reference: words.to_owned() };
    Media {
        mime: Some("text/plain".to_owned()),
        name: Some("message.txt".to_owned()),
        size: u64::try_from(words.len()).ok(),
        ..Media::new(handle, MediaKind::File)
    }
}

/// The file that holds JSON, under a name.
pub fn json(name: &str, words: &str) -> Media {
    Media { mime: Some("application/json".to_owned()), name: Some(name.to_owned()), ..of(words) }
}

/// Whether the file is one of words.
pub fn is_one(media: &Media) -> bool {
    media.handle.network.as_str() == TEXT
}

/// Opens the file; `None` for every other handle.
pub fn open(handle: &MediaHandle) -> Option<Result<MediaStream, AskError>> {
    (handle.network.as_str() == TEXT).then(|| {
        let words = Bytes::from(handle.reference.clone());
        let size = u64::try_from(words.len()).ok();
        let chunks = Box::pin(futures_util::stream::iter([Ok(words)]));
        Ok(MediaStream { size, mime: Some("text/plain".into()), chunks })
    })
}
