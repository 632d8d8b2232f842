// SPDX-License-Identifier: AGPL-3.0-or-later
//! What one message costs in each converter: `cargo bench --bench convert`.
//!
//! Rule: the last three samples are the same text 1, 10 and 60 KB long; ten times the text may
//! take about ten times as long, and no more.

use bot_core::{Action, SendAs, Words};
use bridge_discord::convert::{incoming as discord, markdown, outgoing as to_discord};
use bridge_matrix::convert::{incoming as matrix, outgoing as to_matrix};
use bridge_model::{Author, AuthorKind, Message, Person, RichText, Timestamp};
use bridge_telegram::convert::{incoming as telegram, outgoing as to_telegram};
use divan::{Bencher, black_box};
use serde_json::{Value, json};

const SAMPLES: [&str; 6] = ["short", "typical", "hostile", "1 KB", "10 KB", "60 KB"];
const PARAGRAPH: &str =
    "Some words, **bold ones**, *others*, `code` and [a link](https://x.example).\n\n";

fn main() {
    divan::main();
}

/// The sample as Markdown of Discord.
fn words(sample: &str) -> String {
    let filled = |bytes: usize| PARAGRAPH.repeat(bytes / PARAGRAPH.len() + 1);
    match sample {
        "short" => "hello".to_owned(),
        "typical" => PARAGRAPH.repeat(3),
        "hostile" => "**_`|| > [<@1> ~~ \\* ]( ```".repeat(40),
        "1 KB" => filled(1_000),
        "10 KB" => filled(10_000),
        _ => filled(60_000),
    }
}

fn text(sample: &str) -> RichText {
    markdown::from_markdown(&words(sample), &markdown::Names::default())
}

fn message(sample: &str) -> Message {
    let author = Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: "Ann".to_owned(),
        username: None,
        avatar: None,
    };
    let mut message = Message::new(author, Timestamp(0));
    message.body = text(sample);
    message
}

fn voice() -> SendAs {
    let person = Person::new("x", "1");
    SendAs::Person { person, name: "Ann".to_owned(), avatar_url: None, avatar: None }
}

fn of_discord(sample: &str) -> Value {
    json!({
        "id": "5", "channel_id": "1", "type": 0, "timestamp": "2026-01-02T03:04:05.000000+00:00",
        "author": { "id": "77", "username": "bo" }, "content": words(sample),
    })
}

/// With as many entities as the text has styles, also beyond Telegram's own limit.
fn of_telegram(sample: &str) -> Value {
    let text = words(sample);
    let entities: Vec<Value> = (0..text.len() / 30)
        .map(|number| json!({ "type": "bold", "offset": number * 30, "length": 10 }))
        .collect();
    let chat = json!({ "id": -100, "type": "supergroup", "title": "t" });
    json!({ "update_id": 1, "message": {
        "message_id": 5, "date": 1, "chat": chat, "text": text, "entities": entities,
        "from": { "id": 77, "is_bot": false, "first_name": "Bo" },
    } })
}

fn of_matrix(sample: &str) -> Value {
    let content = to_matrix::post_parts(&message(sample), false, "x", &[]);
    let content = content.into_iter().next().map(|part| part.content);
    json!({ "type": "m.room.message", "event_id": "$1", "sender": "@a:hs", "origin_server_ts": 1, "content": content })
}

#[divan::bench(args = SAMPLES)]
fn telegram_in(bencher: Bencher<'_, '_>, sample: &str) {
    let raw = of_telegram(sample);
    let us = telegram::Us { id: 1, username: "bot".to_owned() };
    bencher.bench(|| telegram::read(black_box(&raw), &us));
}

#[divan::bench(args = SAMPLES)]
fn telegram_out(bencher: Bencher<'_, '_>, sample: &str) {
    let words = Words::english();
    let setting = to_telegram::Setting { max_upload: to_telegram::MAX_UPLOAD, words: &words };
    let act = Action::Post {
        send_as: voice(),
        message: message(sample),
        native_reply: false,
        answer_via: None,
    };
    bencher.bench(|| {
        let calls = to_telegram::calls(black_box(&act), &[], &setting);
        calls.iter().filter_map(|call| to_telegram::render(call, "-100")).collect::<Vec<_>>()
    });
}

#[divan::bench(args = SAMPLES)]
fn discord_in(bencher: Bencher<'_, '_>, sample: &str) {
    let raw = of_discord(sample);
    let (names, ours) = (markdown::Names::default(), discord::Ours::default());
    bencher.bench(|| discord::posted(black_box(&raw), &names, &ours, false));
}

#[divan::bench(args = SAMPLES)]
fn discord_out(bencher: Bencher<'_, '_>, sample: &str) {
    let (message, send_as, words) = (message(sample), voice(), Words::english());
    bencher.bench(|| to_discord::render(black_box(&message), &send_as, None, &words));
}

#[divan::bench(args = SAMPLES)]
fn matrix_in(bencher: Bencher<'_, '_>, sample: &str) {
    let raw = of_matrix(sample);
    let own = matrix::Own {
        ghost: &|_| false,
        bot: "@bot:hs",
        command_prefix: "!freeside",
        private: false,
        name: &|_| None,
    };
    bencher.bench_local(|| matrix::events("!r:hs", black_box(&raw), &own));
}

#[divan::bench(args = SAMPLES)]
fn matrix_out(bencher: Bencher<'_, '_>, sample: &str) {
    let message = message(sample);
    bencher.bench(|| to_matrix::post_parts(black_box(&message), false, "x", &[]));
}

#[divan::bench(args = SAMPLES)]
fn normalise(bencher: Bencher<'_, '_>, sample: &str) {
    let text = text(sample);
    bencher.with_inputs(|| text.clone()).bench_values(RichText::normalise);
}

#[divan::bench(args = SAMPLES)]
fn restrict(bencher: Bencher<'_, '_>, sample: &str) {
    let (text, able) = (text(sample), bridge_telegram::capabilities(false).text);
    bencher.bench(|| black_box(&text).restrict(&able));
}

#[divan::bench(args = SAMPLES)]
fn split(bencher: Bencher<'_, '_>, sample: &str) {
    let text = text(sample);
    bencher.bench(|| black_box(&text).split(2000, &|piece| piece.plain().chars().count()));
}
