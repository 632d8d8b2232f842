// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people on Discord see of polls, places, cards, files and calls.
//!
//! Rule: what does not arrive is named; nobody is called by accident.

use bot_core::{Action, Deliver, DeliverError, SendAs, Words};
use bridge_discord::convert::outgoing::render;
use bridge_model::{
    Block, Card, ChatChange, Contact, Leaf, Location, Media, MediaKind, Mention, Message,
    MessageKind, Place, Point, Poll, PollAnswer, Reaction, Reply, RichText, Span, Style, Timestamp,
};
use sandbox::discord::{Ping, permissions};
use sandbox::faults::Fault;
use serde_json::json;

use crate::stage::{Files, Stage, edit, edit_files, message, picture, post, words, zoe};

fn poll(question: &str, answers: &[&str]) -> Poll {
    let answers = answers
        .iter()
        .enumerate()
        .map(|(id, text)| PollAnswer { id: id.to_string(), text: RichText::plain_text(text) });
    Poll {
        question: RichText::plain_text(question),
        answers: answers.collect(),
        choices: 1,
        disclosed: true,
        closes_at: None,
        closed: false,
    }
}

fn asking(poll: Poll) -> Message {
    Message { card: Some(Card::Poll(poll)), ..words("") }
}

fn span(leaf: Leaf) -> Span {
    Span { leaf, style: Style::default() }
}

#[tokio::test]
async fn a_poll_arrives_as_a_poll() {
    let stage = Stage::new().await;
    let network = stage.network();
    for (entry, send_as) in [(1, zoe()), (2, SendAs::Bot)] {
        let closes_at = Some(Timestamp(90 * 60_000));
        let asked = Poll { choices: 2, closes_at, ..poll("When *exactly*?", &["now", "later"]) };
        let act = post(send_as, asking(asked));
        let receipt = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
        let id = receipt.parts[0].id.as_str().parse().unwrap();
        stage.channel.vote(&stage.ann, id, 2).unwrap();
        let seen = stage.channel.expect(|seen| seen.id == id).await.unwrap();
        let shown = seen.poll.unwrap();
        assert_eq!(shown.question, "When *exactly*?");
        assert!(shown.several && seen.content.is_empty());
        let voters = vec![stage.ann.id()];
        assert_eq!(shown.answers, [("now".to_owned(), vec![]), ("later".to_owned(), voters)]);
    }
    let durations: Vec<_> = stage
        .discord
        .requests()
        .iter()
        .filter_map(|request| request.body.pointer("/poll/duration").cloned())
        .collect();
    assert_eq!(durations, [json!(2), json!(2)], "an hour and a half is two hours");
    stage.clean();
}

#[tokio::test]
async fn the_text_of_a_poll_can_be_edited_and_the_poll_stays() {
    let stage = Stage::new().await;
    let network = stage.network();
    let mut said = asking(poll("When?", &["now", "later"]));
    said.body = RichText::plain_text("Please say");
    let act = post(zoe(), said.clone());
    let posted = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    assert_eq!(posted.parts.len(), 2);
    said.body = RichText::plain_text("Please vote");
    let act = edit(zoe(), &posted.parts, said);
    let edited = network.deliver(&stage.order(2, act, None), &Files).await.unwrap();
    assert_eq!(edited.parts, posted.parts);
    let seen = stage.channel.messages();
    assert_eq!(seen[0].content, "Please vote");
    assert!(seen[1].poll.is_some() && !seen[1].edited);
    let act = Action::ClosePoll { send_as: zoe(), parts: posted.parts };
    network.deliver(&stage.order(3, act, None), &Files).await.unwrap();
    assert!(!stage.channel.messages()[1].poll.as_ref().unwrap().closed, "a webhook cannot");
    assert!(!network.capabilities().polls.unwrap().closing);
    stage.clean();
}

