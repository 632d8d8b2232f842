// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that stay on their own side: floods, the same again, and new people.

use bot_core::lane::{Work, core_place};
use bot_core::migration::Task;
use bot_core::portal::{ConsentMode, FirstMessages, Setting};
use bot_core::store::Change;
use bridge_model::{Content, Event, Person};
use bridge_policy::brakes::{Brake, Brakes, MOST, TOLD_MS, WAITS_MS, WINDOW_MS};

use super::World;
use crate::words::{
    deleted, edited, file, group, message, pictured, posted, reacted, replied, room,
};

on_every_engine!(
    more_than_people_write_stays_and_is_told_once,
    what_stays_comes_back_by_no_edit_and_with_no_answer,
    a_message_that_is_heard_again_is_judged_once,
    files_of_an_album_are_one_message,
    links_of_new_people_stay_until_they_have_spoken,
    in_a_raid_only_those_cross_who_were_here,
    whoever_unlinks_leaves_no_habits,
    first_messages_wait_until_somebody_who_is_known_reacts,
    first_messages_cross_by_themselves_after_some_minutes,
    a_first_message_crosses_in_its_newest_form_or_not_at_all,
    whoever_keeps_their_words_meanwhile_has_none_of_them_shared,
    of_a_crowd_of_new_people_no_more_waits_than_a_room_can_read,
    whoever_unlinks_or_is_forgotten_leaves_nothing_that_waits,
);

async fn braked(world: World, brakes: Brakes) -> World {
    let world = world.linked().await;
    world.change(Change::Set(room(), Setting::Brakes(brakes))).await.unwrap();
    world
}

/// Brake the author in the group was told that something stays.
async fn told(world: &World) -> Vec<Brake> {
    let mut all = Vec::new();
    while let Some(head) = world.head(&core_place(&group())).await {
        if let Work::Task(Task::Braked(_, why)) = &head.entry.work {
            all.push(*why);
        }
        world.deliver(&core_place(&group()), &[]).await;
    }
    all
}

async fn more_than_people_write_stays_and_is_told_once(world: World) {
    let mut world = braked(world, Brakes::Flood).await;
    for number in 0..MOST + 5 {
        let text = format!("message {number}");
        world.hear(posted(&group(), &format!("{number}"), "ann", &text)).await;
    }
    world.hear(posted(&group(), "bob", "bob", "somebody else")).await;
    assert_eq!(world.depth(&room()).await, u64::try_from(MOST).unwrap() + 1);
    assert_eq!(told(&world).await, [Brake::Flood]);
    world.after(WINDOW_MS + TOLD_MS);
    world.hear(posted(&group(), "later", "ann", "a new thought")).await;
    assert_eq!(world.depth(&room()).await, u64::try_from(MOST).unwrap() + 2);
    for number in 0..3 {
        world.hear(posted(&group(), &format!("r{number}"), "ann", "BUY this")).await;
    }
    assert_eq!(world.depth(&room()).await, u64::try_from(MOST).unwrap() + 4);
    assert_eq!(told(&world).await, [Brake::Repeated]);
}

async fn what_stays_comes_back_by_no_edit_and_with_no_answer(world: World) {
    let world = braked(world, Brakes::Raid).await;
    world.change(Change::Set(room(), Setting::Brakes(Brakes::Off))).await.unwrap();
    world.hear(posted(&group(), "0", "bob", "I was here")).await;
    world.change(Change::Set(room(), Setting::Brakes(Brakes::Raid))).await.unwrap();
    world.drain(&room()).await;
    world.hear(posted(&group(), "1", "eve", "come to my channel")).await;
    world.hear(edited(&group(), "1", "eve", "come to my other channel")).await;
    assert_eq!(world.depth(&room()).await, 0);
    let mut answer = replied(&group(), "2", "1", ("bob", "no"));
    if let Content::Posted(message) = &mut answer.content
        && let Some(reply) = &mut message.reply_to
    {
        reply.excerpt = Some(bridge_model::RichText::plain_text("come to my channel"));
    }
    world.hear(answer).await;
    let entry = world.head(&room()).await.expect("Bob's answer crosses").entry;
    let Content::Posted(carried) = &crate::words::carried(&entry.work).content else { panic!() };
    assert_eq!(carried.reply_to.as_ref().and_then(|reply| reply.excerpt.clone()), None);
}

