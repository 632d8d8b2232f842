// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bridge does to a room and to its ghosts.

use bot_core::{Action, SendAs};
use bridge_model::{ChatChange, Person as Account};

use crate::stage::{Stage, ann, first, said};

#[tokio::test]
async fn pins_come_and_go_and_the_others_stay() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    alice.set_power(room, &stage.bot, 50).await.unwrap();
    let own = alice.say(room, "mine").await.unwrap();
    alice.pin(room, &[&own]).await.unwrap();
    let target = first(&stage.posts(said("theirs")).await);
    stage.does(Action::Pin { target: target.clone() }).await;
    stage.does(Action::Pin { target: target.clone() }).await;
    assert_eq!(alice.pins(room).await.unwrap(), [own.as_str(), target.as_str()]);
    stage.does(Action::Unpin { target: target.clone() }).await;
    stage.does(Action::Unpin { target }).await;
    assert_eq!(alice.pins(room).await.unwrap(), [own]);
}

#[tokio::test]
async fn a_room_gets_name_topic_and_picture() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    alice.set_power(room, &stage.bot, 50).await.unwrap();
    let picture = stage.file("group.png", b"picture");
    let changes = [
        ChatChange::Name("Coffee".into()),
        ChatChange::Topic("All about it".into()),
        ChatChange::Avatar(Some(picture)),
    ];
    for change in changes {
        stage.does(Action::SetChat { change }).await;
    }
    let [name, topic, picture] = alice.looks(room).await.unwrap();
    assert_eq!((name.as_deref(), topic.as_deref()), (Some("Coffee"), Some("All about it")));
    assert_eq!(alice.download(&picture.unwrap()).await.unwrap(), b"picture");
    for change in [ChatChange::Topic(String::new()), ChatChange::Avatar(None)] {
        stage.does(Action::SetChat { change }).await;
    }
    let bare = [Some("Coffee".to_owned()), Some(String::new()), None];
    assert_eq!(alice.looks(room).await.unwrap(), bare);
}

#[tokio::test]
async fn a_ghost_is_renamed_where_it_is_and_leaves_with_its_person() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let send_as = |user: &str, name: &str| SendAs::Person {
        person: Account::new("telegram", user),
        name: name.into(),
        avatar_url: None,
        avatar: None,
    };
    // Nobody has heard of Bob: nothing is made for him.
    stage.does(Action::Refresh { send_as: send_as("2", "Bob") }).await;
    stage.does(Action::Withdraw { send_as: send_as("2", "Bob") }).await;
    stage.posts(said("hello")).await;
    let seen = alice.members(room).await.unwrap();
    let (ghost, _) = seen.iter().find(|(_, name)| *name == "Ann (Telegram)").unwrap();
    stage.does(Action::Refresh { send_as: send_as("1", "Anna") }).await;
    let names = |members: std::collections::HashMap<String, String>| {
        let mut names: Vec<String> = members.into_values().collect();
        names.sort();
        names
    };
    assert_eq!(alice.profile(ghost).await.unwrap()["displayname"], "Anna (Telegram)");
    stage.does(Action::Withdraw { send_as: ann() }).await;
    stage.does(Action::Withdraw { send_as: ann() }).await;
    assert_eq!(names(alice.members(room).await.unwrap()), ["Alice", "Freeside"]);
    stage.posts(said("back")).await;
    assert_eq!(alice.members(room).await.unwrap().len(), 3);
}
