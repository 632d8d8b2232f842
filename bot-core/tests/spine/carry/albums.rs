// SPDX-License-Identifier: AGPL-3.0-or-later
//! Albums on their way: they wait for their files and keep nobody else waiting.

use std::time::Duration;

use bot_core::Action;
use bridge_model::{Command, Content, Event, Message};

use super::uncertain;
use crate::harness::Spine;
use crate::network::{FakeNetwork, Fault};
use crate::words::{
    channel, command, deleted, edited, event, file, group, message, part, pictured, posted,
    reacted, replied, room,
};

const GRACE: Duration = Duration::from_millis(1500);

async fn linked() -> Spine {
    let spine = Spine::linked().await;
    spine.discord.state.lock().unwrap().files_together = true;
    spine
}

async fn show(spine: &Spine, id: &str, text: &str) {
    spine.hear(pictured(&group(), id, "tina", (text, "a"))).await;
}

/// An album of two, which is separate messages in the room and one in the channel.
async fn album() -> Spine {
    let spine = linked().await;
    show(&spine, "1", "look").await;
    show(&spine, "2", "").await;
    spine.clock.slept(GRACE, 2).await;
    spine.clock.advance(GRACE);
    spine.matrix.shows(&room().chat, &["tina: look[1.png]", "tina: [2.png]"]).await;
    spine.discord.shows(&channel().chat, &["tina: look[1.png][2.png]"]).await;
    spine.settled(&room()).await;
    spine.settled(&channel()).await;
    spine
}

#[tokio::test]
async fn an_album_arrives_whole_and_in_order_with_what_is_said_meanwhile() {
    let spine = linked().await;
    spine.hear(posted(&group(), "1", "tina", "before")).await;
    show(&spine, "2", "look").await;
    spine.clock.slept(GRACE, 2).await;
    spine.hear(posted(&group(), "3", "tom", "nice")).await;
    spine.clock.advance(Duration::from_millis(1000));
    show(&spine, "4", "").await;
    spine.clock.advance(Duration::from_millis(500));
    spine.clock.slept(Duration::from_millis(1000), 2).await;
    assert_eq!(spine.matrix.read(&room().chat), ["tina: before"]);
    spine.clock.advance(Duration::from_millis(1000));
    let lines = ["tina: before", "tina: look[2.png]", "tina: [4.png]", "tom: nice"];
    spine.matrix.shows(&room().chat, &lines).await;
    let lines = ["tina: before", "tina: look[2.png][4.png]", "tom: nice"];
    spine.discord.shows(&channel().chat, &lines).await;
}

#[tokio::test]
async fn an_album_keeps_no_other_lane_waiting() {
    let mut spine = Spine::idle();
    spine.concurrency = 1;
    spine.link().await;
    spine.start();
    show(&spine, "1", "look").await;
    spine.clock.slept(GRACE, 2).await;
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    spine.telegram.shows(&group().chat, &["ann: hello"]).await;
    assert_eq!((spine.matrix.tries(), spine.discord.tries()), (0, 0));
}

#[tokio::test]
async fn a_late_file_is_a_message_of_its_own() {
    let spine = album().await;
    show(&spine, "3", "").await;
    spine.clock.slept(GRACE, 4).await;
    spine.clock.advance(GRACE);
    let lines = ["tina: look[1.png][2.png]", "tina: [3.png]"];
    spine.discord.shows(&channel().chat, &lines).await;
}

#[tokio::test]
async fn each_file_of_an_album_is_answered_and_reacted_to_by_itself() {
    let spine = album().await;
    let second = spine.matrix.id_of(&room().chat, "tina: [2.png]");
    spine.hear(replied(&room(), "$r", &second, ("@ann:x", "where?"))).await;
    spine.telegram.shows(&group().chat, &["ann: where?"]).await;
    let acts = spine.telegram.acts();
    let Action::Post { message, .. } = &acts[0] else { panic!("{acts:?}") };
    assert_eq!(message.reply_to.as_ref().unwrap().message.as_str(), "2");
    spine.hear(reacted(&group(), "2", ("tom", "👍"), None)).await;
    spine.matrix.until("reacted", |matrix| matrix.deeds().len() == 1).await;
    assert!(spine.matrix.deeds()[0].starts_with(&format!("👍 on {second} ")));
    let shared = spine.discord.id_of(&channel().chat, "tina: look[1.png][2.png]");
    spine.discord.until("reacted", |discord| discord.deeds().len() == 1).await;
    assert!(spine.discord.deeds()[0].starts_with(&format!("👍 on {shared} ")));
}

#[tokio::test]
async fn a_file_that_is_taken_away_takes_no_other_along() {
    let spine = album().await;
    spine.hear(deleted(&group(), "2", Some("tina"))).await;
    spine.matrix.shows(&room().chat, &["tina: look[1.png]"]).await;
    spine.settled(&channel()).await;
    assert_eq!(spine.discord.read(&channel().chat), ["tina: look[1.png][2.png]"]);
    let told = "BOT: Not delivered to Discord: the album is one message there, so the file stays \
                until all are deleted";
    spine.telegram.shows(&group().chat, &[told]).await;
    spine.hear(deleted(&group(), "1", Some("tina"))).await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.discord.shows(&channel().chat, &[]).await;
}

#[tokio::test]
async fn an_album_that_is_deleted_file_by_file_is_gone_while_other_chats_still_work() {
    let spine = album().await;
    spine.matrix.fail(&room().chat, [Fault::Hang(0)]);
    spine.telegram.fail(&group().chat, [Fault::Hang(0)]);
    for (id, file) in [("7", "1"), ("8", "2")] {
        let command = Command { reply_to: Some(file.into()), ..command("tina", "delete") };
        spine.hear(event(&group(), id, Content::Commanded(command))).await;
    }
    spine.discord.shows(&channel().chat, &[]).await;
}

