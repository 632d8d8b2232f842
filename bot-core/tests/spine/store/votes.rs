// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls: each vote counts once, on its own side, until the poll is over.

use bot_core::lane::KnownPoll;
use bot_core::store::Settlement;
use bridge_model::{Card, Content, UserId, VoteChange};

use super::World;
use crate::words::{
    asked, carried, channel, counted, deleted, group, poll_closed, posted, room, vote, voted,
};

on_every_engine!(
    a_vote_counts_once_on_its_own_side,
    a_vote_replaces_the_one_before,
    a_vote_grows_and_shrinks_by_single_answers,
    answers_are_known_by_their_ids_at_home_and_by_number_in_copies,
    an_answer_that_is_not_there_is_no_vote,
    nobody_votes_for_more_than_is_allowed,
    the_count_of_a_network_outdoes_the_votes_that_were_seen_there,
    a_vote_in_what_is_no_poll_is_dropped,
    nobody_votes_after_the_end,
    only_the_author_and_whoever_is_allowed_close_a_poll,
    a_copy_that_ends_by_itself_ends_nothing,
    the_final_count_at_home_ends_the_poll_everywhere,
    an_edit_keeps_the_votes_as_long_as_the_answers_are_the_same,
    no_voter_is_stored_by_name,
    votes_survive_closing_and_opening,
);

async fn poll(world: World) -> World {
    let world = world.linked().await;
    assert!(world.hear(asked(&room(), "$1", "@ann:x", &["yes", "no", "0"])).await);
    world.deliver(&group(), &["41"]).await;
    world.deliver(&channel(), &["71"]).await;
    world
}

async fn known(world: &World) -> KnownPoll {
    world.replica(&room(), "$1").await.unwrap().poll.unwrap()
}

async fn a_vote_counts_once_on_its_own_side(world: World) {
    let world = poll(world).await;
    assert_eq!(known(&world).await.answers, ["yes", "no", "0"]);
    assert!(world.hear(voted(&group(), "41", "tina", &["0"])).await);
    assert!(!world.hear(voted(&group(), "41", "tina", &["0"])).await);
    assert!(world.hear(voted(&channel(), "71", "tina", &["0", "1"])).await, "another tina");
    assert!(world.hear(voted(&room(), "$1", "@bob:x", &["yes"])).await);
    let poll = known(&world).await;
    let votes = [(group(), vec![1, 0, 0]), (channel(), vec![1, 1, 0]), (room(), vec![1, 0, 0])];
    assert_eq!(poll.votes, votes);
    assert_eq!(poll.elsewhere(&room()), [2, 1, 0]);
    assert_eq!(poll.elsewhere(&channel()), [2, 0, 0]);
}

async fn a_vote_replaces_the_one_before(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    assert!(world.hear(voted(&group(), "41", "tina", &["1"])).await);
    assert_eq!(known(&world).await.votes, [(group(), vec![0, 1, 0])]);
    assert!(world.hear(voted(&group(), "41", "tina", &[])).await);
    assert_eq!(known(&world).await.votes, []);
    assert!(!world.hear(voted(&group(), "41", "tina", &[])).await);
}

async fn a_vote_grows_and_shrinks_by_single_answers(world: World) {
    let world = poll(world).await;
    let one = |answer: &'static str, change| {
        let answers: &[&str] = &[answer];
        vote(&channel(), "71", "cem", (answers, change))
    };
    assert!(world.hear(one("0", VoteChange::Add)).await);
    assert!(!world.hear(one("0", VoteChange::Add)).await);
    assert!(world.hear(one("2", VoteChange::Add)).await);
    assert_eq!(known(&world).await.votes, [(channel(), vec![1, 0, 1])]);
    assert!(world.hear(one("0", VoteChange::Remove)).await);
    assert!(!world.hear(one("0", VoteChange::Remove)).await);
    assert_eq!(known(&world).await.votes, [(channel(), vec![0, 0, 1])]);
    assert!(world.hear(one("2", VoteChange::Remove)).await);
    assert_eq!(known(&world).await.votes, []);
}

async fn answers_are_known_by_their_ids_at_home_and_by_number_in_copies(world: World) {
    let world = poll(world).await;
    world.hear(voted(&room(), "$1", "@bob:x", &["0"])).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    let poll = known(&world).await;
    assert_eq!(poll.votes, [(room(), vec![0, 0, 1]), (group(), vec![1, 0, 0])]);
}

async fn an_answer_that_is_not_there_is_no_vote(world: World) {
    let world = poll(world).await;
    assert!(!world.hear(voted(&group(), "41", "tina", &["3"])).await);
    assert!(!world.hear(voted(&group(), "41", "tina", &["yes"])).await, "that is an id at home");
    assert!(!world.hear(voted(&room(), "$1", "@bob:x", &["maybe"])).await);
    assert_eq!(known(&world).await.votes, []);
}

async fn nobody_votes_for_more_than_is_allowed(world: World) {
    let world = poll(world).await;
    world.hear(voted(&room(), "$1", "@bob:x", &["no", "0", "yes"])).await;
    assert_eq!(known(&world).await.votes, [(room(), vec![0, 1, 1])]);
}

async fn the_count_of_a_network_outdoes_the_votes_that_were_seen_there(world: World) {
    let world = poll(world).await;
    assert!(!world.hear(counted(&group(), "41", &[0, 0, 0], false)).await, "as it was");
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    assert!(world.hear(counted(&group(), "41", &[3, 4, 0], false)).await);
    assert!(!world.hear(counted(&group(), "41", &[3, 4, 0], false)).await);
    assert_eq!(known(&world).await.votes, [(group(), vec![3, 4, 0])]);
    assert!(world.hear(counted(&group(), "41", &[0, 0, 0], false)).await);
    assert!(world.hear(counted(&channel(), "71", &[1], false)).await);
    let votes = [(group(), vec![0, 0, 0]), (channel(), vec![1, 0, 0])];
    assert_eq!(known(&world).await.votes, votes);
}

