// SPDX-License-Identifier: AGPL-3.0-or-later
//! A person whose client speaks encrypted, with the machine that current clients rest on.
//!
//! Rule: it is as strict as the strictest client: it shows nothing whose key is not from a device
//! of the sender that the sender has signed. Its keys belong to a device of their own, so that
//! nobody else reads its to-device messages away.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use matrix_sdk_crypto::types::requests::{AnyOutgoingRequest, ToDeviceRequest};
use matrix_sdk_crypto::{
    AttachmentDecryptor, AttachmentEncryptor, DecryptionSettings, EncryptionSettings,
    EncryptionSyncChanges, MediaEncryptionInfo, OlmMachine, TrustRequirement,
};
use reqwest::Method;
use ruma::api::client::keys::{get_keys, upload_signing_keys};
use ruma::api::client::to_device::send_event_to_device;
use ruma::serde::Raw;
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::{Value, json};

use super::person::{Person, required, text};
use super::saying::NewFile;

const STRICT: DecryptionSettings =
    DecryptionSettings { sender_device_trust_requirement: TrustRequirement::CrossSigned };

/// The keys of a person.
pub(super) struct Cipher {
    machine: OlmMachine,
    /// The same person on the device that has the keys.
    device: Person,
    /// Where the next sync begins; one at a time.
    since: tokio::sync::Mutex<Option<String>>,
    /// The keys of files that were seen, by address.
    files: Mutex<HashMap<String, Value>>,
}

/// A room key that nobody else has yet.
pub struct KeptKey(Vec<Arc<ToDeviceRequest>>);

impl Person {
    /// The same person with a client that speaks encrypted in encrypted rooms.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn with_encryption(mut self) -> Result<Self> {
        let device = self.on_another_device().await?;
        let user = OwnedUserId::try_from(device.user_id())?;
        let machine = OlmMachine::new(&user, device.device_id().into()).await;
        let cipher = Cipher { machine, device, since: None.into(), files: Mutex::default() };
        cipher.make_requests().await?;
        cipher.sign().await?;
        cipher.machine.mark_all_tracked_users_as_dirty().await?;
        self.cipher = Some(Arc::new(cipher));
        Ok(self)
    }

    /// Says plain text under a new key, and keeps the key back.
    ///
    /// # Errors
    /// When Synapse refuses, or the person does not speak encrypted.
    pub async fn say_and_keep_key(&self, room: &str, said: &str) -> Result<(String, KeptKey)> {
        let cipher = self.cipher.as_ref().context("a person without encryption")?;
        cipher.machine.discard_room_key(<&RoomId>::try_from(room)?).await?;
        let content = json!({ "msgtype": "m.text", "body": said, "m.mentions": {} });
        let (content, key) = cipher.seal(self, room, ("m.room.message", content)).await?;
        let transaction = self.next_transaction();
        let path = ["client", "v3", "rooms", room, "send", "m.room.encrypted", &transaction];
        let answer = self.call(Method::PUT, &path, Some(content)).await?;
        Ok((required(&answer, "/event_id")?, KeptKey(key)))
    }

    /// Hands over a key that was kept back.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn hand_over(&self, key: KeptKey) -> Result<()> {
        let cipher = self.cipher.as_ref().context("a person without encryption")?;
        cipher.tell(&key.0).await
    }

    /// The event as it is sent.
    pub(super) async fn sealed(
        &self,
        room: &str,
        kind: &str,
        content: Value,
    ) -> Result<(String, Value)> {
        let clear = || (kind.to_owned(), content.clone());
        let Some(cipher) = &self.cipher else { return Ok(clear()) };
        if kind == "m.reaction" || !self.is_encrypted(room).await? {
            return Ok(clear());
        }
        let (content, key) = cipher.seal(self, room, (kind, content)).await?;
        cipher.tell(&key).await?;
        Ok(("m.room.encrypted".to_owned(), content))
    }

    /// Uploads a file as the room needs it: `url` or `file`, and its value.
    pub(super) async fn upload_into(
        &self,
        room: &str,
        file: NewFile<'_>,
    ) -> Result<(&'static str, Value)> {
        if self.cipher.is_none() || !self.is_encrypted(room).await? {
            let mxc = self.upload(file.bytes.to_vec(), file.name, file.mime).await?;
            return Ok(("url", json!(mxc)));
        }
        let mut bytes = file.bytes;
        let mut encryptor = AttachmentEncryptor::new(&mut bytes);
        let mut sealed = Vec::new();
        encryptor.read_to_end(&mut sealed)?;
        let mut info = serde_json::to_value(encryptor.finish())?;
        let mxc = self.upload(sealed, "", "application/octet-stream").await?;
        info.as_object_mut().context("no key")?.insert("url".to_owned(), json!(mxc));
        Ok(("file", info))
    }

    /// The events as this person's client reads them.
    pub(super) async fn opened(&self, room: &str, events: Vec<Value>) -> Result<Vec<Value>> {
        let Some(cipher) = &self.cipher else { return Ok(events) };
        cipher.follow(self, room).await?;
        let mut opened = Vec::with_capacity(events.len());
        for event in events {
            opened.push(cipher.open(room, event).await?);
        }
        Ok(opened)
    }

    /// The bytes of a file as this person's client shows them.
    pub(super) fn opened_file(&self, mxc: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let known = self.cipher.as_ref().and_then(|cipher| {
            cipher.files.lock().unwrap_or_else(PoisonError::into_inner).get(mxc).cloned()
        });
        let Some(file) = known else { return Ok(bytes) };
        let info: MediaEncryptionInfo = serde_json::from_value(file)?;
        let mut bytes = bytes.as_slice();
        let mut opened = Vec::new();
        AttachmentDecryptor::new(&mut bytes, info)?.read_to_end(&mut opened)?;
        Ok(opened)
    }

    /// The same person, logged in once more.
    async fn on_another_device(&self) -> Result<Self> {
        let user = self.user_id().trim_start_matches('@').split(':').next().unwrap_or_default();
        Self::register(self.http.clone(), self.url.clone(), user).await
    }

    async fn is_encrypted(&self, room: &str) -> Result<bool> {
        Ok(self.state(room, "m.room.encryption", "").await?.is_some())
    }
}

