// SPDX-License-Identifier: AGPL-3.0-or-later
//! Votes of a whole community: opened in all chats, counted over all sides, told as numbers.

use std::time::Duration;

use bot_core::Action;
use bridge_model::{Card, Content, Message, Note, Place, Rights, Service};
use insta::assert_snapshot;

use super::claims::{claim, claim_openly};
use super::stages::{days_one_by_one, portal};
use super::{ANN, NOBODY, ask, joined, sure};
use crate::harness::Spine;
use crate::words::{channel, event, group, message, posted, room, voted};

/// The id of the poll in a chat, once it is there.
async fn poll_in(spine: &Spine, place: &Place) -> String {
    let network = spine.network(place);
    let has_poll = |act: &Action| matches!(act, Action::Post { message, .. } if matches!(message.card, Some(Card::Poll(_))));
    network.until("the poll", |network| network.acts().iter().any(has_poll)).await;
    spine.settled(place).await;
    let portal = portal(spine).await;
    let core = bot_core::lane::core_place(&portal.room);
    let replica = spine.store().find_replica(&core, &"vote/1".into()).await.unwrap().unwrap();
    replica.parts_at(place)[0].id.as_str().to_owned()
}

/// A vote is open; everybody who votes in these tests has said something before and is there.
async fn opened() -> (Spine, [String; 3]) {
    let spine = joined().await;
    let voters = [(room(), ANN), (group(), "tina"), (group(), "tom"), (channel(), "cara")];
    for (place, user) in voters {
        spine.hear(posted(&place, &format!("by {user}"), user, "here I am")).await;
        let there = Rights { member: true, ..Rights::default() };
        if ![ANN, "tina", "cara"].contains(&user) {
            spine.network(&place).may(user, there);
        }
    }
    open(spine).await
}

async fn open(spine: Spine) -> (Spine, [String; 3]) {
    let typed = "vote “Do we move?” --days 5 --decision https://meta.example.org/talk";
    assert_snapshot!("opened", sure(&spine, &room(), ANN, typed).await);
    let polls = [
        poll_in(&spine, &room()).await,
        poll_in(&spine, &group()).await,
        poll_in(&spine, &channel()).await,
    ];
    (spine, polls)
}

/// How the vote stands, over all sides.
async fn stands(spine: &Spine) -> Vec<u64> {
    let core = bot_core::lane::core_place(&portal(spine).await.room);
    let replica = spine.store().find_replica(&core, &"vote/1".into()).await.unwrap().unwrap();
    let poll = replica.poll.unwrap();
    let add = |sum: Vec<u64>, (_, side): &(Place, Vec<u64>)| {
        sum.iter().zip(side).map(|(one, more)| one + more).collect()
    };
    poll.votes.iter().fold(vec![0; poll.answers.len()], add)
}

fn result(spine: &Spine, place: &Place) -> Option<String> {
    let read = spine.network(place).read(&place.chat);
    read.into_iter().find(|line| line.contains("The vote has ended"))
}

#[tokio::test]
async fn a_vote_is_open_in_all_chats_and_counted_over_all_sides() {
    let (spine, [in_room, in_group, in_channel]) = opened().await;
    spine.hear(voted(&room(), &in_room, "@ann:example.org", &["0"])).await;
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.hear(voted(&group(), &in_group, "tom", &["1"])).await;
    // A second vote of the same person replaces the first one.
    spine.hear(voted(&group(), &in_group, "tom", &["2"])).await;
    spine.hear(voted(&channel(), &in_channel, "cara", &["0"])).await;
    assert_snapshot!(ask(&spine, &group(), NOBODY, "vote").await);
    days_one_by_one(&spine, 5).await;
    spine.matrix.until("the result", |_| result(&spine, &room()).is_some()).await;
    spine.telegram.until("the result", |_| result(&spine, &group()).is_some()).await;
    spine.discord.until("the result", |_| result(&spine, &channel()).is_some()).await;
    assert_snapshot!(result(&spine, &group()).unwrap());
    assert_eq!(result(&spine, &group()), result(&spine, &room()));
    spine.settled(&room()).await;
    assert_snapshot!(ask(&spine, &room(), ANN, "audit").await);
    let closed = |deed: &String| deed.starts_with("close poll");
    assert!(spine.telegram.deeds().iter().any(closed), "{:?}", spine.telegram.deeds());
}

