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
async fn of_edits_that_wait_only_the_newest_is_seen() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$1", "@ann:x", "one")).await;
    spine.telegram.shows(&group().chat, &["ann: one"]).await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(None))]);
    spine.hear(posted(&room(), "$2", "@ann:x", "two")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "SECRET")).await;
    spine.hear(edited(&room(), "$1", "@ann:x", "better")).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.telegram.shows(&group().chat, &["ann: better", "ann: two"]).await;
    spine.settled(&group()).await;
    let acts = spine.telegram.acts();
    assert_eq!(acts.iter().filter(|act| matches!(act, Action::Edit { .. })).count(), 1);
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

#[tokio::test]
async fn what_a_moderator_deleted_before_it_was_sent_is_never_posted() {
    let spine = waiting().await;
    spine.matrix.may("@mod:x", crate::harness::ADMIN);
    spine.hear(posted(&room(), "$1", "@ann:x", "SPAM")).await;
    spine.hear(posted(&room(), "$2", "@ann:x", "stays")).await;
    spine.hear(deleted(&room(), "$1", Some("@mod:x"))).await;
    spine.hear(deleted(&room(), "$2", Some("@bob:x"))).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read, ["ann: first", "ann: stays"], "Bob may not delete it");
    assert_eq!(posts(&spine), 3, "the first one twice, and the other");
}

/// The quoted words of the answer that is posted last.
fn quoted(spine: &Spine) -> Option<String> {
    let acts = spine.telegram.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    message.reply_to.as_ref()?.excerpt.as_ref().map(bridge_model::RichText::plain)
}

/// An answer to something older than the connection, with its words.
fn answer(id: &str) -> bridge_model::Event {
    let mut event = crate::words::replied(&room(), id, "$old", ("@bob:x", "indeed"));
    if let bridge_model::Content::Posted(message) = &mut event.content
        && let Some(reply) = &mut message.reply_to
    {
        reply.excerpt = Some(bridge_model::RichText::plain_text("my password"));
    }
    event
}

#[tokio::test]
async fn an_answer_carried_later_does_not_bring_back_words_that_were_edited_or_deleted() {
    for change in [
        edited(&room(), "$old", "@ann:x", "nothing to see"),
        deleted(&room(), "$old", Some("@ann:x")),
    ] {
        let spine = waiting().await;
        spine.hear(answer("$1")).await;
        spine.hear(change).await;
        spine.clock.advance(Duration::from_secs(1));
        spine.settled(&group()).await;
        assert_eq!(quoted(&spine), None);
    }
    // Nothing changed: the answer is read with what it answers.
    let spine = waiting().await;
    spine.hear(edited(&room(), "$old", "@ann:x", "my password")).await;
    spine.hear(answer("$1")).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.settled(&group()).await;
    assert_eq!(quoted(&spine).as_deref(), Some("my password"));
}

#[tokio::test]
async fn an_answer_to_what_was_deleted_quotes_nothing() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$old", "@ann:x", "my password")).await;
    spine.telegram.shows(&group().chat, &["ann: my password"]).await;
    spine.hear(deleted(&room(), "$old", Some("@ann:x"))).await;
    spine.telegram.shows(&group().chat, &[]).await;
    spine.hear(answer("$1")).await;
    spine.telegram.shows(&group().chat, &["bob: indeed"]).await;
    assert_eq!(quoted(&spine), None);
}

#[tokio::test]
async fn a_chosen_part_of_what_was_deleted_is_not_quoted() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$old", "@ann:x", "my password")).await;
    spine.telegram.shows(&group().chat, &["ann: my password"]).await;
    let copy = spine.telegram.id_of(&group().chat, "ann: my password");
    spine.hear(deleted(&room(), "$old", Some("@ann:x"))).await;
    spine.settled(&group()).await;
    let mut event = crate::words::replied(&group(), "77", &copy, ("tom", "indeed"));
    if let bridge_model::Content::Posted(message) = &mut event.content
        && let Some(reply) = &mut message.reply_to
    {
        reply.excerpt = Some(bridge_model::RichText::plain_text("password"));
        reply.partial = true;
    }
    spine.hear(event).await;
    spine.settled(&channel()).await;
    let acts = spine.discord.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    assert_eq!(message.body.plain(), "indeed");
    assert!(message.reply_to.as_ref().is_none_or(|reply| reply.excerpt.is_none()));
}
