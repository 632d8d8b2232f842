// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people say in a group of the stand-in, and what the listener hears of it.

use std::sync::Arc;

use bot_core::Network;
use bridge_model::{
    Card, ChatChange, Content, Event, Leaf, MediaKind, MemberChange, Message, Note, Service,
};
use bytes::Bytes;
use sandbox::telegram::{Channel, Group, MessageId, Post, Rights, Telegram, User};
use serde_json::{Value, json};

use crate::stage::{Listener, Memory, network, png, posted};

/// A group where Ada speaks and the bot, an admin, listens.
struct Scene {
    telegram: Telegram,
    group: Group,
    ada: User,
    listener: Listener,
}

impl Scene {
    async fn open() -> Self {
        let telegram = Telegram::start().await.unwrap();
        let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
        group.promote_bot(Rights::all());
        group.promote(&ada);
        let listener = Listener::start(&telegram, Arc::default());
        let scene = Self { telegram, group, ada, listener };
        // From here on the bot has said which updates it wants.
        scene.group.say(&scene.ada, "ready").unwrap();
        scene.memory().message("ready").await;
        scene
    }

    fn memory(&self) -> &Memory {
        &self.listener.memory
    }

    /// What the listener makes of a post.
    async fn hear(&self, post: Post) -> Message {
        let id = self.group.send(&self.ada, &post).unwrap();
        self.heard(id).await
    }

    async fn heard(&self, id: MessageId) -> Message {
        let id = id.0.to_string();
        let is_it = |it: &Event| posted(it).is_some() && it.message.as_str() == id;
        posted(&self.memory().event(is_it).await).unwrap().clone()
    }

    /// The only note of a service message that this leads to.
    async fn line(&self, id: MessageId) -> Service {
        let message = self.heard(id).await;
        let [Note::Service(service)] = message.notes.as_slice() else { panic!("{message:?}") };
        service.clone()
    }

    async fn content<R>(&self, look: impl Fn(&Event) -> Option<R>) -> R {
        self.memory().wait(|it| it.events.lock().unwrap().iter().find_map(&look)).await
    }

    async fn close(self) {
        self.listener.stop().await.unwrap();
        self.telegram.assert_clean().unwrap();
    }
}

fn file(kind: &'static str, name: &str, mime: &str) -> Post {
    Post::file(kind, (name, mime), &b"bytes"[..])
}

#[tokio::test]
async fn an_album_is_one_group_of_messages() {
    let scene = Scene::open().await;
    let bold = json!([{ "type": "bold", "offset": 0, "length": 3 }]);
    let posts = [
        Post::file("photo", ("", ""), png()).caption("two views").entities(bold).above(),
        file("video", "v.mp4", "video/mp4").spoiler().thumbnail(png()),
    ];
    let ids = scene.group.send_album(&scene.ada, &posts).unwrap();
    let (photo, video) = (scene.heard(ids[0]).await, scene.heard(ids[1]).await);
    assert!(photo.album.is_some());
    assert_eq!(photo.album, video.album);
    assert_eq!(photo.body.plain(), "two views");
    assert_eq!(photo.media[0].kind, MediaKind::Image);
    assert_eq!((video.media[0].kind, video.media[0].spoiler), (MediaKind::Video, true));
    assert!(video.media[0].thumbnail.is_some());
    let mixed = [posts[0].clone(), file("document", "d.pdf", "application/pdf")];
    assert!(scene.group.send_album(&scene.ada, &mixed).is_err());
    scene.close().await;
}

