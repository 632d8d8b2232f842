// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each kind of message that people can send, as the wire has it.

use bridge_model::{
    Block, Card, Content, Leaf, MediaKind, Note, Point, RichText, Spoiler, Timestamp,
};
use bridge_telegram::convert::from_wire;
use bridge_telegram::convert::incoming::{How, POLLS, read};
use serde_json::{Value, json};

use crate::wire::{GROUP, message, only, said, update, us};

fn file(id: &str) -> Value {
    json!({ "file_id": id, "file_unique_id": format!("u{id}"), "file_size": 1000, "duration": 3,
        "width": 640, "height": 480, "file_name": "name", "mime_type": "video/mp4",
        "thumbnail": size("thumb", 320) })
}

fn size(id: &str, width: u32) -> Value {
    json!({ "file_id": id, "file_unique_id": id, "width": width, "height": width / 2,
        "file_size": width })
}

#[test]
fn a_photo_has_caption_spoiler_album_and_thumbnail() {
    let message = said(&json!({
        "photo": [size("s", 90), size("m", 320), size("l", 1280)], "media_group_id": "139",
        "caption": "look", "caption_entities": [{ "type": "bold", "offset": 0, "length": 4 }],
        "show_caption_above_media": true, "has_media_spoiler": true,
    }));
    assert_eq!(message.body.plain(), "look");
    assert_eq!(message.album.as_deref(), Some("139"));
    let [photo] = message.media.as_slice() else { panic!("{message:?}") };
    assert!(photo.spoiler);
    assert_eq!((photo.handle.reference.as_str(), photo.size), ("l", Some(1280)));
    let thumbnail = photo.thumbnail.as_ref().unwrap();
    assert_eq!((thumbnail.handle.reference.as_str(), thumbnail.width), ("m", Some(320)));
}

#[test]
fn an_animation_is_no_document() {
    let message = said(&json!({ "document": file("D"), "animation": file("A") }));
    let [animation] = message.media.as_slice() else { panic!("{message:?}") };
    assert_eq!(animation.kind, MediaKind::Animation);
    assert_eq!(animation.handle.reference, "A");
    assert_eq!(animation.thumbnail.as_ref().unwrap().mime.as_deref(), Some("image/jpeg"));
    assert_eq!((animation.width, animation.duration_ms), (Some(640), Some(3000)));
}

#[test]
fn music_has_its_tags() {
    let audio = json!({ "file_id": "M", "file_unique_id": "u", "duration": 200, "title": "Air",
        "performer": "Bach", "mime_type": "audio/mpeg", "thumbnail": size("cover", 90) });
    let message = said(&json!({ "audio": audio, "caption": "listen" }));
    let music = &message.media[0];
    assert_eq!((music.title.as_deref(), music.performer.as_deref()), (Some("Air"), Some("Bach")));
    assert_eq!(music.kind, MediaKind::Audio);
    assert!(music.thumbnail.is_some());
    assert_eq!(message.body.plain(), "listen");
}

#[test]
fn voices_round_films_and_documents_are_told_apart() {
    let voice = json!({ "file_id": "V", "file_unique_id": "u", "duration": 4 });
    let voice = said(&json!({ "voice": voice })).media.remove(0);
    assert_eq!((voice.kind, voice.mime.as_deref()), (MediaKind::Voice, Some("audio/ogg")));
    assert_eq!(voice.duration_ms, Some(4000));
    let round = json!({ "file_id": "R", "file_unique_id": "u", "duration": 4, "length": 240 });
    let round = said(&json!({ "video_note": round })).media.remove(0);
    assert_eq!(
        (round.kind, round.width, round.height),
        (MediaKind::VideoNote, Some(240), Some(240))
    );
    let document = said(&json!({ "document": file("D") })).media.remove(0);
    assert_eq!((document.kind, document.name.as_deref()), (MediaKind::File, Some("name")));
}

