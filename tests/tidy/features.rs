// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every selection of packages builds its dependencies with the features that the whole workspace
//! has, so that nothing is compiled twice in one profile.
//!
//! Rule: a feature that is missing in a selection goes into the line of its dependency in the root
//! manifest; a dependency that no source of ours names goes into one of the crates in `unify/`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::tree::Tree;

/// Each package of a registry with its sets of features. One that macros or build scripts need, too,
/// can be built with two; of what is linked each has one.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Which edges of the graph are followed: first what is linked, then macros and build scripts, too.
type Edges = [&'static str; 2];

const WITH_TESTS: Edges = ["normal,dev,no-proc-macro", "normal,build,dev"];
const WITHOUT_TESTS: Edges = ["normal,no-proc-macro", "normal,build"];

/// Reads what `cargo tree -f '{p}|{f}'` prints; our own packages, which have a path, are left out.
fn read(printed: &str) -> Features {
    let mut features = Features::new();
    for line in printed.lines() {
        let Some((package, set)) = line.split_once('|') else { continue };
        let name = package.replace(" (proc-macro)", "");
        if !name.contains("(/") {
            let set = set.trim_end_matches(" (*)");
            features.entry(name).or_default().insert(set.to_owned());
        }
    }
    features
}

/// What has to be built again for a selection: the packages whose features the workspace does not
/// have, each with what it has too few and too many.
fn built_again(selection: &str, some: &Features, all: &Features) -> Vec<String> {
    let mut complaints = Vec::new();
    for (package, sets) in some {
        let known = all.get(package).cloned().unwrap_or_default();
        for set in sets.difference(&known) {
            let here: BTreeSet<&str> = set.split(',').collect();
            let there: BTreeSet<&str> = known.iter().flat_map(|it| it.split(',')).collect();
            let missing: Vec<&str> = there.difference(&here).copied().collect();
            let more: Vec<&str> = here.difference(&there).copied().collect();
            let text = format!("{selection}: {package} lacks {missing:?}, adds {more:?}");
            complaints.push(text);
        }
    }
    complaints
}

fn features(packages: &[&str], edges: Edges) -> [Features; 2] {
    edges.map(|edges| listed(packages, edges))
}

fn listed(packages: &[&str], edges: &str) -> Features {
    let format = "{p}|{f}";
    let arguments =
        ["tree", "--offline", "--locked", "--prefix", "none", "-f", format, "-e", edges];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).args(packages);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn nothing_is_built_twice() {
    let all = features(&["--workspace"], WITH_TESTS);
    let mut complaints = Vec::new();
    let mut compare = |selection: &str, some: [Features; 2]| {
        for (some, all) in some.iter().zip(&all) {
            complaints.extend(built_again(selection, some, all));
        }
    };
    compare("cargo build --workspace", features(&["--workspace"], WITHOUT_TESTS));
    compare("cargo run", features(&["-p", "freeside"], WITHOUT_TESTS));
    let is_built = |folder: &str| folder != "fuzz/" && !folder.starts_with("unify/");
    for member in Tree::here().crates().iter().filter(|it| is_built(&it.folder)) {
        let some = features(&["-p", &member.name], WITH_TESTS);
        compare(&format!("cargo test -p {}", member.name), some);
    }
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn a_package_with_other_features_is_built_again() {
    let all =
        read("url v2.5.8|default,serde,std\nsyn v2.0.1 (proc-macro)|full\nsyn v2.0.1|full,visit");
    let some = read(
        "ours v0.1.0 (/here)|\nurl v2.5.8|default,std\nurl v2.5.8|default,std (*)\nsyn v2.0.1|visit",
    );
    let expected = [
        "cargo test -p a: syn v2.0.1 lacks [\"full\"], adds []",
        "cargo test -p a: url v2.5.8 lacks [\"serde\"], adds []",
    ];
    assert_eq!(built_again("cargo test -p a", &some, &all), expected);
    assert_eq!(built_again("cargo build", &all, &all), Vec::<String>::new());
}
