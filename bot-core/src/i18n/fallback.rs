// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which language stands in for which.
//!
//! Rule: every chain ends in English, and no language comes twice.

use super::SOURCE;

/// Who reads the left one reads the right ones too, best first.
const NEIGHBOURS: &[(&str, &[&str])] = &[
    ("pt", &["pt-br"]),
    ("pt-br", &["pt"]),
    ("zh", &["zh-hans", "zh-hant"]),
    ("zh-cn", &["zh-hans"]),
    ("zh-sg", &["zh-hans"]),
    ("zh-my", &["zh-hans"]),
    ("zh-hk", &["zh-hant", "zh-hans"]),
    ("zh-mo", &["zh-hk", "zh-hant", "zh-hans"]),
    ("zh-tw", &["zh-hant", "zh-hans"]),
    ("zh-hant", &["zh-tw", "zh-hk", "zh-hans"]),
    ("zh-hans", &["zh-cn", "zh-hant"]),
];

const RIGHT_TO_LEFT: &[&str] = &[
    "ar", "arc", "arz", "ckb", "dv", "fa", "he", "ks", "mzn", "pnb", "ps", "sd", "ug", "ur", "yi",
];

/// `language` and what stands in for it, best first.
pub(super) fn chain(language: &str) -> Vec<String> {
    let wanted = language.replace('_', "-").to_ascii_lowercase();
    let mut chain: Vec<String> = Vec::new();
    let mut add = |code: &str| {
        if !code.is_empty() && !chain.iter().any(|known| known == code) {
            chain.push(code.to_owned());
        }
    };
    // `de-at` is read as `de`, `zh-hant-hk` as `zh-hant`.
    let mut code = wanted.as_str();
    loop {
        add(code);
        let neighbours = NEIGHBOURS.iter().find(|(from, _)| *from == code);
        for neighbour in neighbours.map_or(&[][..], |(_, to)| to) {
            add(neighbour);
        }
        match code.rsplit_once('-') {
            Some((shorter, _)) => code = shorter,
            None => break,
        }
    }
    add(SOURCE);
    chain
}

/// The language is written from right to left.
pub(super) fn is_right_to_left(language: &str) -> bool {
    let base = language.split(['-', '_']).next().unwrap_or(language);
    RIGHT_TO_LEFT.contains(&base)
}
