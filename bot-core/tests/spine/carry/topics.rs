// SPDX-License-Identifier: AGPL-3.0-or-later
//! Topics that have a room of their own.

use bot_core::Action;
use bot_core::lane::core_place;
use bot_core::portal::{Setting, Threads};
use bot_core::store::topics::TopicState;
use bot_core::store::{GhostRecord, keys};
use bridge_model::{
    ChatChange, Content, MemberChange, Message, MessageId, Person, Place, Thread, UserId,
    VoteChange,
};

use crate::desk::ask;
use crate::harness::{ADMIN, Spine};
use crate::network::FakeNetwork;
use crate::words::{
    asked, author, channel, deleted, edited, event, group, message, posted, reacted, replied, room,
    threaded, vote,
};

async fn with_rooms() -> Spine {
    Spine::with([Setting::Threads(Threads::Rooms)]).await
}

/// A message in the topic of the channel that is called so.
async fn say(spine: &Spine, id: &str, text: &str) {
    let thread = Some(Thread { root: MessageId::from("50"), name: Some("Gardens".into()) });
    let message = Message { thread, ..message("cem", text) };
    spine.hear(event(&channel(), id, Content::Posted(message))).await;
}

fn is_told(matrix: &FakeNetwork) -> bool {
    let told = "BOT: The topic “Gardens” has its own room now: open it";
    matrix.read(&room().chat).iter().any(|line| line.starts_with(told))
}

/// Whether this is said in the main room.
fn reads(line: &str) -> impl Fn(&FakeNetwork) -> bool {
    move |matrix| matrix.read(&room().chat).iter().any(|it| it.starts_with(line))
}

/// Waits until the topic's room is there.
async fn made(spine: &Spine) -> Place {
    spine.matrix.until("the room was made", is_told).await;
    let topic = spine.store().topic(&channel(), &"50".into()).await.unwrap().unwrap();
    assert_eq!(topic.state, TopicState::Ready);
    topic.room
}

fn rooms_made(spine: &Spine) -> Vec<String> {
    spine.rooms.asked().into_iter().filter(|asked| asked.starts_with("room ")).collect()
}

#[tokio::test]
async fn a_topic_has_a_room_and_what_is_said_in_it_goes_both_ways() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    say(&spine, "50/52", "two").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one", "cem: two"]).await;
    assert_eq!(rooms_made(&spine), ["room Gardens beside !room:example.org"]);
    spine.hear(posted(&there, "$1", "@ann:x", "three")).await;
    spine.discord.shows(&channel().chat, &["ann: three"]).await;
    let acts = spine.discord.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    assert_eq!(message.thread.as_ref().unwrap().root.as_str(), "50");
    assert!(reads("cem: 💬 Gardens")(&spine.matrix));
    assert_eq!(spine.matrix.read(&room().chat).len(), 2);
    spine
        .telegram
        .shows(&group().chat, &["cem: 💬 Gardens", "cem: one", "cem: two", "ann: three"])
        .await;
}

#[tokio::test]
async fn what_happens_to_a_message_of_a_topic_happens_in_its_room() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    spine.hear(edited(&channel(), "50/51", "cem", "uno")).await;
    spine.matrix.shows(&there.chat, &["cem: uno"]).await;
    spine.hear(reacted(&channel(), "50/51", ("dora", "👍"), None)).await;
    spine.matrix.until("reacted", |matrix| matrix.deeds().len() == 1).await;
    let id = spine.matrix.id_of(&there.chat, "cem: uno");
    assert!(spine.matrix.deeds()[0].starts_with(&format!("👍 on {id} ")));
    spine.hear(replied(&there, "$1", &id, ("@ann:x", "why?"))).await;
    spine.discord.shows(&channel().chat, &["ann: why?"]).await;
    spine.hear(deleted(&channel(), "50/51", None)).await;
    spine.matrix.shows(&there.chat, &[]).await;
    let acts = spine.discord.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    assert_eq!(message.reply_to.as_ref().unwrap().message.as_str(), "50/51");
}

#[tokio::test]
async fn the_votes_of_a_topic_are_counted_in_its_room() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.hear(asked(&there, "$poll", "@ann:x", &["yes", "no"])).await;
    spine.discord.until("asked", |discord| discord.read(&channel().chat).len() == 1).await;
    let poll = spine.discord.shown(&channel().chat)[0].id.clone();
    spine.hear(vote(&channel(), &poll, "cem", (&["0"], VoteChange::Set))).await;
    spine.matrix.until("counted", |matrix| matrix.read(&there.chat).len() == 2).await;
    let lines = spine.matrix.read(&there.chat);
    assert!(lines[1].contains("Votes"), "{lines:?}");
}

#[tokio::test]
async fn a_room_that_is_refused_leaves_a_thread() {
    let spine = with_rooms().await;
    *spine.rooms.topics_refused.lock().unwrap() = Some("no more rooms".into());
    say(&spine, "50/51", "one").await;
    let told = "BOT: The topic “Gardens” does not get its own room, so it continues here as a thread. Reason: Matrix says “no more rooms”";
    let seen = |matrix: &FakeNetwork| matrix.read(&room().chat).len() == 3;
    spine.matrix.until("told", seen).await;
    let mut lines = spine.matrix.read(&room().chat);
    lines.sort();
    assert_eq!(lines, [told, "cem: one", "cem: 💬 Gardens"]);
    say(&spine, "50/52", "two").await;
    spine.matrix.until("two", |matrix| matrix.read(&room().chat).len() == 4).await;
    assert_eq!(rooms_made(&spine).len(), 1);
}

