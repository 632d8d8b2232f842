// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot says.

use reqwest::multipart::Form;
use serde_json::json;

use crate::bot::{file, png, start};

#[tokio::test]
async fn what_the_bot_says_is_seen_and_not_told_back() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let sent = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "hello" })).await;
    let seen = group.expect(|seen| seen.text == "hello").await.unwrap();
    assert_eq!(sent["message_id"], seen.id.0);
    assert!(seen.is_bot);
    assert_eq!(seen.from, "Freeside");
    assert_eq!(bot.updates(0).await.len(), 0, "a bot never sees its own messages");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn method_names_and_bodies_come_in_every_shape() {
    let (tg, bot) = start().await;
    let id = tg.group("Ludo").id();
    for answer in [
        bot.get(&format!("sendmessage?chat_id={id}&text=a%20b")).send().await.unwrap(),
        bot.post("SendMessage").json(&json!({ "chat_id": id, "text": "x" })).send().await.unwrap(),
        bot.post("sendMessage")
            .form(&[("chat_id", id.to_string()), ("text", "y".to_owned())])
            .send()
            .await
            .unwrap(),
        bot.post("SENDMESSAGE")
            .multipart(Form::new().text("chat_id", id.to_string()).text("text", "z"))
            .send()
            .await
            .unwrap(),
    ] {
        assert_eq!(answer.status(), 200);
    }
    let texts: Vec<_> = tg.requests_of("sendMessage").iter().map(|p| p["text"].clone()).collect();
    assert_eq!(texts, ["a b", "x", "y", "z"]);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn unknown_things_are_refused_as_the_platform_does() {
    let (tg, bot) = start().await;
    let id = tg.group("Ludo").id();
    let text = |chat: i64, text: &str| json!({ "chat_id": chat, "text": text });
    assert_eq!(bot.refused("sendMessage", text(12, "x")).await, "Bad Request: chat not found");
    assert_eq!(
        bot.refused("sendMessage", text(id, " \n ")).await,
        "Bad Request: message text is empty"
    );
    let answer = bot.post("flyToTheMoon").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["description"], "Not Found");
    let wrong = reqwest::get(format!("{}/bot1:wrong/getMe", tg.url())).await.unwrap();
    assert_eq!(wrong.status(), 401);
    let wrong: serde_json::Value = wrong.json().await.unwrap();
    assert_eq!(wrong, json!({ "ok": false, "error_code": 401, "description": "Unauthorized" }));
}

#[tokio::test]
async fn text_has_4096_code_units_and_captions_1024() {
    let (tg, bot) = start().await;
    let id = tg.group("Ludo").id();
    let full = "😀".repeat(2048);
    bot.ok("sendMessage", json!({ "chat_id": id, "text": full })).await;
    let over = format!("{full}x");
    assert_eq!(
        bot.refused("sendMessage", json!({ "chat_id": id, "text": over })).await,
        "Bad Request: message is too long"
    );
    let form = |caption: String| {
        Form::new()
            .text("chat_id", id.to_string())
            .text("caption", caption)
            .part("document", file("a.txt", b"x".to_vec()))
    };
    assert_eq!(bot.form("sendDocument", form("x".repeat(1024))).await["ok"], true);
    assert_eq!(
        bot.form("sendDocument", form("x".repeat(1025))).await["description"],
        "Bad Request: message caption is too long"
    );
}

