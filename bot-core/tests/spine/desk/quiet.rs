// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whoever has claimed an account quietly: nobody can see it, and they are told what concerns them.

use std::time::Duration;

use bot_core::Action;
use bot_core::homeserver::Door;
use bot_core::lane::core_place;
use bridge_model::{
    Command, Content, Event, Leaf, MemberChange, Mention, Message, Person, Place, RichText, Rights,
    Span, Style,
};
use insta::assert_snapshot;

use super::claims::{claim, claimed, code_in, dm, opens};
use super::stages::days_one_by_one;
use super::{ANN, ask_with, command};
use crate::harness::Spine;
use crate::network::FakeNetwork;
use crate::words::{author, event, group, message, posted, replied, room};

const MEMBER: Rights = Rights { member: true, manage: false, change: false, moderate: false };

fn with_bot() -> Place {
    Place::new("matrix", "!ann:example.org")
}

/// Ann has quietly claimed Tina; she is in the room, and alone with the bot in her private chat.
async fn quiet() -> Spine {
    let spine = claimed().await;
    spine.matrix.may(ANN, MEMBER);
    *spine.rooms.private.lock().unwrap() = true;
    spine
}

fn joins(user: &str) -> Event {
    let change = MemberChange::Joined;
    event(&room(), &format!("join {user}"), Content::MemberChanged { who: author(user), change })
}

fn mentions(place: &Place, id: &str, by: &str, who: Person) -> Event {
    let leaf = Leaf::Mention(Mention::Person { who, name: "her".into() });
    let body = RichText::paragraph(vec![Span::text("hi "), Span { leaf, style: Style::default() }]);
    event(place, id, Content::Posted(Message { body, ..message(by, "") }))
}

fn told(spine: &Spine) -> Vec<String> {
    let read = spine.matrix.read(&with_bot().chat);
    read.into_iter().filter(|line| line.contains("mentioned your")).collect()
}

async fn until_told(spine: &Spine, count: usize) {
    let of = |matrix: &FakeNetwork| {
        let read = matrix.read(&with_bot().chat);
        read.iter().filter(|line| line.contains("mentioned your")).count()
    };
    spine.matrix.until("her private chat", |matrix| of(matrix) == count).await;
}

/// Whether anything that went to a network names an account of another one.
fn names(network: &FakeNetwork, who: &Person) -> bool {
    network.acts().iter().any(|act| {
        let Action::Post { message, .. } = act else { return false };
        let mentioned = message.body.mentions().any(|mention| match mention {
            Mention::Person { who: named, .. } => named == who,
            Mention::Chat { .. } | Mention::Everyone | Mention::Role { .. } => false,
        });
        let answered = message.reply_to.as_ref().and_then(|reply| reply.author.as_ref());
        let called = message.reply_to.iter().flat_map(|reply| &reply.called);
        mentioned || answered == Some(who) || called.clone().any(|person| person == who)
    })
}

fn ann() -> Person {
    Person::new("matrix", ANN)
}

fn tina() -> Person {
    Person::new("telegram", "tina")
}

#[tokio::test]
async fn a_mention_or_reply_stays_in_the_room_in_words_and_its_owner_hears_of_it_in_private() {
    let spine = quiet().await;
    spine.hear(mentions(&group(), "2", "tom", tina())).await;
    until_told(&spine, 1).await;
    spine.hear(replied(&group(), "3", "1", ("mia", "welcome"))).await;
    until_told(&spine, 2).await;
    assert_snapshot!(told(&spine).join("\n"));
    // By a name that is typed.
    spine.hear(posted(&group(), "4", "zoe", "hi @tina")).await;
    until_told(&spine, 3).await;
    assert!(!names(&spine.matrix, &ann()));
    // The other way round, her name on Matrix leads nowhere on Telegram.
    spine.hear(mentions(&room(), "$1", "@ben:example.org", ann())).await;
    spine.hear(posted(&room(), "$2", "@ben:example.org", "hi @ann")).await;
    spine.hear(posted(&room(), "$3", ANN, "from Matrix")).await;
    let said = |telegram: &FakeNetwork| {
        telegram.read(&group().chat).iter().any(|line| line == "ann: from Matrix")
    };
    spine.telegram.until("her own name", said).await;
    assert!(!names(&spine.telegram, &tina()));
    assert_eq!(told(&spine).len(), 3, "what she is told of on Matrix is no news");
}

#[tokio::test]
async fn whoever_opens_it_is_shown_what_that_means_and_can_go_back() {
    let spine = quiet().await;
    let (shown, done) = opens(&spine, ANN).await;
    assert_snapshot!(shown);
    assert_snapshot!(done);
    spine.settled(&core_place(&with_bot())).await;
    spine.hear(mentions(&group(), "2", "tom", tina())).await;
    spine.matrix.until("her pill", |matrix| names(matrix, &ann())).await;
    spine.hear(posted(&room(), "$1", ANN, "openly")).await;
    let shows = |line: &'static str| {
        move |it: &FakeNetwork| it.read(&group().chat).iter().any(|one| one == line)
    };
    spine.telegram.until("her name there", shows("tina: openly")).await;
    assert_snapshot!(dm(&spine, ANN, "claim quiet").await);
    spine.hear(posted(&room(), "$2", ANN, "quietly")).await;
    spine.telegram.until("her name here", shows("ann: quietly")).await;
    spine.hear(mentions(&group(), "3", "tom", tina())).await;
    until_told(&spine, 1).await;
}

