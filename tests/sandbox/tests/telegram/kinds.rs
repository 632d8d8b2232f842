// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is neither text nor file: polls, places, topics, the chat itself; and parts of messages.

use reqwest::multipart::Form;
use sandbox::telegram::Rights;
use serde_json::{Value, json};

use crate::bot::{file, png, start};

fn poll(chat: i64, options: &[&str]) -> Value {
    let options: Vec<Value> = options.iter().map(|text| json!({ "text": text })).collect();
    json!({ "chat_id": chat, "question": "Tea?", "options": options })
}

#[tokio::test]
async fn people_vote_in_a_poll_and_the_bot_hears_the_counts() {
    let (tg, bot) = start().await;
    let (group, ana, bo) = (tg.group("Ludo"), tg.user("Ana"), tg.user("Bo"));
    let sent = bot.ok("sendPoll", poll(group.id(), &["yes", "no"])).await;
    let id = group.messages()[0].id;
    group.vote(&ana, id, &[0]).unwrap();
    group.vote(&bo, id, &[1]).unwrap();
    group.vote(&bo, id, &[]).unwrap();
    assert!(group.vote(&bo, id, &[0, 1]).is_err(), "one answer only");
    assert!(group.vote(&bo, id, &[2]).is_err(), "no such answer");
    let updates = bot.updates(0).await;
    let counts: Vec<Value> =
        updates.iter().map(|it| it["poll"]["options"][1]["voter_count"].clone()).collect();
    assert_eq!(counts, [0, 1, 0]);
    assert_eq!(updates[0]["poll"]["id"], sent["poll"]["id"]);
    let stop = json!({ "chat_id": group.id(), "message_id": id.0 });
    assert_eq!(bot.ok("stopPoll", stop.clone()).await["is_closed"], true);
    assert_eq!(bot.refused("stopPoll", stop).await, "Bad Request: poll has already been closed");
    assert!(group.vote(&bo, id, &[0]).is_err(), "it is closed");
    assert!(group.transcript().contains("<poll> Tea? / yes: 1 / no: 0 (closed)"));
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn polls_have_limits() {
    let (tg, bot) = start().await;
    let id = tg.group("Ludo").id();
    let long = "a".repeat(101);
    for (options, why) in [
        (vec![], "poll must have at least 1 option"),
        (vec!["x"; 13], "poll can't have more than 12 options"),
        (vec!["x", long.as_str()], "poll options length must not exceed 100"),
        (vec!["x", " "], "poll options must be non-empty"),
    ] {
        let refused = bot.refused("sendPoll", poll(id, &options)).await;
        assert_eq!(refused, format!("Bad Request: {why}"));
    }
}

#[tokio::test]
async fn a_place_moves_until_it_is_stopped() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let at = |more: Value| {
        let mut place = json!({ "chat_id": group.id(), "latitude": 1.5, "longitude": 2.5 });
        place.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        place
    };
    let sent = bot.ok("sendLocation", at(json!({ "live_period": 600 }))).await;
    let id = sent["message_id"].clone();
    let moved = at(json!({ "message_id": id, "latitude": 3.5 }));
    bot.ok("editMessageLiveLocation", moved.clone()).await;
    let refused = bot.refused("editMessageLiveLocation", moved.clone()).await;
    assert!(refused.contains("message is not modified"), "{refused}");
    bot.ok("stopMessageLiveLocation", json!({ "chat_id": group.id(), "message_id": id })).await;
    let refused = bot.refused("editMessageLiveLocation", moved).await;
    assert_eq!(refused, "Bad Request: message can't be edited");
    let place = group.messages()[0].place.clone().unwrap();
    assert_eq!((place.latitude, place.live), (3.5, false));
    assert_eq!(
        bot.refused("sendLocation", at(json!({ "live_period": 5 }))).await,
        "Bad Request: wrong live location period specified"
    );
    bot.ok("sendVenue", at(json!({ "title": "Inn", "address": "Main St" }))).await;
    let card = json!({ "chat_id": group.id(), "phone_number": "+1", "first_name": "Bo" });
    bot.ok("sendContact", card).await;
    assert_eq!(group.messages()[2].contact, Some(("Bo".to_owned(), "+1".to_owned())));
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn what_has_no_words_can_only_be_given_buttons() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let place = json!({ "chat_id": group.id(), "latitude": 1.5, "longitude": 2.5 });
    let id = bot.ok("sendLocation", place).await["message_id"].clone();
    let edit = json!({ "chat_id": group.id(), "message_id": id });
    let with = |name: &str| {
        let mut edit = edit.clone();
        edit[name] = "x".into();
        edit
    };
    let no = "Bad Request: message can't be edited";
    assert_eq!(bot.refused("editMessageText", with("text")).await, no);
    assert_eq!(bot.refused("editMessageCaption", with("caption")).await, no);
    let same = bot.refused("editMessageReplyMarkup", edit).await;
    assert!(same.contains("message is not modified"), "{same}");
}

