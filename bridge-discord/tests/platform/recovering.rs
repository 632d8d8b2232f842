// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the listener does after a loss: of a channel, of its memory, of a part of a payload.
//!
//! Rule: what comes after is heard as if nothing had been lost.

use std::time::Duration;

use bridge_discord::{DiscordNetwork, DiscordSettings};
use bridge_model::{AuthorKind, ChatChange, Content, Event};
use sandbox::discord::permissions;
use sandbox::proxy::Proxy;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn a_channel_that_was_lost_comes_back_with_the_bot() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.guild.kick_bot();
    stage.core.event(|content| *content == Content::Closed).await;
    stage.core.sever(stage.channel.id());
    stage.guild.invite_bot();
    stage.core.event(|content| matches!(content, Content::ChatChanged { .. })).await;
    stage.channel.say(&stage.ann, "here again");
    assert_eq!(stage.core.until_texts(1).await, ["here again"]);
    running.stop().await;
}

#[tokio::test]
async fn a_channel_that_can_be_seen_again_comes_back() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.deny_bot(permissions::VIEW_CHANNEL);
    stage.core.sever(stage.channel.id());
    stage.channel.deny_bot(0);
    stage.channel.rename("general-2");
    stage.core.event(|content| matches!(content, Content::ChatChanged { .. })).await;
    stage.channel.say(&stage.ann, "seen again");
    assert_eq!(stage.core.until_texts(1).await, ["seen again"]);
    running.stop().await;
}

#[tokio::test]
async fn a_channel_without_access_for_a_moment_is_not_lost() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "message 0");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.time_out_sessions();
    stage.channel.say(&stage.ann, "message 1");
    let body = json!({"message": "Missing Access", "code": 50001});
    let fault = sandbox::faults::Fault::Answer { status: 403, body, headers: Vec::new() };
    let route = format!("GET /channels/{}/messages", stage.channel.id());
    stage.discord.faults().next(route, 2, fault);
    let running = stage.start();
    assert_eq!(stage.core.until_texts(2).await, ["message 0", "message 1"]);
    assert!(!stage.core.events().iter().any(|event| event.content == Content::Closed));
    running.stop().await;
}

#[tokio::test]
async fn names_of_roles_and_channels_are_known_after_a_restart() {
    let stage = Stage::new().await;
    let role = stage.guild.role("Moderators");
    let running = stage.listen().await;
    running.kill().await;
    stage.discord.expect_disconnected().await.unwrap();
    // The session is resumed, so that the server is not described again.
    let running = stage.start();
    let said = format!("ask <@&{role}> in <#{}>", stage.channel.id());
    stage.channel.say(&stage.ann, &said);
    assert_eq!(stage.core.until_texts(1).await, ["ask @Moderators in #general"]);
    running.stop().await;
    stage.clean();
}

