// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where in a chat something is said: topics, threads, answers to a part of a message.

use bot_core::{Action, Deliver, Receipt};
use bridge_model::{Message, MessageId, Reply, RichText, Span, Thread};
use sandbox::telegram::{Group, Rights, Telegram};
use serde_json::json;

use crate::stage::{Shelf, alice, message, network, order, part, post};

async fn deliver(telegram: &Telegram, group: &Group, act: Action) -> Receipt {
    network(telegram).deliver(&order(group.id(), act), &Shelf::default()).await.unwrap()
}

fn in_thread(text: &str, root: i64) -> Message {
    let root = MessageId::new(root.to_string());
    Message { thread: Some(Thread { root, name: None }), ..message(text) }
}

fn answer(to: i64, excerpt: Vec<Span>) -> Action {
    let reply = Reply {
        excerpt: Some(RichText::paragraph(excerpt)),
        partial: true,
        ..Reply::to(MessageId::new(to.to_string()))
    };
    let message = Message { reply_to: Some(reply), ..message("indeed") };
    Action::Post { send_as: alice(), message, native_reply: true, answer_via: None }
}

#[tokio::test]
async fn what_is_said_in_a_thread_stands_in_its_topic() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let topic = group.open_topic(&ada, "Rivers").unwrap();
    let long = "word ".repeat(1500);
    let parts = deliver(&telegram, &group, post(in_thread(&long, topic.0))).await.parts;
    assert_eq!(parts.len(), 2);
    let longer = in_thread(&"word ".repeat(2500), topic.0);
    let (native_reply, media_changed) = (false, false);
    let act =
        Action::Edit { send_as: alice(), parts, message: longer, native_reply, media_changed };
    assert_eq!(deliver(&telegram, &group, act).await.parts.len(), 4);
    let seen = group.messages();
    assert!(seen[1..].iter().all(|it| it.topic.as_deref() == Some("Rivers")));
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn without_topics_a_thread_is_answers_to_its_root() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let root = group.say(&ada, "root").unwrap();
    let other = group.say(&ada, "other").unwrap();
    let network = network(&telegram);
    let say = |act| {
        let order = order(group.id(), act);
        let network = &network;
        async move { network.deliver(&order, &Shelf::default()).await.unwrap() }
    };
    say(post(in_thread("one", root.0))).await;
    say(post(in_thread("two", root.0))).await;
    let mut third = in_thread("three", root.0);
    third.reply_to = Some(Reply::to(MessageId::new(other.0.to_string())));
    let (send_as, native_reply, answer_via) = (alice(), true, None);
    say(Action::Post { send_as, message: third, native_reply, answer_via }).await;
    let replies: Vec<_> = group.messages().iter().map(|it| it.reply_to).collect();
    assert_eq!(replies, [None, None, Some(root), Some(root), Some(other)]);
    assert_eq!(telegram.requests_of("sendMessage").len(), 4, "the first try teaches");
}

#[tokio::test]
async fn topics_are_renamed_closed_and_opened() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let topic = group.open_topic(&ada, "Rivers").unwrap();
    group.promote_bot(Rights::all());
    let set = |name: Option<&str>, closed| Action::SetThread {
        root: MessageId::new(topic.0.to_string()),
        name: name.map(str::to_owned),
        closed,
    };
    for _ in 0..2 {
        deliver(&telegram, &group, set(Some("Lakes"), Some(true))).await;
    }
    assert_eq!(group.topic(topic), Some(("Lakes".to_owned(), true)));
    deliver(&telegram, &group, set(None, Some(false))).await;
    assert_eq!(group.topic(topic), Some(("Lakes".to_owned(), false)));
    let flat = telegram.group("Flat");
    deliver(&telegram, &flat, set(Some("Lakes"), Some(true))).await;
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn the_missing_right_is_named() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let topic = group.open_topic(&ada, "Rivers").unwrap();
    let root = MessageId::new(topic.0.to_string());
    let act = Action::SetThread { root, name: Some("Lakes".to_owned()), closed: None };
    let failed = network(&telegram).deliver(&order(group.id(), act), &Shelf::default()).await;
    let error = failed.unwrap_err().error.to_string();
    assert!(error.contains("Manage Topics"), "{error}");
}

#[tokio::test]
async fn a_chosen_part_is_quoted_natively() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let entities = json!([{ "type": "bold", "offset": 4, "length": 4 }]);
    let said = group.say_with_entities(&ada, "the blue river", &entities).unwrap();
    let quote = vec![Span::bold("blue"), Span::text(" river")];
    deliver(&telegram, &group, answer(said.0, quote)).await;
    let seen = &group.messages()[1];
    assert_eq!((seen.reply_to, seen.quote.as_deref()), (Some(said), Some("blue river")));
    assert_eq!(seen.text, "Alice:\nindeed");
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_quote_that_is_not_there_leaves_the_answer() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let said = group.say(&ada, "the blue river").unwrap();
    deliver(&telegram, &group, answer(said.0, vec![Span::text("red")])).await;
    deliver(&telegram, &group, answer(said.0, vec![Span::text("r".repeat(1025))])).await;
    for seen in &group.messages()[1..] {
        assert_eq!((seen.reply_to, seen.quote.as_deref()), (Some(said), None));
    }
}

#[tokio::test]
async fn pins_come_and_go() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    group.promote_bot(Rights::all());
    let said = group.say(&ada, "rules").unwrap();
    let target = part(said.0).id;
    for _ in 0..2 {
        deliver(&telegram, &group, Action::Pin { target: target.clone() }).await;
    }
    assert_eq!(group.pinned().len(), 1);
    for _ in 0..2 {
        deliver(&telegram, &group, Action::Unpin { target: target.clone() }).await;
    }
    assert!(group.pinned().is_empty());
    deliver(&telegram, &group, Action::Unpin { target: "4711".into() }).await;
    telegram.assert_clean().unwrap();
}
