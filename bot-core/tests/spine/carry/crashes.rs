// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of an entry that stops the process again and again.

use bridge_model::{Content, Message};

use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{event, file, group, message, room};

#[tokio::test]
async fn an_entry_that_stopped_the_process_three_times_goes_on_without_its_files() {
    let mut spine = Spine::linked().await;
    let hangs = [Fault::Hang(0), Fault::Hang(0), Fault::Hang(0)];
    spine.telegram.fail(&group().chat, hangs);
    let said = Message { media: vec![file("boom")], ..message("@ann:x", "look") };
    spine.hear(event(&room(), "$1", Content::Posted(said))).await;
    for death in 1..=3 {
        spine.telegram.until("under way", |telegram| telegram.tries() == death).await;
        spine.restart().await;
    }
    let line = "ann: look\n\n📎 boom: cannot be downloaded from where it was posted";
    spine.telegram.shows(&group().chat, &[line]).await;
}

#[tokio::test]
async fn a_file_that_stopped_nothing_is_sent_after_many_starts() {
    let mut spine = Spine::linked().await;
    for number in 0..5 {
        spine.restart().await;
        let said = Message { media: vec![file("fine")], ..message("@ann:x", "look") };
        spine.hear(event(&room(), &format!("${number}"), Content::Posted(said))).await;
        spine.settled(&group()).await;
    }
    let lines = spine.telegram.read(&group().chat);
    assert!(!lines.iter().any(|line| line.contains("cannot be downloaded")), "{lines:?}");
    assert!(!lines.is_empty());
}
