// SPDX-License-Identifier: AGPL-3.0-or-later
//! Matrix as a network: application service, ghosts, converters, encryption.
//!
//! Rule: only this crate names ruma and matrix-sdk.

pub mod account;
pub mod accounts;
mod action_error;
pub mod appservice;
pub mod catch_up;
pub mod clear_rooms;
pub mod client;
pub mod convert;
pub mod crypto;
pub mod deliver;
pub mod find_sent;
mod foreign;
pub mod ghosts;
pub mod listen;
pub mod media_proxy;
mod mend;
mod policy;
pub mod port;
mod power;
mod private_chats;
pub mod restart;
pub mod rooms;
pub mod rooms_impl;
pub mod server;
pub mod standby;
mod topics;
pub mod transaction;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bridge_model::{ChatId, Media, MediaHandle, MessageId, NetworkId, Person, Rights, UserId};
use ruma::api::client::appservice::request_ping;
use ruma::{OwnedRoomId, OwnedUserId};
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

use bot_core::backoff::Backoff;
use bot_core::clock::Clock;
use bot_core::ghost::Ghosts;
use bot_core::homeserver::Rooms;
use bot_core::network::{
    AskError, CommandHelp, GhostState, MediaSource, MediaStream, Need, Network, NetworkError, Sink,
    Standing,
};
use bot_core::report::{Reporter, Reports};
use bot_core::store::Store;
use bot_core::{MissingRight, Refusal, Right};

use account::{Account, AccountError};
use client::{Client, Identity};
use crypto::Crypto;
use port::{Opening, Port};

/// Between greetings of the homeserver.
const GREETINGS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

/// The name of this network.
pub const NETWORK: &str = bot_core::network::MATRIX;

/// What stands before a command in a room.
pub const COMMAND_PREFIX: &str = "!freeside ";

/// The same without the space.
const COMMAND_WORD: &str = "!freeside";

/// What the operator decides about the Matrix side.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the homeserver calls us.
    pub listen: SocketAddr,
    /// Other nodes of this bridge may listen there, one at a time.
    pub shared: bool,
    /// The id in the registration file.
    pub appservice_id: String,
    /// Authenticates the homeserver to us.
    pub hs_token: String,
    /// What follows a ghost's name; `{network}` stands for the network.
    pub suffix: String,
    /// Ghosts get pictures.
    pub avatars: bool,
    /// The core bot's display name.
    pub bot_name: String,
}

/// The Matrix side.
pub struct MatrixNetwork {
    id: NetworkId,
    settings: Settings,
    client: Client,
    store: Arc<Store>,
    ghosts: Ghosts,
    clock: Arc<dyn Clock>,
    account: OnceCell<Account>,
    instance: String,
    crypto: Option<Arc<Crypto>>,
    /// Addresses of encrypted files that were not what was sent.
    spoiled: Arc<Mutex<HashSet<String>>>,
    reports: Reports,
    restart: Arc<restart::Restart>,
    clear_rooms: Arc<clear_rooms::ClearRooms>,
    open_rooms: Arc<policy::OpenRooms>,
    /// The homeserver lets accounts not change their names.
    names_fixed: AtomicBool,
}

/// What the Matrix side needs.
pub struct Parts {
    /// What the operator decides.
    pub settings: Settings,
    /// The homeserver.
    pub client: Client,
    /// What is known of ghosts.
    pub store: Arc<Store>,
    /// Whose Matrix ids are ours.
    pub ghosts: Ghosts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The store's own number, see [`Store::instance`].
    pub instance: String,
    /// The keys of encrypted rooms, where the bridge takes part in them.
    pub crypto: Option<Arc<Crypto>>,
}