#[tokio::test]
async fn the_bot_closes_its_own_poll() {
    let stage = Stage::new().await;
    let network = stage.network();
    let act = post(SendAs::Bot, asking(poll("When?", &["now", "later"])));
    let posted = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let act = Action::ClosePoll { send_as: SendAs::Bot, parts: posted.parts };
    for entry in [2, 3] {
        network.deliver(&stage.order(entry, act.clone(), None), &Files).await.unwrap();
    }
    assert!(stage.channel.messages()[0].poll.as_ref().unwrap().closed);
    stage.clean();
}

#[tokio::test]
async fn a_poll_that_does_not_fit_becomes_text() {
    let stage = Stage::new().await;
    let long = "x".repeat(60);
    let act = post(zoe(), asking(poll("When?", &["now", &long])));
    stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let seen = &stage.channel.messages()[0];
    assert!(seen.poll.is_none());
    let expected = format!("**When?**\n1. now\n2. {long}\n🗳 You can vote where");
    assert!(seen.content.starts_with(&expected), "{}", seen.content);
    let closed = Poll { closed: true, ..poll("When?", &["now"]) };
    let bodies = render(&asking(closed), &zoe(), None, &Words::english());
    assert!(bodies[0]["content"].as_str().unwrap().contains("closed"), "{bodies:?}");
    stage.clean();
}

#[tokio::test]
async fn places_and_cards_are_text_with_a_map() {
    let stage = Stage::new().await;
    let network = stage.network();
    let place = Location {
        point: Point::from_degrees(52.52, 13.405),
        accuracy: Some(30),
        title: Some("The *pub*".to_owned()),
        address: Some("Street 1".to_owned()),
        live: None,
    };
    let said = Message { card: Some(Card::Location(place.clone())), ..words("") };
    let act = post(zoe(), said);
    let receipt = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let map = "https://www.openstreetmap.org/?mlat=52.52&mlon=13.405#map=16/52.52/13.405";
    let content = stage.channel.messages()[0].content.clone();
    assert_eq!(content, format!("📍 **The \\*pub\\***\nStreet 1\n[52.52, 13.405]({map}) (± 30 m)"));
    let moved = Location { point: Point::from_degrees(1.0, 2.0), ..place };
    let said = Message { card: Some(Card::Location(moved)), ..words("") };
    let act = edit(zoe(), &receipt.parts, said);
    network.deliver(&stage.order(2, act, None), &Files).await.unwrap();
    assert!(stage.channel.messages()[0].content.contains("[1, 2]"));
    let card = Contact { name: "Bo".to_owned(), phone: Some("+49 1".to_owned()) };
    let said = Message { card: Some(Card::Contact(card)), ..words("") };
    network.deliver(&stage.order(3, post(zoe(), said), None), &Files).await.unwrap();
    assert_eq!(stage.channel.messages()[1].content, "👤 Contact: Bo\n\\+49 1");
    stage.clean();
}

#[tokio::test]
async fn everybody_is_called_only_by_a_real_mention() {
    let stage = Stage::new().await;
    let network = stage.network();
    let meant = message(RichText::paragraph(vec![
        span(Leaf::Mention(Mention::Everyone)),
        Span::text(" come"),
    ]));
    let typed = words("@everyone @here come");
    for (entry, said) in [(1, meant), (2, typed)] {
        network.deliver(&stage.order(entry, post(zoe(), said), None), &Files).await.unwrap();
    }
    let seen = stage.channel.messages();
    assert_eq!(
        (seen[0].content.as_str(), &seen[0].pings[..]),
        ("@everyone come", &[Ping::Everyone][..])
    );
    assert!(seen[1].pings.is_empty());
    stage.clean();
}

