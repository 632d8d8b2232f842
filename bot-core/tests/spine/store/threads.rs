// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads: what one hangs on comes before its first message.

use bridge_model::{Content, Message, MessageId, MessageKind, Note, Service, Thread};

use super::World;
use crate::words::{
    carried, channel, deleted, event, group, message, posted, room, text, threaded,
};

on_every_engine!(
    a_thread_of_which_nobody_knows_the_beginning_begins_with_a_line,
    a_thread_on_a_known_message_needs_no_line,
    the_line_has_the_name_of_the_thread,
    a_message_that_goes_nowhere_opens_no_thread,
    what_a_thread_hangs_on_is_taken_in_once,
    what_a_thread_hangs_on_survives_closing_and_opening,
);

async fn opened(world: &World) -> Vec<(String, Vec<Note>)> {
    let mut seen = Vec::new();
    while world.head(&room()).await.is_some() {
        let entry = world.deliver(&room(), &[]).await;
        let event = carried(&entry.work);
        let Content::Posted(message) = event.content else { continue };
        seen.push((event.message.as_str().to_owned(), message.notes));
    }
    seen
}

fn line(name: &str) -> Vec<Note> {
    vec![Note::Service(Service::ThreadOpened { name: name.into() })]
}

async fn a_thread_of_which_nobody_knows_the_beginning_begins_with_a_line(world: World) {
    let world = world.linked().await;
    assert!(world.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await);
    assert!(world.hear(threaded(&channel(), "50/52", "50", ("ece", "two"))).await);
    for lane in [room(), group()] {
        assert_eq!(world.depth(&lane).await, 3);
        let head = carried(&world.head(&lane).await.unwrap().entry.work);
        let Content::Posted(root) = &head.content else { panic!("{head:?}") };
        assert_eq!((root.kind, root.author.user.as_str()), (MessageKind::Notice, "cem"));
    }
    let seen = opened(&world).await;
    let expected =
        [("50".into(), line("")), ("50/51".into(), Vec::new()), ("50/52".into(), Vec::new())];
    assert_eq!(seen, expected);
    assert!(world.replica(&channel(), "50").await.is_some());
}

async fn a_thread_on_a_known_message_needs_no_line(world: World) {
    let world = world.linked().await;
    world.hear(posted(&channel(), "50", "cem", "let us talk")).await;
    world.hear(threaded(&channel(), "50/51", "50", ("ece", "yes"))).await;
    assert_eq!(world.drain(&room()).await, ["let us talk", "yes"]);
}

async fn the_line_has_the_name_of_the_thread(world: World) {
    let world = world.linked().await;
    let thread = Some(Thread { root: MessageId::from("9"), name: Some("Maps".into()) });
    let said = Message { thread, ..message("ann", "north is up") };
    world.hear(event(&group(), "10", Content::Posted(said))).await;
    assert_eq!(opened(&world).await[0], ("9".into(), line("Maps")));
}

async fn a_message_that_goes_nowhere_opens_no_thread(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(threaded(&channel(), "50/51", "50", ("cem", "(NOFWD) psst"))).await);
    assert_eq!(world.replica(&channel(), "50").await, None);
    world.hear(threaded(&channel(), "50/52", "50", ("cem", "one"))).await;
    assert!(!world.hear(threaded(&channel(), "50/52", "60", ("cem", "one"))).await);
    assert_eq!(world.replica(&channel(), "60").await, None);
    world.hear(threaded(&channel(), "70", "70", ("cem", "the post itself"))).await;
    let seen: Vec<_> = opened(&world).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(seen, ["50", "50/52", "70"]);
}

async fn what_a_thread_hangs_on_is_taken_in_once(world: World) {
    let world = world.linked().await;
    world.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await;
    assert!(!world.hear(posted(&channel(), "50", "cem", "the service message, late")).await);
    assert!(world.hear(deleted(&channel(), "50", None)).await);
    assert!(world.hear(threaded(&channel(), "50/53", "50", ("cem", "goes on"))).await);
    assert_eq!(world.depth(&room()).await, 4, "line, message, deletion, message");
}

async fn what_a_thread_hangs_on_survives_closing_and_opening(world: World) {
    let mut world = world.linked().await;
    world.hear(threaded(&channel(), "50/51", "50", ("cem", "one"))).await;
    world.reopen();
    world.hear(threaded(&channel(), "50/52", "50", ("cem", "two"))).await;
    world.deliver(&room(), &["$root"]).await;
    world.reopen();
    let root = world.replica(&channel(), "50").await.unwrap();
    assert_eq!(root.parts_at(&room())[0].id, MessageId::from("$root"));
    let content = carried(&world.head(&room()).await.unwrap().entry.work).content;
    assert_eq!(text(&content), "one");
}
