// SPDX-License-Identifier: AGPL-3.0-or-later
//! What goes wrong on request.

use std::time::Duration;

use sandbox::faults::Fault;
use sandbox::telegram::{bad_gateway, too_many_requests};
use serde_json::json;

use crate::bot::{Bot, start};

#[tokio::test]
async fn a_lost_response_comes_after_the_work_was_done() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    tg.faults().next("sendMessage", 1, Fault::LoseResponse);
    let request = bot.post("SendMessage").json(&json!({ "chat_id": group.id(), "text": "once" }));
    let lost = match request.send().await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    assert_eq!(group.messages().len(), 1);
}

#[tokio::test]
async fn told_answers_come_instead_of_the_work() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    tg.faults().next("POST /sendMessage", 1, too_many_requests(7));
    tg.faults().next("sendMessage", 1, bad_gateway());
    let params = json!({ "chat_id": group.id(), "text": "x" });
    let first = bot.raw("sendMessage", params.clone()).await;
    assert_eq!(first["parameters"], json!({ "retry_after": 7 }));
    assert_eq!(first["description"], "Too Many Requests: retry after 7");
    assert_eq!(bot.raw("sendMessage", params.clone()).await["error_code"], 502);
    assert_eq!(group.messages().len(), 0);
    bot.ok("sendMessage", params).await;
}

#[tokio::test]
async fn a_delay_only_delays() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    tg.faults().next("sendMessage", 1, Fault::Delay(Duration::from_millis(30)));
    let before = tokio::time::Instant::now();
    bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "x" })).await;
    assert!(before.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn an_outage_stops_everything_and_loses_nothing() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    tg.outage(true);
    group.say(&ana, "meanwhile").unwrap();
    assert_eq!(bot.raw("getUpdates", json!({})).await["error_code"], 502);
    tg.outage(false);
    assert_eq!(bot.updates(0).await[0]["message"]["text"], "meanwhile");
}

#[tokio::test]
async fn a_revoked_token_is_unauthorised() {
    let (tg, bot) = start().await;
    tg.revoke_token();
    assert_eq!(bot.raw("getMe", json!({})).await["error_code"], 401);
    Bot::new(&tg).ok("getMe", json!({})).await;
}

#[tokio::test]
async fn a_call_against_the_contract_is_refused_and_kept() {
    if sandbox::contracts::dir().is_none() {
        return;
    }
    let (tg, bot) = start().await;
    let chat = tg.group("Ludo").id();
    for (method, params, why) in [
        ("sendMessage", json!({ "chat_id": chat }), "sendMessage: text is required"),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "txet": "y" }),
            "sendMessage: unknown parameter txet",
        ),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "disable_notification": 7 }),
            "sendMessage: disable_notification is no Boolean",
        ),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "entities": [{ "type": "bold", "offset": 0 }] }),
            "sendMessage: entities[0].length is required",
        ),
    ] {
        let refused = bot.refused(method, params).await;
        assert_eq!(refused, format!("Bad Request: against the contract: {why}"));
        assert_eq!(tg.violations().last().unwrap(), why);
    }
    assert!(tg.assert_clean().is_err());
}
