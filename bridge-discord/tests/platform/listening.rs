// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the core is told.
//!
//! Rule: nothing twice, nothing lost, all in order.

use std::time::Duration;

use bot_core::network::CommandHelp;
use bot_core::{Action, Deliver, Network};
use bridge_model::{Button, Content, Event, MediaKind, Message, Press, Reaction, Rights};
use futures_util::StreamExt;
use sandbox::discord::{File, intents, permissions};
use serde_json::json;

use crate::recorder::texts;
use crate::stage::{Files, Stage, post, words, zoe};

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("message {number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_heard_in_order() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    for text in numbered(300) {
        stage.channel.say(&stage.ann, &text);
    }
    assert_eq!(stage.core.until_texts(300).await, numbered(300));
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_message_has_author_body_reply_and_files() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.guild.join(&stage.ann);
    stage.guild.nick(&stage.ann, Some("Ann of the library"));
    let bob = stage.discord.user("Bob");
    let first = stage
        .channel
        .say(&stage.ann, &format!("**hello** {} in <#{}>", bob.mention(), stage.channel.id()));
    stage.channel.reply(&bob, first, "hi");
    stage.channel.attach(&bob, File::new("cat.png", "image/png", &b"meow"[..]), "a cat");
    stage.core.until_texts(3).await;
    let events = stage.core.events();
    let posted = |index: usize| match &events[index].content {
        Content::Posted(message) => message.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(posted(0).author.name, "Ann of the library");
    assert_eq!(posted(0).body.plain(), "hello @Bob in #general");
    let reply = posted(1).reply_to.unwrap();
    assert_eq!(reply.message.as_str(), first.to_string());
    assert!(reply.excerpt.unwrap().plain().starts_with("hello"));
    let media = posted(2).media;
    assert_eq!((media[0].kind, media[0].name.as_deref()), (MediaKind::Image, Some("cat.png")));
    // Addresses die after a day.
    stage.discord.expire_links();
    let mut stream = running.network.open(&media[0].handle).await.unwrap().chunks;
    assert_eq!(&stream.next().await.unwrap().unwrap()[..], b"meow");
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_heard() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let id = stage.channel.say(&stage.ann, "helo");
    stage.channel.unfurl(id, "https://example.org").unwrap();
    stage.channel.edit(&stage.ann, id, "hello").unwrap();
    stage.channel.unfurl(id, "https://example.org/2").unwrap();
    stage.channel.react(&stage.ann, id, "👍").unwrap();
    stage.channel.unreact(&stage.ann, id, "👍").unwrap();
    stage.channel.delete(&stage.ann, id).unwrap();
    let gone = |events: &[Event]| {
        events.iter().any(|event| matches!(event.content, Content::Deleted { .. })).then_some(())
    };
    stage.core.until(gone).await;
    let kinds: Vec<String> = stage
        .core
        .events()
        .iter()
        .map(|event| match &event.content {
            Content::Posted(message) => format!("posted {}", message.body.plain()),
            Content::Edited(message) => format!("edited {}", message.body.plain()),
            Content::Reacted { by, reaction: Reaction::Emoji(emoji), .. } => {
                format!("{} {emoji}", by.name)
            }
            Content::Unreacted { reaction: Reaction::Emoji(emoji), .. } => format!("no {emoji}"),
            Content::Deleted { by: None } => "deleted".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["posted helo", "edited hello", "Ann 👍", "no 👍", "deleted"]);
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn what_we_say_ourselves_is_not_heard() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let order = stage.order(1, post(zoe(), words("from afar")), None);
    running.network.deliver(&order, &Files).await.unwrap();
    stage.channel.webhook("Weather").say("Weather", "rain");
    stage.channel.say(&stage.ann, "end");
    assert_eq!(stage.core.until_texts(2).await, ["rain", "end"]);
    running.stop().await;
}

#[tokio::test]
async fn other_channels_are_not_heard() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.guild.channel("private").say(&stage.ann, "secret");
    stage.channel.say(&stage.ann, "open");
    assert_eq!(stage.core.until_texts(1).await, ["open"]);
    running.stop().await;
}

#[tokio::test]
async fn a_broken_connection_is_resumed() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "message 0");
    stage.core.until_texts(1).await;
    for break_it in [0, 1, 2, 3] {
        match break_it {
            0 => stage.discord.drop_connection(),
            1 => stage.discord.close(4000),
            2 => stage.discord.ask_reconnect(),
            _ => stage.discord.invalidate_session(true),
        }
        stage.channel.say(&stage.ann, &format!("message {}", break_it + 1));
        stage.core.until_texts(break_it + 2).await;
    }
    assert_eq!(stage.core.texts(), numbered(5));
    assert!(stage.core.events().iter().all(|event| !event.late));
    running.stop().await;
}

