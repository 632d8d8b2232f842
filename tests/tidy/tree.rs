// SPDX-License-Identifier: AGPL-3.0-or-later
//! The source tree as values: files and crates.
//!
//! Rule: paths are relative to the root and use `/`, so that a planted tree looks like the real
//! one.

use std::path::Path;

use toml::{Table, Value};

/// One file.
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Every file that a rule looks at.
pub struct Tree {
    /// In the order of their paths.
    pub files: Vec<File>,
}

/// A package as its manifest says.
pub struct Crate {
    /// The package's name.
    pub name: String,
    /// Its folder with a final `/`; empty for the root package.
    pub folder: String,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// Its manifest.
    pub manifest: Table,
}

/// One line of a manifest's dependency tables.
pub struct Dependency {
    /// The real name of the package, whatever it is called here.
    pub package: String,
    /// Which table it stands in: `dependencies`, `dev-dependencies`, `build-dependencies`.
    pub table: &'static str,
    /// It is taken from the workspace.
    pub inherited: bool,
}

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

impl File {
    /// A planted file.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

impl Tree {
    /// This project.
    pub fn here() -> Self {
        Self::read(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// The sources, manifests and documents under `root`, without what builds and git leave there.
    pub fn read(root: &Path) -> Self {
        let visible = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !(name.starts_with('.') || name == "target")
        };
        let entries = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
        let mut files = Vec::new();
        for entry in entries.filter_entry(visible) {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy();
            let looked_at = name.ends_with(".rs") || name.ends_with(".md") || name == "Cargo.lock";
            if entry.file_type().is_file() && (looked_at || name == "Cargo.toml") {
                let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap();
                let text = std::fs::read_to_string(entry.path()).unwrap();
                files.push(File { path: path.replace('\\', "/"), text });
            }
        }
        Self { files }
    }

    /// A planted tree.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(path, text)).collect() }
    }

    /// The Rust sources.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The text of one file; empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
    }

    /// The root manifest.
    pub fn root(&self) -> Table {
        self.text("Cargo.toml").parse().unwrap()
    }

    /// Every package in the tree.
    pub fn crates(&self) -> Vec<Crate> {
        let shared = section(&self.root(), &["workspace", "dependencies"]);
        let manifests = self
            .files
            .iter()
            .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"));
        let mut crates = Vec::new();
        for file in manifests {
            let manifest: Table = file.text.parse().unwrap();
            let Some(name) = manifest.get("package").and_then(|it| it.get("name")) else {
                continue;
            };
            crates.push(Crate {
                name: name.as_str().unwrap().to_owned(),
                folder: file.path.strip_suffix("Cargo.toml").unwrap().to_owned(),
                dependencies: dependencies(&manifest, &shared),
                manifest,
            });
        }
        crates
    }
}

/// The table at `path`; empty where there is none.
pub fn section(table: &Table, path: &[&str]) -> Table {
    let mut here = table.clone();
    for name in path {
        here = here.get(*name).and_then(Value::as_table).cloned().unwrap_or_default();
    }
    here
}

fn dependencies(manifest: &Table, shared: &Table) -> Vec<Dependency> {
    let mut homes = vec![manifest.clone()];
    homes.extend(section(manifest, &["target"]).values().filter_map(Value::as_table).cloned());
    let mut found = Vec::new();
    for home in homes {
        for table in TABLES {
            for (name, value) in section(&home, &[table]) {
                let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
                let source = if inherited { shared.get(&name) } else { Some(&value) };
                let renamed = source.and_then(|it| it.get("package")).and_then(Value::as_str);
                let package = renamed.unwrap_or(&name).to_owned();
                found.push(Dependency { package, table, inherited });
            }
        }
    }
    found
}

#[test]
fn the_whole_project_is_looked_at() {
    let tree = Tree::here();
    let mut names: Vec<String> = tree.crates().into_iter().map(|it| it.name).collect();
    names.sort();
    let all = "bot-core bridge-config bridge-discord bridge-matrix bridge-model bridge-policy bridge-telegram freeside freeside-fuzz \
        pages sandbox store-postgres unify-core unify-emoji unify-hash unify-http unify-sql unify-tests unify-url";
    assert_eq!(names, all.split(' ').collect::<Vec<_>>());
    for path in ["src/main.rs", "bot-core/src/store/sled.rs", "tests/sandbox/tests/synapse.rs"] {
        assert!(!tree.text(path).is_empty(), "{path} was not read");
    }
}

#[test]
fn a_tree_is_read_without_what_builds_leave_there() {
    let root = tempfile::tempdir().unwrap();
    for path in ["a/src", "target/debug", ".git"] {
        std::fs::create_dir_all(root.path().join(path)).unwrap();
    }
    for path in ["a/src/lib.rs", "a/src/data.bin", "target/debug/out.rs", ".git/hook.rs"] {
        std::fs::write(root.path().join(path), "text").unwrap();
    }
    let tree = Tree::read(root.path());
    let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a/src/lib.rs"]);
}

#[test]
fn a_renamed_dependency_keeps_its_name() {
    let tree = Tree::of(&[
        (
            "Cargo.toml",
            "[workspace.dependencies]\nbird = { package = \"teloxide\", version = \"1\" }",
        ),
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n[target.'cfg(unix)'.dependencies]\nbird.workspace = true",
        ),
    ]);
    let crates = tree.crates();
    assert_eq!(crates[0].dependencies[0].package, "teloxide");
}
