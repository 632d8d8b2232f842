// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the listener asks the homeserver for, and what it makes of the answers.
//!
//! Rule: a question that failed is no answer, and strangers' rooms ask nothing of us.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bridge_model::{Content, MessageId};
use serde_json::{Value, json};

use crate::stub::{ALICE, Hearing, ROOM, Stub, message, refused, text};

/// The newest versions of events, by id, and nobody with a name.
fn events(known: Vec<Value>) -> impl Fn(&str, &str) -> Option<(u16, Value)> {
    move |_: &str, path: &str| {
        let id = path.split_once("/event/")?.1;
        let found = known.iter().find(|event| event["event_id"] == id)?;
        Some((200, found.clone()))
    }
}

fn edit(id: &str, of: &str, body: &str) -> Value {
    let new = json!({ "msgtype": "m.text", "body": body });
    message(
        id,
        ALICE,
        json!({ "msgtype": "m.text", "body": format!("* {body}"), "m.new_content": new,
                "m.relates_to": { "rel_type": "m.replace", "event_id": of } }),
    )
}

fn with(mut event: Value, unsigned: Value) -> Value {
    event.as_object_mut().unwrap().insert("unsigned".to_owned(), unsigned);
    event
}

#[tokio::test]
async fn s1_an_event_that_cannot_be_read_holds_up_no_other() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    for (number, odd) in [
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
        "1e999".into(),
        "9".repeat(400),
        "{\"a\":\"\\ud800\"}".into(),
    ]
    .into_iter()
    .enumerate()
    {
        let (before, after) = (text("$a", ALICE, "before"), text("$b", ALICE, "after"));
        let body = format!(
            "{{\"events\":[{before},{{\"event_id\":\"$odd\",\"content\":{odd}}},{after}],\
             \"ephemeral\":[{odd}],\"de.sorunome.msc2409.to_device\":[{odd}]}}"
        );
        assert!(hearing.takes_raw(&number.to_string(), &body).await);
        assert_eq!(hearing.texts(), ["before", "after"]);
    }
}

#[tokio::test]
async fn typing_notices_and_receipts_cost_no_write() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    let typing = json!({ "type": "m.typing", "room_id": ROOM, "content": { "user_ids": [ALICE] } });
    for number in 0..5 {
        let body = json!({ "events": [], "ephemeral": [typing], "de.sorunome.msc2409.ephemeral": [typing] });
        assert!(hearing.takes_raw(&number.to_string(), &body.to_string()).await);
    }
    assert_eq!((hearing.batches(), stub.asked().len()), (0, 0));
    assert!(hearing.takes("6", &[text("$a", ALICE, "hi")]).await);
    assert_eq!(hearing.batches(), 1);
}

#[tokio::test]
async fn a_member_whose_state_cannot_be_read_has_no_name_and_holds_up_nobody() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    // The same answer to every question; `start` and `chunk` are what `/messages` owes.
    let member = format!(
        "{{\"start\":\"s\",\"chunk\":[],\"content\":{{\"displayname\":\"M\",\"x\":{deep}}}}}"
    );
    let member: Box<serde_json::value::RawValue> = serde_json::from_str(&member).unwrap();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(move || {
        let member = member.clone();
        async move { axum::Json(member) }
    });
    let mut task = tokio::task::JoinSet::new();
    task.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut stub = Stub::answering(|_, _| None).await;
    stub.url = url;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[text("$a", ALICE, "hi")]).await);
    let events = hearing.events();
    let Some(Content::Posted(message)) = events.first().map(|event| &event.content) else {
        panic!("{events:?}")
    };
    assert_eq!(message.author.name, "alice");
}

