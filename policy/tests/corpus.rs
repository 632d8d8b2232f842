// SPDX-License-Identifier: AGPL-3.0-or-later
//! How often a notice is right, and how often one is missing, on labelled messages.

#![expect(clippy::print_stdout, reason = "the figures are what the test is for")]

use bridge_config::Catalogue;
use bridge_model::{Block, RichText, Span, Style};
use bridge_policy::notice::judge;

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

/// The text of a line: `\n` parts lines, `> ` quotes, backticks hold code.
fn read(text: &str) -> RichText {
    let line = |text: &str| {
        let part = |(number, part): (usize, &str)| Span {
            style: Style { code: number % 2 == 1, ..Style::default() },
            ..Span::text(part)
        };
        let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
        Block::Paragraph(parts.map(part).collect())
    };
    let block = |text: &str| match text.strip_prefix("> ") {
        Some(quoted) => Block::Quote { blocks: vec![line(quoted)], expandable: false },
        None => line(text),
    };
    RichText(text.split("\\n").map(block).collect()).normalise()
}

#[test]
fn notices_are_right_and_few_are_missing() {
    let catalogue = Catalogue::built_in().unwrap();
    let (mut messages, mut said, mut right, mut due) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut wrong = Vec::new();
    for (language, file) in FILES {
        for line in file.lines().filter(|line| !line.is_empty()) {
            let (label, text) = line.split_once(" | ").unwrap_or_else(|| panic!("{line}"));
            assert!(label == "-" || catalogue.named(label).is_some(), "{label} is no service");
            let remark = judge(&catalogue, &read(text), language, 20_783).remark;
            let found = remark.map_or_else(|| "-".to_owned(), |remark| remark.service);
            messages += 1;
            due += u32::from(label != "-");
            said += u32::from(found != "-");
            right += u32::from(found != "-" && found == label);
            if found != label {
                wrong.push(format!("{language}: {found} instead of {label}: {text}"));
            }
        }
    }
    let (precision, recall) =
        (f64::from(right) / f64::from(said), f64::from(right) / f64::from(due));
    println!(
        "{messages} messages in {} files: precision {precision:.4}, recall {recall:.4}",
        FILES.len()
    );
    wrong.iter().for_each(|line| println!("{line}"));
    assert!(messages >= 300, "{messages} messages");
    assert!(precision >= 0.98, "precision {precision}");
    assert!(recall >= 0.95, "recall {recall}");
}
