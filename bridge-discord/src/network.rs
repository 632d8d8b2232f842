// SPDX-License-Identifier: AGPL-3.0-or-later
//! Discord as one of the core's networks.
//!
//! Rule: a file is fetched only from Discord's own hosts, or from the one that is
//! configured in their place.

use std::sync::Arc;

use async_trait::async_trait;
use bot_core::network::{CommandHelp, Need, Standing};
use bot_core::{AskError, MediaStream, Network, NetworkError, Sink};
use bot_core::{MissingRight, Refusal};
use bridge_model::{
    Capabilities, ChatCapabilities, ChatChange, ChatId, LengthUnit, MediaCapabilities, MediaHandle,
    MessageId, Moderation, NetworkId, PollCapabilities, Rights, ThreadKind, UserId,
};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::convert::outgoing::{self, MOST_BYTES, MOST_CHARACTERS, MOST_FILES, MessageLocation};
use crate::convert::{incoming, markdown};
use crate::dial::Dialer;
use crate::rest::{Body, Rest, RestError, ask_error, code};
use crate::settings::{DiscordSettings, SetUpError};
use crate::shared::Shared;
use crate::{NETWORK, deliver, gateway, rights};

/// The largest file that a member can post (with a subscription), in bytes.
const MOST_DOWNLOAD: u64 = 500 * 1024 * 1024;

/// Discord.
pub struct DiscordNetwork {
    id: NetworkId,
    capabilities: Capabilities,
    settings: DiscordSettings,
    dialer: Dialer,
    pub(crate) shared: Arc<Shared>,
}

impl DiscordNetwork {
    /// Makes the network; connects to nothing yet.
    ///
    /// # Errors
    /// See [`SetUpError`].
    pub fn new(settings: DiscordSettings) -> Result<Self, SetUpError> {
        let mut api = match &settings.api_url {
            Some(url) => url.clone(),
            None => Url::parse("https://discord.com")?,
        };
        if api.path() == "/" {
            api.set_path("/api/v10");
        }
        let cdn = match &settings.cdn_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => "https://cdn.discordapp.com".to_owned(),
        };
        let dialer = Dialer::new(settings.proxy.as_ref())?;
        let rest = Rest::new(&api, &settings.token, settings.proxy.as_ref())
            .map_err(SetUpError::Client)?
            .watched(settings.watch.clone());
        let shared = Arc::new(Shared::new(rest, cdn, settings.proxies.clone()));
        let capabilities = capabilities();
        Ok(Self { id: NETWORK.into(), capabilities, settings, dialer, shared })
    }

    async fn channel(&self, chat: &ChatId) -> Result<Value, RestError> {
        let path = format!("/channels/{}", chat.as_str());
        let channel: Value = self.shared.rest.ask(Method::GET, &path, Body::Empty).await?;
        self.shared.learn_channel(&channel, None);
        Ok(channel)
    }

    /// A new address for an attachment whose address has died; the fragment says where
    /// it hangs.
    async fn fresh(&self, dead: &Url) -> Result<Option<String>, RestError> {
        let mut home = dead.fragment().unwrap_or_default().split('/');
        let (Some(channel), Some(message), Some(own)) = (home.next(), home.next(), home.next())
        else {
            return Ok(None);
        };
        let path = format!("/channels/{channel}/messages/{message}");
        let message: Value = self.shared.rest.ask(Method::GET, &path, Body::Empty).await?;
        Ok(incoming::address_now(&message, own).map(str::to_owned))
    }

    /// A member with the channel and its server; `None` for who is no member.
    async fn member(
        &self,
        channel: Value,
        guild: &str,
        user: &str,
    ) -> Result<Option<Membership>, AskError> {
        let refused = |error: RestError| ask_error(&error, rights::VIEW_CHANNEL);
        let rest = &self.shared.rest;
        let path = format!("/guilds/{guild}/members/{user}");
        let member: Value = match rest.ask(Method::GET, &path, Body::Empty).await {
            Ok(member) => member,
            // Unknown Member, Unknown User.
            Err(error)
                if matches!(error.code(), Some(code::UNKNOWN_MEMBER | code::UNKNOWN_USER)) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(refused(error)),
        };
        let path = format!("/guilds/{guild}");
        let guild: Value = rest.ask(Method::GET, &path, Body::Empty).await.map_err(refused)?;
        let held = rights::in_channel(&guild, &member, &channel, user);
        Ok(Some(Membership { guild, member, held }))
    }

    /// The permission bits of a member in a channel; `None` for who is no member.
    async fn permissions(&self, chat: &ChatId, user: &UserId) -> Result<Option<u64>, AskError> {
        let refused = |error: RestError| ask_error(&error, rights::VIEW_CHANNEL);
        let channel = self.channel(chat).await.map_err(refused)?;
        let Some(guild) = incoming::id(&channel, "guild_id").map(str::to_owned) else {
            // Who talks with the bot alone is there, and nothing else.
            return Ok(Some(0));
        };
        let member = self.member(channel, &guild, user.as_str()).await?;
        Ok(member.map(|member| member.held))
    }

    async fn standing_of(&self, chat: &ChatId, user: &UserId) -> Result<Standing, AskError> {
        let refused = |error: RestError| ask_error(&error, rights::VIEW_CHANNEL);
        // Who speaks through a program or a webhook rules nothing.
        let user = user.as_str();
        if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Standing::default());
        }
        let channel = self.channel(chat).await.map_err(refused)?;
        let Some(guild) = incoming::id(&channel, "guild_id").map(str::to_owned) else {
            return Ok(Standing::default());
        };
        let found = self.member(channel, &guild, user).await?;
        let of = |it: Membership| rights::standing(&it.guild, &it.member, user, it.held);
        Ok(found.map(of).unwrap_or_default())
    }

    /// The address of a file, if it may be fetched.
    fn allowed(&self, reference: &str) -> Option<Url> {
        let url = Url::parse(reference).ok()?;
        let good = match &self.settings.cdn_url {
            Some(cdn) => url.origin() == cdn.origin(),
            None => {
                let host = url.host_str().unwrap_or_default();
                url.scheme() == "https" && url.port().is_none() && incoming::HOSTS.contains(&host)
            }
        };
        good.then_some(url)
    }
}

