// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who is answered in which language, and that no sentence is said past `i18n/`.

use bot_core::Action;
use bridge_model::{Command, Content, Rights};
use insta::assert_snapshot;

use super::stages::inventory;
use super::{CARA, ask, ask_with, command, joined};
use crate::harness::Spine;
use crate::words::{asked, channel, event, group, posted, room};

const ALL: Option<Rights> =
    Some(Rights { member: true, manage: true, change: true, moderate: true });

async fn set(spine: &Spine, value: &str) -> String {
    let typed = command("@ann:example.org", &format!("set language {value}"));
    ask_with(spine, &room(), Command { rights: ALL, ..typed }).await
}

#[tokio::test]
async fn the_chats_of_a_link_are_spoken_to_in_their_language() {
    let spine = Spine::linked().await;
    assert_snapshot!(set(&spine, "de").await);
    assert_snapshot!(ask(&spine, &room(), "@ann:example.org", "status").await);
    // What the bridge says below messages is in the same language.
    spine.hear(asked(&group(), "1", "tina", &["a", "b"])).await;
    spine.hear(posted(&group(), "2", "tina", "https://zoom.us/j/1")).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    spine.settled(&room()).await;
    let said = spine.matrix.read(&room().chat);
    assert!(said.iter().any(|line| line.contains("ist proprietäre Software")), "{said:?}");
    assert_snapshot!(set(&spine, "klingon").await);
    assert_snapshot!(set(&spine, "default").await);
    let answer = ask(&spine, &channel(), "tom", "matrix").await;
    assert!(answer.contains("Matrix"), "{answer}");
}

#[tokio::test]
async fn stages_have_names_in_the_language_of_the_chats_with_the_english_word() {
    let spine = inventory().await;
    set(&spine, "de").await;
    let answer = ask(&spine, &room(), "@ann:example.org", "stage").await;
    assert!(answer.contains("Stufe: Bestandsaufnahme (inventory), seit"), "{answer}");
    assert!(answer.contains("Nötig für angekündigt (announced):"), "{answer}");
    let answer = ask(&spine, &room(), "@ann:example.org", "status").await;
    assert!(answer.contains("Stufe: Bestandsaufnahme (inventory). Mehr dazu:"), "{answer}");
}

#[tokio::test]
async fn what_one_person_sees_is_in_their_language() {
    let spine = Spine::linked().await;
    let french = Command {
        language: Some("fr-CA".into()),
        answer_via: Some("token".into()),
        ..command("tom", "privacy")
    };
    spine.hear(event(&channel(), "1", Content::Commanded(french))).await;
    let told = |text: &str| {
        spine.discord.acts().iter().any(
            |act| matches!(act, Action::Post { message, .. } if message.body.plain().contains(text)),
        )
    };
    spine.discord.until("the answer", |_| told("Ce que j’enregistre")).await;
}

/// Pieces of the sentences of a language, long enough to be of no other one.
fn pieces(code: &str) -> Vec<String> {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../i18n/{code}.json"));
    let texts: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let texts = texts.as_object().unwrap().values().filter_map(serde_json::Value::as_str);
    let cut = texts.flat_map(|text| text.split(['$', '\'', '<', '{', '}', '|', '\n']));
    let long = cut.map(|piece| piece.trim_start_matches(|c: char| c.is_ascii_digit()).trim());
    long.filter(|piece| piece.chars().count() >= 12).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_others_are_told_is_in_the_language_of_the_chats_whoever_typed_it() {
    let spine = joined().await;
    set(&spine, "de").await;
    spine.settled(&room()).await;
    let french = pieces("fr");
    let exception = "exception add “Zoom” --reason “dial-in” --candidate BigBlueButton --owner Dora \
                     --review 2027-01-31";
    let say = |typed: &'static str| (typed, false);
    let sure = |typed: &'static str| (typed, true);
    for (number, (typed, confirmed)) in [
        say("set reaction-line off"),
        say("set phone-numbers on"),
        say("set phone-numbers off"),
        say(exception),
        say("exception close 1"),
        sure("vote “Shall we?”"),
        say("vote cancel 1"),
        sure("vote “Shall we then?”"),
        say("vote close 2"),
        sure("unlink"),
    ]
    .into_iter()
    .enumerate()
    {
        let before = [spine.matrix.read(&room().chat), spine.telegram.read(&group().chat)];
        for text in [Some(typed), confirmed.then_some("confirm")].into_iter().flatten() {
            let typed_in_french = Command {
                language: Some("fr".into()),
                answer_via: Some("token".into()),
                rights: ALL,
                ..command(CARA, text)
            };
            let id = format!("{number}-{}", text.len());
            spine.hear(event(&channel(), &id, Content::Commanded(typed_in_french))).await;
            for place in [channel(), room(), group()] {
                spine.settled(&bot_core::lane::core_place(&place)).await;
                spine.settled(&place).await;
            }
        }
        let after = [spine.matrix.read(&room().chat), spine.telegram.read(&group().chat)];
        assert_ne!(before[0], after[0], "{typed}: the room is told");
        for (before, after) in before.iter().zip(&after) {
            for line in after.iter().filter(|line| !before.contains(line)) {
                let foreign = french.iter().find(|piece| line.contains(piece.as_str()));
                assert_eq!(foreign, None, "{typed}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_said_past_the_language_files() {
    let mut spine = Spine::idle();
    // Each sentence stands between marks.
    spine.marked = true;
    spine.link().await;
    spine.start();
    for typed in [
        "help",
        "status",
        "set",
        "set metadata tea",
        "stage",
        "stage plan",
        "audit",
        "vote",
        "report",
        "exception",
        "exception add",
        "create",
        "portals",
        "privacy",
        "version",
        "source",
        "link",
        "unlink",
        "delete",
        "nonsense",
    ] {
        let typed_by = Command { rights: ALL, ..command("@ann:example.org", typed) };
        let answer = ask_with(&spine, &room(), typed_by).await;
        let answer = answer.strip_prefix("BOT: ").unwrap_or(&answer).to_owned();
        let mut depth = 0_i32;
        for c in answer.chars() {
            match c {
                '⟦' => depth += 1,
                '⟧' => depth -= 1,
                c => assert!(
                    depth > 0 || c.is_whitespace() || c == '>',
                    "{typed}: {c:?} in {answer}"
                ),
            }
        }
        assert_eq!(depth, 0, "{typed}: {answer}");
    }
}
