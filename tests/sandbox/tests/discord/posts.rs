// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads, forum posts and polls by the HTTP API, with what is refused.

use sandbox::discord::{Discord, intents, permissions};
use serde_json::json;

use crate::client::{Gateway, Rest, USUAL, id};

#[tokio::test]
async fn a_thread_is_opened_on_a_message_once() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let message = channel.say(&bo, "hello");
    let path = format!("/channels/{}/messages/{message}/threads", channel.id());
    channel.deny_bot(permissions::CREATE_PUBLIC_THREADS);
    assert_eq!(rest.post(&path, json!({"name": "T"})).await.code(), 50013);
    channel.deny_bot(0);
    let made = rest.post(&path, json!({"name": "T"})).await;
    assert_eq!((made.status, id(&made.body["id"])), (201, message));
    assert_eq!(rest.post(&path, json!({"name": "T"})).await.code(), 160_004);
    let none = format!("/channels/{}/messages/4711/threads", channel.id());
    assert_eq!(rest.post(&none, json!({"name": "T"})).await.code(), 10008);
    let shown = rest.get(&format!("/channels/{}/messages/{message}", channel.id())).await.ok();
    assert_eq!(id(&shown["thread"]["id"]), message);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_archived_thread_takes_only_messages_and_deletions() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, bo) = (Rest::new(&dc), dc.user("Bo"));
    let thread = guild.channel("general").thread("T");
    let path = format!("/channels/{}", thread.id());
    let own = rest.post(&format!("{path}/messages"), json!({"content": "a"})).await.id();
    let other = thread.say(&bo, "hello");
    thread.archive(false);
    let edited = rest.patch(&format!("{path}/messages/{own}"), json!({"content": "b"})).await;
    assert_eq!(edited.code(), 50083);
    let face = format!("{path}/messages/{other}/reactions/%F0%9F%91%8D/@me");
    assert_eq!(rest.put(&face).await.code(), 50083);
    assert_eq!(rest.put(&format!("{path}/messages/pins/{other}")).await.code(), 50083);
    assert_eq!(rest.patch(&path, json!({"name": "U"})).await.code(), 50083);
    assert_eq!(rest.delete(&format!("{path}/messages/{own}")).await.status, 204);
    rest.patch(&path, json!({"name": "U", "archived": false})).await.ok();
    assert_eq!(rest.put(&face).await.status, 204);
    thread.archive(true);
    guild.bot_permissions(permissions::BOT & !permissions::MANAGE_THREADS);
    assert_eq!(rest.patch(&path, json!({"archived": false})).await.code(), 50013);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_forum_takes_posts_only() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, forum) = (Rest::new(&dc), guild.forum("ideas"));
    let messages = format!("/channels/{}/messages", forum.id());
    assert_eq!(rest.post(&messages, json!({"content": "a"})).await.code(), 50008);
    let hook = format!("{}?wait=true", rest.webhook(forum.id()).await);
    assert_eq!(rest.post(&hook, json!({"content": "a"})).await.code(), 220_001);
    let made = rest.post(&hook, json!({"content": "a", "thread_name": "A"})).await.ok();
    assert_eq!(made["id"], made["channel_id"]);
    let both = format!("{hook}&thread_id={}", id(&made["id"]));
    let body = json!({"content": "b", "thread_name": "B"});
    assert_eq!(rest.post(&both, body.clone()).await.code(), 220_002);
    rest.post(&both, json!({"content": "b"})).await.ok();
    let text = rest.webhook(guild.channel("general").id()).await;
    assert_eq!(rest.post(&text, body).await.code(), 220_003);
    let path = format!("/channels/{}/threads", forum.id());
    let made = rest.post(&path, json!({"name": "C", "message": {"content": "c"}})).await;
    assert_eq!((made.status, &made.body["message"]["id"]), (201, &made.body["id"]));
    let names: Vec<_> = forum.threads().into_iter().map(|thread| thread.name).collect();
    assert_eq!(names, ["A", "C"]);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_poll_is_asked_answered_and_ended() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (rest, channel, bo) = (Rest::new(&dc), guild.channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, USUAL | intents::GUILD_MESSAGE_POLLS).await;
    let answer = |text: &str| json!({"poll_media": {"text": text}});
    let poll = |answers| json!({"poll": {"question": {"text": "When?"}, "answers": answers}});
    let messages = format!("/channels/{}/messages", channel.id());
    let asked = rest.post(&messages, poll(json!([answer("now"), answer("later")]))).await.ok();
    let asked = id(&asked["id"]);
    channel.vote(&bo, asked, 2).unwrap();
    let vote = gateway.expect("MESSAGE_POLL_VOTE_ADD").await;
    assert_eq!((id(&vote["message_id"]), &vote["answer_id"]), (asked, &json!(2)));
    let one = format!("{messages}/{asked}");
    let shown = rest.get(&one).await.ok();
    let counted = json!([{"id": 2, "count": 1, "me_voted": false}]);
    assert_eq!(shown["poll"]["results"]["answer_counts"], counted);
    assert_eq!(rest.patch(&one, json!({"content": "x"})).await.code(), 520_003);
    let end = format!("/channels/{}/polls/{asked}/expire", channel.id());
    rest.post(&end, json!(null)).await.ok();
    assert_eq!(rest.post(&end, json!(null)).await.code(), 520_001);
    let hook = format!("{}?wait=true", rest.webhook(channel.id()).await);
    let foreign = rest.post(&hook, poll(json!([answer("a")]))).await.id();
    let end = format!("/channels/{}/polls/{foreign}/expire", channel.id());
    assert_eq!(rest.post(&end, json!(null)).await.code(), 50005, "only its author ends a poll");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_poll_keeps_to_its_limits() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let hook = rest.webhook(channel.id()).await;
    let answers = |count: usize, length: usize| {
        vec![json!({"poll_media": {"text": "x".repeat(length)}}); count]
    };
    for (question, answers) in [(301, answers(2, 1)), (1, answers(11, 1)), (1, answers(2, 56))] {
        let question = json!({"text": "q".repeat(question)});
        let body = json!({"poll": {"question": question, "answers": answers}});
        assert_eq!(rest.post(&hook, body).await.code(), 50035);
    }
    assert!(channel.messages().is_empty());
}