/// A member of a server, with what they may do in one of its channels.
struct Membership {
    guild: Value,
    member: Value,
    held: u64,
}

/// What Discord can show and carry.
pub fn capabilities() -> Capabilities {
    Capabilities {
        text: markdown::TEXT,
        max_text: MOST_CHARACTERS,
        max_caption: MOST_CHARACTERS,
        unit: LengthUnit::Chars,
        media: MediaCapabilities {
            max_upload: MOST_BYTES,
            max_download: MOST_DOWNLOAD,
            per_message: MOST_FILES,
            spoilers: true,
            alt: true,
            voice: false,
            waveform: false,
            video_notes: false,
            animations: false,
            stickers: false,
            tags: false,
            formats: &["image/webp", "image/gif", "image/apng", "video/webm", "video/mp4"],
        },
        replies: false,
        reply_quotes: false,
        many_reactions: true,
        custom_reactions: true,
        edits_media: true,
        polls: Some(PollCapabilities {
            question: outgoing::QUESTION,
            answer: outgoing::ANSWER,
            fewest: 1,
            most: outgoing::ANSWERS,
            // Only its author could, and a webhook cannot.
            closing: false,
        }),
        locations: false,
        live_locations: false,
        contacts: false,
        threads: ThreadKind::OnMessages,
        chat: ChatCapabilities { name: true, topic: true, avatar: false, pins: true, emoji: false },
    }
}

#[async_trait]
impl bot_core::Deliver for DiscordNetwork {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn deliver(
        &self,
        order: &bot_core::Order,
        media: &dyn bot_core::MediaSource,
    ) -> Result<bot_core::Receipt, bot_core::Failure> {
        deliver::deliver(&self.shared, order, media).await
    }

