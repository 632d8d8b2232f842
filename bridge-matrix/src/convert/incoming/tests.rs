// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happened, from events as homeservers send them.

mod clients;
mod kinds;

use bridge_model::{Leaf, MediaKind, Mention, RichText};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const BOT: &str = "@freeside:example.org";

fn own(private: bool) -> Own<'static> {
    Own {
        ghost: &|id| id.starts_with("@_fs_"),
        bot: BOT,
        command_prefix: "!freeside",
        private,
        name: &|id| (id == "@ann:example.org").then(|| "Ann\n<b>".to_owned()),
    }
}

fn raw(kind: &str, content: Value) -> Value {
    json!({
        "type": kind, "event_id": "$e", "sender": "@ann:example.org", "room_id": "!r",
        "origin_server_ts": 1_700_000_000_000_i64, "content": content,
    })
}

fn heard(kind: &str, content: Value) -> Vec<Event> {
    events("!r", &raw(kind, content), &own(false)).unwrap()
}

fn content(kind: &str, content: Value) -> Content {
    let mut events = heard(kind, content);
    assert_eq!(events.len(), 1);
    events.remove(0).content
}

fn posted(value: Value) -> Message {
    let Content::Posted(message) = content("m.room.message", value) else {
        panic!("nothing was posted")
    };
    message
}

fn text_message(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body })
}

#[test]
fn a_text_is_posted() {
    let events = heard("m.room.message", text_message("a <b>\nc"));
    assert_eq!(events[0].place, Place::new("matrix", "!r"));
    assert_eq!(events[0].message, MessageId::from("$e"));
    let Content::Posted(message) = &events[0].content else { panic!() };
    assert_eq!(message.body, RichText::plain_text("a <b>\nc"));
    assert_eq!(message.author.name, "Ann <b>");
    assert_eq!(message.author.user, UserId::from("@ann:example.org"));
    assert_eq!(message.sent_at.0, 1_700_000_000_000);
}

#[test]
fn html_is_read_only_where_the_format_says_so() {
    let html = json!({ "msgtype": "m.notice", "body": "*x*", "formatted_body": "<b>x</b>",
        "format": "org.matrix.custom.html" });
    let message = posted(html.clone());
    assert_eq!(message.body.plain(), "x");
    assert_eq!(message.kind, MessageKind::Notice);
    let mut other = html;
    other["format"] = "odd".into();
    assert_eq!(posted(other).body.plain(), "*x*");
    let empty = json!({ "msgtype": "m.emote", "body": "x", "formatted_body": "<p></p>",
        "format": "org.matrix.custom.html" });
    assert_eq!(posted(empty).body.plain(), "x");
}

#[test]
fn an_unknown_kind_of_message_is_its_body() {
    let body = posted(json!({ "msgtype": "org.odd", "body": "hello" })).body;
    assert_eq!(body.plain(), "hello");
}

#[test]
fn a_reply_loses_its_fallback_and_keeps_a_quote_of_its_own() {
    let relation = json!({ "m.in_reply_to": { "event_id": "$old" } });
    let old = json!({ "msgtype": "m.text", "m.relates_to": relation,
        "body": "> <@bob:x> one\n> two\n\nnew\n> mine" });
    let message = posted(old);
    assert_eq!(message.body.plain(), "new\n> mine");
    assert_eq!(message.reply_to.unwrap().message, MessageId::from("$old"));
    let own = json!({ "msgtype": "m.text", "m.relates_to": relation, "body": "> one\n\nnew" });
    assert_eq!(posted(own).body.plain(), "> one\n\nnew");
    assert_eq!(posted(text_message("> <@bob:x> a\n\nb")).body.plain(), "> <@bob:x> a\n\nb");
}

#[test]
fn an_answer_of_any_kind_says_whom_it_calls() {
    let relation = json!({ "m.in_reply_to": { "event_id": "$old" } });
    let called = |kind: &str, mut content: Value, mentions: Value| {
        content["m.relates_to"] = relation.clone();
        content["m.mentions"] = mentions;
        let events = heard(kind, content);
        let Content::Posted(message) = &events[0].content else { panic!("{events:?}") };
        let called = &message.reply_to.as_ref().unwrap().called;
        called.iter().map(|it| it.user.as_str().to_owned()).collect::<Vec<_>>()
    };
    let bob = json!({ "user_ids": ["@bob:x", 7] });
    let sticker = json!({ "body": "hi", "url": "mxc://x/y", "info": {} });
    let place = json!({ "msgtype": "m.location", "body": "here", "geo_uri": "geo:1,2" });
    for (kind, content) in
        [("m.room.message", text_message("yes")), ("m.room.message", place), ("m.sticker", sticker)]
    {
        assert_eq!(called(kind, content.clone(), bob.clone()), ["@bob:x"], "{content}");
        assert_eq!(called(kind, content.clone(), json!({})), [""; 0]);
        assert_eq!(called(kind, content, Value::Null), [""; 0]);
    }
    let many = json!({ "user_ids": vec!["@bob:x"; 3000] });
    assert_eq!(called("m.room.message", text_message("yes"), many).len(), 50);
}

