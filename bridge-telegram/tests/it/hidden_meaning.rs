// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message means besides its words, read from the wire: that it is forwarded or an answer,
//! what stands beside a poll, what service messages tell, what is not for everybody.

use bridge_model::{Block, Card, MediaKind, Note, Service};
use serde_json::{Value, json};

use crate::wire::{GROUP, said, update};

fn photo(id: &str) -> Value {
    json!([{ "file_id": id, "file_unique_id": id, "width": 800, "height": 600, "file_size": 1000 }])
}

fn from_bob(fields: &Value) -> Value {
    let mut message = json!({ "message_id": 4, "date": 1_700_000_000,
        "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "from": { "id": 8, "is_bot": false, "first_name": "Bob" } });
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    message
}

#[test]
fn a_forward_without_a_name_is_still_a_forward() {
    for origin in [
        json!({ "type": "hidden_user", "date": 1 }),
        json!({ "type": "new_kind", "date": 1 }),
        json!({ "type": "hidden_user", "date": 1, "sender_user_name": "\u{3164}" }),
        json!({}),
    ] {
        let message = said(&json!({ "text": "old words", "forward_origin": origin }));
        assert_eq!(message.forwarded.unwrap().from, "?", "{origin}");
    }
}

#[test]
fn what_is_answered_without_words_is_named_by_its_kind() {
    let file = json!({ "file_id": "f", "file_unique_id": "f", "file_name": "plan.pdf" });
    for (answered, line) in [
        (json!({ "photo": photo("p") }), "🖼"),
        (json!({ "voice": file }), "🎤"),
        (json!({ "document": file }), "📄 plan.pdf"),
        (json!({ "animation": file, "document": file }), "🎞"),
        (json!({ "sticker": { "file_id": "s", "emoji": "🐈" } }), "🏷 🐈"),
        (json!({ "venue": { "title": "Hall" }, "location": {} }), "📍 Hall"),
        (json!({ "checklist": { "title": "Shop", "tasks": [] } }), "☑ Shop"),
        (json!({ "story": {} }), "🔵"),
    ] {
        let reply = json!({ "text": "nice", "reply_to_message": from_bob(&answered) });
        let reply = said(&reply).reply_to.unwrap();
        assert_eq!(reply.name.as_deref(), Some("Bob"));
        assert_eq!(reply.excerpt.unwrap().plain(), line);
        let mut external = answered.clone();
        let user = json!({ "id": 8, "is_bot": false, "first_name": "Bob" });
        let origin = json!({ "type": "user", "date": 1, "sender_user": user });
        external.as_object_mut().unwrap().insert("origin".to_owned(), origin);
        let reply = said(&json!({ "text": "see", "external_reply": external })).reply_to.unwrap();
        assert_eq!(
            (reply.name.as_deref(), reply.excerpt.unwrap().plain().as_str()),
            (Some("Bob"), line)
        );
    }
    let story = json!({ "chat": { "id": -5, "type": "channel", "title": "News" }, "id": 4 });
    let reply = said(&json!({ "text": "see", "reply_to_story": story })).reply_to.unwrap();
    assert_eq!(reply.excerpt.unwrap().plain(), "🔵");
}

#[test]
fn only_our_own_bot_relays_names() {
    let bold = json!([{ "type": "bold", "offset": 0, "length": 6 }]);
    let bot = |id: u64| {
        json!({ "from": { "id": id, "is_bot": true, "first_name": "Bot" },
            "text": "Alert:\nserver down", "entities": bold })
    };
    let name = |id| said(&json!({ "text": "why", "reply_to_message": from_bob(&bot(id)) }));
    assert_eq!(name(555).reply_to.unwrap().name.as_deref(), Some("Bot"));
    assert_eq!(name(7).reply_to.unwrap().name.as_deref(), Some("Alert"));
}

#[test]
fn a_later_piece_of_a_relayed_message_names_its_author() {
    let piece = json!({ "from": { "id": 7, "is_bot": true, "first_name": "Freeside" },
        "text": "Mallory (2/3):\nand so on",
        "entities": [{ "type": "italic", "offset": 0, "length": 14 }] });
    let reply = said(&json!({ "text": "why", "reply_to_message": from_bob(&piece) }));
    let reply = reply.reply_to.unwrap();
    assert_eq!(reply.name.as_deref(), Some("Mallory"));
    assert_eq!(reply.excerpt.unwrap().plain(), "and so on");
}

fn poll(fields: &Value) -> Value {
    let mut poll = json!({ "id": "5", "question": "Which?", "is_closed": false, "type": "regular",
        "options": [{ "persistent_id": "a", "text": "One", "voter_count": 0 },
            { "persistent_id": "b", "text": "Two", "voter_count": 0 }] });
    poll.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "poll": poll })
}