async fn a_vote_in_what_is_no_poll_is_dropped(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    assert!(!world.hear(voted(&group(), "1", "tina", &["0"])).await);
    assert!(!world.hear(counted(&group(), "1", &[1], true)).await);
    assert!(!world.hear(poll_closed(&group(), "1", None)).await);
    assert!(!world.hear(voted(&group(), "404", "tina", &["0"])).await);
    world.hear(asked(&group(), "2", "ann", &["0", "1"])).await;
    world.hear(deleted(&group(), "2", None)).await;
    assert!(!world.hear(voted(&group(), "2", "tina", &["0"])).await);
}

async fn nobody_votes_after_the_end(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    assert!(world.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await);
    assert!(!world.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await);
    assert!(!world.hear(voted(&group(), "41", "tina", &["1"])).await);
    assert!(world.hear(counted(&group(), "41", &[1, 1, 0], true)).await, "what a network counts");
    let poll = known(&world).await;
    assert!(poll.closed);
    assert_eq!(poll.votes, [(group(), vec![1, 1, 0])]);
}

async fn closings(world: &World) -> usize {
    let mut closings = 0;
    while world.head(&channel()).await.is_some() {
        let entry = world.deliver(&channel(), &[]).await;
        closings += usize::from(matches!(carried(&entry.work).content, Content::PollClosed { .. }));
    }
    closings
}

async fn only_the_author_and_whoever_is_allowed_close_a_poll(world: World) {
    let world = poll(world).await;
    let by = Some("@mod:x");
    assert!(world.hear(poll_closed(&room(), "$1", by)).await);
    let refuse = |settlement| Settlement { refused: true, ..settlement };
    world.settle(&channel(), refuse).await;
    assert!(!known(&world).await.closed, "until it is allowed");
    assert!(world.hear(poll_closed(&room(), "$1", by)).await);
    assert!(world.hear(voted(&group(), "41", "tina", &["0"])).await);
    assert_eq!(closings(&world).await, 1);
    assert!(known(&world).await.closed);
    assert!(!world.hear(poll_closed(&room(), "$1", by)).await);
    let event = carried(&world.head(&group()).await.unwrap().entry.work);
    assert_eq!(event.content, Content::PollClosed { by: Some(UserId::from("@mod:x")) });
}

async fn a_copy_that_ends_by_itself_ends_nothing(world: World) {
    let world = poll(world).await;
    assert!(!world.hear(poll_closed(&channel(), "71", None)).await);
    assert!(world.hear(counted(&channel(), "71", &[2, 0, 0], true)).await);
    assert!(!known(&world).await.closed);
    assert!(world.hear(voted(&group(), "41", "tina", &["0"])).await);
}

async fn the_final_count_at_home_ends_the_poll_everywhere(world: World) {
    let world = world.linked().await;
    world.hear(asked(&group(), "1", "ann", &["0", "1"])).await;
    world.deliver(&channel(), &["71"]).await;
    assert!(world.hear(counted(&group(), "1", &[5, 6], true)).await);
    assert!(!world.hear(counted(&group(), "1", &[5, 6], true)).await);
    let event = carried(&world.head(&channel()).await.unwrap().entry.work);
    assert_eq!((event.place, event.content), (group(), Content::PollClosed { by: None }));
    assert_eq!(closings(&world).await, 1);
}

async fn an_edit_keeps_the_votes_as_long_as_the_answers_are_the_same(world: World) {
    let world = poll(world).await;
    world.hear(voted(&group(), "41", "tina", &["0"])).await;
    let edit = |answers: &[&str], text: &str| {
        let mut event = asked(&room(), "$1", "@ann:x", answers);
        if let Content::Posted(mut message) = event.content {
            if let Some(Card::Poll(poll)) = &mut message.card {
                poll.question = bridge_model::RichText::plain_text(text);
            }
            event.content = Content::Edited(message);
        }
        event
    };
    assert!(!world.hear(edit(&["yes", "no", "0"], "what?")).await);
    assert!(world.hear(edit(&["yes", "no", "0"], "who?")).await, "the question is new");
    assert_eq!(known(&world).await.votes, [(group(), vec![1, 0, 0])]);
    assert!(world.hear(edit(&["yes", "no"], "who?")).await);
    let poll = known(&world).await;
    assert_eq!((poll.votes.len(), poll.answers), (0, vec!["yes".to_owned(), "no".into()]));
}

async fn no_voter_is_stored_by_name(world: World) {
    let mut world = poll(world).await;
    world.hear(voted(&group(), "41", "tina-the-voter", &["0"])).await;
    world.tamper(|kv| {
        let named = |bytes: &[u8]| bytes.windows(14).any(|part| part == b"tina-the-voter");
        let rows = kv.scan(&[], usize::MAX).unwrap();
        assert!(rows.iter().all(|(key, value)| !named(key) && !named(value)));
    });
}

async fn votes_survive_closing_and_opening(world: World) {
    let mut world = poll(world).await;
    for answers in [&["0"][..], &["1"], &["0", "1"]] {
        world.reopen();
        assert!(world.hear(voted(&group(), "41", "tina", answers)).await);
        world.reopen();
        assert!(!world.hear(voted(&group(), "41", "tina", answers)).await);
    }
    assert_eq!(known(&world).await.votes, [(group(), vec![1, 1, 0])]);
    world.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await;
    world.reopen();
    assert!(known(&world).await.closed);
    assert!(!world.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await);
}
