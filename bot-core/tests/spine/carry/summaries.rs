// SPDX-License-Identifier: AGPL-3.0-or-later
//! What stands below polls and messages: one line that is kept up to date.

use std::sync::Arc;
use std::time::Duration;

use bot_core::Action;
use bridge_model::{Capabilities, Content, PollCapabilities, Reaction, Rights};

use super::{refused, retry, uncertain};
use crate::harness::Spine;
use crate::network::{ABLE, FakeNetwork, Fault};
use crate::words::{
    asked, author, channel, counted, deleted, event, group, poll_closed, posted, reacted, room,
    unreacted, voted,
};

const POLLS: PollCapabilities =
    PollCapabilities { question: 300, answer: 100, fewest: 2, most: 10, closing: true };

/// The room and the group have polls, the channel shows them as text. The group shows one reaction.
async fn linked() -> Spine {
    let mut spine = Spine::idle();
    let able = Capabilities { polls: Some(POLLS), ..ABLE };
    spine.matrix = FakeNetwork::able("matrix", able.clone());
    spine.telegram = FakeNetwork::able("telegram", Capabilities { many_reactions: false, ..able });
    spine.discord = FakeNetwork::able("discord", Capabilities { polls: None, ..ABLE });
    spine.telegram.state.lock().unwrap().names = true;
    spine.link().await;
    spine.start();
    spine
}

/// A poll of ann's is everywhere; its ids in the group and in the channel.
async fn poll() -> (Spine, String, String) {
    let spine = linked().await;
    spine.hear(asked(&room(), "$1", "@ann:x", &["yes", "no"])).await;
    spine.telegram.shows(&group().chat, &["ann: a poll"]).await;
    spine.discord.shows(&channel().chat, &["ann: a poll"]).await;
    spine.settled(&group()).await;
    spine.settled(&channel()).await;
    let in_group = spine.telegram.id_of(&group().chat, "ann: a poll");
    let in_channel = spine.discord.id_of(&channel().chat, "ann: a poll");
    (spine, in_group, in_channel)
}

fn elsewhere(yes: u64, no: u64) -> String {
    format!("BOT: 🗳 Votes elsewhere:\nyes: {yes}\nno: {no}")
}

fn all(yes: u64, no: u64) -> String {
    format!("BOT: 🗳 Votes:\nyes: {yes}\nno: {no}")
}

#[tokio::test]
async fn votes_of_the_other_sides_stand_below_each_poll_in_one_line_that_is_edited() {
    let (spine, in_group, in_channel) = poll().await;
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 0)]).await;
    spine.discord.shows(&channel().chat, &["ann: a poll", &all(1, 0)]).await;
    spine.settled(&room()).await;
    spine.hear(voted(&room(), "$1", "@bob:x", &["no"])).await;
    spine.telegram.shows(&group().chat, &["ann: a poll", &elsewhere(0, 1)]).await;
    spine.discord.shows(&channel().chat, &["ann: a poll", &all(1, 1)]).await;
    spine.hear(voted(&group(), &in_group, "tina", &["1"])).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(0, 1)]).await;
    spine.discord.shows(&channel().chat, &["ann: a poll", &all(0, 2)]).await;
    let acts = spine.discord.acts();
    let Action::Post { message, native_reply: true, .. } = &acts[1] else { panic!("{acts:?}") };
    assert_eq!(message.reply_to.as_ref().unwrap().message.as_str(), in_channel);
}

#[tokio::test]
async fn a_count_under_another_name_of_the_poll_is_summed_up() {
    let (spine, in_group, _) = poll().await;
    let polls = bridge_model::Place::new("telegram", "polls");
    spine.hear(counted(&polls, &in_group, &[3, 4], false)).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(3, 4)]).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat), ["ann: a poll"], "it shows them itself");
}

#[tokio::test]
async fn the_line_goes_when_nobody_elsewhere_votes_any_more_and_comes_again() {
    let (spine, in_group, _) = poll().await;
    for answers in [&["0"][..], &[], &["1"]] {
        spine.hear(voted(&group(), &in_group, "tina", answers)).await;
        let lines = match answers {
            ["0"] => vec![elsewhere(1, 0)],
            ["1"] => vec![elsewhere(0, 1)],
            _ => Vec::new(),
        };
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        spine.matrix.shows(&room().chat, &lines).await;
        spine.settled(&room()).await;
    }
}

