// SPDX-License-Identifier: AGPL-3.0-or-later
//! Codes that do not work and people who may not.

use std::time::Duration;

use bridge_model::{Command, Place, Rights};
use insta::assert_snapshot;

use super::{
    ANN, CARA, CODE, CODE_2, NOBODY, TINA, agree, ask, ask_with, fresh, join, joined, sure,
};
use crate::words::{channel, command, group, room};

#[tokio::test]
async fn whoever_may_not_change_the_chat_joins_and_ends_nothing() {
    let spine = joined().await;
    for typed in ["link", "link telegram", "link AAAA-AAAA", "unlink", "unlink telegram"] {
        let answer = ask(&spine, &room(), NOBODY, typed).await;
        assert!(answer.starts_with("You need the power level"), "{typed}: {answer}");
    }
    assert_snapshot!(sure(&spine, &group(), NOBODY, "unlink").await, @"
    Only the owner of this group, and admins who may change the group's info, can do that.
    ");
    assert_snapshot!(sure(&spine, &channel(), NOBODY, "unlink").await, @"
    You need the permission “Manage Server” or “Administrator” in this channel.
    ");
    assert_eq!(spine.store().portals().await.unwrap()[0].ends.len(), 2);
}

#[tokio::test]
async fn rights_that_came_with_the_command_count() {
    let spine = joined().await;
    let rights = Some(Rights { member: true, manage: false, change: false, moderate: true });
    let typed = Command { rights, ..command(CARA, "unlink") };
    let answer = ask_with(&spine, &channel(), typed).await;
    assert!(answer.starts_with("You need the permission"), "{answer}");
}

#[tokio::test]
async fn a_wrong_code_joins_nothing() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    assert_snapshot!(ask(&spine, &group(), TINA, "link ZZZZ-ZZZZ").await, @"
    This connection code is not right. Copy all of it, or get a new one on the other side with the command link.
    ");
}

#[tokio::test]
async fn a_stale_code_joins_nothing() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    spine.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, @"
    This connection code is older than 15 minutes. Get a new one on the other side with the command link.
    ");
}

#[tokio::test]
async fn a_code_works_for_fifteen_minutes() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    spine.clock.advance(Duration::from_secs(15 * 60));
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE}")).await;
    assert!(answer.starts_with("The connection code is right"), "{answer}");
    spine.clock.advance(Duration::from_secs(15 * 60));
    let answer = ask(&spine, &room(), ANN, &format!("link yes {CODE}")).await;
    assert!(answer.starts_with("Connected to Telegram"), "{answer}");
}

#[tokio::test]
async fn a_used_code_joins_nothing() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    let other = Place::new("telegram", "-77");
    assert_snapshot!(ask(&spine, &other, TINA, &format!("link {CODE}")).await, @"
    This connection code has been used already. Get a new one on the other side with the command link.
    ");
}

#[tokio::test]
async fn a_code_for_another_network_says_where_it_belongs() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    let answer = ask(&spine, &channel(), CARA, &format!("link {CODE}")).await;
    assert_snapshot!(answer, @"This connection code is not for this chat. Type it on Telegram.");
    let answer = ask(&spine, &room(), ANN, &format!("link {CODE}")).await;
    assert_snapshot!(answer, @"This connection code is not for this chat. Type it on Telegram.");
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE}")).await;
    assert!(answer.starts_with("The connection code is right"), "it is still good: {answer}");
}

#[tokio::test]
async fn a_chat_that_is_joined_is_not_joined_to_another_room() {
    let spine = joined().await;
    let text = "Already connected: a chat can belong to one Matrix room only. To change that, \
                first end the connection with unlink.";
    assert_eq!(ask(&spine, &group(), TINA, "link").await, text);
    let other = Place::new("matrix", "!other:example.org");
    ask(&spine, &other, ANN, "link telegram").await;
    assert_eq!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, text);
    assert!(spine.store().portal_of(&other).await.unwrap().is_none());
}

#[tokio::test]
async fn a_code_that_was_asked_for_before_the_chat_was_joined_elsewhere_joins_nothing() {
    let spine = fresh();
    ask(&spine, &group(), TINA, "link").await;
    let other = Place::new("matrix", "!other:example.org");
    ask(&spine, &other, ANN, "link telegram").await;
    agree(&spine, (&group(), TINA), (&other, ANN), CODE_2).await;
    let answer = ask(&spine, &room(), ANN, &format!("link {CODE}")).await;
    assert!(answer.starts_with("Already connected"), "{answer}");
}

#[tokio::test]
async fn a_chat_that_is_not_ready_keeps_its_code() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    spine.telegram.state.lock().unwrap().unready = Some("Make me an admin.".into());
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, @"
    Not connected yet. On Telegram: Telegram says “Make me an admin.”
    When this is fixed, do the same again.
    ");
    spine.telegram.state.lock().unwrap().unready = None;
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE}")).await;
    assert!(answer.starts_with("The connection code is right"), "{answer}");
    spine.telegram.state.lock().unwrap().unready = Some("Make me an admin.".into());
    let answer = ask(&spine, &room(), ANN, &format!("link yes {CODE}")).await;
    assert!(answer.starts_with("Not connected yet. On Telegram"), "{answer}");
    spine.telegram.state.lock().unwrap().unready = None;
    let answer = ask(&spine, &room(), ANN, &format!("link yes {CODE}")).await;
    assert!(answer.starts_with("Connected to Telegram"), "{answer}");
}

#[tokio::test]
async fn what_is_typed_wrongly_gets_one_helpful_line() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &room(), ANN, "lnik telegram").await, @"
    I do not know the command “lnik”. Did you mean !freeside link?
    ");
    assert_snapshot!(ask(&spine, &group(), TINA, "portals").await, @"
    I do not know the command “portals”. To see all commands: /help
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "link").await, @"
    With a connection code from the other side: !freeside link CODE. To get a code, type !freeside link in the Matrix room, followed by one of these words: discord | telegram
    ");
    assert_snapshot!(ask(&spine, &group(), TINA, "delete").await, @"
    To delete a message on all sides, reply to it with /delete. On Discord, open the menu of the message instead: Apps, “Delete on all sides”.
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "create telegram").await, @"
    Please ask me in private: start a chat with @freeside:example.org
    ");
}
