// SPDX-License-Identifier: AGPL-3.0-or-later
//! A full lane leaves out what comes, says so on both sides, and keeps nobody else waiting.

use std::time::Duration;

use bridge_model::Place;

use super::{closed, retry};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, deleted, group, posted, reacted, room};

const FULL: &str = "BOT: Too many messages are waiting for Telegram. What you write here now is \
                    not shared there until the queue has room again.";

async fn narrow() -> Spine {
    let mut spine = Spine::idle();
    spine.lane_bound = 4;
    spine.link().await;
    spine.start();
    spine
}

/// Ann says something in the room, as fast as the channel takes it; what others read.
async fn say(spine: &Spine, numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    for n in numbers {
        spine.hear(posted(&room(), &format!("${n}"), "@ann:x", &format!("message {n}"))).await;
        spine.settled(&channel()).await;
        lines.push(format!("ann: message {n}"));
    }
    lines
}

async fn depth(spine: &Spine, place: &Place) -> u64 {
    let lanes = spine.store().lanes().await.unwrap();
    lanes.into_iter().find(|lane| lane.place == *place).map_or(0, |lane| lane.depth)
}

/// The group waits for a minute.
async fn slow() -> Spine {
    let spine = narrow().await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(Some(60)))]);
    spine
}

async fn after_a_minute(spine: &Spine) {
    spine.clock.slept(Duration::from_secs(60), 1).await;
    spine.clock.advance(Duration::from_secs(60));
}

#[tokio::test]
async fn a_full_lane_keeps_what_it_has_and_says_how_much_it_left_out() {
    let spine = slow().await;
    let lines = say(&spine, 0..6).await;
    spine.hear(reacted(&room(), "$1", ("@ann:x", "👍"), Some("$r"))).await;
    assert_eq!(depth(&spine, &group()).await, 4);
    let all: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert!(spine.discord.read(&channel().chat).starts_with(&lines), "nobody else waits");
    after_a_minute(&spine).await;
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read[..4], all[..4]);
    let [line] = &read[4..] else { panic!("{read:?}") };
    let start = "BOT: Not shared here, because too many messages were waiting: 2 messages from Matrix, one edit";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(spine.matrix.read(&room().chat), [FULL], "they are told once");
}

#[tokio::test]
async fn what_is_said_when_there_is_room_again_stands_after_the_line() {
    let spine = slow().await;
    say(&spine, 0..5).await;
    after_a_minute(&spine).await;
    spine.settled(&group()).await;
    say(&spine, 5..6).await;
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert!(read[4].contains("one message from Matrix ("), "{read:?}");
    assert_eq!(read[5..], ["ann: message 5"]);
}

#[tokio::test]
async fn a_lane_stays_full_until_a_quarter_of_it_is_free_also_over_a_restart() {
    let mut spine = slow().await;
    say(&spine, 0..5).await;
    spine.telegram.fail(&group().chat, [Fault::Hang(0)]);
    spine.restart().await;
    spine.telegram.until("tried again", |telegram| telegram.tries() == 2).await;
    say(&spine, 5..6).await;
    assert_eq!(depth(&spine, &group()).await, 4);
    spine.restart().await;
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert!(read[4].contains("2 messages from Matrix ("), "{read:?}");
    assert_eq!(spine.matrix.read(&room().chat).len(), 1, "told once");
}

#[tokio::test]
async fn a_full_lane_still_takes_away_what_is_deleted() {
    let spine = slow().await;
    say(&spine, 0..5).await;
    spine.hear(deleted(&room(), "$2", Some("@ann:x"))).await;
    after_a_minute(&spine).await;
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert!(!read.contains(&"ann: message 2".to_owned()), "{read:?}");
}

#[tokio::test]
async fn a_halted_lane_is_bounded_too_and_keeps_nobody_waiting() {
    let spine = narrow().await;
    spine.telegram.fail(&group().chat, [Fault::Error(closed())]);
    say(&spine, 0..2).await;
    spine.halted(&group()).await;
    let said = say(&spine, 2..20).await;
    assert_eq!(depth(&spine, &group()).await, 4);
    assert!(spine.discord.read(&channel().chat).ends_with(&said));
}
