// SPDX-License-Identifier: AGPL-3.0-or-later
//! The converters are functions from value to value.
//!
//! Rule: no file under `src/convert` waits, logs, or touches the world.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::{Path, PathBuf};

/// Words that a pure function has no use for.
const FORBIDDEN: [&str; 9] = [
    "async ",
    ".await",
    "tracing",
    "tokio",
    "reqwest",
    "std::fs",
    "std::env",
    "std::time::Instant",
    "rand::",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn breaches(source: &str) -> Vec<&'static str> {
    FORBIDDEN.into_iter().filter(|word| source.contains(word)).collect()
}

#[test]
fn converters_are_pure() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/convert"), &mut found);
    assert!(found.len() > 15, "the converters were not found");
    for path in found {
        let source = std::fs::read_to_string(&path).unwrap();
        assert_eq!(breaches(&source), Vec::<&str>::new(), "in {}", path.display());
    }
}

#[test]
fn a_planted_violation_is_seen() {
    assert_eq!(breaches("pub async fn convert() { tracing::info!(\"x\") }"), ["async ", "tracing"]);
}
