// SPDX-License-Identifier: AGPL-3.0-or-later
//! What listening and delivering both know.
//!
//! Rule: only a cache. All of it can be asked again after a restart.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bot_core::network::CommandHelp;
use bridge_model::{Content, EmojiPack, Event};
use reqwest::Method;
use serde_json::{Value, json};
use serenity::model::channel::ChannelType;
use tokio::sync::{Notify, OnceCell};

use crate::convert::incoming::{self, ChannelAppearance, Ours, WebhookFace};
use crate::convert::markdown::{Names, Role};
use crate::convert::outgoing::menu_name;
use crate::rest::{Body, Rest, RestError};
use crate::threads::Threads;
use crate::token::Token;

/// How many ids are remembered of what we deleted.
const REMEMBERED: usize = 2048;

/// How many members are remembered.
const MEMBERS: usize = 65_536;

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
    known: Mutex<Cache>,
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
    pub(crate) token: Token,
}

#[derive(Default)]
struct Cache {
    webhooks: HashMap<String, Webhook>,
    webhook_ids: HashSet<String>,
    /// Held while the webhook of a channel is looked for or made.
    webhook_turns: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    guild_of: HashMap<String, String>,
    channels: HashMap<String, String>,
    /// Channel id to the kind of channel.
    kinds: HashMap<String, ChannelType>,
    roles: HashMap<String, Role>,
    /// How channels looked when the listener last heard of them.
    looks: HashMap<String, ChannelAppearance>,
    /// Channels that consist of threads, with the newest thread.
    forums: HashMap<String, Option<String>>,
    /// Forums whose posts need a tag, with one that everybody may give.
    required_tags: HashMap<String, Option<String>>,
    /// Channels that were asked for again.
    forgotten: HashSet<String>,
    /// Channels that have no room for a webhook of ours, until their webhooks change.
    no_webhook: HashSet<String>,
    /// Servers that were described whole, or are being asked for.
    described: HashSet<String>,
    /// What servers know about accounts, by server and account.
    members: HashMap<(String, String), Value>,
    /// What other people's webhooks look like.
    webhook_faces: BTreeMap<String, WebhookFace>,
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

    fn known(&self) -> MutexGuard<'_, Cache> {
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
        let webhook_faces = self.known().webhook_faces.clone();
        let (cdn, proxies) = (self.cdn.clone(), self.proxies.clone());
        Ok(Ours { application, bot, webhooks, cdn, proxies, webhook_faces })
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

    /// Whoever holds it may look for the webhook of a channel, or make it.
    pub(crate) fn webhook_turn(&self, channel: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut known = self.known();
        Arc::clone(known.webhook_turns.entry(channel.to_owned()).or_default())
    }

    pub(crate) fn keep_webhook(&self, channel: &str, webhook: Webhook) {
        let mut known = self.known();
        known.webhook_ids.insert(webhook.id.clone());
        known.webhooks.insert(channel.to_owned(), webhook);
    }

    /// The channel has no room for a webhook of ours.
    pub(crate) fn note_no_webhook(&self, channel: &str) {
        self.known().no_webhook.insert(channel.to_owned());
    }

    pub(crate) fn takes_no_webhook(&self, channel: &str) -> bool {
        self.known().no_webhook.contains(channel)
    }

