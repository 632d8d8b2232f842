// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that go with a message, streamed from their network to Discord.
//!
//! Rule: no file is held in memory; one that turns out too big breaks off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bot_core::{AskError, DeliverError, MediaSource, MediaStream};
use bridge_model::{Media, Message, RichText};
use futures_util::StreamExt;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::convert::markdown::to_markdown;
use crate::convert::outgoing::{MOST_BYTES, MOST_CHARACTERS, Piece, placeholder, with_attachments};
use crate::rest::{Body, RestError};

/// A file that is open.
pub(super) struct Open<'m> {
    media: &'m Media,
    name: String,
    stream: MediaStream,
}

/// Says whether it was a file that made a request fail.
#[derive(Clone, Default)]
pub(super) struct Broken(Arc<AtomicBool>);

impl Broken {
    /// The result, with `Err(None)` when a file broke off: then Discord has refused the
    /// request, because it was never whole.
    pub(super) fn check<T>(&self, result: Result<T, RestError>) -> Result<T, Option<RestError>> {
        let broken = self.0.load(Ordering::Acquire);
        result.map_err(|error| (!broken || matches!(error, RestError::Said(_))).then_some(error))
    }
}

/// Opens the files of a piece. One that is refused becomes a line of its text.
///
/// # Errors
/// `Retry` when a file cannot be had now.
pub(super) async fn open<'m>(
    source: &dyn MediaSource,
    message: &'m Message,
    piece: &mut Piece,
) -> Result<Vec<Open<'m>>, DeliverError> {
    let mut files = Vec::new();
    for index in std::mem::take(&mut piece.files) {
        let Some(media) = message.media.get(index) else { continue };
        match source.open(media).await {
            Ok(stream) if stream.size.is_none_or(|size| size <= MOST_BYTES) => {
                files.push(Open { media, name: file_name(media, index), stream });
            }
            Ok(stream) => name_only(piece, &Media { size: stream.size, ..media.clone() }),
            Err(AskError::Refused(_)) => name_only(piece, media),
            Err(AskError::Retry { after, reason }) => {
                return Err(DeliverError::Retry { after, reason });
            }
        }
    }
    Ok(files)
}

fn name_only(piece: &mut Piece, media: &Media) {
    let line = to_markdown(&RichText::plain_text(&placeholder(media)));
    let gap = if piece.content.is_empty() { "" } else { "\n" };
    let longer = format!("{}{gap}{line}", piece.content);
    if longer.chars().count() <= MOST_CHARACTERS {
        piece.content = longer;
    }
}

fn file_name(media: &Media, index: usize) -> String {
    let ending = media.mime.as_deref().and_then(|mime| mime.split('/').nth(1)).unwrap_or("bin");
    let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = media.name.clone().unwrap_or_else(|| format!("file{index}.{ending}"));
    let name: String = name
        .chars()
        .map(|c| if c.is_control() || matches!(c, '/' | '\\' | '"') { '_' } else { c })
        .collect();
    // Discord knows a hidden file by its name.
    if media.spoiler { format!("SPOILER_{name}") } else { name }
}

/// The body of a request, with files if there are any.
pub(super) fn body(json: Value, files: Vec<Open<'_>>) -> (Body, Broken) {
    let broken = Broken::default();
    if files.is_empty() {
        return (Body::Json(json), broken);
    }
    let named: Vec<_> = files.iter().map(|file| (file.media, file.name.clone())).collect();
    let json = with_attachments(json, &named);
    let mut form = Form::new().text("payload_json", json.to_string());
    for (number, file) in files.into_iter().enumerate() {
        form = form.part(format!("files[{number}]"), part(file, &broken));
    }
    (Body::Form(form), broken)
}

fn part(file: Open<'_>, broken: &Broken) -> Part {
    let size = file.stream.size;
    let sent = AtomicU64::new(0);
    let broken = broken.clone();
    let chunks = file.stream.chunks.map(move |chunk| {
        let chunk = chunk.and_then(|bytes| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let before = sent.fetch_add(length, Ordering::Relaxed);
            if before.saturating_add(length) > MOST_BYTES {
                return Err(std::io::Error::other("the file is bigger than it said"));
            }
            Ok(bytes)
        });
        if chunk.is_err() {
            broken.0.store(true, Ordering::Release);
        }
        chunk
    });
    let body = reqwest::Body::wrap_stream(chunks);
    let part = match size {
        Some(size) => Part::stream_with_length(body, size),
        None => Part::stream(body),
    };
    let part = part.file_name(file.name);
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
