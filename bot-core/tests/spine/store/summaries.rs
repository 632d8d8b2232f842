// SPDX-License-Identifier: AGPL-3.0-or-later
//! Summaries in lanes: as few as possible, and never one too few.

use bot_core::lane::{Summary, SummaryKind, Work, core_place};
use bot_core::order::Part;
use bot_core::store::Settlement;
use bridge_model::{ChatId, Content, MessageId, Place, Timestamp};

use super::World;
use crate::words::{
    DAY, asked, carried, channel, counted, deleted, event, group, part, poll_closed, posted,
    reacted, room, voted,
};

on_every_engine!(
    a_vote_is_summed_up_in_every_other_place,
    a_summary_that_waits_behind_the_head_stands_for_the_next_one,
    a_summary_at_the_head_may_be_under_way_and_stands_for_nothing,
    each_message_has_a_summary_of_its_own,
    the_end_of_a_poll_is_summed_up_everywhere,
    the_end_that_a_moderator_asked_for_is_summed_up_when_it_is_allowed,
    a_summary_is_one_message_that_is_replaced_and_taken_away,
    a_summary_that_was_taken_away_is_none_until_it_is_said_anew,
    what_was_said_below_a_message_goes_with_it,
    what_was_said_below_a_message_goes_when_a_moderator_took_it_away,
    a_summary_moves_with_its_chat,
    a_summary_is_forgotten_with_its_week,
    a_reaction_that_a_chat_cannot_show_is_known,
    reactions_in_a_row_are_summed_up_once,
    summaries_survive_closing_and_opening,
);

async fn poll(world: World) -> World {
    let world = world.linked().await;
    world.hear(asked(&room(), "$1", "@ann:x", &["yes", "no"])).await;
    world.deliver(&group(), &["41"]).await;
    world.deliver(&channel(), &["71"]).await;
    world
}

fn votes(message: &str) -> Summary {
    Summary { kind: SummaryKind::Poll, place: room(), message: MessageId::from(message) }
}

async fn summaries(world: &World, lane: &Place) -> Vec<Option<Summary>> {
    let mut found = Vec::new();
    while world.head(lane).await.is_some() {
        found.push(match world.deliver(lane, &[]).await.work {
            Work::Summary(it) => Some(it.summary),
            Work::Relay(_) | Work::Say(_) | Work::Task(_) => None,
        });
    }
    found
}

async fn depths(world: &World) -> [u64; 3] {
    [world.depth(&room()).await, world.depth(&group()).await, world.depth(&channel()).await]
}

async fn a_vote_is_summed_up_in_every_other_place(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    assert_eq!(depths(&world).await, [1, 0, 1]);
    world.hear(counted(&channel(), "71", &[1, 2], false)).await;
    assert_eq!(depths(&world).await, [2, 1, 1], "the head of the room may be under way");
    assert_eq!(summaries(&world, &channel()).await, [Some(votes("$1"))]);
}

async fn a_summary_that_waits_behind_the_head_stands_for_the_next_one(world: World) {
    let world = poll(world).await;
    world.hear(posted(&group(), "1", "tina", "a word")).await;
    for user in ["tina", "tom", "tim"] {
        world.hear(voted(&group(), "41", user, &["0"])).await;
    }
    assert_eq!(depths(&world).await, [2, 0, 2]);
    world.hear(posted(&group(), "2", "tina", "another")).await;
    world.hear(voted(&group(), "41", "tina", &["1"])).await;
    assert_eq!(depths(&world).await, [3, 0, 3]);
    assert_eq!(summaries(&world, &room()).await, [None, Some(votes("$1")), None]);
}

async fn a_summary_at_the_head_may_be_under_way_and_stands_for_nothing(world: World) {
    let world = poll(world).await;
    for user in ["tina", "tom", "tim", "tea"] {
        world.hear(voted(&group(), "41", user, &["0"])).await;
    }
    assert_eq!(depths(&world).await, [2, 0, 2]);
    world.deliver(&room(), &["$s"]).await;
    world.hear(voted(&group(), "41", "tom", &["1"])).await;
    assert_eq!(depths(&world).await, [2, 0, 2]);
    assert_eq!(summaries(&world, &room()).await.len(), 2);
    world.hear(voted(&group(), "41", "tim", &["1"])).await;
    assert_eq!(depths(&world).await, [1, 0, 2], "an empty lane waits for nothing");
}

