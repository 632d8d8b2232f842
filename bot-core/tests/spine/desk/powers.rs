// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who decides over the way of a community, and what is shown before it happens.

use std::time::Duration;

use bot_core::migration::AuditAction;
use bridge_model::Rights;
use bridge_policy::stage::Stage;

use super::claims::{claim, claim_openly, opens};
use super::stages::{
    BEN, URL, announced, at, days, days_one_by_one, inventory, migration, portal, reached, step,
};
use super::{ANN, NOBODY, TINA, ask, joined, sure};
use crate::harness::{ADMIN, Spine};
use crate::words::{group, posted, room};

fn next() -> String {
    format!("stage next {URL}")
}

/// What the room read last that holds `words`.
fn room_read(spine: &Spine, words: &str) -> Option<String> {
    spine.matrix.read(&room().chat).into_iter().rfind(|line| line.contains(words))
}

#[tokio::test]
async fn an_admin_of_the_old_chat_takes_no_step_and_can_hold_one() {
    let spine = inventory().await;
    for typed in [
        next(),
        "stage back".into(),
        format!("stage schedule 2030-01-01 {URL}"),
        "stage retry".into(),
    ] {
        let answer = ask(&spine, &group(), TINA, &typed).await;
        assert!(answer.starts_with("Only admins of the Matrix room"), "{typed}: {answer}");
    }
    assert_eq!(portal(&spine).await.stage, Stage::Inventory);
    sure(&spine, &room(), ANN, &format!("stage schedule 2030-01-01 {URL}")).await;
    ask(&spine, &group(), TINA, "stage hold").await;
    assert_eq!(migration(&spine).await.schedule, None);
    spine.settled(&room()).await;
    let told = room_read(&spine, "tina did this on Telegram").expect("the room is told");
    assert!(told.contains("inventory") || told.contains("announced"), "{told}");
}

#[tokio::test]
async fn an_admin_of_the_room_takes_a_step_from_the_old_chat_and_the_room_is_told() {
    let spine = at(Stage::Bridged).await;
    spine.hear(posted(&group(), "1", "tom", "hello")).await;
    claim(&spine, "tom", BEN).await;
    // As long as his claim is quiet, tom is nobody's admin: else everybody would know whose he is.
    let refused = ask(&spine, &group(), "tom", "stage back").await;
    assert!(refused.starts_with("Only admins of the Matrix room"), "{refused}");
    opens(&spine, BEN).await;
    spine.telegram.may("tom", Rights { member: true, ..Rights::default() });
    let answer = ask(&spine, &group(), "tom", "stage back").await;
    assert!(answer.starts_with("Stage: announced"), "{answer}");
    spine.settled(&room()).await;
    let told = room_read(&spine, "tom did this on Telegram").expect("the room is told");
    assert!(told.contains("!freeside stage next"), "{told}");
    assert!(!told.contains(BEN), "{told}");
}

#[tokio::test]
async fn a_person_with_two_accounts_has_one_voice() {
    let spine = at(Stage::Bridged).await;
    spine.hear(posted(&group(), "1", TINA, "hello")).await;
    claim_openly(&spine, TINA, ANN).await;
    ask(&spine, &room(), ANN, "stage approve").await;
    let answer = ask(&spine, &group(), TINA, "stage approve").await;
    assert!(answer.starts_with("Noted for matrix-first"), "{answer}");
    assert!(!answer.contains('2'), "no number: {answer}");
    let status = ask(&spine, &room(), ANN, "stage").await;
    assert!(status.contains("now: 1, needed: 2"), "{status}");
    let answer = sure(&spine, &room(), ANN, &next()).await;
    assert!(answer.contains("not possible yet"), "{answer}");
}