#[test]
fn a_thread_has_a_root_and_its_fallback_is_no_reply() {
    let relation = |falling_back: bool| {
        json!({ "rel_type": "m.thread", "event_id": "$root", "is_falling_back": falling_back,
            "m.in_reply_to": { "event_id": "$last" } })
    };
    let say =
        |relation| posted(json!({ "msgtype": "m.text", "body": "x", "m.relates_to": relation }));
    let message = say(relation(true));
    assert_eq!((message.thread.map(|it| it.root), message.reply_to), (Some("$root".into()), None));
    assert!(say(relation(false)).reply_to.is_some());
}

#[test]
fn an_edit_gives_the_whole_new_version() {
    let edit = json!({ "msgtype": "m.text", "body": "* new",
        "m.new_content": { "msgtype": "m.text", "body": "new" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": "$old" } });
    let events = heard("m.room.message", edit.clone());
    assert_eq!(events[0].message, MessageId::from("$old"));
    let Content::Edited(message) = &events[0].content else { panic!() };
    assert_eq!(message.body.plain(), "new");
    let mut broken = edit;
    broken["m.new_content"] = json!(1);
    let error = events_of("m.room.message", broken).unwrap_err();
    assert_eq!(error.kind, UnreadableKind::Malformed);
}

fn events_of(kind: &str, content: Value) -> Result<Vec<Event>, Unreadable> {
    events("!r", &raw(kind, content), &own(false))
}

#[test]
fn only_those_are_mentioned_whom_the_sender_meant() {
    let html = "<a href=\"https://matrix.to/#/@bob:x\">Bob</a> @room";
    let say = |mentions: Value| {
        let mut content = json!({ "msgtype": "m.text", "body": "x", "formatted_body": html,
            "format": "org.matrix.custom.html" });
        if !mentions.is_null() {
            content["m.mentions"] = mentions;
        }
        posted(content).body
    };
    let people =
        |text: &RichText| text.mentions().filter(|m| matches!(m, Mention::Person { .. })).count();
    assert_eq!(people(&say(Value::Null)), 1);
    assert_eq!(people(&say(json!({ "user_ids": ["@bob:x"] }))), 1);
    assert_eq!(say(json!({})), RichText::plain_text("Bob @room"));
    let everyone = say(json!({ "room": true }));
    assert!(everyone.mentions().any(|mention| *mention == Mention::Everyone));
}

#[test]
fn a_photo_has_a_caption_only_beside_a_file_name() {
    let photo = json!({ "msgtype": "m.image", "body": "a.jpg", "url": "mxc://x/y",
        "info": { "mimetype": "image/jpeg", "size": 5, "w": 4.0, "h": -1 } });
    let message = posted(photo.clone());
    assert!(message.body.is_empty());
    let media = &message.media[0];
    assert_eq!(media.handle.reference, "mxc://x/y");
    assert_eq!((media.size, media.width, media.height), (Some(5), Some(4), None));
    assert_eq!((media.name.as_deref(), media.kind), (Some("a.jpg"), MediaKind::Image));
    let mut captioned = photo;
    captioned["filename"] = "b.jpg".into();
    captioned["body"] = "the sea".into();
    let message = posted(captioned);
    assert_eq!(message.body.plain(), "the sea");
    assert_eq!(message.media[0].name.as_deref(), Some("b.jpg"));
}

#[test]
fn kinds_of_files_are_told_apart() {
    let kind = |extra: Value| {
        let mut content = json!({ "body": "x", "url": "mxc://x/y" });
        content.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        posted(content).media[0].kind
    };
    assert_eq!(kind(json!({ "msgtype": "m.video" })), MediaKind::Video);
    assert_eq!(kind(json!({ "msgtype": "m.audio" })), MediaKind::Audio);
    assert_eq!(kind(json!({ "msgtype": "m.file" })), MediaKind::File);
    let voice = json!({ "msgtype": "m.audio", "org.matrix.msc3245.voice": {} });
    assert_eq!(kind(voice), MediaKind::Voice);
    let gif = json!({ "msgtype": "m.image", "info": { "mimetype": "image/gif" } });
    assert_eq!(kind(gif), MediaKind::Animation);
    let sticker = content("m.sticker", json!({ "body": "cat", "url": "mxc://x/y", "info": {} }));
    let Content::Posted(message) = sticker else { panic!() };
    assert_eq!(message.media[0].kind, MediaKind::Sticker);
    assert_eq!(message.media[0].alt.as_deref(), Some("cat"));
}

#[test]
fn what_is_encrypted_is_reported() {
    let event = json!({ "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x" });
    let error = events_of("m.room.encrypted", event).unwrap_err();
    assert_eq!(error.to_string(), "encrypted: the event is encrypted");
    let file = json!({ "msgtype": "m.file", "body": "x", "file": { "url": "mxc://x/y" } });
    assert_eq!(events_of("m.room.message", file).unwrap_err().kind, UnreadableKind::Encrypted);
}

#[test]
fn a_reaction_names_its_event_and_itself() {
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$old", "key": "👍\u{fe0f}" });
    let events = heard("m.reaction", json!({ "m.relates_to": relation }));
    assert_eq!(events[0].message, MessageId::from("$old"));
    let Content::Reacted { reaction, id, .. } = &events[0].content else { panic!() };
    assert_eq!(*reaction, Reaction::Emoji("👍\u{fe0f}".into()));
    assert_eq!(*id, Some(MessageId::from("$e")));
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$old", "key": "mxc://x/y" });
    let custom = json!({ "m.relates_to": relation, "shortcode": ":cat:" });
    let Content::Reacted { reaction, .. } = content("m.reaction", custom) else { panic!() };
    assert_eq!(reaction, Reaction::Custom { id: "mxc://x/y".into(), name: "cat".into() });
}

#[test]
fn a_redaction_is_read_in_both_forms() {
    let deleted = Content::Deleted { by: Some("@ann:example.org".into()) };
    let new = heard("m.room.redaction", json!({ "redacts": "$old" }));
    let mut before_v11 = raw("m.room.redaction", json!({}));
    before_v11["redacts"] = "$old".into();
    let old = events("!r", &before_v11, &own(false)).unwrap();
    for events in [new, old] {
        assert_eq!(events[0].message, MessageId::from("$old"));
        assert_eq!(events[0].content, deleted);
    }
}

#[test]
fn our_own_accounts_and_what_does_not_cross_say_nothing() {
    for sender in [BOT, "@_fs_abc:example.org"] {
        let mut event = raw("m.room.message", text_message("!freeside help"));
        event["sender"] = sender.into();
        assert_eq!(events("!r", &event, &own(true)), Ok(Vec::new()));
    }
    for kind in ["m.room.member", "m.room.topic", "org.example.odd"] {
        assert_eq!(heard(kind, json!({ "a": 1 })), Vec::new());
    }
    assert_eq!(heard("m.room.message", json!({})), Vec::new());
    let mut redacted = raw("m.room.message", text_message("x"));
    redacted["unsigned"] = json!({ "redacted_because": { "type": "m.room.redaction" } });
    assert_eq!(events("!r", &redacted, &own(false)), Ok(Vec::new()));
}

#[test]
fn words_to_the_bot_are_a_command() {
    let command = |private: bool, content: Value| {
        let events = events("!r", &raw("m.room.message", content), &own(private)).unwrap();
        match events.into_iter().next().map(|event| event.content) {
            Some(Content::Commanded(command)) => Some(command),
            _ => None,
        }
    };
    let text = |private, body| command(private, text_message(body)).map(|c| c.text);
    assert_eq!(text(false, "!freeside link AB_CD_ "), Some("link AB_CD_".into()));
    assert_eq!(text(false, "!freeside"), Some(String::new()));
    assert_eq!(text(false, "!freesideways x"), None);
    assert_eq!(text(false, "say !freeside x"), None);
    assert_eq!(text(true, "help me"), Some("help me".into()));
    assert_eq!(text(true, "!freeside help"), Some("help".into()));
    assert!(command(true, text_message("x")).unwrap().private);
    assert_eq!(command(true, json!({ "msgtype": "m.notice", "body": "!freeside x" })), None);
    let reply = json!({ "msgtype": "m.text", "body": "> <@bob:x> a\n\n!freeside delete",
        "m.relates_to": { "m.in_reply_to": { "event_id": "$old" } } });
    let command = command(false, reply).unwrap();
    assert_eq!((command.text.as_str(), command.reply_to), ("delete", Some("$old".into())));
}

#[test]
fn malformed_events_are_errors_and_not_panics() {
    for broken in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "type": 1 }),
        json!({ "type": "m.room.message" }),
        json!({ "type": "m.room.message", "event_id": "$e", "sender": "@a:x" }),
    ] {
        assert!(events("!r", &broken, &own(false)).is_err(), "{broken}");
    }
    for content in [
        json!({ "msgtype": "m.text" }),
        json!({ "body": "x" }),
        json!({ "msgtype": "m.text", "body": 1 }),
        json!({ "msgtype": "m.image", "body": "x" }),
        json!({ "msgtype": "m.image", "body": "x", "url": "https://x/y" }),
    ] {
        assert!(events_of("m.room.message", content.clone()).is_err(), "{content}");
    }
    assert!(events_of("m.reaction", json!({ "m.relates_to": 1 })).is_err());
    assert!(events_of("m.room.redaction", json!({})).is_err());
}