async fn each_message_has_a_summary_of_its_own(world: World) {
    let world = poll(world).await;
    world.hear(asked(&room(), "$2", "@ann:x", &["a", "b"])).await;
    world.deliver(&group(), &["42"]).await;
    world.deliver(&channel(), &["72"]).await;
    for (id, user) in [("41", "tina"), ("42", "tina"), ("41", "tom"), ("42", "tom")] {
        world.hear(voted(&group(), id, user, &["0"])).await;
    }
    let expected = [Some(votes("$1")), Some(votes("$2")), Some(votes("$1"))];
    assert_eq!(summaries(&world, &room()).await, expected);
}

async fn the_end_of_a_poll_is_summed_up_everywhere(world: World) {
    let world = poll(world).await;
    world.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await;
    assert_eq!(depths(&world).await, [1, 2, 2]);
    assert_eq!(summaries(&world, &group()).await, [None, Some(votes("$1"))], "first it closes");
}

async fn the_end_that_a_moderator_asked_for_is_summed_up_when_it_is_allowed(world: World) {
    let world = poll(world).await;
    world.hear(poll_closed(&room(), "$1", Some("@mod:x"))).await;
    assert_eq!(depths(&world).await, [0, 1, 1]);
    let settled = world.settle(&group(), |settlement| settlement).await;
    assert_eq!(settled.lanes.len(), 3);
    assert_eq!(depths(&world).await, [1, 1, 2]);
    world.deliver(&channel(), &[]).await;
    assert_eq!(depths(&world).await, [1, 1, 1], "it is allowed once");
}

async fn shown(world: &World, lane: &Place) -> Vec<Part> {
    let place = core_place(lane);
    let event = carried(&world.head(lane).await.unwrap().entry.work);
    assert_eq!(event.place, place);
    world.replica(&place, event.message.as_str()).await.unwrap().parts_at(lane)
}

async fn a_summary_is_one_message_that_is_replaced_and_taken_away(world: World) {
    let world = poll(world).await;
    let mut seen = Vec::new();
    for (at, parts) in [&["$s"][..], &["$s", "$t"], &[], &["$u"], &[]].into_iter().enumerate() {
        world.hear(voted(&group(), "41", &format!("tina{at}"), &["0"])).await;
        seen.push(shown(&world, &room()).await);
        world.deliver(&room(), parts).await;
    }
    let said = |ids: &[&str]| ids.iter().map(|id| part(id)).collect::<Vec<_>>();
    assert_eq!(seen, [said(&[]), said(&["$s"]), said(&["$s", "$t"]), said(&[]), said(&["$u"])]);
    assert!(!world.hear(posted(&room(), "$u", "@bot:x", "heard again")).await);
}

async fn a_summary_that_was_taken_away_is_none_until_it_is_said_anew(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    let event = carried(&world.deliver(&channel(), &["72"]).await.work);
    let said = async || world.replica(&event.place, event.message.as_str()).await.unwrap();
    assert!(world.hear(deleted(&channel(), "72", None)).await, "by a moderator there");
    assert!(said().await.deleted);
    world.hear(voted(&group(), "41", "tom", &["0"])).await;
    world.deliver(&channel(), &["73"]).await;
    assert!(!said().await.deleted);
    world.hear(voted(&group(), "41", "tom", &[])).await;
    world.deliver(&channel(), &[]).await;
    assert!(!world.hear(deleted(&channel(), "73", None)).await, "we did that ourselves");
    assert!(!said().await.deleted);
}

async fn what_was_said_below_a_message_goes_with_it(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    world.deliver(&room(), &["$s"]).await;
    world.hear(deleted(&room(), "$1", Some("@ann:x"))).await;
    assert_eq!(summaries(&world, &room()).await, [Some(votes("$1"))]);
    assert_eq!(summaries(&world, &group()).await, [None], "nothing was said there");
    assert_eq!(summaries(&world, &channel()).await, [Some(votes("$1")), None, Some(votes("$1"))]);
    assert!(!world.hear(voted(&group(), "41", "tom", &["0"])).await);
}

