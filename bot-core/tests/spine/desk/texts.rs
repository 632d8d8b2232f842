// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot tells when it is asked.

use bot_core::DeliverError;
use bot_core::Refusal;
use bot_core::lane::core_place;
use bridge_model::{Command, Content, MessageId};
use insta::assert_snapshot;

use super::{ANN, NOBODY, TINA, ask, ask_with, fresh, joined};
use crate::network::Fault;
use crate::words::{START, channel, command, event, group, posted, room};

const OPERATOR: &str = "@op:example.org";

#[tokio::test]
async fn the_status_of_a_chat_that_is_not_joined() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &group(), NOBODY, "status").await, @"
    This chat is not connected. To connect it: /link
    ");
}

#[tokio::test]
async fn the_status_of_a_portal_says_what_flows_what_is_halted_and_what_is_lost() {
    let spine = joined().await;
    let reason = Refusal::NotInChat;
    let closed = Fault::Error(DeliverError::ChatClosed { reason });
    spine.discord.fail(&channel().chat, [closed]);
    spine.hear(posted(&room(), "$1", ANN, "hello")).await;
    spine.halted(&channel()).await;
    spine.settled(&room()).await;
    assert_snapshot!(ask(&spine, &room(), NOBODY, "status").await, @"
    Connection 1: Matrix room (https://matrix.to/#/!room:example.org?via=example.org)
    Matrix: connected, nothing is waiting
    Telegram: connected, nothing is waiting
    Discord: stopped, one message is waiting. Reason: I am not in the chat
    ");
    spine.hear(event(&group(), "", Content::Closed)).await;
    spine
        .matrix
        .until("told", |matrix| {
            matrix.read(&room().chat).iter().any(|line| line.starts_with("BOT: I was removed"))
        })
        .await;
    spine.settled(&room()).await;
    assert_snapshot!(ask(&spine, &room(), NOBODY, "status").await, @"
    Connection 1: Matrix room (https://matrix.to/#/!room:example.org?via=example.org)
    Matrix: connected, nothing is waiting
    Telegram: disconnected. I am no longer in that chat. Add me again, and it continues by itself.
    Discord: stopped, one message is waiting. Reason: I am not in the chat
    ");
}

#[tokio::test]
async fn a_lost_chat_is_told_once_and_comes_back() {
    let spine = joined().await;
    for _ in 0..2 {
        spine.hear(event(&group(), "", Content::Closed)).await;
    }
    spine.hear(posted(&channel(), "9", "cem", "after that")).await;
    spine
        .matrix
        .until("there", |m| m.read(&room().chat).iter().any(|l| l.starts_with("cem")))
        .await;
    spine.settled(&core_place(&group())).await;
    spine.settled(&room()).await;
    let answer = ask(&spine, &room(), NOBODY, "status").await;
    assert!(answer.contains("Telegram: disconnected"), "{answer}");
    let told = spine.matrix.read(&room().chat);
    assert_eq!(told.iter().filter(|line| line.starts_with("BOT: I was removed")).count(), 1);
    spine.hear(posted(&group(), "1", TINA, "back")).await;
    spine.settled(&room()).await;
    let answer = ask(&spine, &room(), NOBODY, "status").await;
    assert!(answer.contains("Telegram: connected"), "{answer}");
}

#[tokio::test]
async fn portals_are_shown_to_those_who_run_the_bridge() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "portals").await, @"
    Only the operators of this bridge can do that.
    ");
    assert_snapshot!(ask(&spine, &room(), OPERATOR, "portals").await, @"
    One room is connected:
    Connection 1: Matrix room (https://matrix.to/#/!room:example.org?via=example.org)
    Matrix: connected, nothing is waiting
    Telegram: connected, nothing is waiting
    Discord: connected, nothing is waiting
    ");
}

#[tokio::test]
async fn help_shows_members_what_they_can_ask_for() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &room(), NOBODY, "help").await, @"
    I share messages between Matrix rooms and chats on Telegram and Discord. These are my commands:
    !freeside help – Show this list
    !freeside faq – Answers to the questions that admins ask first
    !freeside status – Show what is connected here and whether it works
    !freeside claim – Tell me that an account on Telegram or Discord is yours too
    !freeside unclaim – Undo that: your accounts are separate again
    !freeside language – Choose my language in our private chat
    !freeside privacy – What happens to your messages and data
    !freeside optout – Keep what you write from the other networks
    !freeside optin – Let the other networks see what you write
    !freeside stop – The same as optout
    !freeside pseudonym – Show an invented name instead of yours on the other networks
    !freeside mydata – See or erase what this bridge stores about you
    !freeside version – Show which version is running
    !freeside source – Show where the source code is
    Admins of this chat see more commands here.
    Code of conduct (https://example.org/conduct)
    ");
    assert_snapshot!(ask(&spine, &group(), NOBODY, "help").await, @"
    I share messages between Matrix rooms and chats on Telegram and Discord. These are my commands:
    /help – Show this list
    /faq – Answers to the questions that admins ask first
    /status – Show what is connected here and whether it works
    /matrix – Take part on Matrix: free software, no phone number
    /privacy – What happens to your messages and data
    /optout – Keep what you write from the other networks
    /optin – Let the other networks see what you write
    /stop – The same as optout
    /pseudonym – Show an invented name instead of yours on the other networks
    /mydata – See or erase what this bridge stores about you
    /delete – Delete the message that you reply to, on all sides
    /version – Show which version is running
    /source – Show where the source code is
    Admins of this chat see more commands here.
    Code of conduct (https://example.org/conduct)
    ");
    assert_eq!(ask(&spine, &room(), NOBODY, "").await, ask(&spine, &room(), NOBODY, "HELP").await);
}

#[tokio::test]
async fn help_shows_admins_what_they_can_do() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &room(), ANN, "help").await, @"
    I share messages between Matrix rooms and chats on Telegram and Discord. These are my commands:
    !freeside help – Show this list
    !freeside faq – Answers to the questions that admins ask first
    !freeside link – Connect this chat to a chat on another network
    !freeside unlink – End the connection; the Matrix room stays
    !freeside confirm – Do what I have just shown you
    !freeside status – Show what is connected here and whether it works
    !freeside set – Show or change the settings of this connection
    !freeside stage – Show how far this community is on its way to Matrix, and take the next step
    !freeside selftest – Test that bans, mutes and deletions work on all sides
    !freeside audit – Show what was decided and done, and by whom
    !freeside vote – Ask the whole community a question, in all chats at once
    !freeside report – Show how far this community is, in numbers
    !freeside exception – Record where proprietary software is still used
    !freeside services – Say what the unknown websites are that people link to
    !freeside create – Make a new Matrix room that belongs to you, and get a code to connect it
    !freeside dashboard – Get a link to the web pages for admins
    !freeside lanes – Show what waits for each chat; try it again, leave it out, or stop it
    !freeside claim – Tell me that an account on Telegram or Discord is yours too
    !freeside unclaim – Undo that: your accounts are separate again
    !freeside language – Choose my language in our private chat
    !freeside appoint – Give an admin of the other side the same power here
    !freeside privacy – What happens to your messages and data
    !freeside optout – Keep what you write from the other networks
    !freeside optin – Let the other networks see what you write
    !freeside stop – The same as optout
    !freeside pseudonym – Show an invented name instead of yours on the other networks
    !freeside mydata – See or erase what this bridge stores about you
    !freeside ban – Ban the author of the message that you reply to, on all sides
    !freeside unban – Lift a ban
    !freeside kick – Remove the author of the message that you reply to, on all sides
    !freeside mute – Keep the author of the message that you reply to from writing
    !freeside unmute – Let somebody write again
    !freeside purge – Delete the last messages of the author of the message that you reply to
    !freeside policy – Follow policy lists: bans that others share
    !freeside version – Show which version is running
    !freeside source – Show where the source code is
    Code of conduct (https://example.org/conduct)
    ");
    assert!(ask(&spine, &room(), OPERATOR, "help").await.contains("!freeside portals"));
    assert!(ask(&spine, &group(), TINA, "help").await.contains("/stage"));
}

#[tokio::test]
async fn version_source_and_the_way_to_matrix() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), NOBODY, "version").await, @"
    Freeside 0.1.0, commit abc1234
    ");
    assert_snapshot!(ask(&spine, &group(), NOBODY, "source").await, @"
    I am free software under the AGPL, version 3 or later. Source code (https://example.org/source), commit abc1234
    ");
    assert_snapshot!(ask(&spine, &group(), NOBODY, "matrix").await, @"
    Matrix is free software and needs no phone number. Open the room in your browser (https://app.element.io/#/room/!room:example.org?via=example.org), choose any server, and join.
    Servers to start with: matrix.org (en); envs.net (en, de); unredacted.org (en)
    ");
    let privacy = ask(&spine, &group(), NOBODY, "privacy").await;
    assert!(privacy.starts_with("What I share: messages"), "{privacy}");
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = include_str!("../../../../README.md");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for command in bot_core::desk::commands::Command::ALL {
        let name = format!("`{}`", command.name());
        let first = |row: &&str| row.split('|').nth(1).is_some_and(|cell| cell.contains(&name));
        assert_eq!(rows.iter().filter(|row| first(row)).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_message_is_deleted_on_all_sides_by_a_reply_of_its_author() {
    let spine = joined().await;
    spine.hear(posted(&group(), "1", TINA, "oops")).await;
    spine.matrix.shows(&room().chat, &["tina: oops"]).await;
    spine.discord.shows(&channel().chat, &["tina: oops"]).await;
    spine.settled(&room()).await;
    spine.settled(&channel()).await;
    let reply = |by: &str, to: &str| Command {
        reply_to: Some(MessageId::from(to)),
        ..command(by, "delete")
    };
    assert_snapshot!(ask_with(&spine, &group(), reply(NOBODY, "1")).await, @"
    You can delete only your own messages. Admins can delete all messages.
    ");
    assert_snapshot!(ask_with(&spine, &group(), reply(TINA, "404")).await, @"
    I did not share that message, so I cannot delete it.
    ");
    spine.hear(event(&group(), "2", Content::Commanded(reply(TINA, "1")))).await;
    spine.matrix.shows(&room().chat, &[]).await;
    spine.discord.shows(&channel().chat, &[]).await;
}

#[tokio::test]
async fn a_chat_that_moves_is_told_to_the_room() {
    let spine = joined().await;
    spine.hear(event(&group(), "", Content::Moved { to: "-100999".into() })).await;
    let told = "BOT: The group on Telegram has become a supergroup. The connection continues.";
    spine.matrix.shows(&room().chat, &[told]).await;
    assert_eq!(spine.store().portals().await.unwrap()[0].ends[0].since, START);
}

#[tokio::test]
async fn a_room_that_was_replaced_is_followed_and_the_new_one_told() {
    let spine = joined().await;
    let new = bridge_model::Place::new("matrix", "!new:example.org");
    spine.hear(event(&room(), "$t", Content::Moved { to: new.chat.clone() })).await;
    let told = "BOT: This room replaces the old one. The connection continues: Telegram, Discord";
    spine.matrix.shows(&new.chat, &[told]).await;
    assert_eq!(spine.rooms.asked(), ["join !new:example.org"]);
    let state = spine.rooms.state.lock().unwrap().clone();
    assert!(state.iter().all(|(room, ..)| room == "!new:example.org"), "{state:?}");
    assert_eq!(state.len(), 4, "two names for each of two links: {state:?}");
}

#[tokio::test]
async fn a_room_that_was_replaced_by_one_that_is_closed_is_told_elsewhere() {
    let spine = joined().await;
    *spine.rooms.join_refused.lock().unwrap() = Some("you are not invited".into());
    spine.hear(event(&room(), "$t", Content::Moved { to: "!new:example.org".into() })).await;
    let told = "BOT: The Matrix room was replaced by a new one, and I cannot enter it: \
                Matrix says “you are not invited”\nTo continue, invite me to the new room.";
    spine.telegram.shows(&group().chat, &[told]).await;
    spine.discord.shows(&channel().chat, &[told]).await;
}
