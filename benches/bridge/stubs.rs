// SPDX-License-Identifier: AGPL-3.0-or-later
//! A homeserver, a Bot API server and Discord's HTTP API that say yes to everything.
//!
//! Rule: they keep no state but counters. `tests/sandbox` checks what is sent; here it is only counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::probe::Probe;
use super::wire::{Answers, Asked};

/// The server that all channels are in.
pub(crate) const GUILD: &str = "500000000000000000";
/// Our application and its bot.
pub(crate) const APPLICATION: &str = "900000000000000000";
/// The first channel; the others follow.
pub(crate) const CHANNELS: u64 = 1_000_000_000_000_000_000;
/// A channel's webhook has the channel's number and this.
const WEBHOOKS: u64 = 1_000_000_000_000_000_000;
/// Updates in an answer.
const UPDATES: usize = 100;

/// What all stubs share.
pub(crate) struct Common {
    pub(crate) probe: Arc<Probe>,
    /// How long an answer takes.
    pub(crate) delay: Duration,
    /// For ids that grow.
    pub(crate) next: Arc<AtomicU64>,
}

impl Common {
    fn id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    async fn counted(&self, kind: &str, asked: &Asked<'_>) {
        self.probe.called(kind);
        self.probe.arrived(asked.body, asked.at);
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }
}

pub(crate) struct Homeserver(pub(crate) Common);

impl Answers for Homeserver {
    async fn answer(&self, asked: Asked<'_>) -> (u16, String) {
        let path = asked.path.split('?').next().unwrap_or_default();
        let path = path.trim_start_matches("/_matrix/client/");
        let parts: Vec<&str> = path.split('/').collect();
        let kind = match *parts.as_slice() {
            [_, "rooms", _, "send", ..] => "send",
            [_, "rooms", _, "state", "m.room.power_levels", ..] if asked.method == "PUT" => {
                "power levels"
            }
            [_, "rooms", _, "state", ..] if asked.method == "GET" => "state read",
            [_, "rooms", _, "state", ..] => "state set",
            [_, "rooms", _, "join" | "invite"] | [_, "join", ..] => "join",
            [_, "register"] => "register",
            [_, "profile", ..] => "profile",
            [_, "rooms", _, "messages"] => "timeline",
            _ => "other",
        };
        self.0.counted(kind, &asked).await;
        match *parts.as_slice() {
            [_, "rooms", _, "send", ..] => {
                (200, format!(r#"{{"event_id":"$e{}:localhost"}}"#, self.0.id()))
            }
            [_, "rooms", room, "state", kind, ref key @ ..] if asked.method == "GET" => {
                let key = key
                    .first()
                    .copied()
                    .unwrap_or_default()
                    .replace("%40", "@")
                    .replace("%3A", ":");
                state(room, kind, &key)
            }
            _ => (200, other(path).to_string()),
        }
    }
}

fn state(room: &str, kind: &str, key: &str) -> (u16, String) {
    let content = match kind {
        "m.room.member" => {
            let name = key.trim_start_matches('@').split(':').next().unwrap_or_default();
            json!({ "membership": "join", "displayname": name })
        }
        "m.room.create" => json!({ "room_version": "11" }),
        "m.room.power_levels" => json!({ "users": { "@freeside:localhost": 100 } }),
        _ => {
            return (
                404,
                json!({ "errcode": "M_NOT_FOUND", "error": "Event not found." }).to_string(),
            );
        }
    };
    let event = json!({
        "type": kind, "state_key": key, "room_id": room.replace("%21", "!").replace("%3A", ":"),
        "sender": "@freeside:localhost", "event_id": "$state:localhost",
        "origin_server_ts": 1, "content": content,
    });
    (200, event.to_string())
}

fn other(path: &str) -> Value {
    if path.ends_with("versions") {
        return json!({ "versions": ["v1.1", "v1.7", "v1.11"] });
    }
    if path.ends_with("register") || path.ends_with("whoami") {
        return json!({ "user_id": "@freeside:localhost", "device_id": "FREESIDE" });
    }
    if path.ends_with("ping") {
        return json!({ "duration_ms": 1 });
    }
    if path.ends_with("messages") {
        return json!({ "chunk": [], "start": "start" });
    }
    if path.ends_with("joined_rooms") {
        return json!({ "joined_rooms": [] });
    }
    if path.ends_with("members") {
        return json!({ "chunk": [], "joined": {} });
    }
    json!({ "room_id": "!r0:localhost", "event_id": "$other:localhost" })
}

/// Updates that wait to be asked for, each with its number.
#[derive(Default)]
pub(crate) struct Inbox {
    waiting: Mutex<VecDeque<(u64, u64, String)>>,
    came: Notify,
}

impl Inbox {
    pub(crate) fn push(&self, update: u64, number: u64, json: String) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((update, number, json));
        drop(waiting);
        self.came.notify_one();
    }

    /// What follows after `offset`; the numbers of the messages in it.
    fn after(&self, offset: u64) -> (Vec<u64>, String) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.front().is_some_and(|(update, ..)| *update < offset) {
            waiting.pop_front();
        }
        let some = waiting.iter().take(UPDATES);
        let (numbers, updates): (Vec<u64>, Vec<&str>) =
            some.map(|(_, number, json)| (*number, json.as_str())).unzip();
        (numbers, updates.join(","))
    }
}