#[test]
fn a_sticker_knows_its_pack_and_its_emoji() {
    for (animated, video, mime) in [
        (false, false, "image/webp"),
        (true, false, "application/x-tgsticker"),
        (false, true, "video/webm"),
    ] {
        let message = said(&json!({ "sticker": {
            "file_id": "S", "file_unique_id": "same", "type": "regular", "width": 512,
            "height": 512, "is_animated": animated, "is_video": video, "emoji": "🐈",
            "set_name": "cats", "thumbnail": size("t", 128),
        }}));
        let media = &message.media[0];
        assert_eq!((media.kind, media.mime.as_deref()), (MediaKind::Sticker, Some(mime)));
        assert_eq!(media.alt.as_deref(), Some("🐈"));
        assert_eq!(media.thumbnail.as_ref().unwrap().mime, None);
        let sticker = media.sticker.as_ref().unwrap();
        assert_eq!(sticker.id.as_deref(), Some("same"));
        assert_eq!(sticker.pack.as_deref(), Some("cats"));
        assert_eq!(sticker.emoji.as_deref(), Some("🐈"));
    }
}

#[test]
fn a_live_photo_is_a_picture_and_its_film() {
    let message = said(&json!({
        "photo": [size("p", 640)], "live_photo": file("film"), "has_media_spoiler": true,
    }));
    let kinds: Vec<MediaKind> = message.media.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [MediaKind::Image, MediaKind::Video]);
    assert!(message.media.iter().all(|it| it.spoiler));
}

fn poll() -> Value {
    json!({
        "id": "5001", "question": "Lunch 🥗?", "total_voter_count": 3, "is_closed": false,
        "question_entities": [{ "type": "custom_emoji", "offset": 6, "length": 2,
            "custom_emoji_id": "88" }],
        "options": [
            { "persistent_id": "a", "text": "Yes", "voter_count": 2 },
            { "persistent_id": "b", "text": "No", "voter_count": 1 },
        ],
        "is_anonymous": true, "type": "regular", "allows_multiple_answers": true,
        "allows_revoting": true, "members_only": false, "open_period": 600,
        "description": "Every day",
    })
}

#[test]
fn a_poll_has_numbered_answers_and_a_second_name() {
    let message = said(&json!({ "poll": poll() }));
    let Some(Card::Poll(poll)) = &message.card else { panic!("{message:?}") };
    assert_eq!(poll.question.plain(), "Lunch 🥗?");
    let answers: Vec<(&str, String)> =
        poll.answers.iter().map(|it| (it.id.as_str(), it.text.plain())).collect();
    assert_eq!(answers, [("0", "Yes".to_owned()), ("1", "No".to_owned())]);
    assert_eq!((poll.choices, poll.disclosed, poll.closed), (2, true, false));
    assert_eq!(poll.closes_at, Some(Timestamp(1_700_000_600_000)));
    assert_eq!(message.body.plain(), "Every day");
    let [alias] = message.also.as_slice() else { panic!("{message:?}") };
    assert_eq!((alias.chat.as_str(), alias.message.as_str()), (POLLS, "5001"));
}

#[test]
fn a_quiz_takes_one_answer() {
    let quiz = json!({ "id": "1", "question": "?", "options": [{ "text": "a" }, { "text": "b" }],
        "type": "quiz", "allows_multiple_answers": false, "close_date": 1_700_000_100,
        "is_closed": true });
    let message = said(&json!({ "poll": quiz }));
    let Some(Card::Poll(poll)) = message.card else { panic!() };
    assert_eq!((poll.choices, poll.closed), (1, true));
    assert_eq!(poll.closes_at, Some(Timestamp(1_700_000_100_000)));
}

#[test]
fn counts_of_a_poll_come_under_its_second_name() {
    let event = only(read(&json!({ "update_id": 1, "poll": poll() }), &us()));
    assert_eq!((event.place.chat.as_str(), event.message.as_str()), (POLLS, "5001"));
    assert_eq!(event.content, Content::Counted { counts: vec![2, 1], closed: false });
}

#[test]
fn a_place_is_a_point_with_its_name() {
    let place = json!({ "latitude": 52.52, "longitude": 13.405, "horizontal_accuracy": 12.4 });
    let Some(Card::Location(it)) = said(&json!({ "location": place })).card else { panic!() };
    assert_eq!(it.point, Point { latitude: 525_200_000, longitude: 134_050_000 });
    assert_eq!((it.accuracy, it.live), (Some(12), None));
    let venue = json!({ "location": place, "title": "Library", "address": "Main St 1" });
    let message = said(&json!({ "location": place, "venue": venue }));
    let Some(Card::Location(it)) = message.card else { panic!() };
    assert_eq!(it.title.as_deref(), Some("Library"));
    assert_eq!(it.address.as_deref(), Some("Main St 1"));
}