const KINDS: [&str; 11] = [
    "m.room.message",
    "m.sticker",
    "m.reaction",
    "m.room.redaction",
    "m.poll.start",
    "org.matrix.msc3381.poll.response",
    "m.poll.end",
    "m.room.name",
    "m.room.topic",
    "m.room.avatar",
    "m.room.pinned_events",
];

const KEYS: [&str; 31] = [
    "body",
    "msgtype",
    "format",
    "formatted_body",
    "m.relates_to",
    "m.new_content",
    "m.in_reply_to",
    "event_id",
    "rel_type",
    "key",
    "url",
    "info",
    "size",
    "m.mentions",
    "user_ids",
    "redacts",
    "geo_uri",
    "uri",
    "itemtypes",
    "itemtype",
    "waveform",
    "pinned",
    "m.location",
    "m.poll",
    "question",
    "answers",
    "m.text",
    "org.matrix.msc1767.audio",
    "com.beeper.per_message_profile",
    "displayname",
    "membership",
];

fn any_json() -> impl Strategy<Value = Value> {
    let known = prop_oneof![
        Just("m.text"),
        Just("m.image"),
        Just("m.location"),
        Just("m.audio"),
        Just("dm.filament.gallery"),
        Just("geo:1,2;u=3"),
        Just("m.replace"),
        Just("m.thread"),
        Just("mxc://x/y"),
        Just("org.matrix.custom.html"),
        Just("$e"),
        Just("@a:x"),
        Just("> <@a:x> b\nc"),
        Just(""),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        known.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let keys = proptest::sample::select(KEYS.to_vec());
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            4 => proptest::collection::hash_map(keys.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1.
    #[test]
    fn any_content_is_read_or_refused(content in any_json(), private in any::<bool>()) {
        for kind in KINDS {
            let mut event = raw(kind, content.clone());
            drop(events("!r", &event, &own(private)));
            event["state_key"] = "".into();
            event["unsigned"] = json!({ "prev_content": content });
            drop(events("!r", &event, &own(private)));
            drop(member("!r", &event, &own(private)));
            drop(beacon("!r", (&event, &event), private, &own(private)));
        }
    }

    /// What we send is read as what it was.
    #[test]
    fn literal_text_comes_back(text in bridge_model::text::arbitrary::literal()) {
        let text = RichText::plain_text(&text).normalise();
        prop_assume!(!text.is_blank() && !text.plain().trim_start().starts_with('!'));
        let body = super::super::text::plain_body(&text);
        let message = posted(text_message(&body));
        prop_assert!(message.body.mentions().next().is_none());
        prop_assert_eq!(message.body, text);
    }
}

#[test]
fn text_beside_code_is_no_call_to_everybody() {
    let html = "<code>@room</code> and @room";
    let content = json!({ "msgtype": "m.text", "body": "x", "formatted_body": html,
        "format": "org.matrix.custom.html", "m.mentions": { "room": true } });
    let body = posted(content).body;
    assert_eq!(body.mentions().count(), 1);
    let leaves = match &body.0[..] {
        [bridge_model::Block::Paragraph(spans)] => spans.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(leaves[0].leaf, Leaf::Text("@room".into()));
}
