// SPDX-License-Identifier: AGPL-3.0-or-later
//! The way of a community by commands: what is asked for, what is done, and how it is undone.

use bot_core::{MissingRight, Right};
use std::time::Duration;

use bot_core::migration::Migration;
use bot_core::portal::{Owner, Portal};
use bridge_model::{Content, Place, Timestamp};
use bridge_policy::calendar::Date;
use bridge_policy::stage::Stage;
use insta::assert_snapshot;

use super::{ANN, CODE, NOBODY, TINA, admins, agree, ask, sure};
use crate::clock::TICK;
use crate::harness::{ADMIN, Spine};
use crate::network::FakeNetwork;
use crate::words::{event, group, message, room};

pub const BEN: &str = "@ben:example.org";
pub const URL: &str = "--decision https://meta.example.org/vote";
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// Three admins on two homeservers; the room is joined to the group, at the first stage.
pub async fn inventory() -> Spine {
    let mut spine = Spine::idle();
    spine.first = Stage::Inventory;
    let humans = [ANN, BEN, "@caro:example.net"];
    *spine.rooms.admins.lock().unwrap() = humans.map(str::to_owned).into();
    for human in humans {
        spine.matrix.may(human, ADMIN);
    }
    spine.start();
    admins(&spine);
    ask(&spine, &room(), ANN, "link telegram").await;
    agree(&spine, (&group(), TINA), (&room(), ANN), CODE).await;
    spine.settled(&group()).await;
    spine.settled(&room()).await;
    spine
}

pub async fn portal(spine: &Spine) -> Portal {
    spine.store().portal_of(&room()).await.unwrap().unwrap()
}

pub async fn migration(spine: &Spine) -> Migration {
    let portal = portal(spine).await;
    spine.store().migration(portal.id).await.unwrap()
}

