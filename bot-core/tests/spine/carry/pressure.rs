// SPDX-License-Identifier: AGPL-3.0-or-later
//! A full lane pauses its sources and drops nothing; a dead one pauses nobody.

use std::time::Duration;

use bridge_model::NetworkId;
use futures_util::poll;

use super::{closed, retry};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, group, posted, room};

async fn narrow() -> Spine {
    let mut spine = Spine::idle();
    spine.high_water = 4;
    spine.link().await;
    spine.start();
    spine
}

async fn fill(spine: &Spine) -> Vec<String> {
    let mut lines = Vec::new();
    for n in 0..6 {
        spine.hear(posted(&room(), &format!("${n}"), "@ann:x", &format!("message {n}"))).await;
        lines.push(format!("ann: message {n}"));
    }
    lines
}

#[tokio::test]
async fn a_full_lane_pauses_its_sources_and_drops_nothing() {
    let spine = narrow().await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(Some(60)))]);
    let lines = fill(&spine).await;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    spine.discord.shows(&channel().chat, &lines).await;
    let (matrix, telegram) = (NetworkId::from("matrix"), NetworkId::from("telegram"));
    let sink = spine.matrix.sink().await;
    let mut room = std::pin::pin!(sink.wait_for_capacity(&matrix));
    assert!(poll!(room.as_mut()).is_pending());
    assert!(
        poll!(std::pin::pin!(sink.wait_for_capacity(&telegram))).is_ready(),
        "it feeds other lanes only"
    );
    spine.clock.slept(Duration::from_secs(60), 1).await;
    spine.clock.advance(Duration::from_secs(60));
    tokio::time::timeout(Duration::from_secs(20), room).await.unwrap();
    spine.telegram.shows(&group().chat, &lines).await;
}

#[tokio::test]
async fn a_lane_that_is_full_at_the_start_pauses_everybody() {
    let mut spine = narrow().await;
    spine.telegram.fail(&group().chat, [Fault::Hang(0), Fault::Hang(0)]);
    fill(&spine).await;
    spine.telegram.until("tried", |telegram| telegram.tries() == 1).await;
    spine.restart().await;
    spine.telegram.until("tried again", |telegram| telegram.tries() == 2).await;
    for network in ["matrix", "discord"] {
        let network = NetworkId::from(network);
        let sink = spine.matrix.sink().await;
        assert!(poll!(std::pin::pin!(sink.wait_for_capacity(&network))).is_pending(), "{network}");
    }
}

#[tokio::test]
async fn a_halted_lane_pauses_nobody_however_full_it_is() {
    let spine = narrow().await;
    spine.telegram.fail(&group().chat, [Fault::Error(closed())]);
    fill(&spine).await;
    spine.halted(&group()).await;
    for n in 6..20 {
        spine.hear(posted(&room(), &format!("${n}"), "@ann:x", "more")).await;
    }
    spine.discord.until("done", |discord| discord.read(&channel().chat).len() == 20).await;
    spine.settled(&channel()).await;
    let sink = spine.matrix.sink().await;
    let room = async { sink.wait_for_capacity(&NetworkId::from("matrix")).await };
    tokio::time::timeout(Duration::from_secs(20), room).await.expect("it pauses for ever");
}
