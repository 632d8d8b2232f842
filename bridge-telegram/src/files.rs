// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files of Telegram, <https://core.telegram.org/bots/api#getfile>.
//!
//! Rule: bytes are streamed. The address of a file holds the token, so it never leaves here.

use std::path::Path;
use std::time::Duration;

use bot_core::{AskError, MediaStream};
use bridge_model::{MediaHandle, UserId};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use crate::NETWORK;
use crate::api::{Problem, describe};
use crate::connection::Connection;

/// How long a download may stand still.
const STALL: Duration = Duration::from_secs(60);

impl Connection {
    /// The newest profile picture of `user`, in its largest size; `None` where there is none or
    /// where it is hidden from the bot, <https://core.telegram.org/bots/api#getuserprofilephotos>.
    pub(crate) async fn avatar_of(&self, user: &UserId) -> Result<Option<MediaHandle>, AskError> {
        let Ok(user) = user.as_str().parse::<u64>() else { return Ok(None) };
        let params = json!({ "user_id": user, "limit": 1 });
        let answer = self.api.ask(&self.clients.methods, "getUserProfilePhotos", &params).await;
        let photos = match answer {
            Ok(photos) => photos,
            Err(Problem::Refused { code: 400, .. }) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        };
        let sizes = photos.pointer("/photos/0").and_then(Value::as_array);
        let width = |size: &&Value| size.get("width").and_then(Value::as_u64).unwrap_or(0);
        let largest = sizes.into_iter().flatten().max_by_key(width);
        let file = largest.and_then(|size| size.get("file_id")).and_then(Value::as_str);
        Ok(file.map(|it| MediaHandle { network: NETWORK.into(), reference: it.to_owned() }))
    }

    /// The picture of a custom emoji, <https://core.telegram.org/bots/api#getcustomemojistickers>.
    ///
    /// Of one that moves the still picture, where there is one: what stands in a line of text is an
    /// image on other sides, and Lottie or WebM is none.
    pub(crate) async fn emoji_of(&self, id: &str) -> Result<Option<MediaHandle>, AskError> {
        let params = json!({ "custom_emoji_ids": [id] });
        let answer = self.api.ask(&self.clients.methods, "getCustomEmojiStickers", &params).await;
        let stickers = match answer {
            Ok(stickers) => stickers,
            Err(Problem::Refused { code: 400, .. }) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        };
        let Some(sticker) = stickers.get(0) else { return Ok(None) };
        let flag = |name: &str| sticker.get(name).and_then(Value::as_bool).unwrap_or(false);
        let moves = flag("is_animated") || flag("is_video");
        let still = sticker.pointer("/thumbnail/file_id").filter(|_| moves);
        let file = still.or_else(|| sticker.get("file_id")).and_then(Value::as_str);
        Ok(file.map(|it| MediaHandle { network: NETWORK.into(), reference: it.to_owned() }))
    }

    /// Opens a file by its `file_id`; the public server refuses more than 20 MB.
    pub(crate) async fn open_file(&self, media: &MediaHandle) -> Result<MediaStream, AskError> {
        let params = json!({ "file_id": media.reference });
        let file = self.api.ask(&self.clients.methods, "getFile", &params).await?;
        let path = file.get("file_path").and_then(Value::as_str);
        let path = path.ok_or_else(|| AskError::Refused("the file is not available".to_owned()))?;
        let size = file.get("file_size").and_then(Value::as_u64);
        if path.starts_with('/') {
            let Some(folder) = &self.local_files else {
                return Err(AskError::Refused("local files are not allowed".to_owned()));
            };
            return open_local(folder, Path::new(path), size).await;
        }
        let answer = self.api.download(&self.clients.files, path).await?;
        let mime = answer
            .headers()
            .get("content-type")
            .and_then(|it| it.to_str().ok())
            .filter(|it| *it != "application/octet-stream")
            .map(str::to_owned);
        let size = answer.content_length().or(size);
        let chunks = answer
            .bytes_stream()
            .map_err(|error| std::io::Error::other(describe(&error.without_url())));
        let chunks = with_patience(chunks.boxed());
        Ok(MediaStream { size, mime, chunks })
    }
}

/// A server in `--local` mode shares its disk with us: opens `path` if it lies below `folder`,
/// wherever links on the way lead.
async fn open_local(
    folder: &Path,
    path: &Path,
    size: Option<u64>,
) -> Result<MediaStream, AskError> {
    let unreadable = |error: std::io::Error| {
        AskError::Refused(format!("the local Bot API server's file cannot be read: {error}"))
    };
    let folder = tokio::fs::canonicalize(folder).await.map_err(unreadable)?;
    let path = tokio::fs::canonicalize(path).await.map_err(unreadable)?;
    if !path.starts_with(&folder) {
        return Err(AskError::Refused("the file lies outside of the folder for it".to_owned()));
    }
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    Ok(MediaStream { size, mime: None, chunks: ReaderStream::new(file).boxed() })
}

type Chunks =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = std::io::Result<bytes::Bytes>> + Send>>;

/// Ends a stream with an error when nothing comes for a while.
fn with_patience(chunks: Chunks) -> Chunks {
    futures_util::stream::unfold(Some(chunks), |chunks| async {
        let mut chunks = chunks?;
        match tokio::time::timeout(STALL, chunks.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(chunks))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(std::io::Error::other("the download stands still")), None)),
        }
    })
    .boxed()
}
