// SPDX-License-Identifier: AGPL-3.0-or-later
//! The gateway: sessions, replay, intents, close codes.

use std::time::Duration;

use sandbox::discord::{Discord, File, intents};
use serde_json::{Value, json};

use crate::client::{Gateway, USUAL, id};

#[tokio::test]
async fn ready_comes_first_then_the_guilds() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let thread = guild.channel("general").thread("aside");
    let (mut gateway, ready) = Gateway::identified(&dc, USUAL).await;
    assert_eq!(id(&ready["user"]["id"]), dc.bot().id());
    assert_eq!(id(&ready["application"]["id"]), dc.application_id());
    assert!(ready["resume_gateway_url"].as_str().unwrap().starts_with("ws://"));
    assert_eq!(ready["guilds"][0]["unavailable"], true);
    let created = gateway.expect("GUILD_CREATE").await;
    assert_eq!((id(&created["id"]), &created["name"]), (guild.id(), &json!("G")));
    assert_eq!(id(&created["threads"][0]["id"]), thread.id());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn everything_about_a_message_is_dispatched_in_order() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    let message = channel.say(&bo, "a");
    channel.edit(&bo, message, "b").unwrap();
    channel.react(&bo, message, "👍").unwrap();
    channel.unreact(&bo, message, "👍").unwrap();
    channel.react(&bo, message, "👍").unwrap();
    channel.clear_reactions(message, Some("👍")).unwrap();
    channel.clear_reactions(message, None).unwrap();
    channel.unfurl(message, "https://example.org").unwrap();
    channel.delete(&bo, message).unwrap();
    let more = [channel.say(&bo, "c"), channel.say(&bo, "d")];
    channel.purge(&more);
    assert_eq!(gateway.expect("MESSAGE_CREATE").await["content"], "a");
    let update = gateway.expect("MESSAGE_UPDATE").await;
    assert_eq!(update["content"], "b");
    assert!(update["edited_timestamp"].is_string());
    assert_eq!(update["member"]["deaf"], false);
    let reaction = gateway.expect("MESSAGE_REACTION_ADD").await;
    assert_eq!((&reaction["emoji"]["name"], id(&reaction["user_id"])), (&json!("👍"), bo.id()));
    let rest = gateway.names_until("MESSAGE_DELETE_BULK").await;
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let expected = [
        "MESSAGE_REACTION_REMOVE",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE_EMOJI",
        "MESSAGE_REACTION_REMOVE_ALL",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_CREATE",
        "MESSAGE_CREATE",
        "MESSAGE_DELETE_BULK",
    ];
    assert_eq!(rest, expected);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_preview_of_a_link_is_no_edit() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    let message = channel.say(&bo, "https://example.org");
    channel.unfurl(message, "https://example.org").unwrap();
    let update = gateway.expect("MESSAGE_UPDATE").await;
    assert_eq!(
        (&update["edited_timestamp"], &update["embeds"][0]["type"]),
        (&Value::Null, &json!("link"))
    );
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_resumed_session_gets_what_it_missed() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, ready) = Gateway::identified(&dc, USUAL).await;
    channel.say(&bo, "first");
    let first = gateway.frame("MESSAGE_CREATE").await;
    dc.drop_connection();
    assert_eq!(gateway.closed().await, None);
    channel.say(&bo, "second");
    channel.say(&bo, "third");
    let mut again = Gateway::connect(ready["resume_gateway_url"].as_str().unwrap()).await;
    again.resume(&dc.bot_token(), &ready["session_id"], first["s"].as_u64().unwrap()).await;
    assert_eq!(again.next().await["d"]["content"], "second");
    assert_eq!(again.next().await["d"]["content"], "third");
    assert_eq!(again.next().await["t"], "RESUMED");
    channel.say(&bo, "fourth");
    assert_eq!(again.next().await["d"]["content"], "fourth");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_killed_client_can_resume_but_one_that_said_goodbye_cannot() {
    let dc = Discord::start().await.unwrap();
    for (farewell, resumable) in [(None, true), (Some(4000), true), (Some(1000), false)] {
        let (gateway, ready) = Gateway::identified(&dc, USUAL).await;
        match farewell {
            None => drop(gateway),
            Some(code) => gateway.close(code).await,
        }
        dc.expect_disconnected().await.unwrap();
        let mut again = Gateway::connect(&dc.gateway_url()).await;
        again.resume(&dc.bot_token(), &ready["session_id"], 1).await;
        if resumable {
            again.expect("RESUMED").await;
        } else {
            assert_eq!(again.op(9).await["d"], false);
        }
        again.close(1000).await;
        dc.expect_disconnected().await.unwrap();
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_session_can_be_made_invalid() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, ready) = Gateway::identified(&dc, USUAL).await;
    dc.invalidate_session(true);
    assert_eq!(gateway.op(9).await["d"], true);
    gateway.resume(&dc.bot_token(), &ready["session_id"], 1).await;
    gateway.expect("RESUMED").await;
    dc.invalidate_session(false);
    assert_eq!(gateway.op(9).await["d"], false);
    gateway.identify(&dc.bot_token(), USUAL).await;
    let fresh = gateway.expect("READY").await;
    assert_ne!(fresh["session_id"], ready["session_id"]);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn the_gateway_asks_to_reconnect_and_for_heartbeats() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    dc.ask_heartbeat();
    gateway.op(1).await;
    gateway.say(json!({"op": 1, "d": 1})).await;
    gateway.op(11).await;
    dc.ask_reconnect();
    gateway.op(7).await;
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn acknowledgements_can_stay_away() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    dc.heartbeat_acks(false);
    gateway.say(json!({"op": 1, "d": 1})).await;
    dc.inject_dispatch("AFTER", json!({}));
    let mut ops = Vec::new();
    loop {
        let frame = gateway.next().await;
        if frame["t"] == "AFTER" {
            break;
        }
        ops.push(frame["op"].clone());
    }
    dc.heartbeat_acks(true);
    gateway.say(json!({"op": 1, "d": 1})).await;
    gateway.op(11).await;
    assert!(ops.iter().all(|op| *op != json!(11)), "{ops:?}");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_client_that_talks_too_much_is_closed() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    for n in 0..120 {
        gateway.say(json!({"op": 1, "d": n})).await;
    }
    assert_eq!(gateway.closed().await, Some(4008));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_client_without_a_pulse_is_closed() {
    let dc = Discord::start().await.unwrap();
    dc.heartbeat_interval(Duration::from_millis(100));
    let (mut gateway, ready) = Gateway::identified(&dc, USUAL).await;
    assert_eq!(gateway.hello["d"]["heartbeat_interval"], 100);
    assert_eq!(gateway.closed().await, Some(4009));
    let mut again = Gateway::connect(&dc.gateway_url()).await;
    again.resume(&dc.bot_token(), &ready["session_id"], 1).await;
    assert_eq!(again.op(9).await["d"], false);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn mistakes_close_with_their_code() {
    let dc = Discord::start().await.unwrap();
    let token = dc.bot_token();
    let resume = json!({"op": 6, "d": {"token": token, "session_id": "x", "seq": null}});
    let no_properties = json!({"op": 2, "d": {"token": token, "intents": 1}});
    let cases = [
        (json!({"op": 3, "d": {}}), 4003),
        (json!({"op": 99, "d": {}}), 4001),
        (resume, 4007),
        (no_properties, 4002),
    ];
    for (payload, code) in cases {
        let mut gateway = Gateway::connect(&dc.gateway_url()).await;
        gateway.say(payload).await;
        assert_eq!(gateway.closed().await, Some(code));
    }
    let identities = [("wrong", 1, 4004), (&token, 1 << 40, 4013), (&token, 1 << 18, 4013)];
    for (token, intents, code) in identities {
        let mut gateway = Gateway::connect(&dc.gateway_url()).await;
        gateway.identify(token, intents).await;
        assert_eq!(gateway.closed().await, Some(code));
    }
    let mut gateway = Gateway::connect(&dc.gateway_url()).await;
    gateway.say_raw("{").await;
    assert_eq!(gateway.closed().await, Some(4002));
    dc.privileged_intents(0);
    let mut gateway = Gateway::connect(&dc.gateway_url()).await;
    gateway.identify(&token, USUAL).await;
    assert_eq!(gateway.closed().await, Some(4014));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_session_knows_its_own_numbers() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, ready) = Gateway::identified(&dc, USUAL).await;
    gateway.identify(&dc.bot_token(), USUAL).await;
    assert_eq!(gateway.closed().await, Some(4005));
    let mut again = Gateway::connect(&dc.gateway_url()).await;
    again.resume(&dc.bot_token(), &ready["session_id"], 99).await;
    assert_eq!(again.closed().await, Some(4007), "from the future");
    let mut third = Gateway::connect(&dc.gateway_url()).await;
    third.resume(&dc.bot_token(), &ready["session_id"], 1).await;
    third.expect("RESUMED").await;
    dc.time_out_sessions();
    assert_eq!(third.closed().await, Some(4009));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn without_the_content_intent_messages_are_blank() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, intents::GUILD_MESSAGES).await;
    channel.attach(&bo, File::new("a.txt", "text/plain", "x"), "secret");
    let blank = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&blank["content"], &blank["attachments"]), (&json!(""), &json!([])));
    channel.say(&bo, &format!("hello {}", dc.bot().mention()));
    let named = gateway.expect("MESSAGE_CREATE").await;
    assert!(named["content"].as_str().unwrap().starts_with("hello"));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn only_wanted_events_come() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (channel, bo) = (guild.channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, intents::GUILD_MESSAGES).await;
    let message = channel.say(&bo, "x");
    channel.react(&bo, message, "👍").unwrap();
    guild.channel("new");
    guild.nick(&bo, Some("Bobo"));
    channel.delete(&bo, message).unwrap();
    let names = gateway.names_until("MESSAGE_DELETE").await;
    assert_eq!(names, ["MESSAGE_CREATE", "MESSAGE_DELETE"]);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn what_the_bot_cannot_see_is_not_dispatched() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (hidden, open, bo) = (guild.channel("hidden"), guild.channel("open"), dc.user("Bo"));
    hidden.deny_bot(sandbox::discord::permissions::VIEW_CHANNEL);
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    hidden.say(&bo, "whisper");
    open.say(&bo, "loud");
    assert_eq!(gateway.expect("MESSAGE_CREATE").await["content"], "loud");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn guilds_channels_and_members_change() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (channel, bo) = (guild.channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, intents::KNOWN).await;
    gateway.expect("GUILD_CREATE").await;
    guild.join(&bo);
    guild.grant(&bo, sandbox::discord::permissions::ADMINISTRATOR);
    bo.rename("Bo B.");
    bo.set_avatar("png");
    channel.typing(&bo);
    channel.rename("lobby");
    let thread = channel.thread("aside");
    thread.archive(false);
    thread.remove();
    guild.emoji("wiki", "png");
    guild.leave(&bo);
    guild.channel("extra").remove();
    guild.unavailable(true);
    guild.kick_bot();
    let expected = [
        "GUILD_MEMBER_ADD",
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "TYPING_START",
        "CHANNEL_UPDATE",
        "THREAD_CREATE",
        "MESSAGE_CREATE",
        "THREAD_UPDATE",
        "THREAD_DELETE",
        "GUILD_EMOJIS_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "CHANNEL_CREATE",
        "CHANNEL_DELETE",
        "GUILD_DELETE",
        "GUILD_DELETE",
    ];
    for name in expected {
        assert_eq!(gateway.next().await["t"], name);
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn unknown_events_can_be_sent() {
    let dc = Discord::start().await.unwrap();
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    dc.inject_dispatch("SOMETHING_NEW", json!({"odd": [1, null]}));
    assert_eq!(gateway.expect("SOMETHING_NEW").await["odd"][0], 1);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_direct_chat_is_read_whole() {
    let dc = Discord::start().await.unwrap();
    let bo = dc.user("Bo");
    let (mut gateway, _) = Gateway::identified(&dc, intents::DIRECT_MESSAGES).await;
    dc.direct(&bo).say(&bo, "psst");
    let heard = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&heard["content"], heard.get("guild_id")), (&json!("psst"), None));
    dc.assert_clean().unwrap();
}