#[tokio::test]
async fn the_voice_of_a_quiet_account_is_one_of_the_old_chat() {
    let spine = at(Stage::Bridged).await;
    spine.hear(posted(&group(), "1", TINA, "hello")).await;
    claim(&spine, TINA, ANN).await;
    spine.telegram.may("mia", ADMIN);
    let of_stranger = ask(&spine, &group(), "mia", "stage approve").await;
    ask(&spine, &room(), ANN, "stage approve").await;
    let answer = ask(&spine, &group(), TINA, "stage approve").await;
    assert_eq!(answer, of_stranger, "as for everybody there");
    let status = ask(&spine, &room(), ANN, "stage").await;
    assert!(status.contains("now: 1, needed: 2"), "{status}");
    assert!(status.contains("Others agreed, too: 2."), "{status}");
}

#[tokio::test]
async fn voices_of_those_who_are_no_admins_of_the_room_are_shown_beside() {
    let spine = at(Stage::Bridged).await;
    ask(&spine, &group(), TINA, "stage approve").await;
    ask(&spine, &room(), ANN, "stage approve").await;
    let status = ask(&spine, &room(), ANN, "stage").await;
    assert!(status.contains("now: 1, needed: 2"), "{status}");
    assert!(status.contains("Others agreed, too: 1."), "{status}");
    // Who is no admin any more does not count any more.
    *spine.rooms.admins.lock().unwrap() = vec![BEN.to_owned(), "@caro:example.net".to_owned()];
    let status = ask(&spine, &room(), NOBODY, "stage").await;
    assert!(status.contains("now: 0, needed: 2"), "{status}");
}

#[tokio::test]
async fn nobody_closes_the_old_chat_before_the_announced_day() {
    let spine = at(Stage::MatrixFirst).await;
    super::stages::approve(&spine).await;
    announced(&spine, 45).await;
    let answer = sure(&spine, &room(), ANN, &next()).await;
    assert!(answer.contains("one day is left"), "{answer}");
    assert_eq!(portal(&spine).await.stage, Stage::MatrixFirst);
    days_one_by_one(&spine, 1).await;
    reached(&spine, Stage::ReadOnly).await;
}

#[tokio::test]
async fn the_end_takes_two_admins_who_were_shown_what_is_erased() {
    let spine = at(Stage::ReadOnly).await;
    announced(&spine, 61).await;
    days_one_by_one(&spine, 1).await;
    // The day has come, and one admin alone had agreed.
    spine.settled(&bot_core::lane::core_place(&room())).await;
    spine.settled(&room()).await;
    assert_eq!(portal(&spine).await.stage, Stage::ReadOnly);
    announced(&spine, 61).await;
    let shown = ask(&spine, &room(), BEN, "stage approve").await;
    assert!(shown.contains("Erased for good: what I remember of"), "{shown}");
    assert!(migration(&spine).await.approvals.len() == 1, "not before it is confirmed");
    ask(&spine, &room(), BEN, "confirm").await;
    days_one_by_one(&spine, 1).await;
    reached(&spine, Stage::Sunset).await;
}

#[tokio::test]
async fn a_step_back_needs_no_address_and_is_no_decision_to_go_on() {
    let spine = at(Stage::Announced).await;
    step(&spine, "next").await;
    let answer = ask(&spine, &room(), ANN, "stage back").await;
    assert!(answer.starts_with("Stage: inventory"), "{answer}");
    let history = spine.store().history(portal(&spine).await.id).await.unwrap();
    let last = history.last().unwrap();
    assert_eq!(last.deed, AuditAction::Stepped(Stage::Announced, Stage::Inventory));
    assert_eq!(last.decision.as_deref(), Some("https://meta.example.org/vote"));
    assert_eq!(migration(&spine).await.decision, None);
    let status = ask(&spine, &room(), ANN, "stage").await;
    assert!(status.contains("✗ The community's decision is recorded"), "{status}");
}

