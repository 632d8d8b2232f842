// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people on Discord see of threads and forums.
//!
//! Rule: what is said in a thread is never said outside of it.

use bot_core::{Action, Deliver, DeliverError, Network, Part, SendAs};
use bridge_model::{Message, Reaction, Reply, Thread};
use sandbox::discord::{Channel, permissions};
use sandbox::faults::Fault;

use crate::stage::{Files, Stage, edit, edit_files, picture, post, words, zoe};

fn within(root: &str, name: Option<&str>, text: &str) -> Message {
    let thread = Thread { root: root.into(), name: name.map(str::to_owned) };
    Message { thread: Some(thread), ..words(text) }
}

fn texts(channel: &Channel) -> Vec<String> {
    let said = channel.messages().into_iter().filter(|seen| matches!(seen.kind, 0 | 19));
    said.map(|seen| seen.content).collect()
}

#[tokio::test]
async fn a_thread_is_made_when_something_is_said_in_it() {
    let stage = Stage::new().await;
    let network = stage.network();
    let root = stage.channel.say(&stage.ann, "Where do we meet?").to_string();
    for (entry, send_as) in [(1, zoe()), (2, SendAs::Bot)] {
        let act = post(send_as, within(&root, Some("Meeting"), "at noon"));
        let receipt = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
        let id = receipt.parts[0].id.as_str();
        assert!(id.starts_with(&format!("{root}/")), "{id}");
        let guild = stage.guild.id();
        let link = network.link_to(&stage.channel.id().to_string().into(), &receipt.parts[0].id);
        assert_eq!(link, Some(format!("https://discord.com/channels/{guild}/{id}")));
    }
    let threads = stage.channel.threads();
    assert_eq!((threads.len(), threads[0].name.as_str()), (1, "Meeting"));
    assert_eq!(texts(&stage.channel.at(threads[0].id)), ["at noon", "at noon"]);
    assert_eq!(texts(&stage.channel), ["Where do we meet?"]);
    stage.clean();
}

#[tokio::test]
async fn a_thread_without_a_name_is_called_by_its_first_words() {
    let stage = Stage::new().await;
    let root = stage.channel.say(&stage.ann, "hm").to_string();
    let long = "all work and no play ".repeat(20);
    let act = post(zoe(), within(&root, None, &long));
    stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let name = stage.channel.threads()[0].name.clone();
    assert!(name.starts_with("all work and") && name.ends_with('…'), "{name}");
    assert!(name.chars().count() <= 100);
    stage.clean();
}

