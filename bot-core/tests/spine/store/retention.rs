// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is forgotten, and what never is.

use bot_core::Refusal;
use bot_core::lane::{Work, core_place};
use bot_core::order::Mark;
use bot_core::store::Change;
use bridge_model::Timestamp;

use super::{World, offer};
use crate::words::{DAY, START, carried, edited, group, message, part, posted, room};

on_every_engine!(
    whole_weeks_are_forgotten_and_the_rest_stays,
    a_transaction_is_forgotten_with_its_week,
    a_notice_is_known_for_ever,
    what_is_said_when_a_lane_halts_is_as_old_as_it_is,
    a_code_is_forgotten_long_after_it_ran_out,
);

fn later(days: i64) -> Timestamp {
    Timestamp(START.0 + days * DAY)
}

async fn whole_weeks_are_forgotten_and_the_rest_stays(world: World) {
    let mut world = world.linked().await;
    for (days, id) in [(0, "1"), (1, "2"), (7, "3"), (14, "4")] {
        world.now = later(days);
        world.hear(posted(&group(), id, "ann", id)).await;
        world.deliver(&room(), &[&format!("${id}")]).await;
    }
    world.now = later(15);
    assert!(world.store().forget(later(7)).await.unwrap() >= 4, "two messages and two copies");
    for (id, stays) in [("1", false), ("2", false), ("3", true), ("4", true)] {
        assert_eq!(world.replica(&group(), id).await.is_some(), stays, "{id}");
        assert_eq!(world.replica(&room(), &format!("${id}")).await.is_some(), stays, "${id}");
    }
    assert_eq!(world.store().forget(later(7)).await.unwrap(), 0);
    assert!(!world.hear(edited(&group(), "1", "ann", "too late")).await);
    assert!(world.hear(edited(&group(), "3", "ann", "in time")).await);
}

async fn a_transaction_is_forgotten_with_its_week(world: World) {
    let world = world.linked().await;
    let once = || vec![Mark::Once { key: "txn".into() }];
    let said = |id: &str| vec![posted(&room(), id, "@ann:x", id)];
    assert_eq!(world.batch(once(), said("$1")).await.dropped, 0);
    assert_eq!(world.batch(once(), said("$2")).await.dropped, 1);
    world.store().forget(later(30)).await.unwrap();
    assert_eq!(world.batch(once(), said("$3")).await.dropped, 0);
}

async fn a_notice_is_known_for_ever(mut world: World) {
    let notice = || (group(), Work::say(&group(), Some("notice"), message("bot", "joined")));
    world.then(vec![notice()]).await;
    world.deliver(&group(), &["5"]).await;
    world.now = later(400);
    world.store().forget(later(300)).await.unwrap();
    world.reopen();
    world.then(vec![notice()]).await;
    assert_eq!(world.depth(&group()).await, 0, "it is not said a second time");
    let replica = world.replica(&core_place(&group()), "notice").await.unwrap();
    assert_eq!(replica.parts_at(&group()), [part("5")]);
}

async fn what_is_said_when_a_lane_halts_is_as_old_as_it_is(world: World) {
    let world = world.linked().await;
    world.store().forget(later(-7)).await.unwrap();
    let told = Work::say(&room(), None, message("bot", "stopped"));
    let (why, then) = (Some(Refusal::platform("gone")), vec![(room(), told)]);
    world.store().halt(&group(), why, then, world.now).await.unwrap();
    let told = carried(&world.deliver(&room(), &["$told"]).await.work).message;
    world.store().forget(later(-7)).await.unwrap();
    assert!(world.replica(&core_place(&room()), told.as_str()).await.is_some());
    assert!(world.replica(&room(), "$told").await.is_some());
}

async fn a_code_is_forgotten_long_after_it_ran_out(world: World) {
    let offer = offer(&room(), &group(), world.now);
    world.change(Change::Offer([1; 16], offer)).await.unwrap();
    world.store().forget(world.now).await.unwrap();
    assert!(world.store().find_offer(&[1; 16]).await.unwrap().is_some());
    world.store().forget(later(1)).await.unwrap();
    assert_eq!(world.store().find_offer(&[1; 16]).await.unwrap(), None);
}
