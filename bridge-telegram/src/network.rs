// SPDX-License-Identifier: AGPL-3.0-or-later
//! Telegram as the core sees it.
//!
//! Rule: this file only hands on; what is done stands in the module of its name.

use bot_core::{MissingRight, Refusal};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bot_core::network::{CommandHelp, Need, Standing};
use bot_core::{
    AskError, Deliver, Failure, MediaSource, MediaStream, Network, NetworkError, Order, Part,
    Receipt, Sink,
};
use bridge_model::{
    Capabilities, ChatCapabilities, ChatChange, ChatId, LengthUnit, MediaCapabilities, MediaHandle,
    MessageId, Moderation, NetworkId, PollCapabilities, Rights, ThreadKind, UserId,
};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::admin_right::asked;
use crate::api::Api;
use crate::connection::Connection;
use crate::convert::address::SIGNED;
use crate::convert::entities;
use crate::convert::outgoing::{
    ANSWERS, MAX_ALBUM, MAX_ANSWER, MAX_CAPTION, MAX_DOWNLOAD, MAX_QUESTION, MAX_TEXT, MAX_UPLOAD,
    menu,
};
use crate::deliver::{self, ApiContext, Searches};
use crate::moves::Moves;
use crate::rights::obstacle;
use crate::settings::{Clients, Settings, SettingsError};
use crate::{NETWORK, listen};

/// What a server of one's own in `--local` mode takes, up and down.
const LOCAL_FILES: u64 = 2_000_000_000;

/// Telegram, spoken to as one bot.
pub struct TelegramNetwork {
    id: NetworkId,
    capabilities: Capabilities,
    connection: Connection,
    context: ApiContext,
}

impl TelegramNetwork {
    /// Makes the clients; asks nobody anything yet.
    ///
    /// # Errors
    /// When the address of the server or of the proxy cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let clients = Clients::new(&settings)?;
        let api = Api::new(settings.api_url.clone(), settings.token.clone())?;
        let api = api.watched(settings.watch.clone());
        let files = if settings.local_server { LOCAL_FILES } else { MAX_UPLOAD };
        let moves = Arc::new(Moves::default());
        let context = ApiContext {
            api: api.clone(),
            methods: clients.methods.clone(),
            files: clients.files.clone(),
            max_upload: files,
            no_topics: Mutex::default(),
            moves: Arc::clone(&moves),
            searches: Searches::default(),
        };
        Ok(Self {
            id: NETWORK.into(),
            capabilities: capabilities(settings.local_server),
            connection: Connection {
                api,
                clients,
                patience: settings.patience,
                local_files: settings.local_files,
                moves,
                us: OnceCell::new(),
            },
            context,
        })
    }
}

/// What Telegram can show and carry, through the public Bot API server or one of one's own.
pub fn capabilities(local_server: bool) -> Capabilities {
    Capabilities {
        text: entities::CAPABILITIES,
        max_text: MAX_TEXT,
        max_caption: MAX_CAPTION,
        unit: LengthUnit::Utf16,
        media: MediaCapabilities {
            max_upload: if local_server { LOCAL_FILES } else { MAX_UPLOAD },
            max_download: if local_server { LOCAL_FILES } else { MAX_DOWNLOAD },
            per_message: MAX_ALBUM,
            spoilers: true,
            alt: false,
            voice: true,
            waveform: false,
            video_notes: true,
            animations: true,
            stickers: true,
            tags: true,
            formats: &[
                "image/webp",
                "image/gif",
                "application/x-tgsticker",
                "video/webm",
                "video/mp4",
            ],
        },
        replies: true,
        reply_quotes: true,
        many_reactions: false,
        custom_reactions: false,
        edits_media: true,
        polls: Some(PollCapabilities {
            question: MAX_QUESTION,
            answer: MAX_ANSWER,
            fewest: *ANSWERS.start(),
            most: *ANSWERS.end(),
            closing: true,
        }),
        locations: true,
        live_locations: true,
        contacts: true,
        threads: ThreadKind::Topics,
        chat: ChatCapabilities { name: true, topic: true, avatar: true, pins: true, emoji: false },
    }
}

