// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads, forum posts, polls and copies, as clients are told of them.

use sandbox::discord::{Discord, intents};
use serde_json::json;

use crate::client::{Gateway, Rest, id};

/// What a bridge listens to, with polls.
const ALL: u64 = intents::GUILDS
    | intents::GUILD_MESSAGES
    | intents::MESSAGE_CONTENT
    | intents::GUILD_MESSAGE_POLLS;

#[tokio::test]
async fn a_thread_is_told_of_in_its_channel() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, ALL).await;
    let thread = channel.thread("aside");
    let made = gateway.expect("THREAD_CREATE").await;
    assert_eq!((id(&made["parent_id"]), &made["newly_created"]), (channel.id(), &json!(true)));
    let told = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&told["type"], &told["content"]), (&json!(18), &json!("aside")));
    assert_eq!(id(&told["message_reference"]["channel_id"]), thread.id());
    thread.archive(false);
    assert_eq!(gateway.expect("THREAD_UPDATE").await["thread_metadata"]["archived"], true);
    thread.say(&bo, "again");
    let open = gateway.expect("THREAD_UPDATE").await;
    assert_eq!(open["thread_metadata"]["archived"], false);
    assert_eq!(gateway.expect("MESSAGE_CREATE").await["content"], "again");
    thread.rename("beside");
    assert_eq!(gateway.expect("THREAD_UPDATE").await["name"], "beside");
    assert_eq!(gateway.expect("MESSAGE_CREATE").await["type"], 4);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_thread_on_a_message_has_its_id_and_shows_it_on_top() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let message = channel.say(&bo, "topic");
    let (mut gateway, _) = Gateway::identified(&dc, ALL).await;
    let thread = channel.thread_on(&bo, message, "more").unwrap();
    assert_eq!(thread.id(), message);
    gateway.expect("THREAD_CREATE").await;
    let marked = gateway.expect("MESSAGE_UPDATE").await;
    assert_eq!((&marked["flags"], id(&marked["thread"]["id"])), (&json!(32), message));
    let top = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&top["type"], id(&top["channel_id"])), (&json!(21), message));
    assert_eq!(top["referenced_message"]["content"], "topic");
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn a_forum_post_is_a_thread_with_a_message_of_its_id() {
    let dc = Discord::start().await.unwrap();
    let (rest, guild, bo) = (Rest::new(&dc), dc.guild("G"), dc.user("Bo"));
    let forum = guild.forum("questions");
    let post = forum.post_in_forum(&bo, "How?", "Who knows?");
    let path = format!("/channels/{}/messages/{}", post.id(), post.id());
    assert_eq!(rest.get(&path).await.ok()["content"], "Who knows?");
    let shown = rest.get(&format!("/channels/{}", forum.id())).await.ok();
    assert_eq!((&shown["type"], id(&shown["last_message_id"])), (&json!(15), post.id()));
    let path = format!("/channels/{}/messages", forum.id());
    assert_eq!(rest.post(&path, json!({"content": "x"})).await.code(), 50008);
    dc.assert_clean().unwrap();
}

#[tokio::test]
async fn votes_are_told_and_the_end_brings_the_counts() {
    let dc = Discord::start().await.unwrap();
    let (channel, bo) = (dc.guild("G").channel("general"), dc.user("Bo"));
    let (mut gateway, _) = Gateway::identified(&dc, ALL).await;
    let poll = channel.poll(&bo, "Tea?", &["Yes", "No"], false);
    gateway.expect("MESSAGE_CREATE").await;
    channel.vote(&bo, poll, 1).unwrap();
    assert!(channel.vote(&bo, poll, 2).is_err(), "one answer only");
    assert_eq!(gateway.expect("MESSAGE_POLL_VOTE_ADD").await["answer_id"], 1);
    channel.unvote(&bo, poll).unwrap();
    assert_eq!(id(&gateway.expect("MESSAGE_POLL_VOTE_REMOVE").await["user_id"]), bo.id());
    channel.vote(&bo, poll, 2).unwrap();
    channel.end_poll(poll).unwrap();
    assert!(channel.vote(&dc.user("Cy"), poll, 1).is_err(), "it is over");
    let updated = gateway.expect("MESSAGE_UPDATE").await;
    let results = &updated["poll"]["results"];
    assert_eq!(
        (&results["is_finalized"], &results["answer_counts"][0]["count"]),
        (&json!(true), &json!(1))
    );
    let told = gateway.expect("MESSAGE_CREATE").await;
    assert_eq!((&told["type"], id(&told["message_reference"]["message_id"])), (&json!(46), poll));
    dc.assert_clean().unwrap();
}
