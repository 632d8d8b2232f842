// SPDX-License-Identifier: AGPL-3.0-or-later
//! Single updates, read without a network.

use bridge_model::{AuthorKind, Content, MediaKind, Note, Reaction};
use bridge_telegram::convert::incoming::{How, Reading, read};
use serde_json::json;

use crate::stage::posted;
use crate::wire::{GROUP, only, update, us};

fn command(text: &str, length: usize) -> Reading {
    update(&json!({
        "text": text,
        "entities": [{ "type": "bot_command", "offset": 0, "length": length }],
    }))
}

/// A command of seven characters in answer to what Bob said, which is message 3.
fn answering(text: &str, said: &str) -> Reading {
    let answered = json!({
        "message_id": 3, "date": 1, "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "from": { "id": 43, "is_bot": false, "first_name": "Bob" }, "text": said,
    });
    update(&json!({
        "text": text, "reply_to_message": answered,
        "entities": [{ "type": "bot_command", "offset": 0, "length": 7 }],
    }))
}

fn commanded(reading: Reading) -> Option<String> {
    let Content::Commanded(command) = only(reading).content else { return None };
    Some(command.text)
}

#[test]
fn a_known_command_is_addressed_to_us() {
    assert_eq!(commanded(command("/link ABCD-1234", 5)).as_deref(), Some("link ABCD-1234"));
    assert_eq!(commanded(command("/Status", 7)).as_deref(), Some("status"));
    assert_eq!(commanded(command("/set silent", 4)).as_deref(), Some("set silent"));
    assert_eq!(commanded(command("/help@Freeside_Bot", 18)).as_deref(), Some("help"));
}

#[test]
fn an_unknown_command_counts_only_when_we_are_named() {
    assert_eq!(commanded(command("/weather", 8)), None);
    assert_eq!(commanded(command("/weather@freeside_bot", 21)).as_deref(), Some("weather"));
    assert_eq!(commanded(command("/link@other_bot X", 15)), None);
}

#[test]
fn a_message_that_is_changed_into_a_command_is_one_with_its_answer_below_it() {
    let change = |text: &str, length: usize| {
        let mut raw = json!({
            "message_id": 7, "date": 1, "edit_date": 9, "text": text,
            "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
            "from": { "id": 42, "is_bot": false, "first_name": "Ada" },
        });
        if length > 0 {
            raw["entities"] = json!([{ "type": "bot_command", "offset": 0, "length": length }]);
        }
        only(read(&json!({ "update_id": 1, "edited_message": raw }), &us()))
    };
    let event = change("/status", 7);
    assert_eq!(event.message, "edit/7/9".into());
    let Content::Commanded(command) = event.content else { panic!() };
    assert_eq!((command.text.as_str(), command.pressed), ("status", Some("7".into())));
    for (text, length) in [("/weather", 8), ("status", 0)] {
        assert!(matches!(change(text, length).content, Content::Edited(_)), "{text}");
    }
}

#[test]
fn a_command_tells_who_where_and_in_which_language() {
    let Content::Commanded(it) = only(command("/status", 7)).content else { panic!() };
    assert_eq!(it.by.name, "Ada");
    assert_eq!(it.language.as_deref(), Some("pt-br"));
    assert_eq!(it.chat_title.as_deref(), Some("Maps"));
    assert!(!it.private);
}

#[test]
fn a_pressed_button_is_a_command_below_the_message_it_stands_on() {
    let query = |data: serde_json::Value| {
        let mut query = json!({
            "id": "4382", "chat_instance": "1",
            "from": { "id": 42, "is_bot": false, "first_name": "Ada", "language_code": "pt-br" },
            "message": { "message_id": 7, "date": 0, "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" } },
        });
        query["data"] = data;
        read(&json!({ "update_id": 1, "callback_query": query }), &us())
    };
    let event = only(query(json!("stage plan")));
    assert_eq!(event.message.as_str(), "press/4382", "each press is one of its own");
    let Content::Commanded(it) = event.content else { panic!() };
    assert_eq!((it.text.as_str(), it.by.name.as_str()), ("stage plan", "Ada"));
    assert_eq!(it.pressed.unwrap().as_str(), "7");
    assert_eq!((it.language.as_deref(), it.private), (Some("pt-br"), false));
    assert_eq!(query(json!(null)).events, [], "a game");
}

