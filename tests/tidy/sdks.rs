// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each platform's SDK is named in one place, by manifest and by source.
//!
//! Rule: a new SDK gets a row here and its crates a line in `deny.toml`.

use crate::tokens::names;
use crate::tree::{Crate, File, Tree};

/// An SDK and where it may be named.
struct Sdk {
    /// How the names of its packages begin.
    package: &'static str,
    /// The only crate that depends on it.
    home: &'static str,
    /// The crate that has it for its tests.
    tests: Option<&'static str>,
    /// The crate of stand-ins that speaks with it.
    stand_in: Option<&'static str>,
    /// How the paths of the sources begin that name it.
    sources: &'static [&'static str],
}

const MATRIX: &[&str] = &[
    "bridge-matrix/src/",
    // A person whose client speaks encrypted.
    "tests/sandbox/src/synapse/cipher.rs",
];

const SDKS: [Sdk; 4] = [
    Sdk {
        package: "teloxide",
        home: "bridge-telegram",
        tests: None,
        stand_in: None,
        sources: &["bridge-telegram/"],
    },
    Sdk {
        package: "serenity",
        home: "bridge-discord",
        tests: Some("sandbox"),
        stand_in: None,
        sources: &["bridge-discord/", "tests/sandbox/tests/"],
    },
    Sdk {
        package: "ruma",
        home: "bridge-matrix",
        tests: None,
        stand_in: Some("sandbox"),
        sources: MATRIX,
    },
    Sdk {
        package: "matrix-sdk",
        home: "bridge-matrix",
        tests: None,
        stand_in: Some("sandbox"),
        sources: MATRIX,
    },
];

/// `ruma`, `ruma-events`, `ruma_events`, but not `rumadan`.
fn belongs(name: &str, package: &str) -> bool {
    let rest = name.strip_prefix(package);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn strays_in_manifests(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for this in crates {
        for dependency in &this.dependencies {
            let name = &dependency.package;
            for sdk in SDKS.iter().filter(|sdk| belongs(name, sdk.package)) {
                let for_tests =
                    dependency.table == "dev-dependencies" && sdk.tests == Some(&*this.name);
                let stands_in = sdk.stand_in == Some(&*this.name);
                if this.name != sdk.home && !for_tests && !stands_in {
                    complaints.push(format!("{} must not depend on {name}", this.name));
                }
            }
        }
    }
    complaints
}

fn strays_in_source(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in names(&file.text) {
        let Some(first) = name.segments.first() else { continue };
        for sdk in &SDKS {
            let is_home = sdk.sources.iter().any(|home| file.path.starts_with(home));
            if !is_home && belongs(first, &sdk.package.replace('-', "_")) {
                let text = name.text();
                complaints.push(format!("{}:{}: {text} is not for here", file.path, name.line));
            }
        }
    }
    complaints
}

#[test]
fn only_one_crate_depends_on_an_sdk() {
    let crates = Tree::here().crates();
    assert_eq!(strays_in_manifests(&crates), Vec::<String>::new());
    for sdk in &SDKS {
        let home = crates.iter().find(|it| it.name == sdk.home).unwrap();
        let is_used = home.dependencies.iter().any(|it| belongs(&it.package, sdk.package));
        assert!(is_used, "{} no longer has {}: mend the table", sdk.home, sdk.package);
    }
}

#[test]
fn only_one_place_names_an_sdk() {
    let found: Vec<String> = Tree::here().rust().flat_map(strays_in_source).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_sdk_in_another_manifest_is_refused() {
    let tree = Tree::of(&[
        (
            "Cargo.toml",
            "[workspace.dependencies]\nt = { package = \"teloxide-core\", version = \"1\" }",
        ),
        (
            "a/Cargo.toml",
            "[package]\nname = \"bot-core\"\n[dependencies]\nt.workspace = true\nruma.workspace = true",
        ),
        (
            "b/Cargo.toml",
            "[package]\nname = \"sandbox\"\n[dependencies]\nserenity.workspace = true",
        ),
        (
            "c/Cargo.toml",
            "[package]\nname = \"sandbox\"\n[dev-dependencies]\nserenity.workspace = true",
        ),
    ]);
    let expected = [
        "bot-core must not depend on ruma",
        "bot-core must not depend on teloxide-core",
        "sandbox must not depend on serenity",
    ];
    assert_eq!(strays_in_manifests(&tree.crates()), expected);
}

#[test]
fn an_sdk_in_another_source_is_refused() {
    let planted = File::new(
        "bot-core/src/core.rs",
        "use {\n    ::ruma_common::api, crate::matrix\n};\nfn f() { m!(matrix_sdk::Client) }",
    );
    let expected = [
        "bot-core/src/core.rs:2: ruma_common::api is not for here",
        "bot-core/src/core.rs:4: matrix_sdk::Client is not for here",
    ];
    assert_eq!(strays_in_source(&planted), expected);
    let at_home = File::new("bridge-matrix/src/client.rs", "use ruma::api;");
    assert_eq!(strays_in_source(&at_home), Vec::<String>::new());
}
