// SPDX-License-Identifier: AGPL-3.0-or-later
//! Invitations and rooms on request.

use bridge_model::{Command, Content, Event, UserId};
use insta::assert_snapshot;

use super::{ANN, CODE, TINA, ask, ask_with, fresh};
use crate::rooms::BOT;
use crate::words::{author, command, event, group, room};

fn invitation(whom: &str) -> Event {
    event(&room(), "$i", Content::Invited { by: author(ANN), whom: UserId::from(whom) })
}

#[tokio::test]
async fn the_bot_joins_where_it_is_invited_and_says_how_to_go_on() {
    let spine = fresh();
    spine.hear(invitation(BOT)).await;
    let hello = "BOT: Hello. I can join this room to a Telegram group or Discord channel. How: \
                 !freeside help";
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
          person on another network and cannot be written to."]
    );
    assert_eq!(spine.matrix.tries(), 1, "nobody says hello");
}

#[tokio::test]
async fn a_room_on_request_belongs_to_whoever_asked_and_can_be_joined() {
    let spine = fresh();
    let asked = Command { private: true, ..command(ANN, "create telegram") };
    assert_snapshot!(ask_with(&spine, &room(), asked).await, @"
    Your room is ready, and it is yours: open it (https://matrix.to/#/!created:example.org?via=example.org)
    In the Telegram group, an admin posts:
    /link AAAA-AAAA
    I must be in that group: add me first. The code works once, for 15 minutes.
    ");
    assert_eq!(spine.rooms.asked(), ["create Room of \u{2068}ann\u{2069} for @ann:example.org"]);
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE}")).await;
    assert!(answer.starts_with("Joined to Matrix"), "{answer}");
    let asked = Command { private: true, ..command(ANN, "create nowhere") };
    assert_snapshot!(ask_with(&spine, &room(), asked).await, @"
    Type !freeside create with one of discord | telegram
    ");
}
