// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is taken in, and where it goes.

use bot_core::lane::core_place;
use bot_core::migration::{MigrationChange, StandingNotice};
use bot_core::order::Mark;
use bot_core::portal::{ConsentMode, Owner, Setting};
use bot_core::store::txn::Txn;
use bot_core::store::{Change, portals};
use bridge_model::{AuthorKind, Content, Event, Message, MessageKind, Note, Service, UserId};
use bridge_policy::stage::Stage;

use super::World;
use crate::words::{author, channel, commanded, edited, event, group, message, posted, room};

on_every_engine!(
    a_message_goes_to_every_other_place_and_never_back,
    whoever_comes_where_joins_are_silent_wakes_the_desk,
    a_chat_that_speaks_again_wakes_whoever_renews_its_notices,
    a_message_counts_once,
    a_transaction_counts_once_with_all_its_marks,
    a_mark_is_replaced_and_kept_apart_by_network,
    what_is_said_in_a_chat_that_belongs_to_no_portal_is_dropped,
    a_command_goes_to_the_desk_once_and_is_never_relayed,
    an_invitation_goes_to_the_desk,
    a_copy_that_comes_back_is_dropped,
    only_the_author_edits,
    an_edit_that_changes_nothing_is_dropped,
    an_edit_of_an_unknown_message_is_dropped,
    a_pinned_message_is_told_only_if_it_is_known,
);

async fn a_message_goes_to_every_other_place_and_never_back(world: World) {
    let world = world.linked().await;
    for origin in [room(), group(), channel()] {
        let said = format!("from {}", origin.network);
        let accepted = world.batch(Vec::new(), vec![posted(&origin, "1", "ann", &said)]).await;
        assert_eq!(accepted.lanes.len(), 2);
        for place in [room(), group(), channel()] {
            let expected = if place == origin { Vec::new() } else { vec![said.clone()] };
            assert_eq!(world.drain(&place).await, expected);
        }
    }
}

async fn at(world: &World, stage: Stage) {
    let change = move |tx: &mut Txn<'_>| {
        let mut portal = portals::of(tx, &room())?.unwrap();
        portal.stage = stage;
        portals::save(tx, &portal)
    };
    world.store().write(change).await.unwrap();
}

async fn whoever_comes_where_joins_are_silent_wakes_the_desk(world: World) {
    let world = world.linked().await;
    let comes = |id: &str, who: &str| {
        let notes = vec![Note::Service(Service::Joined { names: vec![who.into()] })];
        let kind = MessageKind::Notice;
        event(&group(), id, Content::Posted(Message { kind, notes, ..message(who, "") }))
    };
    let accepted = world.batch(Vec::new(), vec![comes("1", "nina")]).await;
    assert!(accepted.lanes.is_empty(), "nothing is said of it while people can write");
    at(&world, Stage::ReadOnly).await;
    let accepted = world.batch(Vec::new(), vec![comes("2", "otto")]).await;
    let places: Vec<_> = accepted.lanes.iter().map(|lane| &lane.place).collect();
    assert_eq!(places, [&core_place(&group())], "nobody else hears of it");
}

async fn a_chat_that_speaks_again_wakes_whoever_renews_its_notices(world: World) {
    let world = world.linked().await;
    world.hear(event(&group(), "", Content::Closed)).await;
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    let (end, place, name) = (group(), room(), "disclosure/1".to_owned());
    let notice = StandingNotice {
        end,
        place,
        name,
        stage: None,
        consent: ConsentMode::Notice,
        at_risk: false,
        page: false,
    };
    let gone = MigrationChange::Notice(room(), notice);
    world.change(Change::Move(Box::new(gone))).await.unwrap();
    let accepted = world.batch(Vec::new(), vec![posted(&group(), "1", "ann", "hello")]).await;
    let desk = core_place(&portal.room);
    assert!(accepted.lanes.iter().any(|lane| lane.place == desk && lane.depth == 1));
}

async fn a_message_counts_once(world: World) {
    let world = world.linked().await;
    assert!(world.hear(posted(&group(), "1", "ann", "hello")).await);
    assert!(!world.hear(posted(&group(), "1", "ann", "hello")).await);
    assert_eq!(world.drain(&room()).await, ["hello"]);
}