async fn a_message_that_is_heard_again_is_judged_once(world: World) {
    let world = braked(world, Brakes::Newcomers).await;
    let link = || posted(&group(), "1", "eve", "https://example.org/");
    for _ in 0..5 {
        world.hear(link()).await;
    }
    assert_eq!(world.depth(&room()).await, 0, "however often it is told");
    assert_eq!(told(&world).await, [Brake::Newcomer]);
}

async fn files_of_an_album_are_one_message(world: World) {
    let world = braked(world, Brakes::Flood).await;
    for number in 0..MOST + 5 {
        let name = format!("{number}.png");
        let mut event = pictured(&group(), &name, "ann", ("", "album"));
        if let Content::Posted(message) = &mut event.content {
            message.media = vec![file(&name)];
        }
        world.hear(event).await;
    }
    assert_eq!(told(&world).await, []);
    assert_eq!(world.depth(&room()).await, 1, "one entry with all of them");
}

async fn links_of_new_people_stay_until_they_have_spoken(world: World) {
    let world = braked(world, Brakes::Newcomers).await;
    let link = |id: &str| posted(&group(), id, "eve", &format!("see https://example.org/{id}"));
    world.hear(link("1")).await;
    let mut picture = posted(&group(), "2", "eve", "look");
    if let Content::Posted(message) = &mut picture.content {
        message.media = vec![file("a.png")];
    }
    world.hear(picture).await;
    assert_eq!(world.depth(&room()).await, 0);
    for number in 3..6 {
        world.hear(posted(&group(), &number.to_string(), "eve", &format!("words {number}"))).await;
    }
    world.hear(link("6")).await;
    assert_eq!(world.depth(&room()).await, 4);
}

async fn in_a_raid_only_those_cross_who_were_here(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "before anybody looked")).await;
    world.change(Change::Set(room(), Setting::Brakes(Brakes::Raid))).await.unwrap();
    world.hear(posted(&group(), "2", "ann", "still here")).await;
    for number in 3..20 {
        world.hear(posted(&group(), &number.to_string(), &format!("raider{number}"), "raid")).await;
    }
    assert_eq!(world.depth(&room()).await, 2);
    // What a bot or a catch-up brings is not judged.
    let late = Event { late: true, ..posted(&group(), "20", "cara", "from an outage") };
    world.hear(late).await;
    assert_eq!(world.depth(&room()).await, 3);
}

async fn whoever_unlinks_leaves_no_habits(world: World) {
    let world = braked(world, Brakes::Raid).await;
    world
        .hear(Event {
            content: Content::Posted(message("eve", "let me in")),
            ..posted(&group(), "1", "eve", "")
        })
        .await;
    world.change(Change::Unlink(group())).await.unwrap();
    let world = world.linked().await;
    world.change(Change::Set(room(), Setting::Brakes(Brakes::Newcomers))).await.unwrap();
    for number in 2..5 {
        world.hear(posted(&group(), &number.to_string(), "eve", "hello")).await;
    }
    assert_eq!(world.depth(&room()).await, 2, "the third time is the same again");
}

/// Ann is known, and Eve's first two messages wait.
async fn waiting(world: World) -> World {
    let world = world.linked().await;
    world.hear(posted(&group(), "0", "ann", "I am often here")).await;
    world.change(Change::Set(room(), Setting::FirstMessages(FirstMessages::Wait))).await.unwrap();
    world.drain(&room()).await;
    world.hear(posted(&group(), "1", "eve", "hello")).await;
    world.hear(posted(&group(), "2", "eve", "is anybody here?")).await;
    assert_eq!(world.depth(&room()).await, 0);
    assert_eq!(told(&world).await, [Brake::First], "she is told once");
    world
}

