// SPDX-License-Identifier: AGPL-3.0-or-later
//! One device of one of our accounts: its Olm machine, and the requests that the machine wants made.
//!
//! Rule: what a machine says is sent in the order in which it says it, by one task at a time
//! (`turn`); every answer goes back to it.

use std::path::Path;

use matrix_sdk::deserialized_responses::{VerificationLevel, VerificationState};
use matrix_sdk_crypto::store::CryptoStore;
use matrix_sdk_crypto::types::requests::{AnyOutgoingRequest, OutgoingRequest, ToDeviceRequest};
use matrix_sdk_crypto::vodozemac::megolm::DecryptionError;
use matrix_sdk_crypto::{
    CrossSigningBootstrapRequests, DecryptionSettings, EncryptionSettings, EncryptionSyncChanges,
    MegolmError, OlmMachine, TrustRequirement,
};
use matrix_sdk_sqlite::{SqliteCryptoStore, SqliteStoreConfig};
use ruma::api::client::device::{delete_device, get_devices, update_device};
use ruma::api::client::keys::{get_keys, upload_signing_keys};
use ruma::api::client::sync::sync_events::DeviceLists;
use ruma::api::client::to_device::send_event_to_device;
use ruma::serde::Raw;
use ruma::{OwnedDeviceId, OwnedUserId, RoomId};
use serde_json::Value;
use tokio::sync::Mutex;

use super::CryptoError;
use super::feed::DeviceUpdate;
use crate::client::{Client, ClientError, Identity};
use bot_core::store::private;

/// Anybody's words cross; whose they are is checked apart from that.
const SETTINGS: DecryptionSettings =
    DecryptionSettings { sender_device_trust_requirement: TrustRequirement::Untrusted };
/// The mark in the store of a device that the homeserver knows.
const STANDS: &str = "freeside.stands";
/// The name of the device, for people who look at it.
const NAME: &str = "Freeside";
/// A machine that has more to say after so many rounds says it the next time.
const ROUNDS: usize = 8;

/// A device.
pub struct Device {
    machine: OlmMachine,
    store: SqliteCryptoStore,
    identity: Identity,
    client: Client,
    turn: Mutex<()>,
}

/// Why an event cannot be read.
pub enum Unread {
    /// Its key has not come yet.
    KeyMissing,
    /// It never will be readable.
    Never(String),
    /// The store could not be asked.
    Store(CryptoError),
}

/// Where a device keeps its keys, and how it is called if it is a new one.
pub struct KeyFolder<'a> {
    /// The folder.
    pub dir: &'a Path,
    /// Opens the store in it.
    pub key: &'a [u8; 32],
    /// A name that no device of this account has had.
    pub new_name: OwnedDeviceId,
}

