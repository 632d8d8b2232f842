// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keeps the converters pure.

use std::path::{Path, PathBuf};

/// What a function from value to value has no use for.
const IMPURE: [&str; 8] =
    ["async ", ".await", "tracing::", "tokio::", "reqwest", "std::fs", "std::env", "Instant::"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn impurities(text: &str) -> Vec<&'static str> {
    let code: Vec<&str> = text.lines().filter(|it| !it.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    IMPURE.into_iter().filter(|word| code.contains(word)).collect()
}

#[test]
fn converters_are_pure() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = sources(&src.join("convert"));
    files.push(src.join("convert.rs"));
    assert!(files.len() > 10, "the converters have moved: {files:?}");
    for file in files {
        let found = impurities(&std::fs::read_to_string(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[test]
fn an_impure_line_is_noticed() {
    assert_eq!(impurities("fn f() {\n    tracing::info!(1);\n}"), ["tracing::"]);
    assert_eq!(impurities("// async in a comment"), Vec::<&str>::new());
}