#[tokio::test]
async fn every_kind_of_file_keeps_what_is_known_of_it() {
    let scene = Scene::open().await;
    let tags = json!({ "title": "Air", "performer": "Bach", "duration": 200 });
    let music =
        scene.hear(file("audio", "air.mp3", "audio/mpeg").about(&tags).thumbnail(png())).await;
    let music = &music.media[0];
    assert_eq!((music.title.as_deref(), music.performer.as_deref()), (Some("Air"), Some("Bach")));
    assert!(music.thumbnail.is_some() && music.duration_ms == Some(200_000));

    let voice = scene.hear(file("voice", "", "audio/ogg").caption("hm")).await;
    assert_eq!((voice.media[0].kind, voice.body.plain().as_str()), (MediaKind::Voice, "hm"));
    let round = scene.hear(file("video_note", "", "").thumbnail(png())).await;
    assert_eq!(round.media[0].kind, MediaKind::VideoNote);
    let loops = scene.hear(file("animation", "l.mp4", "video/mp4").spoiler()).await;
    assert_eq!((loops.media.len(), loops.media[0].kind), (1, MediaKind::Animation));
    let document = scene.hear(file("document", "d.pdf", "application/pdf").thumbnail(png())).await;
    assert_eq!(document.media[0].name.as_deref(), Some("d.pdf"));
    assert!(document.media[0].thumbnail.is_some());

    let about = json!({ "emoji": "🐈", "set_name": "cats" });
    let webp = Bytes::from_static(b"RIFF\0\0\0\0WEBPVP8 ");
    let gzip = Bytes::from_static(b"\x1f\x8b\x08\0");
    let webm = Bytes::from_static(b"\x1a\x45\xdf\xa3\0");
    for (bytes, mime) in
        [(webp, "image/webp"), (gzip, "application/x-tgsticker"), (webm, "video/webm")]
    {
        let post = Post::file("sticker", ("", mime), bytes).about(&about).thumbnail(png());
        let sticker = scene.hear(post).await.media.remove(0);
        assert_eq!(sticker.mime.as_deref(), Some(mime));
        let about = sticker.sticker.unwrap();
        assert_eq!((about.pack.as_deref(), about.emoji.as_deref()), (Some("cats"), Some("🐈")));
        assert!(about.id.is_some() && sticker.thumbnail.is_some());
    }
    scene.close().await;
}

fn poll() -> Post {
    let option =
        |id: &str, text: &str| json!({ "persistent_id": id, "text": text, "voter_count": 0 });
    Post::content(&json!({ "poll": {
        "id": "5001", "question": "Lunch?", "options": [option("a", "Yes"), option("b", "No")],
        "total_voter_count": 0, "is_closed": false, "is_anonymous": true, "type": "regular",
        "allows_multiple_answers": false, "allows_revoting": true, "members_only": false,
    }}))
}

#[tokio::test]
async fn a_poll_is_a_card_and_its_end_is_counted() {
    let scene = Scene::open().await;
    let id = scene.group.send(&scene.ada, &poll()).unwrap();
    let message = scene.heard(id).await;
    let Some(Card::Poll(poll)) = message.card else { panic!("{message:?}") };
    assert_eq!((poll.question.plain().as_str(), poll.answers.len()), ("Lunch?", 2));
    scene.group.stop_poll(&scene.ada, id, &[3, 1]).unwrap();
    let (place, name) = scene
        .content(|it| {
            let Content::Counted { counts, closed: true } = &it.content else { return None };
            (*counts == [3, 1]).then(|| (it.place.chat.clone(), it.message.clone()))
        })
        .await;
    assert_eq!((&place, &name), (&message.also[0].chat, &message.also[0].message));
    scene.close().await;
}

