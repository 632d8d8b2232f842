// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reactions: each counts once, until it is taken back.

use bridge_model::{Content, MessageId, UserId};

use super::World;
use crate::words::{
    carried, channel, deleted, emoji, event, group, posted, reacted, room, unreacted,
};

on_every_engine!(
    a_reaction_counts_once_until_it_is_taken_back,
    a_redacted_reaction_event_becomes_a_reaction_taken_back,
    a_reaction_to_a_copy_counts_for_the_message,
    the_event_of_a_reaction_is_known_until_it_is_taken_back,
    a_slow_lane_knows_the_event_of_a_reaction_that_others_forgot,
    reactions_that_a_moderator_cleared_are_taken_back_one_by_one,
);

async fn reaction_events(world: &World) -> Vec<(bool, usize)> {
    let replica = world.replica(&group(), "1").await.unwrap();
    replica.reactions.iter().map(|known| (known.live, known.events.len())).collect()
}

async fn a_reaction_counts_once_until_it_is_taken_back(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    assert!(!world.hear(unreacted(&group(), "1", "bob", "👍")).await, "there is none yet");
    assert!(world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await);
    assert!(!world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await);
    assert!(world.hear(reacted(&group(), "1", ("bob", "🎉"), None)).await);
    assert!(world.hear(reacted(&group(), "1", ("cem", "👍"), None)).await);
    assert!(world.hear(unreacted(&group(), "1", "bob", "👍")).await);
    assert!(!world.hear(unreacted(&group(), "1", "bob", "👍")).await);
    assert!(world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await);
    assert!(!world.hear(reacted(&group(), "404", ("bob", "👍"), None)).await);
}

async fn a_redacted_reaction_event_becomes_a_reaction_taken_back(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    world.hear(reacted(&room(), "$1", ("@bob:x", "👍"), Some("$r"))).await;
    assert!(world.hear(deleted(&room(), "$r", Some("@bob:x"))).await);
    assert!(!world.hear(deleted(&room(), "$r", Some("@bob:x"))).await);
    world.deliver(&group(), &["1"]).await;
    world.deliver(&group(), &[]).await;
    let event = carried(&world.deliver(&group(), &[]).await.work);
    let (by, reaction) = (UserId::from("@bob:x"), emoji("👍"));
    assert_eq!(event.content, Content::Unreacted { by, reaction });
    assert_eq!(event.message, MessageId::from("$1"));
}

async fn a_reaction_to_a_copy_counts_for_the_message(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1"]).await;
    assert!(world.hear(reacted(&room(), "$1", ("@bob:x", "👍"), Some("$r"))).await);
    assert!(!world.hear(reacted(&room(), "$1", ("@bob:x", "👍"), Some("$s"))).await);
    assert_eq!(world.depth(&group()).await, 1, "it goes to the origin too");
    assert_eq!(reaction_events(&world).await, [(true, 0)]);
}

async fn the_event_of_a_reaction_is_known_until_it_is_taken_back(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1"]).await;
    world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await;
    world.deliver(&room(), &["$r"]).await;
    let known = world.replica(&group(), "1").await.unwrap().reactions;
    assert_eq!(known[0].events, [(room(), MessageId::from("$r"))]);
    let copies = world.replica(&room(), "$1").await.unwrap().copies;
    assert_eq!(copies.len(), 1, "a reaction is no copy of the message");
    world.hear(unreacted(&group(), "1", "bob", "👍")).await;
    assert_eq!(reaction_events(&world).await, [(false, 1)]);
    world.deliver(&room(), &[]).await;
    assert_eq!(reaction_events(&world).await, []);
}

/// The channel has made the reaction and taken it back before the room has made it.
async fn a_slow_lane_knows_the_event_of_a_reaction_that_others_forgot(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1"]).await;
    world.deliver(&channel(), &["7"]).await;
    world.hear(reacted(&group(), "1", ("bob", "👍"), None)).await;
    world.hear(unreacted(&group(), "1", "bob", "👍")).await;
    world.deliver(&channel(), &[]).await;
    world.deliver(&channel(), &[]).await;
    world.deliver(&room(), &["$r"]).await;
    let known = world.replica(&group(), "1").await.unwrap().reactions;
    assert_eq!(known[0].events, [(room(), MessageId::from("$r"))]);
    let entry = world.head(&room()).await.unwrap().entry;
    world.store().settle(world.settlement(&entry, &[])).await.unwrap();
    assert_eq!(reaction_events(&world).await, []);
}

/// A platform says only that they are gone; who gave them is known from the store, also to a later
/// process.
async fn reactions_that_a_moderator_cleared_are_taken_back_one_by_one(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1"]).await;
    for (user, face) in [("bob", "👍"), ("cem", "👍"), ("bob", "🎉")] {
        world.hear(reacted(&group(), "1", (user, face), None)).await;
        world.deliver(&room(), &[&format!("${user}{face}")]).await;
    }
    world.hear(reacted(&room(), "$1", ("@dan:x", "👍"), Some("$dan"))).await;
    let cleared = |only: Option<&str>| {
        event(&group(), "1", Content::ReactionsCleared { only: only.map(emoji) })
    };
    let taken_back = async |user: &str, face: &str| {
        let event = carried(&world.deliver(&room(), &[]).await.work);
        let (by, reaction) = (UserId::from(user), emoji(face));
        assert_eq!(event.content, Content::Unreacted { by, reaction });
    };
    assert!(world.hear(cleared(Some("👍"))).await);
    taken_back("bob", "👍").await;
    taken_back("cem", "👍").await;
    assert!(world.hear(cleared(None)).await);
    taken_back("bob", "🎉").await;
    assert!(!world.hear(cleared(None)).await, "nothing is left");
    let left = world.replica(&group(), "1").await.unwrap().reactions;
    let left: Vec<&str> = left.iter().filter(|it| it.live).map(|it| it.by.user.as_str()).collect();
    assert_eq!(left, ["@dan:x"], "what people of another network gave stays");
}