#[tokio::test]
async fn many_votes_while_a_chat_waits_are_one_line() {
    let (spine, in_group, _) = poll().await;
    spine.discord.fail(&channel().chat, [Fault::Error(retry(Some(60)))]);
    spine.hear(posted(&room(), "$2", "@ann:x", "vote!")).await;
    spine.clock.slept(Duration::from_secs(60), 1).await;
    let before = spine.discord.tries();
    for n in 0..20 {
        spine.hear(voted(&group(), &in_group, &format!("voter{n}"), &["0"])).await;
    }
    spine.clock.advance(Duration::from_secs(60));
    spine.discord.shows(&channel().chat, &["ann: a poll", "ann: vote!", &all(20, 0)]).await;
    assert_eq!(spine.discord.tries() - before, 2);
}

#[tokio::test]
async fn a_poll_that_its_author_closes_is_closed_where_there_is_one() {
    let (spine, in_group, _) = poll().await;
    spine.hear(poll_closed(&room(), "$1", Some("@ann:x"))).await;
    spine.telegram.until("closed", |telegram| telegram.deeds().len() == 1).await;
    assert_eq!(spine.telegram.deeds(), [format!("close poll {in_group}")]);
    let over = format!("{}\n🗳 This poll is closed.", all(0, 0));
    spine.discord.shows(&channel().chat, &["ann: a poll", &over]).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat), ["ann: a poll"]);
    assert!(spine.discord.deeds().is_empty(), "there is nothing to close in a text");
    assert_eq!(spine.matrix.tries(), 0);
}

#[tokio::test]
async fn a_moderator_closes_a_poll_and_nobody_else() {
    let (spine, in_group, _) = poll().await;
    spine
        .matrix
        .may("@mod:x", Rights { member: true, manage: false, change: false, moderate: true });
    spine.hear(poll_closed(&room(), "$1", Some("@bob:x"))).await;
    let told = |network: &str| {
        format!("BOT: Not delivered to {network}: only its author or a moderator can close a poll")
    };
    let both = move |matrix: &FakeNetwork| {
        let lines = matrix.read(&room().chat);
        lines.contains(&told("Telegram")) && lines.contains(&told("Discord"))
    };
    spine.matrix.until("told", both).await;
    assert!(spine.telegram.deeds().is_empty());
    spine.hear(poll_closed(&room(), "$1", Some("@mod:x"))).await;
    let over = format!("{}\n🗳 This poll is closed.", all(0, 0));
    spine.discord.shows(&channel().chat, &["ann: a poll", &over]).await;
    spine.telegram.until("closed", |telegram| telegram.deeds().len() == 1).await;
    assert_eq!(spine.telegram.deeds(), [format!("close poll {in_group}")]);
}

#[tokio::test]
async fn what_stands_below_a_poll_goes_with_it() {
    let (spine, in_group, _) = poll().await;
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 0)]).await;
    spine.discord.shows(&channel().chat, &["ann: a poll", &all(1, 0)]).await;
    spine.settled(&room()).await;
    spine.hear(deleted(&room(), "$1", Some("@ann:x"))).await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.discord.shows(&channel().chat, &[]).await;
}

/// A crash while the line is posted, and votes that come meanwhile.
#[tokio::test]
async fn a_line_is_not_doubled_by_a_crash_at_any_step() {
    let (mut spine, in_group, _) = poll().await;
    for faults in
        [vec![Fault::Hang(1)], vec![Fault::Hang(0)], vec![Fault::Broken(1, 0, uncertain())]]
    {
        spine.matrix.fail(&room().chat, faults);
    }
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 0)]).await;
    spine.hear(voted(&group(), &in_group, "tom", &["1"])).await;
    spine.restart().await;
    spine.matrix.until("tried again", |matrix| matrix.tries() == 2).await;
    spine.restart().await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 1)]).await;
    spine.settled(&room()).await;
    spine.hear(voted(&group(), &in_group, "tim", &["1"])).await;
    spine.restart().await;
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 2)]).await;
}

#[tokio::test]
async fn a_line_that_a_crash_left_goes_when_it_is_not_needed_any_more() {
    let (mut spine, in_group, _) = poll().await;
    spine.matrix.fail(&room().chat, [Fault::Hang(1)]);
    spine.hear(voted(&group(), &in_group, "tina", &["0"])).await;
    spine.matrix.shows(&room().chat, &[&elsewhere(1, 0)]).await;
    spine.hear(voted(&group(), &in_group, "tina", &[])).await;
    spine.restart().await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.settled(&room()).await;
}

