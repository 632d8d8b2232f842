// SPDX-License-Identifier: AGPL-3.0-or-later
//! The glossary of each language, and whether its texts keep to it.
//!
//! Rule: a word that a glossary avoids stands in no text of its language. `*` at an end of an entry
//! stands for the rest of a word; an entry with a capital letter is found with capitals only.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::FILES;
use super::parse::{Node, parse};

/// One term, or the form of address.
#[derive(Default)]
struct Term {
    about: Option<String>,
    uses: Vec<String>,
    avoids: Vec<String>,
    /// Phrases in which the words to avoid are right.
    allows: Vec<String>,
}

impl Term {
    fn of(value: &Value) -> Self {
        let words = |key: &str| -> Vec<String> {
            let one = value[key].as_str().map(str::to_owned);
            let many = value[key].as_array().into_iter().flatten();
            many.map(|word| word.as_str().unwrap().to_owned()).chain(one).collect()
        };
        Self {
            about: value["about"].as_str().map(str::to_owned),
            uses: words("use"),
            avoids: words("avoid"),
            allows: words("allow"),
        }
    }
}

/// The terms of a language by their ids; `address` is the form of address.
fn glossary(language: &str) -> BTreeMap<String, Term> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../i18n/glossary/{language}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {}", path.display()));
    let file: Value = serde_json::from_str(&text).unwrap();
    let terms = file["terms"].as_object().unwrap();
    let mut all: BTreeMap<String, Term> =
        terms.iter().map(|(id, term)| (id.clone(), Term::of(term))).collect();
    all.insert("address".to_owned(), Term::of(&file["address"]));
    all
}

/// What people read of a message: all forms, without commands.
fn shown(nodes: &[Node]) -> String {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Text(words) => text.push_str(words),
            Node::Break => text.push('\n'),
            Node::Code(_) => text.push(' '),
            Node::Arg(number) => text.push_str(&format!("${number}")),
            Node::Bold(inner) | Node::Link(_, inner) => text.push_str(&shown(inner)),
            Node::Plural { exact, forms, .. } => {
                for form in exact.iter().map(|(_, form)| form).chain(forms) {
                    text.push_str(&format!(" {} ", shown(form)));
                }
            }
        }
    }
    text
}

/// Letters that belong to a word, also where Unicode calls them marks.
fn is_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric()
        || "$-\u{200C}".contains(letter)
        || matches!(letter, '\u{0900}'..='\u{097F}' | '\u{064B}'..='\u{065F}' | '\u{0670}')
}

/// The words of a text, each with a space on both sides.
fn words(text: &str) -> String {
    let letters = text.chars().map(|c| if is_of_a_word(c) { c } else { ' ' });
    let spaced: String = letters.collect();
    format!(" {} ", spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether an entry of a glossary stands in a text.
fn stands_in(entry: &str, text: &str) -> bool {
    let mut wanted = words(entry.trim_matches('*'));
    if entry.starts_with('*') {
        wanted = wanted.trim_start().to_owned();
    }
    if entry.ends_with('*') {
        wanted = wanted.trim_end().to_owned();
    }
    let text = words(text);
    if entry.chars().any(char::is_uppercase) {
        text.contains(&wanted)
    } else {
        text.to_lowercase().contains(&wanted.to_lowercase())
    }
}

/// What a text says that its glossary avoids.
fn faults(glossary: &BTreeMap<String, Term>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (id, term) in glossary {
        let mut text = text.to_owned();
        for phrase in &term.allows {
            text = text.replace(phrase, " ");
        }
        let avoided = term.avoids.iter().filter(|entry| stands_in(entry, &text));
        found.extend(avoided.map(|entry| format!("{id}: “{entry}”, better {:?}", term.uses)));
    }
    found
}

#[test]
fn every_language_has_a_word_for_every_term() {
    let english = glossary("en");
    assert!(english.iter().all(|(id, term)| id == "address" || term.about.is_some()));
    for (language, _) in FILES {
        let there = glossary(language);
        let ids = |all: &BTreeMap<String, Term>| all.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&there), ids(&english), "{language}");
        for (id, term) in &there {
            assert!(!term.uses.is_empty(), "{language}: no word for {id}");
            for word in term.uses.iter().filter(|_| id != "address") {
                let faults = faults(&there, word);
                assert!(faults.is_empty(), "{language}: {id} is “{word}”, but {faults:?}");
            }
        }
        assert!(!there["address"].avoids.is_empty(), "{language}: no form of address");
    }
}

#[test]
fn no_text_says_what_the_glossary_of_its_language_avoids() {
    let mut all = Vec::new();
    for (language, file) in FILES {
        let glossary = glossary(language);
        let texts: BTreeMap<String, Value> = serde_json::from_str(file).unwrap();
        for (key, text) in texts.iter().filter(|(key, _)| *key != "@metadata") {
            let text = shown(&parse(text.as_str().unwrap()).unwrap());
            let found = faults(&glossary, &text);
            all.extend(found.iter().map(|fault| format!("{language}, {key}: {fault}: {text}")));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_word_to_avoid_is_found_as_a_word_of_its_script() {
    for (entry, text, stands) in [
        ("pont", "ce pont-là", false),
        ("pont", "sur ce pont.", true),
        ("pont", "Pontoise", false),
        ("t", "Je t’invite", true),
        ("Sie", "Geben Sie es ein", true),
        ("Sie", "dass sie es sehen", false),
        ("Gemeinschaft*", "dieser Gemeinschaften", true),
        ("lien $1", "Lien $1 : salon", true),
        ("*代码*", "这个代码已经用过", true),
        ("*احتكار*", "برمجيات الاحتكارية", true),
        ("रमज", "रमज़", false),
        ("उत्तर", "उसका उत्तर दें", true),
        ("उत्तर", "उत्तरी", false),
        ("این‌جا", "در این‌جا", true),
    ] {
        assert_eq!(stands_in(entry, text), stands, "{entry}: {text}");
    }
    let chinese = glossary("zh-hans");
    assert!(faults(&chinese, "源代码").is_empty());
    assert_eq!(faults(&chinese, "请您输入代码").len(), 2);
    let said = shown(&parse("{{PLURAL:$1|a|b}} <code>/c</code> '''d''' [$2 e]").unwrap());
    assert_eq!(words(&said), " a b d e ");
}