#[tokio::test]
async fn a_question_for_a_name_that_failed_is_asked_again_with_the_transaction() {
    let failures = Arc::new(AtomicUsize::new(2));
    let stub = Stub::answering(move |_, path| {
        path.contains("/state/m.room.member/").then(|| {
            let fails = failures
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match fails {
                Ok(2) => (502, json!("no JSON of Matrix")),
                Ok(_) => (404, json!({ "error": "a proxy without a backend" })),
                Err(_) => (200, json!({ "content": { "displayname": "Mona" } })),
            }
        })
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    let said = [text("$a", ALICE, "hi")];
    assert!(!hearing.takes("1", &said).await);
    assert!(!hearing.takes("1", &said).await);
    assert!(hearing.events().is_empty());
    assert!(hearing.takes("1", &said).await);
    let events = hearing.events();
    assert!(matches!(&events[0].content, Content::Posted(it) if it.author.name == "Mona"));
}

#[tokio::test]
async fn a_homeserver_that_never_answers_a_question_does_not_stop_everybody_for_ever() {
    let stub =
        Stub::answering(
            |_, path| {
                if path.contains("/event/") { refused(500, "M_UNKNOWN") } else { None }
            },
        )
        .await;
    let hearing = Hearing::at(&stub).await;
    let reply = json!({ "m.in_reply_to": { "event_id": "$gone" } });
    let reply = json!({ "msgtype": "m.text", "body": "yes", "m.relates_to": reply });
    let said = [message("$a", ALICE, reply)];
    let mut tries = 0;
    while !hearing.takes("1", &said).await {
        tries += 1;
        assert!(tries < 20, "the transaction is never taken");
    }
    assert_eq!(tries, 10);
    assert_eq!(hearing.texts(), ["yes"]);
    // An id that no event has is not asked for: homeservers fail at odd ones in ways of their own.
    let odd = json!({ "m.in_reply_to": { "event_id": "$\u{0}" } });
    let odd = json!({ "msgtype": "m.text", "body": "no", "m.relates_to": odd });
    assert!(hearing.takes("2", &[message("$b", ALICE, odd)]).await);
}

#[tokio::test]
async fn s8_nothing_is_asked_for_what_happens_in_a_strangers_room() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    let strange = |kind: &str, key: Option<&str>, content: Value| {
        let mut event = message("$x", "@mallory:elsewhere", content);
        event["room_id"] = "!big:elsewhere".into();
        event["type"] = kind.into();
        event["unsigned"] = json!({ "replaces_state": "$before" });
        if let Some(key) = key {
            event["state_key"] = key.into();
        }
        event
    };
    let mut said = Vec::new();
    for _ in 0..50 {
        said.push(strange("m.room.member", Some("@a:b"), json!({ "membership": "join" })));
        said.push(strange("m.room.member", Some("@a:b"), json!({ "membership": "leave" })));
        said.push(strange("m.room.topic", Some(""), json!({ "topic": "x" })));
        said.push(strange("m.sticker", None, json!({ "body": "x", "url": "mxc://a/b" })));
        said.push(strange("m.beacon", None, json!({ "m.relates_to": { "event_id": "$y" } })));
        let relation = json!({ "rel_type": "m.annotation", "event_id": "$y", "key": "👍" });
        said.push(strange("m.reaction", None, json!({ "m.relates_to": relation })));
    }
    said.push(text("$a", ALICE, "here"));
    let taken = tokio::time::timeout(Duration::from_secs(20), hearing.takes("1", &said)).await;
    assert_eq!(taken, Ok(true));
    assert_eq!(hearing.texts(), ["here"]);
    assert!(stub.asked().iter().all(|asked| asked.contains("!tea")), "{:?}", stub.asked());
}

#[tokio::test]
async fn s8_members_of_a_slow_room_are_not_waited_for_twice() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    let mut said = Vec::new();
    for number in 0..20 {
        let id = format!("$x{number}");
        let mut event = text(&id, "@mallory:elsewhere", "hello");
        event["room_id"] = "!slow:elsewhere".into();
        said.push(event);
        let mut came = message(&id, "@b:elsewhere", json!({ "membership": "leave" }));
        came["room_id"] = "!slow:elsewhere".into();
        came["type"] = "m.room.member".into();
        came["state_key"] = "@b:elsewhere".into();
        said.push(came);
    }
    // Nobody counts members here, as if the homeserver never answered.
    let taken = tokio::time::timeout(Duration::from_secs(5), hearing.takes("1", &said)).await;
    assert_eq!(taken, Ok(true));
    assert_eq!(stub.times("joined_members"), 0);
}

