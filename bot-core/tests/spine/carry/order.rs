// SPDX-License-Identifier: AGPL-3.0-or-later
//! Order within a lane, independence between lanes, and how long they wait.

use std::time::Duration;

use bridge_model::Place;

use super::retry;
use crate::harness::Spine;
use crate::network::Fault;
use crate::store::link;
use crate::words::{START, channel, group, posted, room};

async fn say(spine: &Spine, place: &Place, numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    for n in numbers {
        spine.hear(posted(place, &format!("{n}"), "ann", &format!("message {n}"))).await;
        lines.push(format!("ann: message {n}"));
    }
    lines
}

#[tokio::test]
async fn every_chat_reads_everything_in_order() {
    let spine = Spine::linked().await;
    let lines = say(&spine, &room(), 0..40).await;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    spine.telegram.shows(&group().chat, &lines).await;
    spine.discord.shows(&channel().chat, &lines).await;
    assert_eq!(spine.matrix.tries(), 0, "nothing returns to its origin");
}

#[tokio::test]
async fn a_lane_that_waits_keeps_no_other_waiting() {
    let mut spine = Spine::idle();
    spine.concurrency = 1;
    spine.link().await;
    spine.start();
    spine.discord.fail(&channel().chat, [Fault::Error(retry(Some(60)))]);
    let said = say(&spine, &room(), 0..30).await;
    let answered = say(&spine, &group(), 0..30).await;
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let answered: Vec<&str> = answered.iter().map(String::as_str).collect();
    spine.telegram.shows(&group().chat, &said).await;
    spine.matrix.shows(&room().chat, &answered).await;
    spine.clock.slept(Duration::from_secs(60), 1).await;
    assert_eq!(spine.discord.read(&channel().chat), Vec::<String>::new());
    spine.clock.advance(Duration::from_secs(60));
    let both = [said, answered].concat();
    spine.discord.shows(&channel().chat, &both).await;
}

#[tokio::test]
async fn no_more_entries_are_under_way_than_allowed() {
    let mut spine = Spine::idle();
    spine.concurrency = 2;
    let groups: Vec<Place> =
        (0..6).map(|n| Place::new("telegram", format!("-{n}").as_str())).collect();
    for group in &groups {
        link(&spine.open(), &room(), group, START).await.unwrap();
        spine.telegram.fail(&group.chat, [Fault::Together(2)]);
    }
    spine.start();
    let lines = say(&spine, &room(), 0..10).await;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for group in &groups {
        spine.telegram.shows(&group.chat, &lines).await;
    }
    assert_eq!(spine.telegram.state.lock().unwrap().most_under_way, 2);
}

#[tokio::test]
async fn the_wait_doubles_from_one_second_to_five_minutes_and_begins_anew_after_a_success() {
    let spine = Spine::linked().await;
    let waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(Duration::from_secs);
    spine.telegram.fail(&group().chat, waits.map(|_| Fault::Error(retry(None))));
    spine.telegram.fail(&group().chat, [Fault::Broken(1, 1, retry(None))]);
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    for (at, wait) in waits.into_iter().chain([Duration::from_secs(300)]).enumerate() {
        spine.clock.slept(wait, at.saturating_sub(8).max(1)).await;
        spine.clock.advance(wait);
    }
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
    spine.settled(&group()).await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(None))]);
    spine.hear(posted(&room(), "$2", "@ann:x", "bye")).await;
    spine.clock.slept(Duration::from_secs(1), 2).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.telegram.shows(&group().chat, &["ann: hello", "ann: bye"]).await;
}

#[tokio::test]
async fn the_delay_that_the_platform_asks_for_is_kept() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(Some(37)))]);
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    spine.clock.slept(Duration::from_secs(37), 1).await;
    spine.clock.advance(Duration::from_secs(36));
    spine.discord.shows(&channel().chat, &["ann: hello"]).await;
    assert_eq!(spine.telegram.tries(), 1);
    spine.clock.advance(Duration::from_secs(1));
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
    assert_eq!(spine.clock.naps(), [Duration::from_secs(37)]);
}