    /// The next delivery looks for a webhook again. Its id stays ours.
    pub(crate) fn forget_webhook(&self, channel: &str) {
        let mut known = self.known();
        known.webhooks.remove(channel);
        known.no_webhook.remove(channel);
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

    /// The gateway told of a channel: what was refused in it may be possible now.
    pub(crate) fn heard_of_channel(&self, channel: &Value) {
        if let Some(id) = incoming::id(channel, "id") {
            self.known().forgotten.remove(id);
        }
    }

    /// Learns from a channel object; `guild` where the object does not say it.
    pub(crate) fn learn_channel(&self, channel: &Value, guild: Option<&str>) {
        let Some(id) = incoming::id(channel, "id") else { return };
        let mut known = self.known();
        if let Some(guild) = incoming::id(channel, "guild_id").or(guild) {
            known.guild_of.insert(id.to_owned(), guild.to_owned());
        }
        let kind = incoming::channel_type(channel);
        if let Some(kind) = kind {
            known.kinds.insert(id.to_owned(), kind);
        }
        if let Some(name) = incoming::text(channel, "name") {
            known.channels.insert(id.to_owned(), name.to_owned());
        }
        if let Some(required) = incoming::required_tag(channel) {
            known.required_tags.insert(id.to_owned(), required);
        }
        if kind.is_some_and(incoming::holds_posts) {
            let newest = incoming::id(channel, "last_message_id").map(str::to_owned);
            known.forums.insert(id.to_owned(), newest);
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

    /// How a channel looked when the listener last heard of it in this process.
    pub(crate) fn look(&self, channel: &str) -> Option<ChannelAppearance> {
        self.known().looks.get(channel).cloned()
    }

    /// The listener has heard how a channel looks now.
    pub(crate) fn learn_look(&self, channel: &str, look: ChannelAppearance) {
        self.known().looks.insert(channel.to_owned(), look);
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
        self.known().kinds.get(channel).map(|kind| incoming::holds_posts(*kind))
    }

    /// The tag that a new post of a forum has to have: the first that everybody may give.
    pub(crate) fn required_tag(&self, forum: &str) -> Option<String> {
        self.known().required_tags.get(forum).cloned().flatten()
    }

    /// The channel is a thread that was there when it was last heard of.
    pub(crate) fn is_thread(&self, channel: &str) -> bool {
        self.known().kinds.get(channel).is_some_and(|kind| incoming::is_thread(*kind))
    }

    /// The channel may be gone: it is asked for again.
    /// `false` when nothing is known of it but what was asked for after the last time.
    pub(crate) fn forget_channel(&self, channel: &str) -> bool {
        let mut known = self.known();
        known.kinds.remove(channel);
        known.forgotten.insert(channel.to_owned())
    }

    pub(crate) fn learn_guild_of(&self, channel: &str, guild: &str) {
        self.known().guild_of.insert(channel.to_owned(), guild.to_owned());
    }

    /// The server is being described; `false` when it was already.
    pub(crate) fn begin_server(&self, guild: &str) -> bool {
        self.known().described.insert(guild.to_owned())
    }

    /// What a server knows about an account, as far as it was heard.
    pub(crate) fn member(&self, guild: &str, user: &str) -> Option<Value> {
        self.known().members.get(&(guild.to_owned(), user.to_owned())).cloned()
    }

    /// Remembers what a server knows about an account: the name and picture chosen for it.
    pub(crate) fn keep_member(&self, guild: &str, user: &str, member: &Value) {
        let mut known = self.known();
        if known.members.len() >= MEMBERS {
            known.members.clear();
        }
        let shown = json!({"nick": member.get("nick"), "avatar": member.get("avatar")});
        known.members.insert((guild.to_owned(), user.to_owned()), shown);
    }

    /// Learns from what has an author or a user, and what the server knows about them.
    pub(crate) fn learn_member(&self, guild: &str, data: &Value) {
        let Some(member) = data.get("member").filter(|member| member.is_object()) else { return };
        let user = data.get("author").or_else(|| member.get("user"));
        if let Some(user) = user.and_then(|user| incoming::id(user, "id")) {
            self.keep_member(guild, user, member);
        }
    }

    /// Remembers what a webhook looks like; what is known first counts.
    pub(crate) fn keep_webhook_face(&self, webhook: &str, face: WebhookFace) {
        self.known().webhook_faces.entry(webhook.to_owned()).or_insert(face);
    }

    /// Learns from a role object.
    pub(crate) fn learn_role(&self, role: &Value) {
        if let Some((id, role)) = incoming::id(role, "id").zip(incoming::role(role)) {
            self.known().roles.insert(id.to_owned(), role);
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
        let spoken =
            |mark| words.split(mark).skip(1).filter_map(|rest: &str| rest.split('>').next());
        let from =
            message.get("message_reference").and_then(|from| incoming::id(from, "channel_id"));
        let chats = spoken("<#").chain(from).filter_map(|id| known.channels.get_key_value(id));
        let chats = chats.map(|(id, name)| (id.clone(), name.clone())).collect();
        let roles = spoken("<@&").filter_map(|id| known.roles.get_key_value(id));
        let roles = roles.map(|(id, role)| (id.clone(), role.clone())).collect();
        Names { chats, roles, ..Names::default() }
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