#[tokio::test]
async fn a_private_chat_is_known_by_its_two_members() {
    let stub = Stub::answering(|_, path| {
        let two = json!({ "joined": { ALICE: {}, "@freeside:localhost": {} } });
        path.ends_with("!chat:localhost/joined_members").then_some((200, two))
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    let mut said = text("$a", ALICE, "help");
    said["room_id"] = "!chat:localhost".into();
    let heard = async { assert!(hearing.takes("1", &[said]).await) };
    tokio::select! {
        () = heard => {}
        () = hearing.listener.watch_private_chats() => {}
    }
    let events = hearing.events();
    let Some(Content::Commanded(command)) = events.first().map(|event| &event.content) else {
        panic!("{events:?}")
    };
    assert!(command.private && command.text == "help");
}

#[tokio::test]
async fn what_was_said_before_comes_first_after_a_start() {
    let ghost = "@_fs_abc:localhost";
    let timeline = json!({ "start": "s", "chunk": [
        text("$366", ALICE, "366"), text("$copy2", ghost, "x"), text("$331", ALICE, "331"),
        text("$copy1", ghost, "x"), text("$300", ALICE, "300"), text("$299", ALICE, "299"),
    ]});
    let stub = Stub::answering(move |_, path| {
        path.ends_with("/messages").then(|| (200, timeline.clone()))
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    // What we have posted ourselves since the start is known, too.
    assert!(hearing.takes("1", &[text("$300", ALICE, "300")]).await);
    hearing.knows(hearing.events()).await;
    assert!(hearing.takes("2", &[text("$366", ALICE, "366")]).await);
    assert_eq!(hearing.texts(), ["331", "366"]);
}

#[tokio::test]
async fn what_our_own_accounts_said_asks_nothing_and_costs_no_write() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    for number in 0..5 {
        let said = text(&format!("${number}"), "@_fs_abc:localhost", "x");
        assert!(hearing.takes(&number.to_string(), &[said]).await);
    }
    assert_eq!((hearing.batches(), stub.asked()), (0, Vec::new()));
}

#[tokio::test]
async fn after_a_start_a_timeline_is_looked_at_as_far_back_as_it_was_before() {
    let (ghost, ban) = ("@_fs_abc:localhost", |id: &str| {
        json!({
            "event_id": id, "type": "m.room.member", "room_id": ROOM, "sender": ALICE,
            "state_key": "@eve:localhost", "content": { "membership": "ban" },
        })
    });
    let timeline = json!({ "start": "s", "end": "more", "chunk": [
        ban("$ban2"), text("$copy2", ghost, "x"), text("$held", ALICE, "held"), ban("$ban1"),
        text("$copy1", ghost, "x"),
    ]});
    let stub = Stub::answering(move |_, path| {
        path.ends_with("/messages").then(|| (200, timeline.clone()))
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[ban("$ban1")]).await);
    let looks = stub.times("/messages");
    assert!(looks > 1, "nobody's word is known");
    hearing.events();
    assert!(hearing.takes("2", &[ban("$ban2")]).await);
    assert_eq!(stub.times("/messages"), looks + 1);
    assert_eq!(hearing.texts().first().map(String::as_str), Some("held"));
}

#[tokio::test]
async fn what_a_transaction_left_out_between_its_events_comes_in_its_place() {
    let timeline = json!({ "start": "s", "chunk": [
        text("$5", ALICE, "five"), text("$4", ALICE, "four"), text("$3", ALICE, "three"),
        text("$2", ALICE, "two"), text("$1", ALICE, "one"),
    ]});
    let stub = Stub::answering(move |_, path| {
        path.ends_with("/messages").then(|| (200, timeline.clone()))
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[text("$1", ALICE, "one")]).await);
    hearing.knows(hearing.events()).await;
    assert!(hearing.takes("2", &[text("$2", ALICE, "two"), text("$4", ALICE, "four")]).await);
    assert_eq!(hearing.texts(), ["two", "three", "four"]);
}

#[tokio::test]
async fn a_homeserver_that_was_away_is_compared_again() {
    let timeline = json!({ "start": "s", "chunk": [
        text("$3", ALICE, "three"), text("$2", ALICE, "two"), text("$1", ALICE, "one"),
    ]});
    let stub = Stub::answering(move |_, path| match path {
        path if path.ends_with("/messages") => Some((200, timeline.clone())),
        path if path.ends_with("/event/$away") => Some((502, json!({ "what": "no backend" }))),
        _ => None,
    })
    .await;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[text("$1", ALICE, "one")]).await);
    hearing.knows(hearing.events()).await;
    hearing.clock.go_on(Duration::from_secs(3600));
    assert!(hearing.takes("2", &[text("$gone", ALICE, "long after")]).await);
    assert_eq!((stub.times("/messages"), hearing.texts().len()), (1, 1));
    let answer = json!({
        "msgtype": "m.text", "body": "yes",
        "m.relates_to": { "m.in_reply_to": { "event_id": "$away" } },
    });
    assert!(!hearing.takes("away", &[message("$answer", ALICE, answer)]).await);
    assert!(hearing.takes("3", &[text("$3", ALICE, "three")]).await);
    assert_eq!(hearing.texts(), ["two", "three"]);
}

#[tokio::test]
async fn what_was_said_while_the_bot_was_away_is_not_fetched_when_it_is_back() {
    let arrival = |before: &str| {
        json!({
            "event_id": "$join", "type": "m.room.member", "sender": "@freeside:localhost",
            "state_key": "@freeside:localhost", "content": { "membership": "join" },
            "unsigned": { "prev_content": { "membership": before } },
        })
    };
    for (before, expected) in [("invite", &["new"][..]), ("join", &["away", "new"])] {
        let timeline = json!({ "start": "s", "chunk": [
            text("$new", ALICE, "new"), arrival(before), text("$away", ALICE, "away"),
            text("$known", ALICE, "known"),
        ]});
        let stub = Stub::answering(move |_, path| {
            path.ends_with("/messages").then(|| (200, timeline.clone()))
        })
        .await;
        let hearing = Hearing::at(&stub).await;
        assert!(hearing.takes("1", &[text("$known", ALICE, "known")]).await);
        hearing.knows(hearing.events()).await;
        assert!(hearing.takes("2", &[text("$new", ALICE, "new")]).await);
        assert_eq!(hearing.texts(), expected, "{before}");
    }
}

#[tokio::test]
async fn encryption_is_heard_from_the_state_of_a_room_and_not_from_what_a_member_sends() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    let mut sealed = message("$a", ALICE, json!({ "algorithm": "m.megolm.v1.aes-sha2" }));
    sealed["type"] = "m.room.encrypted".into();
    assert!(hearing.takes("1", &[sealed]).await);
    assert!(hearing.events().is_empty());
    let mut state = message("$b", ALICE, json!({ "algorithm": "m.megolm.v1.aes-sha2" }));
    state["type"] = "m.room.encryption".into();
    assert!(hearing.takes("2", &[state.clone()]).await);
    assert!(hearing.events().is_empty(), "it is no state");
    state["state_key"] = "".into();
    assert!(hearing.takes("3", &[state]).await);
    assert!(matches!(hearing.events()[0].content, Content::Encrypted));
}

