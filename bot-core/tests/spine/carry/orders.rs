// SPDX-License-Identifier: AGPL-3.0-or-later
//! Orders speak of the destination's own messages and people.

use bot_core::store::GhostRecord;
use bot_core::{Action, SendAs};
use bridge_model::{Content, Leaf, Mention, Person, RichText, Rights, Span, Style};

use crate::harness::Spine;
use crate::words::{
    channel, deleted, edited, emoji, event, group, message, part, posted, reacted, replied, room,
    unreacted,
};

/// A message of tina's is in all chats; its ids in the room and in the channel.
async fn hello() -> (Spine, String, String) {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.matrix.shows(&room().chat, &["tina: hello"]).await;
    spine.discord.shows(&channel().chat, &["tina: hello"]).await;
    spine.settled(&room()).await;
    spine.settled(&channel()).await;
    let in_room = spine.matrix.id_of(&room().chat, "tina: hello");
    let in_channel = spine.discord.id_of(&channel().chat, "tina: hello");
    (spine, in_room, in_channel)
}

#[tokio::test]
async fn an_edit_and_a_deletion_name_the_copies() {
    let (spine, in_room, _) = hello().await;
    spine.hear(edited(&group(), "1", "tina", "hello all")).await;
    spine.matrix.shows(&room().chat, &["tina: hello all"]).await;
    spine.discord.shows(&channel().chat, &["tina: hello all"]).await;
    spine.hear(deleted(&group(), "1", Some("tina"))).await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.discord.shows(&channel().chat, &[]).await;
    let acts = spine.matrix.acts();
    let Action::Delete { parts, send_as: SendAs::Person { person, .. } } = &acts[2] else {
        panic!("{acts:?}")
    };
    assert_eq!((parts, person), (&vec![part(&in_room)], &Person::new("telegram", "tina")));
}

#[tokio::test]
async fn a_moderator_deletes_on_every_side_and_at_the_origin() {
    let (spine, in_room, _) = hello().await;
    spine
        .matrix
        .may("@mod:x", Rights { member: true, manage: false, change: false, moderate: true });
    spine.hear(deleted(&room(), &in_room, Some("@mod:x"))).await;
    spine.discord.shows(&channel().chat, &[]).await;
    spine.telegram.until("tried", |telegram| telegram.tries() == 1).await;
    let act = &spine.telegram.acts()[0];
    assert_eq!(*act, Action::Delete { send_as: SendAs::Bot, parts: vec![part("1")] });
}

#[tokio::test]
async fn a_reply_points_to_the_message_as_the_chat_knows_it() {
    let (spine, in_room, in_channel) = hello().await;
    spine.hear(replied(&room(), "$2", &in_room, ("@ann:x", "hi tina"))).await;
    spine.telegram.shows(&group().chat, &["ann: hi tina"]).await;
    spine.discord.shows(&channel().chat, &["tina: hello", "ann: hi tina"]).await;
    let reply = |act: &Action| {
        let Action::Post { message, native_reply, .. } = act else { panic!("{act:?}") };
        let reply = message.reply_to.clone().unwrap();
        (*native_reply, reply.message.as_str().to_owned(), reply.author)
    };
    let tina = Some(Person::new("telegram", "tina"));
    assert_eq!(reply(&spine.telegram.acts()[0]), (true, "1".into(), tina.clone()));
    assert_eq!(reply(&spine.discord.acts()[1]), (true, in_channel, tina));
}

#[tokio::test]
async fn a_reply_to_an_unknown_message_is_no_native_one() {
    let (spine, ..) = hello().await;
    spine.hear(replied(&room(), "$2", "$unknown", ("@ann:x", "what?"))).await;
    spine.telegram.shows(&group().chat, &["ann: what?"]).await;
    let acts = spine.telegram.acts();
    assert!(matches!(&acts[0], Action::Post { native_reply: false, .. }), "{acts:?}");
}

/// Whom the reply calls that a chat got last.
fn called(acts: &[Action]) -> Vec<Person> {
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    message.reply_to.as_ref().unwrap().called.clone()
}

