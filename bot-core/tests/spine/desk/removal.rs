// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bot is removed from a chat, cannot read a room, or is back.

use std::time::Duration;

use bot_core::lane::core_place;
use bot_core::portal::Silence;
use bot_core::{Action, DeliverError, Refusal, SendAs};
use bridge_model::{Content, Event, Rights, UserId};

use super::stages::portal;
use super::{ANN, TINA, ask, joined};
use crate::harness::Spine;
use crate::network::Fault;
use crate::rooms::BOT;
use crate::words::{author, channel, commanded, deleted, edited, event, group, posted, room};

fn invitation() -> Event {
    event(&room(), "$i", Content::Invited { by: author(ANN), whom: UserId::from(BOT) })
}

fn closed(place: &bridge_model::Place) -> Event {
    event(place, "$gone", Content::Closed)
}

async fn rests(spine: &Spine) {
    for lane in [core_place(&room()), core_place(&group()), core_place(&channel())] {
        spine.settled(&lane).await;
    }
    for lane in [room(), group(), channel()] {
        spine.settled(&lane).await;
    }
}

fn lines(spine: &Spine, place: &bridge_model::Place, words: &str) -> usize {
    let read = spine.network(place).read(&place.chat);
    read.iter().filter(|line| line.contains(words)).count()
}

fn withdrawn(spine: &Spine) -> usize {
    let acts = spine.matrix.acts();
    acts.iter().filter(|act| matches!(act, Action::Withdraw { .. })).count()
}

/// Three chats, with a ghost of Tina's in the room.
async fn with_a_ghost() -> Spine {
    let spine = joined().await;
    let tina = bridge_model::Person::new("telegram", TINA);
    let rooms = vec![bot_core::store::keys::place(&room())];
    let localpart = "_fs_tina".to_owned();
    let ghost = bot_core::store::GhostRecord { localpart, rooms, ..Default::default() };
    spine.store().save_ghost(&tina, ghost).await.unwrap();
    spine
}

#[tokio::test]
async fn removed_from_the_room_nothing_crosses_until_it_is_invited_again() {
    let mut spine = with_a_ghost().await;
    spine.hear(posted(&group(), "1", TINA, "before")).await;
    rests(&spine).await;
    spine.hear(closed(&room())).await;
    rests(&spine).await;
    assert_eq!(portal(&spine).await.silence, Some(Silence::Removed));
    for legacy in [group(), channel()] {
        assert_eq!(lines(&spine, &legacy, "I was removed from the Matrix room"), 1);
    }
    assert_eq!(withdrawn(&spine), 1, "ghosts leave");
    spine.restart().await;
    spine.hear(posted(&group(), "2", TINA, "while away")).await;
    spine.hear(posted(&channel(), "3", "cem", "while away")).await;
    spine.hear(posted(&room(), "$4", ANN, "while away")).await;
    spine.hear(commanded(&room(), "$5", ANN, "status")).await;
    // What was taken back is taken back wherever that is possible.
    spine.hear(deleted(&group(), "1", Some(TINA))).await;
    rests(&spine).await;
    for place in [room(), group(), channel()] {
        assert_eq!(lines(&spine, &place, "while away"), 0);
        assert_eq!(lines(&spine, &place, "Connection 1"), 0);
    }
    assert_eq!(lines(&spine, &channel(), "before"), 0, "it was deleted there");
    let status = ask(&spine, &group(), TINA, "status").await;
    assert!(status.contains("Matrix: disconnected"), "{status}");
    spine.hear(invitation()).await;
    rests(&spine).await;
    assert_eq!(portal(&spine).await.silence, None);
    assert_eq!(lines(&spine, &room(), "I am here again"), 1);
    for legacy in [group(), channel()] {
        assert_eq!(lines(&spine, &legacy, "invited to the Matrix room again"), 1);
    }
    spine.hear(posted(&group(), "6", TINA, "here again")).await;
    spine.hear(posted(&room(), "$7", ANN, "welcome back")).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &room(), "here again"), 2, "the bot and Tina");
    assert_eq!(lines(&spine, &group(), "welcome back"), 1);
    assert_eq!(lines(&spine, &channel(), "welcome back"), 1);
    for place in [room(), group(), channel()] {
        assert_eq!(lines(&spine, &place, "while away"), 0);
    }
}

