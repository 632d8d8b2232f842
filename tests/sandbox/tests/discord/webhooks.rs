// SPDX-License-Identifier: AGPL-3.0-or-later
//! Webhooks: made, used, edited through, lost.

use sandbox::discord::{Discord, Ping};
use serde_json::json;

use crate::client::{Gateway, Rest, USUAL, id};

#[tokio::test]
async fn a_webhook_speaks_under_any_name_and_face() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let hook = rest.webhook(channel.id()).await;
    let body = json!({
        "content": " hi ", "username": "Ada", "avatar_url": "https://example.org/ada.png",
    });
    assert_eq!(rest.post(&hook, body.clone()).await.status, 204, "without wait there is no body");
    let sent = rest.post(&format!("{hook}?wait=true"), body).await.ok();
    assert_eq!((&sent["content"], &sent["author"]["username"]), (&json!("hi"), &json!("Ada")));
    assert_eq!(sent["webhook_id"], hook.split('/').nth(2).unwrap());
    let seen = channel.expect(|seen| seen.author == "Ada").await.unwrap();
    assert_eq!(seen.avatar_url.as_deref(), Some("https://example.org/ada.png"));
    assert!(seen.webhook.is_some() && seen.user.is_none());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_webhook_edits_and_deletes_only_its_own() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let hook = rest.webhook(channel.id()).await;
    let other = channel.webhook("News").say("News", "extra");
    let person = channel.say(&bo, "mine");
    let sent = rest.post(&format!("{hook}?wait=true"), json!({"content": "a"})).await;
    let own = format!("{hook}/messages/{}", sent.id());
    rest.patch(&own, json!({"content": "b"})).await.ok();
    assert_eq!(rest.get(&own).await.ok()["content"], "b");
    for foreign in [other, person] {
        let path = format!("{hook}/messages/{foreign}");
        assert_eq!(rest.patch(&path, json!({"content": "c"})).await.code(), 10008);
        assert_eq!(rest.delete(&path).await.code(), 10008);
    }
    assert_eq!(rest.delete(&own).await.status, 204);
    assert_eq!(rest.delete(&own).await.code(), 10008);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_message_in_a_thread_is_reached_by_thread_id_only() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel) = (Rest::new(&dc), guild.channel("general"));
    let (thread, foreign) = (channel.thread("aside"), guild.channel("other").thread("else"));
    let hook = rest.webhook(channel.id()).await;
    let body = json!({"content": "in the thread"});
    let path = format!("{hook}?wait=true&thread_id={}", thread.id());
    let sent = rest.post(&path, body.clone()).await.ok();
    assert_eq!(id(&sent["channel_id"]), thread.id());
    assert_eq!((thread.messages().len(), channel.messages().len()), (1, 1));
    let one = format!("{hook}/messages/{}", id(&sent["id"]));
    let change = json!({"content": "changed"});
    assert_eq!(rest.patch(&one, change.clone()).await.code(), 10008);
    rest.patch(&format!("{one}?thread_id={}", thread.id()), change).await.ok();
    let wrong = rest.post(&format!("{hook}?thread_id={}", foreign.id()), body).await;
    assert_eq!((wrong.status, wrong.code()), (404, 10003));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn webhooks_need_no_bot_but_their_token() {
    let dc = Discord::start().await.unwrap();
    let (mut rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let hook = rest.webhook(channel.id()).await;
    let body = json!({"content": "x"});
    let number = hook.split('/').nth(2).unwrap().to_owned();
    let wrong = rest.post(&format!("/webhooks/{number}/wrong"), body.clone()).await;
    assert_eq!((wrong.status, wrong.code()), (401, 50027));
    rest.token = "revoked".into();
    assert_eq!(rest.post(&hook, body.clone()).await.status, 204);
    assert_eq!(rest.get(&format!("/webhooks/{number}")).await.status, 401);
    rest.token = dc.bot_token();
    assert_eq!(rest.get(&format!("/webhooks/{number}")).await.ok()["name"], "Bridge");
    assert_eq!(rest.delete(&format!("/webhooks/{number}")).await.status, 204);
    let gone = rest.post(&hook, body).await;
    assert_eq!((gone.status, gone.code()), (404, 10015));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_channel_takes_fifteen_webhooks() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    channel.webhook("News");
    let path = format!("/channels/{}/webhooks", channel.id());
    for _ in 0..14 {
        rest.post(&path, json!({"name": "Bridge"})).await.ok();
    }
    assert_eq!(rest.post(&path, json!({"name": "Bridge"})).await.code(), 30007);
    let listed = rest.get(&path).await.ok();
    assert_eq!(listed.as_array().unwrap().len(), 15);
    let ours = |hook: &&serde_json::Value| !hook["application_id"].is_null();
    assert_eq!(listed.as_array().unwrap().iter().filter(ours).count(), 14);
    let in_thread = format!("/channels/{}/webhooks", channel.thread("t").id());
    assert_eq!(rest.post(&in_thread, json!({"name": "B"})).await.code(), 50024);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn names_are_checked_as_the_platform_does() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let hook = rest.webhook(channel.id()).await;
    for name in ["", "x".repeat(81).as_str(), "My Discord friend", "CLYDE", "everyone"] {
        let refused = rest.post(&hook, json!({"content": "x", "username": name})).await;
        assert_eq!((refused.status, refused.code()), (400, 50035), "{name}");
        assert!(refused.body.pointer("/errors/username/_errors/0/code").is_some(), "{name}");
    }
    let name = "😀".repeat(80);
    assert_eq!(rest.post(&hook, json!({"content": "x", "username": name})).await.status, 204);
    let face = json!({"content": "x", "avatar_url": "mxc://example.org/a"});
    assert_eq!(rest.post(&hook, face).await.code(), 50035);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_bot_hears_its_own_webhooks() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    let hook = rest.webhook(channel.id()).await;
    assert_eq!(id(&gateway.expect("WEBHOOKS_UPDATE").await["channel_id"]), channel.id());
    let sent = rest.post(&format!("{hook}?wait=true"), json!({"content": "@here"})).await.ok();
    let heard = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&heard["id"], &heard["webhook_id"]), (&sent["id"], &sent["webhook_id"]));
    assert!(heard.get("member").is_none() && heard["guild_id"].is_string());
    assert_eq!(channel.messages()[0].pings, [Ping::Here]);
    dc.assert_clean().unwrap();
}