#[tokio::test]
async fn a_topic_survives_a_crash_before_its_room_is_noted() {
    let mut spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    spine.restart().await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    spine.restart().await;
    say(&spine, "50/52", "two").await;
    spine.matrix.shows(&there.chat, &["cem: one", "cem: two"]).await;
    let mut made = rooms_made(&spine);
    made.dedup();
    assert_eq!(made.len(), 1);
}

#[tokio::test]
async fn topics_become_threads_again_when_people_want_that() {
    let spine = with_rooms().await;
    spine.telegram.may("tina", ADMIN);
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    ask(&spine, &group(), "tina", "set threads threads").await;
    let last = "BOT: Topics are threads of the main room";
    let ends = |matrix: &FakeNetwork| matrix.read(&there.chat).last().unwrap().starts_with(last);
    spine.matrix.until("the last line", ends).await;
    say(&spine, "50/52", "two").await;
    spine.matrix.until("two", reads("cem: two")).await;
    assert!(spine.store().portal_of(&there).await.unwrap().is_none());
    ask(&spine, &group(), "tina", "set threads rooms").await;
    say(&spine, "50/53", "three").await;
    let three = |matrix: &FakeNetwork| matrix.read(&there.chat).last().unwrap() == "cem: three";
    spine.matrix.until("three", three).await;
}

#[tokio::test]
async fn who_leaves_the_chat_leaves_the_rooms_of_its_topics() {
    let spine = with_rooms().await;
    spine.hear(posted(&channel(), "1", "cem", "hello")).await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    let rooms = [&room(), &there].map(keys::place).into();
    let record = GhostRecord { localpart: "_freeside_abc".into(), rooms, ..GhostRecord::default() };
    spine.store().save_ghost(&Person::new("discord", "cem"), record).await.unwrap();
    let gone = Content::MemberChanged { who: author("cem"), change: MemberChange::Left };
    spine.hear(event(&channel(), "", gone)).await;
    spine.matrix.until("left", |matrix| matrix.deeds().len() == 2).await;
    assert_eq!(spine.matrix.deeds(), ["withdraw cem", "withdraw cem"]);
}

#[tokio::test]
async fn a_topic_that_is_renamed_renames_its_room() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    let renamed = Content::ThreadChanged { name: Some("Parks".into()), closed: None };
    spine.hear(event(&channel(), "50", renamed)).await;
    let acts = |matrix: &FakeNetwork| {
        let deeds = matrix.deeds();
        deeds.iter().any(|deed| *deed == format!("chat: {:?}", ChatChange::Name("Parks".into())))
    };
    spine.matrix.until("renamed", acts).await;
    let name = ChatChange::Name("Trees".into());
    spine.hear(event(&there, "$n", Content::ChatChanged { by: None, change: name })).await;
    let thread = "thread 50: Some(\"Trees\"), closed None";
    spine.discord.until("renamed", |discord| discord.deeds().iter().any(|it| it == thread)).await;
}

#[tokio::test]
async fn a_thread_inside_of_a_topics_room_is_a_conversation_in_the_topic() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    let root = spine.matrix.id_of(&there.chat, "cem: one");
    spine.hear(threaded(&there, "$1", &root, ("@ann:x", "aside"))).await;
    spine.discord.shows(&channel().chat, &["ann: aside"]).await;
    let acts = spine.discord.acts();
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    assert_eq!(message.reply_to.as_ref().unwrap().message.as_str(), "50/51");
}

#[tokio::test]
async fn a_room_from_which_the_bot_is_taken_leaves_a_thread() {
    let spine = with_rooms().await;
    say(&spine, "50/51", "one").await;
    let there = made(&spine).await;
    spine.matrix.shows(&there.chat, &["cem: one"]).await;
    spine.hear(event(&there, "$gone", Content::Closed)).await;
    spine.settled(&core_place(&there)).await;
    let topic = spine.store().topic(&channel(), &"50".into()).await.unwrap().unwrap();
    assert_eq!(topic.state, TopicState::Declined);
    say(&spine, "50/52", "two").await;
    spine.matrix.until("two", reads("cem: two")).await;
    spine.hear(posted(&there, "$2", "@ann:x", "not for the others")).await;
    // Let in again, it goes on there.
    let (by, whom) = (author("@ann:example.org"), UserId::from(crate::rooms::BOT));
    spine.hear(event(&there, "$i", Content::Invited { by, whom })).await;
    spine
        .matrix
        .until("back", |it| {
            it.read(&there.chat).iter().any(|line| line.contains("I am here again"))
        })
        .await;
    say(&spine, "50/53", "three").await;
    spine.matrix.until("three", |it| it.read(&there.chat).contains(&"cem: three".into())).await;
    spine.hear(posted(&there, "$3", "@ann:x", "four")).await;
    spine.discord.until("four", |it| it.read(&channel().chat).contains(&"ann: four".into())).await;
    let read = spine.discord.read(&channel().chat);
    assert!(!read.iter().any(|line| line.contains("not for the others")), "{read:?}");
}
