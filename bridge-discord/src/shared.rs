// SPDX-License-Identifier: AGPL-3.0-or-later
//! What listening and delivering both know.
//!
//! Rule: only a cache. All of it can be asked again after a restart.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bot_core::network::CommandHelp;
use bridge_model::{Content, EmojiPack, Event};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::{Notify, OnceCell};

use crate::convert::incoming::{self, Look, Ours};
use crate::convert::markdown::Names;
use crate::convert::outgoing::menu_name;
use crate::rest::{Body, Rest, RestError};
use crate::threads::Threads;

/// How many ids are remembered of what we deleted.
const REMEMBERED: usize = 2048;

/// How long an answer waits for its question to be acknowledged.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);

/// What listening and delivering both know.
pub(crate) struct Shared {
    pub(crate) rest: Rest,
    /// The origin of files.
    pub(crate) cdn: String,
    /// Applications that say again what somebody said.
    proxies: Vec<String>,
    pub(crate) threads: Threads,
    me: OnceCell<Me>,
    known: Mutex<Known>,
    acknowledged: Notify,
}

/// Our application and its bot user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Me {
    /// The application's id.
    pub(crate) application: String,
    /// The bot's user id.
    pub(crate) bot: String,
}

/// One webhook of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) token: String,
}

#[derive(Default)]
struct Known {
    webhooks: HashMap<String, Webhook>,
    webhook_ids: HashSet<String>,
    guild_of: HashMap<String, String>,
    channels: HashMap<String, String>,
    /// Channel id to Discord's number for the kind of channel.
    kinds: HashMap<String, u64>,
    roles: HashMap<String, String>,
    /// How channels looked when the listener last heard of them.
    looks: HashMap<String, Look>,
    /// Channels that consist of threads, with the newest thread.
    forums: HashMap<String, Option<String>>,
    /// The custom emoji of servers.
    packs: HashMap<String, EmojiPack>,
    /// Entries in the menu of messages, and the commands that they stand for.
    menus: Vec<(String, String)>,
    deleted: VecDeque<String>,
    unacknowledged: HashSet<String>,
}

