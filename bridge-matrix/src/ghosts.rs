// SPDX-License-Identifier: AGPL-3.0-or-later
//! Brings a ghost to where it speaks: registered, named, joined.
//!
//! Rule: what the homeserver was told is remembered, so that a message costs one request once its
//! author is known.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bridge_model::{Media, MediaHandle, MediaKind, NetworkId, Person, Place};
use ruma::api::client::profile::set_profile_field;
use ruma::profile::ProfileFieldValue;
use ruma::{OwnedMxcUri, OwnedRoomId, OwnedUserId};

use super::client::{ClientError, Identity};
use super::{MatrixNetwork, account, rooms};
use crate::action_error::ActionError;
use bot_core::Refusal;
use bot_core::network::MediaSource;
use bot_core::order::{DeliverError, SendAs};
use bot_core::store::{GhostRecord, keys};

/// How often a platform is asked for a picture that does not come with messages.
const PICTURE_AGE: Duration = Duration::from_secs(24 * 3600);

impl MatrixNetwork {
    /// The ghost of a send_as, ready to speak in `room`. `anew` forgets what was remembered,
    /// for when the homeserver says otherwise.
    ///
    /// # Errors
    /// The decision about the entry.
    pub(super) async fn ghost(
        &self,
        send_as: &SendAs,
        room: &OwnedRoomId,
        (media, anew): (&dyn MediaSource, bool),
    ) -> Result<Identity, ActionError> {
        let SendAs::Person { person, name, avatar, .. } = send_as else { return Ok(Identity::Bot) };
        let localpart = self.ghosts.localpart(person);
        let mxid = OwnedUserId::try_from(self.ghosts.mxid(&localpart))
            .map_err(|error| DeliverError::Refused { reason: Refusal::unexpected(error) })?;
        let stored = self.store.ghost(person).await.map_err(retry)?;
        let mut record = match stored.clone() {
            Some(record) if !anew => record,
            Some(_) | None => {
                account::register(&self.client, &localpart).await.map_err(repeatable)?;
                GhostRecord { localpart, ..GhostRecord::default() }
            }
        };
        // Nameless voices only take back what they did before.
        let mut in_room = None;
        if !name.is_empty() {
            let who = (person, name.as_str(), avatar.as_ref());
            in_room = self.profile(&mut record, &mxid, who, media).await?;
        }
        let place = keys::place(&Place::new(crate::NETWORK, room.as_str()));
        if !record.rooms.contains(&place) {
            let server = mxid.server_name().as_str();
            if self.keeps_out(room, server).await.map_err(repeatable)? {
                let reason = Refusal::ServerDenied(server.to_owned());
                return Err(DeliverError::Refused { reason }.into());
            }
            if let Err(error) = rooms::join(&self.client, room, &mxid).await {
                return Err(may_not_join(error, mxid));
            }
            record.rooms.push(place);
            in_room = in_room.or_else(|| self.fixed_name(person, name));
        }
        if let Some(shown) = in_room {
            self.name_in(room, &mxid, (&shown, &record)).await?;
        }
        if stored.as_ref() != Some(&record) {
            self.store.save_ghost(person, record).await.map_err(retry)?;
        }
        Ok(Identity::Ghost(mxid))
    }

    /// The ghost, or the core bot where the ghost is not let in: for what takes something away.
    pub(super) async fn ghost_or_bot(
        &self,
        send_as: &SendAs,
        room: &OwnedRoomId,
        with: (&dyn MediaSource, bool),
    ) -> Result<Identity, ActionError> {
        match self.ghost(send_as, room, with).await {
            Err(ActionError::MayNotJoin { .. }) => Ok(Identity::Bot),
            other => other,
        }
    }