impl MatrixNetwork {
    /// Puts the parts together; nothing is sent yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, client, store, ghosts, clock, instance, crypto } = parts;
        let account = OnceCell::new();
        let id = NetworkId::from(NETWORK);
        let spoiled = Arc::default();
        let restart = Arc::new(restart::Restart::new(&*clock));
        Self {
            id,
            settings,
            client,
            store,
            ghosts,
            clock,
            account,
            instance,
            crypto,
            spoiled,
            reports: Arc::default(),
            restart,
            clear_rooms: Arc::default(),
            open_rooms: Arc::default(),
            names_fixed: AtomicBool::default(),
        }
    }

    /// Whether somebody wants the bridge to start anew.
    pub fn restart(&self) -> Arc<restart::Restart> {
        Arc::clone(&self.restart)
    }

    /// Who writes reports for those who ask with the homeserver's token.
    pub fn report_from(&self, writer: std::sync::Weak<dyn Reporter>) {
        // The first one stays; there is one core.
        drop(self.reports.set(writer));
    }

    /// The core bot's own account; made ready on first use.
    ///
    /// # Errors
    /// [`AccountError`]; the next call tries again.
    pub async fn account(&self) -> Result<&Account, AccountError> {
        self.account
            .get_or_try_init(|| async {
                let bot = OwnedUserId::try_from(self.ghosts.bot())
                    .map_err(|error| AccountError::Sdk(error.to_string()))?;
                let account = match &self.crypto {
                    Some(crypto) => {
                        let device = crypto.bot().await;
                        let device = device.map_err(|e| AccountError::Sdk(e.to_string()))?.name();
                        Account::on_device(&self.client, &bot, device).await?
                    }
                    None => Account::without_device(&self.client, &bot).await?,
                };
                // A homeserver where names come from elsewhere leaves the bot the one that it has.
                if let Err(error) = self.set_bot_name(&bot).await {
                    if !error.is_refusal() {
                        return Err(AccountError::Register(error));
                    }
                    tracing::warn!(%error, "the core bot cannot set its name and keeps the one that it has");
                }
                tracing::info!("the core bot is ready");
                Ok(account)
            })
            .await
    }

    /// The homeserver, for whatever the core bot does in rooms besides talking.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Greets the homeserver until it answers.
    async fn greet(&self) {
        let mut failed = 0;
        while let Err(error) = self.account().await {
            let delay = GREETINGS.after(failed);
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(%error, delay_ms, "the homeserver does not let us in yet");
            failed = failed.saturating_add(1);
            self.clock.sleep(delay).await;
        }
    }

    /// Has the homeserver call us, so that it delivers at once what it holds back
    /// (`POST /_matrix/client/v1/appservice/{id}/ping`).
    async fn be_called(&self, sink: &dyn Sink) {
        let request = request_ping::v1::Request::new(self.settings.appservice_id.clone());
        match self.client.send(request, &Identity::Bot).await {
            Ok(response) => {
                let duration_ms = u64::try_from(response.duration.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(duration_ms, "the homeserver reaches us");
                sink.hears(true);
            }
            Err(error) => tracing::error!(
                %error,
                "the homeserver does not reach us at `appservice.public_url`: is that the address \
                 under which it finds `appservice.listen`, and does it read our registration file?"
            ),
        }
    }
}

#[async_trait]
impl Network for MatrixNetwork {
    fn id(&self) -> &NetworkId {
        &self.id
    }

    async fn rights(&self, chat: &ChatId, user: &UserId) -> Result<Rights, AskError> {
        let room = room_id(chat)?;
        let state = |kind, key| rooms::state(&self.client, &room, kind, key);
        let member = state("m.room.member", user.as_str()).await.map_err(|error| error.ask())?;
        let create = state("m.room.create", "").await.map_err(|error| error.ask())?;
        let power = state("m.room.power_levels", "").await.map_err(|error| error.ask())?;
        let membership = member.as_ref().and_then(|event| event.get("content")?.get("membership"));
        let joined = membership.and_then(|membership| membership.as_str()) == Some("join");
        let create = create.unwrap_or_default();
        Ok(rooms::rights(&create, power.as_ref(), user.as_str(), joined))
    }

    async fn standing(&self, chat: &ChatId, user: &UserId) -> Result<Standing, AskError> {
        self.standing_of(chat, user.as_str()).await
    }

    /// A right is a power level here; the menus of clients have no name for it.
    async fn missing_rights(
        &self,
        chat: &ChatId,
        need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        let (right, kinds): (_, &[&str]) = match need {
            Need::Pin => (Right::Pin, power::PIN),
            Need::SetChat => (Right::ChangeChat, power::CHANGE_CHAT),
            Need::Moderate => return self.lacking_to_moderate(chat).await,
            // Rooms stay as they are.
            Need::SetAccess => return Ok(Vec::new()),
        };
        let room = room_id(chat)?;
        let state = |kind| rooms::state(&self.client, &room, kind, "");
        let create = state("m.room.create").await.map_err(|error| error.ask())?.unwrap_or_default();
        let power = state("m.room.power_levels").await.map_err(|error| error.ask())?;
        let lacks =
            |kind: &&str| !rooms::may_set(&create, power.as_ref(), (self.ghosts.bot(), kind));
        let menu = kinds.iter().copied().filter(lacks).collect::<Vec<_>>().join(", ");
        Ok(Vec::from_iter((!menu.is_empty()).then_some(MissingRight { right, menu })))
    }

    fn asked_rights(&self) -> Vec<MissingRight> {
        power::asked()
    }

    async fn ghost_state(
        &self,
        chat: &ChatId,
        person: &Person,
    ) -> Result<Option<GhostState>, AskError> {
        self.state_of_ghost(&room_id(chat)?, person).await.map(Some).map_err(|error| error.ask())
    }

    async fn is_gone(&self, chat: &ChatId, message: &MessageId) -> Result<Option<bool>, AskError> {
        let event = rooms::event(&self.client, &room_id(chat)?, message.as_str()).await;
        Ok(Some(event.map_err(|error| error.ask())?.is_none_or(|event| rooms::is_redacted(&event))))
    }

    async fn title(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let room = room_id(chat)?;
        let name = rooms::state(&self.client, &room, "m.room.name", "").await;
        let name = name.map_err(|error| error.ask())?;
        let text = name.as_ref().and_then(|event| event.get("content")?.get("name")?.as_str());
        Ok(text.filter(|text| !text.is_empty()).map(Into::into))
    }