#[test]
fn a_point_that_moves_comes_to_rest() {
    let moving = json!({ "latitude": 1.0, "longitude": 2.0, "live_period": 900, "heading": 90 });
    let Some(Card::Location(it)) = said(&json!({ "location": moving })).card else { panic!() };
    assert_eq!(it.live.unwrap().until, Some(Timestamp(1_700_000_900_000)));
    let edit = |location: Value| {
        let edited = message(&json!({ "location": location, "edit_date": 1_700_000_300 }));
        let event = only(read(&json!({ "update_id": 1, "edited_message": edited }), &us()));
        let Content::Edited(message) = event.content else { panic!() };
        let Some(Card::Location(it)) = message.card else { panic!() };
        it.live.unwrap().until
    };
    assert_eq!(edit(moving), Some(Timestamp(1_700_000_900_000)));
    assert_eq!(edit(json!({ "latitude": 1.0, "longitude": 2.0 })), None);
}

#[test]
fn a_contact_has_a_name_and_a_number() {
    let contact = json!({ "phone_number": "+49301", "first_name": "Bob", "last_name": "Moss",
        "user_id": 9, "vcard": "BEGIN:VCARD" });
    let Some(Card::Contact(it)) = said(&json!({ "contact": contact })).card else { panic!() };
    assert_eq!((it.name.as_str(), it.phone.as_deref()), ("Bob Moss", Some("+49301")));
    let nobody = said(&json!({ "contact": { "phone_number": "+49301", "first_name": "" } }));
    assert_eq!((nobody.card, nobody.notes), (None, vec![Note::Unknown]), "a number is no name");
}

#[test]
fn what_no_side_has_becomes_a_note() {
    let note = |fields: Value| said(&fields).notes.remove(0);
    let dice = json!({ "emoji": "🎲", "value": 3 });
    assert_eq!(note(json!({ "dice": dice })), Note::Dice { emoji: "🎲".into(), value: 3 });
    let story = json!({ "id": 1, "chat": { "id": -1, "type": "channel", "title": "News" } });
    assert_eq!(note(json!({ "story": story })), Note::Story { from: Some("News".into()) });
    assert_eq!(note(json!({ "giveaway_winners": {} })), Note::Giveaway);
    assert_eq!(note(json!({ "unique_gift": { "gift": {}, "origin": "upgrade" } })), Note::Gift);
    let game = said(&json!({ "game": { "title": "2048", "description": "Add up", "photo": [] } }));
    assert_eq!(game.notes, [Note::Game { title: "2048".into() }]);
    assert_eq!(game.body.plain(), "Add up");
    let invoice = json!({ "title": "Mug", "description": "Blue", "start_parameter": "",
        "currency": "EUR", "total_amount": 1250 });
    let invoice = said(&json!({ "invoice": invoice }));
    let amount = Some("12.50 EUR".to_owned());
    assert_eq!(invoice.notes, [Note::Invoice { title: "Mug".into(), amount }]);
    assert_eq!(invoice.body.plain(), "Blue");
    let prize = json!({ "chats": [], "winner_count": 1, "prize_description": "a mug" });
    let giveaway = said(&json!({ "giveaway": prize }));
    assert_eq!(
        (giveaway.body.plain().as_str(), &giveaway.notes[..]),
        ("a mug", &[Note::Giveaway][..])
    );
}

#[test]
fn paid_files_show_what_is_open() {
    let message = said(&json!({
        "paid_media": { "star_count": 5, "paid_media": [
            { "type": "preview", "width": 10 }, { "type": "photo", "photo": [size("p", 640)] },
            { "type": "hologram" },
        ]},
        "caption": "for friends",
    }));
    assert_eq!(message.body.plain(), "for friends");
    assert_eq!(message.notes, [Note::PaidMedia]);
    assert_eq!(message.media.len(), 1);
}