impl Shared {
    pub(crate) fn new(rest: Rest, cdn: String, proxies: Vec<String>) -> Self {
        let known = Mutex::default();
        let threads = Threads::default();
        Self {
            rest,
            cdn,
            proxies,
            threads,
            me: OnceCell::new(),
            known,
            acknowledged: Notify::new(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who we are.
    ///
    /// # Errors
    /// When Discord has to be asked and does not answer.
    pub(crate) async fn me(&self) -> Result<&Me, RestError> {
        self.me.get_or_try_init(|| self.ask_me()).await
    }

    async fn ask_me(&self) -> Result<Me, RestError> {
        let about: Value = self.rest.ask(Method::GET, "/applications/@me", Body::Empty).await?;
        let application = incoming::id(&about, "id").unwrap_or_default().to_owned();
        let bot = about.get("bot").and_then(|bot| incoming::id(bot, "id"));
        let bot = bot.unwrap_or(&application).to_owned();
        Ok(Me { application, bot })
    }

    /// As [`Shared::me`], for converters.
    ///
    /// # Errors
    /// As [`Shared::me`].
    pub(crate) async fn ours(&self) -> Result<Ours, RestError> {
        let Me { application, bot } = self.me().await?.clone();
        let webhooks = self.known().webhook_ids.iter().cloned().collect();
        let (cdn, proxies) = (self.cdn.clone(), self.proxies.clone());
        Ok(Ours { application, bot, webhooks, cdn, proxies })
    }

    /// Notes what our entries in the menu of messages stand for.
    pub(crate) fn remember_menus(&self, commands: &[CommandHelp]) {
        let menus = commands.iter().filter_map(|one| Some((menu_name(one)?, one.name.clone())));
        self.known().menus = menus.collect();
    }

    pub(crate) fn menus(&self) -> Vec<(String, String)> {
        self.known().menus.clone()
    }

    pub(crate) fn webhook(&self, channel: &str) -> Option<Webhook> {
        self.known().webhooks.get(channel).cloned()
    }

    pub(crate) fn keep_webhook(&self, channel: &str, webhook: Webhook) {
        let mut known = self.known();
        known.webhook_ids.insert(webhook.id.clone());
        known.webhooks.insert(channel.to_owned(), webhook);
    }

    /// The next delivery looks for a webhook again. Its id stays ours.
    pub(crate) fn forget_webhook(&self, channel: &str) {
        self.known().webhooks.remove(channel);
    }

    pub(crate) fn guild_of(&self, channel: &str) -> Option<String> {
        self.known().guild_of.get(channel).cloned()
    }

    /// The channels of a server, as far as they are known.
    pub(crate) fn channels_of(&self, guild: &str) -> Vec<String> {
        let known = self.known();
        let here = known.guild_of.iter().filter(|(_, of)| *of == guild);
        here.map(|(channel, _)| channel.clone()).collect()
    }

    /// Learns from a channel object; `guild` where the object does not say it.
    pub(crate) fn learn_channel(&self, channel: &Value, guild: Option<&str>) {
        let Some(id) = incoming::id(channel, "id") else { return };
        let mut known = self.known();
        if let Some(guild) = incoming::id(channel, "guild_id").or(guild) {
            known.guild_of.insert(id.to_owned(), guild.to_owned());
        }
        if let Some(kind) = channel.get("type").and_then(Value::as_u64) {
            known.kinds.insert(id.to_owned(), kind);
        }
        if let Some(name) = incoming::text(channel, "name") {
            known.channels.insert(id.to_owned(), name.to_owned());
        }
        if matches!(incoming::flags_and_type(channel).1, 15 | 16) {
            let newest = incoming::id(channel, "last_message_id").map(str::to_owned);
            known.forums.insert(id.to_owned(), newest);
        }
        // Whoever asks for a channel may overtake the listener, which has to see the change.
        if let Some(look) = Look::read(channel) {
            known.looks.entry(id.to_owned()).or_insert(look);
        }
    }

    /// The channel consists of threads, as the gateway said; nothing is said in it.
    pub(crate) fn has_posts(&self, channel: &str) -> bool {
        self.known().forums.contains_key(channel)
    }

    /// The newest thread of a forum, as far as it is known.
    pub(crate) fn newest_post(&self, forum: &str) -> Option<String> {
        self.known().forums.get(forum).cloned().flatten()
    }

    /// How a channel looked when the listener last heard of it.
    pub(crate) fn look(&self, channel: &str) -> Option<Look> {
        self.known().looks.get(channel).cloned()
    }

    /// The listener has heard how a channel looks now.
    pub(crate) fn learn_look(&self, channel: &Value) {
        if let (Some(id), Some(look)) = (incoming::id(channel, "id"), Look::read(channel)) {
            self.known().looks.insert(id.to_owned(), look);
        }
    }

    /// Adds the name of the channel to a command that was given in a thread of it.
    pub(crate) fn add_title(&self, event: &mut Event) {
        if let Content::Commanded(command) = &mut event.content
            && command.chat_title.is_none()
        {
            let name = self.known().channels.get(event.place.chat.as_str()).cloned();
            command.chat_title = name.map(|name| format!("#{name}"));
        }
    }

    /// Whether a channel holds nothing but posts (forum and media channels); `None` when the
    /// channel is not known.
    pub(crate) fn is_forum(&self, channel: &str) -> Option<bool> {
        self.known().kinds.get(channel).map(|kind| matches!(kind, 15 | 16))
    }

    /// The channel is a thread that was there when it was last heard of.
    pub(crate) fn is_thread(&self, channel: &str) -> bool {
        self.known().kinds.get(channel).is_some_and(|kind| matches!(kind, 10..=12))
    }

    /// The channel may be gone: it is asked for again.
    pub(crate) fn forget_channel(&self, channel: &str) {
        self.known().kinds.remove(channel);
    }

    pub(crate) fn learn_guild_of(&self, channel: &str, guild: &str) {
        self.known().guild_of.insert(channel.to_owned(), guild.to_owned());
    }

    /// Learns from a role object.
    pub(crate) fn learn_role(&self, role: &Value) {
        if let (Some(id), Some(name)) = (incoming::id(role, "id"), incoming::text(role, "name")) {
            self.known().roles.insert(id.to_owned(), name.to_owned());
        }
    }

    /// The custom emoji of a server, as far as they are known.
    pub(crate) fn pack(&self, guild: &str) -> Option<EmojiPack> {
        self.known().packs.get(guild).cloned()
    }

    /// Remembers the custom emoji of a server; `false` when they are known already.
    pub(crate) fn learn_pack(&self, pack: EmojiPack) -> bool {
        self.known().packs.insert(pack.id.clone(), pack.clone()).as_ref() != Some(&pack)
    }

    /// The names of the channels and roles that `message` speaks of.
    pub(crate) fn names_in(&self, message: &Value) -> Names {
        let rich = ["embeds", "components", "message_snapshots"];
        let rich = rich.iter().any(|key| !incoming::list(message, key).is_empty());
        // Ids stand in JSON as they are.
        let words = match rich {
            true => message.to_string(),
            false => incoming::text(message, "content").unwrap_or_default().to_owned(),
        };
        let known = self.known();
        let spoken = |map: &HashMap<String, String>, mark: &str| -> HashMap<String, String> {
            let ids = words.split(mark).skip(1).filter_map(|rest| rest.split('>').next());
            ids.filter_map(|id| map.get_key_value(id))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        let mut chats = spoken(&known.channels, "<#");
        let from =
            message.get("message_reference").and_then(|from| incoming::id(from, "channel_id"));
        let from = from.and_then(|from| known.channels.get_key_value(from));
        chats.extend(from.map(|(k, v)| (k.clone(), v.clone())));
        Names { chats, roles: spoken(&known.roles, "<@&"), ..Names::default() }
    }

    /// Called before we delete a message, so that the echo is not taken for a moderator's
    /// deletion: a surplus part of an edited message is deleted too.
    pub(crate) fn will_delete(&self, message: &str) {
        let mut known = self.known();
        if known.deleted.len() >= REMEMBERED {
            known.deleted.pop_front();
        }
        known.deleted.push_back(message.to_owned());
    }

    pub(crate) fn deleted_by_us(&self, message: &str) -> bool {
        self.known().deleted.iter().any(|id| id == message)
    }

    /// A command was heard and is not acknowledged yet.
    pub(crate) fn expect_acknowledgement(&self, token: &str) {
        self.known().unacknowledged.insert(token.to_owned());
    }

    pub(crate) fn acknowledge(&self, token: &str) {
        self.known().unacknowledged.remove(token);
        self.acknowledged.notify_waiters();
    }

    /// Waits until the command with this token is acknowledged: an answer that comes
    /// before that would be refused.
    pub(crate) async fn wait_for_acknowledgement(&self, token: &str) {
        let waiting = async {
            loop {
                let notified = self.acknowledged.notified();
                tokio::pin!(notified);
                notified.as_mut().enable();
                if !self.known().unacknowledged.contains(token) {
                    return;
                }
                notified.await;
            }
        };
        let _late = tokio::time::timeout(ACKNOWLEDGED_WITHIN, waiting).await;
    }
}
