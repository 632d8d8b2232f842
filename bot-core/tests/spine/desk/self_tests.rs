// SPDX-License-Identifier: AGPL-3.0-or-later
//! `selftest`: bans, mutes and deletions are tried on each side, and the gate asks for that.

use bot_core::lane::core_place;
use bot_core::self_test::{CheckOutcome, test_user};
use bot_core::{DeliverError, MissingRight, Refusal, Right};
use bridge_model::{Content, Place};
use bridge_policy::stage::Stage;

use super::stages::{URL, days, inventory, migration, portal, self_test, step};
use super::{ANN, NOBODY, TINA, ask, command, sure};
use crate::harness::Spine;
use crate::network::{FakeNetwork, Fault};
use crate::words::{event, group, room};

async fn announced() -> Spine {
    let spine = inventory().await;
    step(&spine, "next").await;
    days(&spine, 14);
    for place in [room(), group()] {
        spine.settled(&place).await;
    }
    spine
}

async fn outcomes(spine: &Spine, place: &Place) -> Vec<CheckOutcome> {
    let run = migration(spine).await.self_test.unwrap();
    let side = run.side(place).unwrap();
    side.checks.iter().map(|check| check.outcome.clone()).collect()
}

/// What the room would read of the test account.
fn leftovers(spine: &Spine, place: &Place) -> Vec<String> {
    let read = spine.network(place).read(&place.chat).into_iter();
    read.filter(|line| line.starts_with("Self-test: ")).collect()
}

