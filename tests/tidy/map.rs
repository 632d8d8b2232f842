// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/ARCHITECTURE.md` names every module of the production crates, and no other.
//!
//! Rule: a module is a row `| `path` | what it is for |` in the table under the heading that
//! names its crate's source folder, such as `bot-core/src`.

use std::collections::BTreeMap;

use crate::tree::Tree;

const MAP: &str = "docs/ARCHITECTURE.md";

/// The file of each row, with what the row says about it.
fn rows(map: &str) -> BTreeMap<String, String> {
    let mut folder: Option<&str> = None;
    let mut rows = BTreeMap::new();
    for line in map.lines() {
        if line.starts_with('#') {
            let quoted = line.split('`').nth(1);
            folder = quoted.filter(|it| *it == "src" || it.ends_with("/src"));
        }
        let (Some(folder), Some(row)) = (folder, line.strip_prefix("| `")) else { continue };
        let mut cells = row.split(" | ");
        let name = cells.next().unwrap_or_default().trim_end().trim_end_matches('`');
        let says = cells.next().unwrap_or_default().trim_end_matches('|').trim();
        rows.insert(format!("{folder}/{name}"), says.to_owned());
    }
    rows
}

fn unlike_the_map(tree: &Tree) -> Vec<String> {
    let rows = rows(tree.text(MAP));
    let homes: Vec<String> =
        tree.crates().into_iter().map(|it| format!("{}src/", it.folder)).collect();
    let is_production = |path: &str| {
        !path.starts_with("tests/")
            && !path.starts_with("unify/")
            && homes.iter().any(|home| path.starts_with(home))
    };
    let mut complaints = Vec::new();
    for file in tree.rust().filter(|file| is_production(&file.path)) {
        match rows.get(&file.path) {
            None => complaints.push(format!("{} has no row in {MAP}", file.path)),
            Some(says) if says.len() < 10 => {
                complaints.push(format!("{MAP} says nothing about {}", file.path));
            }
            Some(_) => {}
        }
    }
    for path in rows.keys().filter(|path| !tree.rust().any(|file| file.path == **path)) {
        complaints.push(format!("{path} has a row in {MAP} and is not there"));
    }
    complaints
}

#[test]
fn every_module_is_on_the_map() {
    assert_eq!(unlike_the_map(&Tree::here()), Vec::<String>::new());
}

#[test]
fn a_module_that_is_not_on_the_map_is_refused() {
    let tree = Tree::of(&[
        ("Cargo.toml", "[package]\nname = \"root\""),
        ("a/Cargo.toml", "[package]\nname = \"a\""),
        ("src/main.rs", ""),
        ("a/src/lib.rs", ""),
        ("a/src/lib/one.rs", ""),
        ("a/src/two.rs", ""),
        ("a/tests/free.rs", ""),
        (
            MAP,
            "### The binary: `src`\n| `main.rs` | It is the binary. |\n### `a/src`\n\
             | `lib.rs` | It is the library. |\n| `two.rs` | |\n| `gone.rs` | It was here once. |\n\
             ### Elsewhere\n| `lib/one.rs` | Not under a folder. |",
        ),
    ]);
    let expected = [
        "a/src/lib/one.rs has no row in docs/ARCHITECTURE.md",
        "docs/ARCHITECTURE.md says nothing about a/src/two.rs",
        "a/src/gone.rs has a row in docs/ARCHITECTURE.md and is not there",
    ];
    assert_eq!(unlike_the_map(&tree), expected);
}
