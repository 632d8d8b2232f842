// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message of Discord to the model: any JSON, else any Markdown; and Markdown that is written
//! from what was read is read as the same.
#![no_main]

use bridge_discord::convert::incoming::{Ours, posted};
use bridge_discord::convert::markdown::{Names, degrade, from_markdown, to_markdown};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let names = Names::default();
    let raw = serde_json::from_slice(bytes).unwrap_or_else(|_| {
        json!({
            "id": "5", "channel_id": "1", "type": 0, "timestamp": "2026-01-02T03:04:05.000000+00:00",
            "author": { "id": "77", "username": "bo" }, "content": String::from_utf8_lossy(bytes),
        })
    });
    let _ = posted(&raw, &names, &Ours::default(), false);
    let text = degrade(&from_markdown(&String::from_utf8_lossy(bytes), &names));
    let plain = |text: &bridge_model::RichText| -> String {
        text.plain().chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let again = from_markdown(&to_markdown(&text), &names);
    assert_eq!(plain(&again), plain(&text));
});
