// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the bot takes updates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bot::{Bot, start};

#[tokio::test]
async fn updates_come_again_until_a_higher_offset_confirms_them() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.say(&ana, "one").unwrap();
    group.say(&ana, "two").unwrap();
    let first = bot.updates(0).await;
    assert_eq!(first.len(), 2);
    assert_eq!(first, bot.updates(0).await, "nothing is lost without a confirmation");
    let id = first[0]["update_id"].as_i64().unwrap();
    let rest = bot.updates(id + 1).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["message"]["text"], "two");
    assert_eq!(bot.updates(id + 2).await.len(), 0);
    assert_eq!(tg.waiting_updates(), 0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn limit_and_negative_offset_choose_a_part() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    for n in 0..5 {
        group.say(&ana, &format!("{n}")).unwrap();
    }
    let page = bot.ok("getUpdates", json!({ "limit": 2 })).await;
    assert_eq!(page.as_array().unwrap().len(), 2);
    let last = bot.updates(-1).await;
    assert_eq!(last.len(), 1);
    assert_eq!(last[0]["message"]["text"], "4");
    assert_eq!(tg.waiting_updates(), 1, "a negative offset forgets the updates before it");
}

#[tokio::test]
async fn a_long_poll_ends_when_something_is_said() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let poll = bot.ok("getUpdates", json!({ "timeout": 50 }));
    let say = async {
        while tg.requests_of("getUpdates").is_empty() {
            tokio::task::yield_now().await;
        }
        group.say(&ana, "hello").unwrap();
    };
    let (updates, ()) = tokio::join!(poll, say);
    assert_eq!(updates[0]["message"]["text"], "hello");
    assert_eq!(updates[0]["message"]["from"]["first_name"], "Ana");
    assert_eq!(updates[0]["message"]["chat"]["type"], "supergroup");
    assert!(updates[0]["message"]["chat"]["id"].to_string().starts_with("-100"));
}

#[tokio::test]
async fn an_empty_poll_ends_when_its_time_is_over() {
    let (_tg, bot) = start().await;
    assert_eq!(bot.ok("getUpdates", json!({ "timeout": 1 })).await, json!([]));
}

#[tokio::test]
async fn the_older_of_two_pollers_is_turned_away() {
    let (tg, bot) = start().await;
    let older = bot.raw("getUpdates", json!({ "timeout": 50 }));
    let newer = async {
        while tg.requests_of("getUpdates").is_empty() {
            tokio::task::yield_now().await;
        }
        // The older one may not have begun to wait yet; it loses once it has.
        loop {
            bot.ok("getUpdates", json!({})).await;
        }
    };
    let older: Value = tokio::select! { older = older => older, () = newer => Value::Null };
    assert_eq!(older["error_code"], 409);
    assert_eq!(
        older["description"],
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance \
         is running"
    );
}

#[tokio::test]
async fn reactions_come_only_to_an_administrator_that_asked() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let said = group.say(&ana, "hello").unwrap();
    group.promote_bot(sandbox::telegram::Rights::all());
    group.react(&ana, said, &["👍"]).unwrap();
    let kinds = json!(["message", "message_reaction"]);
    bot.ok("getUpdates", json!({ "allowed_updates": kinds, "offset": -1 })).await;
    group.react(&ana, said, &["🔥"]).unwrap();
    group.demote_bot();
    group.react(&ana, said, &[]).unwrap();
    let updates = bot.updates(0).await;
    let reactions: Vec<&Value> =
        updates.iter().filter_map(|update| update.get("message_reaction")).collect();
    assert_eq!(reactions.len(), 1, "{updates:?}");
    assert_eq!(reactions[0]["old_reaction"], json!([{ "type": "emoji", "emoji": "👍" }]));
    assert_eq!(reactions[0]["new_reaction"], json!([{ "type": "emoji", "emoji": "🔥" }]));
    assert_eq!(reactions[0]["user"]["first_name"], "Ana");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn kinds_that_were_not_asked_for_do_not_come() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    bot.ok("getUpdates", json!({ "allowed_updates": ["edited_message"] })).await;
    let said = group.say(&ana, "hello").unwrap();
    group.edit(&ana, said, "hallo").unwrap();
    let updates = bot.updates(0).await;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["edited_message"]["text"], "hallo");
}

#[tokio::test]
async fn odd_updates_come_as_they_are() {
    let (tg, bot) = start().await;
    tg.inject_update(json!({ "telepathy": { "thought": 1 } }));
    let updates = bot.updates(0).await;
    assert_eq!(updates[0]["telepathy"], json!({ "thought": 1 }));
    assert!(updates[0]["update_id"].is_i64());
    tg.assert_clean().unwrap();
}

/// A receiver that refuses the first push.
async fn receiver() -> (String, mpsc::Receiver<(String, Value)>) {
    let (send, receive) = mpsc::channel(16);
    let tries = Arc::new(AtomicUsize::new(0));
    let route = axum::routing::post(move |headers: HeaderMap, body: axum::Json<Value>| {
        let (send, tries) = (send.clone(), tries.clone());
        async move {
            let secret = headers.get("X-Telegram-Bot-Api-Secret-Token");
            let secret = secret.map(|secret| secret.to_str().unwrap().to_owned());
            send.send((secret.unwrap_or_default(), body.0)).await.unwrap();
            let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            if first { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/hook", route);
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    (url, receive)
}

#[tokio::test]
async fn a_webhook_gets_each_update_until_it_answers_well() {
    let (tg, bot) = start().await;
    let (url, mut received) = receiver().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    bot.ok("setWebhook", json!({ "url": url, "secret_token": "S3cret-_" })).await;
    assert_eq!(
        bot.refused("getUpdates", json!({})).await,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to \
         delete the webhook first"
    );
    group.say(&ana, "one").unwrap();
    group.say(&ana, "two").unwrap();
    let mut texts = Vec::new();
    while texts.len() < 3 {
        let next = tokio::time::timeout(Duration::from_secs(30), received.recv()).await;
        let (secret, update) = next.unwrap().unwrap();
        assert_eq!(secret, "S3cret-_");
        texts.push(update["message"]["text"].as_str().unwrap().to_owned());
    }
    assert_eq!(texts, ["one", "one", "two"]);
    let info = bot.ok("getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], url);
    assert!(info["last_error_message"].as_str().unwrap().contains("500"), "{info}");
    bot.ok("deleteWebhook", json!({})).await;
    assert_eq!(bot.ok("getWebhookInfo", json!({})).await["url"], "");
    bot.ok("getUpdates", json!({})).await;
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn the_state_outlives_the_bot() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.say(&ana, "before").unwrap();
    bot.updates(0).await;
    drop(bot);
    let again = Bot::new(&tg);
    assert_eq!(again.updates(0).await[0]["message"]["text"], "before");
}
