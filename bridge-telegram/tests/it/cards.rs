// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places and business cards on their way to Telegram.

use bot_core::{Action, Deliver, Order, Part, Receipt, SendAs};
use bridge_model::{
    Card, Contact, Live, Location, Message, MessageId, Point, Poll, PollAnswer, RichText, Timestamp,
};
use sandbox::faults::Fault;
use sandbox::telegram::{Group, Telegram};
use serde_json::Value;

use crate::stage::{Shelf, alice, message, network, order, post};

fn with(card: Card) -> Message {
    // Long enough ago for nothing, short enough for what moves.
    Message { card: Some(card), sent_at: now(), ..message("") }
}

/// The stand-in has the real clock.
#[expect(clippy::disallowed_methods, reason = "the stand-in compares with its own clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn poll(question: &str, answers: &[&str]) -> Poll {
    let answer = |(number, text): (usize, &&str)| PollAnswer {
        id: number.to_string(),
        text: RichText::plain_text(text),
    };
    Poll {
        question: RichText::plain_text(question),
        answers: answers.iter().enumerate().map(answer).collect(),
        choices: 1,
        disclosed: true,
        closes_at: None,
        closed: false,
    }
}

fn place(live: Option<Live>) -> Location {
    let point = Point::from_degrees(52.52, 13.405);
    Location { point, accuracy: Some(20), title: None, address: None, live }
}

async fn deliver(telegram: &Telegram, order: &Order) -> Receipt {
    network(telegram).deliver(order, &Shelf::default()).await.unwrap()
}

async fn edit(telegram: &Telegram, group: &Group, parts: Vec<Part>, message: Message) -> Receipt {
    let (native_reply, media_changed) = (false, false);
    let act = Action::Edit { send_as: alice(), parts, message, native_reply, media_changed };
    deliver(telegram, &order(group.id(), act)).await
}

#[tokio::test]
async fn a_poll_is_a_poll_with_the_name_in_its_question() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let asked = Poll { choices: 2, ..poll("Tea?", &["yes", "no"]) };
    let receipt = deliver(&telegram, &order(group.id(), post(with(Card::Poll(asked))))).await;
    let [seen] = &group.messages()[..] else { panic!("{}", group.transcript()) };
    group.vote(&ada, seen.id, &[0, 1]).unwrap();
    let shown = group.message(seen.id).unwrap().poll.unwrap();
    assert_eq!(shown.question, "Alice: Tea?");
    assert_eq!(shown.options, [("yes".to_owned(), 1), ("no".to_owned(), 1)]);
    assert!(shown.multiple && !shown.closed);
    assert_eq!(receipt.parts.len(), 1);
    assert!(!receipt.parts[0].media);
    assert_eq!(receipt.also[0].chat.as_str(), "polls");
    let request = &telegram.requests_of("sendPoll")[0];
    assert_eq!(request["is_anonymous"], true);
    let updates = reqwest_updates(&telegram).await;
    assert_eq!(updates[0]["poll"]["id"], receipt.also[0].message.as_str());
    telegram.assert_clean().unwrap();
}

