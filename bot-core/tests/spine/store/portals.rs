// SPDX-License-Identifier: AGPL-3.0-or-later
//! Portals: how they begin, change and end.

use bot_core::lane::core_place;
use bot_core::portal::EndState;
use bot_core::store::{Change, GhostRecord, StoreError};
use bridge_model::{ChatId, Content, Person, Place, Timestamp};

use super::{World, join, link, offer};
use crate::words::{channel, event, group, posted, room};

on_every_engine!(
    a_code_joins_a_room_and_a_chat,
    an_unknown_code_joins_nothing,
    a_stale_code_joins_nothing,
    a_used_code_joins_nothing,
    a_code_of_another_chat_joins_nothing,
    a_chat_belongs_to_one_room_only,
    the_room_goes_on_when_one_of_its_chats_leaves,
    the_portal_ends_with_its_last_chat,
    a_severed_chat_hears_nothing_until_it_speaks,
    a_chat_that_moves_takes_its_portal_and_its_lane_along,
    a_chat_does_not_move_into_one_that_is_joined_already,
    a_ghost_is_found_by_person_and_by_localpart,
);

fn is_conflict(result: &Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

async fn offered(world: &World, room: &Place, remote: &Place) {
    let offer = offer(room, remote, world.now);
    world.change(Change::Offer([1; 16], offer)).await.unwrap();
}

async fn a_code_joins_a_room_and_a_chat(world: World) {
    offered(&world, &room(), &group()).await;
    assert!(!world.store().find_offer(&[1; 16]).await.unwrap().unwrap().used);
    world.change(join(1, &room(), &group())).await.unwrap();
    assert!(world.store().find_offer(&[1; 16]).await.unwrap().unwrap().used);
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    assert_eq!(world.store().portal_of(&group()).await.unwrap().unwrap(), portal);
    assert_eq!(portal.id.0, 1);
    assert_eq!((&portal.ends[0].place, portal.ends[0].since), (&group(), world.now));
    assert_eq!(world.store().portals().await.unwrap(), [portal]);
}

async fn an_unknown_code_joins_nothing(world: World) {
    assert!(is_conflict(&world.change(join(1, &room(), &group())).await));
    assert_eq!(world.store().portals().await.unwrap(), []);
}

async fn a_stale_code_joins_nothing(mut world: World) {
    offered(&world, &room(), &group()).await;
    world.now = Timestamp(world.now.0 + 1001);
    assert!(is_conflict(&world.change(join(1, &room(), &group())).await));
}

async fn a_used_code_joins_nothing(world: World) {
    offered(&world, &room(), &group()).await;
    world.change(join(1, &room(), &group())).await.unwrap();
    let other = Place::new("telegram", "-5");
    assert!(is_conflict(&world.change(join(1, &room(), &other)).await));
}

async fn a_code_of_another_chat_joins_nothing(world: World) {
    offered(&world, &Place::new("matrix", "!other:x"), &group()).await;
    assert!(is_conflict(&world.change(join(1, &room(), &group())).await));
    assert!(!world.store().find_offer(&[1; 16]).await.unwrap().unwrap().used);
}

async fn a_chat_belongs_to_one_room_only(world: World) {
    let world = world.linked().await;
    let other = Place::new("matrix", "!other:x");
    assert!(is_conflict(&link(world.store(), &other, &group(), world.now).await));
    let portal = world.store().portal_of(&group()).await.unwrap().unwrap();
    assert_eq!(portal.room, room());
    assert_eq!(world.store().portal_of(&other).await.unwrap(), None);
}

async fn the_room_goes_on_when_one_of_its_chats_leaves(world: World) {
    let world = world.linked().await;
    world.change(Change::Unlink(group())).await.unwrap();
    assert!(is_conflict(&world.change(Change::Unlink(group())).await));
    assert!(!world.hear(posted(&group(), "1", "ann", "alone")).await);
    assert!(world.hear(posted(&room(), "$1", "@bob:x", "hello")).await);
    assert_eq!(world.drain(&channel()).await, ["hello"]);
    assert_eq!(world.depth(&group()).await, 0);
    let other = Place::new("matrix", "!other:x");
    link(world.store(), &other, &group(), world.now).await.unwrap();
}

async fn the_portal_ends_with_its_last_chat(world: World) {
    let world = world.linked().await;
    world.change(Change::Unlink(group())).await.unwrap();
    world.change(Change::Unlink(channel())).await.unwrap();
    assert_eq!(world.store().portals().await.unwrap(), []);
    assert_eq!(world.store().portal_of(&room()).await.unwrap(), None);
    link(world.store(), &room(), &group(), world.now).await.unwrap();
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    assert_eq!(portal.id.0, 2, "numbers are not used again");
}

async fn a_severed_chat_hears_nothing_until_it_speaks(world: World) {
    let world = world.linked().await;
    assert!(world.hear(event(&group(), "", Content::Closed)).await);
    assert_eq!(world.depth(&core_place(&group())).await, 1);
    world.hear(posted(&room(), "$1", "@bob:x", "lost")).await;
    assert_eq!(world.depth(&group()).await, 0);
    world.hear(posted(&group(), "1", "ann", "back")).await;
    let portal = world.store().portal_of(&group()).await.unwrap().unwrap();
    assert!(portal.ends.iter().all(|end| end.state == EndState::Active));
    world.hear(posted(&room(), "$2", "@bob:x", "hello again")).await;
    assert_eq!(world.drain(&group()).await, ["hello again"]);
}

async fn a_chat_that_moves_takes_its_portal_and_its_lane_along(world: World) {
    let world = world.linked().await;
    let new = Place::new("telegram", "-100999");
    for n in ["1", "2"] {
        world.hear(posted(&room(), &format!("${n}"), "@bob:x", n)).await;
    }
    let moved = event(&group(), "", Content::Moved { to: ChatId::from("-100999") });
    let accepted = world.batch(Vec::new(), vec![moved.clone()]).await;
    let woken: Vec<_> = accepted.lanes.iter().map(|lane| (&lane.place, lane.depth)).collect();
    assert_eq!(woken, [(&new, 2), (&core_place(&new), 1)]);
    assert!(!world.hear(moved).await, "it moves once");
    assert_eq!(world.store().portal_of(&group()).await.unwrap(), None);
    world.hear(posted(&room(), "$3", "@bob:x", "3")).await;
    assert_eq!(world.depth(&group()).await, 0);
    let head = world.head(&new).await.unwrap();
    assert_eq!((head.newest, &head.entry.lane), (None, &new));
    assert_eq!(world.drain(&new).await, ["1", "2", "3"]);
    world.hear(posted(&new, "1", "ann", "bigger now")).await;
    assert_eq!(world.drain(&room()).await, ["bigger now"]);
}

async fn a_chat_does_not_move_into_one_that_is_joined_already(world: World) {
    let world = world.linked().await;
    let (other, taken) = (Place::new("matrix", "!other:x"), Place::new("telegram", "-7"));
    link(world.store(), &other, &taken, world.now).await.unwrap();
    assert!(!world.hear(event(&group(), "", Content::Moved { to: ChatId::from("-7") })).await);
    assert_eq!(world.store().portal_of(&taken).await.unwrap().unwrap().room, other);
    assert_eq!(world.store().portal_of(&group()).await.unwrap().unwrap().room, room());
}

async fn a_ghost_is_found_by_person_and_by_localpart(world: World) {
    let ann = Person::new("telegram", "ann");
    assert_eq!(world.store().ghost(&ann).await.unwrap(), None);
    let ghost = GhostRecord { localpart: "_tg_x".into(), ..GhostRecord::default() };
    world.store().save_ghost(&ann, ghost.clone()).await.unwrap();
    assert_eq!(world.store().ghost(&ann).await.unwrap(), Some(ghost));
    assert_eq!(world.store().person_behind("_tg_x").await.unwrap(), Some(ann));
    assert_eq!(world.store().person_behind("_tg_y").await.unwrap(), None);
}
