// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rate limits, lost responses, outages.

use std::time::Duration;

use sandbox::discord::Discord;
use sandbox::faults::Fault;
use serde_json::json;

use crate::client::{Gateway, Rest, USUAL};

#[tokio::test]
async fn answers_carry_the_rate_limit() {
    let dc = Discord::start().await.unwrap();
    let rest = Rest::new(&dc);
    let reply = rest.get("/users/@me").await;
    for name in ["limit", "remaining", "reset", "reset-after", "bucket"] {
        assert!(reply.headers.contains_key(format!("x-ratelimit-{name}")), "{name}");
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn one_limited_channel_leaves_the_others_alone() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, slow, free) = (Rest::new(&dc), guild.channel("slow"), guild.channel("free"));
    let hook = rest.webhook(slow.id()).await;
    dc.rate_limit(&slow, Duration::from_secs(60));
    let body = json!({"content": "x"});
    for path in [hook.clone(), format!("/channels/{}/messages", slow.id())] {
        let limited = rest.post(&path, body.clone()).await;
        assert_eq!((limited.status, &limited.body["global"]), (429, &json!(false)));
        let after = limited.body["retry_after"].as_f64().unwrap();
        assert!((55.0..=60.0).contains(&after), "{after}");
        assert_eq!(limited.headers["retry-after"], after.ceil().to_string());
        assert_eq!(limited.headers["x-ratelimit-remaining"], "0");
        assert_eq!(limited.headers["x-ratelimit-scope"], "user");
    }
    rest.post(&format!("/channels/{}/messages", free.id()), body.clone()).await.ok();
    assert!(slow.messages().is_empty());
    dc.rate_limit(&slow, Duration::ZERO);
    assert_eq!(rest.post(&hook, body).await.status, 204);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_lost_response_did_its_work() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let hook = rest.webhook(channel.id()).await;
    dc.faults().next("POST /webhooks/", 1, Fault::LoseResponse);
    let request = rest.request("POST", &format!("{hook}?wait=true")).json(&json!({"content": "x"}));
    let lost = match request.send().await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    channel.expect(|seen| seen.content == "x").await.unwrap();
    rest.post(&hook, json!({"content": "y"})).await.ok();
    assert_eq!(channel.messages().len(), 2);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_planned_answer_replaces_the_work() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let body = json!({"message": "oops", "code": 130_000});
    let fault = Fault::Answer { status: 500, body, headers: Vec::new() };
    dc.faults().next("POST /channels/", 2, fault);
    for _ in 0..2 {
        assert_eq!(rest.post(&path, json!({"content": "x"})).await.status, 500);
    }
    rest.post(&path, json!({"content": "x"})).await.ok();
    assert_eq!(channel.messages().len(), 1);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_outage_answers_nothing_but_503() {
    let dc = Discord::start().await.unwrap();
    let rest = Rest::new(&dc);
    dc.outage(true);
    assert_eq!(rest.get("/users/@me").await.status, 503);
    let socket = tokio_tungstenite::connect_async(format!("{}/?v=10", dc.gateway_url())).await;
    assert!(socket.is_err());
    dc.outage(false);
    assert_eq!(rest.get("/users/@me").await.status, 200);
    assert_eq!(dc.requests().iter().filter(|one| one.status == Some(503)).count(), 2);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let dc = Discord::start().await.unwrap();
    let rest = Rest::new(&dc);
    let (mut gateway, _) = Gateway::identified(&dc, USUAL).await;
    dc.revoke_token();
    assert_eq!(gateway.closed().await, Some(4004));
    assert_eq!(rest.get("/users/@me").await.status, 401);
    let mut again = Gateway::connect(&dc.gateway_url()).await;
    again.identify(&dc.bot_token(), USUAL).await;
    assert_eq!(again.closed().await, Some(4004));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn requests_can_be_read_and_awaited() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    rest.post(&format!("/channels/{}/messages", channel.id()), json!({"content": "x"})).await.ok();
    let found = dc.expect_request(|one| one.method == "POST").await.unwrap();
    assert_eq!((found.body, found.status), (json!({"content": "x"}), Some(200)));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_delayed_answer_comes_after_its_time() {
    let dc = Discord::start().await.unwrap();
    let rest = Rest::new(&dc);
    let delay = Duration::from_millis(200);
    dc.faults().next("GET /users/@me", 1, Fault::Delay(delay));
    let start = tokio::time::Instant::now();
    rest.get("/users/@me").await.ok();
    assert!(start.elapsed() >= delay);
    dc.assert_clean().unwrap();
}
