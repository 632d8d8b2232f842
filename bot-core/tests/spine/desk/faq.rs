// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins ask first, and that the answers are true of the chat in which they ask.

use bot_core::i18n::languages;
use bot_core::lane::core_place;
use bot_core::portal::{ConsentMode, Readers, Setting, ShownNames};
use bot_core::{Action, MissingRight, Right, SendAs};
use bridge_model::{Capabilities, Content, LengthUnit, Place};
use insta::assert_snapshot;

use super::stages::inventory;
use super::{NOBODY, ask, fresh, joined};
use crate::harness::Spine;
use crate::network::{ABLE, FakeNetwork};
use crate::words::{channel, event, group, room};

const QUESTIONS: [&str; 7] = ["rights", "who", "data", "bans", "stop", "cost", "matrix"];
/// Discord's longest message, in characters; <https://discord.com/developers/docs/resources/message#create-message>.
const DISCORD: usize = 2000;
/// Telegram's, in UTF-16 code units; <https://core.telegram.org/bots/api#sendmessage>.
const TELEGRAM: usize = 4096;

async fn faq(spine: &Spine, place: &Place, what: &str) -> String {
    ask(spine, place, NOBODY, &format!("faq {what}")).await
}

/// Checks that an answer says each of these, and none of those.
fn says(answer: &str, these: &[&str], none_of: &[&str]) {
    for text in these {
        assert!(answer.contains(text), "{text:?} is missing in: {answer}");
    }
    for text in none_of {
        assert!(!answer.contains(text), "{text:?} stands in: {answer}");
    }
}

#[tokio::test]
async fn the_questions_are_listed_with_what_is_typed_for_each() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), NOBODY, "faq").await, @"
    What admins ask first. For an answer, type its word or its number, such as !freeside faq 1
    1. Which rights does the bot need here? !freeside faq rights
    2. Who sees what is written here? !freeside faq who
    3. What is stored, and for how long? !freeside faq data
    4. What becomes of bans and mutes? !freeside faq bans
    5. How can it be stopped, and what stays? !freeside faq stop
    6. What does it cost, and who runs it? !freeside faq cost
    7. How do I come over to Matrix? !freeside faq matrix
    All answers at once: !freeside faq all
    ");
    says(&ask(&spine, &group(), NOBODY, "faq").await, &["7. ", "/faq matrix", "/faq all"], &[]);
    says(&ask(&spine, &channel(), NOBODY, "faq").await, &["/faq matrix"], &["faq all"]);
    assert_eq!(faq(&spine, &channel(), "all").await, ask(&spine, &channel(), NOBODY, "faq").await);
}

#[tokio::test]
async fn a_question_is_asked_by_its_number_its_word_or_a_sentence() {
    let spine = joined().await;
    let data = faq(&spine, &group(), "data").await;
    for typed in ["3", "3.", "DATA", "what is stored", "stored"] {
        assert_eq!(faq(&spine, &group(), typed).await, data, "{typed}");
    }
    let list = ask(&spine, &group(), NOBODY, "faq").await;
    assert_eq!(faq(&spine, &group(), "weather").await, list);
    let meant = faq(&spine, &group(), "rigths").await;
    assert!(meant.starts_with("I do not know “rigths” after /faq. Did you mean /faq rights?"));
    assert!(meant.ends_with(&list), "{meant}");
}

