// SPDX-License-Identifier: AGPL-3.0-or-later
//! Text and its entities.

use sandbox::telegram::{Group, Telegram};
use serde_json::{Value, json};

use crate::bot::{Bot, start};

async fn said(text: &str, entities: Value) -> Value {
    let (tg, bot) = start().await;
    let group = tg.group("Ludo");
    let sent = send(&bot, &group, text, entities).await;
    tg.assert_clean().unwrap();
    assert_eq!(sent["ok"], true, "{sent}");
    sent["result"].clone()
}

async fn send(bot: &Bot, group: &Group, text: &str, entities: Value) -> Value {
    bot.raw("sendMessage", json!({ "chat_id": group.id(), "text": text, "entities": entities }))
        .await
}

fn entity(kind: &str, offset: usize, length: usize) -> Value {
    json!({ "type": kind, "offset": offset, "length": length })
}

#[tokio::test]
async fn the_edges_lose_white_space_and_entities_move() {
    let sent = said(" \n 😀 bold \n", json!([entity("bold", 6, 5)])).await;
    assert_eq!(sent["text"], "😀 bold");
    assert_eq!(sent["entities"], json!([entity("bold", 3, 4)]));
}

#[tokio::test]
async fn white_space_inside_the_first_entity_stays() {
    let sent = said("  x", json!([entity("pre", 0, 3)])).await;
    assert_eq!(sent["text"], "  x");
    assert_eq!(sent["entities"], json!([entity("pre", 0, 3)]));
}

#[tokio::test]
async fn control_characters_become_spaces() {
    assert_eq!(said("a\tb\r\nc", json!([])).await["text"], "a b\nc");
}

#[tokio::test]
async fn code_holds_nothing_and_styles_are_cut_around_it() {
    let sent = said("abcdef", json!([entity("bold", 0, 6), entity("code", 2, 2)])).await;
    let wanted = json!([entity("bold", 0, 2), entity("code", 2, 2), entity("bold", 4, 2)]);
    assert_eq!(sent["entities"], wanted);
}

#[tokio::test]
async fn quotes_do_not_nest_and_hold_code() {
    let given =
        json!([entity("blockquote", 0, 6), entity("blockquote", 1, 2), entity("code", 3, 2)]);
    let sent = said("abcdef", given).await;
    assert_eq!(sent["entities"], json!([entity("blockquote", 0, 6), entity("code", 3, 2)]));
}

#[tokio::test]
async fn crossing_styles_are_cut_so_that_they_nest() {
    let sent = said("abcdef", json!([entity("bold", 0, 4), entity("italic", 2, 4)])).await;
    let wanted = json!([entity("bold", 0, 4), entity("italic", 2, 2), entity("italic", 4, 2)]);
    assert_eq!(sent["entities"], wanted);
}

#[tokio::test]
async fn links_and_commands_and_mentions_are_found() {
    let sent =
        said("/link@freeside_sandbox_bot see https://example.org/a, @ana_b #ludo", json!([])).await;
    let wanted = json!([
        entity("bot_command", 0, 26),
        entity("url", 31, 21),
        entity("mention", 54, 6),
        entity("hashtag", 61, 5),
    ]);
    assert_eq!(sent["entities"], wanted);
}

#[tokio::test]
async fn a_text_link_is_completed() {
    let mut link = entity("text_link", 0, 4);
    link["url"] = "https://Example.org".into();
    assert_eq!(said("here", json!([link])).await["entities"][0]["url"], "https://example.org/");
}

async fn refusals(tg: &Telegram, bot: &Bot, cases: &[(Value, &str)]) {
    let group = tg.group("Ludo");
    for (given, why) in cases {
        let answer = send(bot, &group, "a😀b", json!([given])).await;
        assert_eq!(answer["description"], format!("Bad Request: {why}"), "{given}");
    }
    assert_eq!(group.messages().len(), 0);
}

#[tokio::test]
async fn impossible_entities_are_refused() {
    let (tg, bot) = start().await;
    let cases = [
        (entity("sparkle", 0, 1), "can't parse MessageEntity: Unsupported type specified"),
        (entity("text_link", 0, 1), "can't parse MessageEntity: Can't find field \"url\""),
        (
            json!({ "type": "text_link", "offset": 0, "length": 1, "url": "http://localhost:8008/" }),
            "entity URL 'http://localhost:8008/' is invalid: Wrong HTTP URL",
        ),
        (
            entity("bold", 0, 9),
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 9",
        ),
        (entity("bold", 9, 1), "entity begins after the end of the text at UTF-16 offset 9"),
        (entity("bold", 2, 2), "entity begins in a middle of a UTF-16 symbol at byte offset 5"),
        (
            entity("bold", 0, 2),
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5",
        ),
    ];
    refusals(&tg, &bot, &cases).await;
}

#[tokio::test]
async fn what_people_style_can_be_asked_for_by_style() {
    let (tg, _bot) = start().await;
    let (group, ana) = (tg.group("Ludo"), tg.user("Ana"));
    let id = group.say_with_entities(&ana, "so 😀 bold", &json!([entity("bold", 6, 4)])).unwrap();
    assert_eq!(group.message(id).unwrap().styled("bold"), ["bold"]);
}
