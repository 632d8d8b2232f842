// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages of the bot itself.

use sandbox::discord::{Discord, File, Ping};
use serde_json::json;

use crate::client::{Rest, id};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02";

#[tokio::test]
async fn a_bot_posts_edits_and_deletes() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let sent = rest.post(&path, json!({"content": "  hello \n"})).await;
    let seen = channel.expect(|seen| seen.content == "hello").await.unwrap();
    assert_eq!((seen.id, seen.edited), (sent.id(), false));
    let one = format!("{path}/{}", sent.id());
    let edited = rest.patch(&one, json!({"content": "bye"})).await.ok();
    assert!(edited["edited_timestamp"].is_string());
    let seen = channel.expect(|seen| seen.content == "bye").await.unwrap();
    assert!(seen.edited);
    assert_eq!(rest.get(&one).await.ok()["content"], "bye");
    assert_eq!(rest.delete(&one).await.status, 204);
    channel.expect_gone(sent.id()).await.unwrap();
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn pages_of_history_are_newest_first_whatever_the_cursor() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let ids: Vec<u64> = (0..7).map(|n| channel.say(&bo, &n.to_string())).collect();
    assert!(ids.is_sorted());
    let page = async |query: String| -> Vec<u64> {
        let body = rest.get(&format!("/channels/{}/messages?{query}", channel.id())).await.ok();
        body.as_array().unwrap().iter().map(|message| id(&message["id"])).collect()
    };
    assert_eq!(page("limit=2".into()).await, [ids[6], ids[5]]);
    assert_eq!(page(format!("limit=2&after={}", ids[1])).await, [ids[3], ids[2]]);
    assert_eq!(page(format!("limit=2&before={}", ids[3])).await, [ids[2], ids[1]]);
    assert_eq!(page(format!("limit=3&around={}", ids[3])).await, [ids[4], ids[3], ids[2]]);
    assert_eq!(page("limit=100&after=0".into()).await.len(), 7);
    let bad = rest.get(&format!("/channels/{}/messages?limit=101", channel.id())).await;
    assert_eq!((bad.status, bad.code()), (400, 50035));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_enforced_nonce_posts_once() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let body = json!({"content": "once", "nonce": "abc", "enforce_nonce": true});
    let first = rest.post(&path, body.clone()).await;
    let second = rest.post(&path, body.clone()).await;
    assert_eq!((first.id(), &first.body["nonce"]), (second.id(), &json!("abc")));
    assert_eq!(channel.messages().len(), 1);
    dc.forget_nonces();
    assert_ne!(rest.post(&path, body).await.id(), first.id());
    rest.post(&path, json!({"content": "x", "nonce": "d"})).await.ok();
    rest.post(&path, json!({"content": "x", "nonce": "d"})).await.ok();
    assert_eq!(channel.messages().len(), 4, "without enforce_nonce nothing is held back");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn files_come_with_their_bytes_and_die_with_their_address() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let described = json!([{"id": 0, "filename": "my cat.png", "description": "a cat"}]);
    let body = json!({"content": "", "attachments": described});
    let sent = rest.upload("POST", &path, body, ("x.png", PNG.to_vec())).await.ok();
    let file = &sent["attachments"][0];
    assert_eq!((&file["width"], &file["height"]), (&json!(3), &json!(2)));
    assert_eq!((&file["filename"], &file["title"]), (&json!("my_cat.png"), &json!("my cat")));
    let seen = channel.expect(|seen| !seen.attachments.is_empty()).await.unwrap();
    assert_eq!(seen.attachments[0].bytes, PNG);
    assert_eq!(seen.attachments[0].description.as_deref(), Some("a cat"));
    let url = file["url"].as_str().unwrap();
    let bytes = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, PNG);
    let bare = url.split('?').next().unwrap();
    assert_eq!(reqwest::get(bare).await.unwrap().status(), 404, "an unsigned address");
    dc.expire_links();
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404, "an expired address");
    let again = rest.get(&format!("{path}/{}", seen.id)).await.ok();
    let url = again["attachments"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_edit_keeps_only_the_files_that_it_names() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let sent = rest.upload("POST", &path, json!({"content": "t"}), ("a.png", PNG.to_vec())).await;
    let one = format!("{path}/{}", sent.id());
    let edited = rest.patch(&one, json!({"content": "u"})).await.ok();
    assert_eq!(edited["attachments"].as_array().unwrap().len(), 1);
    let both = json!({"attachments": [{"id": edited["attachments"][0]["id"]}, {"id": 0}]});
    let edited = rest.upload("PATCH", &one, both, ("b.png", PNG.to_vec())).await.ok();
    assert_eq!(edited["attachments"].as_array().unwrap().len(), 2);
    let edited = rest.patch(&one, json!({"attachments": []})).await.ok();
    assert_eq!(edited["attachments"], json!([]));
    let empty = rest.patch(&one, json!({"content": ""})).await;
    assert_eq!(empty.code(), 50006, "nothing would be left");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_reply_shows_its_target_and_pings_unless_told_otherwise() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let to = channel.say(&bo, "question");
    let path = format!("/channels/{}/messages", channel.id());
    let reference = json!({"message_id": to.to_string()});
    let body = json!({"content": "answer", "message_reference": reference});
    let sent = rest.post(&path, body).await.ok();
    assert_eq!(sent["referenced_message"]["content"], "question");
    let seen = channel.expect(|seen| seen.content == "answer").await.unwrap();
    assert_eq!((seen.reply, seen.pings), (Some(to), vec![Ping::Replied(bo.id())]));
    let quiet = json!({
        "content": "quiet", "message_reference": reference, "allowed_mentions": {"parse": []},
    });
    rest.post(&path, quiet).await.ok();
    let seen = channel.expect(|seen| seen.content == "quiet").await.unwrap();
    assert!(seen.pings.is_empty());
    channel.delete(&bo, to).unwrap();
    let gone = json!({"content": "late", "message_reference": reference});
    assert_eq!(rest.post(&path, gone).await.code(), 50035);
    let lenient = json!({"message_id": to.to_string(), "fail_if_not_exists": false});
    let lenient = json!({"content": "late", "message_reference": lenient});
    let sent = rest.post(&path, lenient).await.ok();
    assert!(sent.get("message_reference").is_none());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn mentions_ping_only_whom_they_may() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let role = guild.role("Translators");
    let hook = rest.webhook(channel.id()).await;
    let text = format!("@everyone {} <@&{role}>", bo.mention());
    let post = async |allowed: serde_json::Value| {
        let mut body = json!({"content": text});
        if !allowed.is_null() {
            body["allowed_mentions"] = allowed;
        }
        let sent = rest.post(&format!("{hook}?wait=true"), body).await.ok();
        channel.messages().into_iter().find(|seen| seen.id == id(&sent["id"])).unwrap().pings
    };
    let all = vec![Ping::Everyone, Ping::User(bo.id()), Ping::Role(role)];
    assert_eq!(post(json!(null)).await, all);
    assert_eq!(post(json!({"parse": []})).await, []);
    assert_eq!(post(json!({"users": [bo.id().to_string()]})).await, [Ping::User(bo.id())]);
    assert_eq!(post(json!({"parse": ["roles"]})).await, [Ping::Role(role)]);
    let both = json!({"parse": ["users"], "users": [bo.id().to_string()]});
    let refused = rest.post(&hook, json!({"content": "x", "allowed_mentions": both})).await;
    assert_eq!(refused.code(), 50035);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn reactions_come_and_go() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let emoji = guild.emoji("wiki", PNG);
    let message = channel.say(&bo, "nice");
    let path = format!("/channels/{}/messages/{message}/reactions", channel.id());
    assert_eq!(rest.put(&format!("{path}/%F0%9F%91%8D/@me")).await.status, 204);
    assert_eq!(rest.put(&format!("{path}/wiki:{emoji}/@me")).await.status, 204);
    channel.react(&bo, message, "👍").unwrap();
    let seen = channel.expect(|seen| seen.reactions.len() == 2).await.unwrap();
    assert_eq!(seen.reacted("👍"), [dc.bot().id(), bo.id()]);
    assert_eq!(seen.reacted(&format!("wiki:{emoji}")), [dc.bot().id()]);
    assert_eq!(rest.delete(&format!("{path}/%F0%9F%91%8D/@me")).await.status, 204);
    channel.expect(|seen| seen.reacted("👍") == [bo.id()]).await.unwrap();
    for unknown in ["wiki:1", "thumbsup", "%3A%2B1%3A"] {
        assert_eq!(rest.put(&format!("{path}/{unknown}/@me")).await.code(), 10014, "{unknown}");
    }
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn pins_are_listed_by_both_routes_and_announced() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let (one, two) = (channel.say(&bo, "one"), channel.say(&bo, "two"));
    let path = format!("/channels/{}", channel.id());
    assert_eq!(rest.put(&format!("{path}/pins/{one}")).await.status, 204);
    assert_eq!(rest.put(&format!("{path}/messages/pins/{two}")).await.status, 204);
    assert_eq!(rest.put(&format!("{path}/pins/{one}")).await.status, 204, "again is no error");
    assert_eq!(channel.pinned().iter().map(|seen| seen.id).collect::<Vec<_>>(), [one, two]);
    assert_eq!(channel.messages().iter().filter(|seen| seen.kind == 6).count(), 2);
    let old = rest.get(&format!("{path}/pins")).await.ok();
    let new = rest.get(&format!("{path}/messages/pins")).await.ok();
    assert_eq!(old.as_array().unwrap().len(), 2);
    assert_eq!(new["items"].as_array().unwrap().len(), 2);
    assert_eq!(rest.delete(&format!("{path}/messages/pins/{one}")).await.status, 204);
    assert_eq!(channel.pinned().len(), 1);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn embeds_are_kept_within_their_limits() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let path = format!("/channels/{}/messages", channel.id());
    let sent = rest.post(&path, json!({"embeds": [{"title": "T", "description": "D"}]})).await.ok();
    assert_eq!(sent["embeds"][0]["type"], "rich");
    let long = json!({"embeds": [{"title": "x".repeat(257)}]});
    let refused = rest.post(&path, long).await;
    assert_eq!(refused.code(), 50035);
    assert!(refused.body.pointer("/errors/embeds/0/title/_errors/0/code").is_some());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn guilds_channels_members_and_roles_can_be_read() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let thread = channel.thread("aside");
    guild.grant(&bo, sandbox::discord::permissions::MANAGE_WEBHOOKS);
    let at = format!("/guilds/{}", guild.id());
    assert_eq!(rest.get(&at).await.ok()["name"], "G");
    assert_eq!(rest.get(&format!("{at}/channels")).await.ok()[0]["name"], "general");
    let threads = rest.get(&format!("{at}/threads/active")).await.ok();
    assert_eq!(id(&threads["threads"][0]["id"]), thread.id());
    let member = rest.get(&format!("{at}/members/{}", bo.id())).await.ok();
    let roles = rest.get(&format!("{at}/roles")).await.ok();
    let granted = roles.as_array().unwrap().iter().find(|role| role["id"] == member["roles"][0]);
    assert_eq!(granted.unwrap()["permissions"], (1_u64 << 29).to_string());
    let stranger = rest.get(&format!("{at}/members/{}", dc.user("Cy").id())).await;
    assert_eq!((stranger.status, stranger.code()), (404, 10007));
    let shown = rest.get(&format!("/channels/{}", thread.id())).await.ok();
    assert_eq!((&shown["type"], id(&shown["parent_id"])), (&json!(11), channel.id()));
    assert_eq!(rest.get("/users/@me").await.id(), dc.bot().id());
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        assert_eq!(rest.get(path).await.id(), dc.application_id());
    }
    assert_eq!(rest.get("/gateway").await.ok()["url"], dc.gateway_url());
    assert_eq!(rest.get("/gateway/bot").await.ok()["shards"], 1);
    assert_eq!(rest.get("/users/@me/guilds").await.ok()[0]["name"], "G");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_person_sends_files() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel, bo) = (Rest::new(&dc), dc.guild("G").channel("general"), dc.user("Bo"));
    let file = File::new("SPOILER_cat.png", "image/png", PNG);
    let message = channel.attach(&bo, file, "look");
    let shown = rest.get(&format!("/channels/{}/messages/{message}", channel.id())).await.ok();
    assert_eq!(shown["attachments"][0]["content_type"], "image/png");
    assert!(channel.messages()[0].attachments[0].spoiler);
    dc.assert_clean().unwrap();
}