    async fn find_sent(
        &self,
        order: &bot_core::Order,
    ) -> Result<Vec<bot_core::Part>, bot_core::Failure> {
        deliver::find_sent(&self.shared, order).await
    }
}

#[async_trait]
impl Network for DiscordNetwork {
    fn id(&self) -> &NetworkId {
        &self.id
    }

    async fn rights(&self, chat: &ChatId, user: &UserId) -> Result<Rights, AskError> {
        let held = self.permissions(chat, user).await?;
        Ok(held.map(rights::of_bits).unwrap_or_default())
    }

    async fn standing(&self, chat: &ChatId, user: &UserId) -> Result<Standing, AskError> {
        self.standing_of(chat, user).await
    }

    fn account_behind(&self, user: &UserId) -> UserId {
        UserId::from(user.as_str().split('/').next().unwrap_or_default())
    }

    async fn title(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let channel = self.channel(chat).await.map_err(|e| ask_error(&e, rights::VIEW_CHANNEL))?;
        Ok(incoming::text(&channel, "name").map(|name| format!("#{name}")))
    }

    async fn appearance(&self, chat: &ChatId) -> Result<Vec<ChatChange>, AskError> {
        let channel = self.channel(chat).await.map_err(|e| ask_error(&e, rights::VIEW_CHANNEL))?;
        let name = incoming::text(&channel, "name").map(|name| ChatChange::Name(name.to_owned()));
        let topic = incoming::text(&channel, "topic").filter(|topic| !topic.is_empty());
        let topic = topic.map(|topic| ChatChange::Topic(topic.to_owned()));
        let pack = incoming::id(&channel, "guild_id").and_then(|guild| self.shared.pack(guild));
        let pack = pack.filter(|pack| !pack.emoji.is_empty()).map(ChatChange::Emoji);
        Ok(name.into_iter().chain(topic).chain(pack).collect())
    }

    async fn access(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let channel = self.channel(chat).await.map_err(|e| ask_error(&e, rights::VIEW_CHANNEL))?;
        Ok(Some(outgoing::recorded(&channel)))
    }

    async fn missing_rights(
        &self,
        chat: &ChatId,
        need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        let refused = |error: RestError| ask_error(&error, rights::VIEW_CHANNEL);
        let me = self.shared.me().await.map_err(refused)?.bot.clone();
        let held = self.permissions(chat, &UserId::from(me.as_str())).await?;
        Ok(rights::lacking(held.unwrap_or_default(), need))
    }

    fn asked_rights(&self) -> Vec<MissingRight> {
        rights::asked()
    }

    /// Nobody acts on those whose highest role is not below theirs
    /// (<https://discord.com/developers/docs/topics/permissions#permission-hierarchy>).
    async fn obstacle(
        &self,
        chat: &ChatId,
        _what: Moderation,
    ) -> Result<Option<Refusal>, AskError> {
        let refused = |error: RestError| ask_error(&error, rights::VIEW_CHANNEL);
        let me = self.shared.me().await.map_err(refused)?.bot.clone();
        let own = self.standing_of(chat, &UserId::from(me.as_str())).await?;
        Ok((own.rank <= 0).then_some(Refusal::NoRoleAbove))
    }

    /// A post of a forum stays when its message is deleted.
    async fn forgets_messages(&self, chat: &ChatId) -> Result<bool, AskError> {
        let forum = deliver::is_forum(&self.shared, chat.as_str()).await;
        forum.map(|forum| !forum).map_err(|error| ask_error(&error, rights::VIEW_CHANNEL))
    }

