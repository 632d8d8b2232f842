// SPDX-License-Identifier: AGPL-3.0-or-later
//! Encrypted rooms: the devices of our accounts and what they keep (end-to-bridge encryption).
//!
//! Rule: the core bot's device reads everything, because the bot is in every room; a ghost has a
//! device only to speak with, because clients warn of words whose key is not the speaker's, or
//! refuse them (ADR 4). What a transaction brings for devices is stored before the transaction is
//! acknowledged.

pub mod device;
pub mod facts;
pub mod feed;
pub mod files;
pub mod held;
mod opening;
mod sealing;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use hmac::{Hmac, Mac};
use ruma::{OwnedDeviceId, OwnedUserId};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::{Mutex, Notify, OnceCell};

use self::device::{Device, KeyFolder};
use self::feed::DeviceUpdate;
use super::client::{Client, ClientError, Identity};
use super::{account, rooms};
use bot_core::clock::Dice;
use bot_core::ghost::Ghosts;
use bot_core::store::{keys, private};

/// So many ghosts' devices are open at a time; the others wait on the disk.
const OPEN_DEVICES: usize = 32;
/// Where the names of the transactions stand that were taken in last.
const FED: &str = "freeside.fed";
/// So many of them are remembered; a homeserver repeats only its last one.
const FED_REMEMBERED: usize = 8;

/// What the operator decides about encryption.
pub struct Settings {
    /// The folder of the devices' stores.
    pub dir: PathBuf,
    /// Opens the stores.
    pub secret: String,
}