#[tokio::test]
async fn channels_and_own_emoji_are_native_and_others_are_words() {
    let stage = Stage::new().await;
    let place = Place::new("discord", stage.channel.id().to_string());
    let emoji = |id: &str, name: &str| {
        span(Leaf::Emoji { id: id.to_owned(), name: name.to_owned(), animated: false })
    };
    let role = Mention::Role { id: "7".to_owned(), name: "admins".to_owned(), colour: None };
    let said = message(RichText::paragraph(vec![
        span(Leaf::Mention(Mention::Chat { place, name: "general".to_owned() })),
        span(Leaf::Mention(role)),
        emoji("1234567890123456789", "wave"),
        emoji("mxc://example.org/a", "party"),
        emoji("5368324170671202286", "👍"),
    ]));
    stage.network().deliver(&stage.order(1, post(zoe(), said), None), &Files).await.unwrap();
    let seen = &stage.channel.messages()[0];
    let channel = stage.channel.id();
    assert_eq!(seen.content, format!("<#{channel}>@admins<:wave:1234567890123456789>\\:party:👍"));
    assert!(seen.pings.is_empty());
    stage.clean();
}

#[tokio::test]
async fn a_chosen_part_is_quoted_below_the_reply_line() {
    let stage = Stage::new().await;
    let mut said = words("that");
    said.reply_to = Some(Reply {
        name: Some("Ann".to_owned()),
        excerpt: Some(RichText::plain_text("this part")),
        partial: true,
        ..Reply::to("1".into())
    });
    stage.network().deliver(&stage.order(1, post(zoe(), said), None), &Files).await.unwrap();
    assert_eq!(stage.channel.messages()[0].content, "-# ↪ Ann\n> this part\nthat");
    stage.clean();
}

#[tokio::test]
async fn many_files_come_in_several_messages() {
    let stage = Stage::new().await;
    let mut said = words("look");
    said.media = (0..12).map(|number| picture(&format!("{number}.png"), 10)).collect();
    said.media.extend([picture("big.png", 9_000_000), picture("huge.png", 9_000_000)]);
    let act = post(zoe(), said);
    let receipt = stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let seen = stage.channel.messages();
    let counts: Vec<_> = seen.iter().map(|seen| seen.attachments.len()).collect();
    assert_eq!(counts, [10, 3, 1], "ten at most, and ten megabytes together");
    assert_eq!(receipt.parts.len(), 3);
    stage.clean();
}

#[tokio::test]
async fn voices_and_stickers_are_files_with_good_names() {
    let stage = Stage::new().await;
    let file = |kind, mime: &str| Media {
        name: None,
        mime: Some(mime.to_owned()),
        kind,
        ..picture("", 10)
    };
    let mut said = words("");
    said.media = vec![
        file(MediaKind::Voice, "audio/ogg; codecs=opus"),
        file(MediaKind::Sticker, "image/webp"),
        file(MediaKind::Sticker, "application/x-tgsticker"),
        file(MediaKind::Sticker, "video/webm"),
    ];
    stage.network().deliver(&stage.order(1, post(zoe(), said), None), &Files).await.unwrap();
    let seen = &stage.channel.messages()[0];
    let names: Vec<_> = seen.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["voice-message.ogg", "sticker.webp", "sticker.tgs", "sticker.webm"]);
    stage.clean();
}

#[tokio::test]
async fn a_file_that_is_bigger_than_it_said_is_named() {
    let stage = Stage::new().await;
    let mut said = words("look");
    let big = Media { size: None, ..picture("big.png", 11 * 1024 * 1024) };
    said.media = vec![picture("cat.png", 10), big];
    let act = post(zoe(), said);
    let receipt = stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let seen = stage.channel.messages();
    assert_eq!((seen.len(), receipt.parts.len()), (1, 1));
    assert_eq!(seen[0].attachments.len(), 1);
    assert!(seen[0].content.starts_with("look\n📎 big.png"), "{}", seen[0].content);
    stage.clean();
}

