// SPDX-License-Identifier: AGPL-3.0-or-later
//! The listener against the stand-in, over HTTP.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bot_core::clock::{Clock, SystemClock};
use bridge_model::{ChatId, Content, MediaKind, Place, Reaction};
use sandbox::faults::Fault;
use sandbox::telegram::{Rights, Telegram, too_many_requests};
use serde_json::json;

use crate::stage::{Listener, Memory, png, posted};

#[tokio::test]
async fn what_a_person_says_becomes_an_event() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada").with_last_name("Lovelace"));
    let listener = Listener::start(&telegram, Arc::default());
    let id = group.say(&ada, "Hello, world").unwrap();
    let said = listener.memory.message("Hello, world").await;
    assert_eq!(said.author.name, "Ada Lovelace");
    assert_eq!(said.author.user.as_str(), ada.id().to_string());
    let event = listener.memory.event(|it| posted(it).is_some()).await;
    assert_eq!(event.place.chat.as_str(), group.id().to_string());
    assert_eq!(event.message.as_str(), id.0.to_string());
    listener.stop().await.unwrap();
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn replies_edits_reactions_and_photos_are_heard() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada, bob) = (telegram.group("Maps"), telegram.user("Ada"), telegram.user("Bob"));
    group.promote_bot(Rights::all());
    let listener = Listener::start(&telegram, Arc::default());
    let memory = listener.memory.clone();
    let first = group.say(&ada, "first").unwrap();
    memory.message("first").await;

    group.reply(&bob, first, "second").unwrap();
    let reply = memory.message("second").await.reply_to.unwrap();
    assert_eq!(reply.message.as_str(), first.0.to_string());
    assert_eq!(reply.name.as_deref(), Some("Ada"));
    assert_eq!(reply.excerpt.unwrap().plain(), "first");

    group.edit(&ada, first, "first, mended").unwrap();
    let edit = memory.event(|it| matches!(it.content, Content::Edited(_))).await;
    assert_eq!(edit.message.as_str(), first.0.to_string());

    group.react(&bob, first, &["👍"]).unwrap();
    let reacted = memory.event(|it| matches!(it.content, Content::Reacted { .. })).await;
    let Content::Reacted { by, reaction, .. } = reacted.content else { unreachable!() };
    assert_eq!((by.name.as_str(), reaction), ("Bob", Reaction::Emoji("👍".to_owned())));
    group.react(&bob, first, &[]).unwrap();
    memory.event(|it| matches!(it.content, Content::Unreacted { .. })).await;

    group.photo(&ada, png(), "a dot").unwrap();
    let photo = memory.message("a dot").await.media;
    assert_eq!(photo.len(), 1);
    assert_eq!(photo[0].kind, MediaKind::Image);
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn updates_are_confirmed_only_after_they_were_stored() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let memory = Arc::new(Memory::default());
    memory.refusals.store(3, Ordering::SeqCst);
    group.say(&ada, "kept").unwrap();
    let listener = Listener::start(&telegram, memory.clone());
    memory.wait(|it| (it.refusals.load(Ordering::SeqCst) < 3).then_some(())).await;
    assert_eq!(telegram.waiting_updates(), 1, "it was confirmed before it was stored");
    memory.message("kept").await;
    listener.stop().await.unwrap();
    assert_eq!(memory.texts(), ["kept"]);
}

#[tokio::test]
async fn a_restart_goes_on_after_the_last_accepted_batch() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let memory = Arc::new(Memory::default());
    let listener = Listener::start(&telegram, memory.clone());
    group.say(&ada, "before").unwrap();
    memory.message("before").await;
    listener.stop().await.unwrap();
    // Not confirmed yet on the platform's side; it will be sent again unless the offset is kept.
    group.say(&ada, "meanwhile").unwrap();
    let listener = Listener::start(&telegram, memory.clone());
    memory.message("meanwhile").await;
    listener.stop().await.unwrap();
    assert_eq!(memory.texts(), ["before", "meanwhile"]);
}

#[tokio::test]
async fn an_update_that_cannot_be_read_does_not_block_the_next() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    telegram.inject_update(json!({ "brand_new_thing": { "x": 1 } }));
    telegram.inject_update(json!({ "message": { "message_id": "seven" } }));
    telegram.inject_update(json!({ "message_reaction": { "message_id": 1 } }));
    group.say(&ada, "behind them").unwrap();
    let listener = Listener::start(&telegram, Arc::default());
    let memory = listener.memory.clone();
    memory.message("behind them").await;
    assert!(memory.offset().is_some());
    listener.stop().await.unwrap();
    assert_eq!(memory.texts(), ["behind them"]);
}

