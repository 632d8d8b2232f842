// SPDX-License-Identifier: AGPL-3.0-or-later
//! What goes from one chat to the others besides messages: looks, pins, people.

use bot_core::lane::{Speaker, core_place};
use bot_core::portal::{Owner, Setting};
use bot_core::store::{Change, GhostRecord, keys};
use bridge_model::{
    ChatChange, ChatId, Content, Event, MediaHandle, MemberChange, MessageId, Note, Person, Place,
    Service, ServiceClass,
};

use super::World;
use crate::words::{author, carried, channel, event, group, posted, room};

on_every_engine!(
    looks_cross_from_the_side_that_decides,
    an_echo_of_our_own_change_goes_nowhere,
    pins_cross_from_the_side_that_decides_and_once,
    a_ghost_follows_its_person_only_where_it_is,
    people_of_matrix_come_and_go_in_the_words_of_the_bot,
    silent_service_messages_are_recorded_and_go_nowhere,
    a_room_that_is_replaced_takes_its_portal_and_its_lane_along,
);

fn renamed(place: &Place, name: &str) -> Event {
    changed(place, ChatChange::Name(name.into()))
}

fn changed(place: &Place, change: ChatChange) -> Event {
    event(place, "", Content::ChatChanged { by: None, change })
}

async fn owned_by(world: World, owner: Owner) -> World {
    let world = world.linked().await;
    world.change(Change::Set(room(), Setting::Metadata(owner))).await.unwrap();
    world
}

async fn looks_cross_from_the_side_that_decides(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(renamed(&group(), "A")).await, "nobody decides");
    world.change(Change::Set(group(), Setting::Metadata(Owner::Legacy))).await.unwrap();
    assert!(!world.hear(renamed(&room(), "B")).await);
    assert!(!world.hear(renamed(&group(), "A")).await, "that is known");
    assert!(world.hear(renamed(&group(), "C")).await);
    assert_eq!((world.depth(&room()).await, world.depth(&channel()).await), (1, 1));
    world.change(Change::Set(group(), Setting::Metadata(Owner::Matrix))).await.unwrap();
    assert!(!world.hear(renamed(&channel(), "D")).await);
    assert!(world.hear(renamed(&room(), "E")).await);
    assert_eq!((world.depth(&group()).await, world.depth(&channel()).await), (1, 2));
}

async fn an_echo_of_our_own_change_goes_nowhere(world: World) {
    let world = owned_by(world, Owner::Legacy).await;
    for name in ["A", "B", "C"] {
        assert!(world.hear(renamed(&group(), name)).await);
    }
    for name in ["A", "B", "C"] {
        assert!(!world.hear(renamed(&channel(), name)).await, "{name}");
    }
    assert!(world.hear(renamed(&channel(), "A")).await, "a second time it is somebody else");
    assert!(world.hear(renamed(&group(), "The map room!")).await);
    assert!(!world.hear(renamed(&channel(), "the-map-room")).await, "as Discord writes it");
    assert!(world.hear(renamed(&channel(), "the-map-rooms")).await);
    let picture = |network: &str, reference: &str| {
        let handle = MediaHandle { network: network.into(), reference: reference.into() };
        ChatChange::Avatar(Some(handle))
    };
    assert!(world.hear(changed(&group(), picture("telegram", "1"))).await);
    assert!(!world.hear(changed(&channel(), picture("discord", "x"))).await);
    assert!(world.hear(changed(&channel(), picture("discord", "y"))).await);
}

async fn pins_cross_from_the_side_that_decides_and_once(world: World) {
    let world = owned_by(world, Owner::Legacy).await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    for lane in [room(), channel()] {
        world.deliver(&lane, &["$1"]).await;
    }
    let pin = |place: &Place, id: &str| event(place, id, Content::Pinned);
    assert!(!world.hear(pin(&room(), "$1")).await, "the room does not decide");
    assert!(world.hear(pin(&group(), "1")).await);
    assert!(!world.hear(pin(&group(), "1")).await);
    assert!(!world.hear(pin(&channel(), "$1")).await, "the echo of ours");
    assert!(world.hear(event(&group(), "1", Content::Unpinned)).await);
    assert_eq!(world.depth(&room()).await, 2);
    let notice = bot_core::lane::Work::say(
        &group(),
        Some("disclosure"),
        crate::words::message("bot", "notice"),
    );
    world.then(vec![(group(), notice)]).await;
    world.deliver(&group(), &["9"]).await;
    assert!(!world.hear(pin(&group(), "9")).await, "the bot's own notice");
}

