// SPDX-License-Identifier: AGPL-3.0-or-later
//! Other names of messages: events under them mean the message.

use bot_core::store::Settlement;
use bridge_model::{Content, Message, MessageId, Place};

use super::World;
use crate::words::{
    DAY, alias, asked, channel, deleted, edited, event, group, message, posted, reacted, room,
    voted,
};

on_every_engine!(
    a_message_is_known_by_its_other_names,
    a_copy_is_known_by_its_other_names,
    an_event_under_another_name_happened_where_the_message_stands,
    a_message_that_has_the_name_of_another_is_no_new_one,
    a_name_that_is_taken_away_leaves_the_message,
    a_name_is_never_given_to_a_second_message,
    other_names_are_forgotten_with_their_week,
    other_names_survive_closing_and_opening,
);

fn polls() -> Place {
    Place::new("telegram", "polls")
}

async fn named(world: &World) {
    let said = Message { also: vec![alias("polls", "p1")], ..message("ann", "hello") };
    assert!(world.hear(event(&group(), "1", Content::Posted(said))).await);
}

async fn a_message_is_known_by_its_other_names(world: World) {
    let world = world.linked().await;
    named(&world).await;
    let known = world.replica(&polls(), "p1").await.unwrap();
    assert_eq!(Some(known), world.replica(&group(), "1").await);
    assert_eq!(world.replica(&polls(), "p2").await, None);
    let elsewhere = Place::new("discord", "polls");
    assert_eq!(world.replica(&elsewhere, "p1").await, None, "each network has its own names");
}

async fn copied(world: World) -> World {
    let world = world.linked().await;
    world.hear(asked(&room(), "$1", "@ann:x", &["yes", "no"])).await;
    let left = |settlement| Settlement {
        parts: vec![crate::words::part("41")],
        also: vec![alias("polls", "p1")],
        ..settlement
    };
    world.settle(&group(), left).await;
    world.deliver(&channel(), &["7"]).await;
    world
}

async fn a_copy_is_known_by_its_other_names(world: World) {
    let world = copied(world).await;
    let known = world.replica(&polls(), "p1").await.unwrap();
    assert_eq!((&known.origin, &known.message), (&room(), &MessageId::from("$1")));
}

async fn an_event_under_another_name_happened_where_the_message_stands(world: World) {
    let world = copied(world).await;
    assert!(world.hear(voted(&polls(), "p1", "tina", &["1"])).await);
    let poll = world.replica(&room(), "$1").await.unwrap().poll.unwrap();
    assert_eq!(poll.votes, [(group(), vec![0, 1])], "it is a vote in the group");
    assert_eq!(world.depth(&group()).await, 0, "the group has it already");
    assert_eq!((world.depth(&room()).await, world.depth(&channel()).await), (1, 1));
    assert!(world.hear(reacted(&polls(), "p1", ("tina", "👍"), None)).await);
    assert_eq!(world.depth(&room()).await, 2);
    assert!(!world.hear(voted(&polls(), "p2", "tina", &["1"])).await);
    assert!(!world.hear(posted(&polls(), "p3", "tina", "no chat")).await);
}

async fn a_message_that_has_the_name_of_another_is_no_new_one(world: World) {
    let world = world.linked().await;
    let original = alias(group().chat.as_str(), "1");
    let proxied = Message { also: vec![original], ..message("proxy", "hello") };
    world.hear(event(&group(), "2", Content::Posted(proxied))).await;
    assert!(!world.hear(posted(&group(), "1", "ann", "hello")).await);
    assert!(!world.hear(edited(&group(), "1", "ann", "hello you")).await, "it was the proxy's");
    assert_eq!(world.depth(&room()).await, 1);
}

async fn a_name_that_is_taken_away_leaves_the_message(world: World) {
    let world = world.linked().await;
    let original = alias(group().chat.as_str(), "1");
    let proxied = Message { also: vec![original], ..message("proxy", "hello") };
    world.hear(event(&group(), "2", Content::Posted(proxied))).await;
    assert!(!world.hear(deleted(&group(), "1", None)).await);
    assert!(!world.replica(&group(), "2").await.unwrap().deleted);
    assert!(world.hear(deleted(&group(), "2", None)).await);
}

async fn a_name_is_never_given_to_a_second_message(world: World) {
    let world = world.linked().await;
    named(&world).await;
    let again = Message { also: vec![alias("polls", "p1")], ..message("bob", "me too") };
    world.hear(event(&group(), "2", Content::Posted(again))).await;
    let known = world.replica(&polls(), "p1").await.unwrap();
    assert_eq!(known.message, MessageId::from("1"));
}

async fn other_names_are_forgotten_with_their_week(world: World) {
    let world = world.linked().await;
    named(&world).await;
    let later = bridge_model::Timestamp(world.now.0 + 30 * DAY);
    world.store().forget(later).await.unwrap();
    assert_eq!(world.replica(&polls(), "p1").await, None);
    named(&world).await;
}

async fn other_names_survive_closing_and_opening(world: World) {
    let mut world = copied(world).await;
    world.reopen();
    assert!(world.hear(voted(&polls(), "p1", "tina", &["0"])).await);
    world.reopen();
    assert!(!world.hear(voted(&polls(), "p1", "tina", &["0"])).await);
}