/// A message of ann's is in the group, where one reaction can be shown.
async fn hello() -> Spine {
    let spine = linked().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
    spine.discord.shows(&channel().chat, &["ann: hello"]).await;
    spine.settled(&group()).await;
    spine.settled(&channel()).await;
    spine
}

#[tokio::test]
async fn reactions_that_one_native_reaction_cannot_show_stand_in_a_line() {
    let spine = hello().await;
    let react = |user: &str, with: &str| reacted(&room(), "$1", (user, with), None);
    spine.hear(react("@bob:x", "❤\u{fe0f}")).await;
    spine.telegram.until("reacted", |telegram| telegram.deeds().len() == 1).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat), ["ann: hello"], "it is there natively");
    spine.hear(react("@cem:x", "👍")).await;
    spine.telegram.shows(&group().chat, &["ann: hello", "BOT: Reactions: ❤ 1, 👍 1"]).await;
    spine.hear(react("@ece:x", "👍")).await;
    spine.telegram.shows(&group().chat, &["ann: hello", "BOT: Reactions: 👍 2, ❤ 1"]).await;
    for user in ["@cem:x", "@ece:x"] {
        spine.hear(unreacted(&room(), "$1", user, "👍")).await;
    }
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
    spine.settled(&channel()).await;
    assert_eq!(spine.discord.read(&channel().chat), ["ann: hello"], "it shows all natively");
}

#[tokio::test]
async fn a_reaction_that_a_chat_cannot_show_stands_in_a_line() {
    let spine = hello().await;
    spine.telegram.fail(&group().chat, [Fault::Error(refused("not available"))]);
    let reaction = Reaction::Custom { id: "mxc://x/y".into(), name: "blob".into() };
    let content = Content::Reacted { by: author("@bob:x"), reaction: reaction.clone(), id: None };
    spine.hear(event(&room(), "$1", content)).await;
    spine.telegram.shows(&group().chat, &["ann: hello", "BOT: Reactions: :blob: 1"]).await;
    spine.settled(&group()).await;
    let by = bridge_model::UserId::from("@bob:x");
    spine.hear(event(&room(), "$1", Content::Unreacted { by, reaction })).await;
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
}

#[tokio::test]
async fn reactions_of_the_chat_itself_are_in_no_line() {
    let spine = hello().await;
    let id = spine.telegram.id_of(&group().chat, "ann: hello");
    spine.hear(reacted(&group(), &id, ("tina", "👍"), None)).await;
    spine.hear(reacted(&room(), "$1", ("@bob:x", "👍"), None)).await;
    spine.telegram.until("reacted", |telegram| telegram.deeds().len() == 1).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat), ["ann: hello"]);
}

#[tokio::test]
async fn a_line_that_somebody_took_away_is_said_anew() {
    let spine = hello().await;
    for user in ["@bob:x", "@cem:x"] {
        spine.hear(reacted(&room(), "$1", (user, "👍"), None)).await;
        spine.telegram.until("carried", |telegram| !telegram.deeds().is_empty()).await;
        spine.settled(&group()).await;
    }
    spine.telegram.shows(&group().chat, &["ann: hello", "BOT: Reactions: 👍 2"]).await;
    spine.settled(&group()).await;
    let gone = [Fault::Pass, Fault::Error(refused("message to edit not found"))];
    spine.telegram.fail(&group().chat, gone);
    spine.hear(reacted(&room(), "$1", ("@ece:x", "👍"), None)).await;
    spine.telegram.until("tried", |telegram| telegram.tries() == 6).await;
    spine.settled(&group()).await;
    spine.hear(reacted(&room(), "$1", ("@eva:x", "👍"), None)).await;
    let shows = |telegram: &FakeNetwork| {
        telegram.read(&group().chat).contains(&"BOT: Reactions: 👍 4".into())
    };
    spine.telegram.until("said anew", shows).await;
    let posts = |network: &Arc<FakeNetwork>| {
        network.acts().iter().filter(|act| matches!(act, Action::Post { .. })).count()
    };
    assert_eq!(posts(&spine.telegram), 3);
}
