// SPDX-License-Identifier: AGPL-3.0-or-later
//! How full the store is, in numbers.

use std::time::Duration;

use bot_core::Refusal;
use bot_core::store::gauges::LaneGauges;
use bridge_model::{NetworkId, Timestamp};
use bridge_policy::budget::Limits;
use bridge_policy::stage::Stage;

use super::World;
use crate::words::{channel, group, posted, room};

on_every_engine!(
    lanes_are_summed_up_by_network_with_the_age_of_the_oldest_head,
    a_halted_lane_is_counted_and_has_no_age,
    the_age_of_what_waits_outlives_the_process,
    portals_are_counted_by_stage,
);

async fn lane(world: &World, network: &str, later: u64) -> Option<LaneGauges> {
    let now = Timestamp(world.now.0 + i64::try_from(later).unwrap() * 1000);
    let lanes = world.store().lane_gauges(now).await.unwrap();
    lanes.get(&NetworkId::from(network)).copied()
}

async fn lanes_are_summed_up_by_network_with_the_age_of_the_oldest_head(world: World) {
    let mut world = world.linked().await;
    assert_eq!(lane(&world, "discord", 0).await, None);
    for id in ["1", "2", "3"] {
        world.hear(posted(&group(), id, "ann", id)).await;
        world.now.0 += 10_000;
    }
    let waits = |entries, oldest| LaneGauges {
        busy: 1,
        halted: 0,
        entries,
        deepest: entries,
        oldest: Duration::from_secs(oldest),
    };
    assert_eq!(lane(&world, "discord", 0).await, Some(waits(3, 30)));
    assert_eq!(lane(&world, "matrix", 5).await, Some(waits(3, 35)));
    assert_eq!(lane(&world, "telegram", 0).await, None);
    world.deliver(&room(), &["$1"]).await;
    assert_eq!(lane(&world, "matrix", 0).await, Some(waits(2, 20)));
    world.drain(&room()).await;
    assert_eq!(lane(&world, "matrix", 0).await, None);
    // A clock that was set back makes nothing older.
    world.now.0 -= 3_600_000;
    assert_eq!(lane(&world, "discord", 0).await, Some(waits(3, 0)));
}

async fn a_halted_lane_is_counted_and_has_no_age(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "1")).await;
    let why = Some(Refusal::NotInChat);
    world.store().halt(&channel(), why, Vec::new(), world.now).await.unwrap();
    let discord = lane(&world, "discord", 60).await.unwrap();
    assert_eq!((discord.busy, discord.halted, discord.entries), (1, 1, 1));
    assert_eq!(discord.oldest, Duration::ZERO);
}

async fn the_age_of_what_waits_outlives_the_process(world: World) {
    let mut world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "1")).await;
    world.reopen();
    assert_eq!(lane(&world, "discord", 90).await.unwrap().oldest, Duration::from_secs(90));
}

async fn portals_are_counted_by_stage(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "1")).await;
    let gauges = world.store().gauges(world.now, Limits::DEFAULT).await.unwrap();
    let stages: Vec<Stage> = gauges.portals.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(stages, Stage::ALL);
    let portals: u64 = gauges.portals.iter().map(|(_, count)| count).sum();
    assert_eq!((portals, gauges.weeks, gauges.ghosts, gauges.overflowing), (1, 1, 0, 0));
    assert_eq!((gauges.notices, gauges.without_notices), (0, 0));
}
