// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is counted: everybody once a week, and nobody's name or mark once the week is over.

use bot_core::migration::{MigrationChange, Tag};
use bot_core::portal::PortalId;
use bot_core::store::keys::Everything;
use bot_core::store::notices::Linked;
use bot_core::store::{Change, tables};
use bridge_model::{AuthorKind, Content, Event, MessageKind, Note, Service};
use bridge_policy::calendar::Week;
use bridge_policy::figures::{Side, Tally, WeekFigures};
use bridge_policy::hosts::MOST;
use bridge_policy::stage::Effect;

use super::World;
use crate::words::{DAY, channel, event, group, message, posted, replied, room};

on_every_engine!(
    everybody_is_counted_once_a_week_and_again_in_the_next,
    a_week_is_closed_by_the_clock_and_at_a_start,
    what_nobody_said_is_not_counted,
    a_week_that_an_earlier_version_began_ends_as_an_estimate,
    after_the_end_nothing_tells_who_wrote,
    hosts_that_nobody_knows_are_few_and_are_forgotten,
);

const PORTAL: PortalId = PortalId(1);

async fn weeks(world: &World) -> Vec<WeekFigures> {
    world.store().figures(PORTAL).await.unwrap()
}

/// Messages, answers to another side, and authors of a network in the last week.
async fn side(world: &World, network: &str) -> (u64, u64, u32) {
    let last = weeks(world).await.pop().expect("nothing was counted");
    let side = last.sides.into_iter().find(|(known, _)| known == network);
    side.map_or((0, 0, 0), |(_, side)| (side.messages, side.crossing, side.people()))
}

/// Marks of people who wrote in weeks that are not closed.
async fn marks(world: &World) -> usize {
    let job = |tx: &bot_core::store::txn::Txn<'_>| {
        Ok(tx.scan(&tables::AUTHORS, &Everything, usize::MAX)?.len())
    };
    world.store().read(job).await.unwrap()
}

async fn everybody_is_counted_once_a_week_and_again_in_the_next(world: World) {
    let mut world = world.linked().await;
    for number in 0..120 {
        let by = format!("u{}", number % 40);
        world.hear(posted(&group(), &format!("g{number}"), &by, "hello")).await;
    }
    for number in 0..9 {
        let by = format!("@p{}:x", number % 3);
        world.hear(posted(&room(), &format!("$r{number}"), &by, "hello")).await;
    }
    world.hear(posted(&channel(), "c1", "u1", "the same id is somebody else here")).await;
    assert_eq!(side(&world, "telegram").await, (120, 0, 40));
    assert_eq!(side(&world, "matrix").await, (9, 0, 3));
    assert_eq!(side(&world, "discord").await, (1, 0, 1));
    assert_eq!(marks(&world).await, 44);
    world.after(7 * DAY);
    world.hear(posted(&group(), "next", "u1", "hello again")).await;
    assert_eq!(side(&world, "telegram").await, (1, 0, 1));
    assert_eq!(marks(&world).await, 1, "the marks of the week before are gone");
    let all = weeks(&world).await;
    assert_eq!(all.iter().map(|week| week.closed).collect::<Vec<_>>(), [true, false]);
    assert!(all[0].sides.iter().all(|(_, side)| side.exact));
}

async fn a_week_is_closed_by_the_clock_and_at_a_start(world: World) {
    let mut world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.store().due(world.now).await.unwrap();
    assert_eq!((marks(&world).await, weeks(&world).await[0].closed), (1, false));
    world.after(7 * DAY);
    world.reopen();
    world.store().due(world.now).await.unwrap();
    assert_eq!((marks(&world).await, weeks(&world).await[0].closed), (0, true));
    assert_eq!(side(&world, "telegram").await, (1, 0, 1));
}

