// SPDX-License-Identifier: AGPL-3.0-or-later
//! What comes from bots, other channels and Discord itself: cards, copies, system messages.
//!
//! Rule: people cannot write these; each function says who does.

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::message::{Author, COMMAND, LOADING, SUPPRESS_EMBEDS};
use super::posting::{Change, Draft};
use super::world::{Stored, World};
use super::{Channel, Guild, User, channel::done, message, render};

/// The flag of a copy from a channel that is followed.
const IS_CROSSPOST: u64 = 1 << 1;
/// The flag of a copy whose original is gone.
const SOURCE_DELETED: u64 = 1 << 3;
/// The flag of a forward.
const HAS_SNAPSHOT: u64 = 1 << 14;

impl Guild {
    /// Makes a sticker and answers with its entry in `sticker_items`. Formats: 1 PNG, 2 APNG,
    /// 3 Lottie, 4 GIF.
    pub fn sticker(&self, name: &str, format: u64, bytes: impl Into<Bytes>) -> Value {
        let (ending, mime) = match format {
            3 => ("json", "application/json"),
            4 => ("gif", "image/gif"),
            _ => ("png", "image/png"),
        };
        let bytes = bytes.into();
        let id = self.inner.with(|world| {
            let id = world.ids.next();
            let stored = Stored { mime: mime.into(), bytes, signed: false };
            world.files.insert(format!("/stickers/{id}.{ending}"), stored);
            id
        });
        json!({"id": id.to_string(), "name": name, "format_type": format})
    }
}

impl Channel {
    /// Discord says something of its own: a message of this type, such as 7 "joined".
    pub fn system(&self, user: &User, kind: u64, text: &str) -> u64 {
        let draft = Draft::new(Author::User(user.id()), text);
        self.post(user, Draft { kind, ..draft })
    }

    /// A person forwards a message of another channel here.
    ///
    /// # Errors
    /// When it is gone.
    pub fn forward(&self, user: &User, from: &Self, id: u64) -> anyhow::Result<u64> {
        self.inner.with(|world| {
            self.come_in(world, user);
            let row = world.message(from.id, id).context("the message is gone")?;
            let whole = message::rest(world, row);
            let keys = [
                "type",
                "content",
                "mentions",
                "mention_roles",
                "attachments",
                "embeds",
                "timestamp",
                "edited_timestamp",
                "flags",
                "components",
                "sticker_items",
            ];
            let copied = keys.iter().filter_map(|key| Some((*key, whole.get(*key)?.clone())));
            let mut copy: Map<String, Value> =
                copied.map(|(key, value)| (key.to_owned(), value)).collect();
            // Discord's own description asks for both.
            copy.entry("sticker_items").or_insert_with(|| json!([]));
            copy.insert("stickers".into(), json!([]));
            let mut draft = Draft::new(Author::User(user.id()), "");
            draft.flags = HAS_SNAPSHOT;
            draft.extra.insert("message_snapshots".into(), json!([{"message": copy}]));
            let mut origin = json!({
                "type": 1, "channel_id": from.id.to_string(), "message_id": id.to_string(),
            });
            let guild = world.channels.get(&from.id).and_then(|row| row.guild);
            if let (Some(guild), Some(map)) = (guild, origin.as_object_mut()) {
                map.insert("guild_id".into(), guild.to_string().into());
            }
            draft.extra.insert("message_reference".into(), origin);
            Ok(world.post(self.id, draft))
        })
    }

    /// What is published in a channel that this one follows comes here, by a webhook.
    pub fn crosspost(&self, name: &str, text: &str) -> u64 {
        let hook = self.webhook(name).id();
        let author =
            Author::Webhook { id: hook, name: name.to_owned(), avatar: None, application: None };
        let mut draft = Draft::new(author, text);
        draft.flags = IS_CROSSPOST;
        let far = json!({"type": 0, "guild_id": "81384788765712384",
            "channel_id": "81384788765712385", "message_id": "81384788765712386"});
        draft.extra.insert("message_reference".into(), far);
        self.inner.with(|world| world.post(self.id, draft))
    }

    /// The original of a copy was deleted.
    ///
    /// # Errors
    /// When the copy is gone.
    pub fn lose_source(&self, id: u64) -> anyhow::Result<()> {
        let flags = Some(IS_CROSSPOST | SOURCE_DELETED);
        let content = Some("[Original Message Deleted]".to_owned());
        let change = Change { content, flags, silent: true, ..Change::default() };
        self.inner.with(|world| done(world.change(self.id, id, change)))
    }

