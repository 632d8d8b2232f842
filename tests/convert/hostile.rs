// SPDX-License-Identifier: AGPL-3.0-or-later
//! The hostile corpus through the binary: what has to come out, and what must not.
//!
//! Rule: `must` and `must_not` are pieces of the answer's JSON, without white space and with its
//! keys in order. An attack that worked becomes a line, with an id that says what it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::corpus;
use crate::golden::run;

const FEWEST: usize = 150;

fn text<'l>(line: &'l Value, field: &str) -> &'l str {
    line.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn pieces<'l>(line: &'l Value, field: &str) -> Vec<&'l str> {
    let pieces = line.get(field).and_then(Value::as_array);
    pieces.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A line as the tool takes it. One that stands there as text may be no JSON at all.
fn input(line: &Value) -> String {
    let input = &line["input"];
    input.as_str().map_or_else(|| input.to_string(), str::to_owned)
}

/// What an answer holds that it must not, lacks, or has too much of.
fn broken(line: &Value, said: &Value) -> Vec<String> {
    let (id, all) = (text(line, "id"), said.to_string());
    let lacks = pieces(line, "must").into_iter().filter(|piece| !all.contains(piece));
    let mut broken: Vec<_> = lacks.map(|piece| format!("{id}: lacks {piece:?}")).collect();
    let holds = pieces(line, "must_not").into_iter().filter(|piece| all.contains(piece));
    broken.extend(holds.map(|piece| format!("{id}: holds {piece:?}")));
    let messages = ["messages", "events"].iter().find_map(|field| said.get(field)?.as_array());
    for (field, size) in [("longest", messages.map_or(0, Vec::len)), ("most_bytes", all.len())] {
        let most = line.get(field).and_then(Value::as_u64).map(usize::try_from);
        if most.is_some_and(|most| most.is_ok_and(|most| size > most)) {
            broken.push(format!("{id}: {size} are more than its `{field}`"));
        }
    }
    broken
}

#[test]
fn every_line_of_the_hostile_corpus_holds() {
    let lines = corpus::lines().unwrap();
    let mut ways: BTreeMap<_, Vec<&Value>> = BTreeMap::new();
    for line in &lines {
        ways.entry((text(line, "from"), text(line, "to"))).or_default().push(line);
    }
    let mut all = Vec::new();
    for ((from, to), lines) in ways {
        let asked: Vec<String> = lines.iter().map(|line| input(line)).collect();
        let (said, _) = run(from, to, asked.join("\n").as_bytes());
        assert_eq!(said.len(), lines.len(), "from {from} to {to}");
        for (line, said) in lines.into_iter().zip(&said) {
            let told = broken(line, said);
            all.extend(told.into_iter().map(|it| format!("{it}\n  {}", text(line, "why"))));
        }
    }
    assert!(all.is_empty(), "{} do not hold:\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_hostile_corpus_is_large_and_every_line_says_something() {
    let lines = corpus::lines().unwrap();
    assert!(lines.len() >= FEWEST, "{} lines, at least {FEWEST}", lines.len());
    let mut seen = BTreeSet::new();
    for line in &lines {
        let id = text(line, "id");
        assert!(!id.is_empty() && seen.insert(id), "{id:?} is used twice or is nothing");
        assert!(!text(line, "why").is_empty(), "{id} does not say why");
        let asks = ["must", "must_not"].iter().any(|field| !pieces(line, field).is_empty());
        assert!(asks, "{id} has neither `must` nor `must_not`");
        let mut all = ["must", "must_not", "unseen"].iter().flat_map(|field| pieces(line, field));
        assert!(all.all(|piece| !piece.is_empty()), "{id} has an empty piece");
        let marked = pieces(line, "unseen").len() + pieces(line, "must_not").len();
        assert!(line.get("seen").is_none() || marked > 0, "{id} marks nothing as seen");
    }
}

#[test]
fn a_line_that_does_not_hold_is_named() {
    let said = json!({ "messages": [{ "text": "Freeside" }, { "text": "b" }] });
    let line = json!({ "id": "x", "must": ["absent", "b"], "must_not": ["Freeside", "c"],
        "longest": 1, "most_bytes": 10 });
    let told = broken(&line, &said);
    let bytes = said.to_string().len();
    assert_eq!(
        told,
        [
            "x: lacks \"absent\"".to_owned(),
            "x: holds \"Freeside\"".to_owned(),
            "x: 2 are more than its `longest`".to_owned(),
            format!("x: {bytes} are more than its `most_bytes`"),
        ]
    );
    let holds = json!({ "id": "y", "must": ["b"], "must_not": ["c"], "longest": 2 });
    assert_eq!(broken(&holds, &said), Vec::<String>::new());
}
