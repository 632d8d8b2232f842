// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people type by mistake, and what the bot answers.

use bot_core::order::Action;
use bridge_model::{Command, Content, Press};

use super::{ANN, NOBODY, TINA, ask, fresh, joined};
use crate::words::{command, commanded, event, group, posted, room};

#[tokio::test]
async fn a_mistyped_command_is_answered_with_the_one_that_was_meant() {
    let spine = joined().await;
    for (typed, meant) in [
        ("statsu", "status"),
        ("STAEG plan", "stage"),
        ("hlep", "help"),
        ("reprot", "report"),
        ("privcy", "privacy"),
    ] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        let word = typed.split(' ').next().unwrap().to_lowercase();
        let said = format!("I do not know the command “{word}”. Did you mean !freeside {meant}?");
        assert_eq!(answer, said, "{typed}");
    }
    let other = ask(&spine, &room(), ANN, "dance").await;
    assert!(other.starts_with("I do not know the command “dance”. To see all"), "{other}");
}

#[tokio::test]
async fn a_mistyped_word_after_a_command_changes_nothing_and_is_one_touch_away() {
    let spine = joined().await;
    for (typed, meant) in [
        ("stage plna", "stage plan"),
        ("stage plan bcak", "stage plan back"),
        ("stage PLAN nxet", "stage plan next"),
        ("set langage de", "set language"),
        ("set metdata matrix", "set metadata"),
    ] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.contains(&format!("Did you mean !freeside {meant}?")), "{typed}: {answer}");
        assert!(answer.ends_with("Nothing was done."), "{typed}: {answer}");
    }
    let acts = spine.matrix.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    let pressed: Vec<&Press> = message.buttons.iter().map(|button| &button.press).collect();
    assert_eq!(pressed, [&Press::Say("set metadata matrix".to_owned())]);
}

#[tokio::test]
async fn a_word_that_means_nothing_is_named() {
    let spine = joined().await;
    for (typed, named) in [
        ("stage retry now", "“now”"),
        ("stage plan whatever", "“whatever”"),
        ("stage dance", "“dance”"),
        ("set colour blue", "“colour”"),
        ("set quiet at night", "“at night”"),
        ("set language klingon", "“klingon”"),
        ("unlink irc", "irc"),
        ("link whatsapp", "“whatsapp”"),
        ("link irc", "“irc”"),
        ("exception dance", "“dance”"),
        (
            "exception add Zoom --reason r --candidate c --owner o --review 31.01.2027",
            "“31.01.2027”",
        ),
    ] {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.contains(named), "{typed}: {answer}");
    }
}

#[tokio::test]
async fn an_exception_is_recorded_once() {
    let spine = joined().await;
    let add = "exception add Zoom --reason r --candidate c --owner o --review 2031-01-31";
    assert!(!ask(&spine, &room(), ANN, add).await.contains("Nothing"));
    let again = ask(&spine, &room(), ANN, &add.replace("Zoom", "zoom")).await;
    assert!(
        again.starts_with("Nothing was recorded: this exception is open already, as number 1"),
        "{again}"
    );
    assert!(again.ends_with("To close it: !freeside exception close 1"), "{again}");
    let close = ask(&spine, &room(), ANN, "exception CLOSE").await;
    assert!(close.contains("Zoom"), "{close}");
}

#[tokio::test]
async fn quiet_hours_belong_to_a_connection() {
    let spine = joined().await;
    let done = ask(&spine, &group(), TINA, "set quiet 23 - 6:30 +5:30").await;
    assert!(done.starts_with("quiet is now 23:00-06:30 UTC+05:30; it was default."), "{done}");
    assert!(done.ends_with("To undo it: /set quiet default"), "{done}");
    let same = ask(&spine, &group(), TINA, "set quiet 23:00-06:30 UTC+05:30").await;
    assert!(same.contains("already"), "{same}");
    assert!(ask(&spine, &room(), ANN, "set quiet off").await.starts_with("quiet is now off"));
    assert!(ask(&spine, &room(), NOBODY, "status").await.contains("quiet off"));
}

#[tokio::test]
async fn nothing_is_linked_and_the_answer_says_how_to() {
    let spine = fresh();
    for typed in ["status", "set", "stage", "vote “Tea?”", "audit", "report", "exception", "unlink"]
    {
        let answer = ask(&spine, &room(), ANN, typed).await;
        assert!(answer.contains("!freeside link"), "{typed}: {answer}");
    }
}

#[tokio::test]
async fn a_mistyped_command_is_mended_by_changing_it_and_none_is_carried_out_twice() {
    let spine = joined().await;
    let set = |id: &str, of: &str, value: &str| {
        let typed = command(TINA, &format!("set reaction-line {value}"));
        let typed = Command { pressed: Some(of.into()), ..typed };
        event(&group(), id, Content::Commanded(typed))
    };
    let value = async || ask(&spine, &room(), ANN, "set").await;
    let off = "reaction-line off";
    // What stood there first was no command.
    spine.hear(posted(&group(), "70", TINA, "/sett reaction-line off")).await;
    spine.hear(set("edit/70/1", "70", "off")).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    assert!(value().await.contains(off));
    // What stands here was carried out: a corrected word changes nothing.
    ask(&spine, &group(), TINA, "set reaction-line on").await;
    let done = commanded(&group(), "71", TINA, "set reaction-line on");
    spine.hear(done).await;
    spine.hear(set("edit/71/1", "71", "off")).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    assert!(!value().await.contains(off));
}
