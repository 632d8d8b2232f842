// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each field does what its row says: with it and without it, other people see another thing, a line
//! of the bridge, or the same.

#![expect(clippy::panic, reason = "a row without a sample fails its test")]

use bridge_discord::convert::coverage::{ATTACHMENT_FIELDS, EMBED_FIELDS, Fate, MESSAGE_FIELDS};
use bridge_discord::convert::incoming::{Ours, created, edited};
use bridge_discord::convert::markdown::Names;
use bridge_model::Content;
use serde_json::{Value, json};

const PROXY: &str = "466378653216014359";
const CDN: &str = "https://cdn.discordapp.com";

/// All that other networks are told of a message.
fn told(message: &Value) -> (String, bool) {
    let ours = Ours { cdn: CDN.into(), proxies: vec![PROXY.into()], ..Ours::default() };
    let names = Names::default();
    let mut events = created(message, &names, &ours, false);
    events.extend(edited(message, &names, &ours));
    let has_line = |content: &Content| content.message().is_some_and(|it| !it.notes.is_empty());
    // `Debug` does not show ids.
    let shown = serde_json::to_string(&events).unwrap();
    (shown, events.iter().any(|event| has_line(&event.content)))
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(field.to_owned(), value);
    object
}

fn message(more: Value) -> Value {
    let message = json!({
        "id": "1400000000000000000", "channel_id": "2", "type": 0, "content": "words",
        "author": {"id": "5", "username": "ann"},
    });
    let Value::Object(more) = more else { panic!("fields") };
    more.into_iter().fold(message, |message, (field, value)| with(message, &field, value))
}

/// What `field` is beside, and a value of it.
fn sample_of_message(field: &str) -> (Value, Value) {
    let bot = json!({"id": "5", "username": "ann", "bot": true});
    let answered = json!({"id": "3", "content": "old", "author": {"id": "6", "username": "bo"}});
    match field {
        "application_id" => (json!({"webhook_id": "9"}), json!(PROXY)),
        "attachments" => (json!({}), json!([attachment()])),
        "author" => (json!({}), json!({"id": "6", "username": "bo"})),
        "channel_id" => (json!({}), json!("3")),
        "components" => (json!({}), json!([{"type": 10, "content": "laid out"}])),
        "content" => (json!({}), json!("other words")),
        "edited_timestamp" => (json!({}), json!("2026-01-02T03:04:05+00:00")),
        "embeds" => (json!({"author": bot}), json!([card()])),
        "flags" => (json!({}), json!(1 << 12)),
        "guild_id" => (json!({"member": {"avatar": "abc"}}), json!("4")),
        "id" => (json!({}), json!("1400000000000000001")),
        "interaction" => {
            let user = json!({"id": "6", "username": "bo"});
            (json!({"type": 20}), json!({"name": "forecast", "user": user}))
        }
        "interaction_metadata" => (json!({"type": 20, "content": ""}), json!({"id": "7"})),
        "activity" | "call" | "shared_client_theme" => {
            (json!({"content": ""}), json!({"party_id": "1"}))
        }
        "purchase_notification" => {
            let product = json!({"listing_id": "1", "product_name": "A map"});
            let bought = json!({"type": 0, "guild_product_purchase": product});
            (json!({"type": 44, "content": ""}), bought)
        }
        "role_subscription_data" => (json!({"type": 25, "content": ""}), json!({"tier_name": "x"})),
        "member" => (json!({"guild_id": "4"}), json!({"nick": "Annie"})),
        "mention_channels" => {
            (json!({"content": "<#77>"}), json!([{"id": "77", "name": "news", "type": 0}]))
        }
        "mention_everyone" => (json!({"content": "@everyone"}), json!(true)),
        "mentions" => (json!({"content": "<@6>"}), json!([{"id": "6", "username": "bo"}])),
        "message_reference" => (json!({"type": 19}), json!({"message_id": "3"})),
        "message_snapshots" => (json!({}), json!([{"message": {"content": "a copy"}}])),
        "poll" => {
            let answers = json!([{"answer_id": 1, "poll_media": {"text": "yes"}}]);
            (json!({"content": ""}), json!({"question": {"text": "Well?"}, "answers": answers}))
        }
        "referenced_message" => {
            (json!({"type": 19, "message_reference": {"message_id": "3"}}), answered)
        }
        "sticker_items" => (json!({}), json!([{"id": "1", "name": "cat", "format_type": 1}])),
        "type" => (json!({}), json!(4)),
        "webhook_id" => (json!({}), json!("9")),
        "pinned" | "tts" => (json!({}), json!(true)),
        "channel_type" | "nonce" | "position" => (json!({}), json!(7)),
        "mention_roles" => (json!({}), json!(["7"])),
        "timestamp" => (json!({}), json!("2026-01-02T03:04:05+00:00")),
        "reactions" => (json!({}), json!([{"count": 1, "emoji": {"name": "x", "id": null}}])),
        "stickers" => (json!({}), json!([{"id": "1", "name": "cat"}])),
        "application" | "lobby_member" | "resolved" | "thread" => {
            (json!({}), json!({"id": "8", "name": "x"}))
        }
        other => panic!("no sample of {other}"),
    }
}

