// SPDX-License-Identifier: AGPL-3.0-or-later
//! The message map: deletions, copies, replies.

use bot_core::lane::Replica;
use bridge_model::{Content, UserId};

use super::World;
use crate::words::{carried, channel, deleted, edited, group, part, posted, room};

on_every_engine!(
    a_message_is_found_from_its_origin_and_from_every_part_of_every_copy,
    an_edit_replaces_the_parts_of_a_copy,
    a_deletion_by_the_author_counts_once,
    a_deletion_without_a_name_counts_once,
    a_part_that_an_edit_took_away_takes_nothing_along,
    a_deletion_by_somebody_else_leaves_the_message_until_it_is_allowed,
    a_deletion_of_an_unknown_message_is_dropped,
    a_deleted_message_is_not_edited,
);

async fn a_message_is_found_from_its_origin_and_from_every_part_of_every_copy(world: World) {
    let world = world.linked().await;
    world.hear(posted(&channel(), "9", "cem", "long")).await;
    world.deliver(&room(), &["$a", "$b"]).await;
    world.deliver(&group(), &["4", "5", "6"]).await;
    let ids = [
        (channel(), "9"),
        (room(), "$a"),
        (room(), "$b"),
        (group(), "4"),
        (group(), "5"),
        (group(), "6"),
    ];
    let mut found: Vec<Replica> = Vec::new();
    for (place, id) in ids {
        found.extend(world.replica(&place, id).await);
    }
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|replica| *replica == found[0]));
    let replica = &found[0];
    assert_eq!((&replica.origin, &replica.author), (&channel(), &UserId::from("cem")));
    assert_eq!(replica.parts_at(&channel()), [part("9")]);
    assert_eq!(replica.parts_at(&room()), [part("$a"), part("$b")]);
    assert_eq!(replica.parts_at(&group()), [part("4"), part("5"), part("6")]);
    assert_eq!(world.replica(&group(), "9").await, None, "an id of another chat");
}

async fn an_edit_replaces_the_parts_of_a_copy(world: World) {
    let world = world.linked().await;
    world.hear(posted(&channel(), "9", "cem", "short")).await;
    world.deliver(&room(), &["$a"]).await;
    world.hear(edited(&channel(), "9", "cem", "longer now")).await;
    world.deliver(&room(), &["$a", "$b"]).await;
    let replica = world.replica(&room(), "$b").await.unwrap();
    assert_eq!(replica.parts_at(&room()), [part("$a"), part("$b")]);
    assert_eq!(replica.copies.len(), 1);
}

async fn a_deletion_by_the_author_counts_once(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "oops")).await;
    assert!(world.hear(deleted(&room(), "$1", Some("@ann:x"))).await);
    assert!(!world.hear(deleted(&room(), "$1", Some("@ann:x"))).await);
    assert!(!world.hear(deleted(&room(), "$1", None)).await);
    assert!(world.replica(&room(), "$1").await.unwrap().deleted);
}

async fn a_deletion_without_a_name_counts_once(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "oops")).await;
    world.deliver(&channel(), &["7"]).await;
    assert!(world.hear(deleted(&channel(), "7", None)).await, "a copy counts as the message");
    assert!(!world.hear(deleted(&channel(), "7", None)).await);
    assert_eq!(world.depth(&room()).await, 1, "it goes at its origin too");
}

async fn a_part_that_an_edit_took_away_takes_nothing_along(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "long")).await;
    world.deliver(&channel(), &["7", "8"]).await;
    world.hear(edited(&room(), "$1", "@ann:x", "short")).await;
    world.deliver(&channel(), &["7"]).await;
    assert!(!world.hear(deleted(&channel(), "8", None)).await, "the platform tells it us too");
    assert!(world.hear(deleted(&channel(), "7", None)).await);
}

async fn a_deletion_by_somebody_else_leaves_the_message_until_it_is_allowed(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "fine")).await;
    assert!(world.hear(deleted(&room(), "$1", Some("@bob:x"))).await);
    assert!(!world.replica(&room(), "$1").await.unwrap().deleted);
    assert!(world.hear(edited(&room(), "$1", "@ann:x", "still here")).await);
    world.deliver(&group(), &["1"]).await;
    let entry = world.deliver(&group(), &[]).await;
    assert_eq!(carried(&entry.work).content, Content::Deleted { by: Some(UserId::from("@bob:x")) });
}

async fn a_deletion_of_an_unknown_message_is_dropped(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(deleted(&room(), "$1", None)).await);
}

async fn a_deleted_message_is_not_edited(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "oops")).await;
    world.hear(deleted(&room(), "$1", Some("@ann:x"))).await;
    assert!(!world.hear(edited(&room(), "$1", "@ann:x", "back")).await);
}
