// SPDX-License-Identifier: AGPL-3.0-or-later
//! `SECURITY.md` names only tests that exist, each behind the file in which it stands.
//!
//! Rule: a row of its tables names a test, or says that there is none.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tokens::stream;
use crate::tree::Tree;

const PAGE: &str = "SECURITY.md";
/// How the head of each table begins.
const HEAD: &str = "| could gain |";
/// What a row without a test says.
const NO_TEST: &str = "no test";
/// The macro that makes a test of each name that it is given (`bot-core/tests/spine/store`).
const MAKES_TESTS: &str = "on_every_engine";

/// The names that stand in a stream, without those in its groups.
fn words(tokens: TokenStream) -> impl Iterator<Item = String> {
    tokens.into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// The tests of a file: functions under `#[test]` or `#[tokio::test]` that are not ignored, and what
/// [`MAKES_TESTS`] is given.
fn tests(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut marks: BTreeSet<String> = BTreeSet::new();
    let (mut last, mut last_but_one) = (String::new(), String::new());
    for token in tokens {
        let text = match token {
            TokenTree::Group(group) => {
                if last == "#" {
                    marks.extend(words(group.stream()));
                } else if last == "!" && last_but_one == MAKES_TESTS {
                    found.extend(words(group.stream()));
                } else {
                    found.extend(tests(group.stream()));
                }
                if group.delimiter() == Delimiter::Brace {
                    marks.clear();
                }
                String::new()
            }
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                if last == "fn" && marks.contains("test") && !marks.contains("ignore") {
                    found.insert(name.clone());
                }
                name
            }
            TokenTree::Punct(punct) => {
                if punct.as_char() == ';' {
                    marks.clear();
                }
                punct.as_char().to_string()
            }
            TokenTree::Literal(_) => String::new(),
        };
        last_but_one = std::mem::replace(&mut last, text);
    }
    found
}

/// Whether a quoted word is the name of a test; keys of the configuration have full stops.
fn is_name(word: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    word.contains('_') && word.chars().all(|letter| letter == '_' || is_letter(letter))
}

fn untrue(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut rows = 0;
    for (before, line) in tree.text(PAGE).lines().enumerate() {
        let here = format!("{PAGE}:{}", before + 1);
        let is_row = line.starts_with("| ") && !line.starts_with(HEAD);
        let mut file: Option<(&str, BTreeSet<String>)> = None;
        let mut names_one = false;
        for word in line.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                let text = tree.text(word);
                if text.is_empty() {
                    complaints.push(format!("{here}: {word} is not there"));
                }
                file = Some((word, tests(stream(text))));
                continue;
            }
            if !is_name(word) {
                continue;
            }
            names_one = true;
            match &file {
                Some((_, tests)) if tests.contains(word) => {}
                Some((path, _)) => complaints.push(format!("{here}: {path} has no test {word}")),
                None if is_row => complaints.push(format!("{here}: {word} stands behind no file")),
                None => {}
            }
        }
        rows += usize::from(is_row);
        if is_row && !names_one && !line.contains(NO_TEST) {
            complaints.push(format!("{here}: the row neither names a test nor says {NO_TEST}"));
        }
    }
    if rows == 0 {
        complaints.push(format!("{PAGE} has no rows"));
    }
    complaints
}

#[test]
fn every_test_that_the_page_names_is_there() {
    assert_eq!(untrue(&Tree::here()), Vec::<String>::new());
}

#[test]
fn a_test_that_is_gone_or_never_runs_is_refused() {
    let page = "| could gain | what stops it | test |\n|---|---|---|\n\
                | a | `b.c_d` | `a.rs`: `is_here`, `also_here`; `b.rs`: `is_made`, `a_law` |\n\
                | a | b | `a.rs`: `is_told`, `is_ignored`, `is_called`; `gone.rs`: `is_gone` |\n\
                | a | b | `is_homeless` |\n| a | b | no test |\n| a | b | |\n\
                `world_readable`, and `b.rs`: `is_here`";
    let first = "// fn is_told() {}\n#[test]\nfn is_here() {}\n\
                 mod a { #[tokio::test(flavor = \"x\")] async fn also_here() {} }\n\
                 #[test]\n#[ignore = \"slow\"]\nfn is_ignored() {}\n\
                 #[cfg(test)]\nuse b::c;\nfn is_called() {}";
    let second = "on_every_engine!(is_made,);\nasync fn is_made(world: World) {}\n\
                  proptest! { #[test] fn a_law(a in b()) {} }\nfn is_here() {}";
    let tree = Tree::of(&[(PAGE, page), ("a.rs", first), ("b.rs", second)]);
    let expected = [
        "SECURITY.md:4: a.rs has no test is_told",
        "SECURITY.md:4: a.rs has no test is_ignored",
        "SECURITY.md:4: a.rs has no test is_called",
        "SECURITY.md:4: gone.rs is not there",
        "SECURITY.md:4: gone.rs has no test is_gone",
        "SECURITY.md:5: is_homeless stands behind no file",
        "SECURITY.md:7: the row neither names a test nor says no test",
        "SECURITY.md:8: b.rs has no test is_here",
    ];
    assert_eq!(untrue(&tree), expected);
    assert_eq!(untrue(&Tree::of(&[])), ["SECURITY.md has no rows"]);
}