#[test]
fn every_field_of_a_message_does_what_its_row_says() {
    for (field, fate) in MESSAGE_FIELDS {
        let (beside, value) = sample_of_message(field);
        let base = message(beside);
        check(field, *fate, (base.clone(), with(base, field, value)));
    }
}

fn check(field: &str, fate: Fate, (without, with): (Value, Value)) {
    let ((before, _), (after, has_line)) = (told(&without), told(&with));
    match fate {
        Fate::Crosses => assert_ne!(before, after, "{field} does not cross"),
        Fate::Line => assert!(has_line, "{field} leaves no line: {after}"),
        Fate::Learned | Fate::Nothing => assert_eq!(before, after, "{field} is seen"),
    }
}

fn card() -> Value {
    json!({"type": "rich", "title": "A title"})
}

fn with_card(card: Value) -> Value {
    message(json!({"author": {"id": "5", "username": "ann", "bot": true}, "embeds": [card]}))
}

fn sample_of_card(field: &str) -> Value {
    match field {
        "author" => json!({"name": "A"}),
        "color" => json!(0xff_00_00),
        "components" => json!([{"type": 10, "content": "laid out"}]),
        "description" | "title" => json!("other words"),
        "fields" => json!([{"name": "n", "value": "v"}]),
        "flags" => json!(1 << 5),
        "footer" => json!({"text": "below"}),
        "image" | "video" => json!({"url": "https://example.org/a.png"}),
        "thumbnail" => json!({"url": format!("{CDN}/t.png")}),
        "timestamp" => json!("2026-01-02T03:04:05+00:00"),
        "url" => json!("https://example.org/a"),
        other => panic!("no sample of {other}"),
    }
}

#[test]
fn every_field_of_a_card_does_what_its_row_says() {
    let url = "https://tenor.com/view/a";
    let video = json!({"url": url, "proxy_url": format!("{CDN}/a.mp4")});
    let film = json!({"type": "gifv", "url": url, "video": video});
    let picked = |card: Value| message(json!({"content": url, "embeds": [card]}));
    for (field, fate) in EMBED_FIELDS {
        let pair = match *field {
            // Whose menu the film was picked from is its description.
            "provider" => {
                let named = with(film.clone(), "provider", json!({"name": "Tenor"}));
                (picked(film.clone()), picked(named))
            }
            "type" => (picked(film.clone()), picked(with(film.clone(), "type", json!("video")))),
            _ => {
                let value = sample_of_card(field);
                (with_card(card()), with_card(with(card(), field, value)))
            }
        };
        check(field, *fate, pair);
    }
}

fn attachment() -> Value {
    json!({"id": "1", "filename": "a.png", "url": format!("{CDN}/a.png"), "size": 1})
}

fn sample_of_attachment(field: &str) -> Value {
    match field {
        // The name says another one.
        "content_type" => json!("image/webp"),
        "clip_participants" => json!([{"id": "6", "username": "bo"}]),
        "duration_secs" => json!(2.5),
        "ephemeral" => json!(true),
        "flags" => json!(1 << 3),
        "height" | "width" | "size" | "placeholder_version" => json!(64),
        "id" => json!("2"),
        "url" | "proxy_url" => json!(format!("{CDN}/b.png")),
        "waveform" => json!("AH//"),
        "clip_created_at" => json!("2026-01-02T03:04:05+00:00"),
        "application" => json!({"id": "8", "name": "x"}),
        "description" | "filename" | "placeholder" | "title" => json!("other"),
        other => panic!("no sample of {other}"),
    }
}

#[test]
fn every_field_of_an_attachment_does_what_its_row_says() {
    for (field, fate) in ATTACHMENT_FIELDS {
        let one = |file: Value| message(json!({"attachments": [file]}));
        let changed = with(attachment(), field, sample_of_attachment(field));
        check(field, *fate, (one(attachment()), one(changed)));
    }
}
