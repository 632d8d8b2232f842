// SPDX-License-Identifier: AGPL-3.0-or-later
//! The networks that are configured, by name; the files of all of them behind one source.
//!
//! Rule: a file is opened only when a network sends it, and its hidden data is taken out on the way.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bridge_model::{Media, MediaHandle, NetworkId, Person};

use crate::media::drawing::{DrawSticker, InProcess};
use crate::media::{derived, qr, strip, text_file};
use crate::network::{AskError, MediaSource, MediaStream, Network};

/// Every network that is configured, Matrix included.
#[derive(Clone)]
pub struct Networks {
    by_id: HashMap<NetworkId, Arc<dyn Network>>,
    drawer: Arc<dyn DrawSticker>,
}

impl Default for Networks {
    fn default() -> Self {
        Self { by_id: HashMap::new(), drawer: Arc::new(InProcess) }
    }
}

impl Networks {
    /// Lets `drawer` draw stickers that a network cannot show.
    pub fn draw_with(&mut self, drawer: Arc<dyn DrawSticker>) {
        self.drawer = drawer;
    }

    /// Adds one.
    pub fn add(&mut self, network: Arc<dyn Network>) {
        self.by_id.insert(network.id().clone(), network);
    }

    /// The network of that name.
    pub fn get(&self, id: &NetworkId) -> Option<&Arc<dyn Network>> {
        self.by_id.get(id)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Network>> {
        self.by_id.values()
    }

    async fn fetch(&self, handle: &MediaHandle) -> Result<MediaStream, AskError> {
        match self.get(&handle.network) {
            Some(network) => network.open(handle).await,
            None => Err(AskError::Refused("its network is not configured".into())),
        }
    }
}

#[async_trait]
impl MediaSource for Networks {
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError> {
        if let Some(made) = qr::open(&media.handle).or_else(|| text_file::open(&media.handle)) {
            return made;
        }
        match derived::original(&media.handle) {
            Some((recipe, original)) => {
                recipe.make(self.fetch(&original).await?, self.drawer.as_ref()).await
            }
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
