// SPDX-License-Identifier: AGPL-3.0-or-later
//! How often a notice is right, and how often one is missing, on labelled messages.

#![expect(clippy::print_stdout, reason = "the figures are what the test is for")]

use bridge_config::Catalogue;
use bridge_policy::notice::{Verdict, as_typed, judge};
use serde_json::Value;

/// Messages of others, as JSON lines: see `corpus/README.md`.
const MESSAGES: &str = include_str!("corpus/messages.jsonl");

/// The other half of the same messages, which nobody looked at while the rules were written. They
/// are measured, and no rule is made for one of them.
const UNSEEN: &str = include_str!("corpus/unseen.jsonl");

/// Messages of our own: a label, a bar, and the message.
const FILES: [(&str, &str); 10] = [
    ("en", include_str!("corpus/en.txt")),
    ("de", include_str!("corpus/de.txt")),
    ("fr", include_str!("corpus/fr.txt")),
    ("es", include_str!("corpus/es.txt")),
    ("pt-br", include_str!("corpus/pt.txt")),
    ("it", include_str!("corpus/it.txt")),
    ("ru", include_str!("corpus/ru.txt")),
    ("zh-hans", include_str!("corpus/zh.txt")),
    ("ar", include_str!("corpus/ar.txt")),
    ("id", include_str!("corpus/other.txt")),
];

/// Labels of others for what the catalogue tells apart, or calls otherwise.
const SAME: [(&str, &[&str]); 3] = [
    ("google-docs", &["google-sheets", "google-slides"]),
    ("facebook-events", &["facebook"]),
    ("telemost", &["yandex-telemost"]),
];

/// Precision and recall that are asked for.
const WANTED: (f64, f64) = (0.98, 0.95);

/// A day on which some facts are known.
const TODAY: i64 = 20_783;

/// What came of a number of messages.
#[derive(Default)]
struct Tally {
    messages: u32,
    due: u32,
    said: u32,
    right: u32,
    misses: Vec<String>,
}

impl Tally {
    fn note(&mut self, id: &str, labels: &[&str], verdict: &Verdict) {
        let found = verdict.remark.as_ref().map(|remark| remark.service.as_str());
        let fits = |found: &str| {
            let same =
                |label: &&str| SAME.iter().any(|(id, all)| id == label && all.contains(&found));
            labels.contains(&found) || labels.iter().any(same)
        };
        let right = found.is_some_and(fits);
        self.messages += 1;
        self.due += u32::from(!labels.is_empty());
        self.said += u32::from(found.is_some());
        self.right += u32::from(right);
        if !right && (found.is_some() || !labels.is_empty()) {
            let found = found.unwrap_or("-");
            self.misses.push(format!("{id}: {found} instead of {labels:?}: {}", verdict.why));
        }
    }

    fn holds(&self, name: &str, (least_precision, least_recall): (f64, f64)) {
        let precision = f64::from(self.right) / f64::from(self.said);
        let recall = f64::from(self.right) / f64::from(self.due);
        println!(
            "{name}: {} messages: precision {precision:.4}, recall {recall:.4}",
            self.messages
        );
        self.misses.iter().for_each(|line| println!("  {line}"));
        assert!(precision >= least_precision, "{name}: precision {precision}");
        assert!(recall >= least_recall, "{name}: recall {recall}");
    }
}

#[test]
fn notices_are_right_and_few_are_missing() {
    let catalogue = Catalogue::built_in().unwrap();
    let mut tally = Tally::default();
    for (language, file) in FILES {
        for (number, line) in file.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let (label, text) = line.split_once(" | ").unwrap_or_else(|| panic!("{line}"));
            assert!(label == "-" || catalogue.named(label).is_some(), "{label} is no service");
            let verdict = judge(&catalogue, &as_typed(&text.replace("\\n", "\n")), language, TODAY);
            let labels: Vec<&str> = Some(label).filter(|label| *label != "-").into_iter().collect();
            tally.note(&format!("{language} {}", number + 1), &labels, &verdict);
        }
    }
    assert!(tally.messages >= 300, "{} messages", tally.messages);
    tally.holds("messages of our own", WANTED);
}

#[test]
fn notices_are_right_on_messages_of_people_who_do_not_know_the_rules() {
    let catalogue = Catalogue::built_in().unwrap();
    // What is reached on the second half today; a change of the rules must not lose it.
    let halves = [
        ("messages of others", MESSAGES, WANTED),
        ("messages that nobody looked at", UNSEEN, (0.97, 0.94)),
    ];
    for (name, messages, least) in halves {
        let (mut tally, mut calls) = (Tally::default(), Vec::new());
        for line in messages.lines().filter(|line| !line.trim().is_empty()) {
            let message: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
            let labels = message.get("expect").and_then(Value::as_array).expect("a list of labels");
            let labels: Vec<&str> = labels.iter().filter_map(Value::as_str).collect();
            let verdict = judge(&catalogue, &as_typed(text("text")), text("lang"), TODAY);
            tally.note(text("id"), &labels, &verdict);
            let dial_in = verdict.remark.and_then(|remark| remark.dial_in).map(|it| it.number);
            let expected = message.get("dial_in").and_then(Value::as_str);
            if dial_in.as_deref() != expected {
                calls.push(format!("{}: {dial_in:?} instead of {expected:?}", text("id")));
            }
        }
        assert!(tally.messages >= 300, "{} messages", tally.messages);
        calls.iter().for_each(|line| println!("  by phone: {line}"));
        tally.holds(name, least);
        assert!(
            calls.len() * 100 <= usize::try_from(tally.messages).unwrap(),
            "{} numbers",
            calls.len()
        );
    }
}