#[tokio::test]
async fn files_are_dropped_added_and_exchanged_by_an_edit() {
    for send_as in [zoe(), SendAs::Bot] {
        let stage = Stage::new().await;
        let network = stage.network();
        let with = |text: &str, files: &[(&str, u64)]| {
            let mut said = words(text);
            said.media = files.iter().map(|(name, size)| picture(name, *size)).collect();
            said
        };
        let act = post(send_as.clone(), with("one", &[("a.png", 1), ("b.png", 2), ("c.png", 3)]));
        let mut parts = network.deliver(&stage.order(1, act, None), &Files).await.unwrap().parts;
        let shown = || {
            let seen = stage.channel.messages();
            let files = seen[0].attachments.iter().map(|file| file.bytes.len()).collect();
            (seen.len(), seen[0].content.clone(), files)
        };
        let steps: [(&str, &[(&str, u64)]); 5] = [
            ("two", &[("a.png", 1), ("c.png", 3)]),
            ("three", &[("a.png", 1), ("c.png", 3), ("d.png", 4)]),
            ("four", &[("a.png", 7), ("c.png", 3), ("d.png", 4)]),
            ("five", &[]),
            ("six", &[("e.png", 5)]),
        ];
        let seen: [Vec<usize>; 5] = [vec![1, 3], vec![1, 3, 4], vec![3, 4, 7], vec![], vec![5]];
        for (entry, ((text, files), expected)) in (2..).zip(steps.into_iter().zip(seen)) {
            let act = edit_files(send_as.clone(), &parts, with(text, files));
            parts = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap().parts;
            assert_eq!(shown(), (1, text.to_owned(), expected));
            assert_eq!(parts[0].media, !files.is_empty());
        }
        let act = edit(send_as, &parts, with("seven", &[("e.png", 5)]));
        stage.discord.faults().next("POST ", 1, Fault::LoseResponse);
        network.deliver(&stage.order(9, act, None), &Files).await.unwrap();
        let bodies = stage.discord.requests();
        assert!(bodies.last().unwrap().files.is_empty(), "what is there is not sent again");
        stage.clean();
    }
}

#[tokio::test]
async fn a_notice_wakes_nobody_and_an_emote_leans() {
    let stage = Stage::new().await;
    let network = stage.network();
    let notice = Message { kind: MessageKind::Notice, ..words("done") };
    let emote = Message { kind: MessageKind::Emote, ..words("waves") };
    let acts = [post(zoe(), notice.clone()), post(SendAs::Bot, notice), post(zoe(), emote)];
    for (entry, act) in (1..).zip(acts) {
        network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    let seen = stage.channel.messages();
    let flags: Vec<_> = seen.iter().map(|seen| seen.flags).collect();
    assert_eq!(flags, [1 << 12, 1 << 12, 0]);
    assert_eq!(seen[2].content, "*waves*");
    stage.clean();
}

#[tokio::test]
async fn a_small_table_keeps_its_columns_and_a_linked_one_its_links() {
    let cell = |text: &str| vec![Span::text(text)];
    let rows = vec![
        vec![cell("name"), cell("edits")],
        vec![cell("Ann"), cell("12")],
        vec![cell("维基"), cell("7")],
    ];
    let shown = |rows| {
        let said = message(RichText(vec![Block::Table { head: true, rows }]));
        render(&said, &zoe(), None, &Words::english())[0]["content"].as_str().unwrap().to_owned()
    };
    let table = "```\nname | edits\n-----|------\nAnn  | 12\n维基 | 7\n```";
    assert_eq!(shown(rows.clone()), table);
    let mut linked = rows;
    linked[1][0] = vec![Span::link("Ann", "https://example.org/ann")];
    assert!(shown(linked).contains("[Ann](https://example.org/ann) \\| 12"));
}

#[tokio::test]
async fn a_channel_gets_another_name_and_topic() {
    let stage = Stage::new().await;
    let network = stage.network();
    let set = |change| Action::SetChat { change };
    let changes = [
        ChatChange::Name("#New Name".to_owned()),
        ChatChange::Topic("What we talk about".to_owned()),
        ChatChange::Avatar(None),
    ];
    for (entry, change) in (1..).zip(changes) {
        network.deliver(&stage.order(entry, set(change), None), &Files).await.unwrap();
    }
    assert_eq!(stage.channel.label(), ("new-name".to_owned(), "What we talk about".to_owned()));
    let name = || set(ChatChange::Name("other".to_owned()));
    let body =
        json!({"message": "You are being rate limited.", "retry_after": 500.0, "global": false});
    let limited = Fault::Answer { status: 429, body, headers: vec![] };
    stage.discord.faults().next("PATCH /channels", 1, limited);
    let failure = network.deliver(&stage.order(5, name(), None), &Files).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Refused { .. }), "nobody waits for a name");
    stage.channel.deny_bot(permissions::MANAGE_CHANNELS);
    let failure = network.deliver(&stage.order(6, name(), None), &Files).await.unwrap_err();
    let DeliverError::Refused { reason } = failure.error else { panic!("{failure}") };
    assert!(reason.to_string().contains("Manage Channel"), "{reason}");
    stage.clean();
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let stage = Stage::new().await;
    let network = stage.network();
    let target = stage.channel.say(&stage.ann, "hello").to_string();
    let reaction = Reaction::Emoji("👍".to_owned());
    let cases = [
        (permissions::PIN_MESSAGES, Action::Pin { target: target.as_str().into() }, "Pin Messages"),
        (
            permissions::ADD_REACTIONS,
            Action::React {
                send_as: zoe(),
                target: target.as_str().into(),
                reaction,
                others: vec![],
            },
            "Add Reactions",
        ),
        (permissions::MANAGE_WEBHOOKS, post(zoe(), words("hello")), "Manage Webhooks"),
        (permissions::SEND_MESSAGES, post(SendAs::Bot, words("hello")), "Send Messages"),
    ];
    for (entry, (right, act, name)) in (1..).zip(cases) {
        stage.channel.deny_bot(right);
        let failure = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap_err();
        let DeliverError::Refused { reason } = failure.error else { panic!("{failure}") };
        assert!(reason.to_string().contains(name), "{reason}");
    }
}