#[tokio::test]
async fn places_and_contacts_are_cards() {
    let scene = Scene::open().await;
    let place = json!({ "latitude": 52.52, "longitude": 13.405 });
    let venue = json!({ "location": place, "title": "Library", "address": "Main St 1" });
    let heard = scene.hear(Post::content(&json!({ "location": place, "venue": venue }))).await;
    let Some(Card::Location(library)) = heard.card else { panic!("{heard:?}") };
    assert_eq!(library.title.as_deref(), Some("Library"));

    let contact = json!({ "phone_number": "+49301", "first_name": "Bob" });
    let heard = scene.hear(Post::content(&json!({ "contact": contact }))).await;
    let Some(Card::Contact(bob)) = heard.card else { panic!("{heard:?}") };
    assert_eq!((bob.name.as_str(), bob.phone.as_deref()), ("Bob", Some("+49301")));

    let moving = json!({ "latitude": 1.0, "longitude": 2.0, "live_period": 900 });
    let id = scene.group.send(&scene.ada, &Post::content(&json!({ "location": moving }))).unwrap();
    let Some(Card::Location(here)) = scene.heard(id).await.card else { panic!() };
    assert!(here.live.unwrap().until.is_some());
    scene.group.move_to(&scene.ada, id, (1.5, 2.5)).unwrap();
    scene.group.stop_moving(&scene.ada, id).unwrap();
    let edits = |it: &Memory| -> Option<Vec<_>> {
        let events = it.events.lock().unwrap();
        let places = events.iter().filter_map(|event| {
            let Content::Edited(Message { card: Some(Card::Location(place)), .. }) = &event.content
            else {
                return None;
            };
            Some((place.point.text(), place.live.unwrap().until.is_some()))
        });
        let places: Vec<_> = places.collect();
        (places.len() == 2).then_some(places)
    };
    let edits = scene.memory().wait(edits).await;
    assert_eq!(edits, [("1.5,2.5".to_owned(), true), ("1.5,2.5".to_owned(), false)]);
    scene.close().await;
}

#[tokio::test]
async fn what_no_side_has_is_named() {
    let scene = Scene::open().await;
    let chat = json!({ "id": -1_001_900_000_007_i64, "type": "channel", "title": "News" });
    let size = json!([{ "file_id": "g", "file_unique_id": "g", "width": 1, "height": 1 }]);
    let kinds: [(Value, Note); 6] = [
        (
            json!({ "dice": { "emoji": "🎲", "value": 4 } }),
            Note::Dice { emoji: "🎲".into(), value: 4 },
        ),
        (
            json!({ "game": { "title": "2048", "description": "Add up", "photo": size } }),
            Note::Game { title: "2048".into() },
        ),
        (
            json!({ "invoice": { "title": "Mug", "description": "Blue", "start_parameter": "m",
                "currency": "EUR", "total_amount": 1250 } }),
            Note::Invoice { title: "Mug".into(), amount: Some("12.50 EUR".into()) },
        ),
        (json!({ "story": { "chat": chat, "id": 7 } }), Note::Story { from: Some("News".into()) }),
        (
            json!({ "giveaway": { "chats": [chat], "winners_selection_date": 1, "winner_count": 1 } }),
            Note::Giveaway,
        ),
        (
            json!({ "paid_media": { "star_count": 5, "paid_media": [{ "type": "preview" }] } }),
            Note::PaidMedia,
        ),
    ];
    for (fields, note) in kinds {
        assert_eq!(scene.hear(Post::content(&fields)).await.notes, [note], "{fields}");
    }
    scene.close().await;
}

#[tokio::test]
async fn a_checklist_is_ticked_by_an_edit() {
    let scene = Scene::open().await;
    let tasks = json!([{ "id": 1, "text": "Tent" }, { "id": 2, "text": "Map" }]);
    let list = Post::content(&json!({ "checklist": { "title": "Trip", "tasks": tasks } }));
    let id = scene.group.send(&scene.ada, &list).unwrap();
    assert_eq!(scene.heard(id).await.body.plain(), "Trip\n• ☐ Tent\n• ☐ Map");
    let bob = scene.telegram.user("Bob");
    scene.group.tick(&bob, id, 2).unwrap();
    let edit = scene
        .content(|it| {
            let Content::Edited(message) = &it.content else { return None };
            Some(message.clone())
        })
        .await;
    assert_eq!(edit.body.plain(), "Trip\n• ☐ Tent\n• ☑ Map");
    assert_eq!(edit.author.name, "Ada");
    scene.close().await;
}