#[tokio::test]
async fn an_edit_that_is_taken_back_brings_the_version_before_it_back() {
    let stub = Stub::answering(events(vec![text("$a", ALICE, "first")])).await;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[edit("$e", "$a", "second")]).await);
    assert_eq!(hearing.texts(), ["second"]);
    let mut redaction = message("$r", ALICE, json!({ "redacts": "$e" }));
    redaction["type"] = "m.room.redaction".into();
    assert!(hearing.takes("2", &[redaction.clone()]).await);
    let events = hearing.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].message, MessageId::from("$a"));
    let Content::Edited(message) = &events[0].content else { panic!("{events:?}") };
    assert_eq!(message.body.plain(), "first");
    // A redaction of anything else is one.
    redaction["content"]["redacts"] = "$b".into();
    assert!(hearing.takes("3", &[redaction]).await);
    assert!(matches!(hearing.events()[0].content, Content::Deleted { .. }));
}

#[tokio::test]
async fn an_answer_quotes_the_newest_version_of_its_author_alone() {
    let bundled = |by: &str| {
        let mut edit = edit("$e", "$a", "****");
        edit["sender"] = by.into();
        json!({ "m.relations": { "m.replace": edit } })
    };
    for (by, expected) in [(ALICE, "****"), ("@bob:localhost", "my password")] {
        let answered = with(text("$a", ALICE, "my password"), bundled(by));
        let stub = Stub::answering(events(vec![answered])).await;
        let hearing = Hearing::at(&stub).await;
        let content = json!({
            "msgtype": "m.text", "body": "> <@alice:localhost> my password\n\noh",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } },
        });
        assert!(hearing.takes("1", &[message("$r", "@bob:localhost", content)]).await);
        let events = hearing.events();
        let Content::Posted(message) = &events[0].content else { panic!("{events:?}") };
        let excerpt = message.reply_to.as_ref().unwrap().excerpt.as_ref().unwrap();
        assert_eq!(excerpt.plain(), expected);
    }
}