fn with_media(media: &Value) -> Value {
    let option = json!({ "persistent_id": "b", "text": "Two", "voter_count": 0, "media": media });
    poll(&json!({ "options": [option] }))
}

#[test]
fn what_is_attached_to_an_answer_is_told_with_its_words() {
    let link = said(&with_media(&json!({ "link": { "url": "https://example.org/two" } })));
    assert_eq!(link.body.plain(), "• Two: https://example.org/two");
    let place = json!({ "latitude": 1.5, "longitude": 2.5 });
    let venue = json!({ "venue": { "location": place, "title": "Hall", "address": "Main St" } });
    let venue = said(&with_media(&venue)).body.plain();
    assert!(venue.starts_with("• Two: Hall, Main St"), "{venue}");
    let picture = said(&with_media(&json!({ "photo": photo("p") })));
    assert_eq!((picture.media.len(), picture.body.plain().as_str()), (1, "• Two: 📎"));
    assert!(matches!(picture.card, Some(Card::Poll(_))));
    let description =
        json!({ "description": "About", "media": { "link": { "url": "https://a.example/" } } });
    assert_eq!(said(&poll(&description)).body.plain(), "About\n\nhttps://a.example/");
}

#[test]
fn the_explanation_of_a_quiz_is_hidden_until_it_is_closed() {
    let quiz = |closed| {
        poll(&json!({ "type": "quiz", "is_closed": closed, "explanation": "two is even" }))
    };
    let hidden = |closed| {
        let message = said(&quiz(closed));
        assert_eq!(message.notes, [Note::Quiz]);
        let body = message.body;
        assert_eq!(body.plain(), "two is even");
        let [Block::Paragraph(spans)] = body.0.as_slice() else { panic!("{body:?}") };
        spans[0].style.spoiler.is_some()
    };
    assert!(hidden(false) && !hidden(true));
}

#[test]
fn what_one_member_sees_is_told_to_nobody() {
    let gift = json!({ "gift": { "gift": { "id": "1" }, "text": "secret", "is_private": true } });
    let gift = said(&gift);
    assert!(gift.body.is_empty());
    assert_eq!(gift.notes, [Note::Gift]);
    for field in ["ephemeral_message_id", "receiver_user"] {
        let value = if field == "receiver_user" { json!({ "id": 1 }) } else { json!(99) };
        let reading = update(&json!({ "text": "for you", field: value, "message_id": 0 }));
        assert_eq!(reading.events, [], "{field}");
    }
}

#[test]
fn words_of_service_messages_cross() {
    for (field, value, words) in [
        ("checklist_tasks_added", json!({ "tasks": [{ "id": 3, "text": "eggs" }] }), "• ☐ eggs"),
        (
            "poll_option_added",
            json!({ "option_persistent_id": "x", "option_text": "Maybe" }),
            "➕ Maybe",
        ),
        (
            "poll_option_deleted",
            json!({ "option_persistent_id": "x", "option_text": "No" }),
            "➖ No",
        ),
        ("suggested_post_declined", json!({ "comment": "too long" }), "too long"),
        ("giveaway_completed", json!({ "winner_count": 3 }), "🏆 3"),
    ] {
        let line = said(&json!({ field: value }));
        assert_eq!(line.body.plain(), words, "{field}");
        assert_eq!(line.notes, [Note::Service(Service::Other)], "{field}");
        let empty = said(&json!({ field: {} }));
        assert_eq!(empty.notes, [Note::Service(Service::Other)], "{field}");
    }
}

