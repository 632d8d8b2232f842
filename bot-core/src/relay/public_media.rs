// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is served under public addresses of media: what an address leads to, and whether that may still be
//! seen.
//!
//! Rule: every request asks the store anew. A file is there as long as its message, and a picture as long
//! as its person is relayed; nothing is served of a portal that carries nothing now.

use std::sync::Arc;

use bridge_model::{Media, MediaKind, Person};

use super::networks::Networks;
use crate::clock::Clock;
use crate::i18n::Key;
use crate::media_link::{LinkedTo, MediaLink, MediaLinks, NoLink};
use crate::network::{AskError, MediaSource, MediaStream};
use crate::portal::{Portal, PortalId, ShownNames};
use crate::store::{Store, StoreError};
use crate::wording::Wording;

/// Answers those who have an address.
pub struct PublicMedia {
    /// Reads addresses.
    pub links: MediaLinks,
    /// What is known.
    pub store: Arc<Store>,
    /// Where files are.
    pub networks: Networks,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why nothing is served.
#[derive(Debug)]
pub enum NotServed {
    /// There is no such address, and a sentence that says so.
    Unknown(String),
    /// It led somewhere once, and a sentence that says so.
    Gone(String),
    /// Not now.
    Later,
    /// It is larger than what is served.
    TooLarge,
}

impl PublicMedia {
    /// What a token stands for, if it may be seen now.
    ///
    /// # Errors
    /// [`NotServed`].
    pub async fn find(&self, token: &str) -> Result<MediaLink, NotServed> {
        let link = match self.links.read(token, self.clock.now()) {
            Ok(link) => link,
            Err(NoLink::Unknown) => {
                let said = self.wording.plain(Key::MediaUnknown, &[]);
                return Err(NotServed::Unknown(said));
            }
            Err(NoLink::Expired(portal)) => {
                let portal = self.portal(portal).await.map_err(later)?;
                return Err(self.gone(portal.as_ref(), Key::MediaExpired));
            }
        };
        let portal = self.portal(link.portal).await.map_err(later)?;
        match &portal {
            Some(portal) if self.is_shown(portal, &link).await.map_err(later)? => Ok(link),
            Some(_) | None => Err(self.gone(portal.as_ref(), Key::MediaGone)),
        }
    }

    /// Opens it, without hidden data.
    ///
    /// # Errors
    /// [`NotServed`].
    pub async fn open(&self, link: &MediaLink) -> Result<MediaStream, NotServed> {
        let kind = match link.of {
            LinkedTo::Person(_) => MediaKind::Image,
            LinkedTo::Message(..) => MediaKind::File,
        };
        match self.networks.open(&Media::new(link.handle.clone(), kind)).await {
            Ok(stream) if stream.size.is_some_and(|size| size > self.links.max_size()) => {
                Err(NotServed::TooLarge)
            }
            Ok(stream) => Ok(stream),
            Err(AskError::Retry { .. }) => Err(NotServed::Later),
            Err(AskError::Refused(_)) => Err(self.gone(None, Key::MediaGone)),
        }
    }

    /// The largest file that is served, in bytes.
    pub fn max_size(&self) -> u64 {
        self.links.max_size()
    }

    async fn portal(&self, id: PortalId) -> Result<Option<Portal>, StoreError> {
        Ok(self.store.portals().await?.into_iter().find(|portal| portal.id == id))
    }

    async fn is_shown(&self, portal: &Portal, link: &MediaLink) -> Result<bool, StoreError> {
        let active = portal.relaying && portal.silence.is_none() && portal.active().len() > 1;
        if !active || portal.settings.at_risk || portal.media_epoch != link.epoch {
            return Ok(false);
        }
        let (place, message) = match &link.of {
            LinkedTo::Person(person) => return self.is_person_shown(portal, person).await,
            LinkedTo::Message(place, message) => (place, message),
        };
        let Some(replica) = self.store.find_replica(place, message).await? else {
            return Ok(false);
        };
        if replica.deleted || portal.silence_at(&replica.origin).is_some() {
            return Ok(false);
        }
        let network = replica.origin.network.clone();
        self.store.may_leave(portal, &Person { network, user: replica.author }).await
    }

    async fn is_person_shown(&self, portal: &Portal, person: &Person) -> Result<bool, StoreError> {
        if portal.settings.names == ShownNames::Pseudonym {
            return Ok(false);
        }
        let erased = self.store.statements(person).await?.erased > 0;
        let hidden = self.store.pseudonymous(Some(portal.id)).await?.contains(person);
        Ok(!erased && !hidden && self.store.may_leave(portal, person).await?)
    }

    /// In the language of the chats.
    fn gone(&self, portal: Option<&Portal>, why: Key) -> NotServed {
        let language = portal.and_then(|portal| portal.settings.language.as_deref());
        NotServed::Gone(match language {
            Some(language) => self.wording.speaking(language).plain(why, &[]),
            None => self.wording.plain(why, &[]),
        })
    }
}

fn later(error: StoreError) -> NotServed {
    tracing::warn!(%error, "media cannot be served, because the store cannot be asked");
    NotServed::Later
}
