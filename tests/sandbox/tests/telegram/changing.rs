// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot changes: edits, deletions, pins, reactions.

use sandbox::telegram::Rights;
use serde_json::json;

use crate::bot::{file, png, start};

#[tokio::test]
async fn an_edit_replaces_the_text_of_an_own_message_only() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let hers = group.say(&ana, "mine").unwrap();
    let sent = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "old" })).await;
    let edit = |id: &serde_json::Value, text: &str| json!({ "chat_id": group.id(), "message_id": id, "text": text });
    let id = &sent["message_id"];
    let edited = bot.ok("editMessageText", edit(id, "new")).await;
    assert!(edited["edit_date"].is_i64());
    let seen = group.expect(|seen| seen.text == "new").await.unwrap();
    assert!(seen.edited);
    assert_eq!(
        bot.refused("editMessageText", edit(id, " new ")).await,
        "Bad Request: message is not modified: specified new message content and reply markup \
         are exactly the same as a current content and reply markup of the message"
    );
    assert_eq!(
        bot.refused("editMessageText", edit(&json!(hers.0), "x")).await,
        "Bad Request: message can't be edited"
    );
    assert_eq!(
        bot.refused("editMessageText", edit(&json!(999), "x")).await,
        "Bad Request: message to edit not found"
    );
    let entities = json!([{ "type": "bold", "offset": 0, "length": 3 }]);
    let mut styled = edit(id, "new");
    styled["entities"] = entities;
    bot.ok("editMessageText", styled).await;
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn captions_and_media_are_edited_by_their_own_methods() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let chat = group.id().to_string();
    let form = reqwest::multipart::Form::new()
        .text("chat_id", chat.clone())
        .part("photo", file("a.png", png(10, 10)));
    let id = bot.form("sendPhoto", form).await["result"]["message_id"].clone();
    let params = json!({ "chat_id": group.id(), "message_id": id, "caption": "cap" });
    bot.ok("editMessageCaption", params).await;
    let params = json!({ "chat_id": group.id(), "message_id": id, "text": "x" });
    assert_eq!(
        bot.refused("editMessageText", params).await,
        "Bad Request: there is no text in the message to edit"
    );
    let form = reqwest::multipart::Form::new()
        .text("chat_id", chat)
        .text("message_id", id.to_string())
        .text(
            "media",
            json!({ "type": "photo", "media": "attach://n", "caption": "c2" }).to_string(),
        )
        .part("n", file("b.png", png(20, 20)));
    assert_eq!(bot.form("editMessageMedia", form).await["ok"], true);
    let seen = group.expect(|seen| seen.text == "c2").await.unwrap();
    assert_eq!(seen.photo.unwrap(), png(20, 20));
    let text = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "t" })).await;
    let params =
        json!({ "chat_id": group.id(), "message_id": text["message_id"], "caption": "cap" });
    assert_eq!(
        bot.refused("editMessageCaption", params).await,
        "Bad Request: there is no caption in the message to edit"
    );
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn deleting_others_messages_takes_the_right_to() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let hers = group.say(&ana, "mine").unwrap();
    let own = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "bot" })).await;
    let delete = |id: i64| json!({ "chat_id": group.id(), "message_id": id });
    bot.ok("deleteMessage", delete(own["message_id"].as_i64().unwrap())).await;
    assert_eq!(
        bot.refused("deleteMessage", delete(hers.0)).await,
        "Bad Request: message can't be deleted for everyone"
    );
    group.promote_bot(Rights { delete_messages: true, ..Rights::none() });
    bot.ok("deleteMessages", json!({ "chat_id": group.id(), "message_ids": [hers.0, 555] })).await;
    assert_eq!(group.messages().len(), 0);
    assert_eq!(
        bot.refused("deleteMessage", delete(hers.0)).await,
        "Bad Request: message to delete not found"
    );
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn pinning_takes_the_right_to_and_shows() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let sent = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "notice" })).await;
    let pin = json!({ "chat_id": group.id(), "message_id": sent["message_id"] });
    assert_eq!(
        bot.refused("pinChatMessage", pin.clone()).await,
        "Bad Request: not enough rights to manage pinned messages in the chat"
    );
    group.promote_bot(Rights { pin_messages: true, ..Rights::none() });
    bot.ok("pinChatMessage", pin.clone()).await;
    bot.ok("pinChatMessage", pin.clone()).await;
    let pinned = group.pinned();
    assert_eq!(pinned.len(), 1);
    assert_eq!(pinned[0].text, "notice");
    let services = group.messages().into_iter().filter(|seen| seen.service.is_some()).count();
    assert_eq!(services, 1, "pinning twice says so once");
    assert_eq!(
        bot.ok("getChat", json!({ "chat_id": group.id() })).await["pinned_message"]["text"],
        "notice"
    );
    bot.ok("unpinChatMessage", pin).await;
    assert_eq!(group.pinned().len(), 0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn only_listed_emoji_and_one_at_a_time_are_reactions() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let said = group.say(&ana, "hello").unwrap();
    let react = |emoji: &[&str]| {
        let reaction: Vec<_> =
            emoji.iter().map(|emoji| json!({ "type": "emoji", "emoji": emoji })).collect();
        json!({ "chat_id": group.id(), "message_id": said.0, "reaction": reaction })
    };
    bot.ok("setMessageReaction", react(&["👍"])).await;
    bot.ok("setMessageReaction", react(&["❤"])).await;
    let reactions = group.message(said).unwrap().reactions;
    assert_eq!(reactions, [("Freeside".to_owned(), "❤".to_owned())]);
    for wrong in ["🦖", "❤\u{fe0f}", "x"] {
        assert_eq!(
            bot.refused("setMessageReaction", react(&[wrong])).await,
            "Bad Request: REACTION_INVALID"
        );
    }
    assert_eq!(
        bot.refused("setMessageReaction", react(&["👍", "❤"])).await,
        "Bad Request: REACTIONS_TOO_MANY"
    );
    bot.ok("setMessageReaction", react(&[])).await;
    assert_eq!(group.message(said).unwrap().reactions, []);
    assert_eq!(bot.updates(0).await.len(), 1, "a bot's reaction is told to nobody");
    tg.assert_clean().unwrap();
}