async fn a_transaction_counts_once_with_all_its_marks(world: World) {
    let world = world.linked().await;
    let once = Mark::Once { key: "txn 1".into() };
    let set = |value: &str| Mark::Set { key: "since".into(), value: value.into() };
    let first = vec![posted(&room(), "$1", "@ann:x", "one")];
    let second = vec![posted(&room(), "$2", "@ann:x", "two"), posted(&room(), "$3", "@b:x", "b")];
    assert_eq!(world.batch(vec![set("1"), once.clone()], first).await.dropped, 0);
    let again = world.batch(vec![set("2"), once], second).await;
    assert_eq!((again.dropped, again.lanes.len()), (2, 0));
    assert_eq!(world.drain(&group()).await, ["one"]);
    let since = world.store().mark(&"matrix".into(), "since").await.unwrap();
    assert_eq!(since.as_deref(), Some(b"1".as_slice()), "the whole batch was dropped");
}

async fn a_mark_is_replaced_and_kept_apart_by_network(world: World) {
    for value in [b"1".to_vec(), b"2".to_vec()] {
        let mark = Mark::Set { key: "offset".into(), value };
        world.batch(vec![mark], vec![posted(&group(), "1", "ann", "unheard")]).await;
    }
    let offset = world.store().mark(&"telegram".into(), "offset").await.unwrap();
    assert_eq!(offset, Some(b"2".to_vec()));
    assert_eq!(world.store().mark(&"discord".into(), "offset").await.unwrap(), None);
}

async fn what_is_said_in_a_chat_that_belongs_to_no_portal_is_dropped(world: World) {
    assert!(!world.hear(posted(&group(), "1", "ann", "hello")).await);
    assert!(!world.hear(event(&group(), "", Content::Closed)).await);
    assert!(!world.hear(event(&group(), "", Content::Moved { to: "-1".into() })).await);
    assert_eq!(world.store().lanes().await.unwrap(), []);
}

async fn a_command_goes_to_the_desk_once_and_is_never_relayed(world: World) {
    let world = world.linked().await;
    assert!(world.hear(commanded(&group(), "1", "ann", "status")).await);
    assert!(!world.hear(commanded(&group(), "1", "ann", "status")).await);
    assert_eq!(world.depth(&core_place(&group())).await, 1);
    assert_eq!(world.depth(&room()).await, 0);
    assert!(!world.hear(edited(&group(), "1", "ann", "no command any more")).await);
}

async fn an_invitation_goes_to_the_desk(world: World) {
    let whom = UserId::from("@freeside:x");
    assert!(world.hear(event(&room(), "$1", Content::Invited { by: author("@a:x"), whom })).await);
    assert_eq!(world.depth(&core_place(&room())).await, 1);
}

async fn a_copy_that_comes_back_is_dropped(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1", "$2"]).await;
    assert!(!world.hear(posted(&room(), "$1", "@ghost:x", "hello")).await);
    assert!(!world.hear(posted(&room(), "$2", "@ghost:x", "hello")).await);
    assert!(!world.hear(edited(&room(), "$1", "@ghost:x", "changed")).await);
}

async fn only_the_author_edits(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.deliver(&room(), &["$1"]).await;
    assert!(!world.hear(edited(&group(), "1", "bob", "bye")).await);
    assert!(!world.hear(edited(&room(), "$1", "ann", "bye")).await, "another ann");
    assert!(world.hear(edited(&group(), "1", "ann", "hello there")).await);
    assert_eq!(world.drain(&room()).await, ["hello there"]);
}

async fn an_edit_that_changes_nothing_is_dropped(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    assert!(!world.hear(edited(&group(), "1", "ann", "hello")).await);
    assert!(world.hear(edited(&group(), "1", "ann", "bye")).await);
    assert!(!world.hear(edited(&group(), "1", "ann", "bye")).await);
    assert!(world.hear(edited(&group(), "1", "ann", "hello")).await);
}

async fn an_edit_of_an_unknown_message_is_dropped(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(edited(&group(), "1", "ann", "hello")).await);
    assert_eq!(world.drain(&room()).await, Vec::<String>::new());
}

async fn a_pinned_message_is_told_only_if_it_is_known(world: World) {
    let world = world.linked().await;
    world.change(Change::Set(room(), Setting::Metadata(Owner::Legacy))).await.unwrap();
    assert!(!world.hear(event(&group(), "1", Content::Pinned)).await);
    let mut said: Event = posted(&group(), "1", "channel", "news");
    if let Content::Posted(message) = &mut said.content {
        message.author.kind = AuthorKind::Chat;
    }
    assert!(world.hear(said).await);
    assert!(world.hear(event(&group(), "1", Content::Pinned)).await);
}
