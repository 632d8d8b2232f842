// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bad input is named where somebody can act on it, and loses nothing.
//!
//! Rule: after each thing that is wrong, what is right goes on.

use std::path::Path;

use reqwest::StatusCode;
use sandbox::town::{Line, Side, Town};
use serde_json::{Value, json};

use crate::{crosses, eventually, town};

const HS_TOKEN: &str = "hs-token-of-the-tests-0123456789";

/// Answers with status and `errcode`.
async fn transaction(
    town: &Town,
    name: &str,
    token: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> anyhow::Result<(StatusCode, String)> {
    let url = format!("{}/_matrix/app/v1/transactions/{name}", town.bridge.url());
    let mut request = reqwest::Client::new().put(url).body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = body.get("errcode").and_then(Value::as_str).unwrap_or(&text);
    Ok((status, code.to_owned()))
}

fn says(text: &str) -> impl Fn(&Line) -> bool {
    move |line| line.text == text
}

async fn times(town: &Town, side: Side, text: &str) -> anyhow::Result<usize> {
    Ok(town.lines(side).await?.iter().filter(|line| line.text == text).count())
}

/// Path, token, body, and the status and code of the answer.
type Case<'a> = (&'a str, Option<&'a str>, Vec<u8>, (u16, &'a str));

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_transaction_is_refused_and_the_next_one_is_taken() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let good = json!({"events": []}).to_string();
    let large = vec![b' '; 32 * 1024 * 1024 + 1];
    let cases: [Case<'_>; 5] = [
        ("no-token", None, good.clone().into(), (401, "M_MISSING_TOKEN")),
        ("wrong-token", Some("wrong"), good.into(), (403, "M_FORBIDDEN")),
        ("no-json", Some(HS_TOKEN), b"{\"events\": [".to_vec(), (400, "M_NOT_JSON")),
        ("no-events", Some(HS_TOKEN), b"{\"events\": {}}".to_vec(), (400, "M_BAD_JSON")),
        ("too-large", Some(HS_TOKEN), large, (413, "M_TOO_LARGE")),
    ];
    for (name, token, body, (status, code)) in cases {
        let answer = transaction(&town, name, token, body).await?;
        assert_eq!((answer.0.as_u16(), answer.1.as_str()), (status, code), "{name}");
        crosses(&town, Side::Matrix, &format!("after {name}")).await?;
    }
    let log = town.bridge.log();
    for words in ["wrong hs_token", "is not JSON", "without a list of events", "is larger than"] {
        assert!(log.contains(words), "the log does not say: {words}");
    }
    assert!(town.bridge.runs());
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_event_holds_up_nobody_and_a_repeated_transaction_doubles_nothing()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    let event = |id: &str, content: Value| {
        json!({
            "type": "m.room.message", "room_id": town.room, "sender": town.alice.user_id(),
            "event_id": id, "origin_server_ts": 1_700_000_000_000_u64, "content": content,
        })
    };
    let text = |body: &str| json!({"msgtype": "m.text", "body": body});
    let odd = event("$odd", json!({"msgtype": ["m.text"], "body": 7}));
    let first = event("$first", text("before the odd one"));
    let last = event("$last", text("after the odd one"));
    let unknown = json!({"type": "org.example.future", "event_id": "$new", "content": {"a": []}});
    let body =
        json!({"events": [first, odd, 5, null, unknown, last], "org.example": 1}).to_string();
    for name in ["once", "once", "under-another-name"] {
        let (status, code) = transaction(&town, name, Some(HS_TOKEN), body.clone()).await?;
        assert_eq!(status, StatusCode::OK, "{code}");
    }
    // The homeserver knows nothing of these events, so they are seen on the other sides only.
    crosses(&town, Side::Matrix, "after all of them").await?;
    for side in Side::Matrix.others() {
        assert_eq!(times(&town, side, "before the odd one").await?, 1, "{side:?}");
        assert_eq!(times(&town, side, "after the odd one").await?, 1, "{side:?}");
    }
    let log = town.bridge.log();
    let named = |line: &str| line.contains("an event was skipped") && line.contains("$odd");
    assert!(log.lines().any(named), "the odd event is not named in the log");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_updates_and_dispatches_hold_up_nobody() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.telegram.inject_update(json!({"kind_of_the_future": {"a": [1]}}));
    town.telegram.inject_update(json!({"message": 7}));
    let text = "with something new in it";
    town.telegram.inject_update(json!({"message": {
        "message_id": 9001, "date": 1_700_000_000,
        "chat": {"id": town.group.id(), "type": "supergroup", "title": "Free knowledge"},
        "from": {"id": town.tanja.id(), "is_bot": false, "first_name": "Tanja"},
        "text": text, "entities": [{"type": "hologram", "offset": 5, "length": 9}],
    }}));
    town.expect(Side::Matrix, says(text)).await?;
    town.expect(Side::Discord, says(text)).await?;
    let skipped = |log: &str| log.matches("an update was skipped").count() == 2;
    eventually("both updates are named", async || Ok(skipped(&town.bridge.log()))).await?;
    town.discord.inject_dispatch("KIND_OF_THE_FUTURE", json!({"a": [1]}));
    town.discord.inject_dispatch("MESSAGE_CREATE", json!({"channel_id": 5}));
    town.discord.inject_dispatch("MESSAGE_CREATE", json!([]));
    crosses(&town, Side::Telegram, "after the updates").await?;
    crosses(&town, Side::Discord, "after the dispatches").await?;
    assert!(town.bridge.runs());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_html_crosses_as_far_as_it_can_be_read() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let html =
        "<b>bold <i>never closed</b> <made-up>odd</p></div> &bogus; a < b <script>x()</script";
    town.alice.say_html(&town.room, "bold never closed", html).await?;
    let read = |line: &Line| {
        ["bold never closed", "odd", "&bogus;", "a < b"].iter().all(|it| line.text.contains(it))
    };
    town.expect(Side::Telegram, read).await?;
    let deep = format!("{}at the bottom", "<blockquote>".repeat(3000));
    town.alice.say_html(&town.room, "at the bottom", &deep).await?;
    for side in Side::Matrix.others() {
        town.expect(side, |line| line.text.contains("at the bottom")).await?;
    }
    crosses(&town, Side::Matrix, "after the markup").await?;
    assert!(town.bridge.runs());
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_cross_whole_in_at_most_ten_messages_and_a_file() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let long = words("t", 4096);
    town.say(Side::Telegram, &long).await?;
    arrives_whole(&town, Side::Matrix, &long, 't').await?;
    arrives_whole(&town, Side::Discord, &long, 't').await?;
    let longer = words("m", 60_000);
    town.say(Side::Matrix, &longer).await?;
    arrives_whole(&town, Side::Telegram, &longer, 'm').await?;
    arrives_whole(&town, Side::Discord, &longer, 'm').await?;
    town.assert_clean()
}

