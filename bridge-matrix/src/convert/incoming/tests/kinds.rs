// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places, files and states, as clients write them.

use bridge_model::{Card, ChatChange, MediaKind, MemberChange, Missing, Note, VoteChange};
use serde_json::json;

use super::super::*;

const ANN: &str = "@ann:example.org";

fn own() -> Own<'static> {
    Own {
        ghost: &|id| id.starts_with("@_fs_"),
        bot: "@freeside:example.org",
        command_prefix: "!freeside",
        private: false,
        name: &|id| (id == ANN).then(|| "Ann".to_owned()),
    }
}

fn raw(kind: &str, content: Value) -> Value {
    json!({
        "type": kind, "event_id": "$e", "sender": ANN, "room_id": "!r",
        "origin_server_ts": 1_700_000_000_000_i64, "content": content,
    })
}

fn heard(kind: &str, content: Value) -> Vec<Event> {
    events("!r", &raw(kind, content), &own()).unwrap()
}

fn posted(kind: &str, content: Value) -> Message {
    let Content::Posted(message) = heard(kind, content).remove(0).content else {
        panic!("nothing was posted")
    };
    message
}

fn state(kind: &str, now: Value, before: Value) -> Vec<Content> {
    let mut raw = raw(kind, now);
    raw["state_key"] = "".into();
    if !before.is_null() {
        raw["unsigned"] = json!({ "prev_content": before });
    }
    let events = events("!r", &raw, &own()).unwrap();
    events.into_iter().map(|event| event.content).collect()
}

fn old_poll() -> Value {
    json!({
        "org.matrix.msc1767.text": "Tea?\n1. Yes\n2. No",
        "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 2,
            "question": { "org.matrix.msc1767.text": "Tea?", "body": "Tea?", "msgtype": "m.text" },
            "answers": [
                { "id": "yes", "org.matrix.msc1767.text": "Yes" },
                { "id": "no", "org.matrix.msc1767.text": "No" },
            ],
        },
    })
}

fn new_poll() -> Value {
    let said = |words: &str| {
        json!([{ "mimetype": "text/html", "body": format!("<b>{words}</b>") },
        { "body": words }])
    };
    json!({
        "m.text": said("Tea?"),
        "m.poll": {
            "kind": "m.undisclosed",
            "question": { "m.text": said("Tea?") },
            "answers": [{ "m.id": "yes", "m.text": said("Yes") }, { "m.id": 1 }],
        },
    })
}

#[test]
fn a_poll_is_read_in_both_forms() {
    let Some(Card::Poll(poll)) = posted("org.matrix.msc3381.poll.start", old_poll()).card else {
        panic!("no poll")
    };
    assert_eq!(poll.question.plain(), "Tea?");
    let answers: Vec<_> = poll.answers.iter().map(|it| (&*it.id, it.text.plain())).collect();
    assert_eq!(answers, [("yes", "Yes".to_owned()), ("no", "No".to_owned())]);
    assert_eq!((poll.choices, poll.disclosed, poll.closed), (2, true, false));
    let Some(Card::Poll(poll)) = posted("m.poll.start", new_poll()).card else { panic!("no poll") };
    assert_eq!((poll.question.plain(), poll.answers.len()), ("Tea?".to_owned(), 1));
    assert_eq!((poll.choices, poll.disclosed), (1, false));
}

#[test]
fn a_poll_stands_in_its_thread_and_can_be_edited() {
    let mut content = old_poll();
    content["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": "$root" });
    let message = posted("org.matrix.msc3381.poll.start", content);
    assert_eq!(message.thread.unwrap().root, MessageId::from("$root"));
    let edit = json!({ "m.new_content": old_poll(),
        "m.relates_to": { "rel_type": "m.replace", "event_id": "$old" } });
    let events = heard("org.matrix.msc3381.poll.start", edit);
    assert_eq!(events[0].message, MessageId::from("$old"));
    assert!(matches!(&events[0].content, Content::Edited(message) if message.card.is_some()));
}

#[test]
fn a_vote_replaces_the_one_before_and_nothing_takes_it_back() {
    let relation = json!({ "rel_type": "m.reference", "event_id": "$poll" });
    let old = json!({ "m.relates_to": relation,
        "org.matrix.msc3381.poll.response": { "answers": ["no", "no", 7] } });
    let events = heard("org.matrix.msc3381.poll.response", old);
    assert_eq!(events[0].message, MessageId::from("$poll"));
    let voted = |answers: &[&str]| Content::Voted {
        by: ANN.into(),
        answers: answers.iter().map(|id| (*id).to_owned()).collect(),
        change: VoteChange::Set,
    };
    assert_eq!(events[0].content, voted(&["no"]));
    let new = json!({ "m.relates_to": relation, "m.selections": ["yes"] });
    assert_eq!(heard("m.poll.response", new)[0].content, voted(&["yes"]));
    let none = json!({ "m.relates_to": relation });
    assert_eq!(heard("m.poll.response", none)[0].content, voted(&[]));
}