#[test]
fn a_checklist_is_a_list_with_boxes() {
    let message = said(&json!({ "checklist": { "title": "Trip", "tasks": [
        { "id": 1, "text": "Tent", "completion_date": 1_700_000_000,
            "completed_by_user": { "id": 1, "is_bot": false, "first_name": "X" } },
        { "id": 2, "text": "Map", "text_entities": [{ "type": "bold", "offset": 0, "length": 3 }] },
    ]}}));
    assert_eq!(message.body.plain(), "Trip\n• ☑ Tent\n• ☐ Map");
}

#[test]
fn buttons_stand_below_the_text() {
    let message = said(&json!({
        "text": "choose",
        "reply_markup": { "inline_keyboard": [
            [{ "text": "Site", "url": "https://example.org/" }],
            [{ "text": "Vote", "callback_data": "v" }, { "text": "App", "web_app": { "url": "x" } }],
        ]},
    }));
    let Block::List { items, .. } = message.body.0.last().unwrap() else { panic!("{message:?}") };
    let Block::Paragraph(spans) = &items[0].0[0] else { panic!() };
    assert_eq!(spans[0].style.link.as_deref(), Some("https://example.org/"));
    let button = |label: &str| Note::Button { label: label.to_owned() };
    let Block::Paragraph(spans) = &items[1].0[0] else { panic!() };
    assert_eq!(spans[0].style.link.as_deref(), Some("x"), "a web app is a page, too");
    assert_eq!(message.notes, [button("Vote")]);
}

#[test]
fn custom_emoji_and_moments_are_leaves() {
    let text = from_wire(
        "hi 👍 at noon, noon",
        &[
            json!({ "type": "custom_emoji", "offset": 3, "length": 2, "custom_emoji_id": "77" }),
            json!({ "type": "date_time", "offset": 9, "length": 4, "unix_time": 1_700_000_000,
                "date_time_format": "wDT" }),
            json!({ "type": "date_time", "offset": 15, "length": 4, "unix_time": 1_700_000_000 }),
            json!({ "type": "hologram", "offset": 0, "length": 2 }),
            json!({ "type": "bold", "offset": -1, "length": 2 }),
        ],
    );
    let Block::Paragraph(spans) = &text.0[0] else { panic!() };
    let emoji = Leaf::Emoji { id: "77".into(), name: "👍".into(), animated: false };
    assert_eq!(spans[1].leaf, emoji);
    assert_eq!(spans[3].leaf, Leaf::Time { at: Timestamp(1_700_000_000_000), style: 'F' });
    assert_eq!(text.plain(), "hi 👍 at 2023-11-14 22:13 UTC, noon");
}

#[test]
fn a_custom_emoji_over_words_does_not_change_them() {
    let entity =
        json!({ "type": "custom_emoji", "offset": 0, "length": 5, "custom_emoji_id": "7" });
    assert_eq!(from_wire("words", &[entity]), RichText::plain_text("words"));
}

#[test]
fn a_rich_message_keeps_its_blocks() {
    let message = said(&json!({ "rich_message": { "blocks": [
        { "type": "heading", "text": "Plan", "size": 2 },
        { "type": "paragraph", "text": ["see ", { "type": "bold", "text": "this" }, " and ",
            { "type": "url", "url": "https://example.org/", "text": "that" }, " ",
            { "type": "custom_emoji", "custom_emoji_id": "5", "alternative_text": "🔥" },
            { "type": "shiny", "text": "!" }] },
        { "type": "list", "items": [
            { "label": "3.", "value": 3, "blocks": [{ "type": "paragraph", "text": "third" }] },
            { "label": "4.", "value": 4, "has_checkbox": true, "is_checked": true,
                "blocks": [{ "type": "paragraph", "text": "fourth" }] }] },
        { "type": "pre", "text": "let x;", "language": "rust" },
        { "type": "blockquote", "blocks": [{ "type": "paragraph", "text": "said" }], "credit": "Ann" },
        { "type": "table", "cells": [[{ "text": "a", "is_header": true }], [{ "text": "b" }]] },
        { "type": "details", "summary": "More", "blocks": [{ "type": "divider" }] },
        { "type": "photo", "photo": [size("p", 640)], "has_spoiler": true,
            "caption": { "text": "a view" } },
        { "type": "buttons", "buttons": [{ "text": "Go", "url": "https://example.org/go" },
            { "text": "Press", "callback_data": "p" }] },
        { "type": "hologram", "text": "still words" },
    ]}}));
    insta::assert_snapshot!(message.body.plain());
    assert!(matches!(message.body.0[0], Block::Heading { level: 2, .. }));
    assert!(message.media[0].spoiler);
    assert_eq!(message.notes, [Note::Button { label: "Press".into() }]);
}