#[tokio::test]
async fn an_answer_calls_the_answered_person_where_its_author_meant_it() {
    let (spine, in_room, _) = hello().await;
    let (tina, ghost) = (Person::new("telegram", "tina"), "@_freeside_abc:example.org");
    let record = GhostRecord { localpart: "_freeside_abc".into(), ..GhostRecord::default() };
    spine.store().save_ghost(&tina, record).await.unwrap();
    let others = ["@bob:x", "@ann:x"];
    for (number, (named, expected)) in
        [(vec![ghost], vec![tina.clone()]), (others.to_vec(), vec![]), (vec![], vec![])]
            .into_iter()
            .enumerate()
    {
        let mut answer =
            replied(&room(), &format!("$2{number}"), &in_room, ("@ann:x", &number.to_string()));
        if let Content::Posted(message) = &mut answer.content {
            let called = named.into_iter().map(|id| Person::new("matrix", id)).collect();
            message.reply_to.as_mut().unwrap().called = called;
        }
        spine.hear(answer).await;
        spine.telegram.until("told", |telegram| telegram.tries() == number + 1).await;
        spine.discord.until("told", |discord| discord.tries() == number + 2).await;
        assert_eq!(called(&spine.telegram.acts()), expected);
        assert_eq!(called(&spine.discord.acts()), [], "she is no member there");
    }
}

#[tokio::test]
async fn a_reaction_and_its_end_name_the_copies_and_the_event() {
    let (spine, in_room, _) = hello().await;
    spine.hear(reacted(&group(), "1", ("tom", "👍"), None)).await;
    spine.hear(reacted(&group(), "1", ("tim", "🎉"), None)).await;
    spine.matrix.until("reacted", |matrix| matrix.deeds().len() == 2).await;
    spine.settled(&room()).await;
    spine.hear(unreacted(&group(), "1", "tom", "👍")).await;
    spine.matrix.until("over", |matrix| matrix.deeds().len() == 3).await;
    let event = "reaction/1002";
    let first = format!("👍 on {in_room} as {event}");
    let last = format!("no 👍 on {in_room}, was {event}");
    let deeds = spine.matrix.deeds();
    assert_eq!((&deeds[0], &deeds[2]), (&first, &last));
    let acts = spine.matrix.acts();
    let Action::React { others, .. } = &acts[2] else { panic!("{acts:?}") };
    assert_eq!(*others, [emoji("👍")]);
    let Action::Unreact { others, .. } = &acts[3] else { panic!("{acts:?}") };
    assert_eq!(*others, [emoji("🎉")]);
}

fn mentioning(who: Person) -> RichText {
    let mention = Leaf::Mention(Mention::Person { who, name: "Somebody".into() });
    RichText::paragraph(vec![Span::text("ask "), Span { leaf: mention, style: Style::default() }])
}

async fn say(spine: &Spine, from: &bridge_model::Place, who: Person) {
    let said = bridge_model::Message { body: mentioning(who), ..message("ann", "") };
    spine.hear(event(from, "77", Content::Posted(said))).await;
}

fn mentioned(act: &Action) -> Person {
    let Action::Post { message, .. } = act else { panic!("{act:?}") };
    let people: Vec<_> = message.body.mentions().collect();
    let [Mention::Person { who, .. }] = people[..] else { panic!("{people:?}") };
    who.clone()
}

#[tokio::test]
async fn a_mentioned_person_is_the_account_that_the_destination_knows() {
    let spine = Spine::linked().await;
    let tina = Person::new("telegram", "tina");
    let ghost = Person::new("matrix", "@_freeside_abc:example.org");
    let record = GhostRecord { localpart: "_freeside_abc".into(), ..GhostRecord::default() };
    spine.store().save_ghost(&tina, record).await.unwrap();
    say(&spine, &room(), ghost.clone()).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 1).await;
    spine.discord.until("told", |discord| discord.tries() == 1).await;
    assert_eq!(mentioned(&spine.telegram.acts()[0]), tina);
    assert_eq!(mentioned(&spine.discord.acts()[0]), ghost, "it is a stranger there");
    say(&spine, &group(), tina).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    assert_eq!(mentioned(&spine.matrix.acts()[0]), ghost);
}