#[tokio::test]
async fn no_text_is_lost_to_an_unknown_entity() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    telegram.inject_update(json!({ "message": {
        "message_id": 5, "date": 1_700_000_000,
        "chat": { "id": group.id(), "type": "supergroup", "title": "Maps" },
        "from": { "id": 42, "is_bot": false, "first_name": "Ada" },
        "text": "bold and new",
        "entities": [
            { "type": "bold", "offset": 0, "length": 4 },
            { "type": "hologram", "offset": 9, "length": 3 },
        ],
    }}));
    let listener = Listener::start(&telegram, Arc::default());
    let said = listener.memory.message("bold and new").await;
    let bridge_model::Block::Paragraph(spans) = &said.body.0[0] else { panic!("{:?}", said.body) };
    assert!(spans[0].style.bold, "the known entity was kept");
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_poller_is_waited_out() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let body = json!({ "ok": false, "error_code": 409, "description":
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance \
         is running" });
    let fault = Fault::Answer { status: 409, body, headers: Vec::new() };
    telegram.faults().next("getUpdates", 3, fault);
    let listener = Listener::start(&telegram, Arc::default());
    group.say(&ada, "patience").unwrap();
    listener.memory.message("patience").await;
    assert!(telegram.requests_of("getUpdates").len() >= 4);
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn outages_and_rate_limits_are_waited_out() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    telegram.faults().next("getMe", 1, Fault::LoseResponse);
    telegram.faults().next("getUpdates", 1, too_many_requests(0));
    telegram.faults().next("getUpdates", 2, sandbox::telegram::bad_gateway());
    telegram.faults().next("getUpdates", 1, Fault::LoseResponse);
    let listener = Listener::start(&telegram, Arc::default());
    group.say(&ada, "still here").unwrap();
    listener.memory.message("still here").await;
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_token_is_tried_again() {
    let telegram = Telegram::start().await.unwrap();
    let listener = Listener::start(&telegram, Arc::default());
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    telegram.faults().next("getUpdates", 1, sandbox::telegram::unauthorized());
    telegram.faults().next("getUpdates", 1, sandbox::telegram::not_found());
    group.say(&ada, "not the last words").unwrap();
    listener.memory.message("not the last words").await;
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn being_removed_closes_the_chat() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let listener = Listener::start(&telegram, Arc::default());
    group.remove_bot();
    let closed = listener.memory.event(|it| it.content == Content::Closed).await;
    assert_eq!(closed.place.chat.as_str(), group.id().to_string());
    listener.stop().await.unwrap();
}

/// Milliseconds since 1970, by the clock that the stand-in has, too.
fn ago(hours: i64) -> i64 {
    SystemClock.now().0 - hours * 3_600_000
}

/// A store that heard Telegram so many hours ago, and whose group Maps is linked.
fn silent_for(hours: i64, group: i64) -> Arc<Memory> {
    let memory = Memory::default();
    memory.linked.lock().unwrap().push(ChatId::new(group.to_string()));
    memory.marks.lock().unwrap().insert("heard".to_owned(), ago(hours).to_string().into_bytes());
    Arc::new(memory)
}

#[tokio::test]
async fn what_telegram_does_not_keep_is_missed_from_when_to_when() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let memory = silent_for(30, group.id());
    let before = ago(30);
    let listener = Listener::start(&telegram, memory.clone());
    let missed = memory.wait(|it| it.missed.lock().unwrap().first().cloned()).await;
    assert_eq!(missed.place, Place::new("telegram", group.id().to_string().as_str()));
    assert_eq!(missed.messages, 0, "nobody knows how many");
    assert!((missed.since.0 - before).abs() < 60_000);
    assert!((missed.until.0 - ago(24)).abs() < 60_000);
    listener.stop().await.unwrap();
    assert_eq!(memory.missed.lock().unwrap().len(), 1, "it is told once");
}

#[tokio::test]
async fn a_message_out_of_the_queue_says_how_old_it_is() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    telegram.inject_update(json!({ "message": {
        "message_id": 5, "date": ago(3) / 1000,
        "chat": { "id": group.id(), "type": "supergroup", "title": "Maps" },
        "from": { "id": 42, "is_bot": false, "first_name": "Ada" }, "text": "three hours ago",
    }}));
    let memory = silent_for(5, group.id());
    let listener = Listener::start(&telegram, memory.clone());
    let said = memory.message("three hours ago").await;
    assert!(said.age_ms.abs_diff(3 * 3_600_000) < 60_000, "{}", said.age_ms);
    listener.stop().await.unwrap();
    assert!(memory.missed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_date_of_long_ago_means_nothing_where_telegram_was_heard_just_now() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    telegram.inject_update(json!({ "message": {
        "message_id": 5, "date": 1_700_000_000,
        "chat": { "id": group.id(), "type": "supergroup", "title": "Maps" },
        "from": { "id": 42, "is_bot": false, "first_name": "Ada" }, "text": "now",
    }}));
    let memory = silent_for(0, group.id());
    let listener = Listener::start(&telegram, memory.clone());
    let said = memory.message("now").await;
    assert!(said.age_ms < 60_000, "{}", said.age_ms);
    listener.stop().await.unwrap();
}