#[tokio::test]
async fn what_waited_for_a_chat_is_not_said_there_after_the_bot_is_back() {
    let spine = joined().await;
    let later = DeliverError::Retry { after: None, reason: "busy".into() };
    spine.telegram.fail(&group().chat, [Fault::Error(later)]);
    for id in ["$1", "$2", "$3"] {
        spine.hear(posted(&room(), id, ANN, "said before the removal")).await;
    }
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.hear(closed(&group())).await;
    spine.hear(posted(&room(), "$4", ANN, "said after the removal")).await;
    spine.clock.advance(Duration::from_secs(1));
    rests(&spine).await;
    spine.hear(posted(&group(), "1", TINA, "here again")).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &group(), "removal"), 0);
    assert_eq!(lines(&spine, &channel(), "removal"), 4, "the others read it");
    assert_eq!(lines(&spine, &room(), "I was let into the chat on Telegram again"), 1);
    assert_eq!(lines(&spine, &group(), "I am here again"), 1);
    spine.hear(posted(&room(), "$5", ANN, "welcome back")).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &group(), "welcome back"), 1);
}

#[tokio::test]
async fn votes_of_a_chat_do_not_open_it_again_and_its_buttons_answer_nobody() {
    let spine = joined().await;
    spine.hear(closed(&group())).await;
    rests(&spine).await;
    let read = spine.telegram.read(&group().chat).len();
    spine.hear(crate::words::voted(&group(), "9", "tom", &["yes"])).await;
    let mut pressed = crate::words::command(TINA, "status");
    pressed.pressed = Some("8".into());
    spine.hear(event(&group(), "p1", Content::Commanded(pressed))).await;
    rests(&spine).await;
    assert_eq!(portal(&spine).await.silence_at(&group()), Some(Silence::Removed));
    assert_eq!(spine.telegram.read(&group().chat).len(), read);
}

#[tokio::test]
async fn a_sentence_that_is_no_longer_true_is_not_said() {
    let mut spine = joined().await;
    spine.stop().await;
    spine.start();
    let batch = vec![closed(&group()), posted(&group(), "1", TINA, "back at once")];
    for event in batch {
        spine.hear(event).await;
    }
    rests(&spine).await;
    // Whichever came first: who reads the last line reads what is so.
    let read = spine.matrix.read(&room().chat);
    let removed = read.iter().rposition(|line| line.contains("I was removed"));
    let back = read.iter().rposition(|line| line.contains("I was let into the chat"));
    assert!(back.is_some() && removed < back, "{read:?}");
}

#[tokio::test]
async fn a_room_of_which_the_homeserver_says_that_the_bot_is_not_in_it_is_lost() {
    let spine = joined().await;
    let reason = Refusal::NotInChat;
    spine.matrix.fail(&room().chat, [Fault::Error(DeliverError::ChatClosed { reason })]);
    spine.hear(posted(&group(), "1", TINA, "not there")).await;
    let told = |it: &crate::network::FakeNetwork| {
        it.read(&group().chat).iter().any(|line| line.contains("I was removed from the Matrix"))
    };
    spine.telegram.until("told", told).await;
    rests(&spine).await;
    assert_eq!(portal(&spine).await.silence, Some(Silence::Removed));
    assert_eq!(lines(&spine, &group(), "I was removed from the Matrix room"), 1);
    assert_eq!(lines(&spine, &room(), "not there"), 0);
}

#[tokio::test]
async fn a_removal_that_nobody_told_of_is_seen_at_the_next_start() {
    let mut spine = joined().await;
    rests(&spine).await;
    spine.matrix.may(BOT, Rights::default());
    spine.restart().await;
    spine
        .telegram
        .until("told", |it| {
            it.read(&group().chat).iter().any(|line| line.contains("I was removed from the Matrix"))
        })
        .await;
    assert_eq!(portal(&spine).await.silence, Some(Silence::Removed));
}

