// SPDX-License-Identifier: AGPL-3.0-or-later
//! Albums: several messages, one entry, and whose parts are whose.

use bot_core::lane::Entry;
use bot_core::order::Part;
use bot_core::store::Settlement;
use bridge_model::{ChatId, Content, MessageId, Place};

use super::World;
use crate::words::{
    carried, channel, deleted, edited, event, group, media, part, pictured, posted, replied, room,
    text,
};

on_every_engine!(
    the_files_of_an_album_are_one_entry,
    an_album_keeps_its_place_among_other_messages,
    albums_of_two_people_at_the_same_time_stay_whole,
    a_file_that_comes_too_late_goes_on_by_itself,
    an_album_waits_for_its_next_file_but_not_for_ever,
    nothing_joins_an_album_that_is_closed,
    only_the_head_is_closed,
    a_file_that_is_heard_twice_joins_once,
    an_album_waits_in_each_lane_until_that_lane_carries_it,
    each_file_that_became_a_part_belongs_to_its_message,
    an_album_that_became_one_message_is_shared_by_its_files,
    an_album_whose_files_were_lost_is_shared_too,
    an_edit_of_one_file_leaves_a_shared_copy_shared,
    a_shared_copy_that_a_platform_took_away_takes_all_files_along,
    an_album_that_stays_in_its_chat_stays_there_whole,
    an_album_moves_with_its_chat,
    an_album_is_whole_whenever_the_store_is_closed_and_opened,
);

async fn show(world: &World, ids: &[&str]) {
    for id in ids {
        assert!(world.hear(pictured(&group(), id, "ann", (id, "a"))).await);
    }
}

/// The names of the files in each waiting entry, or what else it says.
async fn entries(world: &World, lane: &Place) -> Vec<String> {
    let mut entries = Vec::new();
    while let Some(head) = world.head(lane).await {
        entries.push(names(&head.entry));
        world.deliver(lane, &[]).await;
    }
    entries
}

fn names(entry: &Entry) -> String {
    let content = &carried(&entry.work).content;
    let Content::Posted(message) = content else { return text(content) };
    if message.media.is_empty() {
        return text(content);
    }
    let names: Vec<_> = message.media.iter().filter_map(|file| file.name.as_deref()).collect();
    names.join(" ")
}

async fn leave(world: &World, lane: &Place, parts: &[Part]) {
    world.settle(lane, |settlement| Settlement { parts: parts.to_vec(), ..settlement }).await;
}

async fn parts_of(world: &World, id: &str, lane: &Place) -> Vec<Part> {
    world.replica(&group(), id).await.unwrap().parts_at(lane)
}

async fn the_files_of_an_album_are_one_entry(world: World) {
    let world = world.linked().await;
    show(&world, &["1", "2", "3"]).await;
    let entry = world.head(&room()).await.unwrap().entry;
    let Content::Posted(message) = carried(&entry.work).content else { panic!("{entry:?}") };
    assert_eq!((message.media.len(), message.body.plain().as_str()), (3, "1\n\n2\n\n3"));
    assert_eq!(carried(&entry.work).message, MessageId::from("1"));
    assert_eq!((world.depth(&room()).await, world.depth(&channel()).await), (1, 1));
}

async fn an_album_keeps_its_place_among_other_messages(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "before")).await;
    show(&world, &["2"]).await;
    world.hear(posted(&channel(), "7", "cem", "between")).await;
    show(&world, &["3"]).await;
    world.hear(replied(&group(), "4", "3", ("ann", "after"))).await;
    let expected = ["before", "2.png 3.png", "between", "after"];
    assert_eq!(entries(&world, &room()).await, expected);
    assert_eq!(entries(&world, &channel()).await, ["before", "2.png 3.png", "after"]);
}

async fn albums_of_two_people_at_the_same_time_stay_whole(world: World) {
    let world = world.linked().await;
    for (id, user, album) in [("1", "ann", "a"), ("2", "bob", "a"), ("3", "ann", "b")] {
        world.hear(pictured(&group(), id, user, ("", album))).await;
        let second = format!("{id}{id}");
        world.hear(pictured(&channel(), &second, user, ("", album))).await;
    }
    for (id, user, album) in [("4", "bob", "a"), ("5", "ann", "a"), ("6", "ann", "b")] {
        world.hear(pictured(&group(), id, user, ("", album))).await;
    }
    let own: Vec<_> = entries(&world, &channel()).await;
    assert_eq!(own, ["1.png 5.png", "2.png 4.png", "3.png 6.png"]);
    assert_eq!(world.depth(&room()).await, 6, "those of the channel are others");
}