#[tokio::test]
async fn custom_emoji_have_a_picture() {
    let scene = Scene::open().await;
    let id = scene.telegram.custom_emoji("👍", png());
    let mark = json!([{ "type": "custom_emoji", "offset": 3, "length": 2, "custom_emoji_id": id }]);
    let heard = scene.hear(Post::text("hi 👍").entities(mark)).await;
    let bridge_model::Block::Paragraph(spans) = &heard.body.0[0] else { panic!("{heard:?}") };
    let emoji = Leaf::Emoji { id: id.clone(), name: "👍".into(), animated: false };
    assert_eq!(spans[1].leaf, emoji);
    let network = network(&scene.telegram);
    let picture = network.emoji(&id).await.unwrap().unwrap();
    assert!(network.open(&picture).await.is_ok());
    assert_eq!(network.emoji("1").await.unwrap(), None);
    scene.close().await;
}

#[tokio::test]
async fn quotes_forwards_and_buttons_cross() {
    let scene = Scene::open().await;
    let first = scene.group.say(&scene.ada, "one two three").unwrap();
    let reply =
        scene.hear(Post::text("yes").answering(first).quoting("two")).await.reply_to.unwrap();
    assert_eq!((reply.excerpt.unwrap().plain().as_str(), reply.partial), ("two", true));
    let news = Channel::new(7, "News");
    let reply = scene.hear(Post::text("so").answering_channel(&news, 5, "said there")).await;
    let reply = reply.reply_to.unwrap();
    assert_eq!(reply.name.as_deref(), Some("News"));
    assert_eq!(reply.excerpt.unwrap().plain(), "said there");

    let heard = scene.hear(Post::text("old").forwarded_from("Somebody")).await;
    assert_eq!(heard.forwarded.unwrap().from, "Somebody");
    let heard = scene.hear(Post::text("older").forwarded_from_channel(&news, Some("Ann"))).await;
    assert_eq!(heard.forwarded.unwrap().from, "News (Ann)");

    let helper = scene.telegram.user("Helper").that_is_a_bot();
    let rows = json!([[{ "text": "Site", "url": "https://example.org/" }],
        [{ "text": "Vote", "callback_data": "v" }]]);
    let heard = scene.hear(Post::text("choose").via(&helper).buttons(rows)).await;
    assert_eq!(heard.body.plain(), "choose\n• Site (https://example.org/)");
    assert_eq!(heard.notes, [Note::Button { label: "Vote".into() }]);
    assert_eq!(heard.author.name, "Ada");
    scene.close().await;
}

#[tokio::test]
async fn chats_speak_under_their_names() {
    let scene = Scene::open().await;
    let news = Channel::new(7, "News");
    let name = |message: Message| message.author.name;
    assert_eq!(name(scene.hear(Post::text("a").as_group(None)).await), "Maps");
    assert_eq!(name(scene.hear(Post::text("b").as_group(Some("Boss"))).await), "Maps (Boss)");
    assert_eq!(name(scene.hear(Post::text("c").as_channel(&news)).await), "News");
    let linked = scene.hear(Post::text("d").of_linked(&news, Some("Ann"))).await;
    assert_eq!((linked.author.name.as_str(), linked.forwarded), ("News (Ann)", None));
    scene.close().await;
}

#[tokio::test]
async fn topics_are_threads() {
    let scene = Scene::open().await;
    let topic = scene.group.open_topic(&scene.ada, "Trips").unwrap();
    assert_eq!(scene.line(topic).await, Service::ThreadOpened { name: "Trips".into() });
    let heard = scene.hear(Post::text("hi").in_topic(topic)).await;
    let thread = heard.thread.unwrap();
    assert_eq!(thread.root.as_str(), topic.0.to_string());
    assert_eq!((thread.name.as_deref(), heard.reply_to), (Some("Trips"), None));
    assert_eq!(scene.hear(Post::text("in General")).await.thread, None);

    scene.group.change_topic(&scene.ada, topic, Some("Tours"), Some(true)).unwrap();
    let changed = |wanted: (Option<&'static str>, Option<bool>)| {
        move |it: &Event| {
            let Content::ThreadChanged { name, closed } = &it.content else { return None };
            ((name.as_deref(), *closed) == wanted).then(|| it.message.clone())
        }
    };
    assert_eq!(scene.content(changed((Some("Tours"), None))).await, thread.root);
    assert_eq!(scene.content(changed((None, Some(true)))).await, thread.root);
    scene.group.change_topic(&scene.ada, topic, None, Some(false)).unwrap();
    scene.content(changed((None, Some(false)))).await;
    scene.close().await;
}