async fn what_was_said_below_a_message_goes_when_a_moderator_took_it_away(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    world.deliver(&room(), &["$s"]).await;
    world.deliver(&channel(), &["72"]).await;
    world.hear(deleted(&room(), "$1", Some("@mod:x"))).await;
    assert_eq!(depths(&world).await, [0, 1, 1]);
    world.settle(&group(), |settlement| Settlement { refused: true, ..settlement }).await;
    assert!(!world.replica(&room(), "$1").await.unwrap().deleted);
    world.deliver(&channel(), &[]).await;
    assert!(world.replica(&room(), "$1").await.unwrap().deleted, "it was allowed");
    assert_eq!(depths(&world).await, [1, 0, 1]);
}

async fn a_summary_moves_with_its_chat(world: World) {
    let world = poll(world).await;
    let new = Place::new("telegram", "-100999");
    world.hear(posted(&room(), "$2", "@ann:x", "a word")).await;
    world.hear(counted(&channel(), "71", &[1, 2], false)).await;
    world.hear(event(&group(), "", Content::Moved { to: ChatId::from("-100999") })).await;
    world.hear(counted(&channel(), "71", &[1, 3], false)).await;
    assert_eq!((world.depth(&new).await, world.depth(&group()).await), (2, 0));
    assert_eq!(summaries(&world, &new).await, [None, Some(votes("$1"))]);
}

async fn a_summary_is_forgotten_with_its_week(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    let event = carried(&world.deliver(&room(), &["$s"]).await.work);
    assert!(world.replica(&event.place, event.message.as_str()).await.is_some());
    world.store().forget(Timestamp(world.now.0 + 30 * DAY)).await.unwrap();
    assert_eq!(world.replica(&event.place, event.message.as_str()).await, None);
    assert_eq!(world.replica(&room(), "$s").await, None);
}

async fn a_reaction_that_a_chat_cannot_show_is_known(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    world.deliver(&group(), &["41"]).await;
    world.hear(reacted(&room(), "$1", ("@bob:x", "🥦"), None)).await;
    let kind = SummaryKind::Reactions;
    let summary = Summary { kind, ..votes("$1") };
    let refused = |settlement| Settlement {
        refused: true,
        summaries: vec![(group(), summary.clone())],
        ..settlement
    };
    world.settle(&group(), refused).await;
    let reactions = world.replica(&room(), "$1").await.unwrap().reactions;
    assert_eq!(reactions[0].refused, [group()]);
    assert_eq!(summaries(&world, &group()).await, [Some(summary)]);
}

async fn reactions_in_a_row_are_summed_up_once(world: World) {
    let world = world.linked().await;
    world.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    world.deliver(&group(), &["41"]).await;
    for user in ["@bob:x", "@cem:x", "@ece:x"] {
        world.hear(reacted(&room(), "$1", (user, "👍"), None)).await;
    }
    let kind = SummaryKind::Reactions;
    let summary = Summary { kind, ..votes("$1") };
    for _ in 0..3 {
        let then = vec![(group(), summary.clone())];
        world.settle(&group(), |settlement| Settlement { summaries: then, ..settlement }).await;
    }
    assert_eq!(summaries(&world, &group()).await, [Some(summary)]);
}

async fn summaries_survive_closing_and_opening(world: World) {
    let mut world = poll(world).await;
    world.hear(posted(&group(), "1", "tina", "a word")).await;
    for user in ["tina", "tom", "tim"] {
        world.reopen();
        world.hear(voted(&group(), "41", user, &["0"])).await;
    }
    assert_eq!(depths(&world).await, [2, 0, 2]);
    world.reopen();
    world.deliver(&room(), &["$a"]).await;
    world.reopen();
    world.deliver(&room(), &["$s"]).await;
    world.reopen();
    world.hear(voted(&group(), "41", "tim", &["1"])).await;
    assert_eq!(shown(&world, &room()).await, [part("$s")]);
}