    /// See <https://discord.com/developers/docs/resources/message#get-channel-message>.
    async fn is_gone(&self, chat: &ChatId, message: &MessageId) -> Result<Option<bool>, AskError> {
        let location = MessageLocation::of(message.as_str(), false);
        let channel = location.channel(chat.as_str());
        let path = format!("/channels/{channel}/messages/{}", location.message);
        let found: Result<Value, _> = self.shared.rest.ask(Method::GET, &path, Body::Empty).await;
        match found {
            Ok(_) => Ok(Some(false)),
            Err(error) if error.code() == Some(code::UNKNOWN_MESSAGE) => Ok(Some(true)),
            Err(error) => Err(ask_error(&error, rights::READ_HISTORY)),
        }
    }

    async fn open(&self, media: &MediaHandle) -> Result<MediaStream, AskError> {
        let foreign = || AskError::Refused(Refusal::file("not a file of Discord"));
        let refused = |error: RestError| ask_error(&error, rights::READ_HISTORY);
        let url = self.allowed(&media.reference).ok_or_else(foreign)?;
        let response = match self.shared.rest.fetch(url.clone()).await {
            Err(RestError::Refusal(answer)) if matches!(answer.status, 403 | 404) => {
                let fresh = self.fresh(&url).await.map_err(refused)?;
                let fresh = fresh.and_then(|address| self.allowed(&address)).ok_or_else(foreign)?;
                self.shared.rest.fetch(fresh).await.map_err(refused)?
            }
            other => other.map_err(refused)?,
        };
        let mime = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        Ok(MediaStream {
            size: response.content_length(),
            mime: mime.map(str::to_owned),
            chunks: Box::pin(
                response
                    .bytes_stream()
                    .map(|chunk| chunk.map_err(|error| std::io::Error::other(error.without_url()))),
            ),
        })
    }

    /// Comes with every message.
    async fn avatar(&self, _user: &UserId) -> Result<Option<MediaHandle>, AskError> {
        Ok(None)
    }

    async fn emoji(&self, id: &str) -> Result<Option<MediaHandle>, AskError> {
        let known = (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        let reference = incoming::emoji_address(&self.shared.cdn, id);
        Ok(known.then(|| MediaHandle { network: NETWORK.into(), reference }))
    }

    fn link_to(&self, chat: &ChatId, message: &MessageId) -> Option<String> {
        deliver::link_to(&self.shared, chat.as_str(), message.as_str())
    }

    /// Messages say themselves whether they did (`mention_everyone`).
    async fn may_call_everyone(&self, _chat: &ChatId, _user: &UserId) -> Result<bool, AskError> {
        Ok(true)
    }

    fn read_link(&self, url: &str) -> Option<(ChatId, MessageId)> {
        crate::convert::address::message(url)
    }

    fn command_prefix(&self) -> &str {
        "/freeside "
    }

    async fn prepare(&self, chat: &ChatId) -> Result<(), AskError> {
        self.channel(chat).await.map_err(|error| ask_error(&error, rights::VIEW_CHANNEL))?;
        let made = deliver::webhook(&self.shared, chat.as_str()).await;
        made.map(drop).map_err(|error| ask_error(&error, rights::WEBHOOKS))
    }

    async fn relays(&self, chat: &ChatId) -> Result<Vec<String>, AskError> {
        let found = deliver::relays(&self.shared, chat.as_str()).await;
        found.map_err(|error| ask_error(&error, rights::WEBHOOKS))
    }

    async fn publish_commands(&self, commands: &[CommandHelp]) -> Result<(), AskError> {
        let refused = |error: RestError| ask_error(&error, rights::COMMANDS);
        let application = &self.shared.me().await.map_err(refused)?.application;
        let path = format!("/applications/{application}/commands");
        self.shared.remember_menus(commands);
        let body = Body::Json(outgoing::commands(commands));
        self.shared.rest.tell(Method::PUT, &path, body).await.map_err(refused)
    }

    async fn run(&self, sink: Arc<dyn Sink>, stop: CancellationToken) -> Result<(), NetworkError> {
        gateway::run((&self.settings, &self.dialer), Arc::clone(&self.shared), sink, stop).await
    }
}