#[test]
fn a_chosen_part_of_a_message_is_answered() {
    let answered = message(&json!({ "message_id": 3, "text": "one two three" }));
    let quote = json!({ "text": "two", "position": 4, "is_manual": true,
        "entities": [{ "type": "spoiler", "offset": 0, "length": 3 }] });
    let reply = said(&json!({ "text": "yes", "reply_to_message": answered, "quote": quote }))
        .reply_to
        .unwrap();
    assert!(reply.partial);
    assert_eq!(reply.message.as_str(), "3");
    let excerpt = reply.excerpt.unwrap();
    let Block::Paragraph(spans) = &excerpt.0[0] else { panic!() };
    assert_eq!(
        (spans[0].style.spoiler.as_ref(), excerpt.plain().as_str()),
        (Some(&Spoiler::default()), "two")
    );
}

#[test]
fn an_answer_of_a_poll_can_be_answered() {
    let answered = message(&json!({ "message_id": 3, "poll": poll() }));
    let fields = json!({ "text": "why?", "reply_to_message": answered,
        "reply_to_poll_option_id": "b" });
    let reply = said(&fields).reply_to.unwrap();
    assert_eq!((reply.excerpt.unwrap().plain().as_str(), reply.partial), ("No", true));
}

#[test]
fn answers_to_other_chats_name_their_author() {
    let external = json!({ "origin": { "type": "channel", "date": 1, "message_id": 9,
        "chat": { "id": -5, "type": "channel", "title": "News" }, "author_signature": "Ann" } });
    let reply = said(&json!({ "text": "so", "external_reply": external })).reply_to.unwrap();
    assert_eq!((reply.message.as_str(), reply.name.as_deref()), ("0", Some("News (Ann)")));
    // Another topic of the same group: the message can be found.
    let external = json!({ "chat": { "id": GROUP, "type": "supergroup" }, "message_id": 12,
        "origin": { "type": "user", "date": 1, "sender_user": { "id": 4, "first_name": "Bob" } } });
    let reply = said(&json!({ "text": "so", "external_reply": external })).reply_to.unwrap();
    assert_eq!((reply.message.as_str(), reply.name.as_deref()), ("12", Some("Bob")));
}

#[test]
fn every_kind_survives_what_is_new_beside_it() {
    let kinds = [
        json!({ "text": "words" }),
        json!({ "caption": "words", "photo": [size("p", 640)] }),
        json!({ "caption": "words", "document": file("d") }),
        json!({ "caption": "words", "video": file("v") }),
        json!({ "caption": "words", "hologram": file("h") }),
        json!({ "poll": poll(), "caption": "words" }),
        json!({ "checklist": { "title": "words", "tasks": [{ "text": "task" }] } }),
        json!({ "rich_message": { "blocks": [{ "type": "paragraph", "text": "words" }] } }),
    ];
    for kind in kinds {
        let plain = said(&kind);
        let mut odd = kind.clone();
        let fields = odd.as_object_mut().unwrap();
        // Of Bot API 10, then invented.
        fields.insert("sender_tag".into(), json!("Cartographer"));
        fields.insert("suggested_post_info".into(), json!({ "state": "pending" }));
        fields.insert("effect_id".into(), json!({ "id": 1 }));
        fields.insert("reply_markup".into(), json!({ "inline_keyboard": "none" }));
        fields.insert("mood".into(), json!({ "colour": 7 }));
        fields.insert("via_bot".into(), json!([]));
        fields.insert("link_preview_options".into(), json!(4));
        assert_eq!(said(&odd), plain, "{odd}");
    }
}

#[test]
fn junk_inside_a_known_kind_is_a_note() {
    for kind in ["photo", "video", "sticker", "poll", "location", "contact", "dice", "game", "text"]
    {
        for junk in [json!(null), json!(7), json!([]), json!({}), json!([{}])] {
            let reading = update(&json!({ kind: junk }));
            assert_eq!(reading.how, How::InPart, "{kind}: {junk}");
            assert_eq!(reading.events.len(), 1);
        }
    }
}
