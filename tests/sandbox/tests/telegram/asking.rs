// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot asks.

use sandbox::telegram::Rights;
use serde_json::json;

use crate::bot::{png, start};

#[tokio::test]
async fn the_bot_knows_itself() {
    let (tg, bot) = start().await;
    let me = bot.ok("GetMe", json!({})).await;
    assert_eq!(me["username"], tg.bot_username());
    assert_eq!(me["id"], tg.bot_id());
    assert_eq!(me["can_read_all_group_messages"], true);
    tg.privacy_mode(true);
    assert_eq!(bot.ok("getMe", json!({})).await["can_read_all_group_messages"], false);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn members_are_what_they_were_made() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let (ana, bo, cy) = (tg.user("Ana"), tg.user("Bo"), tg.user("Cy"));
    group.own(&ana);
    group.join(&bo).unwrap();
    group.promote_with(&bo, Rights { pin_messages: true, ..Rights::none() });
    let member = |user: i64| json!({ "chat_id": group.id(), "user_id": user });
    let status = bot.ok("getChatMember", member(ana.id())).await;
    assert_eq!(status["status"], "creator");
    let status = bot.ok("getChatMember", member(bo.id())).await;
    assert_eq!(status["status"], "administrator");
    assert_eq!(status["can_pin_messages"], true);
    assert_eq!(status["can_delete_messages"], false);
    assert_eq!(bot.ok("getChatMember", member(cy.id())).await["status"], "left");
    assert_eq!(bot.refused("getChatMember", member(1)).await, "Bad Request: user not found");
    let admins = bot.ok("getChatAdministrators", json!({ "chat_id": group.id() })).await;
    let names: Vec<_> =
        admins.as_array().unwrap().iter().map(|a| a["user"]["first_name"].clone()).collect();
    assert_eq!(names, ["Ana", "Bo"]);
    let count = bot.ok("getChatMemberCount", json!({ "chat_id": group.id() })).await;
    assert_eq!(count, 4, "Founder, Ana, Bo and the bot");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_chat_has_a_title_and_a_private_chat_a_name() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let chat = bot.ok("getChat", json!({ "chat_id": group.id() })).await;
    assert_eq!(chat["title"], "Ludo");
    let ana = tg.user("Ana").with_last_name("Silva").with_username("ana").with_language("pt-br");
    let private = tg.private_chat(&ana);
    let params = json!({ "chat_id": private.id(), "text": "x" });
    assert_eq!(
        bot.refused("sendMessage", params.clone()).await,
        "Forbidden: bot can't initiate conversation with a user"
    );
    private.say(&ana, "/start").unwrap();
    let update = &bot.updates(0).await[0]["message"];
    assert_eq!(update["from"]["language_code"], "pt-br");
    assert_eq!(update["chat"]["type"], "private");
    assert_eq!(update["entities"][0]["type"], "bot_command");
    bot.ok("sendMessage", params.clone()).await;
    private.block_bot(true);
    assert_eq!(bot.refused("sendMessage", params).await, "Forbidden: bot was blocked by the user");
    let chat = bot.ok("getChat", json!({ "chat_id": private.id() })).await;
    assert_eq!(chat["last_name"], "Silva");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn files_are_downloaded_by_path_up_to_20_megabytes() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.document(&ana, ("a.txt", "text/plain"), "content", "see").unwrap();
    group.document(&ana, ("b", "x/y"), vec![0; 20 * 1024 * 1024 + 1], "").unwrap();
    let updates = bot.updates(0).await;
    let document = &updates[0]["message"]["document"];
    assert_eq!(document["file_name"], "a.txt");
    let file = bot.ok("getFile", json!({ "file_id": document["file_id"] })).await;
    let path = file["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{}/{path}", tg.url(), tg.bot_token());
    assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), "content");
    let url = format!("{}/file/bot{}/nowhere", tg.url(), tg.bot_token());
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404);
    let big = json!({ "file_id": updates[1]["message"]["document"]["file_id"] });
    assert_eq!(bot.refused("getFile", big).await, "Bad Request: file is too big");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_profile_photo_can_be_fetched() {
    let (tg, bot) = start().await;
    let ana = tg.user("Ana").with_avatar(png(160, 160));
    let bo = tg.user("Bo");
    let photos = bot.ok("getUserProfilePhotos", json!({ "user_id": ana.id() })).await;
    assert_eq!(photos["total_count"], 1);
    let largest = photos["photos"][0].as_array().unwrap().last().unwrap();
    bot.ok("getFile", json!({ "file_id": largest["file_id"] })).await;
    let photos = bot.ok("getUserProfilePhotos", json!({ "user_id": bo.id() })).await;
    assert_eq!(photos["total_count"], 0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn commands_are_kept_by_scope_and_language() {
    let (tg, bot) = start().await;
    let commands = json!([{ "command": "link", "description": "Join to a room" }]);
    bot.ok("setMyCommands", json!({ "commands": commands })).await;
    let groups = json!({ "type": "all_group_chats" });
    bot.ok("setMyCommands", json!({ "commands": [], "scope": groups, "language_code": "pt" }))
        .await;
    assert_eq!(tg.commands(), [("link".to_owned(), "Join to a room".to_owned())]);
    assert_eq!(tg.all_commands().len(), 2);
    assert_eq!(bot.ok("getMyCommands", json!({})).await, commands);
    let wrong = json!({ "commands": [{ "command": "Link!", "description": "x" }] });
    assert_eq!(bot.refused("setMyCommands", wrong).await, "Bad Request: BOT_COMMAND_INVALID");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_pressed_button_is_answered_once() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] });
    let params = json!({ "chat_id": group.id(), "text": "?", "reply_markup": keyboard });
    bot.ok("sendMessage", params).await;
    let seen = group.expect(|seen| seen.buttons == [["Yes"]]).await.unwrap();
    group.press(&ana, seen.id, "Yes").unwrap();
    assert!(group.press(&ana, seen.id, "No").is_err());
    let query = &bot.updates(0).await[0]["callback_query"];
    assert_eq!(query["data"], "y");
    let answer = json!({ "callback_query_id": query["id"] });
    bot.ok("answerCallbackQuery", answer.clone()).await;
    assert_eq!(
        bot.refused("answerCallbackQuery", answer).await,
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    );
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn buttons_that_cannot_be_are_refused() {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let wrong = [
        (json!({ "text": "A", "callback_data": "x".repeat(65) }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "A", "callback_data": "" }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "A", "url": "nowhere" }), "BUTTON_URL_INVALID"),
        (json!({ "text": "A" }), "BUTTON_TYPE_INVALID"),
        (
            json!({ "text": "", "callback_data": "x" }),
            "can't parse inline keyboard button: Text is not specified",
        ),
    ];
    for (button, why) in wrong {
        let keyboard = json!({ "inline_keyboard": [[button]] });
        let params = json!({ "chat_id": group.id(), "text": "?", "reply_markup": keyboard });
        assert_eq!(bot.refused("sendMessage", params).await, format!("Bad Request: {why}"));
    }
    assert!(group.messages().is_empty());
}
