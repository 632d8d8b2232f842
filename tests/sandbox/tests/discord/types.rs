// SPDX-License-Identifier: AGPL-3.0-or-later
//! serenity understands what the stand-in sends.
//!
//! Rule: serenity turns what it cannot parse into `Unknown` without a word, so each
//! payload is parsed as the type that it must be.

use sandbox::discord::{Discord, File, intents};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serenity::model as types;

use crate::client::{Gateway, Rest};

fn parsed<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error} in {value}"))
}

#[tokio::test]
async fn every_dispatch_parses() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    channel.thread("before");
    guild.emoji("wiki", "png");
    guild.grant(&bo, sandbox::discord::permissions::ADMINISTRATOR);
    let path = format!("/applications/{}/commands", dc.application_id());
    let commands = json!([{"name": "status", "description": "Shows"}]);
    let registered = rest.send("PUT", &path, commands).await.ok();
    let _: Vec<types::application::Command> = parsed(&registered);
    let (mut gateway, ready) = Gateway::identified(&dc, intents::KNOWN).await;
    let _: types::gateway::Ready = parsed(&ready);
    let created: types::guild::Guild = parsed(&gateway.expect("GUILD_CREATE").await);
    assert_eq!((created.channels.len(), created.threads.len()), (1, 1));
    let message = channel.attach(&bo, File::new("a.png", "image/png", "x"), "hi @everyone");
    channel.reply(&bo, message, "again");
    channel.edit(&bo, message, "changed").unwrap();
    channel.react(&bo, message, "👍").unwrap();
    channel.unreact(&bo, message, "👍").unwrap();
    channel.pin(&bo, message).unwrap();
    channel.thread("after").archive(false);
    guild.nick(&bo, Some("Bobo"));
    channel.slash(&bo, "status", None, &[]).unwrap();
    channel.delete(&bo, message).unwrap();
    guild.kick_bot();
    loop {
        let frame = gateway.next().await;
        let event: types::event::GatewayEvent = parsed(&frame);
        let unknown = matches!(
            event,
            types::event::GatewayEvent::Dispatch(_, types::event::Event::Unknown(_))
        );
        assert!(!unknown, "{frame}");
        if frame["t"] == "GUILD_DELETE" {
            break;
        }
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn every_answer_parses() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel) = (Rest::new(&dc), guild.channel("general"));
    let thread = channel.thread("aside");
    let hook = rest.webhook(channel.id()).await;
    let sent =
        rest.post(&format!("{hook}?wait=true"), json!({"content": "x", "username": "Ada"})).await;
    let sent: types::channel::Message = parsed(&sent.ok());
    assert_eq!(sent.author.name, "Ada");
    let list = rest.get(&format!("/channels/{}/messages", channel.id())).await.ok();
    assert_eq!(parsed::<Vec<types::channel::Message>>(&list).len(), 2, "one opened the thread");
    let hooks = rest.get(&format!("/channels/{}/webhooks", channel.id())).await.ok();
    assert!(parsed::<Vec<types::webhook::Webhook>>(&hooks)[0].token.is_some());
    for id in [channel.id(), thread.id()] {
        let shown = rest.get(&format!("/channels/{id}")).await.ok();
        let _: types::channel::Channel = parsed(&shown);
    }
    let shown = rest.get(&format!("/guilds/{}", guild.id())).await.ok();
    assert_eq!(parsed::<types::guild::PartialGuild>(&shown).name, "G");
    let member = rest.get(&format!("/guilds/{}/members/{}", guild.id(), dc.bot().id())).await.ok();
    assert!(member["user"]["bot"] == true);
    let me = rest.get("/users/@me").await.ok();
    let _: types::user::CurrentUser = parsed(&me);
    let application = rest.get("/applications/@me").await.ok();
    let _: types::application::CurrentApplicationInfo = parsed(&application);
    let gateway = rest.get("/gateway/bot").await.ok();
    let _: types::gateway::BotGateway = parsed(&gateway);
    dc.assert_clean().unwrap();
}
