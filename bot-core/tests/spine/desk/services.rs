// SPDX-License-Identifier: AGPL-3.0-or-later
//! `services`: websites that nobody knows, counted in silence until an admin says what they are.

use bot_core::lane::core_place;
use bridge_model::{Command, Place};

use super::{ANN, NOBODY, TINA, ask, ask_with, joined};
use crate::harness::Spine;
use crate::words::{command, group, posted, room};

const FORM: &str = "please fill in https://www.acme-forms.example/f/1?who=ann";

async fn say(spine: &Spine, id: &str, text: &str) {
    spine.hear(posted(&group(), id, "tom", text)).await;
    spine.settled(&core_place(&group())).await;
}

/// Types a command in a chat with the bot alone.
async fn alone(spine: &Spine, by: &str, text: &str) -> String {
    let place = Place::new("matrix", "!alone:example.org");
    ask_with(spine, &place, Command { private: true, ..command(by, text) }).await
}

async fn report(spine: &Spine) -> String {
    ask(spine, &room(), NOBODY, "report").await
}

#[tokio::test]
async fn in_the_room_stand_numbers_and_an_admin_reads_the_names_alone() {
    let spine = joined().await;
    say(&spine, "1", FORM).await;
    say(&spine, "2", &format!("again {FORM} and https://news.example/a")).await;
    let shown = ask(&spine, &room(), ANN, "services").await;
    assert!(shown.contains("wait for a decision: 2."), "{shown}");
    assert!(shown.contains("in the last 12 weeks: 3."), "{shown}");
    let told = report(&spine).await;
    assert!(told.contains("2 unknown websites wait for a decision"), "{told}");
    for text in [&shown, &told] {
        assert!(!text.contains("acme") && !text.contains("news.example"), "{text}");
    }
    let names = alone(&spine, ANN, "services").await;
    assert!(names.contains("• acme-forms.example: 2\n• news.example: 1"), "{names}");
    assert!(!names.contains("/f/1") && !names.contains("who=ann"), "{names}");
}

#[tokio::test]
async fn nobody_but_an_admin_of_the_room_learns_or_decides_anything() {
    let spine = joined().await;
    say(&spine, "1", FORM).await;
    for typed in ["services", "services acme-forms.example ignore"] {
        let refused = ask(&spine, &room(), NOBODY, typed).await;
        assert!(refused.contains("power level"), "{refused}");
        let there = ask(&spine, &group(), TINA, typed).await;
        assert!(there.starts_with("I do not know the command"), "{there}");
        let none = alone(&spine, NOBODY, typed).await;
        assert!(none.contains("no website waits"), "{none}");
    }
    assert!(report(&spine).await.contains("One unknown website waits"));
}

#[tokio::test]
async fn a_website_that_is_called_proprietary_counts_and_is_named() {
    let spine = joined().await;
    say(&spine, "1", FORM).await;
    let evidence = "--evidence https://acme-forms.example/terms --name “Acme Forms”";
    for lacking in ["services acme-forms.example free", "services acme-forms.example proprietary"] {
        let refused = ask(&spine, &room(), ANN, lacking).await;
        assert!(refused.starts_with("Nothing was recorded. Still needed"), "{refused}");
    }
    let typed = format!("services https://acme-forms.example/ proprietary {evidence}");
    let done = ask(&spine, &room(), ANN, &typed).await;
    assert!(done.starts_with("Recorded: acme-forms.example – proprietary."), "{done}");
    let told = report(&spine).await;
    assert!(told.contains("Acme Forms: 1 (this week so far: 1)"), "{told}");
    assert!(
        told.contains("REQ-BUG: not met. Linked, but no exception is recorded: Acme"),
        "{told}"
    );
    assert!(told.contains("REQ-DRM, REQ-DOUBT, NICE-NO-ID: met."), "{told}");
    assert!(!told.contains("unknown website"), "{told}");
    say(&spine, "2", FORM).await;
    assert!(report(&spine).await.contains("Acme Forms: 2"));
    let history = ask(&spine, &room(), ANN, "audit").await;
    let line = "acme-forms.example recorded as: proprietary (evidence: https://acme-forms.example/\
                terms) – ann (Matrix)";
    assert!(history.contains(line), "{history}");
    let again = ask(&spine, &room(), ANN, "services").await;
    assert!(again.contains("• Acme Forms (acme-forms.example): proprietary"), "{again}");
    let undone = ask(&spine, &room(), ANN, "services acme-forms.example forget").await;
    assert!(undone.contains("is taken back"), "{undone}");
    let told = report(&spine).await;
    assert!(told.contains("One unknown website waits") && !told.contains("Acme"), "{told}");
    let nothing = ask(&spine, &room(), ANN, "services acme-forms.example forget").await;
    assert!(nothing.contains("nothing was changed"), "{nothing}");
}

#[tokio::test]
async fn what_is_free_or_ignored_is_silent() {
    let spine = joined().await;
    say(&spine, "1", "https://news.example/a and https://pad.example/b").await;
    let evidence = "--evidence https://pad.example/source";
    ask(&spine, &room(), ANN, &format!("services pad.example free {evidence}")).await;
    let ignored = ask(&spine, &room(), ANN, "services news.example ignore").await;
    assert!(ignored.starts_with("I no longer count links to news.example."), "{ignored}");
    say(&spine, "2", "https://news.example/c and https://pad.example/d").await;
    let told = report(&spine).await;
    assert!(told.contains("Proprietary links: none"), "{told}");
    assert!(!told.contains("unknown website") && !told.contains("pad.example"), "{told}");
}

#[tokio::test]
async fn the_own_homeserver_and_addresses_of_machines_are_not_counted() {
    let spine = joined().await;
    say(&spine, "1", "https://matrix.example.org/x http://192.0.2.7/ https://app.element.io/#/y")
        .await;
    say(&spine, "2", "https://meta.wikimedia.org/wiki/A https://example.org/about").await;
    let shown = ask(&spine, &room(), ANN, "services").await;
    assert!(shown.contains("wait for a decision: 0."), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_decided_is_said() {
    let spine = joined().await;
    for (typed, answer) in [
        ("services zoom.us ignore", "I know zoom.us already"),
        ("services forms ignore", "“forms” is not a website."),
        ("services acme.example maybe", "I do not know “maybe”"),
        ("services acme.example free now", "I do not know “now”"),
        ("services acme.example", "To decide, type in the room:"),
    ] {
        let said = ask(&spine, &room(), ANN, typed).await;
        assert!(said.contains(answer), "{typed}: {said}");
    }
}