#[tokio::test]
async fn an_edit_stays_in_its_thread_and_an_answer() {
    let relation = json!({
        "rel_type": "m.thread", "event_id": "$root", "is_falling_back": false,
        "m.in_reply_to": { "event_id": "$b" },
    });
    let first = json!({ "msgtype": "m.text", "body": "first", "m.relates_to": relation });
    let known = vec![message("$a", ALICE, first), text("$b", "@bob:localhost", "asked")];
    let stub = Stub::answering(events(known)).await;
    let hearing = Hearing::at(&stub).await;
    assert!(hearing.takes("1", &[edit("$e", "$a", "second")]).await);
    let events = hearing.events();
    let Content::Edited(message) = &events[0].content else { panic!("{events:?}") };
    assert_eq!(message.thread.as_ref().unwrap().root.as_str(), "$root");
    let reply = message.reply_to.as_ref().unwrap();
    assert_eq!(reply.message.as_str(), "$b");
    assert_eq!(reply.excerpt.as_ref().unwrap().plain(), "asked");
}

#[tokio::test]
async fn a_ghost_that_nobody_speaks_through_declines_nothing_and_is_not_made() {
    let stub = Stub::answering(|_, _| None).await;
    let hearing = Hearing::at(&stub).await;
    let mut invited = message("$i", ALICE, json!({ "membership": "invite" }));
    invited["type"] = "m.room.member".into();
    invited["state_key"] = "@_fs_nobodyatall:localhost".into();
    assert!(hearing.takes("1", &[invited.clone()]).await);
    assert!(hearing.events().is_empty());
    assert_eq!(stub.times("register"), 0);
    invited["state_key"] = "@freeside:localhost".into();
    assert!(hearing.takes("2", &[invited]).await);
    assert!(matches!(hearing.events()[0].content, Content::Invited { .. }));
}

#[tokio::test]
async fn a_ban_with_redaction_takes_away_what_was_said() {
    let spam =
        json!({ "start": "s", "chunk": [text("$2", "@spam:x", "2"), text("$1", "@spam:x", "1")] });
    let stub =
        Stub::answering(move |_, path| path.ends_with("/messages").then(|| (200, spam.clone())))
            .await;
    let hearing = Hearing::at(&stub).await;
    let ban = json!({ "membership": "ban", "org.matrix.msc4293.redact_events": true });
    let mut event = message("$ban", ALICE, ban);
    event["type"] = "m.room.member".into();
    event["state_key"] = "@spam:x".into();
    event["unsigned"] = json!({ "prev_content": { "membership": "join" } });
    assert!(hearing.takes("1", &[event]).await);
    let deleted: Vec<String> = hearing
        .events()
        .into_iter()
        .filter(|event| matches!(&event.content, Content::Deleted { by } if by.is_some()))
        .map(|event| event.message.as_str().to_owned())
        .collect();
    assert_eq!(deleted, ["$2", "$1"]);
}