#[tokio::test]
async fn the_chat_itself_changes() {
    let scene = Scene::open().await;
    let change = |wanted: fn(&ChatChange) -> bool| {
        move |it: &Event| {
            let Content::ChatChanged { change, .. } = &it.content else { return None };
            wanted(change).then_some(())
        }
    };
    let line = scene.group.rename("Atlas").unwrap();
    assert_eq!(scene.line(line).await, Service::Renamed { to: "Atlas".into() });
    scene.content(change(|it| *it == ChatChange::Name("Atlas".into()))).await;
    let line = scene.group.set_picture(&scene.ada, Some(png().into())).unwrap();
    assert_eq!(scene.line(line).await, Service::Pictured { removed: false });
    scene.content(change(|it| matches!(it, ChatChange::Avatar(Some(_))))).await;
    let line = scene.group.set_picture(&scene.ada, None).unwrap();
    assert_eq!(scene.line(line).await, Service::Pictured { removed: true });
    scene.content(change(|it| *it == ChatChange::Avatar(None))).await;

    let rules = scene.group.say(&scene.ada, "rules").unwrap();
    scene.group.pin(&scene.ada, rules).unwrap();
    let pinned = scene.content(|it| (it.content == Content::Pinned).then(|| it.message.clone()));
    assert_eq!(pinned.await.as_str(), rules.0.to_string());
    scene.close().await;
}

#[tokio::test]
async fn people_come_and_go() {
    let scene = Scene::open().await;
    let (eve, ivo) = (scene.telegram.user("Eve"), scene.telegram.user("Ivo"));
    let line = scene.group.join(&eve).unwrap();
    assert_eq!(scene.line(line).await, Service::Joined { names: vec!["Eve".into()] });
    let line = scene.group.leave(&eve).unwrap();
    assert_eq!(scene.line(line).await, Service::Left { name: "Eve".into(), removed: false });
    let line = scene.group.kick(&eve).unwrap();
    assert_eq!(scene.line(line).await, Service::Left { name: "Eve".into(), removed: true });
    scene.group.come_unseen(&ivo);
    scene.group.go_unseen(&ivo);
    let last = scene.group.say(&scene.ada, "the end").unwrap();
    scene.heard(last).await;
    let events = scene.memory().events.lock().unwrap().clone();
    let of = |name: &str| -> Vec<MemberChange> {
        let changes = events.iter().filter_map(|it| {
            let Content::MemberChanged { who, change } = &it.content else { return None };
            (who.name == name).then_some(*change)
        });
        let mut changes: Vec<MemberChange> = changes.collect();
        // What is told twice may come in two batches.
        changes.dedup();
        changes
    };
    assert_eq!(of("Eve"), [MemberChange::Joined, MemberChange::Left]);
    assert_eq!(of("Ivo"), [MemberChange::Joined, MemberChange::Left]);
    scene.close().await;
}

#[tokio::test]
async fn calls_timers_and_boosts_are_lines() {
    let scene = Scene::open().await;
    let cases = [
        ("video_chat_started", json!({}), Service::CallStarted),
        ("video_chat_ended", json!({ "duration": 75 }), Service::CallEnded { seconds: Some(75) }),
        ("boost_added", json!({ "boost_count": 2 }), Service::Boosted { count: 2 }),
        (
            "message_auto_delete_timer_changed",
            json!({ "message_auto_delete_time": 86_400 }),
            Service::AutoDelete { seconds: 86_400 },
        ),
        ("general_forum_topic_hidden", json!({}), Service::Other),
    ];
    for (field, value, service) in cases {
        let line = scene.group.happen(&scene.ada, field, value).unwrap();
        assert_eq!(scene.line(line).await, service, "{field}");
    }
    scene.close().await;
}