#[tokio::test]
async fn nobody_can_flood_anybody_by_mentions() {
    let spine = quiet().await;
    for number in 0..20 {
        spine.hear(mentions(&group(), &format!("1{number}"), "tom", tina())).await;
    }
    for number in 0..20 {
        let by = format!("user{number}");
        spine.hear(mentions(&group(), &format!("2{number}"), &by, tina())).await;
    }
    spine.settled(&room()).await;
    spine.settled(&core_place(&with_bot())).await;
    spine.settled(&with_bot()).await;
    assert_eq!(told(&spine).len(), 2, "of one author");
    days_one_by_one(&spine, 1).await;
    let counted = |matrix: &FakeNetwork| {
        let read = matrix.read(&with_bot().chat);
        read.iter().any(|line| line.contains("Other mentions and replies in the last hour: 38."))
    };
    spine.matrix.until("the number", counted).await;
    // The next hour begins anew, and each author has their share.
    for number in 0..20 {
        let by = format!("user{number}");
        spine.hear(mentions(&group(), &format!("3{number}"), &by, tina())).await;
    }
    until_told(&spine, 8).await;
    spine.settled(&core_place(&with_bot())).await;
    assert_eq!(told(&spine).len(), 8);
}

#[tokio::test]
async fn who_wants_no_notices_gets_none() {
    let spine = quiet().await;
    assert_snapshot!(dm(&spine, ANN, "claim notices off").await);
    spine.hear(mentions(&group(), "2", "tom", tina())).await;
    spine.settled(&room()).await;
    assert_snapshot!(dm(&spine, ANN, "claim notices on").await);
    assert_eq!(told(&spine), [""; 0]);
    spine.hear(mentions(&group(), "3", "tom", tina())).await;
    until_told(&spine, 1).await;
}

#[tokio::test]
async fn nothing_is_told_where_others_read_it_or_about_a_room_that_its_owner_cannot_see() {
    let spine = quiet().await;
    // Somebody else came into the chat with the bot.
    *spine.rooms.private.lock().unwrap() = false;
    spine.hear(mentions(&group(), "2", "tom", tina())).await;
    spine.settled(&room()).await;
    spine.settled(&core_place(&with_bot())).await;
    *spine.rooms.private.lock().unwrap() = true;
    spine.matrix.may(ANN, Rights::default());
    spine.hear(mentions(&group(), "3", "mia", tina())).await;
    spine.settled(&room()).await;
    spine.settled(&core_place(&with_bot())).await;
    assert_eq!(told(&spine), [""; 0]);
    // What was not delivered is not told, and nobody is told of themselves.
    spine.matrix.may(ANN, MEMBER);
    spine.hear(mentions(&group(), "4", "tina", tina())).await;
    spine.settled(&room()).await;
    spine.settled(&core_place(&with_bot())).await;
    assert_eq!(told(&spine), [""; 0]);
}

/// Tina asks in private, in her language; her code.
async fn code_for_tina(spine: &Spine, language: Option<&str>) -> String {
    let language = language.map(str::to_owned);
    let typed = Command { private: true, language, ..command("tina", "matrix") };
    code_in(&ask_with(spine, &Place::new("telegram", "77"), typed).await)
}

#[tokio::test]
async fn the_bot_speaks_the_language_of_the_claim_and_then_the_one_that_is_chosen() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    let code = code_for_tina(&spine, Some("de-AT")).await;
    let answer = dm(&spine, ANN, &format!("claim {code}")).await;
    assert!(answer.starts_with("Fertig. Dein Konto auf Telegram"), "{answer}");
    let answer = dm(&spine, ANN, "claim").await;
    assert!(answer.starts_with("Gib "), "{answer}");
    let answer = dm(&spine, ANN, "language fr").await;
    assert_eq!(answer, "Je vous parle maintenant français ici.");
    let answer = dm(&spine, ANN, "unclaim").await;
    assert!(answer.starts_with("C’est fait"), "{answer}");
    let answer = dm(&spine, ANN, "language klingon").await;
    assert!(answer.contains("de, es, fa"), "{answer}");
    // Of somebody else nothing is known, and before a claim it can be chosen, too.
    assert!(dm(&spine, "@eve:example.org", "unclaim").await.starts_with("You have not"));
    dm(&spine, "@eve:example.org", "language de").await;
    assert!(dm(&spine, "@eve:example.org", "unclaim").await.contains("kein"));
}

