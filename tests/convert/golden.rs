// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lines by hand, through the binary.
//!
//! Rule: what comes out is compared as JSON, line by line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs the binary; the lines of its answer, and whether it succeeded.
fn run(from: &str, to: &str, input: &[u8]) -> (Vec<Value>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_freeside"))
        .args(["convert", "--from", from, "--to", to])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
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
