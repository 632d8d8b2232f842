// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Alice sends, as the bridge hears it.

use bridge_model::{
    Author, Card, ChatChange, ChatId, Content, Event, Leaf, MediaKind, MemberChange, MessageId,
    Reaction, VoteChange,
};
use sandbox::synapse::{NewFile, RoomOptions};

use crate::stage::Stage;

fn member(event: &Event) -> Option<(Author, MemberChange)> {
    match &event.content {
        Content::MemberChanged { who, change } => Some((who.clone(), *change)),
        _ => None,
    }
}

fn changed(event: &Event) -> Option<ChatChange> {
    match &event.content {
        Content::ChatChanged { change, .. } => Some(change.clone()),
        _ => None,
    }
}

fn moved(event: &Event) -> Option<(String, ChatId)> {
    match &event.content {
        Content::Moved { to } => Some((event.place.chat.as_str().to_owned(), to.clone())),
        _ => None,
    }
}

#[tokio::test]
async fn a_poll_is_heard_from_question_to_end() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let poll = alice.ask(room, "Tea?", &["Yes", "No"]).await.unwrap();
    let message = stage.hears_message(&poll).await;
    assert!(matches!(&message.card, Some(Card::Poll(poll)) if poll.answers.len() == 2));
    alice.vote(room, &poll, &["No"]).await.unwrap();
    let id = MessageId::from(poll.as_str());
    let vote = stage
        .hears(|event| match &event.content {
            Content::Voted { answers, change: VoteChange::Set, .. } if event.message == id => {
                Some(answers.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(vote, ["No"]);
    alice.close_poll(room, &poll).await.unwrap();
    let closed = |event: &Event| matches!(event.content, Content::PollClosed { .. }).then_some(());
    stage.hears(closed).await;
}

#[tokio::test]
async fn places_files_threads_and_emoji_are_heard() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let place = alice.send_location(room, "52.5,13.25", "Café").await.unwrap();
    let Some(Card::Location(place)) = stage.hears_message(&place).await.card else {
        panic!("no place")
    };
    assert_eq!((place.point.text().as_str(), place.title.as_deref()), ("52.5,13.25", Some("Café")));
    let ogg = NewFile::new(b"ogg", "v.ogg", "audio/ogg");
    let voice = alice.send_voice(room, ogg, (1500, &[0, 512])).await.unwrap();
    let media = stage.hears_message(&voice).await.media.remove(0);
    assert_eq!((media.kind, &media.waveform[..]), (MediaKind::Voice, &[0, 512][..]));
    let webp = NewFile::new(b"webp", "cat.webp", "image/webp");
    let sticker = alice.send_sticker(room, webp, "🐈").await.unwrap();
    let media = stage.hears_message(&sticker).await.media.remove(0);
    assert_eq!((media.kind, media.alt.as_deref()), (MediaKind::Sticker, Some("🐈")));
    let inside = alice.say_in_thread(room, &voice, "inside").await.unwrap();
    let message = stage.hears_message(&inside).await;
    assert_eq!(message.thread.unwrap().root.as_str(), voice);
    let mxc = media.handle.reference;
    let emoji = alice.say_emoji(room, &mxc, "cat").await.unwrap();
    let message = stage.hears_message(&emoji).await;
    let leaf = Leaf::Emoji { id: mxc.clone(), name: "cat".into(), animated: false };
    assert!(matches!(&message.body.0[..],
        [bridge_model::Block::Paragraph(spans)] if spans[0].leaf == leaf));
    alice.react_with(room, &emoji, (&mxc, "cat")).await.unwrap();
    let reacted = |event: &Event| match &event.content {
        Content::Reacted { reaction, .. } => Some(reaction.clone()),
        _ => None,
    };
    assert_eq!(stage.hears(reacted).await, Reaction::Custom { id: mxc, name: "cat".into() });
}

#[tokio::test]
async fn a_point_that_moves_is_one_message() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let shared = alice.share_location(room, true).await.unwrap();
    let at = |event: &Event| match &event.content {
        Content::Edited(message) if event.message.as_str() == shared => match &message.card {
            Some(Card::Location(place)) => Some((place.point.text(), place.live?.until.is_some())),
            _ => None,
        },
        _ => None,
    };
    alice.be_at(room, &shared, "52.5,13.25").await.unwrap();
    let first = stage.hears_message(&shared).await;
    assert!(matches!(first.card, Some(Card::Location(_))));
    assert_eq!(stage.hears(at).await, ("52.5,13.25".to_owned(), true));
    alice.be_at(room, &shared, "52.75,13.25").await.unwrap();
    assert_eq!(stage.hears(at).await, ("52.75,13.25".to_owned(), true));
    alice.share_location(room, false).await.unwrap();
    assert_eq!(stage.hears(at).await, ("52.75,13.25".to_owned(), false));
}

#[tokio::test]
async fn a_room_that_changes_says_how() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    alice.rename(room, "Coffee").await.unwrap();
    assert_eq!(stage.hears(changed).await, ChatChange::Name("Coffee".into()));
    alice.describe(room, "All about it").await.unwrap();
    assert_eq!(stage.hears(changed).await, ChatChange::Topic("All about it".into()));
    let mxc = alice.upload(b"png".to_vec(), "a.png", "image/png").await.unwrap();
    alice.picture(room, &mxc).await.unwrap();
    let ChatChange::Avatar(Some(handle)) = stage.hears(changed).await else { panic!("no picture") };
    assert_eq!(handle.reference, mxc);
    let (a, b) = (alice.say(room, "a").await.unwrap(), alice.say(room, "b").await.unwrap());
    let pins = |event: &Event| match event.content {
        Content::Pinned => Some((event.message.as_str().to_owned(), true)),
        Content::Unpinned => Some((event.message.as_str().to_owned(), false)),
        _ => None,
    };
    alice.pin(room, &[&a]).await.unwrap();
    assert_eq!(stage.hears(pins).await, (a.clone(), true));
    alice.pin(room, &[&b]).await.unwrap();
    assert_eq!(stage.hears(pins).await, (a, false));
    assert_eq!(stage.hears(pins).await, (b, true));
}