async fn a_file_that_comes_too_late_goes_on_by_itself(world: World) {
    let mut world = world.linked().await;
    show(&world, &["1"]).await;
    world.after(1499);
    show(&world, &["2"]).await;
    world.after(1500);
    show(&world, &["3"]).await;
    world.after(1499);
    show(&world, &["4"]).await;
    assert_eq!(entries(&world, &room()).await, ["1.png 2.png", "3.png 4.png"]);
}

async fn an_album_waits_for_its_next_file_but_not_for_ever(world: World) {
    let mut world = world.linked().await;
    let mut waits = Vec::new();
    for id in ["1", "2", "3", "4"] {
        show(&world, &[id]).await;
        let head = world.head(&room()).await.unwrap();
        waits.push(head.entry.waits(world.now).unwrap().as_millis());
        world.after(1200);
    }
    assert_eq!(waits, [1500, 1500, 1500, 400]);
    let head = world.head(&room()).await.unwrap();
    assert_eq!(head.entry.waits(world.now), None);
    assert!(head.entry.is_open(), "it says so itself, whatever the time is");
    world.after(-3_600_000);
    let waits = head.entry.waits(world.now).unwrap().as_millis();
    assert_eq!(waits, 4000, "a clock that was set back does not hold it for an hour");
}

async fn nothing_joins_an_album_that_is_closed(world: World) {
    let mut world = world.linked().await;
    show(&world, &["1"]).await;
    let open = world.head(&room()).await.unwrap().entry;
    show(&world, &["2"]).await;
    let closed = world.store().close_album(&room(), open.id).await.unwrap().unwrap().entry;
    assert_eq!(names(&closed), "1.png 2.png", "it is as it is now, not as it was read");
    assert!(!closed.is_open() && closed.waits(world.now).is_none());
    world.reopen();
    show(&world, &["3"]).await;
    assert_eq!(entries(&world, &room()).await, ["1.png 2.png", "3.png"]);
    assert_eq!(entries(&world, &channel()).await, ["1.png 2.png 3.png"]);
}

async fn only_the_head_is_closed(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "before")).await;
    let head = world.head(&room()).await.unwrap();
    show(&world, &["2"]).await;
    let other = bot_core::order::EntryId(head.entry.id.0 + 2);
    let found = world.store().close_album(&room(), other).await.unwrap();
    assert_eq!(found, Some(head), "somebody else's album stays open");
    show(&world, &["3"]).await;
    assert_eq!(entries(&world, &room()).await, ["before", "2.png 3.png"]);
    assert_eq!(world.store().close_album(&room(), other).await.unwrap(), None);
}

async fn a_file_that_is_heard_twice_joins_once(world: World) {
    let world = world.linked().await;
    show(&world, &["1", "2"]).await;
    assert!(!world.hear(pictured(&group(), "2", "ann", ("", "a"))).await);
    assert!(!world.hear(pictured(&group(), "1", "ann", ("", "a"))).await);
    assert_eq!(entries(&world, &room()).await, ["1.png 2.png"]);
}

async fn an_album_waits_in_each_lane_until_that_lane_carries_it(world: World) {
    let world = world.linked().await;
    show(&world, &["1"]).await;
    world.deliver(&room(), &["$1"]).await;
    show(&world, &["2"]).await;
    assert_eq!(entries(&world, &room()).await, ["2.png"]);
    assert_eq!(entries(&world, &channel()).await, ["1.png 2.png"]);
}

async fn each_file_that_became_a_part_belongs_to_its_message(world: World) {
    let world = world.linked().await;
    show(&world, &["1", "2"]).await;
    leave(&world, &room(), &[media("$a"), media("$b"), part("$text")]).await;
    assert_eq!(parts_of(&world, "1", &room()).await, [media("$a"), part("$text")]);
    assert_eq!(parts_of(&world, "2", &room()).await, [media("$b")]);
    for (copy, id) in [("$a", "1"), ("$b", "2"), ("$text", "1")] {
        let found = world.replica(&room(), copy).await.unwrap();
        assert_eq!(found.message, MessageId::from(id));
        assert_eq!(found.copies[0].shared, [], "{copy} is nobody else's");
    }
    assert!(world.hear(deleted(&room(), "$b", None)).await);
    assert!(world.replica(&group(), "2").await.unwrap().deleted);
    assert!(!world.replica(&group(), "1").await.unwrap().deleted);
}

async fn shared(world: World) -> World {
    let world = world.linked().await;
    show(&world, &["1", "2", "3"]).await;
    leave(&world, &channel(), &[part("70"), media("71")]).await;
    leave(&world, &room(), &[media("$a"), media("$b"), media("$c")]).await;
    world
}

