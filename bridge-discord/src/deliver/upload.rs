// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that go with a message, streamed from their network to Discord.
//!
//! Rule: no file is held in memory; one that turns out too big breaks off, and is named
//! instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bot_core::{AskError, DeliverError, MediaSource, MediaStream};
use bridge_model::{Media, Message, Missing};
use futures_util::StreamExt;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::convert::outgoing::{Lost, MOST_BYTES, file_name, with_attachments};
use crate::rest::{Body, RestError, code};

/// A file that is open.
pub(super) struct Open<'m> {
    index: usize,
    media: &'m Media,
    stream: MediaStream,
}

/// Why a request with files failed.
pub(super) enum UploadError {
    /// Discord said no, or did not answer.
    Rest(RestError),
    /// A file broke off: the request was never whole, so Discord has refused it.
    Broken,
    /// This file is too big.
    TooBig(usize),
    /// It was never sent.
    Decided(DeliverError),
}

/// No file has been seen to fail.
const WHOLE: usize = usize::MAX;

/// One broke off.
const BROKEN: usize = usize::MAX - 1;

/// Says whether it was a file that made a request fail, and which is the biggest.
#[derive(Clone)]
pub(super) struct Watch {
    failed: Arc<AtomicUsize>,
    biggest: Option<usize>,
}

impl Watch {
    /// The result, with the reason why it failed.
    pub(super) fn check<T>(&self, result: Result<T, RestError>) -> Result<T, UploadError> {
        result.map_err(|error| match (self.failed.load(Ordering::Acquire), self.biggest) {
            // Request entity too large.
            (_, Some(biggest))
                if error.code() == Some(code::ENTITY_TOO_LARGE) || error.status() == Some(413) =>
            {
                UploadError::TooBig(biggest)
            }
            (_, _) if matches!(error, RestError::Refusal(_)) => UploadError::Rest(error),
            (WHOLE, _) => UploadError::Rest(error),
            (BROKEN, _) => UploadError::Broken,
            (index, _) => UploadError::TooBig(index),
        })
    }
}

/// Opens the files with these indices. One that is refused is added to `lost`.
///
/// # Errors
/// `Retry` when a file cannot be had now.
pub(super) async fn open<'m>(
    source: &dyn MediaSource,
    message: &'m Message,
    indices: &[usize],
    lost: &mut Lost,
) -> Result<Vec<Open<'m>>, DeliverError> {
    let mut files = Vec::new();
    for index in indices.iter().copied().filter(|index| !lost.has(*index)).collect::<Vec<_>>() {
        let Some(media) = message.media.get(index) else { continue };
        match source.open(media).await {
            Ok(stream) if stream.size.is_none_or(|size| size <= MOST_BYTES) => {
                files.push(Open { index, media, stream });
            }
            Ok(stream) => lost.add(index, stream.size, Missing::TooLargeToSend),
            Err(AskError::Refused(_)) => lost.add(index, None, Missing::Unavailable),
            Err(AskError::Retry { after, reason }) => {
                return Err(DeliverError::Retry { after, reason });
            }
        }
    }
    Ok(files)
}

/// The body of a request, with files if there are any; `kept` are the ids of attachments that
/// stay, where that is to be said.
pub(super) fn body(json: Value, kept: Option<&[String]>, files: Vec<Open<'_>>) -> (Body, Watch) {
    let size = |file: &Open<'_>| file.stream.size.or(file.media.size);
    let biggest = files.iter().max_by_key(|file| size(file)).map(|file| file.index);
    let watch = Watch { failed: Arc::new(AtomicUsize::new(WHOLE)), biggest };
    let named = files.iter().map(|file| (file.media, file_name(file.media, file.index)));
    let named: Vec<_> = named.collect();
    let json = match kept {
        None if files.is_empty() => json,
        kept => with_attachments(json, kept.unwrap_or_default(), &named),
    };
    if files.is_empty() {
        return (Body::Json(json), watch);
    }
    let sent = Arc::new(AtomicU64::new(0));
    let mut form = Form::new().text("payload_json", json.to_string());
    for (number, (file, (_, name))) in files.into_iter().zip(named).enumerate() {
        form = form.part(format!("files[{number}]"), part(file, name, &watch, &sent));
    }
    (Body::Form(form), watch)
}

fn part(file: Open<'_>, name: String, watch: &Watch, sent: &Arc<AtomicU64>) -> Part {
    let (index, size) = (file.index, file.stream.size);
    let (failed, sent) = (Arc::clone(&watch.failed), Arc::clone(sent));
    let chunks = file.stream.chunks.map(move |chunk| {
        let chunk = chunk.inspect_err(|_| failed.store(BROKEN, Ordering::Release))?;
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let before = sent.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > MOST_BYTES {
            failed.store(index, Ordering::Release);
            return Err(std::io::Error::other("the file is bigger than it said"));
        }
        Ok(chunk)
    });
    let body = reqwest::Body::wrap_stream(chunks);
    let part = match size {
        Some(size) => Part::stream_with_length(body, size),
        None => Part::stream(body),
    };
    let part = part.file_name(name);
    match file.media.mime.as_deref().or(file.stream.mime.as_deref()) {
        Some(mime) if is_mime(mime) => part.mime_str(mime).unwrap_or_else(|_| Part::text("")),
        _ => part,
    }
}

/// `Part::mime_str` takes the part away when it does not like the type.
fn is_mime(mime: &str) -> bool {
    let word = |word: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || "-+._".contains(c);
        !word.is_empty() && word.chars().all(good)
    };
    mime.split_once('/').is_some_and(|(kind, sort)| word(kind) && word(sort))
}