#[tokio::test]
async fn a_self_test_says_what_was_done_and_what_only_the_right_was_checked_of() {
    let spine = announced().await;
    let closed = sure(&spine, &room(), ANN, &format!("stage next {URL}")).await;
    assert!(closed.contains("✗ The self-test of bans, mutes and deletions"), "{closed}");
    assert!(closed.contains("selftest in the Matrix room"), "{closed}");
    let told = self_test(&spine).await;
    let expected = "BOT: Self-test passed. It counts for 30 days.\n\
        ✓ Matrix: ban, mute, delete messages – done, and read back\n\
        ✓ Telegram: ban, mute – I have the right; it cannot be tried without a real member\n\
        ✓ Telegram: delete messages – done, and read back";
    assert_eq!(told, expected);
    assert_eq!(outcomes(&spine, &room()).await, vec![CheckOutcome::Done; 3]);
    for place in [room(), group()] {
        assert_eq!(leftovers(&spine, &place), Vec::<String>::new());
    }
    let deeds = spine.matrix.deeds();
    let begun = deeds.iter().rposition(|deed| deed.starts_with("Mute")).unwrap();
    let deeds: Vec<&str> =
        deeds[begun..].iter().map(|deed| deed.split(':').next().unwrap()).collect();
    let user = test_user();
    let user = user.as_str();
    let expected = [
        "Mute { until".to_owned(),
        format!("Unmute on {user}"),
        "Ban { purge".to_owned(),
        format!("Unban on {user}"),
        "withdraw Self-test".to_owned(),
    ];
    assert_eq!(deeds, expected);
    let shown = ask(&spine, &room(), ANN, "audit").await;
    assert!(shown.contains("self-test begun") && shown.contains("self-test passed"), "{shown}");
    step(&spine, "next").await;
    assert_eq!(portal(&spine).await.stage, Stage::Bridged);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_and_holds_the_step_up() {
    let spine = announced().await;
    let lacking = MissingRight { right: Right::DecideWhoSpeaks, menu: "Ban Users".into() };
    spine.telegram.state.lock().unwrap().lacking = vec![lacking];
    let told = self_test(&spine).await;
    assert!(told.starts_with("BOT: Self-test failed."), "{told}");
    assert!(told.contains("✗ Telegram: ban, mute – "), "{told}");
    assert!(
        told.contains("Missing on Telegram: the right to decide who may write (“Ban Users”)"),
        "{told}"
    );
    let closed = sure(&spine, &room(), ANN, &format!("stage next {URL}")).await;
    assert!(closed.contains("✗ The last self-test failed"), "{closed}");
    assert!(!closed.contains("The admins can decide to go on without this"), "{closed}");
    let plan = ask(&spine, &room(), NOBODY, "stage plan").await;
    assert!(plan.contains("✗ The last self-test failed"), "{plan}");
    assert_eq!(portal(&spine).await.stage, Stage::Announced);
    spine.telegram.state.lock().unwrap().lacking.clear();
    let told = self_test(&spine).await;
    assert!(told.starts_with("BOT: Self-test passed."), "{told}");
    step(&spine, "next").await;
    assert_eq!(portal(&spine).await.stage, Stage::Bridged);
}

#[tokio::test]
async fn a_platform_that_says_yes_and_does_nothing_is_found_out() {
    let spine = announced().await;
    for network in [&spine.matrix, &spine.telegram] {
        network.state.lock().unwrap().deaf = true;
    }
    let told = self_test(&spine).await;
    assert!(told.contains("✗ Matrix: ban, mute, delete messages – Matrix said yes, but"), "{told}");
    assert!(told.contains("✗ Telegram: delete messages – Telegram said yes, but"), "{told}");
}

#[tokio::test]
async fn a_self_test_is_old_after_thirty_days_and_fails_when_a_right_is_taken_away() {
    let spine = announced().await;
    self_test(&spine).await;
    days(&spine, 29);
    let gate = ask(&spine, &room(), NOBODY, "stage").await;
    assert!(gate.contains("✓ The self-test passed 29 days ago (at most: 30)"), "{gate}");
    days(&spine, 1);
    let gate = ask(&spine, &room(), NOBODY, "stage").await;
    assert!(gate.contains("✗ The last self-test is 30 days old"), "{gate}");
    self_test(&spine).await;
    let lacking = vec![MissingRight { right: Right::Delete, menu: "Delete Messages".into() }];
    spine.telegram.state.lock().unwrap().lacking = lacking;
    spine.hear(event(&group(), "rights", Content::RightsChanged)).await;
    spine.settled(&core_place(&group())).await;
    let gate = ask(&spine, &room(), NOBODY, "stage").await;
    assert!(gate.contains("✗ The last self-test failed, or a right was taken away"), "{gate}");
}

#[tokio::test]
async fn a_side_that_does_not_answer_is_said_not_to_be_measured() {
    let spine = announced().await;
    let reason = Refusal::NotInChat;
    spine.telegram.fail(&group().chat, [Fault::Error(DeliverError::ChatClosed { reason })]);
    ask(&spine, &room(), ANN, "selftest").await;
    spine
        .matrix
        .until("told of the halt", |network| {
            network.read(&room().chat).iter().any(|line| line.contains("I am not in the chat"))
        })
        .await;
    let gate = ask(&spine, &room(), NOBODY, "stage").await;
    assert!(gate.contains("✗ The self-test of bans, mutes and deletions"), "{gate}");
    let again = ask(&spine, &room(), ANN, "selftest").await;
    let line = "– Telegram: not measured by the self-test before: I am not in the chat";
    assert!(again.contains(line), "{again}");
}

#[tokio::test]
async fn only_admins_of_the_room_start_a_self_test() {
    let spine = announced().await;
    let refused = ask(&spine, &room(), NOBODY, "selftest").await;
    assert!(refused.contains("You need the power level"), "{refused}");
    let refused = ask(&spine, &group(), TINA, "selftest").await;
    assert!(
        refused.contains("Only admins of the Matrix room can start the self-test"),
        "{refused}"
    );
    assert_eq!(migration(&spine).await.self_test, None);
}

#[tokio::test]
async fn a_process_that_dies_in_the_middle_leaves_nothing_of_a_self_test() {
    // The answer, what an earlier try would have left, and the line of the test account.
    let room_hangs = vec![Fault::Pass, Fault::Pass, Fault::Pass, Fault::Hang(1)];
    for (place, faults) in [(room(), room_hangs), (group(), vec![Fault::Hang(1)])] {
        let mut spine = announced().await;
        spine.network(&place).fail(&place.chat, faults);
        let typed = Content::Commanded(command(ANN, "selftest"));
        spine.hear(event(&room(), "asked", typed)).await;
        let is_there = |_: &FakeNetwork| leftovers(&spine, &place).len() == 1;
        spine.network(&place).until("showing the line", is_there).await;
        spine.restart().await;
        let is_told = |network: &FakeNetwork| {
            let read = network.read(&room().chat);
            read.iter().any(|line| line.starts_with("BOT: Self-test passed."))
        };
        spine.matrix.until("telling the result", is_told).await;
        assert_eq!(leftovers(&spine, &place), Vec::<String>::new());
    }
}
