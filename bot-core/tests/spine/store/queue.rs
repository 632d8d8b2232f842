// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lanes: in order, one head at a time, all or nothing.

use bot_core::Refusal;
use bot_core::lane::{Work, core_place};
use bot_core::order::EntryId;
use bot_core::store::{Change, Settlement, StoreError};
use bridge_model::MessageId;

use super::World;
use crate::words::{self, channel, commanded, group, message, posted, room};

on_every_engine!(
    a_lane_keeps_the_order_of_acceptance,
    only_the_head_is_settled,
    what_follows_an_entry_comes_with_its_removal_or_not_at_all,
    words_with_a_key_are_said_once,
    words_without_a_key_are_said_each_time,
    the_newest_message_moves_only_while_nothing_is_under_way,
    ids_grow_as_numbers,
    the_id_of_a_message_in_a_thread_grows_by_what_stands_behind_the_slash,
    a_halted_lane_keeps_what_it_has_and_takes_more,
    whoever_speaks_in_a_chat_has_its_lane_go_on,
    entry_numbers_are_never_used_again,
);

async fn a_lane_keeps_the_order_of_acceptance(world: World) {
    let world = world.linked().await;
    for n in 0..300 {
        let place = if n % 3 == 0 { room() } else { channel() };
        world.hear(posted(&place, &n.to_string(), "ann", &n.to_string())).await;
    }
    let expected: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    assert_eq!(world.depth(&group()).await, 300);
    assert_eq!(world.drain(&group()).await, expected);
}

async fn only_the_head_is_settled(world: World) {
    let world = world.linked().await;
    for id in ["1", "2"] {
        world.hear(posted(&group(), id, "ann", id)).await;
    }
    let first = world.head(&room()).await.unwrap().entry;
    let mut wrong = world.settlement(&first, &["$x"]);
    wrong.entry = EntryId(first.id.0 + 2);
    let conflict = world.store().settle(wrong).await;
    assert!(matches!(conflict, Err(StoreError::Conflict(_))), "{conflict:?}");
    world.deliver(&room(), &["$1"]).await;
    let again = world.store().settle(world.settlement(&first, &["$1"])).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(world.replica(&room(), "$x").await, None);
    assert_eq!(world.drain(&room()).await, ["2"]);
}

async fn what_follows_an_entry_comes_with_its_removal_or_not_at_all(world: World) {
    let world = world.linked().await;
    world.hear(commanded(&room(), "$1", "@ann:x", "unlink")).await;
    let entry = world.head(&core_place(&room())).await.unwrap().entry;
    let words = (group(), Work::say(&group(), None, message("bot", "bye")));
    let stranger = bridge_model::Place::new("telegram", "-1");
    let impossible = Settlement {
        changes: vec![Change::Unlink(group()), Change::Unlink(stranger)],
        then: vec![words.clone()],
        ..world.settlement(&entry, &[])
    };
    let refused = world.store().settle(impossible).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(world.depth(&group()).await, 0);
    assert!(world.store().portal_of(&group()).await.unwrap().is_some());
    let possible = Settlement {
        changes: vec![Change::Unlink(group())],
        then: vec![words],
        ..world.settlement(&entry, &[])
    };
    let settled = world.store().settle(possible).await.unwrap();
    assert_eq!((settled.depth, settled.lanes.len()), (0, 1));
    assert_eq!(world.drain(&group()).await, ["bye"]);
}

async fn words_with_a_key_are_said_once(world: World) {
    let say = |text| (group(), Work::say(&group(), Some("notice"), message("bot", text)));
    world.then(vec![say("one"), say("two")]).await;
    assert_eq!(world.depth(&group()).await, 1);
    world.deliver(&group(), &["5"]).await;
    world.then(vec![say("three")]).await;
    assert_eq!(world.depth(&group()).await, 0);
    let replica = world.replica(&core_place(&group()), "notice").await.unwrap();
    assert_eq!(replica.parts_at(&group()), [words::part("5")]);
    let elsewhere = Work::say(&channel(), Some("notice"), message("bot", "one"));
    world.then(vec![(channel(), elsewhere)]).await;
    assert_eq!(world.depth(&channel()).await, 1, "each chat has its own");
}