#[tokio::test]
async fn encryption_ends_relaying_with_one_line_on_each_side_and_no_word_follows() {
    let mut spine = with_a_ghost().await;
    spine.hear(posted(&group(), "1", TINA, "before")).await;
    rests(&spine).await;
    for _ in 0..2 {
        spine.hear(event(&room(), "$e", Content::Encrypted)).await;
    }
    rests(&spine).await;
    assert_eq!(lines(&spine, &room(), "This room is encrypted now"), 1);
    for legacy in [group(), channel()] {
        assert_eq!(lines(&spine, &legacy, "The Matrix room is encrypted now"), 1);
    }
    let read = spine.matrix.read(&room().chat).len();
    *spine.rooms.encrypted.lock().unwrap() = true;
    spine.rooms.joined.lock().unwrap().push(room().chat.as_str().to_owned());
    spine.restart().await;
    spine.hear(posted(&group(), "2", TINA, "a secret")).await;
    spine.hear(posted(&room(), "$3", ANN, "in clear all the same")).await;
    spine.hear(edited(&group(), "1", TINA, "a secret")).await;
    rests(&spine).await;
    assert_eq!(spine.matrix.read(&room().chat).len(), read);
    assert_eq!(lines(&spine, &channel(), "a secret"), 2, "the others go on");
    assert_eq!(lines(&spine, &group(), "in clear all the same"), 0);
    // A redaction holds no words.
    spine.hear(deleted(&group(), "1", Some(TINA))).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &room(), "before"), 0);
    // The operator allows encrypted rooms: it goes on.
    *spine.rooms.encrypted.lock().unwrap() = false;
    spine.restart().await;
    spine
        .matrix
        .until("on", |it| it.read(&room().chat).iter().any(|l| l.contains("here again")))
        .await;
    spine.hear(posted(&group(), "4", TINA, "and on")).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &room(), "and on"), 1);
}

#[tokio::test]
async fn in_an_encrypted_chat_the_bot_says_once_that_it_cannot_read_it() {
    let spine = super::fresh();
    *spine.rooms.encrypted.lock().unwrap() = true;
    spine.hear(invitation()).await;
    spine.matrix.until("told", |it| !it.read(&room().chat).is_empty()).await;
    spine.hear(event(&room(), "$e", Content::Encrypted)).await;
    rests(&spine).await;
    let read = spine.matrix.read(&room().chat);
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].contains("I cannot read this chat, because it is encrypted"), "{read:?}");
    assert!(read[0].contains(BOT), "{read:?}");
}

#[tokio::test]
async fn a_person_whose_account_is_barred_is_told_once_and_so_is_the_room() {
    let spine = joined().await;
    let barred = || {
        let reason = Refusal::Barred("@_fs_tina:example.org".into());
        Fault::Error(DeliverError::Refused { reason })
    };
    spine.matrix.fail(&room().chat, [barred()]);
    spine.hear(posted(&group(), "1", TINA, "one")).await;
    rests(&spine).await;
    spine.matrix.fail(&room().chat, [barred()]);
    spine.hear(posted(&group(), "2", TINA, "two")).await;
    rests(&spine).await;
    spine.hear(posted(&group(), "3", "tom", "three")).await;
    rests(&spine).await;
    assert_eq!(lines(&spine, &group(), "Not delivered to Matrix"), 1);
    assert_eq!(lines(&spine, &room(), "@_fs_tina:example.org"), 1);
    assert_eq!(lines(&spine, &room(), "one") + lines(&spine, &room(), "two"), 0);
    assert_eq!(lines(&spine, &room(), "three"), 1);
    assert_eq!(lines(&spine, &channel(), "two"), 1, "the others read it");
    let posts = spine.matrix.acts();
    assert!(
        posts.iter().all(|act| !matches!(act, Action::Post { send_as: SendAs::Bot, message, .. }
        if message.body.plain().contains("two")))
    );
}