#[tokio::test]
async fn who_sees_what_depends_on_the_settings() {
    let spine = joined().await;
    assert_snapshot!(faq(&spine, &group(), "who").await, @"
    What is written here is also shown on Matrix, Discord, and nowhere else.
    The other side sees your name as it is. To have an invented one: /pseudonym on. For everybody, admins can change that: /set names
    To keep all that you write here: /optout
    Only its members can read the Matrix room. Admins can change who reads and whose messages are shared: /set readers, /set consent
    The Matrix room is not encrypted: the operators of its servers can read it.
    ");
    let spine = Spine::with([
        Setting::Names(ShownNames::Pseudonym),
        Setting::Consent(ConsentMode::OptIn),
        Setting::Readers(Readers::Everybody),
        Setting::AtRisk(true),
    ])
    .await;
    *spine.rooms.sealed.lock().unwrap() = true;
    let answer = faq(&spine, &room(), "who").await;
    let these = [
        "shown on Telegram, Discord, and",
        "sees an invented name instead of yours",
        "!freeside set names",
        "Only messages of people who have agreed",
        "!freeside optin",
        "also without an account",
        "The Matrix room is encrypted.",
        "No files are shared",
    ];
    says(&answer, &these, &["first word", "is not encrypted", "optout"]);
    let spine = Spine::with([Setting::Names(ShownNames::FirstName)]).await;
    says(&faq(&spine, &channel(), "who").await, &["the first word of your name"], &["as it is"]);
}

#[tokio::test]
async fn whoever_asks_while_the_bot_is_not_in_the_room_or_the_chat_reads_that() {
    let spine = joined().await;
    spine.hear(event(&group(), "", Content::Closed)).await;
    spine.settled(&core_place(&group())).await;
    says(&faq(&spine, &room(), "who").await, &["shown on Discord, and"], &["Telegram"]);
    spine.hear(event(&channel(), "", Content::Closed)).await;
    spine.settled(&core_place(&channel())).await;
    let these = ["Nothing that is written here", "Telegram: disconnected", "Discord: disconnected"];
    says(&faq(&spine, &room(), "who").await, &these, &["is also shown"]);
}

#[tokio::test]
async fn nothing_is_shared_before_its_stage_and_where_nothing_is_connected() {
    let spine = inventory().await;
    assert_snapshot!(faq(&spine, &group(), "who").await, @"
    Nothing that is written here is shown elsewhere at the moment.
    Stage: inventory. More: /stage
    ");
    says(&faq(&spine, &room(), "bans").await, &["only if it is typed as a command"], &[]);
    says(&faq(&spine, &group(), "matrix").await, &["Stage: inventory"], &["Nobody has to"]);
    let spine = fresh();
    let none = "This chat is not connected";
    for question in ["who", "bans", "stop", "matrix"] {
        says(&faq(&spine, &group(), question).await, &[none], &["Stage: "]);
    }
}

#[tokio::test]
async fn how_long_something_is_stored_is_less_where_people_are_at_risk() {
    let spine = joined().await;
    let answer = faq(&spine, &room(), "data").await;
    says(&answer, &["for about 90 days", "!freeside mydata", "!freeside privacy"], &["No files"]);
    let spine = Spine::with([Setting::AtRisk(true)]).await;
    says(&faq(&spine, &room(), "data").await, &["for about 7 days", "No files are shared"], &[]);
    says(&ask(&spine, &room(), NOBODY, "privacy").await, &["for about 7 days"], &["90 days"]);
}

#[tokio::test]
async fn rights_are_those_of_the_network_and_what_is_missing_is_named() {
    let spine = joined().await;
    assert_snapshot!(faq(&spine, &group(), "rights").await, @"
    For bans, mutes and deletions on all sides: Delete Messages, Ban Users. Without these rights, what moderators decide is not done everywhere.
    To pin notices, and for name and picture where the other side decides them: Pin Messages, Change Group Info. Without these rights, they stay as they are.
    For threads and topics: Manage Topics. Without these rights, they do not change here when they change elsewhere.
    I have just looked on Telegram: of the rights to pin and to moderate, none is missing.
    For the other networks: /faq rights matrix | discord
    ");
    says(&faq(&spine, &group(), "rights discord").await, &["Manage Webhooks"], &["Ban Users"]);
    says(&faq(&spine, &channel(), "rights matrix").await, &["m.room.name"], &["Webhooks"]);
    let pin = MissingRight { right: Right::Pin, menu: "Pin Messages".into() };
    spine.telegram.state.lock().unwrap().lacking = vec![pin];
    let lacks = "Missing on Telegram: the right to pin messages (“Pin Messages”). The owner";
    says(&faq(&spine, &room(), "rights telegram").await, &[lacks], &["I have just looked"]);
    says(&faq(&spine, &room(), "rights").await, &["Ban users", "looked on Matrix"], &["Missing"]);
}

#[tokio::test]
async fn bans_stopping_costs_and_the_way_are_said_with_the_commands_of_the_network() {
    let spine = joined().await;
    let bans = faq(&spine, &group(), "bans").await;
    says(&bans, &["counts on all sides", "/ban", "/unban", "!freeside policy"], &["/mute"]);
    let stop = faq(&spine, &room(), "stop").await;
    let these = ["!freeside optout –", "!freeside optout erase", "!freeside unlink –", "(NOFWD)"];
    says(&stop, &these, &["go back one stage"]);
    let cost = faq(&spine, &channel(), "cost").await;
    let these = [
        "I ask nobody for money",
        "The Example Society",
        "privacy@example.org",
        "https://example.org/source",
        "Telegram's apps are free software.",
        "Discord is proprietary software",
        "Code of conduct",
    ];
    says(&cost, &these, &[]);
    let way = faq(&spine, &room(), "matrix").await;
    says(&way, &["Nobody has to", "/matrix –", "!freeside claim –", "Stage: bridged"], &[]);
}

/// The messages of the bot on a network, without formatting.
fn said(network: &FakeNetwork) -> Vec<String> {
    let text = |act: Action| {
        let Action::Post { send_as: SendAs::Bot, message, .. } = act else { return None };
        Some(message.body.plain())
    };
    network.acts().into_iter().filter_map(text).collect()
}

#[tokio::test]
async fn all_answers_come_in_messages_that_the_network_takes() {
    let mut spine = Spine::idle();
    let able = Capabilities { max_text: TELEGRAM, unit: LengthUnit::Utf16, ..ABLE };
    spine.telegram = FakeNetwork::able("telegram", able);
    spine.link().await;
    spine.start();
    faq(&spine, &group(), "all").await;
    spine.settled(&group()).await;
    let said = said(&spine.telegram);
    let heads = ["Which rights does the bot need here?", "How do I come over to Matrix?"];
    for head in heads {
        assert_eq!(said.iter().filter(|text| text.contains(head)).count(), 1, "{head}: {said:?}");
    }
    let fits = |text: &String| text.encode_utf16().count() <= TELEGRAM;
    assert!(said.iter().all(fits), "{said:?}");
}

#[tokio::test]
async fn every_answer_fits_into_one_message_in_every_language() {
    for language in languages() {
        let spine = Spine::with([
            Setting::Language(Some(language.to_owned())),
            Setting::Consent(ConsentMode::OptIn),
            Setting::Names(ShownNames::FirstName),
            Setting::Readers(Readers::Everybody),
            Setting::AtRisk(true),
        ])
        .await;
        for network in [&spine.matrix, &spine.telegram, &spine.discord] {
            let rights = ["Pin Messages", "Change Group Info", "Ban Users", "Delete Messages"];
            let missing = |menu: &str| MissingRight { right: Right::ChangeChat, menu: menu.into() };
            network.state.lock().unwrap().lacking = rights.map(missing).into();
        }
        for place in [room(), group(), channel()] {
            for question in QUESTIONS.into_iter().chain(["", "weather"]) {
                let answer = faq(&spine, &place, question).await;
                let lines = answer.lines().count();
                assert!(question.is_empty() || question == "weather" || lines <= 6, "{answer}");
                let (letters, units) = (answer.chars().count(), answer.encode_utf16().count());
                assert!(letters <= DISCORD && units <= TELEGRAM, "{language}: {answer}");
            }
        }
    }
}