#[test]
fn a_complaint_about_a_message_is_left_to_other_bots() {
    assert_eq!(commanded(command("/report", 7)).as_deref(), Some("report"));
    assert!(posted(&only(answering("/report", "spam"))).is_some());
}

#[test]
fn delete_carries_the_message_that_it_answers() {
    let Content::Commanded(it) = only(answering("/delete", "oops")).content else { panic!() };
    assert_eq!(it.reply_to.unwrap().as_str(), "3");
}

#[test]
fn a_command_of_a_bot_is_only_text() {
    let reading = update(&json!({
        "from": { "id": 8, "is_bot": true, "first_name": "Other" }, "text": "/help",
        "entities": [{ "type": "bot_command", "offset": 0, "length": 5 }],
    }));
    let event = only(reading);
    assert_eq!(posted(&event).unwrap().author.kind, AuthorKind::Bot);
}

#[test]
fn an_anonymous_admin_speaks_as_the_group() {
    let reading = update(&json!({
        "from": { "id": 1_087_968_824, "is_bot": true, "first_name": "Group" },
        "sender_chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "text": "/link CODE",
        "entities": [{ "type": "bot_command", "offset": 0, "length": 5 }],
    }));
    let Content::Commanded(it) = only(reading).content else { panic!() };
    assert_eq!(it.by.kind, AuthorKind::Chat);
    assert_eq!(it.by.user.as_str(), GROUP.to_string());
    assert_eq!(it.by.name, "Maps");
}

#[test]
fn what_our_bot_says_is_no_event() {
    let from = json!({ "id": 7, "is_bot": true, "first_name": "Freeside" });
    assert!(update(&json!({ "from": from, "text": "echo" })).events.is_empty());
}

#[test]
fn a_name_is_never_empty() {
    let reading = update(&json!({
        "from": { "id": 42, "is_bot": false, "first_name": " " }, "text": "hm",
    }));
    assert!(!posted(&only(reading)).unwrap().author.name.trim().is_empty());
}

#[test]
fn a_caption_survives_a_medium_that_is_not_known() {
    let reading = update(&json!({
        "hologram": { "file_id": "x" }, "caption": "look",
        "caption_entities": [{ "type": "italic", "offset": 0, "length": 4 }],
    }));
    assert_eq!(reading.how, How::InPart);
    let event = only(reading);
    let message = posted(&event).unwrap();
    assert_eq!(message.body.plain(), "look");
    assert_eq!(message.notes, [Note::Unknown]);
}

#[test]
fn odd_fields_beside_a_file_do_not_lose_the_file() {
    let reading = update(&json!({
        "document": { "file_id": "F", "file_unique_id": "u", "file_name": "a.txt",
            "mime_type": 7, "file_size": 5_000_000_000_u64, "aura": {} },
        "caption": "see", "paid_media_aura": [],
    }));
    assert_eq!(reading.how, How::Whole);
    let event = only(reading);
    let message = posted(&event).unwrap();
    assert_eq!(message.body.plain(), "see");
    assert_eq!(message.media[0].handle.reference, "F");
    assert_eq!(message.media[0].name.as_deref(), Some("a.txt"));
    assert_eq!(message.media[0].size, Some(5_000_000_000));
}

#[test]
fn an_answer_to_another_chat_keeps_its_text_and_quote() {
    let reading = update(&json!({
        "text": "I agree",
        "external_reply": { "origin": { "type": "hidden_user", "date": 1,
            "sender_user_name": "X" } },
        "quote": { "text": "said elsewhere", "position": 0 },
    }));
    let event = only(reading);
    let message = posted(&event).unwrap();
    assert_eq!(message.body.plain(), "I agree");
    let excerpt = message.reply_to.as_ref().unwrap().excerpt.as_ref().unwrap();
    assert_eq!(excerpt.plain(), "said elsewhere");
}