async fn words_without_a_key_are_said_each_time(world: World) {
    let say = || (group(), Work::say(&group(), None, message("bot", "again")));
    world.then(vec![say(), say()]).await;
    world.then(vec![say()]).await;
    assert_eq!(world.drain(&group()).await, ["again", "again", "again"]);
}

async fn newest(world: &World) -> Option<String> {
    let head = world.head(&group()).await.unwrap();
    head.newest.map(|newest| newest.as_str().to_owned())
}

async fn the_newest_message_moves_only_while_nothing_is_under_way(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "10", "ann", "a")).await;
    world.hear(posted(&room(), "$1", "@bob:x", "b")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("10"));
    // Our own message may have the id 11 by now.
    world.hear(posted(&group(), "12", "ann", "c")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("10"));
    world.hear(posted(&room(), "$2", "@bob:x", "d")).await;
    world.deliver(&group(), &["11"]).await;
    assert_eq!(newest(&world).await.as_deref(), Some("12"));
    world.deliver(&group(), &["13", "14"]).await;
    world.hear(posted(&room(), "$3", "@bob:x", "e")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("14"));
}

async fn ids_grow_as_numbers(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "100", "ann", "a")).await;
    world.hear(posted(&group(), "99", "ann", "late")).await;
    world.hear(posted(&room(), "$1", "@bob:x", "b")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("100"));
}

async fn the_id_of_a_message_in_a_thread_grows_by_what_stands_behind_the_slash(world: World) {
    let world = world.linked().await;
    for id in ["100", "50/104", "9000/102"] {
        world.hear(posted(&group(), id, "ann", id)).await;
    }
    world.hear(posted(&room(), "$1", "@bob:x", "b")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("50/104"));
    world.deliver(&group(), &["105"]).await;
    world.hear(posted(&room(), "$2", "@bob:x", "c")).await;
    assert_eq!(newest(&world).await.as_deref(), Some("105"));
}

async fn a_halted_lane_keeps_what_it_has_and_takes_more(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@bob:x", "one")).await;
    let told = Work::say(&room(), None, message("bot", "stopped"));
    let why = Some(Refusal::platform("gone"));
    let lanes = world.store().halt(&group(), why.clone(), vec![(room(), told)], world.now).await;
    assert_eq!(lanes.unwrap(), [room()]);
    world.hear(posted(&room(), "$2", "@bob:x", "two")).await;
    let lanes = world.store().lanes().await.unwrap();
    let lane = lanes.iter().find(|lane| lane.place == group()).unwrap();
    assert_eq!((lane.depth, &lane.halted), (2, &why));
    assert!(world.head(&group()).await.unwrap().halted);
    world.store().halt(&group(), None, Vec::new(), world.now).await.unwrap();
    assert!(!world.head(&group()).await.unwrap().halted);
    assert_eq!(world.drain(&group()).await, ["one", "two"]);
}

async fn whoever_speaks_in_a_chat_has_its_lane_go_on(world: World) {
    let world = world.linked().await;
    let again = posted(&group(), "2", "ann", "seen before");
    world.hear(again.clone()).await;
    let signs =
        [posted(&group(), "1", "ann", "hello"), commanded(&group(), "3", "ann", "link"), again];
    for sign in signs {
        let why = Some(Refusal::platform("gone"));
        world.hear(posted(&room(), &format!("${sign:?}"), "@bob:x", "waits")).await;
        world.store().halt(&group(), why, Vec::new(), world.now).await.unwrap();
        let accepted = world.batch(Vec::new(), vec![sign]).await;
        let revived = accepted.lanes.iter().find(|lane| lane.place == group()).unwrap();
        assert!(revived.halted.is_none() && revived.depth > 0);
        assert!(!world.head(&group()).await.unwrap().halted);
    }
}

async fn entry_numbers_are_never_used_again(mut world: World) {
    let mut seen = Vec::new();
    for n in 0..3 {
        world = world.linked().await;
        world.hear(posted(&group(), &n.to_string(), "ann", "a")).await;
        seen.push(world.deliver(&room(), &[]).await.id);
        world.deliver(&channel(), &[]).await;
        world.reopen();
    }
    let mut distinct = seen.clone();
    distinct.dedup();
    assert_eq!(distinct, seen);
    assert!(seen.is_sorted());
    assert!(world.replica(&group(), "0").await.unwrap().message == MessageId::from("0"));
}