/// Something about keys does not work (yet).
#[derive(Debug, Clone, thiserror::Error)]
pub enum CryptoError {
    /// The homeserver does not do what is asked.
    #[error("keys cannot be exchanged: {0}")]
    Client(#[from] ClientError),
    /// The store of keys, or the machine that lives in it.
    #[error("the keys cannot be used: {0}")]
    Keys(String),
}

impl CryptoError {
    /// For an event that was to be sent: it was not, and may be sent later.
    pub fn unsent(self) -> ClientError {
        match self {
            Self::Client(error @ (ClientError::Unsent(_) | ClientError::Keys(_))) => error,
            Self::Client(error) => ClientError::Keys(error.to_string()),
            Self::Keys(reason) => ClientError::Keys(reason),
        }
    }
}

/// The devices of our accounts.
pub struct Crypto {
    client: Client,
    ghosts: Ghosts,
    dice: Arc<dyn Dice>,
    dir: PathBuf,
    key: [u8; 32],
    bot: OnceCell<Arc<Device>>,
    /// The one that was used last stands last.
    open: Mutex<Vec<(OwnedUserId, Arc<Device>)>>,
    pub(crate) facts: facts::Facts,
    pub(crate) held: Mutex<held::Held>,
    /// One transaction after the other.
    pub(crate) turn: Mutex<()>,
    last_counts: std::sync::Mutex<Option<DeviceUpdate>>,
    pub(crate) wake: Notify,
}

impl Crypto {
    /// Puts the parts together; nothing is opened or sent yet.
    pub fn new(settings: Settings, client: &Client, ghosts: &Ghosts, dice: &Arc<dyn Dice>) -> Self {
        let mut keyed = Hmac::<Sha256>::new_from_slice(settings.secret.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        keyed.update(b"freeside crypto store");
        Self {
            client: client.clone(),
            ghosts: ghosts.clone(),
            dice: Arc::clone(dice),
            dir: settings.dir,
            key: keyed.finalize().into_bytes().into(),
            bot: OnceCell::new(),
            open: Mutex::default(),
            facts: facts::Facts::default(),
            held: Mutex::default(),
            turn: Mutex::default(),
            last_counts: std::sync::Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The core bot's device; made on first use.
    ///
    /// # Errors
    /// [`CryptoError`]; the next call tries again.
    pub async fn bot(&self) -> Result<&Arc<Device>, CryptoError> {
        let open = || async {
            let user = OwnedUserId::try_from(self.ghosts.bot())
                .map_err(|error| CryptoError::Keys(error.to_string()))?;
            account::register(&self.client, user.localpart()).await?;
            let device = self.device(&user).await?;
            let kept = device.value(held::KEPT).await?;
            *self.held.lock().await = held::Held::read(kept.as_deref());
            tracing::info!("the core bot reads encrypted rooms");
            Ok(Arc::new(device))
        };
        self.bot.get_or_try_init(open).await
    }

    /// The device of whoever speaks.
    async fn speaker(&self, identity: &Identity) -> Result<Arc<Device>, CryptoError> {
        let user = match identity {
            Identity::Bot => return self.bot().await.cloned(),
            Identity::Ghost(user) => user,
        };
        let mut open = self.open.lock().await;
        let found = open.iter().position(|(known, _)| known == user);
        let device = match found {
            Some(at) => open.remove(at).1,
            None => Arc::new(self.device(user).await?),
        };
        while open.len() >= OPEN_DEVICES {
            // What is in use stays.
            let Some(idle) = open.iter().position(|(_, it)| Arc::strong_count(it) == 1) else {
                break;
            };
            open.remove(idle);
        }
        open.push((user.clone(), Arc::clone(&device)));
        Ok(device)
    }

    async fn device(&self, user: &OwnedUserId) -> Result<Device, CryptoError> {
        let mut random = [0; 10];
        self.dice.roll(&mut random);
        let new_name = data_encoding::BASE32_NOPAD.encode(&random);
        let new_name = OwnedDeviceId::from(format!("FREESIDE{new_name}"));
        private::folder(&self.dir).map_err(|error| CryptoError::Keys(error.to_string()))?;
        let dir = self.folder(user);
        let place = KeyFolder { dir: &dir, key: &self.key, new_name };
        Device::open(&self.client, user, place).await
    }

    fn folder(&self, user: &OwnedUserId) -> PathBuf {
        self.dir.join(rooms::short(user.as_str()))
    }

    /// Takes what a transaction holds for our devices; it is stored when this returns. Says whether
    /// keys may have come.
    ///
    /// # Errors
    /// [`CryptoError`]: the transaction must not be acknowledged.
    pub async fn feed(&self, txn: &str, body: &Value) -> Result<bool, CryptoError> {
        if !feed::concerns_devices(body) {
            return Ok(false);
        }
        let bot = self.bot().await?;
        let name = keys::hash(&[txn, &feed::to_device_text(body)]);
        let mut fed: Vec<[u8; 16]> = bot
            .value(FED)
            .await?
            .and_then(|stored| postcard::from_bytes(&stored).ok())
            .unwrap_or_default();
        if fed.contains(&name) {
            return Ok(true);
        }
        let user = OwnedUserId::try_from(self.ghosts.bot())
            .map_err(|error| CryptoError::Keys(error.to_string()))?;
        let update = feed::device_update(body, &user, &bot.name());
        let said_to_us = !update.to_device.is_empty();
        if self.is_news(&update) {
            bot.receive(&update).await?;
            self.remember_counts(update);
            // Read again, messages would look like ones that cannot be decrypted.
            if said_to_us {
                fed.push(name);
                fed.drain(..fed.len().saturating_sub(FED_REMEMBERED));
                let value = postcard::to_stdvec(&fed);
                bot.keep(FED, value.map_err(|e| CryptoError::Keys(e.to_string()))?).await?;
            }
            self.wake.notify_one();
        }
        self.feed_ghosts(body).await;
        Ok(said_to_us)
    }

    /// Ghosts' to-device events only repair Olm sessions; decryption uses the bot's device.
    async fn feed_ghosts(&self, body: &Value) {
        let (changed, left) = feed::device_lists(body);
        if !changed.is_empty() || !left.is_empty() {
            let open: Vec<_> =
                self.open.lock().await.iter().map(|(_, it)| Arc::clone(it)).collect();
            for device in open {
                let (changed, left) = (changed.clone(), left.clone());
                let lists = DeviceUpdate { changed, left, ..DeviceUpdate::default() };
                log_failure(device.receive(&lists).await);
            }
        }
        for ghost in feed::olm_session_targets(body) {
            let Ok(user) = OwnedUserId::try_from(ghost) else { continue };
            if self.ghosts.localpart_of(ghost).is_none() || !self.folder(&user).exists() {
                continue;
            }
            match self.speaker(&Identity::Ghost(user.clone())).await {
                Ok(device) => {
                    let whole = feed::device_update(body, &user, &device.name());
                    let update =
                        DeviceUpdate { to_device: whole.to_device, ..DeviceUpdate::default() };
                    log_failure(device.receive(&update).await);
                }
                Err(error) => log_failure(Err(error)),
            }
        }
    }

    /// Most transactions repeat the counts of the one before and hold nothing else.
    fn is_news(&self, update: &DeviceUpdate) -> bool {
        if !update.to_device.is_empty() || !update.changed.is_empty() || !update.left.is_empty() {
            return true;
        }
        let last = self.last_counts.lock().unwrap_or_else(PoisonError::into_inner);
        !last.as_ref().is_some_and(|last| {
            last.key_counts == update.key_counts && last.fallback_keys == update.fallback_keys
        })
    }

    fn remember_counts(&self, update: DeviceUpdate) {
        let DeviceUpdate { key_counts, fallback_keys, .. } = update;
        let counts = DeviceUpdate { key_counts, fallback_keys, ..DeviceUpdate::default() };
        *self.last_counts.lock().unwrap_or_else(PoisonError::into_inner) = Some(counts);
    }
}

fn log_failure(done: Result<(), CryptoError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "a ghost did not take what it was told about keys");
    }
}

/// A field of an event that is text; empty without one.
pub(crate) fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event.get(key).and_then(Value::as_str).unwrap_or_default()
}