#[tokio::test]
async fn a_foreign_custom_reaction_is_shown_as_what_it_stands_for() {
    let stage = Stage::new().await;
    let network = stage.network();
    let target = stage.channel.say(&stage.ann, "hello").to_string();
    let act = |name: &str, id: &str| Action::React {
        send_as: zoe(),
        target: target.as_str().into(),
        reaction: Reaction::Custom { id: id.to_owned(), name: name.to_owned() },
        others: vec![],
    };
    let order = stage.order(1, act("👍", "5368324170671202286"), None);
    network.deliver(&order, &Files).await.unwrap();
    assert_eq!(stage.channel.messages()[0].reacted("👍").len(), 1);
    let order = stage.order(2, act("party", "mxc://example.org/a"), None);
    let failure = network.deliver(&order, &Files).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Refused { .. }), "{failure}");
    stage.clean();
}

#[tokio::test]
async fn nothing_is_done_for_people_who_have_no_account_here() {
    let stage = Stage::new().await;
    for (entry, act) in
        [(1, Action::Refresh { send_as: zoe() }), (2, Action::Withdraw { send_as: zoe() })]
    {
        stage.network().deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    assert!(stage.channel.messages().is_empty());
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent() {
    let stage = Stage::new().await;
    let mut said = asking(poll("When?", &["now", "later"]));
    said.body = RichText::plain_text(&"all work and no play ".repeat(150));
    said.media = vec![Media { alt: Some("a cat".to_owned()), ..picture("cat.png", 10) }];
    let rendered = render(&said, &zoe(), None, &Words::english());
    let order = stage.order(1, post(zoe(), said), None);
    let receipt = stage.network().deliver(&order, &Files).await.unwrap();
    assert_eq!(receipt.parts.len(), 3);
    let sent = stage.discord.requests().into_iter();
    let sent: Vec<_> = sent
        .filter(|request| request.method == "POST" && request.path.starts_with("/webhooks"))
        .map(|request| request.body)
        .collect();
    assert_eq!(sent, rendered);
    stage.clean();
}