async fn a_ghost_follows_its_person_only_where_it_is(world: World) {
    let world = world.linked().await;
    let member = |user: &str, change| {
        event(&group(), "", Content::MemberChanged { who: author(user), change })
    };
    let all = [MemberChange::Joined, MemberChange::Profile, MemberChange::Left];
    for change in all {
        assert!(!world.hear(member("ann", change)).await, "she has no ghost");
    }
    let record = GhostRecord { localpart: "fs_ann".into(), ..GhostRecord::default() };
    let ann = Person::new("telegram", "ann");
    world.store().save_ghost(&ann, record.clone()).await.unwrap();
    assert!(!world.hear(member("ann", MemberChange::Left)).await, "it is not in the room");
    let rooms = vec![keys::place(&room())];
    world.store().save_ghost(&ann, GhostRecord { rooms, ..record }).await.unwrap();
    assert!(!world.hear(member("ann", MemberChange::Joined)).await);
    assert!(world.hear(member("ann", MemberChange::Profile)).await);
    assert!(world.hear(member("ann", MemberChange::Left)).await);
    assert_eq!((world.depth(&room()).await, world.depth(&channel()).await), (2, 0));
}

async fn people_of_matrix_come_and_go_in_the_words_of_the_bot(world: World) {
    let world = world.linked().await;
    let member = |id: &str, change| {
        event(&room(), id, Content::MemberChanged { who: author("@ann:x"), change })
    };
    assert!(!world.hear(member("$1", MemberChange::Joined)).await, "silent at first");
    world.change(Change::Set(room(), Setting::Silent(Vec::new()))).await.unwrap();
    assert!(world.hear(member("$2", MemberChange::Joined)).await);
    assert!(!world.hear(member("$2", MemberChange::Joined)).await);
    assert!(!world.hear(member("$3", MemberChange::Profile)).await);
    let work = world.head(&group()).await.unwrap().entry.work;
    let Content::Posted(said) = carried(&work).content else { panic!("{work:?}") };
    assert_eq!((work.relayed().unwrap().speaker, said.notes), (Speaker::Bot, vec![joined("ann")]));
}

fn joined(name: &str) -> Note {
    Note::Service(Service::Joined { names: vec![name.into()] })
}

async fn silent_service_messages_are_recorded_and_go_nowhere(world: World) {
    let world = world.linked().await;
    let service = |id: &str, note: Note| {
        let mut said = bridge_model::Message::new(author("ann"), world.now);
        said.kind = bridge_model::MessageKind::Notice;
        said.notes = vec![note];
        event(&group(), id, Content::Posted(said))
    };
    assert!(!world.hear(service("1", joined("bob"))).await);
    assert!(world.replica(&group(), "1").await.is_some());
    let renamed = || Note::Service(Service::Renamed { to: "A".into() });
    assert!(world.hear(service("2", renamed())).await);
    world.change(Change::Set(room(), Setting::Metadata(Owner::Legacy))).await.unwrap();
    assert!(!world.hear(service("3", renamed())).await, "the room itself is renamed");
    world.change(Change::Set(room(), Setting::Metadata(Owner::Nobody))).await.unwrap();
    let threads = Setting::Silent(vec![ServiceClass::Threads, ServiceClass::Chat]);
    world.change(Change::Set(room(), threads)).await.unwrap();
    assert!(!world.hear(service("4", renamed())).await);
    assert!(!world.hear(service("5", Note::Service(Service::ThreadClosed))).await);
    let opened = Note::Service(Service::ThreadOpened { name: "T".into() });
    assert!(world.hear(service("6", opened)).await, "messages hang on it");
    assert!(world.hear(service("7", joined("bob"))).await);
}

async fn a_room_that_is_replaced_takes_its_portal_and_its_lane_along(world: World) {
    let world = world.linked().await;
    let new = Place::new("matrix", "!new:example.org");
    world.hear(posted(&group(), "1", "ann", "1")).await;
    let moved = event(&room(), "$t", Content::Moved { to: ChatId::from("!new:example.org") });
    let accepted = world.batch(Vec::new(), vec![moved.clone()]).await;
    let woken: Vec<_> = accepted.lanes.iter().map(|lane| (&lane.place, lane.depth)).collect();
    assert_eq!(woken, [(&new, 1), (&core_place(&new), 1)]);
    assert!(!world.hear(moved).await, "it moves once");
    assert_eq!(world.store().portal_of(&room()).await.unwrap(), None);
    assert_eq!(world.store().portal_of(&group()).await.unwrap().unwrap().room, new);
    world.hear(posted(&channel(), "5", "cem", "2")).await;
    assert_eq!(world.drain(&new).await, ["1", "2"]);
    world.hear(posted(&new, "$1", "@bob:x", "hello")).await;
    assert_eq!(world.drain(&channel()).await, ["1", "hello"]);
    assert!(world.store().find_replica(&new, &MessageId::from("$1")).await.unwrap().is_some());
}
