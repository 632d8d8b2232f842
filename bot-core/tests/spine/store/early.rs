// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is said of a copy before its id is known: it waits for the answer of the platform.

use bot_core::store::Settlement;
use bridge_model::Alias;

use super::World;
use crate::words::{asked, counted, group, part, posted, reacted, room};

on_every_engine!(
    a_reaction_that_overtakes_its_message_is_heard_when_the_message_is_known,
    a_vote_that_overtakes_the_name_of_its_poll_is_heard,
    what_no_entry_explains_is_dropped_with_the_last_one,
    what_waits_too_long_is_dropped,
    nothing_waits_while_nothing_is_under_way,
);

async fn said(world: World) -> World {
    let world = world.linked().await;
    assert!(world.hear(posted(&room(), "$1", "@ann:x", "hello")).await);
    world
}

async fn likes(world: &World) -> usize {
    let replica = world.replica(&room(), "$1").await.unwrap();
    replica.reactions.iter().filter(|known| known.live).count()
}

async fn a_reaction_that_overtakes_its_message_is_heard_when_the_message_is_known(world: World) {
    let mut world = said(world).await;
    world.hear(reacted(&group(), "41", ("tina", "👍"), None)).await;
    assert_eq!(likes(&world).await, 0);
    world.reopen();
    let settled = world
        .settle(&group(), |settlement| Settlement { parts: vec![part("41")], ..settlement })
        .await;
    assert_eq!(likes(&world).await, 1);
    assert!(settled.lanes.iter().any(|lane| lane.place == room()), "the room does not hear of it");
}

async fn a_vote_that_overtakes_the_name_of_its_poll_is_heard(world: World) {
    let world = world.linked().await;
    assert!(world.hear(asked(&room(), "$1", "@ann:x", &["yes", "no"])).await);
    let polls = bridge_model::Place::new("telegram", "polls");
    world.hear(counted(&polls, "poll-7", &[1, 0], false)).await;
    let also = vec![Alias { chat: "polls".into(), message: "poll-7".into() }];
    let parts = vec![part("41")];
    world.settle(&group(), |settlement| Settlement { parts, also, ..settlement }).await;
    let poll = world.replica(&room(), "$1").await.unwrap().poll.unwrap();
    assert_eq!(poll.elsewhere(&room()), [1, 0]);
}

async fn what_no_entry_explains_is_dropped_with_the_last_one(world: World) {
    let world = said(world).await;
    world.hear(reacted(&group(), "99", ("tina", "👍"), None)).await;
    world.deliver(&group(), &["41"]).await;
    // A later message that has this id by chance is another one.
    assert!(world.hear(posted(&room(), "$2", "@ann:x", "again")).await);
    world.deliver(&group(), &["99"]).await;
    let replica = world.replica(&room(), "$2").await.unwrap();
    assert!(replica.reactions.is_empty(), "{:?}", replica.reactions);
}

async fn what_waits_too_long_is_dropped(world: World) {
    let mut world = said(world).await;
    assert!(world.hear(posted(&room(), "$2", "@ann:x", "again")).await);
    world.hear(reacted(&group(), "42", ("tina", "👍"), None)).await;
    world.after(11 * 60 * 1000);
    world.deliver(&group(), &["41"]).await;
    world.deliver(&group(), &["42"]).await;
    assert!(world.replica(&room(), "$2").await.unwrap().reactions.is_empty());
}

async fn nothing_waits_while_nothing_is_under_way(world: World) {
    let world = said(world).await;
    world.deliver(&group(), &["41"]).await;
    assert!(!world.hear(reacted(&group(), "99", ("tina", "👍"), None)).await);
}