/// The updates that wait, asked for as any bot would.
async fn reqwest_updates(telegram: &Telegram) -> Vec<Value> {
    let url = format!("{}/bot{}/getUpdates", telegram.url(), telegram.bot_token());
    let answer = reqwest_telegram::get(url).await.unwrap().json::<Value>().await.unwrap();
    answer["result"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_vote_of_the_community_cannot_be_carried_out_of_the_group() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let message = with(Card::Poll(poll("Shall we move?", &["yes", "no"])));
    let Action::Post { native_reply, answer_via, message, .. } = post(message) else { panic!() };
    let act = Action::Post { send_as: SendAs::Bot, native_reply, answer_via, message };
    deliver(&telegram, &order(group.id(), act)).await;
    let request = &telegram.requests_of("sendPoll")[0];
    assert_eq!(
        (&request["is_anonymous"], &request["protect_content"]),
        (&false.into(), &true.into())
    );
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_long_question_leaves_the_name_in_a_message_before() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let asked = poll(&"q".repeat(298), &["yes", "no"]);
    deliver(&telegram, &order(group.id(), post(with(Card::Poll(asked))))).await;
    let seen = group.messages();
    assert_eq!(seen[0].text, "Alice:");
    assert_eq!(seen[1].poll.as_ref().unwrap().question.len(), 298);
}

#[tokio::test]
async fn a_poll_that_does_not_fit_becomes_words() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let long = "a".repeat(101);
    for asked in [
        poll("Which?", &["only one"]),
        poll("Which?", &[&long, "no"]),
        poll(&"q".repeat(301), &["yes", "no"]),
        poll("Which?", &["same", "same"]),
        poll("Which?", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]),
    ] {
        let receipt = deliver(&telegram, &order(group.id(), post(with(Card::Poll(asked))))).await;
        assert_eq!(receipt.also, []);
    }
    let seen = group.messages();
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|it| it.poll.is_none()));
    assert!(seen[0].text.starts_with("Alice:\nWhich?\n1. only one\n"), "{}", seen[0].text);
    assert_eq!(seen[0].styled("bold"), ["Alice:\nWhich?"]);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_poll_closes_in_time_when_asked_and_twice_is_fine() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let sent_at = now();
    let asked =
        Poll { closes_at: Some(Timestamp(sent_at.0 + 3_600_000)), ..poll("Tea?", &["a", "b"]) };
    let message = Message { sent_at, ..with(Card::Poll(asked)) };
    let parts = deliver(&telegram, &order(group.id(), post(message))).await.parts;
    assert_eq!(telegram.requests_of("sendPoll")[0]["open_period"], 3600);
    for _ in 0..2 {
        let act = Action::ClosePoll { send_as: alice(), parts: parts.clone() };
        deliver(&telegram, &order(group.id(), act)).await;
    }
    assert!(group.messages()[0].poll.as_ref().unwrap().closed);
    let words = deliver(&telegram, &order(group.id(), post(crate::stage::message("words")))).await;
    let act = Action::ClosePoll { send_as: alice(), parts: words.parts };
    deliver(&telegram, &order(group.id(), act)).await;
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn an_edited_poll_keeps_its_votes_and_changes_only_words() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let asked = with(Card::Poll(poll("Tea?", &["a", "b"])));
    let mut first = asked.clone();
    first.body = RichText::plain_text("pleas vote");
    let parts = deliver(&telegram, &order(group.id(), post(first))).await.parts;
    let mut better = asked;
    better.body = RichText::plain_text("please vote");
    let receipt = edit(&telegram, &group, parts.clone(), better).await;
    assert_eq!(receipt.parts, parts);
    let seen = group.messages();
    assert_eq!(seen[0].text, "Alice:\nplease vote");
    assert_eq!(seen[1].poll.as_ref().unwrap().question, "Tea?");
}

#[tokio::test]
async fn a_doubtful_poll_is_found_and_not_doubled() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    let mut order = order(group.id(), post(with(Card::Poll(poll("Tea?", &["a", "b"])))));
    order.after = Some(MessageId::new(known.0.to_string()));
    telegram.faults().next("sendPoll", 1, Fault::LoseResponse);
    network(&telegram).deliver(&order, &Shelf::default()).await.unwrap_err();
    group.say(&ada, "behind").unwrap();
    order.done = network(&telegram).find_sent(&order).await.unwrap();
    assert_eq!(order.done.len(), 1);
    deliver(&telegram, &order).await;
    assert_eq!(group.messages().len(), 3);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_place_is_on_the_map_below_the_name() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    deliver(&telegram, &order(group.id(), post(with(Card::Location(place(None)))))).await;
    let mut venue = place(None);
    venue.title = Some("Café".to_owned());
    deliver(&telegram, &order(group.id(), post(with(Card::Location(venue))))).await;
    let seen = group.messages();
    assert_eq!(seen[0].text, "Alice:");
    let shown = seen[1].place.clone().unwrap();
    assert_eq!((shown.latitude, shown.longitude, shown.live), (52.52, 13.405, false));
    let venue = seen[3].place.clone().unwrap().venue.unwrap();
    assert_eq!(venue, ("Café".to_owned(), "52.52,13.405".to_owned()));
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_place_that_moves_is_moved_and_stops() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let until = Some(Timestamp(now().0 + 600_000));
    let first = with(Card::Location(place(Some(Live { until }))));
    let parts = deliver(&telegram, &order(group.id(), post(first.clone()))).await.parts;
    let live = |group: &Group| group.messages()[1].place.clone().unwrap();
    assert!(live(&group).live);
    let mut there = place(Some(Live { until }));
    there.point = Point::from_degrees(48.85, 2.35);
    let moved = Message { card: Some(Card::Location(there.clone())), ..first.clone() };
    for _ in 0..2 {
        let receipt = edit(&telegram, &group, parts.clone(), moved.clone()).await;
        assert_eq!(receipt.parts, parts);
    }
    assert_eq!(live(&group).latitude, 48.85);
    there.live = Some(Live { until: None });
    let ended = Message { card: Some(Card::Location(there)), ..first };
    for _ in 0..2 {
        edit(&telegram, &group, parts.clone(), ended.clone()).await;
    }
    assert!(!live(&group).live);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_business_card_needs_a_number() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    for phone in [Some("+49 30 1".to_owned()), None] {
        let card = Contact { name: "Bob".to_owned(), phone };
        deliver(&telegram, &order(group.id(), post(with(Card::Contact(card))))).await;
    }
    let seen = group.messages();
    assert_eq!(seen[1].contact, Some(("Bob".to_owned(), "+49 30 1".to_owned())));
    assert!(seen[2].text.starts_with("Alice:\n") && seen[2].text.contains("Bob"));
    telegram.assert_clean().unwrap();
}