#[tokio::test]
async fn somebody_with_two_accounts_has_one_vote() {
    let (spine, [in_room, in_group, _]) = opened().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    // Before the claim they are two people, as far as anybody knows.
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.hear(voted(&group(), &in_group, "tom", &["2"])).await;
    spine.hear(voted(&room(), &in_room, ANN, &["1"])).await;
    assert_eq!(stands(&spine).await, [1, 1, 1]);
    claim_openly(&spine, "tina", ANN).await;
    assert_eq!(stands(&spine).await, [0, 1, 1], "the later of the two");
    // From now on each of both accounts changes the one vote.
    spine.hear(voted(&group(), &in_group, "tina", &["2"])).await;
    assert_eq!(stands(&spine).await, [0, 0, 2]);
    spine.hear(voted(&room(), &in_room, ANN, &["0"])).await;
    assert_eq!(stands(&spine).await, [1, 0, 1]);
}

#[tokio::test]
async fn of_two_votes_before_a_claim_the_later_one_stands_also_when_it_is_the_old_accounts() {
    let (spine, [in_room, in_group, _]) = opened().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.hear(voted(&room(), &in_room, ANN, &["1"])).await;
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    claim_openly(&spine, "tina", ANN).await;
    assert_eq!(stands(&spine).await, [1, 0, 0]);
}

#[tokio::test]
async fn two_votes_of_a_quiet_person_count_once_and_nobody_sees_it_while_the_vote_is_open() {
    let (spine, [in_room, in_group, _]) = opened().await;
    claim(&spine, "tina", ANN).await;
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.hear(voted(&group(), &in_group, "tom", &["2"])).await;
    spine.hear(voted(&room(), &in_room, ANN, &["1"])).await;
    assert_eq!(stands(&spine).await, [1, 1, 1], "as for two people");
    days_one_by_one(&spine, 5).await;
    spine.matrix.until("the result", |_| result(&spine, &room()).is_some()).await;
    let migration = super::stages::migration(&spine).await;
    assert_eq!(migration.votes[0].counts, Some(vec![0, 1, 1]), "the later of the two");
    let told = result(&spine, &room()).unwrap();
    assert!(told.contains("or had voted twice: 1"), "{told}");
}

#[tokio::test]
async fn a_vote_that_is_closed_takes_no_more_votes_and_is_closed_once() {
    let (spine, [_, in_group, _]) = opened().await;
    spine.hear(voted(&group(), &in_group, "tina", &["1"])).await;
    ask(&spine, &room(), NOBODY, "vote close 1").await;
    let id = "close";
    let typed = crate::words::command(ANN, "vote close 1");
    spine.hear(event(&room(), id, Content::Commanded(typed))).await;
    spine.telegram.until("the result", |_| result(&spine, &group()).is_some()).await;
    spine.settled(&group()).await;
    spine.hear(voted(&group(), &in_group, "tom", &["1"])).await;
    assert_snapshot!(ask(&spine, &room(), ANN, "vote close 1").await);
    assert_snapshot!(ask(&spine, &room(), ANN, "vote close 7").await);
    assert_snapshot!(result(&spine, &group()).unwrap());
    let migration = super::stages::migration(&spine).await;
    assert_eq!(migration.votes[0].counts, Some(vec![0, 1, 0]));
    days_one_by_one(&spine, 6).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read.iter().filter(|line| line.contains("The vote has ended")).count(), 1);
}