#[test]
fn a_poll_is_closed_by_whoever_says_so() {
    let end = json!({ "m.relates_to": { "rel_type": "m.reference", "event_id": "$poll" },
        "org.matrix.msc3381.poll.end": {} });
    let events = heard("org.matrix.msc3381.poll.end", end);
    assert_eq!(events[0].message, MessageId::from("$poll"));
    assert_eq!(events[0].content, Content::PollClosed { by: Some(ANN.into()) });
}

#[test]
fn polls_that_cannot_be_read_are_errors() {
    for (kind, content) in [
        ("m.poll.start", json!({ "x": 1 })),
        ("m.poll.start", json!({ "m.poll": { "question": {}, "answers": [] } })),
        ("m.poll.response", json!({ "m.selections": [] })),
        ("m.poll.end", json!({ "m.text": "x" })),
    ] {
        assert!(events("!r", &raw(kind, content.clone()), &own()).is_err(), "{content}");
    }
}

#[test]
fn a_place_is_read_with_its_name() {
    let content = json!({ "msgtype": "m.location", "body": "Location geo:1,2 at noon",
        "geo_uri": "geo:52.5,-13.25;u=12.4",
        "org.matrix.msc3488.location": { "uri": "geo:52.5,-13.25;u=12.4", "description": "Café" } });
    let message = posted("m.room.message", content);
    let Some(Card::Location(place)) = message.card else { panic!("no place") };
    assert_eq!(place.point.text(), "52.5,-13.25");
    assert_eq!((place.accuracy, place.title.as_deref()), (Some(12), Some("Café")));
    assert!(message.body.is_empty());
    let title = |body: &str| {
        let content = json!({ "msgtype": "m.location", "body": body, "geo_uri": "geo:1,2" });
        match posted("m.room.message", content).card {
            Some(Card::Location(place)) => place.title,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(title("Location was shared at geo:1,2"), None);
    assert_eq!(title("https://www.openstreetmap.org/?mlat=1"), None);
    assert_eq!(title("Big Ben").as_deref(), Some("Big Ben"));
}

#[test]
fn a_place_without_a_point_is_its_words() {
    let content = json!({ "msgtype": "m.location", "body": "over there", "geo_uri": "geo:x" });
    let message = posted("m.room.message", content);
    assert_eq!((message.card, message.body.plain()), (None, "over there".to_owned()));
}

#[test]
fn each_beacon_is_a_new_version_of_what_is_shared() {
    let info = raw(
        "org.matrix.msc3672.beacon_info",
        json!({ "live": true, "timeout": 5_000,
        "description": "on the road", "org.matrix.msc3488.ts": 1_000 }),
    );
    let mut point = raw(
        "org.matrix.msc3672.beacon",
        json!({ "org.matrix.msc3488.location": { "uri": "geo:1,2" } }),
    );
    point["event_id"] = "$point".into();
    let events = beacon("!r", (&point, &info), false, &own());
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.message == MessageId::from("$e")));
    let Content::Edited(message) = &events[1].content else { panic!("no edit") };
    assert_eq!(events[0].content, Content::Posted(message.clone()));
    let Some(Card::Location(place)) = &message.card else { panic!("no place") };
    assert_eq!(place.live.unwrap().until, Some(bridge_model::Timestamp(6_000)));
    let ended = beacon("!r", (&point, &info), true, &own());
    assert_eq!(ended.len(), 1);
    point["sender"] = "@bob:example.org".into();
    assert_eq!(beacon("!r", (&point, &info), false, &own()), []);
}

#[test]
fn a_spoken_message_keeps_its_loudness_and_a_picture_its_previews() {
    let voice = json!({ "msgtype": "m.audio", "body": "v.ogg", "url": "mxc://x/y",
        "org.matrix.msc3245.voice": {},
        "org.matrix.msc1767.audio": { "duration": 1500, "waveform": [0, 5.4, 2000, "x"] } });
    let media = posted("m.room.message", voice).media.remove(0);
    assert_eq!((media.kind, media.duration_ms), (MediaKind::Voice, Some(1500)));
    assert_eq!(media.waveform, [0, 5, 1024, 0]);
    let picture = json!({ "msgtype": "m.image", "body": "a.png", "url": "mxc://x/y",
        "org.matrix.msc1767.alt_text": { "org.matrix.msc1767.text": "the sea" },
        "info": { "xyz.amorgan.blurhash": "LKO2?U%2Tw=w", "thumbnail_url": "mxc://x/t",
            "thumbnail_info": { "mimetype": "image/png", "w": 4, "h": 3, "size": 9 } } });
    let media = posted("m.room.message", picture).media.remove(0);
    assert_eq!(media.blurhash.as_deref(), Some("LKO2?U%2Tw=w"));
    assert_eq!(media.alt.as_deref(), Some("the sea"));
    let thumbnail = media.thumbnail.unwrap();
    assert_eq!(thumbnail.handle.reference, "mxc://x/t");
    assert_eq!((thumbnail.width, thumbnail.height, thumbnail.size), (Some(4), Some(3), Some(9)));
}

