// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside judge`: what the bridge would say about the links of messages.
//!
//! Rule: the verdict is that of `bridge_policy::notice`, which the bridge asks, too; budgets, quiet
//! hours and muted classes are left out.

use std::io::{BufRead, Write};

use bridge_config::Catalogue;
use bridge_policy::notice::{self, DialIn, Remark};
use serde_json::{Map, Value, json};

use crate::lines::{Tally, each};

/// Judges each line of `input`; `today` in days since 1970.
///
/// # Errors
/// When `input` cannot be read or `output` cannot be written.
pub fn judge(
    catalogue: &Catalogue,
    today: i64,
    input: impl BufRead,
    output: impl Write,
) -> std::io::Result<Tally> {
    each(input, output, |raw, number| one(catalogue, today, (raw, number)))
}

fn one(catalogue: &Catalogue, today: i64, (raw, number): (&[u8], u64)) -> (bool, Value) {
    let line: Map<String, Value> = match serde_json::from_slice(raw) {
        Ok(line) => line,
        Err(error) => {
            return (false, json!({ "id": null, "error": format!("line {number}: {error}") }));
        }
    };
    let id = line.get("id").cloned().unwrap_or_default();
    let Some(text) = line.get("text").and_then(Value::as_str) else {
        return (false, json!({ "id": id, "error": format!("line {number}: `text` is no text") }));
    };
    let language = line.get("lang").and_then(Value::as_str).unwrap_or("en");
    let verdict = notice::judge(catalogue, &notice::as_typed(text), language, today);
    let mut answer = json!({
        "id": id,
        "service": verdict.remark.as_ref().map(|remark| remark.service.as_str()),
        "alternatives": verdict.remark.as_ref().map_or(&[][..], |remark| &remark.alternatives),
        "dial_in": verdict.remark.as_ref().and_then(dial_in),
        "why": verdict.why.to_string(),
    });
    if let (false, Some(fields)) = (verdict.unknown.is_empty(), answer.as_object_mut()) {
        fields.insert("unknown".into(), verdict.unknown.into());
    }
    (true, answer)
}

fn dial_in(remark: &Remark) -> Option<Value> {
    let DialIn { number, pin } = remark.dial_in.as_ref()?;
    Some(json!({ "number": number, "pin": pin }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(lines: &[Value]) -> (Tally, Vec<Value>) {
        let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let mut output = Vec::new();
        let catalogue = Catalogue::built_in().unwrap();
        let tally = judge(&catalogue, 20_783, input.as_bytes(), &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        (tally, output.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    #[test]
    fn a_line_says_which_service_is_told_of_and_how_to_take_part_by_phone() {
        let text = "Donnerstag: https://zoom.us/j/1\nEinwahl: +49 30 1234567, PIN 4455";
        let (tally, said) = answers(&[json!({ "id": "a", "text": text, "lang": "de" })]);
        assert_eq!(tally, Tally { good: 1, bad: 0 });
        let expected = json!({
            "id": "a",
            "service": "zoom",
            "alternatives": ["jitsi", "bigbluebutton"],
            "dial_in": { "number": "+49 30 1234567", "pin": "4455" },
            "why": "people take part by such a link",
        });
        assert_eq!(said, [expected]);
    }

    #[test]
    fn quotes_and_code_are_silent_and_unknown_hosts_are_listed() {
        let lines = [
            json!({ "id": 1, "text": "> https://zoom.us/j/1\nI cannot" }),
            json!({ "id": 2, "text": "the filter for `zoom.us/j/1`", "lang": "en" }),
            json!({ "id": 3, "text": "see https://new.example/x", "lang": "xx" }),
        ];
        let (_, said) = answers(&lines);
        assert!(said.iter().all(|line| line["service"].is_null() && line["dial_in"].is_null()));
        assert_eq!(said[2]["unknown"], json!(["new.example"]));
        assert_eq!(said[0]["alternatives"], json!([]));
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_goes_on() {
        let lines = [json!([1]), json!({ "id": 2 }), json!({ "id": 3, "text": "hello" })];
        let (tally, said) = answers(&lines);
        assert_eq!(tally, Tally { good: 1, bad: 2 });
        assert!(said[0]["error"].as_str().unwrap().starts_with("line 1: "));
        assert_eq!(said[1], json!({ "id": 2, "error": "line 2: `text` is no text" }));
    }
}
