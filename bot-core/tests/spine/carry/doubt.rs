// SPDX-License-Identifier: AGPL-3.0-or-later
//! What may have happened is looked for, and nothing is said twice.

use std::time::Duration;

use bot_core::DeliverError;

use super::{closed, retry, uncertain};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{group, posted, room};

const WHOLE: [&str; 3] = ["ann: a", "ann: b", "ann: c"];

async fn after(fault: Fault) -> Spine {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [fault]);
    spine.hear(posted(&room(), "$1", "@ann:x", "a|b|c")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.telegram.shows(&group().chat, &WHOLE).await;
    spine.settled(&group()).await;
    spine
}

/// For each try, the parts that it left alone; and how many looks there were.
fn course(spine: &Spine) -> (Vec<usize>, usize) {
    let state = spine.telegram.state.lock().unwrap();
    (state.tries.iter().map(|order| order.done.len()).collect(), state.looks.len())
}

#[tokio::test]
async fn an_uncertain_order_goes_on_after_the_parts_that_are_found() {
    let spine = after(Fault::Broken(2, 0, uncertain())).await;
    assert_eq!(course(&spine), (vec![0, 2], 1));
    spine.hear(posted(&room(), "$2", "@ann:x", "next")).await;
    spine.telegram.until("at the next", |telegram| telegram.tries() == 3).await;
    assert_eq!(course(&spine), (vec![0, 2, 0], 1), "only what is in doubt is looked for");
}

#[tokio::test]
async fn an_uncertain_order_that_did_arrive_is_not_repeated() {
    let spine = after(Fault::Broken(3, 0, uncertain())).await;
    assert_eq!(course(&spine), (vec![0, 3], 1));
    let first = spine.telegram.id_of(&group().chat, "ann: a");
    let replica = spine.store().find_replica(&group(), &first.as_str().into()).await;
    let replica = replica.unwrap().unwrap();
    assert_eq!(replica.parts_at(&group()).len(), 3);
}

#[tokio::test]
async fn an_uncertain_order_that_did_not_arrive_is_repeated() {
    let spine = after(Fault::Error(uncertain())).await;
    assert_eq!(course(&spine), (vec![0, 0], 1));
}

#[tokio::test]
async fn parts_that_are_there_for_sure_are_kept_without_a_look() {
    let spine = after(Fault::Broken(2, 2, retry(None))).await;
    assert_eq!(course(&spine), (vec![0, 2], 0));
}

#[tokio::test]
async fn what_was_under_way_in_a_crash_is_finished_and_not_repeated() {
    let mut spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Hang(2)]);
    spine.hear(posted(&room(), "$1", "@ann:x", "a|b|c")).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "d")).await;
    spine.telegram.shows(&group().chat, &["ann: a", "ann: b"]).await;
    spine.restart().await;
    spine.telegram.shows(&group().chat, &["ann: a", "ann: b", "ann: c", "ann: d"]).await;
    assert_eq!(course(&spine), (vec![0, 2, 0], 1), "the second was not under way");
}

#[tokio::test]
async fn every_head_is_in_doubt_after_a_start() {
    let mut spine = Spine::linked().await;
    let wait = Fault::Error(retry(Some(60)));
    spine.telegram.fail(&group().chat, [wait]);
    spine.hear(posted(&room(), "$1", "@ann:x", "a")).await;
    spine.clock.slept(Duration::from_secs(60), 1).await;
    spine.restart().await;
    spine.telegram.shows(&group().chat, &["ann: a"]).await;
    assert_eq!(course(&spine), (vec![0, 0], 1));
}

#[tokio::test]
async fn a_look_starts_after_the_newest_message_that_is_known() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "990", "tina", "older")).await;
    spine.telegram.fail(&group().chat, [Fault::Broken(1, 0, uncertain())]);
    spine.hear(posted(&room(), "$1", "@ann:x", "a")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.hear(posted(&group(), "1002", "tina", "meanwhile")).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.settled(&group()).await;
    let after = spine.telegram.state.lock().unwrap().looks[0].after.clone();
    assert_eq!(after, Some("990".into()));
    assert_eq!(spine.telegram.read(&group().chat), ["ann: a"]);
}

#[tokio::test]
async fn an_order_keeps_its_identity_over_all_tries_and_starts() {
    let mut spine = Spine::linked().await;
    let faults: [DeliverError; 2] = [uncertain(), closed()];
    spine.telegram.fail(&group().chat, faults.map(Fault::Error));
    spine.hear(posted(&room(), "$1", "@ann:x", "a")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.halted(&group()).await;
    spine.restart().await;
    spine.telegram.shows(&group().chat, &["ann: a"]).await;
    let state = spine.telegram.state.lock().unwrap();
    let first = &state.tries[0];
    assert_eq!(state.tries.len(), 3);
    assert!(state.tries.iter().all(|t| (t.entry, &t.source) == (first.entry, &first.source)));
    assert!(!first.source.contains("$1"), "it tells nothing about its origin");
}
