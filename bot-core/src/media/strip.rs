// SPDX-License-Identifier: AGPL-3.0-or-later
//! Cleans a picture on its way from one network to another.
//!
//! Rule: the bytes decide what a file is, not what its sender says. What begins like a picture that
//! nobody here can clean is not handed on, because nobody knows what it hides.

use std::pin::Pin;

use bridge_model::Media;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::clean::{Cleaner, Format, SNIFF, is_opaque};
use crate::network::{AskError, MediaStream};
use crate::refusal::Refusal;

/// Media types that have to be what they say.
const CLEANED: [&str; 4] = ["image/jpeg", "image/jpg", "image/png", "image/webp"];

/// The file without hidden data; files that are no pictures stay as they are.
///
/// # Errors
/// [`AskError::Refused`] for a picture that cannot be cleaned or is not what it says;
/// [`AskError::Retry`] when the file breaks off within its first bytes.
pub async fn strip_metadata(media: &Media, stream: MediaStream) -> Result<MediaStream, AskError> {
    let (start, stream) = begun(stream).await?;
    if let Some(format) = Format::of(&start) {
        let MediaStream { size, mime, chunks } = stream;
        return Ok(MediaStream { size, mime, chunks: cleaned(chunks, format) });
    }
    if is_opaque(&start) {
        return Err(AskError::Refused(Refusal::file("the picture may hide something")));
    }
    let said = media.mime.as_deref().or(stream.mime.as_deref()).unwrap_or_default();
    if CLEANED.contains(&said.to_ascii_lowercase().as_str()) && !start.is_empty() {
        return Err(AskError::Refused(Refusal::file(
            "the picture is not of the kind that it says",
        )));
    }
    Ok(stream)
}

/// A picture without hidden data, with the media type that its bytes say; `None` for what is no
/// picture that can be cleaned.
///
/// # Errors
/// [`AskError::Retry`] when the file breaks off within its first bytes.
pub async fn clean_picture(stream: MediaStream) -> Result<Option<MediaStream>, AskError> {
    let (start, MediaStream { size, chunks, .. }) = begun(stream).await?;
    Ok(Format::of(&start).map(|format| {
        let mime = Some(format.mime().to_owned());
        MediaStream { size, mime, chunks: cleaned(chunks, format) }
    }))
}

/// The first bytes of a file, and the whole file.
async fn begun(stream: MediaStream) -> Result<(Bytes, MediaStream), AskError> {
    let MediaStream { size, mime, chunks } = stream;
    // A short file ends here already, and is asked for its end once more by whoever reads it.
    let mut chunks = chunks.fuse();
    let mut start = BytesMut::new();
    while start.len() < SNIFF
        && let Some(chunk) = chunks.next().await
    {
        let broken = |error: std::io::Error| error.to_string();
        let chunk =
            chunk.map_err(|error| AskError::Retry { after: None, reason: broken(error) })?;
        start.extend_from_slice(&chunk);
    }
    let start = start.freeze();
    let first = futures_util::stream::iter([Ok(start.clone())]);
    Ok((start, MediaStream { size, mime, chunks: Box::pin(first.chain(chunks)) }))
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
    async fn a_file_that_ends_within_its_first_bytes_is_whole() {
        let said = [b"short".as_slice()].into_iter().map(Bytes::from_static);
        // `unfold` panics when it is polled behind its end.
        let chunks = Box::pin(futures_util::stream::unfold(said, async |mut left| {
            left.next().map(|chunk| (Ok(chunk), left))
        }));
        let short = MediaStream { size: None, mime: None, chunks };
        let whole = strip_metadata(&file(MediaKind::Voice, "audio/ogg"), short).await.unwrap();
        assert_eq!(bytes(whole).await, b"short");
    }

    #[tokio::test]
    async fn what_only_says_that_it_is_a_picture_is_withheld() {
        let picture = file(MediaKind::Image, "image/jpeg");
        let refused = strip_metadata(&picture, stream(&[b"II*\0 with a place"])).await;
        assert!(matches!(refused, Err(AskError::Refused(_))));
    }

    #[tokio::test]
    async fn the_bytes_say_what_is_a_picture() {
        let picture = b"\xff\xd8\xff\xfe\x00\x08secret\xff\xd9";
        for (kind, mime) in [
            (MediaKind::File, "application/octet-stream"),
            (MediaKind::File, "text/plain"),
            (MediaKind::Video, "video/mp4"),
            (MediaKind::Sticker, ""),
        ] {
            let clean = strip_metadata(&file(kind, mime), stream(&[picture])).await.unwrap();
            assert_eq!(bytes(clean).await, b"\xff\xd8\xff\xfe\x00\x08\0\0\0\0\0\0\xff\xd9");
        }
    }

    #[tokio::test]
    async fn what_begins_like_a_picture_and_cannot_be_cleaned_is_withheld() {
        for start in [
            b"II*\0\x08\0\0\0".as_slice(),
            b"MM\0*\0\0\0\x08",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            b"\0\0\0\x1cftypmsf1\0\0\0\0msf1hevcisom",
            b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
            b"\0\0\0\x18ftypisom\0\0\0\0isomheic",
            b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
            b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
            b"\xff\x4f\xff\x51\0\x2f",
            b"\0\0\0\x0cJXL \r\n\x87\n",
            b"\xff\x0a\0\0",
            b"\xff\xd8 no JPEG",
            b"\x89PNG no PNG",
            b"8BPS\0\x01",
        ] {
            for (kind, mime) in [
                (MediaKind::File, "application/octet-stream"),
                (MediaKind::File, ""),
                (MediaKind::Video, "video/mp4"),
            ] {
                let refused = strip_metadata(&file(kind, mime), stream(&[start])).await;
                assert!(matches!(refused, Err(AskError::Refused(_))), "{}", start.escape_ascii());
            }
        }
    }

    #[tokio::test]
    async fn other_files_pass() {
        for (mime, start) in [
            ("text/plain", b"II hello".as_slice()),
            ("video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\0heic"),
            ("application/pdf", b"%PDF-1.7"),
            ("audio/ogg", b"OggS"),
        ] {
            let passed =
                strip_metadata(&file(MediaKind::File, mime), stream(&[start, b" hello"])).await;
            assert_eq!(bytes(passed.unwrap()).await, [start, b" hello"].concat());
        }
        let empty = strip_metadata(&file(MediaKind::Image, "image/png"), stream(&[])).await;
        assert_eq!(bytes(empty.unwrap()).await, b"");
    }

    #[tokio::test]
    async fn a_public_picture_is_cleaned_and_is_what_its_bytes_say() {
        let picture = b"\xff\xd8\xff\xfe\x00\x08secret\xff\xd9";
        let clean = clean_picture(stream(&[picture])).await.unwrap().unwrap();
        assert_eq!(clean.mime.as_deref(), Some("image/jpeg"));
        assert_eq!(bytes(clean).await, b"\xff\xd8\xff\xfe\x00\x08\0\0\0\0\0\0\xff\xd9");
        assert!(clean_picture(stream(&[b"<svg>"])).await.unwrap().is_none());
    }
}