#[tokio::test]
async fn a_killed_process_resumes_its_session() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "message 0");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.expect_disconnected().await.unwrap();
    let gone = stage.channel.say(&stage.ann, "message 1");
    stage.channel.delete(&stage.ann, gone).unwrap();
    let running = stage.start();
    stage
        .core
        .until(|events| {
            events.iter().any(|e| matches!(e.content, Content::Deleted { .. })).then_some(())
        })
        .await;
    assert_eq!(stage.core.texts(), numbered(2), "only a resumed session tells of both");
    running.stop().await;
}

#[tokio::test]
async fn a_lost_session_is_made_good_from_history() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "message 0");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.time_out_sessions();
    for text in numbered(251).into_iter().skip(1) {
        stage.channel.say(&stage.ann, &text);
    }
    let running = stage.start();
    stage.discord.expect_connected().await.unwrap();
    stage.channel.say(&stage.ann, "message 251");
    assert_eq!(stage.core.until_texts(252).await, numbered(252));
    assert!(stage.core.events()[1].late, "it was said a while ago");
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn an_invalid_session_is_begun_anew_with_catch_up() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "message 0");
    stage.core.until_texts(1).await;
    stage.discord.invalidate_session(false);
    stage.channel.say(&stage.ann, "message 1");
    assert_eq!(stage.core.until_texts(2).await, numbered(2));
    running.stop().await;
}

#[tokio::test]
async fn a_channel_without_mark_is_heard_from_now_on() {
    let stage = Stage::new().await;
    stage.channel.say(&stage.ann, "before");
    let running = stage.listen().await;
    assert!(stage.core.has_mark(&format!("last/{}", stage.channel.id())));
    stage.channel.say(&stage.ann, "after");
    assert_eq!(stage.core.until_texts(1).await, ["after"]);
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_processed_before_the_core_has_stored_it() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.core.refuse(1);
    stage.channel.say(&stage.ann, "message 0");
    stage.channel.say(&stage.ann, "message 1");
    assert_eq!(stage.core.until_texts(2).await, numbered(2));
    running.stop().await;
}

#[tokio::test]
async fn heartbeats_go_on_while_the_store_is_slow() {
    let stage = Stage::new().await;
    stage.discord.heartbeat_interval(Duration::from_millis(200));
    stage.discord.heartbeat_lateness(Duration::from_secs(60));
    let running = stage.listen().await;
    stage.core.set_answering(false);
    for text in numbered(200) {
        stage.channel.say(&stage.ann, &text);
    }
    stage.discord.expect_heartbeats(5).await.unwrap();
    stage.core.set_answering(true);
    assert_eq!(stage.core.until_texts(200).await, numbered(200));
    running.stop().await;
}

#[tokio::test]
async fn a_silent_gateway_is_left() {
    let stage = Stage::new().await;
    stage.discord.heartbeat_interval(Duration::from_millis(300));
    let running = stage.listen().await;
    stage.discord.heartbeat_acks(false);
    stage.discord.expect_disconnected().await.unwrap();
    stage.discord.heartbeat_acks(true);
    stage.discord.expect_connected().await.unwrap();
    stage.channel.say(&stage.ann, "message 0");
    assert_eq!(stage.core.until_texts(1).await, numbered(1));
    running.stop().await;
}

#[tokio::test]
async fn a_refused_token_is_tried_again() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    // The gateway closes with 4004, and every request is answered with 401.
    stage.discord.revoke_token();
    stage.discord.expect_disconnected().await.unwrap();
    let refused = stage.discord.expect_request(|request| request.status == Some(401)).await;
    drop(refused);
    stage.discord.restore_token();
    stage.discord.expect_connected().await.unwrap();
    stage.channel.say(&stage.ann, "message 0");
    assert_eq!(stage.core.until_texts(1).await, numbered(1));
    running.stop().await;
}

#[tokio::test]
async fn a_missing_intent_is_named() {
    let stage = Stage::new().await;
    stage.discord.privileged_intents(intents::PRIVILEGED & !intents::MESSAGE_CONTENT);
    let error = stage.start().end().await.unwrap_err();
    assert!(error.to_string().contains("Message Content Intent"), "{error}");
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    let stage = Stage::new().await;
    stage.discord.outage(true);
    let running = stage.start();
    stage.discord.expect_request(|request| request.status == Some(503)).await.ok();
    stage.discord.outage(false);
    stage.core.until_mark("session").await;
    running.stop().await;
}