#[tokio::test]
async fn another_caption_keeps_all_files() {
    let spine = album().await;
    let caption = |id: &str, text: &str| {
        let mut event = pictured(&group(), id, "tina", (text, "a"));
        if let Content::Posted(message) = event.content {
            event.content = Content::Edited(message);
        }
        event
    };
    spine.hear(caption("1", "see")).await;
    spine.matrix.shows(&room().chat, &["tina: see[1.png]", "tina: [2.png]"]).await;
    spine.discord.shows(&channel().chat, &["tina: see[1.png][2.png]"]).await;
    let acts = spine.discord.acts();
    assert!(matches!(&acts[1], Action::Edit { media_changed: false, .. }), "{acts:?}");
    spine.hear(caption("2", "second")).await;
    spine.matrix.shows(&room().chat, &["tina: see[1.png]", "tina: second[2.png]"]).await;
    let told = "BOT: Not delivered to Discord: the album is one message there, with the text of \
                several messages";
    spine.telegram.shows(&group().chat, &[told]).await;
    assert_eq!(spine.discord.read(&channel().chat), ["tina: see[1.png][2.png]"]);
}

#[tokio::test]
async fn an_exchanged_file_is_exchanged_only_where_it_stands_alone() {
    let spine = album().await;
    let media = vec![file("new.png")];
    let version = Message { media, ..message("tina", "") };
    spine.hear(event(&group(), "2", Content::Edited(version))).await;
    spine.matrix.shows(&room().chat, &["tina: look[1.png]", "tina: [new.png]"]).await;
    let told = "BOT: Not delivered to Discord: the album is one message there, so one file cannot \
                be replaced";
    spine.telegram.shows(&group().chat, &[told]).await;
    assert_eq!(spine.discord.read(&channel().chat), ["tina: look[1.png][2.png]"]);
}

#[tokio::test]
async fn an_edit_says_whether_the_files_are_others() {
    let spine = Spine::linked().await;
    let version = |content: fn(Message) -> Content, text: &str, name: &str| -> Event {
        let media = vec![file(name)];
        event(&group(), "1", content(Message { media, ..message("tina", text) }))
    };
    spine.hear(version(Content::Posted, "a", "one?signed=1")).await;
    // What is edited before it is sent is no edit.
    spine.settled(&room()).await;
    spine.hear(version(Content::Edited, "a", "one?signed=2")).await;
    spine.hear(version(Content::Edited, "b", "one?signed=3")).await;
    spine.settled(&room()).await;
    spine.hear(version(Content::Edited, "b", "two")).await;
    spine.settled(&room()).await;
    spine.hear(edited(&group(), "1", "tina", "c")).await;
    spine.matrix.until("edited", |matrix| matrix.tries() == 4).await;
    let acts = spine.matrix.acts();
    let changed = acts.iter().filter_map(|act| {
        let Action::Edit { media_changed, .. } = act else { return None };
        Some(*media_changed)
    });
    let changed: Vec<bool> = changed.collect();
    assert_eq!(changed, [false, true, true]);
}

/// The process dies after each step of an album's way.
#[tokio::test]
async fn an_album_survives_a_crash_at_every_step() {
    let mut spine = linked().await;
    spine.matrix.fail(&room().chat, [Fault::Hang(1), Fault::Hang(1), Fault::Hang(0)]);
    show(&spine, "1", "look").await;
    spine.clock.slept(GRACE, 2).await;
    spine.restart().await;
    spine.clock.slept(GRACE, 4).await;
    show(&spine, "2", "").await;
    spine.restart().await;
    spine.clock.slept(GRACE, 6).await;
    spine.hear(posted(&group(), "3", "tom", "nice")).await;
    spine.clock.advance(GRACE);
    // Elsewhere nothing hangs; what is under way at three deaths would go on without its files.
    spine.discord.shows(&channel().chat, &["tina: look[1.png][2.png]", "tom: nice"]).await;
    for (tries, shown) in [(1, 1), (2, 2), (3, 2)] {
        let hangs = |it: &FakeNetwork| it.tries() == tries && it.read(&room().chat).len() == shown;
        spine.matrix.until("on its way", hangs).await;
        spine.restart().await;
        show(&spine, "2", "").await;
    }
    let lines = ["tina: look[1.png]", "tina: [2.png]", "tom: nice"];
    spine.matrix.shows(&room().chat, &lines).await;
    spine.discord.shows(&channel().chat, &["tina: look[1.png][2.png]", "tom: nice"]).await;
    spine.settled(&room()).await;
    let second = spine.matrix.id_of(&room().chat, "tina: [2.png]");
    let replica = spine.store().find_replica(&group(), &"2".into()).await.unwrap().unwrap();
    let there: Vec<_> = replica.parts_at(&room()).into_iter().map(|part| part.id).collect();
    assert_eq!(there, [part(&second).id]);
}

#[tokio::test]
async fn a_doubtful_album_goes_on_after_the_files_that_are_found() {
    let spine = linked().await;
    spine.matrix.fail(&room().chat, [Fault::Broken(1, 0, uncertain())]);
    show(&spine, "1", "look").await;
    show(&spine, "2", "").await;
    spine.clock.slept(GRACE, 2).await;
    spine.clock.advance(GRACE);
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.clock.advance(Duration::from_secs(1));
    spine.matrix.shows(&room().chat, &["tina: look[1.png]", "tina: [2.png]"]).await;
}
