// SPDX-License-Identifier: AGPL-3.0-or-later
//! What `report` and `stage` say is what was counted, of the weeks that they name.

use std::time::Duration;

use bot_core::lane::core_place;
use bot_core::store::Change;
use bridge_model::Place;
use bridge_policy::calendar::WEEK_MS;

use super::{ANN, NOBODY, admins, ask};
use crate::harness::Spine;
use crate::store::changed;
use crate::words::{channel, group, posted, room};

const A_WEEK: Duration = Duration::from_millis(WEEK_MS.unsigned_abs());

/// Admins are there, and the three chats are joined.
async fn joined() -> Spine {
    let spine = Spine::linked().await;
    admins(&spine);
    spine
}

/// So many people say so many things each.
async fn say(spine: &Spine, place: &Place, people: usize, each: usize) {
    for person in 0..people {
        for number in 0..each {
            let id = format!("{}/{person}/{number}", place.network);
            spine.hear(posted(place, &id, &format!("p{person}"), "hello")).await;
        }
    }
    for lane in [room(), group(), channel()] {
        spine.settled(&lane).await;
    }
}

async fn report(spine: &Spine) -> String {
    ask(spine, &room(), NOBODY, "report").await
}

#[tokio::test]
async fn the_report_says_what_was_counted_and_last_week_is_last_week() {
    let spine = joined().await;
    say(&spine, &group(), 7, 3).await;
    say(&spine, &room(), 5, 2).await;
    let running = report(&spine).await;
    assert!(running.contains("Last week: nothing was counted yet"), "{running}");
    let counted = "Matrix: 10 messages by 5 people; of these, 0 messages answer another side; \
                   Telegram: 21 messages by 7 people";
    assert!(running.contains("This week so far (from August 28, 2023):"), "{running}");
    assert!(running.contains(counted), "{running}");
    spine.clock.advance(A_WEEK);
    let next = report(&spine).await;
    let last_week = "Last week (from August 28, 2023). Authors on Matrix: 41 %";
    assert!(next.contains(last_week) && next.contains(counted), "{next}");
    assert!(next.contains("This week so far (from September 4, 2023):"), "{next}");
    let stage = ask(&spine, &room(), ANN, "stage").await;
    assert!(stage.contains("who wrote on Matrix: 41 % (needed: 15 %)"), "{stage}");
    spine.clock.advance(A_WEEK);
    let silent = report(&spine).await;
    let nobody = "Last week (from September 4, 2023). Authors on Matrix: nobody wrote";
    assert!(silent.contains(nobody), "{silent}");
    assert!(!silent.contains("by 7 people"), "{silent}");
    let stage = ask(&spine, &room(), ANN, "stage").await;
    assert!(stage.contains("who wrote on Matrix: 0 % (needed: 15 %)"), "{stage}");
}

#[tokio::test]
async fn a_service_that_was_linked_this_week_is_told_and_needs_an_exception() {
    let spine = joined().await;
    let before = report(&spine).await;
    assert!(before.contains("Proprietary links: none"), "{before}");
    assert!(before.contains("REQ-BUG, REQ-DOUBT, NICE-NO-ID: not measured."), "{before}");
    spine.hear(posted(&group(), "1", "tom", "we meet at https://zoom.us/j/123")).await;
    spine.settled(&core_place(&group())).await;
    let told = report(&spine).await;
    assert!(told.contains("Proprietary links: Zoom: 1 (this week so far: 1)"), "{told}");
    let broken = "not met. Linked, but no exception is recorded: Zoom.";
    assert!(told.contains(&format!("REQ-BUG: {broken}")), "{told}");
    assert!(told.contains(&format!("REQ-FREEDOM: {broken}")), "{told}");
    let typed = "exception add zoom --reason “dial-in” --candidate Jitsi --owner chair --review \
                 2099-01-01";
    ask(&spine, &room(), ANN, typed).await;
    let recorded = report(&spine).await;
    let met = "REQ-BUG: met. Linked, and an exception is recorded: Zoom.";
    assert!(recorded.contains(met), "{recorded}");
    assert!(recorded.contains("REQ-FREEDOM: in progress."), "{recorded}");
}

#[tokio::test]
async fn a_video_counts_against_the_policy_where_it_stands_alone() {
    let spine = joined().await;
    let tube = "https://www.youtube.com/live/abc";
    let both = format!("watch live: https://commons.wikimedia.org/wiki/File:A.webm or {tube}");
    spine.hear(posted(&group(), "1", "tom", &both)).await;
    spine.settled(&core_place(&group())).await;
    let second = report(&spine).await;
    assert!(second.contains("YouTube: 1") && !second.contains("asked to watch"), "{second}");
    spine.hear(posted(&group(), "2", "tom", &format!("watch live: {tube}"))).await;
    spine.settled(&core_place(&group())).await;
    let first = report(&spine).await;
    let why = "REQ-DRM: not met. People were asked to watch something there, with no free place \
               beside it: YouTube.";
    assert!(first.contains(why), "{first}");
}

#[tokio::test]
async fn the_history_says_that_nobody_wrote_and_nothing_of_weeks_before_that_were_not_counted() {
    let spine = joined().await;
    let note = |share| {
        let audit = bot_core::migration::Audit {
            at: bot_core::clock::Clock::now(&*spine.clock),
            who: None,
            deed: bot_core::migration::AuditAction::Retried,
            decision: None,
            share,
        };
        let note = bot_core::migration::MigrationChange::Note(room(), audit);
        Change::Move(Box::new(note))
    };
    let nobody = Some(bridge_policy::figures::Share::default());
    let now = bot_core::clock::Clock::now(&*spine.clock);
    changed(spine.store(), vec![note(None)], now).await.unwrap();
    let history = ask(&spine, &room(), ANN, "audit").await;
    assert!(!history.contains("week before"), "{history}");
    changed(spine.store(), vec![note(nobody)], now).await.unwrap();
    let history = ask(&spine, &room(), ANN, "audit").await;
    assert!(history.contains("The week before, nobody wrote."), "{history}");
}
