// SPDX-License-Identifier: AGPL-3.0-or-later
//! Exceptions on record, and the report that shows them.

use insta::assert_snapshot;

use super::stages::{days_one_by_one, inventory};
use super::{ANN, NOBODY, ask};
use crate::network::FakeNetwork;
use crate::words::{group, room};

const ZOOM: &str = "exception add “Zoom” --reason “dial-in for two members” --candidate BigBlueButton \
    --owner “the chair” --review";

#[tokio::test]
async fn an_exception_needs_everything_and_a_day_above_all() {
    let spine = inventory().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "exception").await);
    for typed in [
        "exception add",
        "exception add Zoom",
        "exception add Zoom --reason x --candidate y --owner z",
    ] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.starts_with("Nothing was recorded. Still needed"), "{answer}");
    }
    for day in ["1999-01-01", "soon"] {
        let answer = ask(&spine, &room(), ANN, &format!("{ZOOM} {day}")).await;
        assert!(answer.contains(&format!("I cannot read “{day}”")), "{answer}");
    }
    let answer = ask(&spine, &room(), ANN, &format!("{ZOOM} 2030-01-01 --tracker ftp://x")).await;
    assert!(answer.contains("--tracker"), "{answer}");
    let answer = ask(&spine, &group(), NOBODY, &format!("{ZOOM} 2030-01-01")).await;
    assert!(answer.contains("Only the owner"), "{answer}");
    assert!(ask(&spine, &room(), NOBODY, "exception list").await.starts_with("No exception"));
}

#[tokio::test]
async fn an_exception_is_listed_reported_and_ended() {
    let spine = inventory().await;
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("{ZOOM} 2030-01-01")).await);
    assert_snapshot!(ask(&spine, &room(), NOBODY, "exception").await);
    assert_snapshot!(ask(&spine, &group(), NOBODY, "report").await);
    let answer = ask(&spine, &room(), ANN, "exception close 2").await;
    assert!(answer.starts_with("No open exception has the number"), "{answer}");
    assert_snapshot!(ask(&spine, &room(), ANN, "exception close 1").await);
    assert!(ask(&spine, &room(), NOBODY, "exception list").await.starts_with("No exception"));
    let audit = ask(&spine, &room(), ANN, "audit").await;
    assert!(audit.contains("exception 1 recorded: Zoom"), "{audit}");
    assert!(audit.contains("exception 1 closed: Zoom"), "{audit}");
}

#[tokio::test]
async fn an_exception_that_nobody_looked_at_is_told_once() {
    let spine = inventory().await;
    let today = bot_core::clock::Clock::now(&*spine.clock);
    let soon = bridge_model::Timestamp(today.0 + 2 * crate::words::DAY);
    let day = bridge_policy::calendar::Date::of(soon);
    ask(&spine, &room(), ANN, &format!("{ZOOM} {day}")).await;
    let told = |matrix: &FakeNetwork| {
        let lines = matrix.read(&room().chat);
        lines.iter().filter(|line| line.contains("must be reviewed now")).count()
    };
    days_one_by_one(&spine, 2).await;
    assert_eq!(told(&spine.matrix), 0);
    days_one_by_one(&spine, 2).await;
    spine.matrix.until("told", |matrix| told(matrix) == 1).await;
    days_one_by_one(&spine, 3).await;
    assert_eq!(told(&spine.matrix), 1);
}