/// Returns when every effect of the last step is done.
pub async fn done(spine: &Spine) {
    let wait = async {
        while migration(spine).await.unfinished().next().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
    if waited.is_err() {
        panic!("unfinished: {:?}", migration(spine).await.effects);
    }
}

/// Days go by.
pub fn days(spine: &Spine, days: u32) {
    spine.clock.advance(A_DAY * days);
}

/// Days go by, one after the other, and what is due on each begins.
pub async fn days_one_by_one(spine: &Spine, count: u32) {
    for _ in 0..count {
        spine.clock.slept(TICK, 1).await;
        let looked = spine.clock.times(TICK);
        days(spine, 1);
        spine.clock.slept(TICK, looked + 1).await;
    }
}

/// Returns when the community is at a stage and all is done that this changes.
pub async fn reached(spine: &Spine, stage: Stage) {
    let wait = async {
        while portal(spine).await.stage != stage {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(waited.is_ok(), "the stage is {}", portal(spine).await.stage);
    done(spine).await;
}

/// A self-test is made, and every side has answered: what the room reads.
pub async fn self_test(spine: &Spine) -> String {
    let results = |network: &FakeNetwork| {
        let read = network.read(&room().chat).into_iter();
        read.filter(|line| line.starts_with("BOT: Self-test ")).collect::<Vec<_>>()
    };
    let before = results(&spine.matrix).len();
    sure(spine, &room(), ANN, "selftest").await;
    spine.matrix.until("a result", |network| results(network).len() > before).await;
    spine.settled(&room()).await;
    results(&spine.matrix).pop().unwrap()
}

/// The admins vote for the next step.
pub async fn approve(spine: &Spine) {
    sure(spine, &room(), ANN, "stage approve").await;
    sure(spine, &room(), BEN, "stage approve").await;
}

/// Sets a day for the next step, and lets time go by until the day before.
pub async fn announced(spine: &Spine, ahead: u32) {
    let now = bot_core::clock::Clock::now(&*spine.clock);
    let day = Date::of(Timestamp(now.0 + i64::from(ahead) * crate::words::DAY));
    let answer = sure(spine, &room(), ANN, &format!("stage schedule {day} {URL}")).await;
    assert!(migration(spine).await.schedule.is_some(), "{answer}");
    days_one_by_one(spine, ahead - 1).await;
    spine.settled(&bot_core::lane::core_place(&room())).await;
    spine.settled(&group()).await;
    spine.settled(&room()).await;
}

/// Takes a step and waits for all that it does.
pub async fn step(spine: &Spine, verb: &str) -> String {
    let answer = sure(spine, &room(), ANN, &format!("stage {verb} {URL}")).await;
    done(spine).await;
    answer
}

async fn say(spine: &Spine, place: &Place, id: &str, by: &str) {
    spine.hear(event(place, id, Content::Posted(message(by, id)))).await;
}

/// Takes all steps up to a stage.
pub async fn at(stage: Stage) -> Spine {
    let spine = inventory().await;
    for next in Stage::ALL {
        if next == Stage::Inventory || next > stage {
            continue;
        }
        days(&spine, 14);
        if next == Stage::Bridged {
            self_test(&spine).await;
        }
        if next == Stage::MatrixFirst {
            approve(&spine).await;
        }
        if matches!(next, Stage::ReadOnly | Stage::Sunset) {
            announced(&spine, 61).await;
            approve(&spine).await;
            days_one_by_one(&spine, 1).await;
            reached(&spine, next).await;
            continue;
        }
        let answer = step(&spine, "next").await;
        assert_eq!(portal(&spine).await.stage, next, "{answer}");
    }
    spine
}

#[tokio::test]
async fn a_new_link_relays_nothing_and_says_how_to_go_on() {
    let spine = inventory().await;
    say(&spine, &group(), "hello", "tom").await;
    spine.settled(&room()).await;
    assert!(!spine.matrix.read(&room().chat).iter().any(|line| line.contains("hello")));
    assert_snapshot!(ask(&spine, &room(), NOBODY, "stage").await);
    assert!(spine.telegram.deeds().is_empty(), "nothing is pinned: {:?}", spine.telegram.deeds());
}

#[tokio::test]
async fn a_step_without_a_decision_asks_for_its_address() {
    let spine = inventory().await;
    assert_snapshot!(sure(&spine, &room(), ANN, "stage next").await);
    assert_snapshot!(sure(&spine, &room(), ANN, "stage next --decision yes").await);
    let answer = sure(&spine, &group(), NOBODY, &format!("stage next {URL}")).await;
    assert_snapshot!(answer);
    assert_eq!(portal(&spine).await.stage, Stage::Inventory);
}

#[tokio::test]
async fn a_gate_that_is_closed_says_what_is_missing_and_by_how_much() {
    let spine = inventory().await;
    spine.rooms.admins.lock().unwrap().truncate(1);
    assert_snapshot!(sure(&spine, &room(), ANN, &format!("stage next {URL}")).await);
    *spine.rooms.admins.lock().unwrap() = vec![ANN.into(), "@b:x".into(), "@c:x".into()];
    step(&spine, "next").await;
    days(&spine, 13);
    assert_snapshot!(sure(&spine, &room(), ANN, &format!("stage next {URL}")).await);
    assert_eq!(portal(&spine).await.stage, Stage::Announced);
}

#[tokio::test]
async fn the_plan_shows_every_effect_every_text_and_every_right_that_is_missing() {
    let spine = at(Stage::MatrixFirst).await;
    spine.telegram.state.lock().unwrap().lacking =
        vec![MissingRight { right: Right::DecideWhoSpeaks, menu: "Ban Users".into() }];
    assert_snapshot!(ask(&spine, &room(), NOBODY, "stage plan").await);
    assert_snapshot!(ask(&spine, &room(), NOBODY, "stage plan back").await);
    assert_eq!(portal(&spine).await.stage, Stage::MatrixFirst, "a plan changes nothing");
}

#[tokio::test]
async fn a_community_walks_all_the_way() {
    let spine = at(Stage::Bridged).await;
    say(&spine, &group(), "from the group", "tom").await;
    spine.settled(&room()).await;
    let read = spine.matrix.read(&room().chat);
    assert!(read.iter().any(|line| line.contains("from the group")), "{read:?}");
    drop(spine);

    let spine = at(Stage::Sunset).await;
    let portal = portal(&spine).await;
    assert!(!portal.relaying && portal.ends.is_empty());
    let deeds = spine.telegram.deeds();
    let telling = deeds.iter().filter(|deed| !deed.contains("pin") && !deed.starts_with("chat"));
    let telling: Vec<&str> = telling.map(String::as_str).collect();
    assert_eq!(telling, ["access: closed, was everybody", "leave"]);
    assert_snapshot!(spine.telegram.read(&group().chat).join("\n"));
    assert_snapshot!(ask(&spine, &room(), ANN, "audit").await);
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("stage back {URL}")).await);
}

#[tokio::test]
async fn going_back_leaves_everything_as_it_was() {
    let spine = at(Stage::MatrixFirst).await;
    assert_eq!(portal(&spine).await.settings.metadata, Owner::Matrix);
    approve(&spine).await;
    announced(&spine, 31).await;
    let answer = step(&spine, "next").await;
    assert_eq!(portal(&spine).await.stage, Stage::MatrixFirst, "{answer}");
    days_one_by_one(&spine, 1).await;
    reached(&spine, Stage::ReadOnly).await;
    step(&spine, "back").await;
    let access: Vec<_> =
        spine.telegram.deeds().into_iter().filter(|deed| deed.starts_with("access")).collect();
    assert_eq!(access, ["access: closed, was everybody", "access: everybody"]);
    step(&spine, "back").await;
    assert_eq!(portal(&spine).await.settings.metadata, Owner::Nobody);
    assert_eq!(portal(&spine).await.stage, Stage::Bridged);
    step(&spine, "back").await;
    assert!(!portal(&spine).await.relaying);
    step(&spine, "back").await;
    assert_eq!(portal(&spine).await.stage, Stage::Inventory);
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("stage back {URL}")).await);
}
