// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bytes of files on their way into a request.
//!
//! Rule: bytes flow from the source to the platform in chunks, one file after the other, and never
//! more than a few chunks are held. A request whose source fails is dropped before its end, so that
//! nothing was sent.

use std::time::Duration;

use bot_core::{AskError, MediaSource, MediaStream};
use bridge_model::{Media, Missing};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use reqwest_telegram::{Body, multipart};
use tokio::sync::mpsc;

use super::errors::CallError;
use crate::convert::outgoing::Enclosed;

/// Chunks that wait for the platform.
const AHEAD: usize = 2;
/// The largest preview that is held, in bytes.
const SMALL: usize = 200_000;

/// Why an upload did not succeed.
pub(super) enum Setback {
    /// The platform did not take it.
    Call(CallError),
    /// The source does not answer now.
    Source {
        /// Its own wish.
        after: Option<Duration>,
        /// Why, for the log.
        reason: String,
    },
    /// A file can never be sent.
    Missing {
        /// Its number among the files of the call.
        at: usize,
        /// Why.
        why: Missing,
        /// In bytes, where it is known.
        size: Option<u64>,
    },
}

/// Where the bytes of one file are put.
pub(super) struct Tap {
    at: usize,
    media: Media,
    /// Chunks, then `None`: without that the file was not read to its end.
    into: mpsc::Sender<Option<Bytes>>,
}

/// For each file a part of the request and, unless its bytes are at hand, the tap that fills it.
pub(super) fn taps(
    files: Vec<(Enclosed, Option<Vec<u8>>)>,
) -> (Vec<Tap>, Vec<(String, multipart::Part)>) {
    let (mut taps, mut parts) = (Vec::new(), Vec::new());
    for (file, bytes) in files {
        let name = file_name(&file.media);
        let part = match bytes {
            Some(bytes) => multipart::Part::bytes(bytes),
            None => {
                let (into, out) = mpsc::channel(AHEAD);
                taps.push(Tap { at: taps.len(), media: file.media, into });
                multipart::Part::stream(Body::wrap_stream(chunks(out)))
            }
        };
        parts.push((file.name, part.file_name(name)));
    }
    (taps, parts)
}

/// A file that ends before its end breaks the request, even when nobody waits for it any more.
fn chunks(out: mpsc::Receiver<Option<Bytes>>) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    stream::unfold(Some(out), |out| async {
        let mut out = out?;
        match out.recv().await {
            Some(Some(chunk)) => Some((Ok(chunk), Some(out))),
            Some(None) => None,
            None => Some((Err(std::io::Error::other("the file was not read to its end")), None)),
        }
    })
}

/// Opens the source of a tap.
pub(super) async fn open(
    media: &dyn MediaSource,
    tap: &Tap,
    max: u64,
) -> Result<MediaStream, Setback> {
    let at = tap.at;
    let stream = media.open(&tap.media).await.map_err(|error| match error {
        AskError::Retry { after, reason } => Setback::Source { after, reason },
        AskError::Refused(_) => Setback::Missing { at, why: Missing::Unavailable, size: None },
    })?;
    if stream.size.is_some_and(|size| size > max) {
        return Err(Setback::Missing { at, why: Missing::TooLargeToSend, size: stream.size });
    }
    Ok(stream)
}

/// Fills the taps, one after the other; `first` is the source of the first. Ends early and well
/// when nobody drinks any more.
pub(super) async fn feed(
    media: &dyn MediaSource,
    max: u64,
    taps: Vec<Tap>,
    first: Option<MediaStream>,
) -> Result<(), Setback> {
    let mut first = first;
    for tap in taps {
        let mut stream = match first.take() {
            Some(stream) => stream,
            None => open(media, &tap, max).await?,
        };
        let mut sent: u64 = 0;
        while let Some(chunk) = stream.chunks.next().await {
            let chunk = chunk
                .map_err(|error| Setback::Source { after: None, reason: error.to_string() })?;
            sent = sent.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if sent > max {
                let why = Missing::TooLargeToSend;
                return Err(Setback::Missing { at: tap.at, why, size: None });
            }
            if tap.into.send(Some(chunk)).await.is_err() {
                return Ok(());
            }
        }
        if tap.into.send(None).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// All bytes of a small file; `None` when it cannot be had or is not small.
pub(super) async fn small(source: &dyn MediaSource, media: &Media) -> Option<Vec<u8>> {
    let mut stream = source.open(media).await.ok()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.chunks.next().await {
        bytes.extend_from_slice(&chunk.ok()?);
        if bytes.len() > SMALL {
            return None;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The platform tells the type of a file by its name.
fn file_name(media: &Media) -> String {
    let unsafe_in_name = |it: char| it.is_control() || "/\\\"".contains(it);
    let given = media.name.as_deref().unwrap_or_default().replace(unsafe_in_name, "_");
    if given.contains('.') {
        return given;
    }
    let stem = if given.is_empty() { "file" } else { &given };
    let mime = media.mime.as_deref().unwrap_or_default();
    let extension = match mime.split(';').next().unwrap_or_default() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/gif" => ".gif",
        "video/mp4" => ".mp4",
        "video/webm" => ".webm",
        "audio/mpeg" | "audio/mp3" => ".mp3",
        "audio/mp4" | "audio/m4a" | "audio/x-m4a" => ".m4a",
        "audio/ogg" | "audio/opus" => ".ogg",
        "application/x-tgsticker" => ".tgs",
        "text/plain" => ".txt",
        "application/pdf" => ".pdf",
        _ => "",
    };
    format!("{stem}{extension}")
}
