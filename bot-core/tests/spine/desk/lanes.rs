// SPDX-License-Identifier: AGPL-3.0-or-later
//! `lanes`: what waits, why, and what an admin does about it by hand.

use std::time::Duration;

use bot_core::lane::core_place;
use bot_core::{Action, DeliverError, Refusal};
use bridge_model::Place;

use super::{ANN, NOBODY, ask, ask_with, joined};
use crate::harness::Spine;
use crate::network::{FakeNetwork, Fault};
use crate::words::{command, group, posted, room};

const OPERATOR: &str = "@op:example.org";

/// Somebody says something in the room that cannot be delivered to the group yet.
async fn stuck(spine: &Spine, id: &str, text: &str) {
    let hour = Some(Duration::from_secs(3600));
    let later = DeliverError::Retry { after: hour, reason: "no connection".into() };
    spine.telegram.fail(&group().chat, [Fault::Error(later)]);
    spine.hear(posted(&room(), id, ANN, text)).await;
}

fn shown(spine: &Spine, text: &str) -> bool {
    let shows = |act: &Action| matches!(act, Action::Post { message, .. } if message.body.plain().contains(text));
    spine.telegram.acts().iter().any(shows)
}

#[tokio::test]
async fn a_lane_that_was_stopped_by_hand_waits_until_somebody_sets_it_going() {
    let mut spine = joined().await;
    let stopped = ask(&spine, &room(), ANN, "lanes halt telegram").await;
    assert!(stopped.contains("Nothing goes to Telegram now"), "{stopped}");
    spine.hear(posted(&room(), "1", ANN, "later, please")).await;
    assert_eq!(spine.halted(&group()).await, Refusal::HaltedByHand);
    // Neither words in that chat nor a restart set it going.
    spine.hear(posted(&group(), "2", "tom", "hello?")).await;
    spine.restart().await;
    let lanes = ask(&spine, &room(), ANN, "lanes").await;
    assert!(lanes.contains("Telegram: stopped") && lanes.contains("by hand"), "{lanes}");
    assert!(lanes.contains("Stopped since 20") && lanes.contains("waiting since 20"), "{lanes}");
    assert!(!shown(&spine, "later, please"));
    let goes_on = ask(&spine, &room(), ANN, "lanes resume telegram").await;
    assert!(goes_on.starts_with("It goes on."), "{goes_on}");
    spine.telegram.until("it is delivered", |_| shown(&spine, "later, please")).await;
    spine.settled(&group()).await;
    let again = ask(&spine, &room(), ANN, "lanes resume telegram").await;
    assert!(again.contains("was not stopped"), "{again}");
    let history = ask(&spine, &room(), ANN, "audit").await;
    assert!(history.contains("what goes to Telegram: stopped"), "{history}");
    assert!(history.contains("what goes to Telegram: continued"), "{history}");
}

#[tokio::test]
async fn a_message_that_is_left_out_is_told_to_its_author_and_the_next_one_goes() {
    let spine = joined().await;
    ask(&spine, &room(), ANN, "lanes halt telegram").await;
    spine.hear(posted(&room(), "1", ANN, "the odd one")).await;
    spine.hear(posted(&room(), "2", ANN, "the next one")).await;
    let left_out = ask(&spine, &room(), ANN, "lanes skip telegram").await;
    assert!(left_out.contains("tell its author"), "{left_out}");
    let told = |network: &FakeNetwork| {
        let told = super::answer_to(network, "1");
        told.is_some_and(|it| it.contains("an admin has left this message out"))
    };
    spine.matrix.until("the author is told", told).await;
    // The lane stands still as before.
    assert_eq!(spine.halted(&group()).await, Refusal::HaltedByHand);
    assert!(!shown(&spine, "the next one"));
    ask(&spine, &room(), ANN, "lanes resume telegram").await;
    spine.telegram.until("the next one is there", |_| shown(&spine, "the next one")).await;
    assert!(!shown(&spine, "the odd one"));
}

#[tokio::test]
async fn only_admins_of_the_room_and_operators_use_lanes() {
    let spine = joined().await;
    for typed in ["lanes", "lanes halt telegram", "lanes skip telegram"] {
        let refused = ask(&spine, &room(), NOBODY, typed).await;
        assert!(refused.starts_with("Only admins of that Matrix room"), "{refused}");
    }
    let room_itself = ask(&spine, &room(), ANN, "lanes halt matrix").await;
    assert!(room_itself.contains("it cannot be stopped"), "{room_itself}");
    let nothing = ask(&spine, &room(), ANN, "lanes retry telegram").await;
    assert!(nothing.starts_with("Nothing was changed"), "{nothing}");
    let slip = ask(&spine, &room(), ANN, "lanes retri telegram").await;
    assert!(slip.contains("lanes retry"), "{slip}");
    let alone = Place::new("matrix", "!alone:example.org");
    let none = ask_with(&spine, &alone, command(OPERATOR, "lanes")).await;
    assert!(none.starts_with("Nothing waits anywhere."), "{none}");
    let by_number = ask_with(&spine, &alone, command(OPERATOR, "lanes halt telegram 1")).await;
    assert!(by_number.contains("Nothing goes to Telegram now"), "{by_number}");
    let all = ask_with(&spine, &alone, command(OPERATOR, "lanes")).await;
    assert!(all.contains("Connection 1") && all.contains("Telegram: stopped"), "{all}");
    let foreign = ask_with(&spine, &alone, command(NOBODY, "lanes resume telegram 1")).await;
    assert!(foreign.starts_with("Only admins of that Matrix room"), "{foreign}");
    spine.settled(&core_place(&alone)).await;
}

#[tokio::test]
async fn what_is_tried_again_by_hand_does_not_wait_for_its_hour() {
    let spine = joined().await;
    stuck(&spine, "1", "try me").await;
    spine.telegram.until("it was tried", |network| network.tries() > 0).await;
    let mut lanes = ask(&spine, &room(), ANN, "lanes").await;
    // What came of the try is noted after it.
    for _ in 0..100 {
        if lanes.contains("without success") {
            break;
        }
        lanes = ask(&spine, &room(), ANN, "lanes").await;
    }
    assert!(lanes.contains("without success"), "{lanes}");
    assert!(!lanes.contains("no connection"), "the log is for operators: {lanes}");
    let again = ask(&spine, &room(), ANN, "lanes retry telegram").await;
    assert!(again.starts_with("I try it again on Telegram now."), "{again}");
    spine.telegram.until("it is delivered", |_| shown(&spine, "try me")).await;
}