#[tokio::test]
async fn topics_hold_messages_and_need_a_right_to_be_changed() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let say =
        |thread: i64| json!({ "chat_id": group.id(), "text": "x", "message_thread_id": thread });
    assert_eq!(bot.refused("sendMessage", say(1)).await, "Bad Request: message thread not found");
    let topic = group.open_topic(&ana, "Rules").unwrap();
    let sent = bot.ok("sendMessage", say(topic.0)).await;
    assert_eq!(
        (&sent["message_thread_id"], &sent["is_topic_message"]),
        (&json!(topic.0), &json!(true))
    );
    assert_eq!(group.messages()[1].topic.as_deref(), Some("Rules"));
    let close = json!({ "chat_id": group.id(), "message_thread_id": topic.0 });
    let refused = bot.refused("closeForumTopic", close.clone()).await;
    assert_eq!(refused, "Bad Request: not enough rights to edit the topic");
    group.promote_bot(Rights::all());
    bot.ok("closeForumTopic", close.clone()).await;
    assert_eq!(bot.refused("closeForumTopic", close).await, "Bad Request: TOPIC_NOT_MODIFIED");
    group.promote_bot(Rights { manage_topics: false, ..Rights::all() });
    assert_eq!(bot.refused("sendMessage", say(topic.0)).await, "Bad Request: TOPIC_CLOSED");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_quote_must_stand_in_the_message_with_its_styles() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let bold = json!([{ "type": "bold", "offset": 0, "length": 3 }]);
    let said = group.say_with_entities(&ana, "two words", &bold).unwrap();
    let answer = |quote: &str, entities: Value| {
        json!({ "chat_id": group.id(), "text": "x", "reply_parameters":
            { "message_id": said.0, "quote": quote, "quote_entities": entities } })
    };
    let sent = bot.ok("sendMessage", answer("two", bold.clone())).await;
    assert_eq!((&sent["quote"]["text"], &sent["quote"]["position"]), (&json!("two"), &json!(0)));
    for (quote, entities) in [("two", json!([])), ("three", json!([])), ("words", bold)] {
        let refused = bot.refused("sendMessage", answer(quote, entities)).await;
        assert_eq!(refused, "Bad Request: QUOTE_TEXT_INVALID");
    }
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn the_chat_changes_only_by_an_admin() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let name = |title: &str| json!({ "chat_id": group.id(), "title": title });
    assert_eq!(
        bot.refused("setChatTitle", name("Chess")).await,
        "Bad Request: not enough rights to change chat title"
    );
    group.promote_bot(Rights::all());
    bot.ok("setChatTitle", name("Chess")).await;
    assert_eq!(
        bot.refused("setChatTitle", name("Chess")).await,
        "Bad Request: chat title is not modified"
    );
    let text = json!({ "chat_id": group.id(), "description": "Board games" });
    bot.ok("setChatDescription", text).await;
    let form = Form::new()
        .text("chat_id", group.id().to_string())
        .part("photo", file("x.png", png(200, 200)));
    assert_eq!(bot.form("setChatPhoto", form).await["result"], true);
    assert_eq!(
        (group.title(), group.description()),
        ("Chess".to_owned(), "Board games".to_owned())
    );
    assert_eq!(group.picture().unwrap(), png(200, 200));
    bot.ok("deleteChatPhoto", json!({ "chat_id": group.id() })).await;
    assert_eq!(group.picture(), None);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_file_keeps_its_kind_within_a_group() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let media = json!([{ "type": "photo", "media": "attach://a" }, { "type": "photo", "media": "attach://b" }]);
    let form = |second: Vec<u8>| {
        Form::new()
            .text("chat_id", group.id().to_string())
            .text("media", media.to_string())
            .part("a", file("a.png", png(10, 10)))
            .part("b", file("b.png", second))
    };
    assert_eq!(
        bot.form("sendMediaGroup", form(b"no image".to_vec())).await["description"],
        "Bad Request: failed to send message #2 with the error message \"IMAGE_PROCESS_FAILED\""
    );
    bot.form("sendMediaGroup", form(png(20, 20))).await;
    let id = group.messages()[0].id;
    let edit = Form::new()
        .text("chat_id", group.id().to_string())
        .text("message_id", id.0.to_string())
        .text("media", json!({ "type": "document", "media": "attach://a" }).to_string())
        .part("a", file("a.pdf", b"paper".to_vec()));
    assert_eq!(
        bot.form("editMessageMedia", edit).await["description"],
        "Bad Request: can't change media type in the album"
    );
}

#[tokio::test]
async fn who_may_speak_changes_only_by_an_admin_who_may_restrict() {
    let (tg, bot) = start().await;
    let (group, tom) = (tg.group("Ludo"), tg.user("Tom"));
    let set = |permissions: Value| {
        json!({
            "chat_id": group.id(), "permissions": permissions,
            "use_independent_chat_permissions": true,
        })
    };
    group.promote_bot(Rights { restrict_members: false, ..Rights::all() });
    let refused = bot.refused("setChatPermissions", set(json!({}))).await;
    assert_eq!(refused, "Bad Request: not enough rights to change chat permissions");
    group.promote_bot(Rights::all());
    let before = bot.ok("getChat", json!({ "chat_id": group.id() })).await["permissions"].clone();
    assert_eq!((&before["can_send_messages"], &before), (&json!(true), &group.permissions()));
    bot.ok("setChatPermissions", set(json!({ "can_send_polls": true }))).await;
    let now = group.permissions();
    assert_eq!((&now["can_send_messages"], &now["can_send_polls"]), (&json!(false), &json!(true)));
    let said = group.say(&tom, "may I?").unwrap_err().to_string();
    assert_eq!(said, "Bad Request: not enough rights to send text messages to the chat");
    let same = bot.refused("setChatPermissions", set(json!({ "can_send_polls": true }))).await;
    assert_eq!(same, "Bad Request: CHAT_NOT_MODIFIED");
    bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "an admin may" })).await;
    bot.ok("setChatPermissions", set(before.clone())).await;
    assert_eq!(group.permissions(), before);
    group.say(&tom, "thank you").unwrap();
    tg.assert_clean().unwrap();
}