#[test]
fn a_hidden_picture_says_why() {
    let content = json!({ "msgtype": "m.image", "body": "look", "filename": "a.png",
        "url": "mxc://x/y", "page.codeberg.everypizza.msc4193.spoiler": true,
        "page.codeberg.everypizza.msc4193.spoiler.reason": "plot" });
    let message = posted("m.room.message", content);
    assert!(message.media[0].spoiler);
    assert_eq!(message.body.plain(), "(plot) look");
}

#[test]
fn why_a_picture_is_hidden_does_not_hide_that_it_stays_here() {
    let content = json!({ "msgtype": "m.image", "body": "(NOFWD) look", "filename": "a.png",
        "url": "mxc://x/y", "page.codeberg.everypizza.msc4193.spoiler": true,
        "page.codeberg.everypizza.msc4193.spoiler.reason": "plot" });
    let message = posted("m.room.message", content);
    assert!(bot_core::wording::marks::keeps(&message));
}

#[test]
fn what_moves_is_told_from_what_does_not() {
    let kind = |msgtype: &str, info: Value| {
        let content = json!({ "msgtype": msgtype, "body": "x", "url": "mxc://x/y", "info": info });
        posted("m.room.message", content).media[0].kind
    };
    let still = json!({ "mimetype": "image/gif", "is_animated": false });
    assert_eq!(kind("m.image", still), MediaKind::Image);
    let moving = json!({ "mimetype": "image/webp", "org.matrix.msc4230.is_animated": true });
    assert_eq!(kind("m.image", moving), MediaKind::Animation);
    assert_eq!(kind("m.video", json!({ "fi.mau.gif": true })), MediaKind::Animation);
}

#[test]
fn a_sticker_is_known_again_by_its_address() {
    let content = json!({ "body": "🐈", "url": "mxc://x/y", "info": { "mimetype": "image/webp" } });
    let media = posted("m.sticker", content).media.remove(0);
    let sticker = media.sticker.unwrap();
    assert_eq!(sticker.id.as_deref(), Some("mxc://x/y"));
    assert_eq!(sticker.emoji.as_deref(), Some("🐈"));
}

#[test]
fn a_gallery_is_one_message_with_all_its_files() {
    let item = |kind: &str, url: &str| json!({ "itemtype": kind, "body": "a.png", "url": url, "info": { "size": 7 } });
    let items = [item("m.image", "mxc://x/1"), item("m.video", "no"), item("m.file", "mxc://x/3")];
    let content = json!({ "msgtype": "dm.filament.gallery", "body": "both", "itemtypes": items });
    let message = posted("m.room.message", content);
    let kinds: Vec<_> = message.media.iter().map(|media| media.kind).collect();
    assert_eq!(kinds, [MediaKind::Image, MediaKind::File]);
    assert_eq!(message.body.plain(), "both");
    let (name, why) = (Some("a.png".to_owned()), Missing::Unavailable);
    assert_eq!(message.notes, [Note::FileMissing { name, size: Some(7), why }]);
}

#[test]
fn a_profile_for_one_message_names_the_author() {
    let content = json!({ "msgtype": "m.text", "body": "Fox: hello",
        "format": "org.matrix.custom.html",
        "formatted_body": "<strong data-mx-profile-fallback>Fox: </strong>hello",
        "com.beeper.per_message_profile": { "id": "fox", "displayname": "Fox",
            "avatar_url": "mxc://x/fox", "has_fallback": true } });
    let message = posted("m.room.message", content.clone());
    let shown = (message.author.name.as_str(), message.body.plain());
    assert_eq!(shown, ("Fox (Ann)", "hello".to_owned()), "the account stays in sight");
    assert_eq!(message.author.user, UserId::from(ANN));
    assert_eq!(message.author.avatar.unwrap().reference, "mxc://x/fox");
    let mut plain = content;
    plain.as_object_mut().unwrap().remove("format");
    assert_eq!(posted("m.room.message", plain).body.plain(), "hello");
}

