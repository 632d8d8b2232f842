// SPDX-License-Identifier: AGPL-3.0-or-later
//! One message is never many: markup that grows when it is written somewhere else.
//!
//! Rule: whatever a message of the largest size holds, it becomes at most ten messages, and no word is
//! lost: what does not go into them stands in the text file.

use freeside::Side;
use serde_json::{Value, json};

use crate::laws::{converted, said, shown};

/// "Size limits" of the specification; some is left for the rest of the event.
const EVENT: usize = 60_000;
/// Most messages for one message.
const MOST: usize = 10;

/// So many pieces as fit into `size` bytes, each with a word that stands nowhere else.
fn grown(size: usize, piece: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let (mut text, mut words) = (String::new(), Vec::new());
    loop {
        let word = format!("w{}w", words.len());
        let next = piece(&word);
        if text.len() + next.len() > size {
            return (text, words);
        }
        text.push_str(&next);
        words.push(word);
    }
}

/// Messages of `from` that are as large as the platform lets them be.
fn hostile(from: Side) -> Vec<(Value, Vec<String>)> {
    match from {
        Side::Matrix => of_matrix(),
        Side::Telegram => of_telegram(),
        Side::Discord => of_discord(),
    }
}

fn of_matrix() -> Vec<(Value, Vec<String>)> {
    let address = format!("https://x.example/{}", "a".repeat(2_000));
    let reason = "r".repeat(90);
    let pieces: [&dyn Fn(&str) -> String; 13] = [
        &|word| format!("{word} "),
        &|word| format!("<b>{word}</b><i>x</i>"),
        &|word| format!("<code>{word}</code> "),
        &|word| format!("<span data-mx-spoiler=\"{reason}\">{word}</span> "),
        &|word| format!("<a href=\"{address}\">{word}</a> "),
        &|word| format!("<a href=\"https://x.example/{word}\">{word}</a> "),
        &|word| format!("<ul><li>{word}<ul><li>x</li></ul></li></ul>"),
        &|word| format!("<blockquote>{word}</blockquote>"),
        &|word| format!("<h3>{word}</h3>"),
        &|word| format!("<pre><code>{word}</code></pre>"),
        &|word| format!("<table><tr><td>{word}</td></tr></table>"),
        &|word| format!("<details><summary>{word}</summary>x</details>"),
        &|word| format!("<hr><p>{word}</p>"),
    ];
    let html = pieces.map(|piece| grown(EVENT, piece));
    let deep = (0..40).fold("x".to_owned(), |inner, _| format!("<ul><li>{inner}</li></ul>"));
    let html = html.into_iter().chain([grown(EVENT, |word| format!("{word}{deep}"))]);
    html.map(|(html, words)| {
        let content = json!({
            "msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html",
            "formatted_body": html,
        });
        (content, words)
    })
    .collect()
}

fn of_telegram() -> Vec<(Value, Vec<String>)> {
    let message = |fields: Value| {
        let mut message = json!({
            "message_id": 5, "date": 1_700_000_000,
            "chat": { "id": -100_123, "type": "supergroup", "title": "t" },
            "from": { "id": 77, "is_bot": false, "first_name": "Bo" },
        });
        if let (Some(message), Value::Object(fields)) = (message.as_object_mut(), fields) {
            message.extend(fields);
        }
        message
    };
    let (text, words) = grown(4_096, |word| format!("{word} "));
    let link = format!("https://x.example/{}", "a".repeat(2_000));
    let mut at = 0;
    let entities: Vec<Value> = words
        .iter()
        .map(|word| {
            let entity =
                json!({ "type": "text_link", "offset": at, "length": word.len(), "url": link });
            at += word.len() + 1;
            entity
        })
        .collect();
    let (_, many) = grown(30_000, str::to_owned);
    let blocks: Vec<Value> =
        many.iter().map(|word| json!({ "type": "heading", "size": 3, "text": word })).collect();
    vec![
        (message(json!({ "text": text, "entities": entities })), words),
        (message(json!({ "rich_message": { "blocks": blocks } })), many),
    ]
}

fn of_discord() -> Vec<(Value, Vec<String>)> {
    let message = |content: &str, embeds: Value| {
        json!({
            "id": "1100000000000000005", "channel_id": "1100000000000000001", "type": 0,
            "timestamp": "2026-01-02T03:04:05.000000+00:00", "edited_timestamp": null,
            "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
            "attachments": [], "embeds": embeds, "pinned": false, "flags": 0, "content": content,
            "author": {
                "id": "77", "username": "bo", "discriminator": "0", "avatar": null, "bot": true,
            },
        })
    };
    let (text, words) = grown(4_000, |word| format!("**{word}** *x* ||y|| "));
    // "Embed limits": 6,000 characters in all embeds of a message.
    let (long, more) = grown(5_900, |word| format!("[{word}](https://x.example/{word}) "));
    let embed = json!({ "type": "rich", "title": "t", "description": long });
    vec![(message(&text, json!([])), words), (message("see", json!([embed])), more)]
}

fn cross(from: Side, to: Side) {
    for (number, (message, words)) in hostile(from).into_iter().enumerate() {
        let line = json!({ "id": number, "message": message });
        let (tally, answers) = converted((from, to), &format!("{line}\n"));
        assert_eq!((tally.good, tally.bad), (1, 0), "{number}: {answers:?}");
        let all = said(to, &answers[0]);
        assert!((1..=MOST).contains(&all.len()), "{number} becomes {} messages", all.len());
        let mut told: String = all.iter().flat_map(|one| shown(to, one)).collect();
        let files = answers[0]["text_files"].as_array().into_iter().flatten();
        told.extend(files.filter_map(Value::as_str));
        // A word without spaces around it may be cut between two messages.
        let told: String = told.chars().filter(|c| c.is_alphanumeric()).collect();
        let lost = words.iter().find(|word| !told.contains(word.as_str()));
        assert_eq!(lost, None, "{number}, of {} words", words.len());
    }
}

#[test]
fn a_message_of_matrix_is_never_many_messages() {
    cross(Side::Matrix, Side::Telegram);
    cross(Side::Matrix, Side::Discord);
}

#[test]
fn a_message_of_telegram_is_never_many_messages() {
    cross(Side::Telegram, Side::Matrix);
    cross(Side::Telegram, Side::Discord);
}

#[test]
fn a_message_of_discord_is_never_many_messages() {
    cross(Side::Discord, Side::Matrix);
    cross(Side::Discord, Side::Telegram);
}