impl Cipher {
    /// Signs the device with an identity of its person.
    async fn sign(&self) -> Result<()> {
        let requests = self.machine.bootstrap_cross_signing(false).await?;
        let keys = requests.upload_signing_keys_req;
        let mut request = upload_signing_keys::v3::Request::new();
        request.master_key = keys.master_key.map(|key| key.to_raw());
        request.self_signing_key = keys.self_signing_key.map(|key| key.to_raw());
        request.user_signing_key = keys.user_signing_key.map(|key| key.to_raw());
        self.device.send(request).await?;
        self.device.send(requests.upload_signatures_req).await.map(drop)
    }

    /// Encrypts for everybody in the room; the key is to be told apart.
    async fn seal(
        &self,
        person: &Person,
        room: &str,
        (kind, content): (&str, Value),
    ) -> Result<(Value, Vec<Arc<ToDeviceRequest>>)> {
        let people = self.follow(person, room).await?;
        let each = || people.iter().map(AsRef::as_ref);
        if let Some((id, request)) = self.machine.get_missing_sessions(each()).await? {
            let answer = self.device.send(request).await?;
            self.machine.mark_request_as_sent(&id, &answer).await?;
        }
        let room = <&RoomId>::try_from(room)?;
        let settings = EncryptionSettings::default();
        let key = self.machine.share_room_key(room, each(), settings).await?;
        let content = Raw::new(&content)?.cast_unchecked();
        let sealed = self.machine.encrypt_room_event_raw(room, kind, &content).await?;
        Ok((serde_json::from_str(sealed.content.json().get())?, key))
    }

    async fn tell(&self, key: &[Arc<ToDeviceRequest>]) -> Result<()> {
        for request in key {
            let ToDeviceRequest { event_type, txn_id, messages } = (**request).clone();
            let told = send_event_to_device::v3::Request::new_raw(event_type, txn_id, messages);
            let answer = self.device.send(told).await?;
            self.machine.mark_request_as_sent(&request.txn_id, &answer).await?;
        }
        Ok(())
    }

    /// Learns whatever is new about keys, and the devices of those in the room.
    async fn follow(&self, person: &Person, room: &str) -> Result<Vec<OwnedUserId>> {
        let mut since = self.since.lock().await;
        let nothing = json!({ "types": [] });
        let filter = json!({
            "presence": nothing, "account_data": nothing, "room": { "rooms": [] },
        });
        let mut request = self
            .device
            .request(Method::GET, &["client", "v3", "sync"])?
            .query(&[("filter", filter.to_string().as_str()), ("timeout", "0")]);
        if let Some(since) = &*since {
            request = request.query(&[("since", since)]);
        }
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        self.receive(&answer).await?;
        *since = text(&answer, "/next_batch");
        let members = person.members(room).await?;
        let people: Result<Vec<OwnedUserId>, _> =
            members.into_keys().map(OwnedUserId::try_from).collect();
        let people = people?;
        self.machine.update_tracked_users(people.iter().map(AsRef::<UserId>::as_ref)).await?;
        self.make_requests().await?;
        Ok(people)
    }

