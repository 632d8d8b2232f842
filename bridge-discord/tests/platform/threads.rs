// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads and forum posts, as the core is told of them.

use std::sync::Arc;

use bridge_model::{Content, MessageKind, Note, Reaction, Service};

use crate::hearing::posted;
use crate::recorder::Recorder;
use crate::stage::Stage;

fn is_changed(content: &Content) -> bool {
    matches!(content, Content::ThreadChanged { .. })
}

#[tokio::test]
async fn a_thread_is_part_of_its_channel() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let thread = stage.channel.thread("aside");
    let root = thread.id().to_string();
    let first = thread.say(&stage.ann, "in here");
    let answer = thread.reply(&stage.ann, first, "me too");
    thread.edit(&stage.ann, first, "in there").unwrap();
    thread.react(&stage.ann, first, "👍").unwrap();
    thread.delete(&stage.ann, answer).unwrap();
    let last = thread.say(&stage.ann, "last");
    thread.purge(&[last]);
    stage.core.count(2, |content| matches!(content, Content::Deleted { .. })).await;
    let events = stage.core.events();
    let chat = stage.channel.id().to_string();
    assert!(events.iter().all(|event| event.place.chat.as_str() == chat));
    let all = posted(&events);
    assert_eq!(all[0].0.as_str(), root);
    let opened = Service::ThreadOpened { name: "aside".to_owned() };
    assert_eq!(all[0].1.notes, [Note::Service(opened)]);
    assert_eq!((all[0].1.kind, all[0].1.thread.clone()), (MessageKind::Notice, None));
    assert_eq!(all[1].0.as_str(), format!("{root}/{first}"));
    let within = all[1].1.thread.clone().unwrap();
    assert_eq!((within.root.as_str(), within.name.as_deref()), (&*root, Some("aside")));
    assert_eq!(all[2].1.reply_to.clone().unwrap().message.as_str(), format!("{root}/{first}"));
    for event in &events[3..] {
        let wanted = match &event.content {
            Content::Edited(message) => {
                assert_eq!(message.thread.clone().unwrap().root.as_str(), root);
                first
            }
            Content::Reacted { reaction: Reaction::Emoji(_), .. } => first,
            Content::Deleted { .. } if event == events.last().unwrap() => last,
            Content::Deleted { .. } => answer,
            _ => last,
        };
        assert_eq!(event.message.as_str(), format!("{root}/{wanted}"));
    }
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_thread_on_a_message_hangs_on_it() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let root = stage.channel.say(&stage.ann, "topic");
    let thread = stage.channel.thread_on(&stage.ann, root, "more").unwrap();
    thread.reply_to_top(&stage.ann, "about that").unwrap();
    let answer = stage.core.message(2).await;
    assert_eq!(answer.thread.unwrap().root.as_str(), root.to_string());
    let reply = answer.reply_to.unwrap();
    assert_eq!(reply.message.as_str(), root.to_string());
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_thread_is_renamed_closed_and_opened_again() {
    let stage = Stage::new().await;
    let thread = stage.channel.thread("aside");
    let running = stage.listen().await;
    thread.rename("beside");
    thread.archive(false);
    thread.say(&stage.ann, "not yet");
    thread.archive(true);
    let events = stage.core.count(4, is_changed).await;
    let changes: Vec<_> = events
        .iter()
        .map(|event| match &event.content {
            Content::ThreadChanged { name, closed } => (name.as_deref(), *closed),
            other => panic!("{other:?}"),
        })
        .collect();
    let closed = |closed| (None, Some(closed));
    assert_eq!(changes, [(Some("beside"), None), closed(true), closed(false), closed(true)]);
    assert!(events.iter().all(|event| event.message.as_str() == thread.id().to_string()));
    assert_eq!(stage.core.texts(), ["not yet"], "the name is not told twice");
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_thread_that_was_closed_before_is_known_to_be_opened() {
    let stage = Stage::new().await;
    let thread = stage.channel.thread("old");
    thread.archive(false);
    let running = stage.listen().await;
    thread.unarchive();
    let event = stage.core.event(is_changed).await;
    assert_eq!(event.content, Content::ThreadChanged { name: None, closed: Some(false) });
    thread.remove();
    let events = stage.core.count(2, is_changed).await;
    assert_eq!(events[1].content, Content::ThreadChanged { name: None, closed: Some(true) });
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn forum_posts_are_threads() {
    let stage = Stage::new().await;
    let forum = stage.guild.forum("questions");
    let core = Arc::new(Recorder::new(&[forum.id()]));
    let stage = Stage { core, ..stage };
    let running = stage.listen().await;
    let post = forum.post_in_forum(&stage.ann, "How?", "Who knows?");
    let answer = post.say(&stage.ann, "I do.");
    stage.core.until_texts(2).await;
    let all = posted(&stage.core.events());
    let root = post.id().to_string();
    assert_eq!((all[0].0.as_str(), all[0].1.body.plain().as_str()), (&*root, "Who knows?"));
    assert_eq!(all[0].1.thread, None);
    let title = Service::ThreadOpened { name: "How?".to_owned() };
    assert_eq!(all[0].1.notes, [Note::Service(title)]);
    assert_eq!(all[1].0.as_str(), format!("{root}/{answer}"));
    let within = all[1].1.thread.clone().unwrap();
    assert_eq!((within.root.as_str(), within.name.as_deref()), (&*root, Some("How?")));
    let places = stage.core.events();
    assert!(places.iter().all(|event| event.place.chat.as_str() == forum.id().to_string()));
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn private_threads_and_threads_of_other_channels_are_not_heard() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.private_thread("secret").say(&stage.ann, "psst");
    stage.guild.channel("other").thread("far").say(&stage.ann, "far away");
    stage.channel.say(&stage.ann, "end");
    assert_eq!(stage.core.until_texts(1).await, ["end"]);
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_new_process_that_resumes_asks_for_the_thread() {
    let stage = Stage::new().await;
    let thread = stage.channel.thread("aside");
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "one");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.expect_disconnected().await.unwrap();
    let two = thread.say(&stage.ann, "two");
    let running = stage.start();
    let all = stage.core.until(|events| Some(posted(events)).filter(|all| all.len() == 2)).await;
    assert_eq!(all[1].0.as_str(), format!("{}/{two}", thread.id()));
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn what_was_missed_in_threads_is_fetched() {
    let stage = Stage::new().await;
    let forum = stage.guild.forum("questions");
    let core = Arc::new(Recorder::new(&[stage.channel.id(), forum.id()]));
    let stage = Stage { core, ..stage };
    let old = stage.channel.thread("old");
    old.say(&stage.ann, "before everything");
    stage.channel.say(&stage.ann, "also before");
    let running = stage.listen().await;
    old.say(&stage.ann, "one");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.time_out_sessions();
    old.say(&stage.ann, "two");
    let new = stage.channel.thread("new");
    new.say(&stage.ann, "three");
    let post = forum.post_in_forum(&stage.ann, "How?", "four");
    post.say(&stage.ann, "five");
    let running = stage.start();
    stage.discord.expect_connected().await.unwrap();
    stage.core.until_texts(6).await;
    let all = posted(&stage.core.events());
    let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    let said: Vec<String> = all.iter().map(|(_, message)| message.body.plain()).collect();
    assert_eq!(said, ["one", "", "two", "three", "four", "five"]);
    assert_eq!(ids[1], new.id().to_string(), "the thread was opened first");
    assert_eq!(ids[4], post.id().to_string());
    assert!(stage.core.events()[1..].iter().all(|event| event.late));
    running.stop().await;
    stage.clean();
}
