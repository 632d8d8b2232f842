// SPDX-License-Identifier: AGPL-3.0-or-later
//! People who say something on one side, in numbered words.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bot_core::clock::{Clock, SystemClock};
use bridge_model::Place;
use tokio::sync::Notify;

use super::probe::{Probe, WORD};
use super::process::HS_TOKEN;
use super::stubs::{CHANNELS, GUILD, Inbox};
use super::wire::Caller;

/// When Discord's ids begin, in milliseconds since 1970.
const DISCORD_EPOCH: i64 = 1_420_070_400_000;
/// Events in a transaction.
const EVENTS: usize = 100;

/// What joins two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    TelegramToMatrix,
    DiscordToMatrix,
    MatrixToTelegram,
    MatrixToDiscord,
}

impl Direction {
    pub(crate) const ALL: [Self; 4] = [
        Self::TelegramToMatrix,
        Self::DiscordToMatrix,
        Self::MatrixToTelegram,
        Self::MatrixToDiscord,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TelegramToMatrix => "telegram-matrix",
            Self::DiscordToMatrix => "discord-matrix",
            Self::MatrixToTelegram => "matrix-telegram",
            Self::MatrixToDiscord => "matrix-discord",
        }
    }

    pub(crate) fn has_telegram(self) -> bool {
        matches!(self, Self::TelegramToMatrix | Self::MatrixToTelegram)
    }

    pub(crate) fn portal(self, room: u64) -> (Place, Place) {
        let remote = if self.has_telegram() {
            Place::new("telegram", group(room).to_string())
        } else {
            Place::new("discord", (CHANNELS + room).to_string())
        };
        (Place::new("matrix", format!("!r{room}:localhost")), remote)
    }
}

fn group(room: u64) -> i64 {
    -1_001_000_000_000 - i64::try_from(room).unwrap_or_default()
}

/// Where people's words go.
pub(crate) enum Ear {
    Telegram(Arc<Inbox>),
    Discord(Arc<Outbox>),
    Matrix(Arc<Outbox>),
}

/// Events that are not delivered yet, each with the number of its message.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: Mutex<VecDeque<(u64, String)>>,
    came: Notify,
}

impl Outbox {
    fn push(&self, number: u64, json: String) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((number, json));
        drop(waiting);
        self.came.notify_one();
    }

    /// The next ones, `most` at most; waits until there is one.
    pub(crate) async fn next(&self, most: usize) -> Vec<(u64, String)> {
        loop {
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let many = waiting.len().min(most);
                if many > 0 {
                    return waiting.drain(..many).collect();
                }
            }
            self.came.notified().await;
        }
    }
}

/// Delivers one transaction after the other, as a homeserver does.
pub(crate) async fn deliver(outbox: Arc<Outbox>, to: SocketAddr, probe: Arc<Probe>) {
    let mut caller = Caller::new(to);
    let mut transaction = 0_u64;
    loop {
        let next = outbox.next(EVENTS).await;
        let (numbers, events): (Vec<u64>, Vec<String>) = next.into_iter().unzip();
        transaction += 1;
        let path = format!("/_matrix/app/v1/transactions/{transaction}");
        let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
        caller.put(&path, HS_TOKEN, &body, || probe.said(&numbers)).await;
    }
}

/// Says numbered messages.
pub(crate) struct Speaker {
    pub(crate) ear: Ear,
    pub(crate) next: Arc<AtomicU64>,
    pub(crate) rooms: u64,
}

impl Speaker {
    /// One message by one of `authors` people. Each person stays in one room.
    pub(crate) fn say(&self, number: u64, (author, salt): (u64, &str)) {
        let room = author % self.rooms;
        let text = format!("{WORD}{number} Has anybody seen the minutes of the last meeting?");
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let now = SystemClock.now().0;
        match &self.ear {
            Ear::Telegram(inbox) => {
                let (date, chat, user) = (now / 1000, group(room), person(author, salt));
                let json = format!(
                    r#"{{"update_id":{id},"message":{{"message_id":{id},"from":{{"id":{user},"is_bot":false,"first_name":"Author {author}{salt}","language_code":"en"}},"chat":{{"id":{chat},"title":"Bench","type":"supergroup"}},"date":{date},"text":"{text}"}}}}"#
                );
                inbox.push(id, number, json);
            }
            Ear::Discord(posts) => {
                let snowflake = ((now - DISCORD_EPOCH) << 22)
                    | i64::try_from(id & 0x3f_ffff).unwrap_or_default();
                let (channel, user) = (CHANNELS + room, person(author, salt));
                let json = format!(
                    r#"{{"type":0,"tts":false,"timestamp":"{}","pinned":false,"mentions":[],"mention_roles":[],"mention_everyone":false,"member":{{"roles":[],"nick":null,"joined_at":"2024-01-01T00:00:00+00:00"}},"id":"{snowflake}","flags":0,"embeds":[],"edited_timestamp":null,"content":"{text}","components":[],"channel_type":0,"channel_id":"{channel}","author":{{"username":"author{author}{salt}","id":"{user}","global_name":"Author {author}{salt}","discriminator":"0","avatar":null}},"attachments":[],"guild_id":"{GUILD}"}}"#,
                    iso(now)
                );
                posts.push(number, json);
            }
            Ear::Matrix(outbox) => {
                let json = format!(
                    r#"{{"type":"m.room.message","event_id":"$b{id}:localhost","room_id":"!r{room}:localhost","sender":"@author{author}{salt}:localhost","origin_server_ts":{now},"content":{{"msgtype":"m.text","body":"{text}","m.mentions":{{}}}},"unsigned":{{"age":5}}}}"#
                );
                outbox.push(number, json);
            }
        }
    }
}

/// The id of a person; another one for each salt.
fn person(author: u64, salt: &str) -> u64 {
    let salt = u64::try_from(salt.len()).unwrap_or_default();
    100_000_000_000 + salt * 1_000_000 + author
}

/// A moment as ISO 8601, from milliseconds since 1970 (days to dates after H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
fn iso(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (seconds, ms) = (rest / 1000, rest % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{year:04}-{month:02}-{of_month:02}T{hours:02}:{minutes:02}:{:02}.{ms:03}000+00:00",
        seconds % 60
    )
}
