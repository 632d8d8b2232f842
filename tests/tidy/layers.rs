// SPDX-License-Identifier: AGPL-3.0-or-later
//! Crates depend only downwards; the bridges do not know each other.
//!
//! Rule: a crate that has no row here may not exist.

use crate::tree::{Crate, Tree};

const MODEL: &str = "bridge-model";
const CONFIG: &str = "bridge-config";
const POLICY: &str = "bridge-policy";
const CORE: &str = "bot-core";
const MATRIX: &str = "bridge-matrix";
const SANDBOX: &str = "sandbox";
/// An engine of the store; the tests of the core hold it to the contract of engines.
const POSTGRES: &str = "store-postgres";
/// Pages for browsers.
const PAGES: &str = "pages";
/// Crates without code: they hold the features of dependencies together.
const UNIFY: &str = "unify-";

/// Each crate with those that it may know. The stand-ins know nothing of what they test.
const LAYERS: [(&str, &[&str]); 12] = [
    (MODEL, &[]),
    (CONFIG, &[]),
    (POLICY, &[MODEL, CONFIG]),
    (CORE, &[MODEL, CONFIG, POLICY]),
    (MATRIX, &[MODEL, CONFIG, POLICY, CORE]),
    (POSTGRES, &[CORE]),
    (PAGES, &[MODEL, CONFIG, POLICY, CORE]),
    ("bridge-telegram", &[MODEL, CONFIG, CORE]),
    ("bridge-discord", &[MODEL, CONFIG, CORE]),
    (
        "freeside",
        &[
            MODEL,
            CONFIG,
            POLICY,
            CORE,
            MATRIX,
            POSTGRES,
            PAGES,
            "bridge-telegram",
            "bridge-discord",
        ],
    ),
    (SANDBOX, &[]),
    ("freeside-fuzz", &[MODEL, CORE, MATRIX, "bridge-telegram", "bridge-discord"]),
];

fn misplaced(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for this in crates {
        let name = &this.name;
        if name.starts_with(UNIFY) {
            let ours = this
                .dependencies
                .iter()
                .filter(|it| LAYERS.iter().any(|(known, _)| *known == it.package));
            complaints.extend(ours.map(|it| format!("{name} must not have {}", it.package)));
            continue;
        }
        let Some((_, below)) = LAYERS.iter().find(|(known, _)| known == name) else {
            complaints.push(format!("{name} has no place in the order of crates"));
            continue;
        };
        for dependency in &this.dependencies {
            let other = dependency.package.as_str();
            if other.starts_with(UNIFY) {
                continue;
            }
            let is_ours = LAYERS.iter().any(|(known, _)| *known == other);
            let known_to_tests =
                other == SANDBOX || other == name || (name == CORE && other == POSTGRES);
            let for_tests = dependency.table == "dev-dependencies" && known_to_tests;
            if is_ours && !for_tests && !below.contains(&other) {
                complaints.push(format!("{name} must not have {other} in {}", dependency.table));
            }
        }
    }
    complaints
}

#[test]
fn crates_depend_only_downwards() {
    assert_eq!(misplaced(&Tree::here().crates()), Vec::<String>::new());
}

#[test]
fn a_dependency_upwards_or_sideways_is_refused() {
    let tree = Tree::of(&[
        ("Cargo.toml", ""),
        (
            "a/Cargo.toml",
            "[package]\nname = \"bot-core\"\n[dependencies]\nbridge-telegram.workspace = true",
        ),
        (
            "b/Cargo.toml",
            "[package]\nname = \"bridge-discord\"\n[build-dependencies]\nx = { package = \"bridge-telegram\" }",
        ),
        (
            "c/Cargo.toml",
            "[package]\nname = \"freeside\"\n[dependencies]\nsandbox.workspace = true",
        ),
        (
            "d/Cargo.toml",
            "[package]\nname = \"bridge-telegram\"\n[dev-dependencies]\nsandbox.workspace = true\nbridge-discord.workspace = true",
        ),
        ("e/Cargo.toml", "[package]\nname = \"stray\""),
    ]);
    let expected = [
        "bot-core must not have bridge-telegram in dependencies",
        "bridge-discord must not have bridge-telegram in build-dependencies",
        "freeside must not have sandbox in dependencies",
        "bridge-telegram must not have bridge-discord in dev-dependencies",
        "stray has no place in the order of crates",
    ];
    assert_eq!(misplaced(&tree.crates()), expected);
}
