// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link` and `unlink`, from either side.

use bot_core::DeliverError;
use bot_core::Refusal;
use bridge_model::Place;
use insta::assert_snapshot;

use super::{ANN, CARA, CODE, CODE_2, TINA, admins, ask, fresh, join, joined};
use crate::harness::Spine;
use crate::network::{FakeNetwork, Fault};
use crate::words::{channel, group, posted, room};

#[tokio::test]
async fn a_room_is_joined_by_a_code_that_is_typed_in_the_group() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &room(), ANN, "link telegram").await, @"
    In the Telegram group, an admin posts:
    /link AAAA-AAAA
    I must be in that group: add me first. The code works once, for 15 minutes.
    ");
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, @"
    Joined to Matrix: messages now go both ways. To end it: /unlink
    ");
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
    spine.settled(&room()).await;
    assert_snapshot!(spine.matrix.read(&room().chat)[1..].join("\n\n"), @"
    BOT: Joined to Telegram: messages now go both ways. To end it: !freeside unlink telegram

    BOT: This room is joined to a group on Telegram: what is written here is shown there too, with your name, and kept on Telegram's server, which is proprietary. People from there have “Telegram” after their names. A message that starts with (NOFWD) stays here.
    ");
    let portal = spine.store().portal_of(&group()).await.unwrap().unwrap();
    assert_eq!((portal.room, portal.ends[0].title.as_deref()), (room(), Some("The telegram chat")));
    spine.hear(posted(&group(), "8", TINA, "it works")).await;
    spine.hear(posted(&room(), "$8", ANN, "it does")).await;
    let last = |line: &'static str, place: Place| {
        move |network: &FakeNetwork| network.read(&place.chat).ends_with(&[line.into()])
    };
    spine.matrix.until("relayed", last("tina: it works", room())).await;
    spine.telegram.until("relayed", last("ann: it does", group())).await;
}

#[tokio::test]
async fn a_channel_is_joined_by_a_code_that_is_typed_in_the_room() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &channel(), CARA, "link").await, @"
    In the Matrix room, someone who may change its settings types:
    !freeside link AAAA-AAAA
    I must be in that room: invite me first. The code works once, for 15 minutes.
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "link aaaaaaaa").await, @"
    Joined to Discord: messages now go both ways. To end it: !freeside unlink discord
    ");
    spine.discord.until("pinned", |discord| discord.deeds().len() == 1).await;
    assert_snapshot!(spine.discord.read(&channel().chat)[1..].join("\n\n"), @"
    BOT: Joined to Matrix: messages now go both ways. To end it: /unlink

    BOT: This channel is joined to a Matrix room: what is written here is shown there too, with your name.
    Discord is proprietary software, the app as well as the server. Matrix is free software throughout and needs no phone number: open the room in your browser (https://matrix.to/#/!room:example.org?via=example.org)
    A message that starts with (NOFWD) stays here. Your data: /privacy. Admins can end this: /unlink
    ");
    let notice = &spine.discord.shown(&channel().chat)[2].id;
    assert_eq!(spine.discord.deeds(), [format!("pin {notice}")]);
}

#[tokio::test]
async fn the_link_is_named_in_the_state_of_the_room_without_a_raw_id() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    let state = spine.rooms.state();
    let kinds: Vec<_> = state.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["m.bridge", "uk.half-shot.bridge"]);
    for (_, content) in state {
        assert_eq!(content["bridgebot"], "@freeside:example.org");
        assert_eq!(content["protocol"]["id"], "telegram");
        assert_eq!(content["channel"]["displayname"], "The telegram chat");
        assert!(!content.to_string().contains(group().chat.as_str()));
    }
    ask(&spine, &room(), ANN, "unlink").await;
    assert!(spine.rooms.state().iter().all(|(_, content)| *content == serde_json::json!({})));
}

#[tokio::test]
async fn a_bot_that_may_not_set_state_joins_nevertheless_and_says_so() {
    let spine = fresh();
    *spine.rooms.state_refused.lock().unwrap() = true;
    ask(&spine, &room(), ANN, "link telegram").await;
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, @"
    Joined to Matrix: messages now go both ways. To end it: /unlink
    Other programs cannot see that this room is joined: I may not change its settings. Give me the power level for that if you want it.
    ");
}

#[tokio::test]
async fn a_group_leaves_from_its_own_side() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), TINA, "unlink").await, @"
    The link between Matrix and Telegram has ended here. The Matrix room stays, with its people and messages. To join it again: /link
    ");
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    assert!(spine.store().portal_of(&group()).await.unwrap().is_none());
    assert!(spine.store().portal_of(&channel()).await.unwrap().is_some());
    assert_snapshot!(ask(&spine, &group(), TINA, "unlink").await, @"Nothing is joined here.");
}

#[tokio::test]
async fn a_room_with_several_chats_is_asked_which_one_leaves() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "unlink").await, @"
    Say which one: !freeside unlink with one of telegram | discord
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "unlink Discord").await, @"
    The link between Matrix and Discord has ended here. The Matrix room stays, with its people and messages. To join it again: !freeside link
    ");
    let told = "BOT: The link between Matrix and Discord has ended here. The Matrix room stays, \
                with its people and messages. To join it again: /link";
    spine.discord.shows(&channel().chat, &[told]).await;
    ask(&spine, &room(), ANN, "unlink").await;
    assert_eq!(spine.store().portals().await.unwrap(), []);
}

#[tokio::test]
async fn the_notice_is_posted_once_and_edited_when_the_chat_is_joined_again() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    ask(&spine, &room(), ANN, "unlink telegram").await;
    spine.settled(&group()).await;
    let other = Place::new("matrix", "!second:example.org");
    ask(&spine, &other, ANN, "link telegram").await;
    ask(&spine, &group(), TINA, &format!("link {CODE_2}")).await;
    spine.telegram.until("pinned twice", |telegram| telegram.deeds().len() == 2).await;
    let read = spine.telegram.read(&group().chat);
    let notices: Vec<_> =
        read.iter().filter(|line| line.starts_with("BOT: This group is joined")).collect();
    assert_eq!(notices.len(), 1, "{read:?}");
    assert!(notices[0].contains("!second:example.org"), "{notices:?}");
}

#[tokio::test]
async fn a_notice_that_was_refused_is_posted_when_the_chat_is_joined_again() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    // The answer arrives, the notice does not.
    let refused = DeliverError::Refused { reason: Refusal::platform("not now") };
    spine.telegram.fail(&group().chat, [Fault::Pass, Fault::Error(refused)]);
    ask(&spine, &group(), TINA, &format!("link {CODE}")).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat).len(), 1);
    ask(&spine, &group(), TINA, "unlink").await;
    ask(&spine, &room(), ANN, "link telegram").await;
    ask(&spine, &group(), TINA, &format!("link {CODE_2}")).await;
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
}

#[tokio::test]
async fn a_room_with_another_bridge_is_joined_only_by_who_insists() {
    let mut spine = Spine::idle();
    *spine.rooms.bridges.lock().unwrap() = vec!["@telegrambot:t2bot.io".to_owned()];
    spine.start();
    admins(&spine);
    ask(&spine, &room(), ANN, "link telegram").await;
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await);
    assert!(spine.store().portals().await.unwrap().is_empty());
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE} \u{2014}take-over")).await;
    assert!(answer.starts_with("Joined to Matrix"), "{answer}");
}