#[test]
fn a_room_that_looks_different_says_how() {
    let changed = |change| vec![Content::ChatChanged { by: Some(ANN.into()), change }];
    let name = |name: &str| json!({ "name": name });
    let renamed = state("m.room.name", name("Tea"), name("Coffee"));
    assert_eq!(renamed, changed(ChatChange::Name("Tea".into())));
    assert_eq!(state("m.room.name", name("Tea"), name("Tea")), []);
    assert_eq!(state("m.room.name", json!({}), name("Tea")), []);
    let undescribed = state("m.room.topic", json!({}), json!({ "topic": "x" }));
    assert_eq!(undescribed, changed(ChatChange::Topic(String::new())));
    assert_eq!(state("m.room.topic", json!({}), Value::Null), []);
    let handle =
        bridge_model::MediaHandle { network: "matrix".into(), reference: "mxc://x/y".into() };
    let pictured = state("m.room.avatar", json!({ "url": "mxc://x/y" }), Value::Null);
    assert_eq!(pictured, changed(ChatChange::Avatar(Some(handle))));
    let gone = state("m.room.avatar", json!({}), json!({ "url": "mxc://x/y" }));
    assert_eq!(gone, changed(ChatChange::Avatar(None)));
}

#[test]
fn pins_are_told_by_their_difference() {
    let mut raw = raw("m.room.pinned_events", json!({ "pinned": ["$a", "$c", "$c", 1] }));
    raw["state_key"] = "".into();
    raw["unsigned"] = json!({ "prev_content": { "pinned": ["$a", "$b"] } });
    let events = events("!r", &raw, &own()).unwrap();
    let told: Vec<_> =
        events.iter().map(|event| (event.message.as_str(), &event.content)).collect();
    assert_eq!(told, [("$b", &Content::Unpinned), ("$c", &Content::Pinned)]);
    assert_eq!(state("m.room.pinned_events", json!({ "pinned": ["$a"] }), Value::Null).len(), 1);
}

#[test]
fn members_come_go_and_change() {
    let change = |who: &str, now: Value, before: Value| {
        let mut raw = raw("m.room.member", now);
        raw["state_key"] = who.into();
        if !before.is_null() {
            raw["unsigned"] = json!({ "prev_content": before });
        }
        let Content::MemberChanged { who, change } = member("!r", &raw, &own())?.content else {
            panic!("something else")
        };
        Some((who.name, who.avatar.is_some(), change))
    };
    let joined = |name: &str| json!({ "membership": "join", "displayname": name });
    let left = || json!({ "membership": "leave" });
    let told = |name: &str, change| Some((name.to_owned(), false, change));
    assert_eq!(change(ANN, joined("A"), Value::Null), told("A", MemberChange::Joined));
    assert_eq!(change(ANN, joined("A"), left()), told("A", MemberChange::Joined));
    assert_eq!(change(ANN, joined("B"), joined("A")), told("B", MemberChange::Profile));
    assert_eq!(change(ANN, joined("A"), joined("A")), None);
    assert_eq!(change(ANN, left(), joined("A")), told("A", MemberChange::Left));
    assert_eq!(change(ANN, left(), json!({ "membership": "invite" })), None);
    assert_eq!(change("@_fs_x:example.org", left(), joined("A")), None);
    let mut pictured = joined("A");
    pictured["avatar_url"] = "mxc://x/y".into();
    let changed = Some(("A".to_owned(), true, MemberChange::Profile));
    assert_eq!(change(ANN, pictured, joined("A")), changed);
}

#[test]
fn a_file_has_the_ending_of_its_type_and_its_whole_name() {
    let named = |msgtype: &str, body: &str, mime: Option<&str>| {
        let content = json!({
            "msgtype": msgtype, "body": body, "url": "mxc://hs.example/f",
            "info": { "mimetype": mime },
        });
        let Content::Posted(message) = heard("m.room.message", content).remove(0).content else {
            panic!("nothing was posted")
        };
        message.media[0].name.clone().unwrap()
    };
    assert_eq!(named("m.audio", "Voice message", Some("audio/ogg")), "Voice message.ogg");
    let with_codec = Some("audio/ogg; codecs=opus");
    assert_eq!(named("m.audio", "Voice message", with_codec), "Voice message.ogg");
    assert_eq!(named("m.image", "screenshot", Some("image/png")), "screenshot.png");
    assert_eq!(named("m.image", "Screenshot 1.2", Some("image/png")), "Screenshot 1.2.png");
    assert_eq!(named("m.image", "a.jpeg", Some("image/jpeg")), "a.jpeg");
    assert_eq!(named("m.video", "film", None), "film.mp4");
    assert_eq!(named("m.file", "Makefile", None), "Makefile");
    assert_eq!(named("m.file", "notes", Some("text/plain")), "notes.txt");
    let long = format!("{}.pdf", "x".repeat(300));
    assert_eq!(named("m.file", &long, Some("application/pdf")), long);
}