    async fn receive(&self, answer: &Value) -> Result<()> {
        let part = |pointer: &str| answer.pointer(pointer).cloned();
        let lists = part("/device_lists").unwrap_or_else(|| json!({}));
        let counts = part("/device_one_time_keys_count").unwrap_or_else(|| json!({}));
        let kinds = part("/device_unused_fallback_key_types");
        let kinds: Option<Vec<_>> = kinds.map(serde_json::from_value).transpose()?;
        let messages = part("/to_device/events").unwrap_or_else(|| json!([]));
        let changes = EncryptionSyncChanges {
            to_device_events: serde_json::from_value(messages)?,
            changed_devices: &serde_json::from_value(lists)?,
            one_time_keys_counts: &serde_json::from_value(counts)?,
            unused_fallback_keys: kinds.as_deref(),
            next_batch_token: None,
        };
        self.machine.receive_sync_changes(changes, &STRICT).await?;
        Ok(())
    }

    async fn make_requests(&self) -> Result<()> {
        for request in self.machine.outgoing_requests().await? {
            let id = request.request_id();
            match request.request() {
                AnyOutgoingRequest::KeysUpload(upload) => {
                    let answer = self.device.send(upload.clone()).await?;
                    self.machine.mark_request_as_sent(id, &answer).await?;
                }
                AnyOutgoingRequest::KeysQuery(query) => {
                    let mut request = get_keys::v3::Request::new();
                    request.device_keys = query.device_keys.clone();
                    let answer = self.device.send(request).await?;
                    self.machine.mark_request_as_sent(id, &answer).await?;
                }
                AnyOutgoingRequest::KeysClaim(claim) => {
                    let answer = self.device.send(claim.clone()).await?;
                    self.machine.mark_request_as_sent(id, &answer).await?;
                }
                AnyOutgoingRequest::ToDeviceRequest(message) => {
                    self.tell(&[Arc::new(message.clone())]).await?;
                }
                AnyOutgoingRequest::SignatureUpload(upload) => {
                    let answer = self.device.send(upload.clone()).await?;
                    self.machine.mark_request_as_sent(id, &answer).await?;
                }
                AnyOutgoingRequest::RoomMessage(_) => {}
            }
        }
        Ok(())
    }

    /// The event as it was before; one that cannot be read stays as it is.
    async fn open(&self, room: &str, event: Value) -> Result<Value> {
        if text(&event, "/type").as_deref() != Some("m.room.encrypted")
            || event.pointer("/content/ciphertext").is_none()
        {
            return Ok(event);
        }
        let raw = Raw::new(&event)?.cast_unchecked();
        let room = <&RoomId>::try_from(room)?;
        let Ok(opened) = self.machine.decrypt_room_event(&raw, room, &STRICT).await else {
            return Ok(event);
        };
        let mut opened: Value = serde_json::from_str(opened.event.json().get())?;
        let file = opened.pointer("/content/file").cloned();
        if let Some(file) = file
            && let Some(mxc) = text(&file, "/url")
            && let Some(content) = opened.get_mut("content").and_then(Value::as_object_mut)
        {
            content.insert("url".to_owned(), json!(mxc));
            self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(mxc, file);
        }
        Ok(opened)
    }
}

impl Person {
    /// Any request of ruma, as this person on this device.
    async fn send<R>(&self, request: R) -> Result<R::IncomingResponse>
    where
        R: ruma::api::OutgoingRequest,
        for<'a> R::Authentication: ruma::api::auth_scheme::AuthScheme<
                Input<'a> = ruma::api::auth_scheme::SendAccessToken<'a>,
            >,
        for<'a> R::PathBuilder: ruma::api::path_builder::PathBuilder<
                Input<'a> = std::borrow::Cow<'a, ruma::api::SupportedVersions>,
            >,
    {
        let versions = ruma::api::SupportedVersions {
            versions: [ruma::api::MatrixVersion::V1_11].into(),
            features: std::collections::BTreeSet::new(),
        };
        let request = request.try_into_http_request::<Vec<u8>>(
            self.url.as_str().trim_end_matches('/'),
            ruma::api::auth_scheme::SendAccessToken::Always(self.token()),
            std::borrow::Cow::Owned(versions),
        )?;
        let answer = self.http.execute(request.try_into()?).await?;
        let parsed = ruma::exports::http::Response::builder().status(answer.status());
        let parsed = parsed.body(answer.bytes().await?)?;
        ruma::api::IncomingResponse::try_from_http_response(parsed)
            .map_err(|error| anyhow!("a request about keys: {error:?}"))
    }
}
