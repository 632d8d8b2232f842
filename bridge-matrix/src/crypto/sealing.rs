// SPDX-License-Identifier: AGPL-3.0-or-later
//! Encrypts what is said in encrypted rooms, and opens encrypted files.
//!
//! Rule: in an encrypted room nothing is sent in clear because something about keys does not
//! work: it waits in its lane. Only reactions and redactions are clear, as with every client.

use std::sync::{Arc, PoisonError};

use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::{Value, json};

use super::{Crypto, files};
use crate::MatrixNetwork;
use crate::client::{ClientError, Identity};
use crate::convert::outgoing::{PartContent, SOURCE};
use bot_core::Refusal;
use bot_core::network::{AskError, MediaStream};

/// So many files are remembered that were not what their senders said.
const SPOILED: usize = 1_000;

impl MatrixNetwork {
    /// The event as it is sent: encrypted where the room is. Where the bridge takes no part in
    /// encrypted rooms, it is sent there only when the core says that it may be read by the
    /// homeserver.
    ///
    /// # Errors
    /// [`ClientError`]; nothing was sent.
    pub(crate) async fn sealed(
        &self,
        room: &OwnedRoomId,
        (identity, in_clear): (&Identity, bool),
        mut part: PartContent,
    ) -> Result<PartContent, ClientError> {
        part.content = files::shown(part.content);
        let Some(crypto) = &self.crypto else {
            if !in_clear && self.clear_rooms.is_encrypted(&self.client, room).await? {
                return Err(ClientError::Encrypted);
            }
            return Ok(part);
        };
        if part.event_type == "m.reaction" {
            return Ok(part);
        }
        crypto.seal(room, identity, part).await
    }

    /// Whether files for a room are encrypted; without a room they are not.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn seals(&self, room: Option<&OwnedRoomId>) -> Result<bool, ClientError> {
        let (Some(room), Some(crypto)) = (room, &self.crypto) else { return Ok(false) };
        Ok(crypto.facts.settings(&self.client, room).await?.is_some())
    }

    /// Uploads a file as the room needs it, and returns the address by which the converters
    /// name it. In an encrypted room the homeserver learns neither name nor type.
    ///
    /// # Errors
    /// As [`crate::client::Client::upload`].
    pub(crate) async fn upload_into(
        &self,
        (room, identity): (&OwnedRoomId, &Identity),
        named: (Option<&str>, &str),
        media: MediaStream,
    ) -> Result<String, ClientError> {
        let Some(crypto) = &self.crypto else {
            if self.clear_rooms.is_encrypted(&self.client, room).await? {
                return Err(ClientError::Encrypted);
            }
            return self.client.upload(identity, named, media).await;
        };
        if crypto.facts.settings(&self.client, room).await?.is_none() {
            return self.client.upload(identity, named, media).await;
        }
        let (media, sealing) = files::seal(media, &*crypto.dice);
        let url = self.client.upload(identity, (None, "application/octet-stream"), media).await?;
        Ok(sealing.finished().address(&url))
    }

    /// Opens a file, encrypted or not.
    ///
    /// # Errors
    /// See [`AskError`].
    pub(crate) async fn open_file(&self, address: &str) -> Result<MediaStream, AskError> {
        let Some((url, key)) = files::FileKey::split(address) else {
            return self.client.download(address).await.map_err(|error| error.ask());
        };
        if self.spoiled.lock().unwrap_or_else(PoisonError::into_inner).contains(address) {
            let reason = "the encrypted file is not the one that was sent";
            return Err(AskError::Refused(Refusal::file(reason)));
        }
        let stream = self.client.download(url).await.map_err(|error| error.ask())?;
        let (spoiled, address) = (Arc::clone(&self.spoiled), address.to_owned());
        // Whoever passes it on sees the stream break off, tries again, and is refused above.
        Ok(files::open(stream, key, move || {
            let mut spoiled = spoiled.lock().unwrap_or_else(PoisonError::into_inner);
            if spoiled.len() >= SPOILED {
                spoiled.clear();
            }
            spoiled.insert(address);
        }))
    }
}

impl Crypto {
    async fn seal(
        &self,
        room: &OwnedRoomId,
        identity: &Identity,
        part: PartContent,
    ) -> Result<PartContent, ClientError> {
        let Some(settings) = self.facts.settings(&self.client, room).await? else {
            return Ok(part);
        };
        let readers = self.facts.readers(&self.client, (room, &settings)).await?;
        // Ghosts never read; the bot does.
        let bot = self.ghosts.bot();
        let reads = |user: &OwnedUserId| *user == bot || !self.ghosts.is_ours(user.as_str());
        let readers: Vec<OwnedUserId> = readers.into_iter().filter(reads).collect();
        let device = self.speaker(identity).await.map_err(super::CryptoError::unsent)?;
        let said = (part.event_type, &part.content);
        let sealed = device.seal(room, (&readers, settings), said).await;
        let mut content = sealed.map_err(super::CryptoError::unsent)?;
        // So that our own event is known again without its key.
        if let Some(source) = part.content.get(SOURCE) {
            let mut source = source.clone();
            if let Value::Object(source) = &mut source {
                source.insert("media".into(), json!(part.media));
            }
            if let Value::Object(content) = &mut content {
                content.insert(SOURCE.into(), source);
            }
        }
        Ok(PartContent { event_type: "m.room.encrypted", content, media: part.media })
    }
}
