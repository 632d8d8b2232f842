// SPDX-License-Identifier: AGPL-3.0-or-later
//! The six converters, each ready to be called again and again with one message.
//!
//! Used by the benchmark and by the search for the message that costs most.

use std::hint::black_box;

use bot_core::{Action, SendAs, Words};
use bridge_discord::convert::{incoming as discord, markdown, outgoing as to_discord};
use bridge_matrix::convert::{html, incoming as matrix, outgoing as to_matrix};
use bridge_model::{Author, AuthorKind, Message, Person, RichText, Timestamp};
use bridge_telegram::convert::{incoming as telegram, outgoing as to_telegram};
use serde_json::{Value, json};

/// By direction, as seen from the bridge.
pub const NAMES: [&str; 6] =
    ["telegram_in", "telegram_out", "discord_in", "discord_out", "matrix_in", "matrix_out"];

const KINDS: [&str; 10] = [
    "bold",
    "italic",
    "pre",
    "code",
    "blockquote",
    "expandable_blockquote",
    "spoiler",
    "text_link",
    "custom_emoji",
    "underline",
];

/// Length of a [`pattern`], in characters.
const PATTERN: usize = 10_000;

/// How the words of a message are written.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// As on Discord; what Matrix sends is made from it.
    Markdown(&'a str),
    /// As on Matrix.
    Html(&'a str),
}

impl Source<'_> {
    /// The words in the model.
    pub fn text(self) -> RichText {
        match self {
            Self::Markdown(words) => markdown::from_markdown(words, &markdown::Names::default()),
            Self::Html(words) => html::read(words),
        }
    }

    /// The words as they are written.
    pub fn words(&self) -> &str {
        let (Self::Markdown(words) | Self::Html(words)) = self;
        words
    }
}

/// Words of [`PATTERN`] characters: `before`, `unit` as often as there is room, `after`.
pub fn pattern(before: &str, unit: &str, after: &str) -> String {
    let ends = before.chars().count() + after.chars().count();
    let times = PATTERN.saturating_sub(ends) / unit.chars().count().max(1);
    format!("{before}{}{after}", unit.repeat(times))
}

/// One of [`NAMES`] with a message; each call converts it once.
pub fn task(converter: &str, source: Source<'_>) -> Box<dyn Fn()> {
    match converter {
        "telegram_in" => telegram_in(source.words()),
        "telegram_out" => telegram_out(source),
        "discord_in" => discord_in(source.words()),
        "discord_out" => discord_out(source),
        "matrix_in" => matrix_in(source),
        _ => matrix_out(source),
    }
}

/// With one entity for 30 characters, also beyond Telegram's own limit. Kind, place and length
/// follow from the words.
fn telegram_in(text: &str) -> Box<dyn Fn()> {
    let entity = |(number, chunk): (usize, &[u8])| {
        let seed: usize = chunk.iter().map(|byte| usize::from(*byte)).sum();
        json!({
            "type": KINDS.get(seed % KINDS.len()), "offset": number * 30 + seed % 7,
            "length": 1 + seed % 300, "url": "https://x.example", "custom_emoji_id": "5",
        })
    };
    let entities: Vec<Value> = text.as_bytes().chunks(30).enumerate().map(entity).collect();
    let chat = json!({ "id": -100, "type": "supergroup", "title": "t" });
    let raw = json!({ "update_id": 1, "message": {
        "message_id": 5, "date": 1, "chat": chat, "text": text, "entities": entities,
        "from": { "id": 77, "is_bot": false, "first_name": "Bo" },
    } });
    let us = telegram::Us { id: 1, username: "bot".to_owned() };
    Box::new(move || drop(black_box(telegram::read(black_box(&raw), &us))))
}

fn telegram_out(source: Source<'_>) -> Box<dyn Fn()> {
    let words = Words::english();
    let message = message(source);
    let act = Action::Post { send_as: voice(), message, native_reply: false, answer_via: None };
    Box::new(move || {
        let setting = to_telegram::Setting { max_upload: to_telegram::MAX_UPLOAD, words: &words };
        for call in to_telegram::calls(black_box(&act), &[], &setting) {
            drop(black_box(to_telegram::render(&call, "-100")));
        }
    })
}

fn discord_in(text: &str) -> Box<dyn Fn()> {
    let raw = json!({
        "id": "5", "channel_id": "1", "type": 0, "timestamp": "2026-01-02T03:04:05.000000+00:00",
        "author": { "id": "77", "username": "bo" }, "content": text,
    });
    let (names, ours) = (markdown::Names::default(), discord::Ours::default());
    Box::new(move || drop(black_box(discord::posted(black_box(&raw), &names, &ours, false))))
}

fn discord_out(source: Source<'_>) -> Box<dyn Fn()> {
    let (message, voice, words) = (message(source), voice(), Words::english());
    Box::new(move || drop(black_box(to_discord::render(black_box(&message), &voice, None, &words))))
}

fn matrix_in(source: Source<'_>) -> Box<dyn Fn()> {
    let content = match source {
        Source::Html(words) => json!({
            "msgtype": "m.text", "body": words, "format": "org.matrix.custom.html",
            "formatted_body": words,
        }),
        Source::Markdown(_) => {
            let parts = to_matrix::post_parts(&message(source), false, "x", &[]);
            parts.into_iter().next().map(|part| part.content).unwrap_or_default()
        }
    };
    let raw = json!({
        "type": "m.room.message", "event_id": "$1", "sender": "@a:hs", "origin_server_ts": 1,
        "content": content,
    });
    Box::new(move || {
        let own = matrix::Own {
            ghost: &|_| false,
            bot: "@bot:hs",
            command_prefix: "!freeside",
            private: false,
            name: &|_| None,
        };
        drop(black_box(matrix::events("!r:hs", black_box(&raw), &own)));
    })
}

fn matrix_out(source: Source<'_>) -> Box<dyn Fn()> {
    let message = message(source);
    Box::new(move || drop(black_box(to_matrix::post_parts(black_box(&message), false, "x", &[]))))
}

fn message(source: Source<'_>) -> Message {
    let author = Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: "Ann".to_owned(),
        username: None,
        avatar: None,
    };
    let mut message = Message::new(author, Timestamp(0));
    message.body = source.text();
    message
}

fn voice() -> SendAs {
    let person = Person::new("x", "1");
    SendAs::Person { person, name: "Ann".to_owned(), avatar_url: None, avatar: None }
}