/// Tina has spoken and asks; Ann stands before a room by invitation.
async fn before_the_door(door: Door) -> (Spine, String) {
    let spine = Spine::linked().await;
    spine.telegram.may("tina", MEMBER);
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    spine.rooms.set_door(ANN, door);
    let code = code_for_tina(&spine, None).await;
    (spine, code)
}

async fn claims(spine: &Spine, code: &str) -> String {
    let answer = dm(spine, ANN, &format!("claim {code}")).await;
    spine.settled(&core_place(&with_bot())).await;
    spine.settled(&with_bot()).await;
    answer
}

fn said_in(spine: &Spine, place: &Place) -> String {
    spine.matrix.read(&place.chat).join("\n")
}

fn ghost_is_gone(matrix: &FakeNetwork) -> bool {
    matrix.deeds().iter().any(|deed| deed.contains("withdraw"))
}

#[tokio::test]
async fn a_room_by_invitation_lets_its_people_in_and_the_ghost_stays_until_they_are_there() {
    let (mut spine, code) = before_the_door(Door::Closed).await;
    claims(&spine, &code).await;
    assert!(said_in(&spine, &with_bot()).contains("I have invited you to the room"));
    let asked = spine.rooms.asked();
    assert!(asked.contains(&format!("invite {ANN} to !room:example.org")), "{asked:?}");
    // She takes her time.
    days_one_by_one(&spine, 2).await;
    spine.settled(&room()).await;
    assert!(!ghost_is_gone(&spine.matrix), "{:?}", spine.matrix.deeds());
    spine.hear(posted(&group(), "2", "tina", "still over there")).await;
    let own = |matrix: &FakeNetwork| {
        matrix.read(&room().chat).iter().any(|line| line == "tina: still over there")
    };
    spine.matrix.until("the ghost still speaks", own).await;
    spine.rooms.set_door(ANN, Door::In);
    spine.hear(joins(ANN)).await;
    spine.settled(&core_place(&room())).await;
    spine.settled(&room()).await;
    assert!(!ghost_is_gone(&spine.matrix), "nobody sees for whom it leaves");
    // The process dies, the promise does not.
    spine.restart().await;
    days_one_by_one(&spine, 1).await;
    spine.matrix.until("the ghost is gone", ghost_is_gone).await;
}

#[tokio::test]
async fn where_the_bot_may_not_invite_the_people_of_the_room_are_asked_once() {
    let (spine, code) = before_the_door(Door::Closed).await;
    *spine.rooms.invites_refused.lock().unwrap() = true;
    claims(&spine, &code).await;
    spine.settled(&room()).await;
    assert!(said_in(&spine, &with_bot()).contains("I have asked the admins there"));
    opens(&spine, ANN).await;
    spine.settled(&core_place(&with_bot())).await;
    spine.settled(&room()).await;
    let asked = said_in(&spine, &room());
    assert_eq!(asked.matches("would like to come into this room").count(), 1, "{asked}");
    assert!(!asked.contains("Telegram"), "nothing of why: {asked}");
}

#[tokio::test]
async fn a_room_for_everybody_is_named_and_nobody_is_invited() {
    let (spine, code) = before_the_door(Door::Open).await;
    let answer = claims(&spine, &code).await;
    assert!(answer.contains("Join the room (https://matrix.to/#/!room:example.org"), "{answer}");
    let asked = spine.rooms.asked();
    assert!(!asked.iter().any(|it| it.starts_with("invite")), "{asked:?}");
}

#[tokio::test]
async fn somebody_who_is_banned_claims_nothing_and_the_code_still_works() {
    let (spine, code) = before_the_door(Door::Banned).await;
    assert_snapshot!(claims(&spine, &code).await);
    assert!(spine.store().claim(&tina()).await.unwrap().is_none());
    spine.rooms.set_door(ANN, Door::In);
    assert!(claims(&spine, &code).await.starts_with("Done."));
}

#[tokio::test]
async fn whoever_was_thrown_out_of_the_old_chat_is_not_invited() {
    let (spine, code) = before_the_door(Door::Closed).await;
    spine.telegram.may("tina", Rights::default());
    claims(&spine, &code).await;
    let asked = spine.rooms.asked();
    assert!(!asked.iter().any(|it| it.starts_with("invite")), "{asked:?}");
}

#[tokio::test]
async fn two_people_with_one_code_get_one_claim() {
    let (spine, code) = before_the_door(Door::In).await;
    claims(&spine, &code).await;
    let answer = dm(&spine, "@eve:example.org", &format!("claim {code}")).await;
    assert!(answer.contains("used already"), "{answer}");
    assert!(spine.store().claims_by("@eve:example.org").await.unwrap().is_empty());
    let own = claim(&spine, "tom", "@eve:example.org");
    spine.hear(posted(&group(), "5", "tom", "me too")).await;
    assert!(own.await.starts_with("Done."));
    spine.clock.advance(Duration::from_secs(1));
}
