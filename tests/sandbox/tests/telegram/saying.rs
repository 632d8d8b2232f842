// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that people can say, as the bot is told of it.

use sandbox::telegram::{Channel, Post, Rights};
use serde_json::json;

use crate::bot::{png, start};

#[tokio::test]
async fn posts_carry_what_stands_around_them() {
    let (tg, bot) = start().await;
    let (group, ana, news) = (tg.group("Ludo"), tg.user("Ana"), Channel::new(1, "News"));
    let said = group.say(&ana, "one 👍 two").unwrap();
    group.send(&ana, &Post::text("b").answering(said).quoting("two")).unwrap();
    group.send(&ana, &Post::text("c").of_linked(&news, Some("Ann"))).unwrap();
    assert!(group.send(&ana, &Post::text("d").answering(said).quoting("three")).is_err());
    let sticker = Post::file("sticker", ("", "image/webp"), png(9, 9)).caption("no");
    assert!(group.send(&ana, &sticker).is_err(), "stickers have no caption");
    let updates = bot.updates(0).await;
    let quote = &updates[1]["message"]["quote"];
    assert_eq!((&quote["text"], &quote["position"]), (&json!("two"), &json!(7)));
    assert_eq!(updates[2]["message"]["sender_chat"]["title"], "News");
    assert_eq!(updates[2]["message"]["forward_origin"]["author_signature"], "Ann");
    assert_eq!(updates.len(), 3);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_bot_hears_of_somebody_elses_poll_only_when_it_is_stopped() {
    let (tg, bot) = start().await;
    let (group, ana, bo) = (tg.group("Ludo"), tg.user("Ana"), tg.user("Bo"));
    let option = |text: &str| json!({ "persistent_id": text, "text": text, "voter_count": 0 });
    let poll = Post::content(&json!({ "poll": {
        "id": "9", "question": "?", "options": [option("a"), option("b")], "type": "regular",
        "total_voter_count": 0, "is_closed": false, "is_anonymous": true, "allows_revoting": true,
        "allows_multiple_answers": false, "members_only": false,
    }}));
    let id = group.send(&ana, &poll).unwrap();
    assert!(group.stop_poll(&bo, id, &[1, 0]).is_err(), "only the author stops it");
    assert!(group.stop_poll(&ana, id, &[1]).is_err());
    group.stop_poll(&ana, id, &[1, 0]).unwrap();
    assert!(group.stop_poll(&ana, id, &[1, 0]).is_err(), "it is stopped");
    let updates = bot.updates(0).await;
    assert_eq!(updates.len(), 2);
    assert_eq!(updates[1]["poll"]["total_voter_count"], 1);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn messages_of_a_topic_answer_its_opening() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let topic = group.open_topic(&ana, "Trips").unwrap();
    let said = group.send(&ana, &Post::text("a").in_topic(topic)).unwrap();
    group.send(&ana, &Post::text("b").in_topic(topic).answering(said)).unwrap();
    let updates = bot.updates(0).await;
    assert!(updates[0]["message"]["reply_to_message"].is_null());
    assert_eq!(updates[1]["message"]["reply_to_message"]["message_id"], topic.0);
    assert_eq!(updates[2]["message"]["reply_to_message"]["message_id"], said.0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn custom_emoji_are_known_by_id() {
    let (tg, bot) = start().await;
    let id = tg.custom_emoji("👍", png(9, 9));
    let found = bot.ok("getCustomEmojiStickers", json!({ "custom_emoji_ids": [id, "1"] })).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["emoji"], "👍");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn members_who_come_unseen_are_told_to_admins_only() {
    let (tg, bot) = start().await;
    let (group, ana, bo) = (tg.group("Ludo"), tg.user("Ana"), tg.user("Bo"));
    bot.ok("getUpdates", json!({ "allowed_updates": ["chat_member"] })).await;
    group.come_unseen(&ana);
    group.promote_bot(Rights::none());
    group.come_unseen(&bo);
    let updates = bot.updates(0).await;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["chat_member"]["new_chat_member"]["user"]["first_name"], "Bo");
    assert!(group.messages().is_empty());
    tg.assert_clean().unwrap();
}