async fn what_nobody_said_is_not_counted(world: World) {
    let world = world.linked().await;
    let names = vec!["Tom".to_owned()];
    let mut joined = message("tom", "");
    joined.kind = MessageKind::Notice;
    joined.notes = vec![Note::Service(Service::Joined { names })];
    let mut robot = message("robot", "hello");
    robot.author.kind = AuthorKind::Bot;
    let mut notice = message("ann", "* a notice of a person *");
    notice.kind = MessageKind::Notice;
    let say = |id: &str, said| event(&group(), id, Content::Posted(said));
    let late = Event { late: true, ..posted(&group(), "4", "tom", "from before") };
    for event in [say("1", joined), say("2", robot), say("3", notice), late] {
        world.hear(event).await;
    }
    assert_eq!(side(&world, "telegram").await, (1, 0, 1), "only Ann said something");
    world.hear(posted(&group(), "5", "ann", "(NOFWD) stays here")).await;
    world.hear(replied(&group(), "6", "3", ("tom", "an answer on the same side"))).await;
    assert_eq!(side(&world, "telegram").await, (2, 0, 2));
}

async fn a_week_that_an_earlier_version_began_ends_as_an_estimate(world: World) {
    let mut world = world.linked().await;
    let week = Week::of(world.now);
    let mut open = Tally::default();
    for hash in 0..6 {
        open.note(hash * 1_000);
    }
    let side_of_old = Side { messages: 6, open, ..Side::default() };
    let old =
        WeekFigures { sides: vec![("telegram".into(), side_of_old)], ..WeekFigures::new(week) };
    world.tamper(|kv| {
        let row = tables::FIGURES.row(&(PORTAL, week)).0;
        let sealed = tables::FIGURES.seal(&old).unwrap();
        kv.apply(&[(row, Some(sealed))].into()).unwrap();
    });
    world.reopen();
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    world.after(7 * DAY);
    world.store().due(world.now).await.unwrap();
    let closed = weeks(&world).await.remove(0);
    let of = |network: &str| {
        let mut sides = closed.sides.iter();
        sides.find(|(known, _)| known == network).map(|(_, side)| side.clone()).unwrap()
    };
    assert_eq!((of("telegram").exact, of("telegram").messages), (false, 7));
    assert!((6..=7).contains(&of("telegram").people()), "{:?}", of("telegram"));
    assert_eq!((of("matrix").exact, of("matrix").people()), (true, 1));
}

async fn after_the_end_nothing_tells_who_wrote(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    assert_eq!(marks(&world).await, 1);
    let tag = Tag { portal: PORTAL, step: 0, index: 0, effect: Effect::Erase };
    let erase = MigrationChange::Erase(room(), tag);
    world.change(Change::Move(Box::new(erase))).await.unwrap();
    assert_eq!(marks(&world).await, 0);
    assert_eq!(side(&world, "telegram").await, (1, 0, 1), "what is only counted stays");

    let gone = World::memory().linked().await;
    gone.hear(posted(&group(), "1", "ann", "hello")).await;
    for place in [group(), channel()] {
        gone.change(Change::Unlink(place)).await.unwrap();
    }
    assert_eq!((marks(&gone).await, weeks(&gone).await.len()), (0, 0));
}

async fn hosts_that_nobody_knows_are_few_and_are_forgotten(world: World) {
    let mut world = world.linked().await;
    let link = |hosts: Vec<String>| {
        let linked = Linked { portal: PORTAL, used: Vec::new(), hosts, notices: Vec::new() };
        Change::Linked(Box::new(linked))
    };
    for _ in 0..2 {
        world.change(link(vec!["often.example".into()])).await.unwrap();
    }
    let many = (0..MOST + 20).map(|number| format!("h{number}.example")).collect();
    world.change(link(many)).await.unwrap();
    let hosts = world.store().hosts(PORTAL).await.unwrap();
    assert_eq!(hosts.len(), MOST);
    assert_eq!((hosts[0].host.as_str(), hosts[0].links()), ("often.example", 2));
    world.after(84 * DAY);
    world.store().due(world.now).await.unwrap();
    assert!(world.store().hosts(PORTAL).await.unwrap().is_empty());
}
