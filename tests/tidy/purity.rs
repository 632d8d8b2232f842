// SPDX-License-Identifier: AGPL-3.0-or-later
//! Converters and the model are functions from value to value.
//!
//! Rule: what a converter has to know is a parameter; if it needs to ask, its caller asks first.

use crate::tokens::{Name, names};
use crate::tree::{File, Tree};

/// Where nothing but values may be.
fn is_pure(path: &str) -> bool {
    let Some((folder, file)) = path.split_once("/src/") else { return false };
    folder == "bridge-model" || folder == "policy" || file.starts_with("convert")
}

/// Crates that do something: run, talk, log, draw lots.
const DOING: [&str; 8] = [
    "tokio",
    "tokio_util",
    "tokio_tungstenite",
    "reqwest",
    "reqwest_telegram",
    "axum",
    "tracing",
    "rand",
];

/// Parts of the standard library that do something.
const STD: [&str; 6] = ["fs", "net", "env", "process", "thread", "*"];

/// Names that do something wherever they come from.
const ALWAYS: [&str; 4] = ["async", "await", "SystemTime", "Instant"];

fn acts(name: &Name) -> bool {
    let mut segments = name.segments.iter().map(String::as_str);
    if name.segments.iter().any(|segment| ALWAYS.contains(&segment.as_str())) {
        return true;
    }
    match (segments.next(), segments.next()) {
        (Some("std"), Some(part)) => STD.contains(&part),
        (Some(first), _) => DOING.contains(&first),
        (None, _) => false,
    }
}

fn impurities(file: &File) -> Vec<String> {
    if !is_pure(&file.path) {
        return Vec::new();
    }
    let found = names(&file.text).into_iter().filter(acts);
    found.map(|it| format!("{}:{}: {} is not a value", file.path, it.line, it.text())).collect()
}

#[test]
fn converters_are_pure() {
    let tree = Tree::here();
    let found: Vec<String> = tree.rust().flat_map(impurities).collect();
    assert_eq!(found, Vec::<String>::new());
    for home in [
        "bridge-model/src/",
        "bridge-telegram/src/convert",
        "bridge-discord/src/convert",
        "bridge-matrix/src/convert",
    ] {
        let count = tree.rust().filter(|it| it.path.starts_with(home) && is_pure(&it.path)).count();
        assert!(count > 10, "the converters under {home} have moved");
    }
}

#[test]
fn an_impure_converter_is_refused() {
    let text = "use std::{fs, time::Instant};\nasync fn f() { g().await }\n\
                fn h() { tracing::info!(\"\"); let _ = rand::random::<u8>(); }";
    for path in [
        "bridge-x/src/convert/a.rs",
        "bridge-x/src/convert.rs",
        "bridge-matrix/src/convert/html/read.rs",
        "bridge-model/src/ids.rs",
    ] {
        let found = impurities(&File::new(path, text));
        let expected = [
            "1: std::fs",
            "1: std::time::Instant",
            "2: async",
            "2: await",
            "3: tracing::info",
            "3: rand::random",
        ];
        let expected = expected.map(|it| format!("{path}:{it} is not a value"));
        assert_eq!(found, expected);
    }
    assert_eq!(impurities(&File::new("bot-core/src/core.rs", text)), Vec::<String>::new());
}
