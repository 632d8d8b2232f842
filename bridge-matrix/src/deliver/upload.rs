// SPDX-License-Identifier: AGPL-3.0-or-later
//! Uploads a file once, however often it comes, and looks at pictures on the way.
//!
//! Rule: a small file is hashed before it is uploaded; a large one streams, and is hashed while it
//! does.

use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::Media;
use bytes::Bytes;
use futures_util::StreamExt;
use ruma::OwnedRoomId;
use sha2::{Digest, Sha256};

use crate::MatrixNetwork;
use crate::client::{ClientError, Identity};
use bot_core::media::plan;
use bot_core::media::preview::{self, Preview};
use bot_core::network::MediaStream;
use bot_core::store::{FileRecord, StoreError, files, keys};

/// The start of a file, whole if it is small, and the rest.
struct Begun {
    start: Vec<u8>,
    rest: Option<MediaStream>,
}

impl MatrixNetwork {
    /// What is known of an earlier upload of this file.
    pub(super) async fn uploaded_before(&self, media: &Media) -> Option<FileRecord> {
        let name = files::source(media);
        // The worst that can come of a store that does not answer is a second upload.
        self.store.file(&name, self.clock.now()).await.ok().flatten()
    }

    /// Uploads what is opened, unless the same content was uploaded before. Each encrypted file
    /// has a key of its own, so those are uploaded every time.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) async fn upload_once(
        &self,
        (room, identity): (Option<&OwnedRoomId>, &Identity),
        (media, mime): (&Media, &str),
        stream: MediaStream,
    ) -> Result<FileRecord, ClientError> {
        let name = media.name.as_deref();
        if let Some(room) = room
            && self.seals(Some(room)).await?
        {
            let uri = self.upload_into((room, identity), (name, mime), stream).await?;
            return Ok(FileRecord { uri, mime: mime.to_owned(), preview: None });
        }
        let Begun { start, rest } = begin(stream).await?;
        let source = files::source(media);
        let Some(rest) = rest else {
            let content = files::content(&Sha256::digest(&start));
            if let Ok(Some(known)) = self.store.file(&content, self.clock.now()).await {
                self.remember(vec![source], &known).await;
                return Ok(known);
            }
            let preview = look_at(media, &start).await;
            let whole = whole(start);
            let uri = self.client.upload(identity, (name, mime), whole).await?;
            let record = FileRecord { uri, mime: mime.to_owned(), preview };
            self.remember(vec![source, content], &record).await;
            return Ok(record);
        };
        let sum = Arc::new(Mutex::new(Sha256::new()));
        let stream = hashed(start, rest, &sum);
        let uri = self.client.upload(identity, (name, mime), stream).await?;
        let sum = sum.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize();
        let record = FileRecord { uri, mime: mime.to_owned(), preview: None };
        self.remember(vec![source, files::content(&sum)], &record).await;
        Ok(record)
    }

    async fn remember(&self, names: Vec<keys::Hash>, record: &FileRecord) {
        let saved: Result<(), StoreError> =
            self.store.save_file(names, record.clone(), self.clock.now()).await;
        if let Err(error) = saved {
            tracing::warn!(%error, "an upload cannot be remembered");
        }
    }
}

/// Reads a file that is small to its end, of a larger one as much.
async fn begin(mut stream: MediaStream) -> Result<Begun, ClientError> {
    let mut start = Vec::new();
    while let Some(chunk) = stream.chunks.next().await {
        start.extend_from_slice(&chunk.map_err(|error| ClientError::Lost(error.to_string()))?);
        if start.len() > preview::LARGEST {
            return Ok(Begun { start, rest: Some(stream) });
        }
    }
    Ok(Begun { start, rest: None })
}

fn whole(bytes: Vec<u8>) -> MediaStream {
    let size = u64::try_from(bytes.len()).ok();
    let chunks = Box::pin(futures_util::stream::iter([Ok(Bytes::from(bytes))]));
    MediaStream { size, mime: None, chunks }
}

fn hashed(start: Vec<u8>, rest: MediaStream, sum: &Arc<Mutex<Sha256>>) -> MediaStream {
    let MediaStream { size, mime, chunks } = rest;
    let sum = Arc::clone(sum);
    let chunks = futures_util::stream::iter([Ok(Bytes::from(start))]).chain(chunks);
    let chunks = chunks.inspect(move |chunk| {
        if let Ok(bytes) = chunk {
            sum.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
    });
    MediaStream { size, mime, chunks: Box::pin(chunks) }
}

/// Size and blur of a picture; unpacking it takes a moment, so that happens elsewhere.
async fn look_at(media: &Media, bytes: &[u8]) -> Option<Preview> {
    if !plan::is_picture(media) {
        return None;
    }
    let bytes = bytes.to_vec();
    tokio::task::spawn_blocking(move || preview::of(&bytes)).await.ok().flatten()
}