#[tokio::test]
async fn a_thread_that_is_there_is_used_again() {
    let stage = Stage::new().await;
    let root = stage.channel.say(&stage.ann, "hm");
    let thread = stage.channel.thread_on(&stage.ann, root, "Mine").unwrap();
    let free = stage.channel.thread("Free");
    for (entry, id) in [(1, root), (2, free.id())] {
        let act = post(zoe(), within(&id.to_string(), Some("Other"), "hello"));
        // Each process finds it anew.
        stage.network().deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    assert_eq!(texts(&thread), ["hello"]);
    assert_eq!(texts(&free), ["hello"]);
    assert_eq!(stage.channel.threads().len(), 2);
    stage.clean();
}

#[tokio::test]
async fn everything_happens_to_messages_in_threads_too() {
    let stage = Stage::new().await;
    let network = stage.network();
    let root = stage.channel.say(&stage.ann, "hm").to_string();
    let mut said = within(&root, Some("T"), &"all work and no play ".repeat(150));
    said.media = vec![picture("cat.png", 10)];
    let posted = network.deliver(&stage.order(1, post(zoe(), said), None), &Files).await.unwrap();
    assert_eq!(posted.parts.len(), 2);
    let thread = stage.channel.at(root.parse().unwrap());
    let act = edit_files(zoe(), &posted.parts, within(&root, None, "short"));
    let edited = network.deliver(&stage.order(2, act, None), &Files).await.unwrap();
    assert_eq!(texts(&thread), ["short"]);
    let target = edited.parts[0].id.clone();
    let thumb = Reaction::Emoji("👍".to_owned());
    let react =
        Action::React { send_as: zoe(), target: target.clone(), reaction: thumb, others: vec![] };
    let pin = Action::Pin { target: target.clone() };
    for (entry, act) in [(3, react), (4, pin)] {
        network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    assert_eq!(thread.pinned().len(), 1);
    thread.expect(|seen| seen.content == "short" && seen.reacted("👍").len() == 1).await.unwrap();
    let unpin = Action::Unpin { target };
    let delete = Action::Delete { send_as: zoe(), parts: edited.parts };
    for (entry, act) in [(5, unpin.clone()), (6, unpin), (7, delete.clone()), (8, delete)] {
        network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    assert!(thread.pinned().is_empty() && texts(&thread).is_empty());
    stage.clean();
}

#[tokio::test]
async fn who_answers_somebody_in_a_thread_goes_there() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    let root = stage.channel.say(&stage.ann, "hm");
    let thread = stage.channel.thread_on(&stage.ann, root, "T").unwrap();
    let asked = thread.say(&stage.ann, "who?");
    let target = format!("{}/{asked}", thread.id());
    for (entry, send_as) in [(1, zoe()), (2, SendAs::Bot)] {
        let mut message = words("me");
        message.reply_to =
            Some(Reply { name: Some("Ann".to_owned()), ..Reply::to(target.as_str().into()) });
        let act = Action::Post { send_as, message, native_reply: true, answer_via: None };
        network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    let link = format!("https://discord.com/channels/{}/{target}", stage.guild.id());
    let said = texts(&thread);
    assert_eq!(said[1], format!("-# ↪ [Ann]({link})\nme"));
    assert_eq!(thread.messages().last().unwrap().reply, Some(asked));
    stage.clean();
}

#[tokio::test]
async fn an_archived_thread_wakes_up_and_a_locked_one_refuses() {
    let stage = Stage::new().await;
    let network = stage.network();
    let root = stage.channel.say(&stage.ann, "hm");
    let thread = stage.channel.thread_on(&stage.ann, root, "T").unwrap();
    let act = post(zoe(), within(&root.to_string(), None, "one"));
    thread.archive(false);
    let said = network.deliver(&stage.order(1, act.clone(), None), &Files).await.unwrap();
    assert!(!stage.channel.threads()[0].archived);
    thread.archive(false);
    let change = edit(zoe(), &said.parts, words("two"));
    network.deliver(&stage.order(2, change.clone(), None), &Files).await.unwrap();
    assert_eq!(texts(&thread), ["two"]);
    thread.archive(true);
    stage.guild.bot_permissions(permissions::BOT & !permissions::MANAGE_THREADS);
    for (entry, act) in [(3, act), (4, change)] {
        let failure = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap_err();
        let DeliverError::Refused { reason } = failure.error else { panic!("{failure}") };
        assert!(reason.contains("locked"), "{reason}");
    }
    let delete = Action::Delete { send_as: zoe(), parts: said.parts };
    network.deliver(&stage.order(5, delete, None), &Files).await.unwrap();
    stage.clean();
}

#[tokio::test]
async fn what_cannot_stand_in_a_thread_stands_in_the_channel() {
    let stage = Stage::new().await;
    let network = stage.network();
    let act = post(zoe(), within("4711", Some("T"), "hello"));
    let receipt = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    assert_eq!(texts(&stage.channel), ["hello"]);
    assert!(!receipt.parts[0].id.as_str().contains('/'));
    let root = stage.channel.say(&stage.ann, "hm").to_string();
    stage.channel.deny_bot(permissions::CREATE_PUBLIC_THREADS);
    let act = post(zoe(), within(&root, Some("T"), "hello"));
    let failure = network.deliver(&stage.order(2, act, None), &Files).await.unwrap_err();
    let DeliverError::Refused { reason } = failure.error else { panic!("{failure}") };
    assert!(reason.contains("Create Public Threads"), "{reason}");
}

#[tokio::test]
async fn a_deleted_thread_is_made_again() {
    let stage = Stage::new().await;
    let network = stage.network();
    let root = stage.channel.say(&stage.ann, "hm");
    let act = post(zoe(), within(&root.to_string(), Some("T"), "hello"));
    let said = network.deliver(&stage.order(1, act.clone(), None), &Files).await.unwrap();
    stage.channel.at(root).remove();
    let order = stage.order(2, act, None);
    let failure = network.deliver(&order, &Files).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Retry { .. }), "{failure}");
    network.deliver(&order, &Files).await.unwrap();
    assert_eq!(texts(&stage.channel.at(root)), ["hello"]);
    let late = edit(zoe(), &said.parts, words("late"));
    let receipt = network.deliver(&stage.order(3, late, None), &Files).await.unwrap();
    assert!(receipt.parts.is_empty(), "what somebody took away is not said again");
}

#[tokio::test]
async fn a_lost_answer_is_found_again_in_the_thread() {
    for send_as in [zoe(), SendAs::Bot] {
        let stage = Stage::new().await;
        let network = stage.network();
        network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
        let root = stage.channel.say(&stage.ann, "hm");
        let thread = stage.channel.thread_on(&stage.ann, root, "T").unwrap();
        stage.discord.faults().next("POST ", 1, Fault::LoseResponse);
        let act = post(send_as, within(&root.to_string(), None, "once"));
        let mut order = stage.order(1, act, Some(root));
        let failure = network.deliver(&order, &Files).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
        let found = network.find_sent(&order).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].id.as_str().starts_with(&format!("{root}/")));
        order.done = found;
        network.deliver(&order, &Files).await.unwrap();
        assert_eq!(texts(&thread), ["once"]);
    }
}

