// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message of the Bot API to the model: any JSON, else any text with any entities.
#![no_main]

use bridge_telegram::convert::incoming::{Us, read};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const KINDS: [&str; 10] = [
    "bold", "italic", "pre", "code", "blockquote", "expandable_blockquote", "spoiler",
    "text_link", "custom_emoji", "text_mention",
];

fuzz_target!(|bytes: &[u8]| {
    let message = serde_json::from_slice(bytes).unwrap_or_else(|_| message(bytes));
    let us = Us { id: 1, username: "bot".to_owned() };
    let reading = read(&json!({ "update_id": 1, "message": message }), &us);
    for event in reading.events {
        if let bridge_model::Content::Posted(message) = event.content {
            // What comes out of a converter is canonical.
            assert_eq!(message.body.clone().normalise(), message.body);
        }
    }
});

/// Four bytes an entity, up to a zero; the rest is text.
fn message(bytes: &[u8]) -> Value {
    let cut = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (marks, text) = bytes.split_at(cut);
    let entities: Vec<Value> = marks
        .chunks_exact(3)
        .map(|mark| {
            json!({
                "type": KINDS[usize::from(mark[0]) % KINDS.len()], "offset": mark[1], "length": mark[2],
                "url": "https://x.example", "custom_emoji_id": "5", "language": "rs",
                "user": { "id": 5, "is_bot": false, "first_name": "A" },
            })
        })
        .collect();
    json!({
        "message_id": 5, "date": 1, "chat": { "id": -100, "type": "supergroup", "title": "t" },
        "from": { "id": 7, "is_bot": false, "first_name": "B" },
        "text": String::from_utf8_lossy(text), "entities": entities,
    })
}
