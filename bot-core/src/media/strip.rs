// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cleans a picture on its way from one network to another.
//!
//! Rule: what says that it is a JPEG, PNG or WebP picture and is none is not handed on, because
//! nobody knows what it hides.

use std::pin::Pin;

use bridge_model::Media;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::clean::{Cleaner, Format, SNIFF};
use super::plan;
use crate::network::{AskError, MediaStream};
use crate::refusal::Refusal;

/// Media types that have to be what they say.
const CLEANED: [&str; 4] = ["image/jpeg", "image/jpg", "image/png", "image/webp"];

/// The file without hidden data; files that are no pictures stay as they are.
///
/// # Errors
/// [`AskError::Refused`] for a picture that is not what it says; [`AskError::Retry`] when the file
/// breaks off within its first bytes.
pub async fn strip_metadata(media: &Media, stream: MediaStream) -> Result<MediaStream, AskError> {
    if !plan::is_picture(media) {
        return Ok(stream);
    }
    let MediaStream { size, mime, mut chunks } = stream;
    let mut start = BytesMut::new();
    while start.len() < SNIFF
        && let Some(chunk) = chunks.next().await
    {
        let broken = |error: std::io::Error| error.to_string();
        let chunk =
            chunk.map_err(|error| AskError::Retry { after: None, reason: broken(error) })?;
        start.extend_from_slice(&chunk);
    }
    let first = futures_util::stream::iter([Ok(start.clone().freeze())]);
    let whole = first.chain(chunks);
    let Some(format) = Format::of(&start) else {
        let said = media.mime.as_deref().or(mime.as_deref()).unwrap_or_default();
        if CLEANED.contains(&said.to_ascii_lowercase().as_str()) && !start.is_empty() {
            return Err(AskError::Refused(Refusal::file(
                "the picture is not of the kind that it says",
            )));
        }
        return Ok(MediaStream { size, mime, chunks: Box::pin(whole) });
    };
    Ok(MediaStream { size, mime, chunks: cleaned(Box::pin(whole), format) })
}

type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

fn cleaned(chunks: Chunks, format: Format) -> Chunks {
    let state = (chunks, Some(Cleaner::new(format)));
    let next = async |(mut chunks, cleaner): (Chunks, Option<Cleaner>)| {
        let mut cleaner = cleaner?;
        match chunks.next().await {
            Some(Ok(chunk)) => Some((Ok(cleaner.push(&chunk)), (chunks, Some(cleaner)))),
            Some(Err(error)) => Some((Err(error), (chunks, None))),
            None => Some((Ok(cleaner.finish()), (chunks, None))),
        }
    };
    Box::pin(futures_util::stream::unfold(state, next))
}

#[cfg(test)]
mod tests {
    use bridge_model::{MediaHandle, MediaKind};

    use super::*;

    fn file(kind: MediaKind, mime: &str) -> Media {
        let handle = MediaHandle { network: "matrix".into(), reference: "mxc://a/b".into() };
        Media { mime: Some(mime.into()), ..Media::new(handle, kind) }
    }

    fn stream(chunks: &[&[u8]]) -> MediaStream {
        let chunks: Vec<_> = chunks.iter().map(|it| Ok(Bytes::copy_from_slice(it))).collect();
        let chunks = Box::pin(futures_util::stream::iter(chunks));
        MediaStream { size: None, mime: None, chunks }
    }

    async fn bytes(mut stream: MediaStream) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(chunk) = stream.chunks.next().await {
            out.extend_from_slice(&chunk.unwrap());
        }
        out
    }

    #[tokio::test]
    async fn a_picture_is_cleaned_also_when_it_comes_byte_by_byte() {
        let secret = b"\xff\xfe\x00\x08secret";
        let picture = [b"\xff\xd8\xff\xe0\x00\x06jpeg".as_slice(), secret, b"\xff\xd9"].concat();
        let blank = [b"\xff\xd8\xff\xe0\x00\x06jpeg\xff\xfe\x00\x08".as_slice(), &[0; 6]].concat();
        let single: Vec<&[u8]> = picture.chunks(1).collect();
        for kind in [MediaKind::Image, MediaKind::File] {
            let clean = strip_metadata(&file(kind, "image/jpeg"), stream(&single)).await.unwrap();
            assert_eq!(bytes(clean).await, [blank.as_slice(), b"\xff\xd9"].concat());
        }
    }

    #[tokio::test]
    async fn what_only_says_that_it_is_a_picture_is_withheld() {
        let picture = file(MediaKind::Image, "image/jpeg");
        let refused = strip_metadata(&picture, stream(&[b"II*\0 with a place"])).await;
        assert!(matches!(refused, Err(AskError::Refused(_))));
    }

    #[tokio::test]
    async fn other_files_pass() {
        for (kind, mime) in [(MediaKind::File, "text/plain"), (MediaKind::Video, "video/mp4")] {
            let passed =
                strip_metadata(&file(kind, mime), stream(&[b"\xff\xd8\xff", b" hello"])).await;
            assert_eq!(bytes(passed.unwrap()).await, b"\xff\xd8\xff hello");
        }
        let empty = strip_metadata(&file(MediaKind::Image, "image/png"), stream(&[])).await;
        assert_eq!(bytes(empty.unwrap()).await, b"");
    }
}