#[test]
fn people_of_service_messages_are_named_where_the_policy_for_names_sees_them() {
    let user = |id: u64, name: &str| json!({ "id": id, "is_bot": false, "first_name": name });
    for (field, value, (sign, names, metres)) in [
        ("chat_owner_changed", json!({ "new_owner": user(8, "Bob") }), ("👑", vec!["Bob"], None)),
        ("chat_owner_left", json!({ "new_owner": user(8, "Bob") }), ("👑", vec!["Bob"], None)),
        (
            "video_chat_participants_invited",
            json!({ "users": [user(8, "Bob"), user(9, "Cy")] }),
            ("📞", vec!["Bob", "Cy"], None),
        ),
        (
            "proximity_alert_triggered",
            json!({ "traveler": user(8, "Bob"), "watcher": user(9, "Cy"), "distance": 50 }),
            ("📍", vec!["Bob", "Cy"], Some(50)),
        ),
    ] {
        let line = said(&json!({ field: value }));
        let names = names.into_iter().map(str::to_owned).collect();
        let about = Service::About { sign: sign.to_owned(), names, metres };
        assert_eq!(line.notes, [Note::Service(about), Note::Service(Service::Other)], "{field}");
        assert!(line.body.is_empty(), "{field}");
        let empty = said(&json!({ field: {} }));
        assert_eq!(empty.notes, [Note::Service(Service::Other)], "{field}");
    }
}

#[test]
fn files_without_a_media_type_have_that_of_the_platform() {
    let file = |name: &str| json!({ "file_id": "f", "file_unique_id": "f", "file_name": name });
    let mime = |message: &Value| said(message).media[0].mime.clone();
    assert_eq!(mime(&json!({ "video": file("v") })).as_deref(), Some("video/mp4"));
    assert_eq!(mime(&json!({ "animation": file("a") })).as_deref(), Some("video/mp4"));
    assert_eq!(mime(&json!({ "animation": file("a.GIF") })).as_deref(), Some("image/gif"));
    assert_eq!(mime(&json!({ "audio": file("a") })).as_deref(), Some("audio/mpeg"));
    assert_eq!(mime(&json!({ "document": file("d") })), None);
    assert_eq!(mime(&json!({ "document": file("d.HEIC") })).as_deref(), Some("image/heic"));
}

#[test]
fn a_document_is_no_moving_sticker_whatever_it_says() {
    let file =
        json!({ "file_id": "f", "file_unique_id": "f", "mime_type": "Application/X-TGSticker" });
    for field in ["document", "video", "animation", "audio", "voice"] {
        let message = said(&json!({ field: file }));
        assert_ne!(message.media[0].mime.as_deref(), Some("application/x-tgsticker"), "{field}");
    }
}

#[test]
fn what_a_button_does_is_told() {
    let markup = |button: Value| {
        said(&json!({ "text": "pick", "reply_markup": { "inline_keyboard": [[button]] } }))
            .body
            .plain()
    };
    assert!(
        markup(json!({ "text": "Copy", "copy_text": { "text": "CODE123" } }))
            .contains("Copy: CODE123")
    );
    for inner in ["web_app", "login_url"] {
        let text = markup(json!({ "text": "Open", inner: { "url": "https://app.example/" } }));
        assert!(text.contains("https://app.example/"), "{inner}");
    }
}

#[test]
fn an_open_live_photo_of_a_paid_post_crosses() {
    let live = json!({ "file_id": "v", "file_unique_id": "v", "photo": photo("p") });
    let item = json!({ "type": "live_photo", "live_photo": live });
    let message = said(&json!({ "paid_media": { "star_count": 5, "paid_media": [item] } }));
    let kinds: Vec<_> = message.media.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [MediaKind::Image, MediaKind::Video]);
}