    /// Brings the profile of a ghost up to date. One that was never made has none.
    ///
    /// # Errors
    /// The decision about the entry.
    pub(super) async fn refresh(
        &self,
        send_as: &SendAs,
        media: &dyn MediaSource,
    ) -> Result<(), DeliverError> {
        let SendAs::Person { person, name, avatar, .. } = send_as else { return Ok(()) };
        let Some(stored) = self.store.ghost(person).await.map_err(retry)? else { return Ok(()) };
        if name.is_empty() {
            return Ok(());
        }
        let mxid = OwnedUserId::try_from(self.ghosts.mxid(&stored.localpart))
            .map_err(|error| DeliverError::Refused { reason: Refusal::unexpected(error) })?;
        let mut record = stored.clone();
        // A name that counts in rooms only is brought up to date by the next message there.
        let known = record.profile;
        let who = (person, name.as_str(), avatar.as_ref());
        if self.profile(&mut record, &mxid, who, media).await?.is_some() {
            record.profile = known;
        }
        if record != stored {
            self.store.save_ghost(person, record).await.map_err(retry)?;
        }
        Ok(())
    }

    /// A name that the homeserver does not take is returned when it is new: then it is set in rooms.
    async fn profile(
        &self,
        record: &mut GhostRecord,
        mxid: &OwnedUserId,
        (person, name, avatar): (&Person, &str, Option<&MediaHandle>),
        media: &dyn MediaSource,
    ) -> Result<Option<String>, DeliverError> {
        let shown = self.shown_name(&person.network, name);
        let mut in_room = None;
        if record.profile != Some(keys::hash(&[&shown])) {
            if self.try_name(mxid, &shown).await? {
                record.profile = Some(keys::hash(&[&shown]));
            } else if record.profile != Some(name_in_rooms(&shown)) {
                record.profile = Some(name_in_rooms(&shown));
                in_room = Some(shown);
            }
        }
        if self.settings.avatars {
            self.picture(record, mxid, (person, avatar), media).await;
        }
        Ok(in_room)
    }

    /// Sets a name, unless the homeserver has refused one before; whether it has it now.
    async fn try_name(&self, mxid: &OwnedUserId, shown: &str) -> Result<bool, DeliverError> {
        if self.names_fixed.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match self.set(mxid, ProfileFieldValue::DisplayName(shown.to_owned())).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_refusal() => {
                tracing::warn!(%error, "ghosts cannot set their names, and have them in rooms only");
                self.names_fixed.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Err(repeatable(error)),
        }
    }

    /// The name of a person where the homeserver takes none.
    fn fixed_name(&self, person: &Person, name: &str) -> Option<String> {
        let fixed = self.names_fixed.load(Ordering::Relaxed) && !name.is_empty();
        fixed.then(|| self.shown_name(&person.network, name))
    }

