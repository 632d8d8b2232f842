// SPDX-License-Identifier: AGPL-3.0-or-later
//! Manifests: one list of dependencies with reasons, one set of lints, no OpenSSL.
//!
//! Rule: a member says only which dependency it has; version, features and reason stand in the
//! root.

use toml::{Table, Value};

use crate::tree::{Crate, Tree, section};

/// What may not be in the build, at any depth. `openssl-probe` only finds certificate files.
const BANNED: [&str; 6] =
    ["openssl", "openssl-sys", "openssl-src", "native-tls", "tokio-native-tls", "hyper-tls"];

fn unlike_the_workspace(root: &Table, crates: &[Crate]) -> Vec<String> {
    let workspace = section(root, &["workspace"]);
    let listed = |key: &str, folder: &str| {
        let paths = workspace.get(key).and_then(Value::as_array);
        paths.is_some_and(|paths| paths.iter().any(|path| path.as_str() == Some(folder)))
    };
    let mut complaints = Vec::new();
    for this in crates {
        let name = &this.name;
        let folder = if this.folder.is_empty() { "." } else { this.folder.trim_end_matches('/') };
        if listed("exclude", folder) {
            continue;
        }
        if !listed("members", folder) {
            complaints.push(format!("{name} is not a member of the workspace"));
        }
        let lints = section(&this.manifest, &["lints"]);
        if lints.get("workspace").and_then(Value::as_bool) != Some(true) || lints.len() != 1 {
            complaints.push(format!("{name} does not have the lints of the workspace"));
        }
        for dependency in this.dependencies.iter().filter(|it| !it.inherited) {
            let package = &dependency.package;
            complaints.push(format!("{name} does not take {package} from the workspace"));
        }
    }
    complaints
}

/// Our own crates need no reason.
fn without_reason(root: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut is_inside = false;
    for line in root.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line == "[workspace.dependencies]";
            if line.starts_with("[workspace.dependencies.") {
                complaints.push(format!("{line} does not stand in one line"));
            }
        }
        let is_entry = is_inside && !line.is_empty() && !line.starts_with(['#', '[']);
        if !is_entry || line.contains("{ path = ") {
            continue;
        }
        let bare: String = line.split('"').step_by(2).collect();
        let reason = bare.split_once('#').map_or("", |(_, reason)| reason.trim());
        if reason.len() < 10 {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            complaints.push(format!("{name} has no reason"));
        }
    }
    complaints
}

fn banned(lock: &str) -> Vec<String> {
    let lock: Table = lock.parse().unwrap();
    let packages = lock.get("package").and_then(Value::as_array).unwrap();
    let names = packages.iter().filter_map(|package| package.get("name")?.as_str());
    names.filter(|name| BANNED.contains(name)).map(str::to_owned).collect()
}

#[test]
fn members_take_lints_and_dependencies_from_the_workspace() {
    let tree = Tree::here();
    assert_eq!(unlike_the_workspace(&tree.root(), &tree.crates()), Vec::<String>::new());
}

#[test]
fn a_member_with_its_own_lints_or_versions_is_refused() {
    let tree = Tree::of(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\nexclude = [\"fuzz\"]"),
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n[lints]\nworkspace = true\n[dependencies]\nurl = \"2\"",
        ),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n[lints.rust]\nmissing_docs = \"allow\""),
        ("c/Cargo.toml", "[package]\nname = \"c\"\n[lints]\nworkspace = true"),
        ("fuzz/Cargo.toml", "[package]\nname = \"fuzz\""),
    ]);
    let expected = [
        "a does not take url from the workspace",
        "b does not have the lints of the workspace",
        "c is not a member of the workspace",
    ];
    assert_eq!(unlike_the_workspace(&tree.root(), &tree.crates()), expected);
}

#[test]
fn every_dependency_has_a_reason() {
    assert_eq!(without_reason(Tree::here().text("Cargo.toml")), Vec::<String>::new());
}

#[test]
fn a_dependency_without_a_reason_is_refused() {
    let root = "[workspace.dependencies]\nown = { path = \"own\" }\nurl = \"2\"\n\
                a = { git = \"https://a.example/#long-enough-fragment\" }\n\
                b = \"1\" # addresses in the configuration\n[workspace.dependencies.c]\nversion = \"1\"\n\
                [dependencies]\nd = \"1\"";
    let expected = [
        "url has no reason",
        "a has no reason",
        "[workspace.dependencies.c] does not stand in one line",
    ];
    assert_eq!(without_reason(root), expected);
}

#[test]
fn there_is_no_openssl_in_the_build() {
    assert_eq!(banned(Tree::here().text("Cargo.lock")), Vec::<String>::new());
}

#[test]
fn openssl_in_the_build_is_refused() {
    let lock = "[[package]]\nname = \"openssl-probe\"\n[[package]]\nname = \"native-tls\"\n\
                [[package]]\nname = \"openssl-sys\"";
    assert_eq!(banned(lock), ["native-tls", "openssl-sys"]);
}
