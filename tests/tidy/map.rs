// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/ARCHITECTURE.md` has a line for every folder of the production crates, names only files
//! that exist, and can be read in a quarter of an hour.
//!
//! Rule: a folder is a row `| `path` | what it holds |`; what a file is for stands in the file.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::Tree;

const MAP: &str = "docs/ARCHITECTURE.md";
const MOST_WORDS: usize = 3_500;

/// The folder of each row, with what the row says about it.
fn rows(map: &str) -> BTreeMap<&str, &str> {
    let mut rows = BTreeMap::new();
    for line in map.lines() {
        let Some((folder, says)) = line.strip_prefix("| `").and_then(|it| it.split_once("` | "))
        else {
            continue;
        };
        if folder.split('/').any(|part| part == "src") {
            rows.insert(folder, says.trim_end_matches('|').trim());
        }
    }
    rows
}

/// The folders that hold production sources.
fn folders(tree: &Tree) -> BTreeSet<&str> {
    let homes: Vec<String> =
        tree.crates().into_iter().map(|it| format!("{}src/", it.folder)).collect();
    let is_production = |path: &str| {
        let is_apart = path.starts_with("tests/") || path.starts_with("unify/");
        !is_apart
            && !path.contains("/tests/")
            && !path.ends_with("/tests.rs")
            && homes.iter().any(|home| path.starts_with(home))
    };
    let files = tree.rust().map(|file| file.path.as_str()).filter(|path| is_production(path));
    files.filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder).collect()
}

fn unlike_the_tree(tree: &Tree) -> Vec<String> {
    let map = tree.text(MAP);
    let rows = rows(map);
    let folders = folders(tree);
    let mut complaints = Vec::new();
    for folder in &folders {
        match rows.get(folder) {
            None => complaints.push(format!("{folder} has no row in {MAP}")),
            Some(says) if says.len() < 10 => {
                complaints.push(format!("{MAP} says nothing about {folder}"));
            }
            Some(_) => {}
        }
    }
    for folder in rows.keys().filter(|folder| !folders.contains(*folder)) {
        complaints.push(format!("{folder} has a row in {MAP} and is not there"));
    }
    for name in map.split('`').skip(1).step_by(2).filter(|it| it.ends_with(".rs")) {
        let below = format!("/{name}");
        if !tree.rust().any(|file| file.path == name || file.path.ends_with(&below)) {
            complaints.push(format!("{MAP} names {name}, which is not there"));
        }
    }
    let words = map.split_whitespace().count();
    if words > MOST_WORDS {
        complaints.push(format!("{MAP} has {words} words, at most {MOST_WORDS}"));
    }
    complaints
}

#[test]
fn every_folder_is_on_the_map() {
    assert_eq!(unlike_the_tree(&Tree::here()), Vec::<String>::new());
}

#[test]
fn a_folder_that_is_not_on_the_map_is_refused() {
    let long = "word ".repeat(3_500);
    let map = format!(
        "`a/src/two.rs`, `lib/one.rs` and `gone.rs`\n| `src` | It is the binary. |\n\
         | `a/src` | |\n| `b/src` | It was here once. |\n{long}"
    );
    let tree = Tree::of(&[
        ("Cargo.toml", "[package]\nname = \"root\""),
        ("a/Cargo.toml", "[package]\nname = \"a\""),
        ("src/main.rs", ""),
        ("a/src/lib.rs", ""),
        ("a/src/lib/one.rs", ""),
        ("a/src/lib/tests/one.rs", ""),
        ("a/src/two.rs", ""),
        ("a/tests/free.rs", ""),
        (MAP, &map),
    ]);
    let expected = [
        "docs/ARCHITECTURE.md says nothing about a/src",
        "a/src/lib has no row in docs/ARCHITECTURE.md",
        "b/src has a row in docs/ARCHITECTURE.md and is not there",
        "docs/ARCHITECTURE.md names gone.rs, which is not there",
        "docs/ARCHITECTURE.md has 3524 words, at most 3500",
    ];
    assert_eq!(unlike_the_tree(&tree), expected);
}