#[tokio::test]
async fn a_message_in_a_forum_becomes_a_post() {
    for send_as in [zoe(), SendAs::Bot] {
        let mut stage = Stage::new().await;
        stage.channel = stage.guild.forum("ideas");
        let network = stage.network();
        let mut said = words(&format!("A new idea\n{}", "all work and no play ".repeat(150)));
        said.media = vec![picture("cat.png", 10)];
        let act = post(send_as.clone(), said);
        let receipt = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
        let threads = stage.channel.threads();
        assert_eq!(threads.len(), 1);
        assert!(threads[0].name.starts_with("A new idea all work"), "{}", threads[0].name);
        let id = threads[0].id.to_string();
        let ids: Vec<&str> = receipt.parts.iter().map(|part| part.id.as_str()).collect();
        assert_eq!(ids[0], id);
        assert!(ids.len() == 2 && ids[1].starts_with(&format!("{id}/")), "{ids:?}");
        let thread = stage.channel.at(threads[0].id);
        assert_eq!(thread.messages()[0].id.to_string(), id);
        // The id of the post is its thread and its first message.
        let thumb = Reaction::Emoji("👍".to_owned());
        let target = receipt.parts[0].id.clone();
        let react =
            Action::React { send_as: send_as.clone(), target, reaction: thumb, others: vec![] };
        network.deliver(&stage.order(2, react, None), &Files).await.unwrap();
        let act = edit_files(send_as.clone(), &receipt.parts, words("short"));
        network.deliver(&stage.order(3, act, None), &Files).await.unwrap();
        assert_eq!(texts(&thread), ["short"]);
        assert_eq!(thread.messages()[0].reacted("👍").len(), 1);
        let act = post(send_as, within(&id, Some("x"), "more"));
        network.deliver(&stage.order(4, act, None), &Files).await.unwrap();
        assert_eq!(texts(&thread), ["short", "more"]);
        stage.clean();
    }
}

#[tokio::test]
async fn a_lost_post_is_found_again() {
    for send_as in [zoe(), SendAs::Bot] {
        let mut stage = Stage::new().await;
        let old = stage.channel.say(&stage.ann, "before");
        stage.channel = stage.guild.forum("ideas");
        let network = stage.network();
        network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
        stage.channel.post_in_forum(&stage.ann, "Mine", "look");
        stage.discord.faults().next("POST ", 1, Fault::LoseResponse);
        let mut order = stage.order(1, post(send_as, words("once")), Some(old));
        let failure = network.deliver(&order, &Files).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
        for after in [order.after.clone(), None] {
            order.after = after;
            let found = network.find_sent(&order).await.unwrap();
            assert_eq!(found.len(), 1);
            let newest = stage.channel.threads().last().unwrap().id.to_string();
            assert_eq!(found[0], Part { id: newest.into(), media: false });
        }
    }
}

#[tokio::test]
async fn threads_are_renamed_closed_and_opened() {
    let stage = Stage::new().await;
    let network = stage.network();
    let root = stage.channel.say(&stage.ann, "hm");
    stage.channel.thread_on(&stage.ann, root, "T").unwrap();
    let set = |name: Option<&str>, closed| Action::SetThread {
        root: root.to_string().into(),
        name: name.map(str::to_owned),
        closed,
    };
    let shown = || {
        let thread = &stage.channel.threads()[0];
        (thread.name.clone(), thread.archived)
    };
    network.deliver(&stage.order(1, set(None, Some(true)), None), &Files).await.unwrap();
    assert_eq!(shown(), ("T".to_owned(), true));
    network.deliver(&stage.order(2, set(Some("New"), None), None), &Files).await.unwrap();
    assert_eq!(shown(), ("New".to_owned(), true), "it is renamed and stays closed");
    network.deliver(&stage.order(3, set(Some("Newer"), Some(false)), None), &Files).await.unwrap();
    assert_eq!(shown(), ("Newer".to_owned(), false));
    let none = Action::SetThread { root: "4711".into(), name: None, closed: Some(true) };
    network.deliver(&stage.order(4, none, None), &Files).await.unwrap();
    stage.guild.bot_permissions(permissions::BOT & !permissions::MANAGE_THREADS);
    let act = set(Some("No"), None);
    let failure = network.deliver(&stage.order(5, act, None), &Files).await.unwrap_err();
    let DeliverError::Refused { reason } = failure.error else { panic!("{failure}") };
    assert!(reason.contains("Manage Threads"), "{reason}");
    stage.clean();
}