#[tokio::test]
async fn unknown_and_malformed_events_are_skipped() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let channel = stage.channel.id().to_string();
    stage.discord.inject_dispatch("SOMETHING_NEW", json!({"channel_id": channel}));
    stage.discord.inject_dispatch("MESSAGE_CREATE", json!(7));
    stage.discord.inject_dispatch("MESSAGE_CREATE", json!({"channel_id": channel, "id": {}}));
    stage.discord.inject_dispatch("MESSAGE_CREATE", json!({
        "channel_id": channel, "guild_id": "1", "id": "1400000000000000000", "type": 0, "content": "odd",
        "author": {"id": "5", "username": "x"}, "attachments": 3, "mentions": [7],
    }));
    stage.channel.say(&stage.ann, "end");
    assert_eq!(stage.core.until_texts(2).await, ["odd", "end"]);
    running.stop().await;
}

#[tokio::test]
async fn a_chat_that_is_gone_is_told() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.guild.kick_bot();
    stage
        .core
        .until(|events| events.iter().any(|e| e.content == Content::Closed).then_some(()))
        .await;
    running.stop().await;
}

#[tokio::test]
async fn an_entry_in_a_menu_and_a_button_are_commands() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let delete = CommandHelp {
        name: "delete".to_owned(),
        description: "Deletes".into(),
        argument: None,
        argument_help: None,
        on_message: Some("Delete everywhere, on each and every side".into()),
        argument_optional: false,
    };
    running.network.publish_commands(&[delete]).await.unwrap();
    stage.guild.join(&stage.ann);
    let said = stage.channel.say(&stage.ann, "oops");
    // Discord takes 32 letters.
    stage.channel.choose(&stage.ann, said, "Delete everywhere, on each and e").unwrap();
    let chosen = command(&stage, "delete").await;
    assert_eq!(chosen.reply_to, Some(said.to_string().into()));
    let message = Message {
        buttons: vec![Button { label: "Plan".into(), press: Press::Say("stage plan".into()) }],
        ..words("Look.")
    };
    let act = Action::Post {
        send_as: bot_core::SendAs::Bot,
        message,
        native_reply: false,
        answer_via: None,
    };
    let receipt = running.network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let below: u64 = receipt.parts[0].id.as_str().parse().unwrap();
    stage.channel.press(&stage.ann, below, "Plan").unwrap();
    let pressed = command(&stage, "stage plan").await;
    assert_eq!(pressed.pressed, Some(below.to_string().into()));
    assert!(pressed.answer_via.is_some(), "only Ann reads the answer");
    running.stop().await;
}

async fn command(stage: &Stage, text: &str) -> bridge_model::Command {
    let is = |event: &Event| match &event.content {
        Content::Commanded(command) if command.text == text => Some(command.clone()),
        _ => None,
    };
    stage.core.until(|events| events.iter().find_map(is)).await
}

#[tokio::test]
async fn a_command_is_heard_acknowledged_and_answered() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let link = CommandHelp {
        name: "link".to_owned(),
        description: "Links this channel".into(),
        argument: Some("code".to_owned()),
        argument_help: Some("The code".into()),
        on_message: None,
        argument_optional: false,
    };
    running.network.publish_commands(&[link]).await.unwrap();
    stage.guild.join(&stage.ann);
    stage.guild.grant(&stage.ann, permissions::MANAGE_GUILD);
    let asked = stage.channel.slash(&stage.ann, "freeside", "link", &[("code", "AB-12")]).unwrap();
    let command = stage
        .core
        .until(|events| {
            events.iter().find_map(|event| match &event.content {
                Content::Commanded(command) => Some(command.clone()),
                _ => None,
            })
        })
        .await;
    assert_eq!(command.text, "link AB-12");
    assert_eq!(
        command.rights,
        Some(Rights { member: true, manage: true, change: true, moderate: false })
    );
    let act = Action::Post {
        send_as: bot_core::SendAs::Bot,
        message: words("Linked."),
        native_reply: false,
        answer_via: command.answer_via,
    };
    running.network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let answer = asked.answer().await.unwrap();
    assert_eq!((answer.message.content.as_str(), answer.ephemeral), ("Linked.", true));
    assert_eq!(texts(&stage.core.events()), Vec::<String>::new());
    running.stop().await;
    stage.clean();
}
