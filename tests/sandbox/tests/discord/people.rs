// SPDX-License-Identifier: AGPL-3.0-or-later
//! What tests do as people.

use sandbox::discord::{Discord, permissions};
use serde_json::json;

use crate::client::Rest;

#[tokio::test]
async fn names_are_looked_up_and_namesakes_are_others() {
    let dc = Discord::start().await.unwrap();
    assert_eq!(dc.user("Bo").id(), dc.user("Bo").id());
    assert_ne!(dc.user("Bo").id(), dc.namesake("Bo").id());
    let guild = dc.guild("G");
    assert_eq!(guild.id(), dc.guild("G").id());
    assert_eq!(guild.channel("general").id(), guild.channel("general").id());
    let bo = dc.user("Bo");
    assert_eq!((bo.username().as_str(), bo.global_name().as_str()), ("bo", "Bo"));
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn people_may_only_what_they_may() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (channel, ada, bo) = (guild.channel("general"), dc.user("Ada"), dc.user("Bo"));
    let message = channel.say(&bo, "mine");
    assert!(channel.edit(&ada, message, "yours").is_err());
    assert!(channel.delete(&ada, message).is_err());
    assert!(channel.pin(&ada, message).is_err());
    assert!(channel.react(&ada, message, "nonsense").is_err());
    guild.grant(&ada, permissions::MANAGE_MESSAGES | permissions::PIN_MESSAGES);
    channel.pin(&ada, message).unwrap();
    channel.unpin(&ada, message).unwrap();
    channel.delete(&ada, message).unwrap();
    assert!(channel.delete(&ada, message).is_err(), "it is gone");
    guild.revoke(&ada);
    let other = channel.say(&bo, "other");
    assert!(channel.delete(&ada, other).is_err());
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn the_nick_of_a_guild_is_what_people_see() {
    let dc = Discord::start().await.unwrap();
    let guild = dc.guild("G");
    let (channel, bo) = (guild.channel("general"), dc.user("Bo"));
    channel.say(&bo, "x");
    guild.nick(&bo, Some("Bobo"));
    assert_eq!(channel.messages()[0].author, "Bobo");
    bo.set_avatar("png");
    let url = channel.messages()[0].avatar_url.clone().unwrap();
    assert_eq!(reqwest::get(url).await.unwrap().bytes().await.unwrap(), "png");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_transcript_shows_what_is_there() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let first = channel.say(&bo, "hello");
    channel.reply(&bo, first, "again");
    channel.react(&bo, first, "👍").unwrap();
    let text = channel.transcript();
    assert!(text.contains("Bo: hello [👍 x1]"), "{text}");
    assert!(text.contains(&format!("Bo: again [reply to {first}]")), "{text}");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn an_expectation_that_fails_shows_the_transcript() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    channel.say(&bo, "hello");
    dc.patience(std::time::Duration::ZERO);
    let error = channel.expect(|seen| seen.content == "bye").await.unwrap_err();
    assert!(error.to_string().contains("Bo: hello"), "{error}");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_locked_thread_takes_nothing_and_an_archived_one_opens() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let thread = channel.thread("aside");
    let hook = rest.webhook(channel.id()).await;
    let path = format!("{hook}?thread_id={}", thread.id());
    thread.archive(false);
    assert_eq!(rest.post(&path, json!({"content": "x"})).await.status, 204);
    thread.archive(true);
    assert_eq!(rest.post(&path, json!({"content": "x"})).await.code(), 50083);
    assert_eq!(thread.messages().len(), 1);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_channel_goes_with_its_webhooks_and_threads() {
    let dc = Discord::start().await.unwrap();
    let (rest, channel) = (Rest::new(&dc), dc.guild("G").channel("general"));
    let thread = channel.thread("aside");
    let hook = rest.webhook(channel.id()).await;
    assert_eq!(channel.webhooks().len(), 1);
    channel.remove();
    assert_eq!(rest.post(&hook, json!({"content": "x"})).await.code(), 10015);
    assert_eq!(rest.get(&format!("/channels/{}", thread.id())).await.code(), 10003);
    dc.assert_clean().unwrap();
}
