// SPDX-License-Identifier: AGPL-3.0-or-later
//! Modules of one crate do not import each other in a circle, and those of bot-core only downwards.
//!
//! Rule: a module is a file or folder directly under `src` with everything below it. Inside
//! `store`, where each file is a verb of the domain, and inside `desk`, where each file is a
//! feature, a module is a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::names_of_production;
use crate::tree::{File, Tree};

/// Who imports whom: from, to, and the place where it stands.
type Imports = BTreeMap<(String, String), String>;

/// The layers of bot-core, lowest first. A module imports from its own layer and from lower ones.
const LAYERS: [&[&str]; 5] = [
    // Values, and what is said about them.
    &[
        "address",
        "backoff",
        "budgets",
        "clock",
        "ghost",
        "homeserver",
        "i18n",
        "lane",
        "lateness",
        "measure",
        "media_link",
        "migration",
        "moving",
        "policing",
        "network",
        "order",
        "page_links",
        "portal",
        "pseudonym",
        "refusal",
        "self_test",
        "trouble",
        "wording",
    ],
    &["media", "report", "store"],
    &["courier", "desk", "relay"],
    &["core", "dashboard"],
    &["lib"],
];

/// The sources of one crate that are built into it, by their module path.
struct Sources<'a> {
    files: BTreeMap<Vec<String>, &'a File>,
    /// What `lib.rs` hands on under its short name.
    handed_on: BTreeMap<String, Vec<String>>,
}

impl<'a> Sources<'a> {
    fn of(tree: &'a Tree, folder: &str) -> Self {
        let home = format!("{folder}src/");
        let mut files = BTreeMap::new();
        for file in tree.rust() {
            let Some(path) = file.path.strip_prefix(&home) else { continue };
            let path = path.trim_end_matches(".rs");
            let module: Vec<String> = match path {
                "lib" | "main" => vec![path.to_owned()],
                _ => path.split('/').map(str::to_owned).collect(),
            };
            if !module.iter().any(|part| part == "tests") {
                files.insert(module, file);
            }
        }
        let mut handed_on = BTreeMap::new();
        if let Some(lib) = files.get(&["lib".to_owned()][..]) {
            for name in names_of_production(&lib.text) {
                if let [first, .., last] = name.segments.as_slice()
                    && files.contains_key(&[first.clone()][..])
                {
                    handed_on.insert(last.clone(), vec![first.clone()]);
                }
            }
        }
        Self { files, handed_on }
    }

    /// The module in which a path of `module` ends.
    fn target(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let is_root = matches!(module, [only] if only == "lib" || only == "main");
        let mut place = if is_root { Vec::new() } else { module.to_vec() };
        let mut rest = segments;
        match segments.first()?.as_str() {
            "crate" => {
                place.clear();
                rest = segments.get(1..)?;
                if let Some(handed_on) = rest.first().and_then(|first| self.handed_on.get(first)) {
                    return Some(handed_on.clone());
                }
            }
            "self" => rest = segments.get(1..)?,
            "super" => {
                while rest.first().is_some_and(|it| it == "super") {
                    place.pop()?;
                    rest = rest.get(1..)?;
                }
            }
            child => {
                let mut below = place.clone();
                below.push(child.to_owned());
                if segments.len() < 2 || !self.files.contains_key(&below) {
                    return None;
                }
            }
        }
        for segment in rest {
            place.push(segment.clone());
            if !self.files.contains_key(&place) {
                place.pop();
                break;
            }
        }
        (!place.is_empty()).then_some(place)
    }

    fn imports(&self, unit: impl Fn(&[String]) -> Option<String>) -> Imports {
        let mut imports = Imports::new();
        for (module, file) in &self.files {
            let Some(from) = unit(module) else { continue };
            for name in names_of_production(&file.text) {
                if matches!(name.segments.as_slice(), [only] if only == "super") {
                    // The visibility `pub(super)` imports nothing.
                    continue;
                }
                let target = self.target(module, &name.segments);
                let Some(to) = target.and_then(|it| unit(&it)) else { continue };
                if from != to {
                    let place = format!("{}:{}", file.path, name.line);
                    imports.entry((from.clone(), to)).or_insert(place);
                }
            }
        }
        imports
    }
}

/// The sets of modules that reach each other.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached_from = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(here) = open.pop() {
            for (_, to) in imports.keys().filter(|(from, _)| from == here) {
                if reached.insert(to.clone()) {
                    open.push(to);
                }
            }
        }
        reached
    };
    let reach: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|(from, _)| (from, reached_from(from))).collect();
    let mut found = BTreeSet::new();
    for (from, reached) in reach.iter().filter(|(from, reached)| reached.contains(**from)) {
        let back = |to: &&String| reach.get(*to).is_some_and(|it| it.contains(*from));
        found.insert(reached.iter().filter(back).cloned().collect());
    }
    found.into_iter().collect()
}