#[test]
fn an_account_without_a_name_is_told_apart_and_not_named_by_its_id() {
    for name in ["", " ", "\u{3164}", "\u{200d}\u{2060}"] {
        let user = json!({ "id": 987_654_321, "is_bot": false, "first_name": name });
        let author = said(&json!({ "text": "hi", "from": user })).author;
        assert_eq!(author.name, "user 21");
    }
    let user = json!({ "id": 8, "is_bot": false, "first_name": "\u{3164}", "username": "bob" });
    assert_eq!(said(&json!({ "text": "hi", "from": user })).author.name, "bob");
}

fn rich(blocks: &Value) -> Value {
    json!({ "rich_message": { "blocks": blocks } })
}

fn paragraph(text: &Value) -> Value {
    json!({ "type": "paragraph", "text": text })
}

#[test]
fn what_is_raised_is_no_digit_of_the_number() {
    let power = paragraph(&json!(["10", { "type": "superscript", "text": "5" }, " m"]));
    assert_eq!(said(&rich(&json!([power]))).body.plain(), "10⁵ m");
    let water = paragraph(&json!(["H", { "type": "subscript", "text": "2" }, "O"]));
    assert_eq!(said(&rich(&json!([water]))).body.plain(), "H₂O");
}

#[test]
fn addresses_and_numbers_below_other_words_are_shown() {
    let mail =
        json!({ "type": "email_address", "text": "mail me", "email_address": "a@example.org" });
    assert!(said(&rich(&json!([paragraph(&mail)]))).body.plain().contains("a@example.org"));
    let call = json!({ "type": "phone_number", "text": "call me", "phone_number": "+123" });
    assert_eq!(said(&rich(&json!([paragraph(&call)]))).body.plain(), "call me (+123)");
    let same = json!({ "type": "phone_number", "text": "+1 23", "phone_number": "+123" });
    assert_eq!(said(&rich(&json!([paragraph(&same)]))).body.plain(), "+1 23");
}

#[test]
fn a_rich_message_is_never_nothing() {
    let inner = json!([{ "type": "steps", "items": [{ "blocks": [paragraph(&json!("inner"))] }] }]);
    assert_eq!(said(&rich(&inner)).body.plain(), "inner");
    for blocks in [json!([{ "type": "hologram", "beam": 5 }]), json!([]), json!(null)] {
        assert_eq!(said(&rich(&blocks)).notes, [Note::Unknown], "{blocks}");
    }
}

#[test]
fn the_numbers_of_items_are_those_of_the_author() {
    let item = |label: &str, value: i64, kind: &str, text: &str| json!({ "label": label, "value": value, "type": kind, "blocks": [paragraph(&json!(text))] });
    let list =
        |items: Value| said(&rich(&json!([{ "type": "list", "items": items }]))).body.plain();
    let gap = list(json!([
        item("3.", 3, "1", "three"),
        item("4.", 4, "1", "four"),
        item("7.", 7, "1", "seven")
    ]));
    assert_eq!(gap, "3. three\n4. four\n7. seven");
    let letters = list(json!([item("a.", 1, "a", "one"), item("b.", 2, "a", "two")]));
    assert!(letters.contains("a. one") && letters.contains("b. two"), "{letters}");
}

#[test]
fn cells_over_rows_and_columns_keep_the_others_in_their_columns() {
    let cell = |text: &str, rows: u64, columns: u64| json!({ "text": text, "rowspan": rows, "colspan": columns });
    let table = |rows: Value| {
        let body = said(&rich(&json!([{ "type": "table", "cells": rows }]))).body;
        let [Block::Table { rows, .. }] = body.0.as_slice() else { panic!("{body:?}") };
        rows.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(table(json!([[cell("R", 2, 1), cell("1", 1, 1)], [cell("2", 1, 1)]])), [2, 2]);
    assert_eq!(
        table(json!([[cell("C", 1, 3)], [cell("1", 1, 1), cell("2", 1, 1), cell("3", 1, 1)]])),
        [3, 3]
    );
    let huge = table(json!([[cell("x", u64::MAX, u64::MAX)], [cell("y", 1, 1)]]));
    assert!(huge.iter().all(|columns| *columns <= 101), "{huge:?}");
}