/// Different words, `length` letters in all.
fn words(letter: &str, length: usize) -> String {
    let mut text: String = (0..length / 7).map(|n| format!("{letter}{n:05} ")).collect();
    text.push_str(&letter.repeat(length - text.len()));
    text
}

async fn arrives_whole(town: &Town, side: Side, text: &str, letter: char) -> anyhow::Result<()> {
    let wanted: Vec<&str> = text.split_whitespace().collect();
    let whole = |lines: &[Line]| {
        let numbered = |word: &&str| {
            let rest = word.strip_prefix(letter);
            rest.is_some_and(|it| it.chars().all(|c| c.is_ascii_digit() || c == letter))
        };
        let of_it = |text: &&str| text.split_whitespace().any(|word| numbered(&word));
        let texts: Vec<&str> = lines.iter().map(|line| &*line.text).filter(of_it).collect();
        // What goes into no more messages follows as a text file.
        let files = lines.iter().filter_map(|line| std::str::from_utf8(line.file.as_ref()?).ok());
        let told = texts.iter().copied().chain(files).flat_map(str::split_whitespace);
        (told.filter(numbered).collect::<Vec<_>>() == wanted && texts.len() <= 10).then_some(())
    };
    town.until(side, whole).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_that_was_removed_comes_back_or_its_person_is_told() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Telegram, "hello from the group").await?;
    let said = |seen: &sandbox::synapse::Seen| seen.body == "hello from the group";
    let ghost = town.alice.expect(&town.room, said).await?.sender;
    town.alice.kick(&town.room, &ghost, "out").await?;
    crosses(&town, Side::Telegram, "back again").await?;
    town.alice.ban(&town.room, &ghost, "out for good").await?;
    town.say(Side::Telegram, "said by somebody who is banned").await?;
    town.expect(Side::Discord, says("said by somebody who is banned")).await?;
    let told = |seen: &sandbox::telegram::Seen| {
        seen.is_bot && seen.text.contains("Not delivered to Matrix")
    };
    town.group.expect(told).await?;
    town.say(Side::Telegram, "said again by somebody who is banned").await?;
    town.expect(Side::Discord, says("said again by somebody who is banned")).await?;
    crosses(&town, Side::Discord, "the lane goes on").await?;
    let lines = town.group.messages().into_iter().filter(told).count();
    assert_eq!(lines, 1, "they are told once");
    declines(&town, &ghost).await?;
    town.assert_clean()
}