    /// A bot answers a command that a person gave it; `None` as text while it thinks.
    pub fn answer(&self, bot: &User, asker: &User, command: &str, text: Option<&str>) -> u64 {
        let mut draft = Draft::new(Author::User(bot.id()), text.unwrap_or_default());
        draft.kind = COMMAND;
        draft.flags = if text.is_none() { LOADING } else { 0 };
        self.inner.with(|world| {
            self.come_in(world, bot);
            let asked = world.ids.next().to_string();
            let person = render::user(world, asker.id());
            draft.extra.insert(
                "interaction_metadata".into(),
                json!({
                    "id": asked, "type": 2, "user": person, "authorizing_integration_owners": {},
                }),
            );
            draft.extra.insert(
                "interaction".into(),
                json!({
                    "id": asked, "type": 2, "name": command, "user": person,
                }),
            );
            draft.extra.insert("application_id".into(), bot.id().to_string().into());
            draft.extra.insert("webhook_id".into(), bot.id().to_string().into());
            world.post(self.id, draft)
        })
    }

    /// A bot has thought, and writes its answer.
    ///
    /// # Errors
    /// When the message is gone.
    pub fn think_over(&self, id: u64, text: &str) -> anyhow::Result<()> {
        let content = Some(text.to_owned());
        let change = Change { content, flags: Some(0), silent: true, ..Change::default() };
        self.inner.with(|world| done(world.change(self.id, id, change)))
    }

    /// The platform has found the moving picture behind an address that is all that a message says,
    /// as when somebody picked it in the client's menu: an update that is no edit. Its own proxy
    /// serves the film.
    ///
    /// # Errors
    /// When the message is gone.
    pub fn unfurl_film(&self, id: u64, film: impl Into<Bytes>) -> anyhow::Result<()> {
        let bytes = film.into();
        self.inner.with(|world| {
            let row = world.message(self.id, id).context("the message is gone")?;
            let (url, path) = (row.content.clone(), format!("/external/{id}/https/film.mp4"));
            let proxied = format!("{}{path}", world.base);
            let embed = json!({
                "type": "gifv", "url": url, "provider": {"name": "Tenor", "url": "https://tenor.co"},
                "thumbnail": {"url": "https://media.tenor.com/still.png", "width": 64, "height": 48},
                "video": {
                    "url": "https://media.tenor.com/film.mp4", "proxy_url": proxied, "width": 64,
                    "height": 48,
                },
            });
            let stored = Stored { mime: "video/mp4".into(), bytes, signed: false };
            world.files.insert(path, stored);
            let change = Change { embeds: Some(vec![embed]), silent: true, ..Change::default() };
            done(world.change(self.id, id, change))
        })
    }

    /// A moderator takes the cards of a message away.
    ///
    /// # Errors
    /// When it is gone.
    pub fn suppress(&self, id: u64) -> anyhow::Result<()> {
        let embeds = Some(Vec::new());
        let change =
            Change { embeds, flags: Some(SUPPRESS_EMBEDS), silent: true, ..Change::default() };
        self.inner.with(|world| {
            world.forget_extra(self.id, id, "embeds");
            done(world.change(self.id, id, change))
        })
    }

    /// A person replies to what stands at the top of a thread on a message.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn reply_to_top(&self, user: &User, text: &str) -> anyhow::Result<u64> {
        let top = self.inner.with_quietly(|world| {
            let rows = &world.channels.get(&self.id)?.messages;
            rows.values().find(|row| row.kind == message::THREAD_STARTER).map(|row| row.id)
        });
        Ok(self.reply(user, top.context("nothing stands at the top")?, text))
    }
}

impl World {
    fn forget_extra(&mut self, channel: u64, id: u64, key: &str) {
        if let Some(row) = self.message_mut(channel, id) {
            row.extra.remove(key);
        }
    }
}

impl super::Webhook {
    /// Posts with further fields of a message, such as `embeds` or `components`.
    pub fn say_with(&self, name: &str, text: &str, extra: &Value) -> u64 {
        let author = self.author(name);
        let mut draft = Draft::new(author, text);
        draft.extra = extra.as_object().cloned().unwrap_or_default();
        self.post(draft)
    }
}
