// SPDX-License-Identifier: AGPL-3.0-or-later
//! Refusals and closed chats: who is told, and how it goes on.

use std::time::Duration;

use bot_core::Action;
use bot_core::Refusal;
use bot_core::refusal::Fallback;
use bridge_model::MessageId;

use super::{closed, refused};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, commanded, deleted, group, posted, reacted, room};

const TOLD: &str = "BOT: Not delivered to Telegram: Telegram says “too big”";
const STOPPED: &str = "BOT: I can no longer post on Telegram: I am not in the chat\nMessages wait \
                       until I can. An admin there can let me in again.";

#[tokio::test]
async fn a_refusal_is_told_to_the_author_once_and_the_lane_goes_on() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(refused("too big"))]);
    spine.hear(posted(&room(), "$1", "@ann:x", "huge")).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "small")).await;
    spine.telegram.shows(&group().chat, &["ann: small"]).await;
    spine.matrix.shows(&room().chat, &[TOLD]).await;
    spine.discord.shows(&channel().chat, &["ann: huge", "ann: small"]).await;
    spine.settled(&room()).await;
    assert_eq!(spine.matrix.tries(), 1);
    let acts = spine.matrix.acts();
    let Action::Post { message, native_reply, .. } = &acts[0] else { panic!("{acts:?}") };
    assert!(native_reply);
    assert_eq!(message.reply_to.as_ref().unwrap().message, MessageId::from("$1"));
}

#[tokio::test]
async fn the_refusal_of_a_reaction_is_not_worth_a_word() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.matrix.shows(&room().chat, &["tina: hello"]).await;
    spine.settled(&room()).await;
    let id = spine.matrix.id_of(&room().chat, "tina: hello");
    spine.telegram.fail(&group().chat, [Fault::Error(refused("too big"))]);
    spine.hear(reacted(&room(), &id, ("@ann:x", "👍"), None)).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "next")).await;
    spine.telegram.shows(&group().chat, &["ann: next"]).await;
    assert_eq!(spine.matrix.read(&room().chat), ["tina: hello"]);
}

#[tokio::test]
async fn the_refusal_of_the_bots_own_words_is_not_told_to_anybody() {
    let spine = Spine::linked().await;
    let wrong = [Fault::Error(refused("too big")), Fault::Error(refused("too big"))];
    spine.telegram.fail(&group().chat, wrong);
    spine.hear(commanded(&group(), "1", "tina", "version")).await;
    spine.telegram.until("tried", |telegram| telegram.tries() == 1).await;
    spine.settled(&group()).await;
    assert_eq!((spine.telegram.tries(), spine.matrix.tries()), (1, 0));
}

#[tokio::test]
async fn a_deletion_by_neither_author_nor_moderator_is_refused_and_the_lane_goes_on() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "fine")).await;
    spine.telegram.shows(&group().chat, &["ann: fine"]).await;
    spine.discord.shows(&channel().chat, &["ann: fine"]).await;
    spine.hear(deleted(&room(), "$1", Some("@bob:x"))).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "next")).await;
    spine.telegram.shows(&group().chat, &["ann: fine", "ann: next"]).await;
    spine.discord.shows(&channel().chat, &["ann: fine", "ann: next"]).await;
    let told = |network: &str| {
        let why = "only its author or a moderator can delete a message";
        format!("BOT: Not delivered to {network}: {why}")
    };
    let both = |lines: &[String]| {
        lines.contains(&told("Telegram")) && lines.contains(&told("Discord")) && lines.len() == 2
    };
    spine.matrix.until("told", |matrix| both(&matrix.read(&room().chat))).await;
}

#[tokio::test]
async fn a_closed_chat_halts_its_lane_tells_the_room_and_loses_nothing() {
    let mut spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(closed())]);
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    assert_eq!(spine.halted(&group()).await, Refusal::NotInChat);
    spine.matrix.shows(&room().chat, &[STOPPED]).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "two")).await;
    spine.discord.shows(&channel().chat, &["ann: one", "ann: two"]).await;
    assert_eq!(spine.telegram.tries(), 1, "nobody knocks at a closed door");
    spine.restart().await;
    spine.telegram.shows(&group().chat, &["ann: one", "ann: two"]).await;
    assert_eq!(spine.matrix.read(&room().chat), [STOPPED]);
}

#[tokio::test]
async fn a_halted_lane_is_tried_again_by_itself_and_the_room_is_told_once() {
    let spine = Spine::linked().await;
    let pauses = [2, 4, 8, 16, 32, 60, 60];
    spine.telegram.fail(&group().chat, pauses.map(|_| Fault::Error(closed())));
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    spine.halted(&group()).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "two")).await;
    for (number, minutes) in pauses.into_iter().enumerate() {
        let pause = Duration::from_secs(minutes * 60);
        let same = pauses.iter().take(number + 1).filter(|other| **other == minutes).count();
        spine.clock.slept(pause, same).await;
        spine.clock.advance(pause);
    }
    spine.telegram.shows(&group().chat, &["ann: one", "ann: two"]).await;
    spine.settled(&group()).await;
    let lanes = spine.store().lanes().await.unwrap();
    assert!(lanes.iter().all(|lane| lane.halted.is_none()), "{lanes:?}");
    assert_eq!(spine.matrix.read(&room().chat), [STOPPED]);
}

#[tokio::test]
async fn a_chat_that_speaks_is_open_again() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(closed())]);
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    spine.halted(&group()).await;
    spine.hear(posted(&group(), "5", "tina", "come back")).await;
    spine.telegram.shows(&group().chat, &["ann: one"]).await;
    spine.matrix.shows(&room().chat, &[STOPPED, "tina: come back"]).await;
}

#[tokio::test]
async fn whoever_types_a_command_in_a_closed_chat_gets_an_answer() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(closed())]);
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    spine.halted(&group()).await;
    spine.hear(commanded(&group(), "5", "tina", "version")).await;
    let lines = ["ann: one", "BOT: Freeside 0.1.0, commit abc1234"];
    spine.telegram.shows(&group().chat, &lines).await;
}

#[tokio::test]
async fn that_the_bot_speaks_for_people_is_told_once_there_and_in_the_room() {
    let spine = Spine::linked().await;
    for fallback in [Fallback::NoWebhook, Fallback::NameRefused] {
        spine.discord.state.lock().unwrap().fallback = Some(fallback);
        for number in 0..3 {
            let said = format!("{fallback:?} {number}");
            spine.hear(posted(&room(), &format!("${said}"), "@ann:x", &said)).await;
            spine.settled(&channel()).await;
        }
    }
    spine.settled(&channel()).await;
    spine.settled(&room()).await;
    let (channel, room) = (channel().chat, room().chat);
    let told = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| line.starts_with("BOT: ")).collect()
    };
    let here = told(spine.discord.read(&channel));
    assert_eq!(here, told(spine.matrix.read(&room)));
    let begins =
        ["BOT: There is no room for another webhook", "BOT: Discord does not take the name"];
    assert_eq!(here.len(), 2, "{here:?}");
    assert!(here.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{here:?}");
    assert!(spine.telegram.read(&group().chat).iter().all(|line| !line.starts_with("BOT: ")));
}