async fn declines(town: &Town, ghost: &str) -> anyhow::Result<()> {
    let options = sandbox::synapse::RoomOptions::default();
    let room = town.alice.create_room(options).await?;
    town.alice.invite(&room, ghost).await?;
    eventually("the ghost declines", async || {
        let member = town.alice.state(&room, "m.room.member", ghost).await?.unwrap_or_default();
        let field = |key: &str| member.get(key).and_then(Value::as_str).unwrap_or_default();
        let reasoned = field("reason").contains("stands for a person on another network");
        Ok(field("membership") == "leave" && reasoned)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_a_group_removed_tells_the_room_and_can_come_back() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.group.remove_bot();
    let lost = |line: &Line| line.text.contains("I was removed from the chat on Telegram");
    town.expect(Side::Matrix, lost).await?;
    town.say(Side::Matrix, "to those who are left").await?;
    town.expect(Side::Discord, says("to those who are left")).await?;
    town.say(Side::Matrix, "!freeside status").await?;
    town.expect(Side::Matrix, |line| line.text.contains("Telegram: disconnected")).await?;
    town.group.add_bot(&town.tanja)?;
    town.group.promote_bot(sandbox::telegram::Rights::all());
    crosses(&town, Side::Telegram, "here again").await?;
    crosses(&town, Side::Matrix, "welcome back").await?;
    assert_eq!(times(&town, Side::Telegram, "to those who are left").await?, 0);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_loses_nothing_until_the_right_one_is_there() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.telegram.revoke_token();
    let named = |line: &str| line.contains("telegram refuses the token");
    eventually("the log names the token", async || {
        Ok(town.bridge.log().lines().any(|line| named(&line.to_lowercase())))
    })
    .await?;
    town.say(Side::Telegram, "said while the token was wrong").await?;
    for side in [Side::Matrix, Side::Discord] {
        let other = if side == Side::Matrix { Side::Discord } else { Side::Matrix };
        let text = format!("{side:?} goes on");
        town.say(side, &text).await?;
        town.expect(other, says(&text)).await?;
    }
    let config = town.bridge.config();
    let dir = config.parent().unwrap_or(Path::new("."));
    std::fs::write(dir.join("telegram_token"), town.telegram.bot_token())?;
    town.bridge.kill()?;
    town.bridge.start()?;
    for side in Side::Telegram.others() {
        town.expect(side, says("said while the token was wrong")).await?;
        town.expect(Side::Telegram, says(&format!("{side:?} goes on"))).await?;
    }
    crosses(&town, Side::Matrix, "all is well").await?;
    for side in Side::Telegram.others() {
        assert_eq!(times(&town, side, "said while the token was wrong").await?, 1);
        assert_eq!(times(&town, Side::Telegram, &format!("{side:?} goes on")).await?, 1);
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_poller_is_named_in_the_log_and_costs_nothing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let url = format!("{}/bot{}/getUpdates", town.telegram.url(), town.telegram.bot_token());
    let http = reqwest::Client::new();
    eventually("the log names the second poller", async || {
        http.post(&url).json(&json!({"timeout": 0})).send().await?.error_for_status()?;
        Ok(town.bridge.log().contains("another program takes this bot's updates"))
    })
    .await?;
    crosses(&town, Side::Telegram, "and it still listens").await?;
    assert_eq!(times(&town, Side::Matrix, "and it still listens").await?, 1);
    town.assert_clean()
}