async fn an_album_that_became_one_message_is_shared_by_its_files(world: World) {
    let world = shared(world).await;
    assert_eq!(parts_of(&world, "1", &channel()).await, [part("70"), media("71")]);
    let all = ["1", "2", "3"].map(MessageId::from);
    for id in ["2", "3"] {
        assert_eq!(parts_of(&world, id, &channel()).await, [media("71")]);
        let copies = world.replica(&group(), id).await.unwrap().copies;
        let copy = copies.iter().find(|copy| copy.place == channel()).unwrap();
        assert_eq!(copy.shared, all);
    }
    let answered = world.replica(&channel(), "71").await.unwrap();
    assert_eq!(answered.message, MessageId::from("1"), "it stands for the first");
}

async fn an_album_whose_files_were_lost_is_shared_too(world: World) {
    let world = world.linked().await;
    show(&world, &["1", "2"]).await;
    leave(&world, &channel(), &[part("70")]).await;
    assert_eq!(parts_of(&world, "2", &channel()).await, [part("70")]);
    assert_eq!(parts_of(&world, "1", &channel()).await, [part("70")]);
}

async fn an_edit_of_one_file_leaves_a_shared_copy_shared(world: World) {
    let world = shared(world).await;
    world.hear(edited(&group(), "2", "ann", "another caption")).await;
    leave(&world, &channel(), &[media("71")]).await;
    let copies = world.replica(&group(), "2").await.unwrap().copies;
    let copy = copies.iter().find(|copy| copy.place == channel()).unwrap();
    assert_eq!(copy.shared.len(), 3);
    assert_eq!(world.replica(&channel(), "71").await.unwrap().message, MessageId::from("1"));
}

async fn a_shared_copy_that_a_platform_took_away_takes_all_files_along(world: World) {
    let world = shared(world).await;
    assert!(world.hear(deleted(&channel(), "71", None)).await);
    for id in ["1", "2", "3"] {
        assert!(world.replica(&group(), id).await.unwrap().deleted, "{id}");
    }
    for lane in [room(), group()] {
        let mut gone = Vec::new();
        while let Some(head) = world.head(&lane).await {
            let event = carried(&head.entry.work);
            let named = world.store().find_replica(&event.place, &event.message).await;
            gone.push(named.unwrap().unwrap().message);
            world.deliver(&lane, &[]).await;
        }
        assert_eq!(gone, ["1", "2", "3"].map(MessageId::from));
    }
    assert!(!world.hear(deleted(&channel(), "71", None)).await, "it counts once");
}

async fn an_album_that_stays_in_its_chat_stays_there_whole(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(pictured(&group(), "1", "ann", ("(NOFWD) mine", "a"))).await);
    assert!(!world.hear(pictured(&group(), "2", "ann", ("", "a"))).await);
    assert!(world.hear(pictured(&group(), "3", "ann", ("", "b"))).await);
    assert!(world.hear(pictured(&group(), "4", "bob", ("", "a"))).await);
    assert_eq!(entries(&world, &room()).await, ["3.png", "4.png"]);
}

async fn an_album_moves_with_its_chat(world: World) {
    let world = world.linked().await;
    let new = Place::new("telegram", "-100999");
    world.hear(pictured(&room(), "$1", "@ann:x", ("", "a"))).await;
    world.hear(event(&group(), "", Content::Moved { to: ChatId::from("-100999") })).await;
    world.hear(pictured(&room(), "$2", "@ann:x", ("", "a"))).await;
    assert_eq!(entries(&world, &new).await, ["$1.png $2.png"]);
    assert_eq!(world.depth(&group()).await, 0);
}

/// The store is closed before each step, as if the process had died there.
async fn an_album_is_whole_whenever_the_store_is_closed_and_opened(world: World) {
    let mut world = world.linked().await;
    for id in ["1", "2", "3"] {
        world.reopen();
        show(&world, &[id]).await;
        world.reopen();
        assert!(!world.hear(pictured(&group(), id, "ann", ("", "a"))).await);
    }
    world.reopen();
    let entry = world.head(&room()).await.unwrap().entry;
    world.store().close_album(&room(), entry.id).await.unwrap();
    world.reopen();
    assert_eq!(names(&world.head(&room()).await.unwrap().entry), "1.png 2.png 3.png");
    leave(&world, &room(), &[media("$a"), media("$b"), media("$c")]).await;
    world.reopen();
    assert_eq!(parts_of(&world, "3", &room()).await, [media("$c")]);
    assert_eq!(world.depth(&room()).await, 0);
    show(&world, &["4"]).await;
    assert_eq!(world.depth(&room()).await, 1, "nothing of the settled entry is left to join");
}