    async fn open(&self, media: &MediaHandle) -> Result<MediaStream, AskError> {
        self.open_file(&media.reference).await
    }

    async fn avatar(&self, _user: &UserId) -> Result<Option<MediaHandle>, AskError> {
        Ok(None)
    }

    /// Only those who reach the level for it call everybody ("Push rules", `.m.rule.roomnotif`).
    async fn may_call_everyone(&self, chat: &ChatId, user: &UserId) -> Result<bool, AskError> {
        let room = room_id(chat)?;
        let state = |kind| rooms::state(&self.client, &room, kind, "");
        let create = state("m.room.create").await.map_err(|error| error.ask())?;
        let power = state("m.room.power_levels").await.map_err(|error| error.ask())?;
        Ok(rooms::may_notify(&create.unwrap_or_default(), power.as_ref(), user.as_str()))
    }

    /// Uploads the file as the core bot.
    async fn host(
        &self,
        file: &Media,
        source: &dyn MediaSource,
    ) -> Result<Option<String>, AskError> {
        let stream = source.open(file).await?;
        let mime = file.mime.clone().or_else(|| stream.mime.clone());
        let mime = mime.unwrap_or_else(|| "application/octet-stream".into());
        let uploaded = self.client.upload(&Identity::Bot, (None, &mime), stream).await;
        uploaded.map(Some).map_err(|error| error.ask())
    }

    fn read_link(&self, url: &str) -> Option<(ChatId, MessageId)> {
        let (room, event) = convert::address::message(url)?;
        Some((ChatId::from(room), MessageId::from(event)))
    }

    fn link_to(&self, chat: &ChatId, message: &MessageId) -> Option<String> {
        let room = bot_core::address::matrix_to(chat.as_str());
        let event = bot_core::address::matrix_to(message.as_str());
        let event = event.strip_prefix("https://matrix.to/#/")?;
        Some(format!("{room}/{event}"))
    }

    fn command_prefix(&self) -> &str {
        COMMAND_PREFIX
    }

    async fn prepare(&self, chat: &ChatId) -> Result<(), AskError> {
        let bot = UserId::from(self.ghosts.bot());
        let rights = self.rights(chat, &bot).await?;
        if !rights.member {
            return Err(AskError::Refused(Refusal::NotInvited(self.ghosts.bot().to_owned())));
        }
        match Rooms::is_unreadable(self, chat).await? {
            true => Err(AskError::Refused(Refusal::Encrypted)),
            false => Ok(()),
        }
    }

    async fn publish_commands(&self, _commands: &[CommandHelp]) -> Result<(), AskError> {
        Ok(())
    }

    async fn run(&self, sink: Arc<dyn Sink>, stop: CancellationToken) -> Result<(), NetworkError> {
        let service = Arc::new(appservice::Appservice {
            hs_token: self.settings.hs_token.clone(),
            reports: Arc::clone(&self.reports),
            restart: Arc::clone(&self.restart),
            clock: Arc::clone(&self.clock),
            warned: AtomicI64::default(),
            listener: listen::Listener::new(listen::Parts {
                sink: Arc::clone(&sink),
                client: self.client.clone(),
                ghosts: self.ghosts.clone(),
                store: Arc::clone(&self.store),
                clock: Arc::clone(&self.clock),
                crypto: self.crypto.clone(),
                clear_rooms: Arc::clone(&self.clear_rooms),
                open_rooms: Arc::clone(&self.open_rooms),
            }),
        });
        let opening = self.open().await?;
        let reachable = Notify::new();
        let serve = async {
            let Some(listener) = opening.listener(&stop).await else { return };
            tracing::info!(address = %self.settings.listen, "listening for the homeserver");
            service.listener.begin();
            reachable.notify_one();
            let router = appservice::router(Arc::clone(&service));
            server::serve(listener, router, server::LIMITS, stop.clone()).await;
        };
        let greet = async {
            let begin = async {
                self.greet().await;
                let listener = &service.listener;
                let hear = async {
                    reachable.notified().await;
                    self.be_called(&*sink).await;
                    listener.watch_timelines().await;
                };
                tokio::join!(hear, listener.tend());
            };
            tokio::select! {
                ((), ()) = async { tokio::join!(begin, service.listener.watch_private_chats()) } => {}
                () = stop.cancelled() => {}
            }
        };
        tokio::join!(serve, greet);
        Ok(())
    }
}

impl MatrixNetwork {
    async fn open(&self) -> Result<Opening, NetworkError> {
        let Settings { listen, shared, hs_token, .. } = &self.settings;
        let key = "appservice.listen";
        let port = Port::new(*listen, key, *shared).of_homeserver(hs_token);
        port.open().await.map_err(|error| NetworkError::Refused {
            network: self.id.clone(),
            reason: format!("cannot listen on {listen} (`{key}`): {error}"),
        })
    }
}

/// The id of a room.
///
/// # Errors
/// [`AskError::Refused`] when it is none.
pub fn room_id(chat: &ChatId) -> Result<OwnedRoomId, AskError> {
    OwnedRoomId::try_from(chat.as_str())
        .map_err(|error| AskError::Refused(Refusal::unexpected(error)))
}