pub(crate) struct BotApi {
    pub(crate) common: Common,
    pub(crate) inbox: Arc<Inbox>,
}

impl BotApi {
    /// Holds the question open until there is something.
    async fn updates(&self, body: &str) -> String {
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let offset = asked.get("offset").and_then(Value::as_u64).unwrap_or_default();
        loop {
            let (numbers, updates) = self.inbox.after(offset);
            if !numbers.is_empty() {
                self.common.probe.said(&numbers);
                return format!(r#"{{"ok":true,"result":[{updates}]}}"#);
            }
            self.inbox.came.notified().await;
        }
    }
}

impl Answers for BotApi {
    async fn answer(&self, asked: Asked<'_>) -> (u16, String) {
        let method = asked.path.rsplit('/').next().unwrap_or_default();
        if method == "getUpdates" {
            self.common.probe.called("poll");
            return (200, self.updates(asked.body).await);
        }
        self.common.counted(if method == "sendMessage" { "send" } else { "other" }, &asked).await;
        let user =
            json!({ "id": 900, "is_bot": true, "first_name": "Bench", "username": "bench_bot" });
        let result = match method {
            "sendMessage" => {
                let id = self.common.id();
                return (200, format!(r#"{{"ok":true,"result":{{"message_id":{id}}}}}"#));
            }
            "getMe" => user,
            "getChatMember" => json!({
                "status": "administrator", "user": user, "can_be_edited": false, "is_anonymous": false,
                "can_manage_chat": true, "can_delete_messages": true, "can_manage_video_chats": true,
                "can_restrict_members": true, "can_promote_members": true, "can_change_info": true,
                "can_invite_users": true, "can_pin_messages": true, "can_manage_topics": true,
            }),
            "getChat" => json!({ "id": -1000, "type": "supergroup", "title": "Bench" }),
            _ => json!(true),
        };
        (200, json!({ "ok": true, "result": result }).to_string())
    }
}

pub(crate) struct DiscordApi(pub(crate) Common);

impl Answers for DiscordApi {
    async fn answer(&self, asked: Asked<'_>) -> (u16, String) {
        let path = asked.path.split('?').next().unwrap_or_default().trim_start_matches("/api/v10/");
        let parts: Vec<&str> = path.split('/').collect();
        let posts = asked.method == "POST" && parts.first() == Some(&"webhooks");
        self.0.counted(if posts { "send" } else { "other" }, &asked).await;
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let answer = match *parts.as_slice() {
            ["webhooks", hook, _] => {
                let (id, channel) = (self.0.id(), number(hook).saturating_sub(WEBHOOKS));
                return (200, format!(r#"{{"id":"{id}","channel_id":"{channel}"}}"#));
            }
            ["applications", "@me"] => json!({ "id": APPLICATION, "bot": { "id": APPLICATION } }),
            ["users", "@me"] => json!({ "id": APPLICATION, "username": "bench", "bot": true }),
            ["channels", channel, "webhooks"] => {
                let hook = number(channel).saturating_add(WEBHOOKS).to_string();
                json!([{
                    "id": hook, "type": 1, "token": "token", "application_id": APPLICATION,
                    "channel_id": channel, "guild_id": GUILD, "name": "Freeside",
                }])
            }
            ["channels", _, "messages" | "pins"] | ["applications", ..] => json!([]),
            ["channels", channel] => channel_json(number(channel)),
            ["guilds", _] => guild_json(),
            ["guilds", _, "channels"] => json!([channel_json(CHANNELS)]),
            ["guilds", _, "threads", "active"] => json!({ "threads": [], "members": [] }),
            ["guilds", _, "members", user] => json!({ "user": { "id": user }, "roles": [] }),
            _ => json!({}),
        };
        (200, answer.to_string())
    }
}

pub(crate) fn channel_json(channel: u64) -> Value {
    json!({ "id": channel.to_string(), "type": 0, "guild_id": GUILD, "name": "bench", "position": 0,
            "permission_overwrites": [] })
}

pub(crate) fn guild_json() -> Value {
    json!({
        "id": GUILD, "name": "Bench", "owner_id": "1", "emojis": [], "stickers": [], "features": [],
        "roles": [{ "id": GUILD, "name": "@everyone", "permissions": "2251799813685247", "position": 0 }],
    })
}
