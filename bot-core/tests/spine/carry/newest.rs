// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of a message that changes while it waits, or after it was refused.

use std::time::Duration;

use bot_core::Action;

use super::{refused, retry};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, deleted, edited, group, posted, room};

/// A bridge whose Telegram lane stands still behind a first message.
async fn waiting() -> Spine {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(None))]);
    spine.hear(posted(&room(), "$0", "@ann:x", "first")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine
}

fn posts(spine: &Spine) -> usize {
    let acts = spine.telegram.acts();
    acts.iter().filter(|act| matches!(act, Action::Post { .. })).count()
}

#[tokio::test]
async fn what_was_deleted_before_it_was_sent_is_never_posted() {
    let spine = waiting().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "SECRET")).await;
    spine.hear(deleted(&room(), "$1", Some("@ann:x"))).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "last")).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.telegram.shows(&group().chat, &["ann: first", "ann: last"]).await;
    assert_eq!(posts(&spine), 3, "the first one twice, and the last");
}

#[tokio::test]
async fn what_was_edited_before_it_was_sent_is_posted_once_as_it_is_now() {
    let spine = waiting().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "draft")).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "between")).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "better")).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "best")).await;
    spine.hear(posted(&room(), "$3", "@ann:x", "last")).await;
    spine.clock.advance(Duration::from_secs(1));
    let lines = ["ann: first", "ann: best", "ann: between", "ann: last"];
    spine.telegram.shows(&group().chat, &lines).await;
    spine.settled(&group()).await;
    let acts = spine.telegram.acts();
    assert!(!acts.iter().any(|act| matches!(act, Action::Edit { .. })), "{acts:?}");
}

#[tokio::test]
async fn an_edit_after_the_message_was_sent_is_an_edit() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    spine.telegram.shows(&group().chat, &["ann: one"]).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "two")).await;
    spine.telegram.shows(&group().chat, &["ann: two"]).await;
}

#[tokio::test]
async fn a_refused_message_is_repaired_by_editing_it_and_the_line_goes() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Error(refused("too big"))]);
    spine.hear(posted(&room(), "$1", "@ann:x", "huge")).await;
    spine
        .matrix
        .shows(&room().chat, &["BOT: Not delivered to Telegram: Telegram says “too big”"])
        .await;
    spine.settled(&room()).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "small")).await;
    spine.telegram.shows(&group().chat, &["ann: small"]).await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.discord.shows(&channel().chat, &["ann: small"]).await;
    spine.settled(&group()).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "smaller")).await;
    spine.telegram.shows(&group().chat, &["ann: smaller"]).await;
}

#[tokio::test]
async fn an_edit_that_is_refused_again_is_told_again() {
    let spine = Spine::linked().await;
    let errors = [Fault::Error(refused("too big")), Fault::Error(refused("too odd"))];
    spine.telegram.fail(&group().chat, errors);
    spine.hear(posted(&room(), "$1", "@ann:x", "huge")).await;
    spine.settled(&group()).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "odd")).await;
    let told = ["too big", "too odd"]
        .map(|why| format!("BOT: Not delivered to Telegram: Telegram says “{why}”"));
    spine.matrix.shows(&room().chat, &[&told[0], &told[1]]).await;
}