#[tokio::test]
async fn what_cannot_be_a_vote_opens_none() {
    let spine = joined().await;
    for typed in ["vote \"a\" --days 99", "vote \"a\" \"b\"", "vote \"a\" \"b\" \"b\""] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.contains("Nothing was opened"), "{answer}");
    }
    for typed in ["vote a?", "vote 'a?' 'b' 'c'", "vote help", "vote results", "vote close"] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(!answer.contains("Nothing has happened yet."), "{typed}: {answer}");
        let confirmed = ask(&spine, &room(), ANN, "confirm").await;
        assert!(confirmed.starts_with("There is nothing to confirm"), "{confirmed}");
    }
    let answer = sure(&spine, &group(), NOBODY, "vote \"a\"").await;
    assert_eq!(
        answer,
        "Only the owner of this group, and admins who may change the group's info, can do that."
    );
    assert!(super::stages::migration(&spine).await.votes.is_empty());
}

#[tokio::test]
async fn a_death_while_a_vote_is_posted_posts_it_once_in_each_chat() {
    let mut spine = joined().await;
    spine.telegram.fail(&group().chat, [crate::network::Fault::Hang(0)]);
    ask(&spine, &room(), ANN, "vote \"Do we move?\"").await;
    let typed = crate::words::command(ANN, "confirm");
    spine.hear(event(&room(), "v", Content::Commanded(typed))).await;
    spine.telegram.until("the try that hangs", |network| network.tries() > 0).await;
    spine.restart().await;
    poll_in(&spine, &group()).await;
    poll_in(&spine, &room()).await;
    tokio::time::timeout(Duration::from_secs(20), spine.settled(&group())).await.unwrap();
    let is_poll = |act: &Action| matches!(act, Action::Post { message, .. } if matches!(message.card, Some(Card::Poll(_))));
    let shown = spine.telegram.acts().iter().filter(|act| is_poll(act)).count();
    assert!(shown >= 1);
    assert_eq!(super::stages::migration(&spine).await.votes.len(), 1);
}

#[tokio::test]
async fn only_members_who_had_spoken_before_the_vote_began_are_counted() {
    let spine = joined().await;
    let there = Rights { member: true, ..Rights::default() };
    for user in ["tom", "late", "leaver", "silent"] {
        spine.telegram.may(user, there);
    }
    for (number, user) in ["tom", "leaver"].into_iter().enumerate() {
        spine.hear(posted(&group(), &number.to_string(), user, "hello")).await;
    }
    let joined = Note::Service(Service::Joined { names: vec!["silent".into()] });
    let notes = vec![joined];
    let said = Content::Posted(Message { notes, ..message("silent", "") });
    spine.hear(event(&group(), "7", said)).await;
    let (spine, [in_room, in_group, in_channel]) = open(spine).await;
    spine.hear(posted(&group(), "9", "late", "I came for the vote")).await;
    for user in ["tom", "late", "leaver", "silent"] {
        spine.hear(voted(&group(), &in_group, user, &["0"])).await;
    }
    spine.hear(voted(&room(), &in_room, "@new:example.org", &["0"])).await;
    spine.hear(voted(&channel(), &in_channel, "nobody", &["0"])).await;
    spine.telegram.may("leaver", Rights::default());
    days_one_by_one(&spine, 5).await;
    spine.telegram.until("the result", |_| result(&spine, &group()).is_some()).await;
    let told = result(&spine, &group()).unwrap();
    let unheard = "had not written here before the vote began, or had voted twice: 4";
    assert!(told.contains(unheard), "{told}");
    let gone = "Not counted, because these people are no longer in the chat: 1";
    assert!(told.contains(gone) && told.contains("Yes: 1"), "{told}");
    let migration = super::stages::migration(&spine).await;
    assert_eq!(migration.votes[0].counts, Some(vec![1, 0, 0]));
}

#[tokio::test]
async fn a_voter_who_shows_another_account_to_be_theirs_stays_one_who_has_spoken() {
    let spine = joined().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    let (spine, [in_room, _, _]) = open(spine).await;
    claim(&spine, "tina", ANN).await;
    spine.hear(voted(&room(), &in_room, ANN, &["1"])).await;
    days_one_by_one(&spine, 5).await;
    spine.matrix.until("the result", |_| result(&spine, &room()).is_some()).await;
    let migration = super::stages::migration(&spine).await;
    assert_eq!(migration.votes[0].counts, Some(vec![0, 1, 0]));
}