#[tokio::test]
async fn the_history_says_who_agreed_to_a_link() {
    let spine = inventory().await;
    let history = spine.store().history(portal(&spine).await.id).await.unwrap();
    let agreed = |deed: &AuditAction| matches!(deed, AuditAction::AgreedToLink(network) if network.as_str() == "telegram");
    let all = history.iter().filter(|audit| agreed(&audit.deed));
    let names: Vec<_> = all.map(|audit| audit.who.as_ref()?.name.as_deref()).collect();
    assert_eq!(names, [Some("tina"), Some("ann")], "one of each side");
}

#[tokio::test]
async fn what_reaches_many_people_is_shown_first_and_done_once() {
    let spine = joined().await;
    for typed in ["unlink telegram", "vote “Move?”"] {
        let shown = ask(&spine, &room(), ANN, typed).await;
        assert!(shown.contains("Nothing has happened yet."), "{typed}: {shown}");
    }
    assert_eq!(portal(&spine).await.ends.len(), 2);
    assert!(migration(&spine).await.votes.is_empty());
    // The last one is meant, and only once.
    ask(&spine, &room(), ANN, "confirm").await;
    assert_eq!(migration(&spine).await.votes.len(), 1);
    ask(&spine, &room(), ANN, "confirm").await;
    assert_eq!(portal(&spine).await.ends.len(), 1);
    let answer = ask(&spine, &room(), ANN, "confirm").await;
    assert!(answer.starts_with("There is nothing to confirm"), "{answer}");
}

#[tokio::test]
async fn somebody_without_the_right_confirms_nothing() {
    let spine = joined().await;
    let shown = ask(&spine, &room(), ANN, "unlink telegram").await;
    assert!(shown.contains("Nothing has happened yet."), "{shown}");
    let answer = ask(&spine, &room(), NOBODY, "confirm").await;
    assert!(answer.starts_with("There is nothing to confirm"), "{answer}");
    assert_eq!(portal(&spine).await.ends.len(), 2);
    spine.clock.advance(Duration::from_secs(16 * 60));
    let answer = ask(&spine, &room(), ANN, "confirm").await;
    assert!(answer.starts_with("That was more than 15 minutes ago"), "{answer}");
    assert_eq!(portal(&spine).await.ends.len(), 2);
}

#[tokio::test]
async fn words_that_mean_nothing_are_named() {
    let spine = inventory().await;
    for (typed, word) in [
        ("stage plna", "plna"),
        ("stage plan bcak", "bcak"),
        ("stage hold on", "on"),
        ("vote “Move?” now", "now"),
    ] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.starts_with(&format!("I do not know “{word}”")), "{typed}: {answer}");
    }
    let answer = ask(&spine, &room(), ANN, "stage Plan").await;
    assert!(answer.starts_with("From inventory to announced"), "{answer}");
    let answer = ask(&spine, &room(), ANN, &format!("stage schedule soon {URL}")).await;
    assert!(answer.starts_with("“soon” is no day"), "{answer}");
    let answer = ask(&spine, &room(), ANN, "stage approve").await;
    assert!(answer.contains("does not ask for the agreement"), "{answer}");
}

#[tokio::test]
async fn a_vote_that_was_called_off_counts_nothing() {
    let spine = joined().await;
    sure(&spine, &room(), ANN, "vote “Move?”").await;
    let open = ask(&spine, &group(), NOBODY, "vote results").await;
    assert!(open.contains("Vote 1: “Move?”, until"), "{open}");
    let id = "cancel";
    let typed = crate::words::command(ANN, "vote cancel");
    spine.hear(crate::words::event(&room(), id, bridge_model::Content::Commanded(typed))).await;
    let off = |network: &crate::network::FakeNetwork| {
        network.read(&group().chat).iter().any(|line| line.contains("Vote 1 was called off"))
    };
    spine.telegram.until("it is told", off).await;
    days(&spine, 8);
    let results = ask(&spine, &room(), ANN, "vote results").await;
    assert!(results.contains("called off"), "{results}");
    let audit = ask(&spine, &room(), ANN, "audit").await;
    assert!(audit.contains("vote 1 called off"), "{audit}");
}