/// The names and topics that the core was told.
fn looks(events: &[Event]) -> Vec<ChatChange> {
    let change = |event: &Event| match &event.content {
        Content::ChatChanged { change, .. } => Some(change.clone()),
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

#[tokio::test]
async fn a_channel_that_was_renamed_during_an_outage_is_told_of() {
    for session_is_lost in [false, true] {
        let stage = Stage::new().await;
        let running = stage.listen().await;
        stage.channel.say(&stage.ann, "before");
        stage.core.until_texts(1).await;
        running.kill().await;
        stage.discord.expect_disconnected().await.unwrap();
        if session_is_lost {
            stage.discord.time_out_sessions();
        }
        stage.channel.rename("lobby");
        stage.channel.set_topic("All and nothing");
        stage.channel.deny_bot(0);
        stage.channel.say(&stage.ann, "after");
        let running = stage.start();
        stage.core.until_texts(2).await;
        let name = ChatChange::Name("lobby".to_owned());
        let wanted = [name, ChatChange::Topic("All and nothing".to_owned())];
        stage.core.until(|events| (looks(events).len() >= 2).then_some(())).await;
        // A change that is known is no news to the next session.
        running.kill().await;
        stage.discord.time_out_sessions();
        let running = stage.start();
        stage.channel.say(&stage.ann, "end");
        stage.core.until_texts(3).await;
        stage.channel.say(&stage.ann, "behind the description of the server");
        stage.core.until_texts(4).await;
        assert_eq!(looks(&stage.core.events()), wanted, "lost: {session_is_lost}");
        running.stop().await;
        stage.clean();
    }
}

#[tokio::test]
async fn whoever_spoke_during_an_outage_keeps_the_name_of_the_server() {
    let stage = Stage::new().await;
    stage.guild.join(&stage.ann);
    stage.guild.nick(&stage.ann, Some("Ann the Great"));
    let running = stage.listen().await;
    stage.channel.say(&stage.ann, "live");
    stage.core.until_texts(1).await;
    running.kill().await;
    stage.discord.time_out_sessions();
    stage.channel.say(&stage.ann, "caught up");
    let running = stage.start();
    let message = stage.core.message(2).await;
    assert_eq!(message.author.name, "Ann the Great");
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_webhook_is_one_account_under_all_its_names() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let hook = stage.channel.webhook("Weather");
    hook.say("Weather", "rain");
    hook.say("Storm warning", "wind");
    let (plain, named) = (stage.core.message(1).await, stage.core.message(2).await);
    assert_eq!(plain.author, named.author);
    assert_eq!((plain.author.name.as_str(), plain.author.kind), ("Weather", AuthorKind::Bot));
    assert_eq!(plain.body.plain(), "rain");
    assert_eq!(named.body.plain(), "Storm warning\nwind");
    running.stop().await;
}

#[tokio::test]
async fn a_payload_that_is_too_deep_costs_only_what_is_too_deep() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let mut deep = json!(1);
    for _ in 0..120 {
        deep = json!({"a": deep});
    }
    let (channel, guild) = (stage.channel.id().to_string(), stage.guild.id().to_string());
    let odd = json!({
        "channel_id": channel, "guild_id": guild, "id": "1400000000000000000", "type": 0,
        "content": "odd", "author": {"id": "5", "username": "x"}, "components": [deep],
    });
    stage.discord.inject_dispatch("MESSAGE_CREATE", odd);
    stage.channel.say(&stage.ann, "end");
    assert_eq!(stage.core.until_texts(2).await, ["odd", "end"]);
    running.stop().await;
}

#[tokio::test]
async fn the_gateway_is_reached_through_the_proxy() {
    for scheme in ["socks5h", "socks5", "http"] {
        let stage = Stage::new().await;
        let proxy = Proxy::start().await.unwrap();
        let running = stage.listen_through(&proxy.url(scheme));
        stage.discord.expect_connected().await.unwrap();
        stage.channel.say(&stage.ann, "through the proxy");
        stage.core.until_mark("session").await;
        let url: url::Url = stage.discord.gateway_url().parse().unwrap();
        let gateway = format!("127.0.0.1:{}", url.port().unwrap());
        assert!(proxy.targets().contains(&gateway), "{scheme}: {:?}", proxy.targets());
        running.stop().await;
    }
}

#[tokio::test]
async fn nothing_goes_around_a_proxy_that_is_dead() {
    for scheme in ["socks5h", "socks5", "http"] {
        let stage = Stage::new().await;
        let running = stage.listen_through(&format!("{scheme}://127.0.0.1:1"));
        let connected =
            tokio::time::timeout(Duration::from_secs(2), stage.discord.expect_connected()).await;
        assert!(connected.is_err(), "{scheme}: the gateway was reached without the proxy");
        assert!(stage.discord.requests().is_empty(), "{scheme}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_proxy_that_the_gateway_cannot_use_is_refused_at_the_start() {
    let stage = Stage::new().await;
    let proxy = Some("socks4://127.0.0.1:1".parse().unwrap());
    let refused = DiscordNetwork::new(DiscordSettings { proxy, ..stage.settings() });
    assert!(refused.err().unwrap().to_string().contains("socks5h"));
}
