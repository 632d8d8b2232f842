// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lines by hand, through the binary.
//!
//! Rule: what comes out is compared as JSON, line by line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Runs the binary; the lines of its answer, and whether it succeeded.
pub(crate) fn run(from: &str, to: &str, input: &[u8]) -> (Vec<Value>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_freeside"))
        .args(["convert", "--from", from, "--to", to])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The tool answers while it reads: who only writes would wait for itself.
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (lines.map(|line| serde_json::from_slice(line).unwrap()).collect(), output.status.success())
}

#[test]
fn lines_by_hand_come_out_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/convert/lines");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let parts: Vec<&str> = name.split('.').collect();
        let [_, sides, "jsonl"] = parts.as_slice() else { continue };
        let (from, to) = sides.split_once('-').unwrap();
        let (said, _) = run(from, to, &std::fs::read(&path).unwrap());
        let wanted = std::fs::read_to_string(path.with_extension("out.jsonl")).unwrap();
        let wanted: Vec<Value> =
            wanted.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(said.len(), wanted.len(), "{name}");
        for (said, wanted) in said.iter().zip(&wanted) {
            assert_eq!(said, wanted, "{name}\nsaid:   {said}\nwanted: {wanted}");
        }
        seen += 1;
    }
    assert!(seen > 5, "only {seen} files were found");
}

#[test]
fn a_bad_line_is_told_with_its_place_and_the_rest_goes_on() {
    let input = b"{\"id\": 1, \"message\": {\"msgtype\": \"m.text\", \"body\": \"a\"}}\n\
        {\"id\": \"two\", \"message\": 5}\nnonsense\n\n\
        {\"id\": 4, \"message\": {\"msgtype\": \"m.text\", \"body\": \"b\"}, \"people\": null}\n";
    let (said, well) = run("matrix", "telegram", input);
    assert!(!well);
    let errors: Vec<_> =
        said.iter().map(|line| line.get("error").and_then(Value::as_str)).collect();
    assert_eq!(errors[0], None);
    assert_eq!(errors[1], Some("line 2: message: an object is expected"));
    assert_eq!(said[1]["id"], "two");
    assert!(errors[2].unwrap().starts_with("line 3: this is no JSON"));
    assert_eq!(said[3]["messages"][0]["text"], "b");
}

/// The answer to one line that has to be good, as text.
fn answer(from: &str, to: &str, line: &Value) -> String {
    let (said, well) = run(from, to, line.to_string().as_bytes());
    assert!(well, "{said:?}");
    Value::from(said).to_string()
}

fn on_telegram(more: Value) -> Value {
    let mut message = json!({ "message_id": 7, "date": 1_700_000_000,
        "chat": { "id": -1001, "type": "supergroup", "title": "G" },
        "from": { "id": 42, "is_bot": false, "first_name": "Ann" } });
    for (key, value) in more.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

#[test]
fn a_phone_number_crosses_only_where_the_line_allows_it() {
    let contact = json!({ "contact": { "phone_number": "+100200", "first_name": "Di" } });
    let hidden = json!({ "message": on_telegram(contact.clone()) });
    assert!(!answer("telegram", "matrix", &hidden).contains("+100200"));
    let shown = json!({ "message": on_telegram(contact), "settings": { "phone_numbers": true } });
    assert!(answer("telegram", "matrix", &shown).contains("+100200"));
}

#[test]
fn every_name_of_a_person_follows_the_policy_for_names() {
    let origin = json!({ "type": "hidden_user", "date": 1, "sender_user_name": "Bob Jones" });
    let message = on_telegram(json!({ "text": "hi", "forward_origin": origin }));
    let full = json!({ "message": message });
    assert!(answer("telegram", "matrix", &full).contains("Bob Jones"));
    let first = json!({ "message": message, "settings": { "names": "first-name" } });
    let first = answer("telegram", "matrix", &first);
    assert!(first.contains("Bob") && !first.contains("Jones"), "{first}");
    let made_up = json!({ "message": message, "settings": { "names": "pseudonym" } });
    assert!(!answer("telegram", "matrix", &made_up).contains("Bob"));
}

#[test]
fn everybody_is_called_only_by_somebody_who_may() {
    let message =
        json!({ "msgtype": "m.text", "body": "@room hi", "m.mentions": { "room": true } });
    let may_not = answer("matrix", "discord", &json!({ "message": message }));
    assert!(may_not.contains("\"parse\":[]"), "{may_not}");
    let settings = json!({ "everyone": true });
    let may = answer("matrix", "discord", &json!({ "message": message, "settings": settings }));
    assert!(!may.contains("\"parse\":[]"), "{may}");
}

#[test]
fn a_file_that_may_hide_personal_data_is_withheld() {
    let file = json!({ "file_id": "f", "file_unique_id": "u", "file_name": "a.heic",
        "mime_type": "image/heic", "file_size": 9 });
    let line = json!({ "message": on_telegram(json!({ "document": file, "caption": "look" })) });
    let said = answer("telegram", "matrix", &line);
    assert!(
        said.contains("hidden data could not be removed") && !said.contains("mxc://"),
        "{said}"
    );
}

#[test]
fn an_address_that_holds_a_name_crosses_as_it_was_written() {
    let people = json!({ "7": { "name": "Bob", "mxid": "@tg_7:example.org" } });
    for address in ["https://x.example/@bob/1", "@bob:example.org", "@bob@mastodon.social"] {
        let message = json!({ "msgtype": "m.text", "body": address });
        let said = answer("matrix", "telegram", &json!({ "message": message, "people": people }));
        assert!(said.contains(address) && !said.contains("text_mention"), "{said}");
    }
}
