// SPDX-License-Identifier: AGPL-3.0-or-later
//! Custom emoji and people who spoke lately.

use bot_core::store::{Acquaintance, EmojiRecord};
use bridge_model::{Person, Timestamp};

use super::World;
use crate::words::{DAY, author, event, group, message, posted, room};

on_every_engine!(
    an_emoji_is_found_by_its_id_and_by_its_file,
    whoever_spoke_lately_is_known_by_the_newest_name,
    whoever_was_silent_for_long_is_forgotten,
);

async fn an_emoji_is_found_by_its_id_and_by_its_file(mut world: World) {
    let emoji = EmojiRecord {
        network: "discord".into(),
        id: "1".into(),
        name: "parrot".into(),
        animated: true,
        mxc: "mxc://x/1".into(),
    };
    world.store().save_emoji(emoji.clone()).await.unwrap();
    world.reopen();
    let store = world.store();
    assert_eq!(store.emoji(&"discord".into(), "1").await.unwrap(), Some(emoji.clone()));
    assert_eq!(store.emoji_behind("mxc://x/1").await.unwrap(), Some(emoji));
    assert_eq!(store.emoji(&"telegram".into(), "1").await.unwrap(), None);
    assert_eq!(store.emoji_behind("mxc://x/2").await.unwrap(), None);
}

async fn people(world: &World) -> Vec<Acquaintance> {
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    world.store().people(portal.id).await.unwrap()
}

fn known(user: &str, name: &str) -> Acquaintance {
    let person = Person::new("telegram", user);
    Acquaintance { person, name: name.into(), username: None }
}

async fn whoever_spoke_lately_is_known_by_the_newest_name(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.hear(posted(&group(), "2", "bob", "hello")).await;
    let renamed = bridge_model::Author { name: "Ann B".into(), ..author("ann") };
    let said = bridge_model::Message { author: renamed, ..message("ann", "again") };
    world.hear(event(&group(), "3", bridge_model::Content::Posted(said))).await;
    assert_eq!(people(&world).await, [known("bob", "bob"), known("ann", "Ann B")]);
}

async fn whoever_was_silent_for_long_is_forgotten(mut world: World) {
    world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "hello")).await;
    world.hear(posted(&group(), "2", "bob", "hello")).await;
    world.now = Timestamp(world.now.0 + 30 * DAY);
    world.hear(posted(&group(), "3", "ann", "still here")).await;
    world.store().forget(Timestamp(world.now.0 - 7 * DAY)).await.unwrap();
    assert_eq!(people(&world).await, [known("ann", "ann")]);
    world.change(bot_core::store::Change::Unlink(group())).await.unwrap();
    assert_eq!(people(&world).await.len(), 1, "the room goes on");
}