#[tokio::test]
async fn a_reply_needs_its_message_or_leave_to_go_without() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let said = group.say(&ana, "question").unwrap();
    let send = |to: i64, without: bool| {
        json!({ "chat_id": group.id(), "text": "answer", "reply_parameters":
            { "message_id": to, "allow_sending_without_reply": without } })
    };
    let sent = bot.ok("sendMessage", send(said.0, false)).await;
    assert_eq!(sent["reply_to_message"]["text"], "question");
    assert_eq!(
        bot.refused("sendMessage", send(777, false)).await,
        "Bad Request: message to be replied not found"
    );
    bot.ok("sendMessage", send(777, true)).await;
    let replies: Vec<_> = group.messages().iter().map(|seen| seen.reply_to).collect();
    assert_eq!(replies, [None, Some(said), None]);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_photo_is_attached_under_any_name_and_can_be_sent_again_by_id() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let part = "5f6ef0aa-7d7a-4d9a-9b0e-1c0a54d0a6de";
    let form = Form::new()
        .text("chat_id", group.id().to_string())
        .text("photo", format!("attach://{part}"))
        .text("caption", "look")
        .text("has_spoiler", "true")
        .part(part, file("x.png", png(320, 200)));
    let sent = bot.form("SendPhoto", form).await["result"].clone();
    let sizes = sent["photo"].as_array().unwrap();
    let largest = sizes.last().unwrap();
    assert_eq!((&largest["width"], &largest["height"]), (&json!(320), &json!(200)));
    let seen = group.expect(|seen| seen.text == "look").await.unwrap();
    assert_eq!(seen.photo.unwrap(), png(320, 200));
    assert!(seen.spoiler);
    let again = json!({ "chat_id": group.id(), "photo": largest["file_id"] });
    bot.ok("sendPhoto", again).await;
    assert_eq!(group.messages()[1].photo.as_ref().unwrap(), &png(320, 200));
    for (photo, why) in [
        ("nonsense", "Bad Request: wrong file identifier/HTTP URL specified"),
        ("https://example.org/a.png", "Bad Request: failed to get HTTP URL content"),
    ] {
        let params = json!({ "chat_id": group.id(), "photo": photo });
        assert_eq!(bot.refused("sendPhoto", params).await, why);
    }
    let form = Form::new()
        .text("chat_id", group.id().to_string())
        .part("photo", file("x.png", b"no image".to_vec()));
    assert_eq!(
        bot.form("sendPhoto", form).await["description"],
        "Bad Request: IMAGE_PROCESS_FAILED"
    );
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn every_kind_of_file_arrives() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    for (method, field) in [
        ("sendDocument", "document"),
        ("sendVideo", "video"),
        ("sendAudio", "audio"),
        ("sendVoice", "voice"),
        ("sendAnimation", "animation"),
        ("sendSticker", "sticker"),
        ("sendVideoNote", "video_note"),
    ] {
        // Of stickers the head is looked at.
        let content =
            if field == "sticker" { b"RIFF....WEBP".to_vec() } else { b"content".to_vec() };
        let form =
            Form::new().text("chat_id", group.id().to_string()).part(field, file("a.mp4", content));
        let answer = bot.form(method, form).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        assert!(answer["result"][field]["file_id"].is_string());
    }
    let kinds: Vec<_> =
        group.messages().into_iter().map(|seen| seen.document.unwrap().kind).collect();
    assert_eq!(
        kinds,
        ["document", "video", "audio", "voice", "animation", "sticker", "video_note"]
    );
    let first = group.messages()[0].document.clone().unwrap();
    assert_eq!(first.name.as_deref(), Some("a.mp4"));
    assert_eq!(first.mime.as_deref(), Some("video/mp4"));
    assert_eq!(first.bytes, "content");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn an_album_is_several_messages_with_one_mark() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let form = |media: serde_json::Value| {
        Form::new()
            .text("chat_id", group.id().to_string())
            .text("media", media.to_string())
            .part("a", file("a.png", png(10, 10)))
            .part("b", file("b.png", png(20, 20)))
    };
    let two = json!([
        { "type": "photo", "media": "attach://a", "caption": "both" },
        { "type": "photo", "media": "attach://b" },
    ]);
    let sent = bot.form("sendMediaGroup", form(two)).await;
    assert_eq!(sent["result"].as_array().unwrap().len(), 2, "{sent}");
    let seen = group.messages();
    assert!(seen[0].album.is_some());
    assert_eq!(seen[0].album, seen[1].album);
    assert_eq!(seen[1].photo.as_ref().unwrap(), &png(20, 20));
    let mixed = json!([
        { "type": "photo", "media": "attach://a" },
        { "type": "document", "media": "attach://b" },
    ]);
    assert_eq!(
        bot.form("sendMediaGroup", form(mixed)).await["description"],
        "Bad Request: document can't be mixed with other media types"
    );
    assert_eq!(group.messages().len(), 2, "a refused album leaves nothing");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn an_upload_over_50_megabytes_is_too_large() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let form = Form::new()
        .text("chat_id", group.id().to_string())
        .part("document", file("big", vec![1; 50 * 1024 * 1024 + 1]));
    let answer = bot.form("sendDocument", form).await;
    assert_eq!(answer["error_code"], 413);
    assert_eq!(answer["description"], "Request Entity Too Large");
    assert_eq!(group.messages().len(), 0);
}

#[tokio::test]
async fn twenty_messages_a_minute_pass_when_the_limiter_is_on() {
    let (tg, bot) = start().await;
    tg.rate_limit(true);
    let (group, other) = (tg.group("Ludo"), tg.group("Other"));
    let params = json!({ "chat_id": group.id(), "text": "x" });
    for _ in 0..20 {
        bot.ok("sendMessage", params.clone()).await;
    }
    let refused = bot.raw("sendMessage", params.clone()).await;
    let after = refused["parameters"]["retry_after"].as_u64().unwrap();
    assert!((1..=60).contains(&after));
    assert_eq!(refused["error_code"], 429);
    assert_eq!(refused["description"], format!("Too Many Requests: retry after {after}"));
    bot.ok("sendMessage", json!({ "chat_id": other.id(), "text": "x" })).await;
    tg.rate_limit(false);
    bot.ok("sendMessage", params).await;
}
