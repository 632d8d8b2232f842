// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files on their way to the media repository.
//!
//! Rule: a file that cannot be had never holds up a message; a line stands for it. One that cannot
//! be had now does.

use bridge_model::{Media, MediaHandle, MediaKind, Message, Missing};

use ruma::OwnedRoomId;

use super::Sending;
use crate::MatrixNetwork;
use crate::action_error::ActionError;
use crate::client::{ClientError, Identity};
use crate::convert::outgoing::Uploaded;
use bot_core::media::preview::Preview;
use bot_core::network::{AskError, MediaSource};
use bot_core::order::DeliverError;
use bot_core::store::{FileRecord, StickerRecord};

/// Why a file is not there, or that it will be later.
enum Unsent {
    Missing(Missing),
    Failed(ActionError),
}

impl MatrixNetwork {
    /// Uploads the files of a message, with their thumbnails.
    pub(super) async fn uploads(
        &self,
        Sending { order, room, identity }: Sending<'_>,
        message: &Message,
        source: &dyn MediaSource,
    ) -> Result<Vec<Uploaded>, ActionError> {
        let mut uploaded = Vec::new();
        for media in &message.media {
            match self.upload((Some(room), identity), media, source).await {
                Ok(file) => {
                    self.remember_sticker(media, &file.uri).await;
                    let media = self.with_thumbnail((Some(room), identity), media, source).await;
                    let media = seen(media, file.preview);
                    uploaded.push(Uploaded::at(media, file.uri, file.mime));
                }
                Err(Unsent::Missing(why)) => {
                    let (name, size) = (media.name.clone(), media.size);
                    let line = order.words.missing(media, (name, size), why);
                    uploaded.push(Uploaded::missing(media.clone(), line));
                }
                Err(Unsent::Failed(error)) => return Err(error),
            }
        }
        Ok(uploaded)
    }

    /// Remembers a sticker of another network, so that it can go back as what it is there.
    async fn remember_sticker(&self, media: &Media, mxc: &str) {
        let Some(sticker) = StickerRecord::of(media) else { return };
        match self.store.sticker_behind(mxc).await {
            Ok(Some(known)) if known == sticker => {}
            Ok(_) => {
                if let Err(error) = self.store.save_sticker(mxc, sticker).await {
                    tracing::warn!(%error, "a sticker was not remembered");
                }
            }
            Err(error) => tracing::warn!(%error, "a sticker was not looked up"),
        }
    }

    /// The message with its files on this homeserver, so that an edit can name them.
    pub(super) async fn rehosted(
        &self,
        sending: Sending<'_>,
        message: &Message,
        source: &dyn MediaSource,
    ) -> Result<Message, ActionError> {
        let uploaded = self.uploads(sending, message, source).await?;
        let media = uploaded.into_iter().map(Uploaded::rehosted).collect();
        Ok(Message { media, ..message.clone() })
    }

    /// Uploads a picture for a room; `None` when it cannot be had.
    pub(super) async fn picture_of_room(
        &self,
        handle: &MediaHandle,
        source: &dyn MediaSource,
    ) -> Result<Option<(String, String)>, ActionError> {
        let picture = Media::new(handle.clone(), MediaKind::Image);
        match self.upload((None, &Identity::Bot), &picture, source).await {
            Ok(file) => Ok(Some((file.uri, file.mime))),
            Err(Unsent::Missing(_)) => Ok(None),
            Err(Unsent::Failed(error)) => Err(error),
        }
    }

    /// The file's place on the media repository, and the type that it was declared as. What is there
    /// already stays where it is.
    async fn upload(
        &self,
        whereto: (Option<&OwnedRoomId>, &Identity),
        media: &Media,
        source: &dyn MediaSource,
    ) -> Result<FileRecord, Unsent> {
        if let Some(known) = Uploaded::known(media) {
            let Media { handle, mime, .. } = known.rehosted();
            let (uri, mime) = (handle.reference, mime.unwrap_or_default());
            return Ok(FileRecord { uri, mime, preview: None });
        }
        let sealed = self.seals(whereto.0).await.map_err(failed)?;
        if !sealed && let Some(known) = self.uploaded_before(media).await {
            return Ok(known);
        }
        let stream = match source.open(media).await {
            Ok(stream) => stream,
            Err(AskError::Retry { after, reason }) => {
                return Err(Unsent::Failed(DeliverError::Retry { after, reason }.into()));
            }
            Err(AskError::Refused(reason)) => {
                tracing::info!(network = %media.handle.network, %reason, "a file cannot be fetched");
                return Err(Unsent::Missing(Missing::Unavailable));
            }
        };
        let mime = media.mime.clone().or_else(|| stream.mime.clone());
        let mime = mime.unwrap_or_else(|| "application/octet-stream".into());
        match self.upload_once(whereto, (media, &mime), stream).await {
            Ok(file) => Ok(file),
            Err(error) if error.is("M_TOO_LARGE") => Err(Unsent::Missing(Missing::TooLargeToSend)),
            // An upload that broke off is repeated without harm.
            Err(error) => Err(failed(error)),
        }
    }

    /// The file with its thumbnail on this homeserver, or without one.
    async fn with_thumbnail(
        &self,
        whereto: (Option<&OwnedRoomId>, &Identity),
        media: &Media,
        source: &dyn MediaSource,
    ) -> Media {
        let mut media = media.clone();
        let Some(mut thumbnail) = media.thumbnail.take() else { return media };
        let mut picture = Media::new(thumbnail.handle.clone(), MediaKind::Image);
        picture.mime.clone_from(&thumbnail.mime);
        if let Ok(file) = self.upload(whereto, &picture, source).await {
            let blurhash = file.preview.and_then(|preview| preview.blurhash);
            media.blurhash = media.blurhash.or(blurhash);
            thumbnail.handle = MediaHandle { network: self.id.clone(), reference: file.uri };
            thumbnail.mime = Some(file.mime);
            media.thumbnail = Some(thumbnail);
        }
        media
    }
}

fn failed(error: ClientError) -> Unsent {
    Unsent::Failed(error.decide().or_retry().into())
}

/// The file with what was seen of it, where its network does not say it.
fn seen(mut media: Media, preview: Option<Preview>) -> Media {
    if let Some(Preview { width, height, blurhash }) = preview {
        media.width.get_or_insert(width);
        media.height.get_or_insert(height);
        media.blurhash = media.blurhash.or(blurhash);
    }
    media
}