/// Circles of more than `most` modules, with the imports that tie them.
fn complaints(crate_name: &str, imports: &Imports, most: usize) -> Vec<String> {
    let mut complaints = Vec::new();
    for circle in circles(imports).into_iter().filter(|it| it.len() > most) {
        let names: Vec<&str> = circle.iter().map(String::as_str).collect();
        let ties =
            imports.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        let ties: Vec<String> = ties.map(|((_, to), place)| format!("{place} -> {to}")).collect();
        complaints.push(format!("{crate_name}: {} ({})", names.join(", "), ties.join("; ")));
    }
    complaints
}

fn top(module: &[String]) -> Option<String> {
    module.first().cloned()
}

/// The files of `store`; whatever lies deeper belongs to them.
fn in_store(module: &[String]) -> Option<String> {
    match module {
        [store, file, ..] if store == "store" => Some(file.clone()),
        _ => None,
    }
}

/// The desk and the files of its features; whatever lies deeper belongs to them.
fn in_desk(module: &[String]) -> Option<String> {
    match module {
        [desk] if desk == "desk" => Some(desk.clone()),
        [desk, file, ..] if desk == "desk" => Some(file.clone()),
        _ => None,
    }
}

/// Imports of bot-core that point upwards.
fn upwards(imports: &Imports) -> Vec<String> {
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut complaints = Vec::new();
    for ((from, to), place) in imports {
        match (layer(from), layer(to)) {
            (Some(lower), Some(upper)) if lower < upper => {
                complaints.push(format!("{place}: {from} must not import {to}"));
            }
            (Some(_), Some(_)) => {}
            (None, _) => complaints.push(format!("{place}: {from} has no layer")),
            (_, None) => complaints.push(format!("{place}: {to} has no layer")),
        }
    }
    complaints
}

#[test]
fn modules_do_not_import_each_other_in_a_circle() {
    let tree = Tree::here();
    let mut found = Vec::new();
    for this in tree.crates().iter().filter(|it| !it.folder.starts_with("fuzz")) {
        let imports = Sources::of(&tree, &this.folder).imports(top);
        found.extend(complaints(&this.name, &imports, 1));
    }
    let store = Sources::of(&tree, "bot-core/").imports(in_store);
    found.extend(complaints("bot-core, store", &store, 2));
    let desk = Sources::of(&tree, "bot-core/").imports(in_desk);
    found.extend(complaints("bot-core, desk", &desk, 1));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_circle_is_found() {
    let tree = Tree::of(&[
        ("a/src/lib.rs", "pub mod one;\npub mod two;\npub mod three;\npub use two::Two;"),
        ("a/src/one.rs", "use crate::Two;\n#[cfg(test)]\nmod tests { use crate::four::X; }"),
        ("a/src/two.rs", "mod inner;\nuse inner::Inner;"),
        ("a/src/two/inner.rs", "fn f() { super::super::three::g(); }"),
        ("a/src/three.rs", "use crate::{one::{self, One}, two};"),
        ("a/src/four.rs", "use crate::one::One;"),
    ]);
    let imports = Sources::of(&tree, "a/").imports(top);
    let expected = "a: one, three, two (a/src/one.rs:1 -> two; a/src/three.rs:1 -> one; \
                    a/src/three.rs:1 -> two; a/src/two/inner.rs:1 -> three)";
    assert_eq!(complaints("a", &imports, 1), [expected]);
    assert_eq!(complaints("a", &imports, 3), Vec::<String>::new());
}

#[test]
fn a_feature_that_asks_the_desk_is_found() {
    let tree = Tree::of(&[
        ("bot-core/src/desk.rs", "mod link;\nmod code;\nuse self::link::Linking;"),
        ("bot-core/src/desk/link.rs", "use super::Desk;\npub(super) fn f() { super::code::g(); }"),
        ("bot-core/src/desk/code.rs", "pub(super) fn g() { crate::lane::h(); }"),
        ("bot-core/src/lane.rs", ""),
    ]);
    let imports = Sources::of(&tree, "bot-core/").imports(in_desk);
    let expected = "bot-core, desk: desk, link (bot-core/src/desk.rs:3 -> link; \
                    bot-core/src/desk/link.rs:1 -> desk)";
    assert_eq!(complaints("bot-core, desk", &imports, 1), [expected]);
}

#[test]
fn modules_of_the_core_import_only_downwards() {
    let imports = Sources::of(&Tree::here(), "bot-core/").imports(top);
    assert_eq!(upwards(&imports), Vec::<String>::new());
}

#[test]
fn an_import_upwards_is_refused() {
    let tree = Tree::of(&[
        ("bot-core/src/lane.rs", "use crate::store::keys;"),
        ("bot-core/src/store.rs", "mod keys;"),
        ("bot-core/src/store/keys.rs", "use crate::relay::Relay;\nuse crate::lane::Entry;"),
        ("bot-core/src/relay.rs", "use crate::stray::Stray;"),
        ("bot-core/src/stray.rs", ""),
    ]);
    let imports = Sources::of(&tree, "bot-core/").imports(top);
    let expected = [
        "bot-core/src/lane.rs:1: lane must not import store",
        "bot-core/src/relay.rs:1: stray has no layer",
        "bot-core/src/store/keys.rs:1: store must not import relay",
    ];
    assert_eq!(upwards(&imports), expected);
}
