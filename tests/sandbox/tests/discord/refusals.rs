// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the platform refuses, with its codes.

use sandbox::discord::{Discord, FILE_LIMIT, PIN_LIMIT, permissions};
use serde_json::json;

use crate::client::{Rest, id};

#[tokio::test]
async fn a_wrong_token_is_unauthorized() {
    let dc = Discord::start().await.unwrap();
    let mut rest = Rest::new(&dc);
    rest.token = "wrong".into();
    let refused = rest.get("/users/@me").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body, json!({"message": "401: Unauthorized", "code": 0}));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_client_without_a_name_is_turned_away() {
    let dc = Discord::start().await.unwrap();
    let url = format!("{}/api/v10/gateway", dc.api_url());
    let bare = reqwest::Client::new().get(url).send().await.unwrap();
    assert_eq!(bare.status(), 403);
    let body: serde_json::Value = bare.json().await.unwrap();
    assert_eq!(body["code"], 40333);
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    rest.post(&path, json!({"content": "😀".repeat(2000)})).await.ok();
    for long in ["x".repeat(2001), "x".repeat(4001)] {
        let refused = rest.post(&path, json!({"content": long})).await;
        assert_eq!((refused.status, refused.code()), (400, 50035));
        let code = refused.body.pointer("/errors/content/_errors/0/code").unwrap();
        assert_eq!(code, "BASE_TYPE_MAX_LENGTH");
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn moderation_takes_the_permission_and_a_higher_role() {
    let dc = Discord::start().await.unwrap();
    let (rest, guild) = (Rest::new(&dc), dc.guild("G"));
    let (sid, chief) = (dc.user("Sid"), dc.user("Chief"));
    guild.join(&sid);
    guild.grant(&chief, permissions::VIEW_CHANNEL);
    let ban = |user: u64| format!("/guilds/{}/bans/{user}", guild.id());
    let member = |user: u64| format!("/guilds/{}/members/{user}", guild.id());
    let refused = rest.send("PUT", &ban(chief.id()), json!({})).await;
    assert_eq!((refused.status, refused.code()), (403, 50013), "a higher role");
    let gone = rest.delete(&member(4)).await;
    assert_eq!((gone.status, gone.code()), (404, 10007));
    let none = rest.send("DELETE", &ban(sid.id()), json!({})).await;
    assert_eq!((none.status, none.code()), (404, 10026));
    rest.send("PUT", &ban(sid.id()), json!({"delete_message_seconds": 0})).await.ok();
    assert!(guild.ban_of(&sid).is_some() && !guild.has(&sid));
    let log = rest.get(&format!("/guilds/{}/audit-logs?action_type=22", guild.id())).await.ok();
    assert_eq!(log["audit_log_entries"][0]["target_id"], sid.id().to_string());
    rest.send("DELETE", &ban(sid.id()), json!({})).await.ok();
    guild.bot_permissions(permissions::EVERYONE);
    guild.join(&sid);
    for refused in [
        rest.send("PUT", &ban(sid.id()), json!({})).await,
        rest.delete(&member(sid.id())).await,
        rest.get(&format!("/guilds/{}/audit-logs", guild.id())).await,
    ] {
        assert_eq!((refused.status, refused.code()), (403, 50013));
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_empty_message_is_refused() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    for body in [json!({}), json!({"content": ""}), json!({"content": " \n\t"})] {
        assert_eq!(rest.post(&path, body).await.code(), 50006);
    }
    assert!(channel.messages().is_empty());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_unknown() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let of = channel.id();
    let cases = [
        ("/channels/1".to_owned(), 10003),
        ("/channels/1/messages".to_owned(), 10003),
        (format!("/channels/{of}/messages/1"), 10008),
        ("/webhooks/1".to_owned(), 10015),
        ("/guilds/1".to_owned(), 10004),
    ];
    for (path, code) in cases {
        let refused = rest.get(&path).await;
        assert_eq!((refused.status, refused.code()), (404, code), "{path}");
    }
    assert_eq!(rest.get("/nothing").await.status, 404);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn others_messages_cannot_be_edited() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let path = format!("/channels/{}/messages/{}", channel.id(), channel.say(&bo, "mine"));
    let refused = rest.patch(&path, json!({"content": "yours"})).await;
    assert_eq!((refused.status, refused.code()), (403, 50005));
    assert_eq!(rest.delete(&path).await.status, 204, "Manage Messages lets it delete");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn each_right_is_asked_for() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let message = channel.say(&bo, "x");
    let at = format!("/channels/{}", channel.id());
    guild.bot_permissions(0);
    guild.everyone_permissions(permissions::VIEW_CHANNEL | permissions::READ_MESSAGE_HISTORY);
    let refused = |reply: crate::client::Reply| (reply.status, reply.code());
    let denied = (403, 50013);
    assert_eq!(
        refused(rest.post(&format!("{at}/messages"), json!({"content": "x"})).await),
        denied
    );
    assert_eq!(refused(rest.delete(&format!("{at}/messages/{message}")).await), denied);
    assert_eq!(refused(rest.get(&format!("{at}/webhooks")).await), denied);
    assert_eq!(
        refused(rest.put(&format!("{at}/messages/{message}/reactions/%E2%9C%85/@me")).await),
        denied
    );
    guild.bot_permissions(permissions::MANAGE_MESSAGES);
    assert_eq!(refused(rest.put(&format!("{at}/pins/{message}")).await), denied);
    guild.bot_permissions(permissions::PIN_MESSAGES);
    assert_eq!(rest.put(&format!("{at}/pins/{message}")).await.status, 204);
    guild.everyone_permissions(permissions::VIEW_CHANNEL);
    assert_eq!(rest.get(&format!("{at}/messages")).await.ok(), json!([]), "no history");
    guild.bot_permissions(permissions::BOT);
    guild.everyone_permissions(permissions::EVERYONE);
    channel.deny_bot(permissions::VIEW_CHANNEL);
    assert_eq!(refused(rest.get(&at).await), (403, 50001));
    channel.deny_bot(0);
    assert_eq!(rest.get(&at).await.status, 200);
    guild.kick_bot();
    assert_eq!(refused(rest.get(&at).await), (403, 50001));
    guild.invite_bot();
    assert_eq!(rest.get(&at).await.status, 200);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_file_over_the_limit_is_too_large() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let file = ("big.png", vec![0; FILE_LIMIT + 1]);
    let refused = rest.upload("POST", &path, json!({"content": "x"}), file).await;
    assert_eq!((refused.status, refused.code()), (413, 40005));
    let file = ("fits.png", vec![0; FILE_LIMIT]);
    rest.upload("POST", &path, json!({"content": "x"}), file).await.ok();
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn pins_are_bounded() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    guild.grant(&bo, permissions::PIN_MESSAGES);
    for n in 0..PIN_LIMIT {
        let message = channel.say(&bo, &n.to_string());
        channel.pin(&bo, message).unwrap();
    }
    let more = channel.say(&bo, "one more");
    assert_eq!(rest.put(&format!("/channels/{}/pins/{more}", channel.id())).await.code(), 30003);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let json = rest.request("POST", &path).header("content-type", "application/json");
    assert_eq!(Rest::finish(json.body("{")).await.code(), 50109);
    let plain = rest.request("POST", &path).header("content-type", "text/plain");
    assert_eq!(Rest::finish(plain.body("x")).await.code(), 50035);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_breach_of_the_contract_is_refused_and_noted() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let refused = rest.post(&path, json!({"content": 5})).await;
    assert_eq!(refused.code(), 50035);
    if sandbox::contracts::dir().is_some() {
        assert_eq!(dc.violations().len(), 1);
        assert!(dc.assert_clean().is_err());
    }
}

#[tokio::test]
async fn a_deleted_id_never_comes_back() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let message = channel.say(&bo, "x");
    channel.delete(&bo, message).unwrap();
    let shown = rest.get(&format!("/channels/{}", channel.id())).await.ok();
    assert_eq!(id(&shown["last_message_id"]), message, "the platform keeps the last id too");
    assert!(channel.say(&bo, "y") > message);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn overwrites_change_by_whoever_may_and_has_what_is_changed() {
    let dc = Discord::start().await.unwrap();
    let (rest, guild, bo) = (Rest::new(&dc), dc.guild("G"), dc.user("Bo"));
    let channel = guild.channel("general");
    let path = format!("/channels/{}", channel.id());
    let deny = |bits: u64| {
        let everyone = channel.guild_id().unwrap().to_string();
        let one = json!({"id": everyone, "type": 0, "allow": "0", "deny": bits.to_string()});
        json!({"permission_overwrites": [one]})
    };
    assert_eq!(rest.patch(&path, deny(permissions::SEND_MESSAGES)).await.code(), 50013);
    guild.bot_permissions(permissions::BOT | permissions::MANAGE_ROLES);
    assert_eq!(rest.patch(&path, deny(permissions::MENTION_EVERYONE)).await.code(), 50013);
    rest.patch(&path, deny(permissions::SEND_MESSAGES)).await.ok();
    channel.try_say(&bo, "may I?").unwrap_err();
    let malformed = json!({"permission_overwrites": [{"id": "x", "type": 0}]});
    assert_eq!(rest.patch(&path, malformed).await.code(), 50035);
    rest.patch(&path, json!({"permission_overwrites": []})).await.ok();
    channel.try_say(&bo, "thank you").unwrap();
    assert_eq!(channel.overwrites(), json!([]));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn buttons_that_cannot_be_are_refused() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let button = |id: &str| json!({"type": 2, "style": 2, "label": "A", "custom_id": id});
    let link = |url: &str| json!({"type": 2, "style": 5, "label": "A", "url": url});
    let long = "x".repeat(101);
    let rows = [
        (vec![button("a"), button("a")], "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (vec![button(&long)], "BASE_TYPE_BAD_LENGTH"),
        (vec![link("ftp://example.org")], "URL_TYPE_INVALID_SCHEME"),
        (["a", "b", "c", "d", "e", "f"].map(button).to_vec(), "BASE_TYPE_BAD_LENGTH"),
        (Vec::new(), "BASE_TYPE_BAD_LENGTH"),
    ];
    for (buttons, code) in rows {
        let row = json!([{"type": 1, "components": buttons}]);
        let refused = rest.post(&path, json!({"content": "x", "components": row})).await;
        assert_eq!((refused.status, refused.code()), (400, 50035), "{code}");
        assert!(refused.body.to_string().contains(code), "{}", refused.body);
    }
}