#[async_trait]
impl Deliver for TelegramNetwork {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn deliver(&self, order: &Order, media: &dyn MediaSource) -> Result<Receipt, Failure> {
        deliver::carry_out(&self.context, order, media).await
    }

    async fn find_sent(&self, order: &Order) -> Result<Vec<Part>, Failure> {
        deliver::find_sent(&self.context, order).await
    }
}

#[async_trait]
impl Network for TelegramNetwork {
    fn id(&self) -> &NetworkId {
        &self.id
    }

    async fn rights(&self, chat: &ChatId, user: &UserId) -> Result<Rights, AskError> {
        self.connection.rights_of(chat, user).await
    }

    async fn standing(&self, chat: &ChatId, user: &UserId) -> Result<Standing, AskError> {
        self.connection.standing_of(chat, user).await
    }

    fn account_behind(&self, user: &UserId) -> UserId {
        UserId::from(user.as_str().split(SIGNED).next().unwrap_or_default())
    }

    async fn title(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        self.connection.title_of(chat).await
    }

    /// See <https://core.telegram.org/bots/features#deep-linking>.
    async fn private_chat_link(&self, word: &str) -> Option<String> {
        let us = self.connection.us().await.ok()?;
        Some(format!("https://t.me/{}?start={word}", us.username))
    }

    async fn appearance(&self, chat: &ChatId) -> Result<Vec<ChatChange>, AskError> {
        self.connection.looks_of(chat).await
    }

    async fn access(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        self.connection.permissions_of(chat).await
    }

    async fn missing_rights(
        &self,
        chat: &ChatId,
        need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        self.connection.lacking(chat, need).await
    }

    fn asked_rights(&self) -> Vec<MissingRight> {
        asked()
    }

    async fn obstacle(&self, chat: &ChatId, what: Moderation) -> Result<Option<Refusal>, AskError> {
        Ok(obstacle(chat, what))
    }

    async fn is_gone(&self, chat: &ChatId, message: &MessageId) -> Result<Option<bool>, AskError> {
        self.connection.is_gone(chat, message).await.map(Some)
    }

    async fn open(&self, media: &MediaHandle) -> Result<MediaStream, AskError> {
        self.connection.open_file(media).await
    }

    async fn avatar(&self, user: &UserId) -> Result<Option<MediaHandle>, AskError> {
        self.connection.avatar_of(user).await
    }

    async fn emoji(&self, id: &str) -> Result<Option<MediaHandle>, AskError> {
        self.connection.emoji_of(id).await
    }

    /// Only supergroups and channels have addresses; their ids start with `-100`.
    fn link_to(&self, chat: &ChatId, message: &MessageId) -> Option<String> {
        let chat = chat.as_str().strip_prefix("-100").filter(|it| !it.is_empty())?;
        Some(format!("https://t.me/c/{chat}/{}", message.as_str()))
    }

    fn read_link(&self, url: &str) -> Option<(ChatId, MessageId)> {
        crate::convert::address::message(url)
    }

    async fn prepare(&self, chat: &ChatId) -> Result<(), AskError> {
        self.connection.check_own_rights(chat).await
    }

    /// <https://core.telegram.org/bots/api#setmycommands>, once for each language; arguments are not
    /// shown there.
    async fn publish_commands(&self, commands: &[CommandHelp]) -> Result<(), AskError> {
        for params in menu::commands(commands) {
            let Connection { api, clients, .. } = &self.connection;
            api.ask(&clients.methods, "setMyCommands", &params).await?;
        }
        Ok(())
    }

    async fn run(&self, sink: Arc<dyn Sink>, stop: CancellationToken) -> Result<(), NetworkError> {
        listen::run(&self.connection, sink, stop).await
    }
}
