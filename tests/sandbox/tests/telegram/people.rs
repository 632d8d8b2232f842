// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people do, and what the bot is told of it.

use sandbox::telegram::{MessageId, Rights};
use serde_json::{Value, json};

use crate::bot::{png, start};

#[tokio::test]
async fn edits_are_told_and_deletions_are_not() {
    let (tg, bot) = start().await;
    let (group, ana, bo) = (tg.group("Ludo"), tg.user("Ana"), tg.user("Bo"));
    let said = group.say(&ana, "hello").unwrap();
    assert!(group.edit(&bo, said, "x").is_err(), "only the author edits");
    assert!(group.edit(&ana, said, "hello").is_err(), "an edit changes something");
    group.edit(&ana, said, "hallo").unwrap();
    assert!(group.delete(&bo, said).is_err(), "only the author and admins delete");
    group.promote(&bo);
    group.delete(&bo, said).unwrap();
    let updates = bot.updates(0).await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates[1]["edited_message"]["text"], "hallo");
    assert!(updates[1]["edited_message"]["edit_date"].is_i64());
    assert_eq!(group.messages().len(), 0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn replies_photos_and_albums_are_told() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let said = group.say(&ana, "hello").unwrap();
    group.reply(&ana, said, "again").unwrap();
    group.photo(&ana, png(300, 200), "look").unwrap();
    group.album(&ana, &[png(3, 3).into(), png(4, 4).into()], "two").unwrap();
    group.medium(&ana, "voice", ("v.ogg", "audio/ogg"), "sound").unwrap();
    let updates = bot.updates(0).await;
    assert_eq!(updates[1]["message"]["reply_to_message"]["message_id"], said.0);
    assert_eq!(updates[2]["message"]["caption"], "look");
    assert_eq!(updates[2]["message"]["photo"].as_array().unwrap().len(), 2);
    let album = &updates[3]["message"]["media_group_id"];
    assert!(album.is_string());
    assert_eq!(album, &updates[4]["message"]["media_group_id"]);
    assert_eq!(updates[5]["message"]["voice"]["mime_type"], "audio/ogg");
    assert!(group.reply(&ana, MessageId(99), "x").is_err());
    assert!(group.say(&ana, "  ").is_err());
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn ids_grow_per_supergroup_and_together_elsewhere() {
    let (tg, _bot) = start().await;
    let ana = tg.user("Ana");
    let (one, two) = (tg.group("One"), tg.group("Two"));
    let (plain, private) = (tg.plain_group("Plain"), tg.private_chat(&ana));
    assert_eq!(one.say(&ana, "x").unwrap(), MessageId(1));
    assert_eq!(one.say(&ana, "x").unwrap(), MessageId(2));
    assert_eq!(two.say(&ana, "x").unwrap(), MessageId(1));
    assert_eq!(plain.say(&ana, "x").unwrap(), MessageId(1));
    assert_eq!(private.say(&ana, "x").unwrap(), MessageId(2));
    assert_eq!(plain.say(&ana, "x").unwrap(), MessageId(3));
}

#[tokio::test]
async fn a_bot_does_not_see_other_bots() {
    let (tg, bot) = start().await;
    let (group, other) = (tg.group("Ludo"), tg.user("Other").that_is_a_bot());
    group.say(&other, "beep").unwrap();
    assert_eq!(bot.updates(0).await.len(), 0);
    assert!(group.messages()[0].is_bot);
}

#[tokio::test]
async fn privacy_mode_lets_only_words_for_the_bot_through() {
    let (tg, bot) = start().await;
    tg.privacy_mode(true);
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let sent = bot.ok("sendMessage", json!({ "chat_id": group.id(), "text": "hi" })).await;
    group.say(&ana, "not for you").unwrap();
    group.say(&ana, "/other@other_bot").unwrap();
    group.say(&ana, "/status").unwrap();
    group.say(&ana, &format!("hey @{}!", tg.bot_username())).unwrap();
    group.reply(&ana, MessageId(sent["message_id"].as_i64().unwrap()), "thanks").unwrap();
    let texts: Vec<Value> =
        bot.updates(0).await.iter().map(|update| update["message"]["text"].clone()).collect();
    assert_eq!(texts, ["/status", "hey @freeside_sandbox_bot!", "thanks"]);
    group.promote_bot(Rights::none());
    group.say(&ana, "administrators see all").unwrap();
    let updates = bot.updates(-1).await;
    assert_eq!(updates[0]["message"]["text"], "administrators see all");
}

#[tokio::test]
async fn joining_leaving_and_titles_are_service_messages() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.join(&ana).unwrap();
    group.rename("Ludo 2").unwrap();
    group.leave(&ana).unwrap();
    group.kick(&ana).unwrap();
    assert!(group.say(&ana, "x").is_err(), "who was removed cannot speak");
    let updates = bot.updates(0).await;
    assert_eq!(updates[0]["message"]["new_chat_members"][0]["first_name"], "Ana");
    assert_eq!(updates[1]["message"]["new_chat_title"], "Ludo 2");
    assert_eq!(updates[2]["message"]["left_chat_member"]["id"], ana.id());
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_removed_bot_is_told_and_then_refused() {
    let (tg, bot) = start().await;
    let (group, plain, ana) = (tg.group("Ludo"), tg.plain_group("Plain"), tg.user("Ana"));
    group.remove_bot();
    plain.remove_bot();
    group.say(&ana, "alone").unwrap();
    let updates = bot.updates(0).await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    let change = &updates[0]["my_chat_member"];
    assert_eq!(change["old_chat_member"]["status"], "member");
    assert_eq!(change["new_chat_member"]["status"], "kicked");
    let send = |chat: i64| json!({ "chat_id": chat, "text": "x" });
    let refused = bot.raw("sendMessage", send(group.id())).await;
    assert_eq!(refused["error_code"], 403);
    assert_eq!(refused["description"], "Forbidden: bot was kicked from the supergroup chat");
    assert_eq!(
        bot.refused("sendMessage", send(plain.id())).await,
        "Forbidden: bot was kicked from the group chat"
    );
    group.add_bot(&ana).unwrap();
    bot.ok("sendMessage", send(group.id())).await;
    bot.ok("leaveChat", json!({ "chat_id": group.id() })).await;
    assert_eq!(
        bot.refused("sendMessage", send(group.id())).await,
        "Forbidden: bot is not a member of the supergroup chat"
    );
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_migrated_group_says_where_it_went() {
    let (tg, bot) = start().await;
    let (old, ana) = (tg.plain_group("Ludo"), tg.user("Ana"));
    old.say(&ana, "before").unwrap();
    let new = old.migrate().unwrap();
    assert!(old.migrate().is_err());
    assert!(old.say(&ana, "x").is_err());
    let updates = bot.updates(0).await;
    assert_eq!(updates[1]["message"]["migrate_to_chat_id"], new.id());
    assert_eq!(updates[1]["message"]["chat"]["id"], old.id());
    assert_eq!(updates[2]["message"]["migrate_from_chat_id"], old.id());
    assert_eq!(updates[2]["message"]["chat"]["id"], new.id());
    let refused = bot.raw("sendMessage", json!({ "chat_id": old.id(), "text": "x" })).await;
    assert_eq!(
        refused,
        json!({
            "ok": false,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": { "migrate_to_chat_id": new.id() },
        })
    );
    bot.ok("sendMessage", json!({ "chat_id": new.id(), "text": "x" })).await;
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_person_pins_and_the_bot_is_told() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let said = group.say(&ana, "hello").unwrap();
    assert!(group.pin(&ana, said).is_err());
    group.promote(&ana);
    group.pin(&ana, said).unwrap();
    assert_eq!(group.pinned()[0].id, said);
    assert_eq!(bot.updates(-1).await[0]["message"]["pinned_message"]["text"], "hello");
    group.unpin(&ana, said).unwrap();
    assert_eq!(group.pinned().len(), 0);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_ban_by_the_bot_takes_the_right_to() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.join(&ana).unwrap();
    let ban = json!({ "chat_id": group.id(), "user_id": ana.id() });
    assert_eq!(
        bot.refused("banChatMember", ban.clone()).await,
        "Bad Request: not enough rights to restrict/unrestrict chat member"
    );
    group.promote_bot(Rights { restrict_members: true, ..Rights::none() });
    bot.ok("banChatMember", ban.clone()).await;
    assert!(group.say(&ana, "x").is_err());
    bot.ok("unbanChatMember", ban).await;
    group.say(&ana, "back").unwrap();
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn bots_act_on_no_admin_and_nobody_on_the_owner() {
    let (tg, bot) = start().await;
    let (group, ana, own) = (tg.group("Ludo"), tg.user("Ana"), tg.user("Olga"));
    group.own(&own);
    group.promote(&ana);
    group.promote_bot(Rights { restrict_members: true, ..Rights::none() });
    let whom = |user: i64| json!({ "chat_id": group.id(), "user_id": user });
    let admin = "Bad Request: user is an administrator of the chat";
    assert_eq!(bot.refused("banChatMember", whom(ana.id())).await, admin);
    let owner = "Bad Request: can't remove chat owner";
    assert_eq!(bot.refused("banChatMember", whom(own.id())).await, owner);
    assert_eq!(bot.refused("banChatMember", whom(4)).await, "Bad Request: user not found");
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn who_is_restricted_cannot_write_and_bots_hear_of_it() {
    let (tg, bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.join(&ana).unwrap();
    group.promote_bot(Rights { restrict_members: true, ..Rights::none() });
    let asked = json!({ "allowed_updates": ["chat_member"], "timeout": 0 });
    bot.ok("getUpdates", asked).await;
    let silent = json!({
        "chat_id": group.id(), "user_id": ana.id(), "permissions": { "can_send_messages": false },
    });
    bot.ok("restrictChatMember", silent.clone()).await;
    assert!(group.say(&ana, "x").is_err());
    let told = bot.updates(-1).await;
    let member = &told[0]["chat_member"]["new_chat_member"];
    assert_eq!((&member["status"], &member["until_date"]), (&json!("restricted"), &json!(0)));
    assert_eq!(member["can_send_messages"], false);
    group.unmute(&ana);
    group.say(&ana, "thanks").unwrap();
    let plain = tg.plain_group("Small");
    plain.promote_bot(Rights::all());
    let there = json!({
        "chat_id": plain.id(), "user_id": ana.id(), "permissions": { "can_send_messages": false },
    });
    let only = "Bad Request: method is available only for supergroups";
    assert_eq!(bot.refused("restrictChatMember", there).await, only);
    tg.assert_clean().unwrap();
}

#[tokio::test]
async fn a_missed_expectation_shows_the_transcript() {
    let (tg, _bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    group.say(&ana, "something else").unwrap();
    let wanted = |seen: &[sandbox::telegram::Seen]| seen.get(5).cloned();
    let error = group.within(std::time::Duration::from_millis(1), wanted).await.unwrap_err();
    assert!(error.to_string().contains("#1 Ana: something else"), "{error}");
}
