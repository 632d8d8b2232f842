// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files on their way to a network: what it cannot show becomes something that it can, and hidden
//! data stays behind.
//!
//! Rule: whatever stays behind leaves a line.

use async_trait::async_trait;
use bridge_model::{Media, MediaHandle, MediaKind, Message, Missing, Note, Person, Place};

use super::prepare::unread;
use super::{Networks, Relay};
use crate::address::is_mxc;
use crate::media::{derived, plan, qr, strip};
use crate::network::{AskError, MediaSource, MediaStream};
use crate::order::DeliverError;
use crate::refusal::Refusal;
use crate::store::StickerRecord;

impl Relay {
    /// Makes the files of a message ready for `lane`.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn develop(
        &self,
        lane: &Place,
        message: &mut Message,
    ) -> Result<(), DeliverError> {
        let Some(network) = self.networks.get(&lane.network) else { return Ok(()) };
        let able = network.capabilities().media;
        for mut media in std::mem::take(&mut message.media) {
            if media.kind == MediaKind::Sticker && able.stickers {
                self.comes_home(lane, &mut media).await?;
            }
            if plan::is_withheld(&media) {
                let Media { name, size, .. } = media;
                message.notes.push(Note::FileMissing { name, size, why: Missing::Unclean });
            } else {
                plan::plan(&mut media, &able);
                message.media.push(media);
            }
        }
        Ok(())
    }

    /// A sticker that came from the network of `lane` goes back as it is there.
    async fn comes_home(&self, lane: &Place, media: &mut Media) -> Result<(), DeliverError> {
        if !is_mxc(&media.handle.reference) {
            return Ok(());
        }
        let known = self.store.sticker_behind(&media.handle.reference).await.map_err(unread)?;
        if let Some(known) = known.filter(|known| known.handle.network == lane.network) {
            let StickerRecord { handle, sticker } = known;
            media.mime.clone_from(&sticker.mime);
            (media.handle, media.sticker) = (handle, Some(sticker));
            (media.size, media.thumbnail) = (None, None);
        }
        Ok(())
    }
}

impl Networks {
    async fn fetch(&self, handle: &MediaHandle) -> Result<MediaStream, AskError> {
        match self.get(&handle.network) {
            Some(network) => network.open(handle).await,
            None => Err(AskError::Refused(Refusal::NotConfigured)),
        }
    }
}

#[async_trait]
impl MediaSource for Networks {
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError> {
        if let Some(drawn) = qr::open(&media.handle) {
            return drawn;
        }
        match derived::original(&media.handle) {
            Some((recipe, original)) => recipe.make(self.fetch(&original).await?).await,
            None => strip::strip_metadata(media, self.fetch(&media.handle).await?).await,
        }
    }

    async fn picture(&self, person: &Person) -> Result<Option<MediaHandle>, AskError> {
        match self.get(&person.network) {
            Some(network) => network.avatar(&person.user).await,
            None => Ok(None),
        }
    }
}
