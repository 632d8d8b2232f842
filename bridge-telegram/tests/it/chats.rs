// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a chat looks, and the one reaction of the bot.

use bot_core::{Action, Deliver, DeliverError, Network, Refusal, SendAs};
use bridge_model::{ChatChange, ChatId, MediaHandle, MessageId, Moderation, Reaction};
use sandbox::telegram::{Group, Rights, Telegram};

use crate::stage::{Shelf, alice, message, network, order, png, post};

async fn set(telegram: &Telegram, group: &Group, change: ChatChange) -> Result<(), DeliverError> {
    let shelf = Shelf([("face".to_owned(), png())].into());
    let order = order(group.id(), Action::SetChat { change });
    network(telegram).deliver(&order, &shelf).await.map(|_| ()).map_err(|it| it.error)
}

fn picture(name: &str) -> ChatChange {
    let handle = MediaHandle { network: "matrix".into(), reference: name.to_owned() };
    ChatChange::Avatar(Some(handle))
}

#[tokio::test]
async fn name_description_and_picture_are_set_and_taken_away() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    group.promote_bot(Rights::all());
    let long = "x".repeat(300);
    for _ in 0..2 {
        set(&telegram, &group, ChatChange::Name(format!("Atlas\n{long}"))).await.unwrap();
        set(&telegram, &group, ChatChange::Topic(long.clone())).await.unwrap();
        set(&telegram, &group, picture("face")).await.unwrap();
    }
    assert!(group.title().starts_with("Atlas x") && group.title().chars().count() == 128);
    assert_eq!(group.description().chars().count(), 255);
    assert_eq!(group.picture().unwrap(), png());
    for _ in 0..2 {
        set(&telegram, &group, ChatChange::Topic(String::new())).await.unwrap();
        set(&telegram, &group, ChatChange::Avatar(None)).await.unwrap();
        set(&telegram, &group, ChatChange::Name(" ".to_owned())).await.unwrap();
    }
    assert_eq!((group.description(), group.picture()), (String::new(), None));
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn without_the_right_it_is_refused_and_the_right_is_named() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    for change in [ChatChange::Name("Atlas".to_owned()), picture("face"), ChatChange::Avatar(None)]
    {
        let error = set(&telegram, &group, change).await.unwrap_err();
        let DeliverError::Refused { reason } = error else { panic!("{error}") };
        assert!(reason.to_string().contains("Change Group Info"), "{reason}");
    }
}

#[tokio::test]
async fn a_picture_that_is_gone_is_refused() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    group.promote_bot(Rights::all());
    let error = set(&telegram, &group, picture("nowhere")).await.unwrap_err();
    assert!(matches!(error, DeliverError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn accounts_that_are_not_here_need_nothing() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    for act in [Action::Refresh { send_as: alice() }, Action::Withdraw { send_as: alice() }] {
        network(&telegram).deliver(&order(group.id(), act), &Shelf::default()).await.unwrap();
    }
    assert!(telegram.requests().is_empty());
}

#[tokio::test]
async fn the_bot_has_the_most_frequent_reaction_that_the_chat_allows() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let id = group.say(&ada, "nice").unwrap();
    let emoji = |it: &str| Reaction::Emoji(it.to_owned());
    let react = |reaction: &str, others: &[&str]| {
        let target = MessageId::new(id.0.to_string());
        let others = others.iter().map(|it| emoji(it)).collect();
        let act = Action::React { send_as: alice(), target, reaction: emoji(reaction), others };
        order(group.id(), act)
    };
    let shown = || {
        let reactions = group.message(id).unwrap().reactions.into_iter();
        reactions.map(|(_, emoji)| emoji).collect::<Vec<_>>()
    };
    let (network, shelf) = (network(&telegram), Shelf::default());
    // Refused, so that the core counts it in a line.
    let refused = network.deliver(&react("🥦", &[]), &shelf).await.unwrap_err().error;
    assert!(matches!(refused, DeliverError::Refused { .. }), "{refused}");
    assert!(shown().is_empty());
    network.deliver(&react("🥦", &["🔥", "🔥", "👍"]), &shelf).await.unwrap();
    assert_eq!(shown(), ["🔥"]);
    group.allow_reactions(&["👍"]);
    network.deliver(&react("🔥", &["🔥", "👍"]), &shelf).await.unwrap();
    assert_eq!(shown(), ["👍"]);
    group.allow_reactions(&[]);
    let refused = network.deliver(&react("🔥", &["👍"]), &shelf).await.unwrap_err().error;
    assert!(matches!(refused, DeliverError::Refused { .. }), "{refused}");
    assert!(shown().is_empty());
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_message_that_was_deleted_is_gone_and_one_that_was_not_is_not() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (network, shelf) = (network(&telegram), Shelf::default());
    let chat = ChatId::new(group.id().to_string());
    let posted = network.deliver(&order(group.id(), post(message("a test"))), &shelf).await;
    let parts = posted.unwrap().parts;
    let id = parts[0].id.clone();
    let delete = Action::Delete { send_as: SendAs::Bot, parts };
    network.deliver(&order(group.id(), delete), &shelf).await.unwrap();
    assert_eq!(network.is_gone(&chat, &id).await.unwrap(), Some(true));
    let there = network.deliver(&order(group.id(), post(message("it stays"))), &shelf).await;
    let id = there.unwrap().parts[0].id.clone();
    assert_eq!(network.is_gone(&chat, &id).await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_basic_group_keeps_nobody_from_speaking() {
    let telegram = Telegram::start().await.unwrap();
    let mute = Moderation::Mute { until: None };
    for (chat, obstacle) in [("-77", Some(Refusal::AccessFixed)), ("-10077", None)] {
        let found = network(&telegram).obstacle(&ChatId::from(chat), mute).await;
        assert_eq!(found.unwrap(), obstacle, "{chat}");
    }
}
