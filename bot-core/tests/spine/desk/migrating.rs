// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/MIGRATING.md` leads from linking to sunset: every command in it is typed here, in order.

use std::time::Duration;

use bridge_model::{Command, Place};
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;

use super::claims::{code_in, dm};
use super::stages::{done, migration, portal, reached, self_test};
use super::{ANN, CODE, TINA, admins, ask, ask_with, command, sure};
use crate::clock::TICK;
use crate::harness::{ADMIN, Spine};
use crate::words::{group, room};

const PAGE: &str = include_str!("../../../../docs/MIGRATING.md");
const ENGLISH: &str = include_str!("../../../../i18n/en.json");
const BEN: &str = "@ben:example.org";

/// What the bot says when something did not go as the guide says.
const REFUSALS: &[&str] = &[
    "I do not know",
    "is not possible yet",
    "Type it",
    "There is nothing to confirm",
    "There is no vote",
    "is no value of",
    "Still needed",
    "You need",
    "has not asked",
    "None of your claimed accounts",
    "This chat is not connected",
    "I cannot find",
    "Nothing was changed",
    "is not a web address",
];

/// The commands of the page, with the side on which each is typed.
fn commands() -> Vec<(&'static str, &'static str)> {
    let mut side = None;
    let mut all = Vec::new();
    for line in PAGE.lines() {
        match line.strip_prefix("```") {
            Some("") => side = None,
            Some(name) => side = Some(name),
            None if line.starts_with("On that day") => all.push(("day", line)),
            None => all.extend(side.map(|side| (side, line))),
        }
    }
    all
}

/// Types a line, and is told something; `code` is the last that somebody was given to move.
async fn types(spine: &Spine, (side, line): (&str, &str), code: &str) -> String {
    match side {
        "matrix" => {
            let typed = line.strip_prefix("!freeside ").expect("a command of Matrix");
            if typed == "selftest" {
                return self_test(spine).await;
            }
            if typed == "stage approve" {
                sure(spine, &room(), BEN, typed).await;
                return sure(spine, &room(), ANN, typed).await;
            }
            ask(spine, &room(), ANN, &typed.replace("CODE", CODE)).await
        }
        "telegram" => {
            let typed = line.strip_prefix('/').expect("a command of Telegram");
            let typed = typed.replace("CODE", CODE);
            if typed == "matrix" {
                let alone = Command { private: true, ..command(TINA, &typed) };
                return ask_with(spine, &Place::new("telegram", "55"), alone).await;
            }
            ask(spine, &group(), TINA, &typed).await
        }
        "alone" => {
            let typed = line.strip_prefix("!freeside ").expect("a command of Matrix");
            dm(spine, BEN, &typed.replace("CODE", code)).await
        }
        other => panic!("the page has a box for {other}"),
    }
}

/// The day that is set comes, and the step is taken.
async fn the_day_comes(spine: &Spine) {
    let set = migration(spine).await.schedule.expect("a day is set");
    let now = bot_core::clock::Clock::now(&*spine.clock);
    let left = u64::try_from(set.day.begins().0 - now.0).unwrap();
    spine.clock.slept(TICK, 1).await;
    spine.clock.advance(Duration::from_millis(left));
    reached(spine, set.to).await;
    spine.settled(&group()).await;
    spine.settled(&room()).await;
}

#[tokio::test]
async fn every_command_of_the_guide_does_what_the_guide_says() {
    let mut spine = Spine::idle();
    spine.first = Stage::Inventory;
    let now = Thresholds {
        admins: 2,
        servers: 0,
        announced_days: 0,
        native_percent: 0,
        majority_percent: 0,
        majority_weeks: 0,
        closing_notice_days: 0,
        sunset_notice_days: 0,
        self_test_days: 30,
    };
    spine.thresholds = now;
    *spine.rooms.admins.lock().unwrap() = vec![ANN.to_owned(), BEN.to_owned()];
    for human in [ANN, BEN] {
        spine.matrix.may(human, ADMIN);
    }
    spine.start();
    admins(&spine);
    let all = commands();
    assert!(all.len() > 25, "{all:?}");
    let stale: Vec<_> = REFUSALS.iter().filter(|refusal| !ENGLISH.contains(**refusal)).collect();
    assert!(stale.is_empty(), "nothing says {stale:?}");
    let (mut stages, mut code) = (Vec::new(), String::new());
    for (side, line) in all {
        if side == "day" {
            the_day_comes(&spine).await;
            stages.push(portal(&spine).await.stage);
            continue;
        }
        let answer = types(&spine, (side, line), &code).await;
        if line == "/matrix" {
            code = code_in(&answer);
        }
        let refused = REFUSALS.iter().find(|refusal| answer.contains(**refusal));
        assert!(refused.is_none(), "{line}\n{answer}");
        let confirmed =
            line.contains("confirm") && stages.last() != Some(&portal(&spine).await.stage);
        if confirmed || line.contains("stage back") || line.contains("link yes") {
            done(&spine).await;
            spine.settled(&group()).await;
            spine.settled(&room()).await;
            stages.push(portal(&spine).await.stage);
        }
    }
    let expected = [
        Stage::Inventory,
        Stage::Announced,
        Stage::Bridged,
        Stage::MatrixFirst,
        Stage::Bridged,
        Stage::MatrixFirst,
        Stage::ReadOnly,
        Stage::Sunset,
    ];
    assert_eq!(stages, expected);
}
