// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands count once, and never for a bot.

use bot_core::order::Batch;
use bridge_model::{AuthorKind, Command, Content};

use super::{ANN, CODE, NOBODY, TINA, ask, ask_with, fresh, join, joined};
use crate::network::{FakeNetwork, Fault};
use crate::words::{START, command, commanded, event, group, room};

#[tokio::test]
async fn a_command_of_a_bot_is_never_carried_out() {
    let spine = joined().await;
    let mut typed = commanded(&group(), "1", TINA, "unlink");
    if let Content::Commanded(command) = &mut typed.content {
        command.by.kind = AuthorKind::Bot;
    }
    spine.hear(typed).await;
    ask(&spine, &group(), NOBODY, "version").await;
    assert_eq!(spine.telegram.tries(), 1, "only the second is answered");
    assert_eq!(spine.store().portals().await.unwrap()[0].ends.len(), 2);
}

#[tokio::test]
async fn a_command_that_was_heard_before_a_crash_is_carried_out_after_it_once() {
    let mut spine = fresh();
    spine.stop().await;
    let typed = commanded(&room(), "$1", ANN, "link telegram");
    let batch = Batch { network: "matrix".into(), marks: Vec::new(), events: vec![typed.clone()] };
    spine.open().accept(batch, START).await.unwrap();
    spine.start();
    spine.matrix.until("answered", |matrix| matrix.read(&room().chat).len() == 1).await;
    spine.settled(&room()).await;
    spine.hear(typed.clone()).await;
    spine.restart().await;
    spine.hear(typed).await;
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(spine.matrix.tries(), 2);
}

#[tokio::test]
async fn a_link_is_made_once_and_told_once_when_the_answer_is_cut_off() {
    let mut spine = fresh();
    ask(&spine, &group(), TINA, "link").await;
    ask(&spine, &room(), ANN, &format!("link {CODE}")).await;
    spine.settled(&group()).await;
    spine.telegram.fail(&group().chat, [Fault::Hang(1)]);
    spine.hear(commanded(&group(), "1", TINA, &format!("link yes {CODE}"))).await;
    let joined =
        "BOT: Connected to Matrix. Messages now go both ways. To end the connection: /unlink";
    let is_told = |it: &FakeNetwork| it.read(&group().chat).last().is_some_and(|it| it == joined);
    spine.telegram.until("told", is_told).await;
    spine.restart().await;
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read.len(), 4, "{read:?}");
    assert!(read[3].starts_with("BOT: This group is connected to a Matrix room"), "{read:?}");
    assert_eq!(spine.store().portals().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_notice_is_not_posted_twice_after_a_crash() {
    let mut spine = fresh();
    ask(&spine, &group(), TINA, "link").await;
    ask(&spine, &room(), ANN, &format!("link {CODE}")).await;
    spine.settled(&group()).await;
    spine.telegram.fail(&group().chat, [Fault::Pass, Fault::Hang(1)]);
    spine.hear(commanded(&group(), "1", TINA, &format!("link yes {CODE}"))).await;
    spine.telegram.until("cut off", |telegram| telegram.read(&group().chat).len() == 4).await;
    spine.restart().await;
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read.len(), 4, "{read:?}");
}

#[tokio::test]
async fn an_answer_for_one_person_goes_by_the_networks_own_handle() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    let typed = Command { answer_via: Some("token".into()), ..command(NOBODY, "version") };
    spine.hear(event(&group(), "55", Content::Commanded(typed))).await;
    spine.telegram.until("answered", |telegram| {
        telegram.acts().iter().any(|act| {
            let via = matches!(act, bot_core::Action::Post { answer_via: Some(via), .. } if via == "token");
            via && matches!(act, bot_core::Action::Post { native_reply: false, .. })
        })
    })
    .await;
    let public = command(NOBODY, "version");
    assert!(ask_with(&spine, &group(), public).await.starts_with("Freeside"));
}
