// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/GLOSSARY.md` names only types that exist; no name of a public type stands for two things.
//!
//! Rule: a name that is right in two places is a row in [`TWICE`] with its reason.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use crate::tokens::{production, stream};
use crate::tree::{File, Tree};

const GLOSSARY: &str = "docs/GLOSSARY.md";

/// Names of public types that are defined more than once, each with the reason.
const TWICE: [(&str, &str); 22] = [
    (
        "Answer",
        "what a command leaves below a message; the message that an answer on Telegram is to",
    ),
    ("Appservice", "the routes of the application service; their section of the configuration"),
    ("Entry", "of a lane; of the list of commands"),
    ("Fate", "each network lists what becomes of its platform's fields"),
    ("Format", "of a picture; of a report"),
    ("Command", "what somebody typed; a command that the bot knows"),
    ("Key", "of a text in `i18n/`; of a record in the store"),
    ("Look", "open: what a Discord channel looks like; a look at held events"),
    ("Looked", "what a report looks at; what a store is found to be"),
    ("MediaProxy", "what serves media to everybody; its section of the configuration"),
    ("Part", "of a message; of a service in the catalogue, whose files say part"),
    ("Parts", "open: of the Matrix side; of its listener"),
    ("Piece", "each network cuts messages after its own rules"),
    ("Reading", "of an update; of a requirement's figure"),
    ("Requirement", "as the catalogue states it; as a report shows it"),
    ("Service", "a service message; a service that communities link to"),
    ("Setting", "of a portal; of a chat on Telegram"),
    ("Settings", "each crate has its own"),
    ("Side", "of a community; of a line of `freeside convert`"),
    ("Store", "the trait; its section of the configuration"),
    ("Tally", "of a vote; of converted lines"),
    ("Thread", "of a message; what Discord's gateway says of one"),
];

fn is_type(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric())
        && word.chars().any(|letter| letter.is_ascii_lowercase())
}

/// The types that a file defines, `pub` without a restriction or not.
fn types(tokens: TokenStream, only_public: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_public = false;
    let mut is_definition = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) => match ident.to_string().as_str() {
                "pub" => {
                    is_public = !matches!(tokens.peek(), Some(TokenTree::Group(_)));
                    continue;
                }
                "struct" | "enum" | "trait" | "type" => {
                    is_definition = true;
                    continue;
                }
                name if is_definition && (is_public || !only_public) => found.push(name.to_owned()),
                _ => {}
            },
            TokenTree::Group(group) => {
                found.extend(types(group.stream(), only_public));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        (is_public, is_definition) = (false, false);
    }
    found
}

fn production_files(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.rust().filter(|file| {
        let path = &file.path;
        let is_test = path.contains("tests/") || path.ends_with("/tests.rs");
        !is_test && (path.starts_with("src/") || path.contains("/src/"))
    })
}

fn unknown_types(tree: &Tree) -> Vec<String> {
    let known: BTreeSet<String> =
        production_files(tree).flat_map(|file| types(stream(&file.text), false)).collect();
    let quoted = tree.text(GLOSSARY).split('`').skip(1).step_by(2);
    let types = quoted.filter(|word| is_type(word) && !known.contains(*word));
    types.map(|word| format!("{GLOSSARY} names {word}, which is no type")).collect()
}

fn defined_twice(tree: &Tree, allowed: &[(&str, &str)]) -> Vec<String> {
    let mut places: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for file in production_files(tree) {
        for name in types(production(&file.text), true) {
            places.entry(name).or_default().insert(&file.path);
        }
    }
    let is_allowed = |name: &str| allowed.iter().any(|(known, _)| *known == name);
    let twice = places.iter().filter(|(name, places)| places.len() > 1 && !is_allowed(name));
    let list = |places: &BTreeSet<&str>| places.iter().copied().collect::<Vec<_>>().join(", ");
    twice.map(|(name, places)| format!("{name}: {}", list(places))).collect()
}

#[test]
fn the_glossary_names_types_that_exist() {
    assert_eq!(unknown_types(&Tree::here()), Vec::<String>::new());
}

#[test]
fn a_type_that_is_gone_is_refused() {
    let tree = Tree::of(&[
        (GLOSSARY, "`Lane`, `Gone`, `find_sent`, `429`, `mxc://` and `AGPL`"),
        ("a/src/lane.rs", "/// `Gone`\npub(crate) struct Lane;"),
    ]);
    assert_eq!(unknown_types(&tree), ["docs/GLOSSARY.md names Gone, which is no type"]);
}

#[test]
fn a_name_stands_for_one_public_type() {
    assert_eq!(defined_twice(&Tree::here(), &TWICE), Vec::<String>::new());
}

#[test]
fn a_name_of_two_types_is_refused() {
    let tree = Tree::of(&[
        ("a/src/one.rs", "pub struct Piece;\npub struct Error;\nstruct Inner;\npub enum Step {}"),
        (
            "b/src/two.rs",
            "pub enum Piece {}\npub type Error = u8;\nstruct Inner;\npub(super) struct Step;",
        ),
        ("c/src/three.rs", "#[cfg(test)]\nmod tests { pub struct Piece; }"),
    ]);
    let expected = ["Piece: a/src/one.rs, b/src/two.rs"];
    assert_eq!(defined_twice(&tree, &[("Error", "each crate has one")]), expected);
}
