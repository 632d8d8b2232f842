// SPDX-License-Identifier: AGPL-3.0-or-later
//! Application commands and their answers.

use std::time::Duration;

use sandbox::discord::{Channel, Discord, intents, permissions};
use serde_json::{Value, json};

use crate::client::{Gateway, Rest, USUAL, id};

fn freeside() -> Value {
    json!([{
        "name": "freeside", "description": "The bridge", "type": 1,
        "options": [
            {"type": 1, "name": "link", "description": "Links", "options": [
                {"type": 3, "name": "code", "description": "The code", "required": true},
            ]},
            {"type": 1, "name": "status", "description": "Shows"},
        ],
    }])
}

async fn ready(dc: &Discord) -> (Rest, Channel, Gateway) {
    let (rest, channel) = (Rest::new(dc), dc.guild("G").channel("general"));
    let path = format!("/applications/{}/commands", dc.application_id());
    rest.send("PUT", &path, freeside()).await.ok();
    let (gateway, _) = Gateway::identified(dc, USUAL).await;
    (rest, channel, gateway)
}

fn callback(heard: &Value) -> String {
    let text = |key: &str| heard[key].as_str().unwrap().to_owned();
    format!("/interactions/{}/{}/callback", text("id"), text("token"))
}

#[tokio::test]
async fn registering_replaces_and_keeps_ids() {
    let dc = Discord::start().await.unwrap();
    let rest = Rest::new(&dc);
    let path = format!("/applications/{}/commands", dc.application_id());
    let first = rest.send("PUT", &path, freeside()).await.ok();
    let second = rest.send("PUT", &path, freeside()).await.ok();
    assert_eq!(first[0]["id"], second[0]["id"]);
    assert_eq!((dc.commands().len(), rest.get(&path).await.ok()), (1, second));
    let guild =
        format!("/applications/{}/guilds/{}/commands", dc.application_id(), dc.guild("G").id());
    assert_eq!(rest.send("PUT", &guild, freeside()).await.status, 200);
    assert_eq!(rest.send("PUT", &path, json!([])).await.ok(), json!([]));
    let upper = json!([{"name": "Link", "description": "x"}]);
    assert_eq!(rest.send("PUT", &path, upper).await.code(), 50035);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_person_uses_a_command_and_reads_the_answer() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, mut gateway) = ready(&dc).await;
    let ada = dc.user("Ada");
    dc.guild("G").grant(&ada, permissions::MANAGE_WEBHOOKS);
    let used = channel.slash(&ada, "freeside", "link", &[("code", "AB12")]).unwrap();
    let heard = gateway.expect("INTERACTION_CREATE").await;
    let option = heard.pointer("/data/options/0/options/0").unwrap();
    assert_eq!(option, &json!({"name": "code", "type": 3, "value": "AB12"}));
    let rights: u64 = heard["member"]["permissions"].as_str().unwrap().parse().unwrap();
    assert!(rights & permissions::MANAGE_WEBHOOKS != 0);
    let body = json!({"type": 4, "data": {"content": "linked", "flags": 64}});
    assert_eq!(rest.post(&callback(&heard), body.clone()).await.status, 204);
    let answer = used.answer().await.unwrap();
    assert_eq!((answer.message.content.as_str(), answer.ephemeral), ("linked", true));
    assert!(channel.messages().is_empty(), "others do not see it");
    let twice = rest.post(&callback(&heard), body).await;
    assert_eq!((twice.status, twice.code()), (400, 40060));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_answer_can_be_deferred_edited_followed_and_deleted() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, mut gateway) = ready(&dc).await;
    let used = channel.slash(&dc.user("Ada"), "freeside", "status", &[]).unwrap();
    let heard = gateway.expect("INTERACTION_CREATE").await;
    let path = format!("/webhooks/{}/{}", dc.application_id(), used.token());
    let early = rest.post(&path, json!({"content": "x"})).await;
    assert_eq!(early.code(), 10015, "not acknowledged yet");
    let defer =
        rest.post(&format!("{}?with_response=true", callback(&heard)), json!({"type": 5})).await;
    assert_eq!(id(&defer.ok()["interaction"]["id"]), used.id());
    let original = format!("{path}/messages/@original");
    rest.patch(&original, json!({"content": "well"})).await.ok();
    let answer = used.answer().await.unwrap();
    assert_eq!((answer.message.content.as_str(), answer.ephemeral), ("well", false));
    assert!(!answer.message.edited);
    assert_eq!(rest.get(&original).await.ok()["content"], "well");
    let follow = rest.post(&path, json!({"content": "more"})).await;
    rest.patch(&format!("{path}/messages/{}", follow.id()), json!({"content": "most"})).await.ok();
    assert_eq!(used.followups()[0].message.content, "most");
    assert_eq!(rest.delete(&original).await.status, 204);
    channel.until(|all| all.len() == 1).await.unwrap();
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_late_is_unknown() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, mut gateway) = ready(&dc).await;
    dc.answer_within(Duration::ZERO);
    channel.slash(&dc.user("Ada"), "freeside", "status", &[]).unwrap();
    let heard = gateway.expect("INTERACTION_CREATE").await;
    let late = rest.post(&callback(&heard), json!({"type": 5})).await;
    assert_eq!((late.status, late.code()), (404, 10062));
    let body = json!({"type": 4, "data": {"content": "x"}});
    assert_eq!(rest.post("/interactions/1/x/callback", body).await.code(), 10062);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_client_offers_only_what_is_registered() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, _gateway) = ready(&dc).await;
    let ada = dc.user("Ada");
    assert!(channel.slash(&ada, "other", None, &[]).is_err());
    assert!(channel.slash(&ada, "freeside", None, &[]).is_err(), "needs a subcommand");
    assert!(channel.slash(&ada, "freeside", "link", &[]).is_err(), "needs its code");
    assert!(channel.slash(&ada, "freeside", "link", &[("cod", "x")]).is_err());
    let path = format!("/applications/{}/commands", dc.application_id());
    let bits = permissions::MANAGE_WEBHOOKS.to_string();
    let guarded =
        json!([{"name": "guarded", "description": "x", "default_member_permissions": bits}]);
    rest.send("PUT", &path, guarded).await.ok();
    assert!(channel.slash(&ada, "guarded", None, &[]).is_err());
    dc.guild("G").grant(&ada, permissions::ADMINISTRATOR);
    assert!(channel.slash(&ada, "guarded", None, &[]).is_ok());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn interactions_come_without_any_intent() {
    let dc = Discord::start().await.unwrap();
    let (_, channel, _gateway) = ready(&dc).await;
    let (mut bare, _) = Gateway::identified(&dc, intents::GUILDS).await;
    channel.slash(&dc.user("Ada"), "freeside", "status", &[]).unwrap();
    bare.expect("INTERACTION_CREATE").await;
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_button_and_an_entry_in_the_menu_of_a_message_are_heard() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, mut gateway) = ready(&dc).await;
    let path = format!("/applications/{}/commands", dc.application_id());
    rest.send("PUT", &path, json!([{"name": "Take away", "type": 3}])).await.ok();
    let row = json!([{"type": 1, "components": [
        {"type": 2, "style": 2, "label": "Undo", "custom_id": "unlink"},
        {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"},
    ]}]);
    let posts = format!("/channels/{}/messages", channel.id());
    let said = rest.post(&posts, json!({"content": "well", "components": row})).await;
    let ada = dc.user("Ada");
    assert!(channel.press(&ada, said.id(), "Open").is_err(), "it opens an address");
    let pressed = channel.press(&ada, said.id(), "Undo").unwrap();
    let heard = gateway.expect("INTERACTION_CREATE").await;
    assert_eq!((&heard["type"], &heard["data"]["custom_id"]), (&json!(3), &json!("unlink")));
    assert_eq!(id(&heard["message"]["id"]), said.id());
    let body = json!({"type": 4, "data": {"content": "done", "flags": 64}});
    assert_eq!(rest.post(&callback(&heard), body).await.status, 204);
    assert!(pressed.answer().await.unwrap().ephemeral);
    channel.choose(&ada, said.id(), "Take away").unwrap();
    let heard = gateway.expect("INTERACTION_CREATE").await;
    assert_eq!((&heard["type"], &heard["data"]["type"]), (&json!(2), &json!(3)));
    assert_eq!(id(&heard["data"]["target_id"]), said.id());
    assert!(channel.choose(&ada, said.id(), "Something else").is_err());
    dc.assert_clean().unwrap();
}
