// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads: what one hangs on, as each chat knows it.

use bot_core::Action;

use super::refused;
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, deleted, group, room, threaded};

/// The roots of the posts in the room.
fn roots(spine: &Spine) -> Vec<Option<String>> {
    let acts = spine.matrix.acts();
    let posts = acts.iter().filter_map(|act| {
        let Action::Post { message, .. } = act else { return None };
        Some(&message.thread)
    });
    posts.map(|thread| thread.as_ref().map(|it| it.root.as_str().to_owned())).collect()
}

#[tokio::test]
async fn a_message_in_a_thread_hangs_on_what_the_chat_has_of_its_root() {
    let spine = Spine::linked().await;
    spine.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await;
    spine.matrix.shows(&room().chat, &["cem: 💬 A thread", "cem: one"]).await;
    spine.telegram.shows(&group().chat, &["cem: 💬 A thread", "cem: one"]).await;
    let root = spine.matrix.id_of(&room().chat, "cem: 💬 A thread");
    assert_eq!(roots(&spine), [None, Some(root)]);
}

#[tokio::test]
async fn a_thread_whose_root_did_not_arrive_or_is_gone_hangs_on_nothing() {
    let spine = Spine::linked().await;
    spine.matrix.fail(&room().chat, [Fault::Error(refused("too big"))]);
    spine.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await;
    spine.matrix.shows(&room().chat, &["cem: one"]).await;
    spine.settled(&room()).await;
    spine.hear(threaded(&channel(), "60/61", "60", ("cem", "two"))).await;
    spine.matrix.until("told", |matrix| matrix.read(&room().chat).len() == 3).await;
    spine.hear(deleted(&channel(), "60", None)).await;
    spine.hear(threaded(&channel(), "60/62", "60", ("cem", "three"))).await;
    spine.matrix.shows(&room().chat, &["cem: one", "cem: two", "cem: three"]).await;
    let roots = roots(&spine);
    assert_eq!((roots.len(), &roots[1], &roots[4]), (5, &None, &None));
    assert!(roots[3].is_some());
}

#[tokio::test]
async fn a_thread_survives_a_crash_between_its_root_and_its_first_message() {
    let mut spine = Spine::linked().await;
    spine.matrix.fail(&room().chat, [Fault::Hang(1), Fault::Hang(1)]);
    spine.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await;
    spine.matrix.shows(&room().chat, &["cem: 💬 A thread"]).await;
    spine.restart().await;
    spine.matrix.until("tried again", |matrix| matrix.tries() == 2).await;
    spine.restart().await;
    spine.matrix.shows(&room().chat, &["cem: 💬 A thread", "cem: one"]).await;
    let root = spine.matrix.id_of(&room().chat, "cem: 💬 A thread");
    assert_eq!(roots(&spine).last().unwrap(), &Some(root));
}