impl Device {
    /// Opens the device of an account, or makes it. The account must exist.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub async fn open(
        client: &Client,
        user: &OwnedUserId,
        place: KeyFolder<'_>,
    ) -> Result<Self, CryptoError> {
        private::folder(place.dir).map_err(store)?;
        let config = SqliteStoreConfig::with_low_memory_config(place.dir).key(Some(place.key));
        let store = SqliteCryptoStore::open_with_config(&config).await.map_err(store)?;
        private::folder_with_files(place.dir).map_err(self::store)?;
        let known = store.load_account().await.map_err(self::store)?;
        let name = known.map_or(place.new_name, |account| account.device_id().to_owned());
        let machine = OlmMachine::with_store(user, &name, store.clone(), None).await;
        let machine = machine.map_err(self::store)?;
        // Nobody told us what changed while nobody listened.
        machine.mark_all_tracked_users_as_dirty().await.map_err(self::store)?;
        // By name also for the bot: Synapse (1.163) answers 500 to a device without a user.
        let identity = Identity::Ghost(user.clone());
        let client = client.clone();
        let device = Self { machine, store, identity, client, turn: Mutex::default() };
        device.stand_up().await?;
        Ok(device)
    }

    /// The device's name.
    pub fn name(&self) -> OwnedDeviceId {
        self.machine.device_id().to_owned()
    }

    /// A value that is kept with the keys.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub async fn value(&self, key: &str) -> Result<Option<Vec<u8>>, CryptoError> {
        self.store.get_custom_value(key).await.map_err(store)
    }

    /// Keeps a value with the keys.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub async fn keep(&self, key: &str, value: Vec<u8>) -> Result<(), CryptoError> {
        self.store.set_custom_value(key, value).await.map_err(store)
    }

    /// Makes the device known to the homeserver (MSC4190), and signs it with an identity of the
    /// account: clients warn of devices that their owner has not signed, and some refuse them.
    async fn stand_up(&self) -> Result<(), CryptoError> {
        if self.value(STANDS).await?.is_some() {
            return Ok(());
        }
        let mut request = update_device::v3::Request::new(self.name());
        request.display_name = Some(NAME.into());
        self.client.send(request, &self.identity).await?;
        // Devices whose keys were lost: people's clients would send them keys for ever.
        let request = get_devices::v3::Request::new();
        for other in self.client.send(request, &self.identity).await?.devices {
            if other.device_id != self.name() {
                let request = delete_device::v3::Request::new(other.device_id);
                self.client.send(request, &self.identity).await?;
            }
        }
        self.settle().await?;
        let requests = self.machine.bootstrap_cross_signing(false).await.map_err(store)?;
        let CrossSigningBootstrapRequests {
            upload_keys_req,
            upload_signing_keys_req: keys,
            upload_signatures_req,
        } = requests;
        if let Some(request) = upload_keys_req {
            self.make(&request).await?;
        }
        let mut request = upload_signing_keys::v3::Request::new();
        request.master_key = keys.master_key.map(|key| key.to_raw());
        request.self_signing_key = keys.self_signing_key.map(|key| key.to_raw());
        request.user_signing_key = keys.user_signing_key.map(|key| key.to_raw());
        self.send(request).await?;
        self.send(upload_signatures_req).await?;
        // The machine itself learns of the signature from the homeserver.
        self.machine.mark_all_tracked_users_as_dirty().await.map_err(store)?;
        self.keep(STANDS, vec![1]).await
    }

    /// Makes the requests that the machine has.
    ///
    /// # Errors
    /// [`CryptoError`]; what was not sent is sent the next time.
    pub async fn settle(&self) -> Result<(), CryptoError> {
        let _turn = self.turn.lock().await;
        self.rounds().await
    }

    async fn rounds(&self) -> Result<(), CryptoError> {
        self.claim(&[]).await?;
        for _ in 0..ROUNDS {
            let requests = self.machine.outgoing_requests().await.map_err(store)?;
            if requests.is_empty() {
                break;
            }
            for request in &requests {
                self.make(request).await?;
            }
        }
        Ok(())
    }

    /// Gets sessions with the devices that have none.
    async fn claim(&self, people: &[OwnedUserId]) -> Result<(), CryptoError> {
        let people = people.iter().map(AsRef::as_ref);
        let missing = self.machine.get_missing_sessions(people).await.map_err(store)?;
        if let Some((id, request)) = missing {
            let answer = self.send(request).await?;
            self.machine.mark_request_as_sent(&id, &answer).await.map_err(store)?;
        }
        Ok(())
    }

    async fn make(&self, request: &OutgoingRequest) -> Result<(), CryptoError> {
        let id = request.request_id();
        let done = match request.request() {
            AnyOutgoingRequest::KeysUpload(request) => match self.send(request.clone()).await {
                Ok(answer) => self.machine.mark_request_as_sent(id, &answer).await,
                // What can be said without new keys is said.
                Err(CryptoError::Client(ClientError::Answered {
                    status: 400, message, ..
                })) => {
                    tracing::error!(
                        message,
                        "the homeserver has other keys of a device of ours: was an old store put \
                         back? Stop the bridge and remove the folder `crypto` of the store"
                    );
                    Ok(())
                }
                Err(error) => return Err(error),
            },
            AnyOutgoingRequest::KeysQuery(query) => {
                let mut request = get_keys::v3::Request::new();
                request.timeout = query.timeout;
                request.device_keys = query.device_keys.clone();
                let answer = self.send(request).await?;
                self.machine.mark_request_as_sent(id, &answer).await
            }
            AnyOutgoingRequest::KeysClaim(request) => {
                let answer = self.send(request.clone()).await?;
                self.machine.mark_request_as_sent(id, &answer).await
            }
            AnyOutgoingRequest::ToDeviceRequest(request) => return self.tell(request).await,
            AnyOutgoingRequest::SignatureUpload(request) => {
                let answer = self.send(request.clone()).await?;
                self.machine.mark_request_as_sent(id, &answer).await
            }
            // Verification inside rooms, which the bridge does not take part in.
            AnyOutgoingRequest::RoomMessage(_) => Ok(()),
        };
        done.map_err(store)
    }

    async fn tell(&self, request: &ToDeviceRequest) -> Result<(), CryptoError> {
        let ToDeviceRequest { event_type, txn_id, messages } = request.clone();
        let messages = send_event_to_device::v3::Request::new_raw(event_type, txn_id, messages);
        let answer = self.send(messages).await?;
        self.machine.mark_request_as_sent(&request.txn_id, &answer).await.map_err(store)
    }

    async fn send<R>(&self, request: R) -> Result<R::IncomingResponse, CryptoError>
    where
        R: ruma::api::OutgoingRequest,
        for<'a> R::Authentication: ruma::api::auth_scheme::AuthScheme<
                Input<'a> = ruma::api::auth_scheme::SendAccessToken<'a>,
            >,
        for<'a> R::PathBuilder: ruma::api::path_builder::PathBuilder<
                Input<'a> = std::borrow::Cow<'a, ruma::api::SupportedVersions>,
            >,
    {
        let name = self.machine.device_id();
        Ok(self.client.send_from(request, &self.identity, Some(name)).await?)
    }

    /// Takes what a transaction has for this device; it is stored when this returns.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub async fn receive(&self, update: &DeviceUpdate) -> Result<(), CryptoError> {
        let mut devices = DeviceLists::new();
        devices.changed.clone_from(&update.changed);
        devices.left.clone_from(&update.left);
        let changes = EncryptionSyncChanges {
            to_device_events: update.to_device.clone(),
            changed_devices: &devices,
            one_time_keys_counts: &update.key_counts,
            unused_fallback_keys: update.fallback_keys.as_deref(),
            next_batch_token: None,
        };
        let received = self.machine.receive_sync_changes(changes, &SETTINGS).await;
        received.map(drop).map_err(store)
    }

    /// Encrypts the content of an event, for all devices of `people`.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub async fn seal(
        &self,
        room: &RoomId,
        (people, settings): (&[OwnedUserId], EncryptionSettings),
        (kind, content): (&str, &Value),
    ) -> Result<Value, CryptoError> {
        let _turn = self.turn.lock().await;
        let each = || people.iter().map(AsRef::as_ref);
        self.machine.update_tracked_users(each()).await.map_err(store)?;
        self.rounds().await?;
        self.claim(people).await?;
        let requests = self.machine.share_room_key(room, each(), settings).await.map_err(store)?;
        for request in requests {
            self.tell(&request).await?;
        }
        let content = Raw::new(content).map_err(store)?.cast_unchecked();
        let sealed = self.machine.encrypt_room_event_raw(room, kind, &content).await;
        serde_json::from_str(sealed.map_err(store)?.content.json().get()).map_err(store)
    }

    /// Decrypts an event. Sender, id and time are those of the encrypted one.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn read(&self, room: &RoomId, event: &Value) -> Result<Value, Unread> {
        let never = |error: serde_json::Error| Unread::Never(error.to_string());
        let raw = Raw::new(event).map_err(never)?.cast_unchecked();
        match self.machine.decrypt_room_event(&raw, room, &SETTINGS).await {
            Ok(read) => {
                // Somebody shows another one's words as their own.
                let stolen = VerificationState::Unverified(VerificationLevel::MismatchedSender);
                if read.encryption_info.verification_state == stolen {
                    return Err(Unread::Never("the key is not the sender's".into()));
                }
                serde_json::from_str(read.event.json().get()).map_err(never)
            }
            Err(
                MegolmError::MissingRoomKey(_)
                | MegolmError::Decryption(DecryptionError::UnknownMessageIndex(_, _)),
            ) => Err(Unread::KeyMissing),
            Err(MegolmError::Store(error)) => Err(Unread::Store(store(error))),
            Err(
                error @ (MegolmError::EventError(_)
                | MegolmError::JsonError(_)
                | MegolmError::MismatchedIdentityKeys(_)
                | MegolmError::Decode(_)
                | MegolmError::Decryption(_)
                | MegolmError::SenderIdentityNotTrusted(_)),
            ) => Err(Unread::Never(error.to_string())),
        }
    }
}

fn store(error: impl std::fmt::Display) -> CryptoError {
    CryptoError::Keys(error.to_string())
}