    /// Gives a ghost a name in one room, in its member event ("m.room.member"). Where that is refused,
    /// too, the ghost keeps the name that it has.
    async fn name_in(
        &self,
        room: &OwnedRoomId,
        mxid: &OwnedUserId,
        (shown, record): (&str, &GhostRecord),
    ) -> Result<(), DeliverError> {
        let mut content = serde_json::json!({ "membership": "join", "displayname": shown });
        if let (Some((uri, _)), Some(fields)) = (&record.avatar, content.as_object_mut()) {
            fields.insert("avatar_url".to_owned(), uri.as_str().into());
        }
        let identity = Identity::Ghost(mxid.clone());
        let kind = ("m.room.member", mxid.as_str());
        match rooms::set_state_as(&self.client, room, kind, (&content, &identity)).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_refusal() => {
                tracing::warn!(%error, "a ghost has no name of its own in a room");
                Ok(())
            }
            Err(error) => Err(repeatable(error)),
        }
    }

    /// Sets the core bot's name.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) async fn set_bot_name(&self, bot: &OwnedUserId) -> Result<(), ClientError> {
        let name = ProfileFieldValue::DisplayName(self.settings.bot_name.clone());
        let request = set_profile_field::v3::Request::new(bot.clone(), name);
        self.client.send(request, &Identity::Bot).await.map(drop)
    }

    /// A picture that cannot be had never holds up a message.
    async fn picture(
        &self,
        record: &mut GhostRecord,
        mxid: &OwnedUserId,
        (person, avatar): (&Person, Option<&MediaHandle>),
        media: &dyn MediaSource,
    ) {
        let mut handle = avatar.cloned();
        if handle.as_ref().is_some_and(MediaHandle::is_none) {
            self.no_picture(record, mxid).await;
            return;
        }
        let now = self.clock.now();
        let age = now.0.saturating_sub(record.avatar_asked.0);
        if handle.is_none() && u128::try_from(age).is_ok_and(|age| age > PICTURE_AGE.as_millis()) {
            handle = media.picture(person).await.unwrap_or_default();
            record.avatar_asked = now;
        }
        let Some(handle) = handle else { return };
        let source = keys::hash(&[&handle.reference]);
        if record.avatar.as_ref().is_some_and(|(_, known)| *known == source) {
            return;
        }
        match self.upload_picture(mxid, handle, media).await {
            Ok(uri) => record.avatar = Some((uri, source)),
            Err(error) => {
                tracing::warn!(network = %person.network, error, "a profile picture was left out");
                record.avatar_asked = now;
            }
        }
    }

    /// Whoever is shown under a pseudonym has no picture.
    async fn no_picture(&self, record: &mut GhostRecord, mxid: &OwnedUserId) {
        if record.avatar.is_none() {
            return;
        }
        let none = ProfileFieldValue::AvatarUrl(OwnedMxcUri::from(""));
        match self.set(mxid, none).await {
            Ok(()) => record.avatar = None,
            Err(error) => tracing::warn!(%error, "a profile picture could not be taken away"),
        }
    }

    async fn upload_picture(
        &self,
        mxid: &OwnedUserId,
        handle: MediaHandle,
        media: &dyn MediaSource,
    ) -> Result<String, String> {
        let picture = Media::new(handle, MediaKind::Image);
        let stream = media.open(&picture).await.map_err(|error| error.to_string())?;
        let mime = stream.mime.clone().unwrap_or_else(|| "image/png".into());
        let identity = Identity::Ghost(mxid.clone());
        let uri = self.client.upload(&identity, (None, &mime), stream).await;
        let uri = uri.map_err(|error| error.to_string())?;
        let value = ProfileFieldValue::AvatarUrl(OwnedMxcUri::from(uri.as_str()));
        self.set(mxid, value).await.map_err(|error| error.to_string())?;
        Ok(uri)
    }

    async fn set(&self, mxid: &OwnedUserId, value: ProfileFieldValue) -> Result<(), ClientError> {
        let request = set_profile_field::v3::Request::new(mxid.clone(), value);
        self.client.send(request, &Identity::Ghost(mxid.clone())).await.map(drop)
    }

    /// A remote name as Matrix shows it: the suffix names the network, so that a ghost never looks like
    /// a native person.
    fn shown_name(&self, network: &NetworkId, name: &str) -> String {
        let suffix = self.settings.suffix.replace("{network}", &bot_core::wording::label(network));
        let name = super::convert::name::clean(name).unwrap_or_else(|| "?".into());
        format!("{name}{suffix}")
    }
}

/// Stands for a name that counts in rooms only; another value than that of a profile, so that the name
/// is set once the homeserver takes it.
fn name_in_rooms(shown: &str) -> [u8; 16] {
    keys::hash(&[shown, "in rooms"])
}

/// A join that the homeserver refuses concerns this ghost alone; all else is tried again.
fn may_not_join(error: ClientError, ghost: OwnedUserId) -> ActionError {
    match error.decide().or_retry() {
        DeliverError::Refused { .. } => ActionError::MayNotJoin { ghost, error },
        decided @ (DeliverError::Retry { .. }
        | DeliverError::Uncertain { .. }
        | DeliverError::ChatClosed { .. }) => decided.into(),
    }
}

/// What can be repeated without harm is never in doubt.
fn repeatable(error: ClientError) -> DeliverError {
    error.decide().or_retry()
}

/// The store could not be asked.
pub(super) fn retry(error: bot_core::store::StoreError) -> DeliverError {
    DeliverError::Retry { after: None, reason: error.to_string() }
}