#[test]
fn the_opening_of_a_topic_is_not_answered() {
    let chat = json!({ "id": GROUP, "type": "supergroup", "title": "Maps", "is_forum": true });
    let opening = json!({
        "message_id": 2, "date": 1, "chat": chat, "is_topic_message": true, "message_thread_id": 2,
        "from": { "id": 43, "is_bot": false, "first_name": "Bob" },
        "forum_topic_created": { "name": "Topic", "icon_color": 7_322_096 },
    });
    let reading = update(&json!({
        "text": "in the topic", "is_topic_message": true, "message_thread_id": 2,
        "reply_to_message": opening,
    }));
    let event = only(reading);
    let message = posted(&event).unwrap();
    assert!(message.reply_to.is_none());
    assert_eq!(message.thread.as_ref().unwrap().root.as_str(), "2");
}

#[test]
fn the_largest_size_of_a_photo_is_taken() {
    let size = |id: &str, width: u32| {
        json!({ "file_id": id, "file_unique_id": id, "width": width, "height": width,
            "file_size": width })
    };
    let reading = update(&json!({ "photo": [size("s", 90), size("l", 800), size("m", 320)] }));
    let event = only(reading);
    let media = &posted(&event).unwrap().media[0];
    assert_eq!((media.handle.reference.as_str(), media.width), ("l", Some(800)));
    assert_eq!(media.kind, MediaKind::Image);
}

#[test]
fn a_group_that_moves_says_where_to() {
    let event = only(update(&json!({ "migrate_to_chat_id": -1_009_999 })));
    let Content::Moved { to } = event.content else { panic!() };
    assert_eq!(to.as_str(), "-1009999");
    assert!(update(&json!({ "migrate_from_chat_id": -55 })).events.is_empty());
}

#[test]
fn reactions_cross_as_their_difference() {
    let reading = read(
        &json!({ "update_id": 2, "message_reaction": {
            "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
            "message_id": 9, "date": 1,
            "user": { "id": 42, "is_bot": false, "first_name": "Ada" },
            "old_reaction": [{ "type": "emoji", "emoji": "👍" }, { "type": "emoji", "emoji": "🔥" }],
            "new_reaction": [{ "type": "emoji", "emoji": "🔥" },
                { "type": "custom_emoji", "custom_emoji_id": "77" }, { "type": "future" }],
        }}),
        &us(),
    );
    assert_eq!(reading.how, How::InPart);
    let [gone, come] = reading.events.as_slice() else { panic!("{reading:?}") };
    let Content::Unreacted { reaction, .. } = &gone.content else { panic!() };
    assert_eq!(*reaction, Reaction::Emoji("👍".to_owned()));
    let Content::Reacted { reaction: Reaction::Custom { id, .. }, .. } = &come.content else {
        panic!()
    };
    assert_eq!(id, "77");
}

#[test]
fn junk_is_unreadable_and_never_a_panic() {
    for junk in [
        json!(null),
        json!([]),
        json!({ "update_id": 1 }),
        json!({ "update_id": 1, "message": null }),
        json!({ "update_id": 1, "message": { "message_id": 9_999_999_999_i64,
            "chat": { "id": 1, "type": "private" }, "date": 1, "text": "x" } }),
        json!({ "update_id": 1, "message": { "message_id": 1, "chat": {}, "text": "x" } }),
        json!({ "update_id": 1, "message_reaction": { "chat": { "id": 1, "type": "private" },
            "message_id": 1, "date": 1, "old_reaction": [], "new_reaction": [] } }),
        json!({ "update_id": 1, "my_chat_member": { "chat": 1 } }),
    ] {
        let reading = read(&junk, &us());
        assert_eq!((reading.events.len(), reading.how), (0, How::Unreadable), "{junk}");
    }
}
