// SPDX-License-Identifier: AGPL-3.0-or-later
//! Invitations and rooms on request.

use std::time::Duration;

use bot_core::lane::core_place;
use bridge_model::{Command, Content, Event, Place, Rights, UserId};
use insta::assert_snapshot;

use super::{ANN, CODE, TINA, agree, ask, ask_with, fresh, join, joined, sure};
use crate::harness::{ADMIN, Spine};
use crate::rooms::BOT;
use crate::words::{author, command, event, group, room};

const STRANGER: &str = "@mallory:elsewhere.net";
const AN_HOUR: Duration = Duration::from_secs(3600);

fn invitation(whom: &str) -> Event {
    invited_by(ANN, whom)
}

fn invited_by(by: &str, whom: &str) -> Event {
    event(&room(), "$i", Content::Invited { by: author(by), whom: UserId::from(whom) })
}

/// An hour goes by, in which the bot may have been restarted.
async fn an_hour_later(spine: &mut Spine) {
    spine.settled(&core_place(&room())).await;
    spine.stop().await;
    spine.clock.advance(AN_HOUR);
    spine.start();
}

#[tokio::test]
async fn the_bot_joins_where_it_is_invited_and_says_how_to_go_on() {
    let spine = fresh();
    spine.hear(invitation(BOT)).await;
    let hello = "BOT: Hello. I can connect this room to a Telegram group or a Discord channel. \
                 To see how: !freeside help";
    spine.matrix.shows(&room().chat, &[hello]).await;
    assert_eq!(spine.rooms.asked(), ["join !room:example.org"]);
}

#[tokio::test]
async fn a_ghost_declines() {
    let spine = fresh();
    spine.hear(invitation("@_freeside_x:example.org")).await;
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(
        spine.rooms.asked(),
        ["decline !room:example.org for @_freeside_x:example.org: This account stands for a \
          person on another network. You cannot write to it."]
    );
    assert_eq!(spine.matrix.tries(), 1, "nobody says hello");
}

#[tokio::test]
async fn a_room_on_request_belongs_to_whoever_asked_and_can_be_joined() {
    let spine = fresh();
    let asked = Command { private: true, ..command(ANN, "create telegram") };
    assert_snapshot!(ask_with(&spine, &room(), asked).await, @"
    Your room is ready, and it belongs to you: open it (https://matrix.to/#/!created:example.org?via=example.org)
    Here is your connection code. In the Telegram group, an admin types:
    /link AAAA-AAAA
    Add me to that group first. The code works once, for 15 minutes.
    ");
    assert_eq!(spine.rooms.asked(), ["create Room of \u{2068}ann\u{2069} for @ann:example.org"]);
    let created = Place::new("matrix", "!created:example.org");
    let answer = agree(&spine, (&group(), TINA), (&created, ANN), CODE).await;
    assert!(answer.starts_with("Connected to Telegram"), "{answer}");
    let asked = Command { private: true, ..command(ANN, "create nowhere") };
    assert_snapshot!(ask_with(&spine, &room(), asked).await, @"
    Type !freeside create and one of these words: discord | telegram
    ");
}

#[tokio::test]
async fn a_stranger_is_told_no_and_the_bot_does_not_come() {
    let spine = joined().await;
    spine.hear(invited_by(STRANGER, BOT)).await;
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(
        spine.rooms.asked(),
        ["decline !room:example.org for @freeside:example.org: You may not invite me or connect \
          rooms on this bridge. Please ask its operators: \u{2068}@op:example.org\u{2069}"]
    );
}

#[tokio::test]
async fn whoever_is_in_a_linked_room_may_write_to_the_bot() {
    let spine = joined().await;
    spine.matrix.may(STRANGER, Rights { member: true, ..Rights::default() });
    spine.hear(invited_by(STRANGER, BOT)).await;
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(spine.rooms.asked(), ["join !room:example.org"]);
}

#[tokio::test]
async fn a_stranger_neither_links_nor_has_rooms_made() {
    let spine = fresh();
    spine.matrix.may(STRANGER, ADMIN);
    let answer = ask(&spine, &room(), STRANGER, "link telegram").await;
    assert!(answer.starts_with("You may not invite me"), "{answer}");
    let code = ask(&spine, &group(), TINA, "link").await;
    assert!(code.contains(CODE), "{code}");
    let answer = ask(&spine, &room(), STRANGER, &format!("link {CODE}")).await;
    assert!(answer.starts_with("You may not invite me"), "{answer}");
    let asked = Command { private: true, ..command(STRANGER, "create telegram") };
    let answer = ask_with(&spine, &room(), asked).await;
    assert!(answer.starts_with("You may not invite me"), "{answer}");
    assert!(spine.rooms.asked().is_empty() && spine.store().portals().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_bot_leaves_a_room_that_is_not_linked_within_an_hour_also_over_a_restart() {
    let mut spine = fresh();
    spine.hear(invitation(BOT)).await;
    an_hour_later(&mut spine).await;
    spine.matrix.until("left", |matrix| matrix.deeds().contains(&"leave".to_owned())).await;
    let farewell = "BOT: This room is not connected to another chat, so I am leaving it. To bring me \
                    back, invite @freeside:example.org and type !freeside link";
    assert_eq!(spine.matrix.read(&room().chat)[1..], [farewell]);
}

#[tokio::test]
async fn the_bot_stays_where_somebody_is_alone_with_it_and_looks_again_the_next_day() {
    let mut spine = fresh();
    *spine.rooms.private.lock().unwrap() = true;
    spine.hear(invitation(BOT)).await;
    an_hour_later(&mut spine).await;
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(spine.matrix.deeds(), Vec::<String>::new());
    *spine.rooms.private.lock().unwrap() = false;
    spine.stop().await;
    spine.clock.advance(24 * AN_HOUR);
    spine.start();
    spine.matrix.until("left", |matrix| matrix.deeds().contains(&"leave".to_owned())).await;
}

#[tokio::test]
async fn the_bot_stays_in_a_linked_room_and_leaves_an_hour_after_its_last_link() {
    let mut spine = fresh();
    spine.hear(invitation(BOT)).await;
    join(&spine, &room(), &group()).await;
    an_hour_later(&mut spine).await;
    sure(&spine, &room(), ANN, "unlink").await;
    assert!(!spine.matrix.deeds().contains(&"leave".to_owned()));
    an_hour_later(&mut spine).await;
    spine.matrix.until("left", |matrix| matrix.deeds().contains(&"leave".to_owned())).await;
}

#[tokio::test]
async fn the_bot_also_leaves_rooms_in_which_it_was_before_there_was_that_rule() {
    let mut spine = Spine::idle();
    spine.link().await;
    let rooms = ["!room:example.org", "!forgotten:example.org", "!space:example.org"];
    *spine.rooms.joined.lock().unwrap() = rooms.map(str::to_owned).to_vec();
    spine.start();
    ask(&spine, &room(), ANN, "version").await;
    let leave = "leave".to_owned();
    assert!(!spine.matrix.deeds().contains(&leave));
    an_hour_later(&mut spine).await;
    spine.matrix.until("left", |matrix| matrix.deeds().contains(&leave)).await;
    let forgotten = bridge_model::ChatId::from("!forgotten:example.org");
    let read = spine.matrix.read(&forgotten);
    assert!(read.iter().any(|line| line.contains("is not connected to another chat")), "{read:?}");
    ask(&spine, &room(), ANN, "version").await;
    assert_eq!(spine.matrix.deeds().iter().filter(|deed| **deed == leave).count(), 1);
}
