// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that wait, because a program may say them again under another name.

use std::time::Duration;

use bridge_model::{Content, Event};

use crate::harness::Spine;
use crate::words::{channel, deleted, group, posted, room};

const HELD: Duration = Duration::from_secs(3);

fn held(id: &str, user: &str, text: &str) -> Event {
    let mut event = posted(&channel(), id, user, text);
    let Content::Posted(message) = &mut event.content else { unreachable!() };
    message.held = true;
    event
}

#[tokio::test]
async fn what_is_said_again_under_another_name_is_heard_once() {
    let spine = Spine::linked().await;
    spine.hear(held("1", "tina", "[hello]")).await;
    spine.clock.slept(HELD, 2).await;
    spine.hear(posted(&channel(), "2", "Fox", "hello")).await;
    spine.hear(deleted(&channel(), "1", None)).await;
    // Nobody waits any longer for what is gone.
    spine.matrix.shows(&room().chat, &["Fox: hello"]).await;
    spine.telegram.shows(&group().chat, &["Fox: hello"]).await;
    spine.settled(&room()).await;
    assert_eq!(spine.matrix.deeds(), Vec::<String>::new());
}

#[tokio::test]
async fn what_nobody_says_again_comes_a_moment_later_and_in_order() {
    let spine = Spine::linked().await;
    spine.hear(held("1", "tina", "mine")).await;
    spine.clock.slept(HELD, 2).await;
    spine.hear(posted(&channel(), "2", "Fox", "after it")).await;
    assert_eq!(spine.matrix.read(&room().chat), Vec::<String>::new());
    spine.clock.advance(HELD);
    spine.matrix.shows(&room().chat, &["tina: mine", "Fox: after it"]).await;
    spine.telegram.shows(&group().chat, &["tina: mine", "Fox: after it"]).await;
    // Taken away later, it goes everywhere.
    spine.hear(deleted(&channel(), "1", None)).await;
    spine.matrix.shows(&room().chat, &["Fox: after it"]).await;
    spine.telegram.shows(&group().chat, &["Fox: after it"]).await;
}

#[tokio::test]
async fn a_crash_forgets_neither_the_wait_nor_what_ended_it() {
    let mut spine = Spine::linked().await;
    spine.hear(held("1", "tina", "[hello]")).await;
    spine.clock.slept(HELD, 2).await;
    spine.restart().await;
    spine.hear(deleted(&channel(), "1", None)).await;
    spine.hear(posted(&channel(), "2", "Fox", "hello")).await;
    spine.matrix.shows(&room().chat, &["Fox: hello"]).await;
    assert_eq!(spine.telegram.deeds(), Vec::<String>::new());
}
