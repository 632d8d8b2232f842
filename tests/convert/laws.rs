// SPDX-License-Identifier: AGPL-3.0-or-later
//! 10,000 generated messages in each direction.
//!
//! Rule: nothing fails, no word is lost, nobody is called who was not, and the platforms would
//! take what comes out.

use freeside::Side;
use serde_json::{Map, Value};

use crate::generate::{Dice, Line, line};

const MANY: usize = 10_000;

/// What becomes of lines, and how many could be converted.
pub fn converted(sides: (Side, Side), input: &str) -> (freeside::Tally, Vec<Value>) {
    let mut output = Vec::new();
    let tally = freeside::convert(sides, input.as_bytes(), &mut output).unwrap();
    let answers = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (tally, answers.map(|answer| serde_json::from_slice(answer).unwrap()).collect())
}

/// What is said by an answer.
pub fn said(to: Side, answer: &Value) -> &[Value] {
    let field = if to == Side::Matrix { "events" } else { "messages" };
    answer[field].as_array().unwrap()
}

fn cross(from: Side, to: Side) {
    let mut dice = Dice(0x5eed);
    let lines: Vec<Line> = (0..MANY).map(|number| line(from, number, &mut dice)).collect();
    let input: String = lines.iter().map(|line| format!("{}\n", line.json)).collect();
    let (tally, answers) = converted((from, to), &input);
    let mut wrong = Vec::new();
    for (line, answer) in lines.iter().zip(answers) {
        let complaints = complaints(to, line, &answer);
        wrong.extend(complaints.into_iter().map(|it| format!("{it}\n  {}\n  {answer}", line.json)));
    }
    let first: Vec<_> =
        wrong.iter().take(5).map(|it| it.chars().take(6000).collect::<String>()).collect();
    assert!(wrong.is_empty(), "{} wrong, such as\n{}", wrong.len(), first.join("\n"));
    assert_eq!((tally.good, tally.bad), (MANY as u64, 0));
}

fn complaints(to: Side, line: &Line, answer: &Value) -> Vec<String> {
    if let Some(error) = answer.get("error") {
        return vec![format!("error: {error}")];
    }
    let said = said(to, answer);
    let mut wrong = Vec::new();
    if said.is_empty() {
        wrong.push("nothing is said".to_owned());
    }
    for one in said {
        wrong.extend(match to {
            Side::Telegram => of_telegram(one),
            Side::Discord => of_discord(one),
            Side::Matrix => Vec::new(),
        });
        let called = called(to, one);
        let stranger = called.iter().find(|who| !line.called.contains(who));
        wrong.extend(stranger.map(|who| format!("{who} is called")));
    }
    let mut read: String = said.iter().flat_map(|one| shown(to, one)).collect();
    // A text that would fill too many messages goes on in a file.
    let files = answer.get("text_files").and_then(Value::as_array).into_iter().flatten();
    read.extend(files.filter_map(Value::as_str));
    // Styles that begin inside a word are marks or lines there.
    let read: String = read.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut rest = read.as_str();
    for word in &line.words {
        match rest.split_once(word.as_str()) {
            Some((_, after)) => rest = after,
            None => {
                wrong.push(format!("{word} is lost"));
                break;
            }
        }
    }
    wrong
}

fn of_telegram(call: &Value) -> Vec<String> {
    let mut params: Map<String, Value> = call.as_object().unwrap().clone();
    let method = params.remove("method").unwrap();
    let mut wrong = sandbox::telegram::broken_by(method.as_str().unwrap(), &params).unwrap();
    for (field, most) in [("text", 4096), ("caption", 1024)] {
        let text = params.get(field).and_then(Value::as_str).unwrap_or_default();
        let long = text.encode_utf16().count();
        if long > most {
            wrong.push(format!("{field} has {long} units"));
        }
    }
    if params.keys().any(|key| key.contains("parse_mode")) {
        wrong.push("a parse mode".to_owned());
    }
    wrong
}

fn of_discord(body: &Value) -> Vec<String> {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove("files");
    let path = match body.get("username") {
        Some(_) => "/webhooks/1/token",
        None => "/channels/1/messages",
    };
    let mut wrong = Vec::from_iter(sandbox::discord::broken_by("POST", path, &body).unwrap());
    if body["content"].as_str().unwrap().chars().count() > 2000 {
        wrong.push("too long".to_owned());
    }
    if body["allowed_mentions"]["parse"] != Value::Array(Vec::new()) {
        wrong.push("everybody may be called".to_owned());
    }
    wrong
}

/// Who is called.
fn called(to: Side, one: &Value) -> Vec<String> {
    let strings = |list: &Value| {
        let list = list.as_array().into_iter().flatten();
        list.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)).collect()
    };
    match to {
        Side::Matrix => strings(&one["content"]["m.mentions"]["user_ids"]),
        Side::Discord => strings(&one["allowed_mentions"]["users"]),
        Side::Telegram => {
            let entities = ["entities", "caption_entities"].into_iter();
            let entities = entities.filter_map(|field| one[field].as_array()).flatten();
            let users = entities.filter(|it| it["type"] == "text_mention");
            users.map(|it| it["user"]["id"].to_string()).collect()
        }
    }
}

/// What people read.
pub fn shown(to: Side, one: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let fields: &[&str] = match to {
        Side::Matrix => &["body"],
        Side::Telegram => &["text", "caption"],
        Side::Discord => &["content"],
    };
    let one = if to == Side::Matrix { &one["content"] } else { one };
    found.extend(fields.iter().filter_map(|field| one[*field].as_str()).map(str::to_owned));
    let album = one["media"].as_array().into_iter().flatten();
    found.extend(album.filter_map(|it| it["caption"].as_str()).map(str::to_owned));
    found
}

#[test]
fn from_telegram_to_matrix() {
    cross(Side::Telegram, Side::Matrix);
}

#[test]
fn from_telegram_to_discord() {
    cross(Side::Telegram, Side::Discord);
}

#[test]
fn from_discord_to_matrix() {
    cross(Side::Discord, Side::Matrix);
}

#[test]
fn from_discord_to_telegram() {
    cross(Side::Discord, Side::Telegram);
}

#[test]
fn from_matrix_to_telegram() {
    cross(Side::Matrix, Side::Telegram);
}

#[test]
fn from_matrix_to_discord() {
    cross(Side::Matrix, Side::Discord);
}