#[tokio::test]
async fn members_come_change_and_go() {
    let stage = Stage::set().await;
    let bob = stage.synapse.person_named("bob", "Bob").await.unwrap();
    let told = |(who, change): (Author, MemberChange)| (who.name, change);
    let of_bob =
        |event: &Event| member(event).filter(|(who, _)| who.user.as_str() == bob.user_id());
    bob.join(&stage.room).await.unwrap();
    assert_eq!(told(stage.hears(of_bob).await), ("Bob".to_owned(), MemberChange::Joined));
    bob.set_display_name("Bobby").await.unwrap();
    assert_eq!(told(stage.hears(of_bob).await), ("Bobby".to_owned(), MemberChange::Profile));
    bob.leave(&stage.room).await.unwrap();
    assert_eq!(told(stage.hears(of_bob).await), ("Bobby".to_owned(), MemberChange::Left));
}

#[tokio::test]
async fn a_public_room_is_followed_when_it_is_upgraded() {
    let stage = Stage::set().await;
    let new = stage.alice.upgrade(&stage.room, "12").await.unwrap();
    let expected = (stage.room.clone(), ChatId::from(new.as_str()));
    assert_eq!(stage.hears(moved).await, expected);
    assert!(stage.alice.members(&new).await.unwrap().contains_key(&stage.bot));
}

#[tokio::test]
async fn a_private_room_is_followed_by_invitation_and_a_false_successor_is_not() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    // Somebody claims that their room follows ours; ours says nothing of it.
    let mut options = RoomOptions::default();
    let predecessor = serde_json::json!({ "predecessor": { "room_id": room } });
    options.more.insert("creation_content".into(), predecessor);
    let false_one = alice.create_room(options).await.unwrap();
    alice.invite(&false_one, &stage.bot).await.unwrap();
    let invited = |event: &Event| match event.content {
        Content::Invited { .. } => (event.place.chat.as_str() == false_one).then_some(()),
        _ => None,
    };
    stage.hears(invited).await;
    let rules = serde_json::json!({ "join_rule": "invite" });
    alice.set_state(room, "m.room.join_rules", "", rules).await.unwrap();
    let new = alice.upgrade(room, "12").await.unwrap();
    alice.invite(&new, &stage.bot).await.unwrap();
    let expected = (stage.room.clone(), ChatId::from(new.as_str()));
    assert_eq!(stage.hears(moved).await, expected);
}

#[tokio::test]
async fn s1_a_deep_event_in_a_strangers_room_holds_up_nobody() {
    let stage = Stage::set().await;
    let mallory = stage.synapse.person_named("mallory", "Mallory").await.unwrap();
    let room = mallory.create_room(RoomOptions::public("Trap")).await.unwrap();
    stage.let_in(&mallory, &room).await;
    let deep = |levels: usize| {
        let nest = |inner, _| serde_json::json!({ "a": inner });
        let mut content = (0..levels).fold(serde_json::json!(1), nest);
        content["msgtype"] = "m.text".into();
        content["body"] = "!freeside help".into();
        content
    };
    for levels in [50, 120, 123, 124] {
        let name = format!("deep{levels}");
        let path = ["client", "v3", "rooms", &room, "send", "m.room.message", &name];
        let sent = mallory.call(reqwest::Method::PUT, &path, Some(deep(levels))).await;
        sent.unwrap();
        let said = stage.alice.say(&stage.room, "still here").await.unwrap();
        let message = stage.hears_message(&said).await;
        assert_eq!(message.body.plain(), "still here");
    }
}
