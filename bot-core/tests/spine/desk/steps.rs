// SPDX-License-Identifier: AGPL-3.0-or-later
//! Steps that meet trouble: refusals, deaths, days that come too early.

use bot_core::DeliverError;
use bot_core::Refusal;
use bot_core::migration::{AuditAction, Progress};
use bridge_policy::stage::{Effect, Stage};
use insta::assert_snapshot;

use super::stages::{
    URL, announced, approve, at, days, days_one_by_one, done, inventory, migration, portal,
    reached, self_test, step,
};
use super::{ANN, ask, sure};
use crate::harness::Spine;
use crate::network::{FakeNetwork, Fault};
use crate::words::{group, posted, room};

#[tokio::test]
async fn a_right_that_is_denied_half_way_is_shown_and_tried_again() {
    let spine = at(Stage::MatrixFirst).await;
    approve(&spine).await;
    announced(&spine, 31).await;
    // The text and two changes of pins arrive, then the platform says no.
    let no = DeliverError::Refused { reason: Refusal::platform("not enough rights") };
    spine.telegram.fail(&group().chat, [Fault::Pass, Fault::Pass, Fault::Pass, Fault::Error(no)]);
    days_one_by_one(&spine, 1).await;
    let refused = async {
        let is_refused = |progress: &Progress| matches!(progress, Progress::Refused(_));
        while !migration(&spine).await.effects.iter().any(|it| is_refused(&it.progress)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), refused).await.unwrap();
    assert_eq!(portal(&spine).await.stage, Stage::ReadOnly);
    let told = "BOT: Telegram: not done: let only admins and me write.";
    let is_told =
        |matrix: &FakeNetwork| matrix.read(&room().chat).iter().any(|line| line.starts_with(told));
    spine.matrix.until("told", is_told).await;
    assert_snapshot!(ask(&spine, &room(), ANN, "stage").await);
    assert_snapshot!(ask(&spine, &room(), ANN, "stage retry").await);
    done(&spine).await;
    assert_snapshot!(ask(&spine, &room(), ANN, "stage retry").await);
    let closed = |deed: &&String| deed.starts_with("access");
    assert_eq!(spine.telegram.deeds().iter().filter(closed).count(), 1);
    let history = spine.store().history(portal(&spine).await.id).await.unwrap();
    let refused = AuditAction::Refused(Effect::CloseAccess, "telegram".into());
    assert!(history.iter().any(|audit| audit.deed == refused));
}

#[tokio::test]
async fn a_death_in_the_middle_of_a_step_is_resumed_and_repeats_nothing() {
    for dies_after in 0..4 {
        let mut spine = at(Stage::MatrixFirst).await;
        approve(&spine).await;
        announced(&spine, 31).await;
        let before = spine.telegram.read(&group().chat).len();
        let passes = (0..dies_after).map(|_| Fault::Pass);
        spine.telegram.fail(&group().chat, passes.chain([Fault::Hang(0)]));
        let tries = spine.telegram.tries() + dies_after;
        days_one_by_one(&spine, 1).await;
        let hangs = |network: &FakeNetwork| network.tries() > tries;
        spine.telegram.until("the try that never ends", hangs).await;
        spine.restart().await;
        done(&spine).await;
        let closed = |deed: &&String| deed.starts_with("access");
        let deeds = spine.telegram.deeds();
        assert_eq!(deeds.iter().filter(closed).count(), 1, "{deeds:?}");
        assert_eq!(spine.telegram.read(&group().chat).len(), before + 1);
        assert!(migration(&spine).await.unfinished().next().is_none());
    }
}

#[tokio::test]
async fn a_day_is_announced_on_all_sides_and_the_step_is_taken_then() {
    let spine = inventory().await;
    step(&spine, "next").await;
    // The clock of the tests begins on 1 September 2023.
    let answer = sure(&spine, &room(), ANN, &format!("stage schedule 2023-09-21 {URL}")).await;
    assert_snapshot!(answer);
    self_test(&spine).await;
    spine.settled(&group()).await;
    days_one_by_one(&spine, 21).await;
    reached(&spine, Stage::Bridged).await;
    spine.settled(&group()).await;
    let said = spine.telegram.read(&group().chat);
    let told: Vec<_> = said.iter().filter(|line| line.contains("On September 21, 2023")).collect();
    assert_snapshot!(told.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n"));
    let in_the_room = spine.matrix.read(&room().chat);
    assert_eq!(
        in_the_room.iter().filter(|line| line.contains("On September 21, 2023")).count(),
        told.len()
    );
}

#[tokio::test]
async fn a_day_that_comes_while_the_gate_is_closed_changes_nothing() {
    let spine = inventory().await;
    step(&spine, "next").await;
    self_test(&spine).await;
    sure(&spine, &room(), ANN, &format!("stage schedule 2023-09-08 {URL}")).await;
    // The bridge sleeps over the day itself: what was measured is of the moment at which it looks.
    days_one_by_one(&spine, 4).await;
    days(&spine, 4);
    let told = |network: &FakeNetwork| {
        network.read(&room().chat).iter().any(|line| line.contains("was planned for today"))
    };
    spine.matrix.until("the day", told).await;
    spine.settled(&room()).await;
    assert_eq!(portal(&spine).await.stage, Stage::Announced);
    assert_eq!(migration(&spine).await.schedule, None);
    let read = spine.matrix.read(&room().chat);
    assert_snapshot!(read.iter().rfind(|line| line.contains("was planned for today")).unwrap());
}

#[tokio::test]
async fn a_day_that_was_set_can_be_taken_back() {
    let spine = at(Stage::MatrixFirst).await;
    assert_snapshot!(sure(&spine, &room(), ANN, &format!("stage schedule 2024-01-01 {URL}")).await);
    assert_snapshot!(sure(&spine, &room(), ANN, &format!("stage schedule soon {URL}")).await);
    assert_snapshot!(sure(&spine, &room(), ANN, &format!("stage schedule 2023-01-01 {URL}")).await);
    assert_snapshot!(ask(&spine, &room(), ANN, "stage hold").await);
    assert_snapshot!(ask(&spine, &room(), ANN, "stage hold").await);
    spine.settled(&group()).await;
    assert_eq!(migration(&spine).await.schedule, None);
    let said = spine.telegram.read(&group().chat);
    assert!(said.iter().any(|line| line.contains("will not happen on")), "{said:?}");
}

#[tokio::test]
async fn once_a_day_the_old_chat_hears_where_requests_are_answered() {
    let spine = at(Stage::MatrixFirst).await;
    let told = |spine: &Spine| {
        let said = spine.telegram.read(&group().chat).into_iter();
        said.filter(|line| line.contains("Official requests are answered")).count()
    };
    let speak = async |id: &str| {
        spine.hear(posted(&group(), id, "tom", "who can help me?")).await;
        spine.settled(&bot_core::lane::core_place(&group())).await;
        spine.settled(&group()).await;
    };
    speak("d1").await;
    speak("d2").await;
    assert_eq!(told(&spine), 1);
    days_one_by_one(&spine, 1).await;
    speak("d3").await;
    assert_eq!(told(&spine), 2);
    // In the room nobody has to be told.
    spine.hear(posted(&room(), "$d", ANN, "hello")).await;
    spine.settled(&room()).await;
    assert!(
        !spine.matrix.read(&room().chat).iter().any(|line| line.contains("Official requests are"))
    );
}