/// The words that wait for the room.
async fn for_the_room(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(head) = world.head(&room()).await {
        let content = crate::words::carried(&head.entry.work).content;
        let reacts = matches!(content, Content::Reacted { .. });
        all.push(if reacts { "a reaction".into() } else { crate::words::text(&content) });
        world.deliver(&room(), &["copy"]).await;
    }
    all
}

async fn first_messages_wait_until_somebody_who_is_known_reacts(world: World) {
    let world = waiting(world).await;
    world.hear(reacted(&group(), "1", ("eve", "👍"), Some("r1"))).await;
    world.hear(reacted(&group(), "1", ("new", "👍"), Some("r2"))).await;
    assert_eq!(world.depth(&room()).await, 0, "not she herself, nor somebody as new");
    world.hear(reacted(&group(), "2", ("ann", "👍"), Some("r3"))).await;
    let words = for_the_room(&world).await;
    assert_eq!(words, ["hello", "is anybody here?", "a reaction"]);
    world.hear(posted(&group(), "3", "eve", "thank you")).await;
    assert_eq!(for_the_room(&world).await, ["thank you"]);
}

async fn first_messages_cross_by_themselves_after_some_minutes(world: World) {
    let mut world = waiting(world).await;
    world.after(WAITS_MS - 1);
    world.store().due(world.now).await.unwrap();
    assert_eq!(world.depth(&room()).await, 0);
    world.after(1);
    world.store().due(world.now).await.unwrap();
    world.store().due(world.now).await.unwrap();
    assert_eq!(for_the_room(&world).await, ["hello", "is anybody here?"]);
    world.hear(posted(&group(), "1", "eve", "hello")).await;
    assert_eq!(world.depth(&room()).await, 0, "told again by the platform");
}

async fn a_first_message_crosses_in_its_newest_form_or_not_at_all(world: World) {
    let mut world = waiting(world).await;
    world.hear(edited(&group(), "1", "eve", "hello, all")).await;
    world.hear(edited(&group(), "1", "mallory", "forged")).await;
    world.hear(deleted(&group(), "2", Some("eve"))).await;
    world.after(WAITS_MS);
    world.store().due(world.now).await.unwrap();
    assert_eq!(for_the_room(&world).await, ["hello, all"]);
}

async fn whoever_keeps_their_words_meanwhile_has_none_of_them_shared(world: World) {
    let mut world = waiting(world).await;
    world.hear(edited(&group(), "1", "eve", "(NOFWD) hello")).await;
    world.change(Change::Set(room(), Setting::Consent(ConsentMode::OptIn))).await.unwrap();
    world.after(WAITS_MS);
    world.store().due(world.now).await.unwrap();
    assert_eq!(world.depth(&room()).await, 0);
}

async fn of_a_crowd_of_new_people_no_more_waits_than_a_room_can_read(world: World) {
    let mut world = waiting(world).await;
    for number in 0..150 {
        let (message, author) = (format!("c{number}"), format!("crowd{number}"));
        world.hear(posted(&group(), &message, &author, &format!("buy {number}"))).await;
    }
    assert!(told(&world).await.contains(&Brake::Flood), "who is too late is told");
    world.after(WAITS_MS);
    world.store().due(world.now).await.unwrap();
    assert_eq!(for_the_room(&world).await.len(), 100);
}

async fn whoever_unlinks_or_is_forgotten_leaves_nothing_that_waits(world: World) {
    let mut world = waiting(world).await;
    world.hear(posted(&group(), "3", "zoe", "good evening")).await;
    let eve = Person { network: group().network, user: "eve".into() };
    world.store().forget_person(&eve).await.unwrap();
    world.after(WAITS_MS);
    world.store().due(world.now).await.unwrap();
    assert_eq!(for_the_room(&world).await, ["good evening"]);
    world.hear(posted(&group(), "4", "yan", "hello")).await;
    world.change(Change::Unlink(group())).await.unwrap();
    let mut world = world.linked().await;
    world.after(WAITS_MS);
    world.store().due(world.now).await.unwrap();
    assert_eq!(world.depth(&room()).await, 0);
}
