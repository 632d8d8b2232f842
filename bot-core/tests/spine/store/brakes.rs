// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that stay on their own side: floods, the same again, and new people.

use bot_core::lane::{Work, core_place};
use bot_core::migration::Task;
use bot_core::portal::Setting;
use bot_core::store::Change;
use bridge_model::{Content, Event};
use bridge_policy::brakes::{Brake, Brakes, MOST, TOLD_MS, WINDOW_MS};

use super::World;
use crate::words::{edited, file, group, message, pictured, posted, replied, room};

on_every_engine!(
    more_than_people_write_stays_and_is_told_once,
    what_stays_comes_back_by_no_edit_and_with_no_answer,
    a_message_that_is_heard_again_is_judged_once,
    files_of_an_album_are_one_message,
    links_of_new_people_stay_until_they_have_spoken,
    in_a_raid_only_those_cross_who_were_here,
    whoever_unlinks_leaves_no_habits,
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
