// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot says in the language of the play, read from the files of its texts.
//!
//! Rule: a text is known by its longest piece without values and markup, so that the play finds an
//! answer in any language, and finds English where another one was chosen.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// Characters of a piece that can be told from one of another language.
const TELLING: usize = 16;
/// A group that speaks another language is told one line of English.
const IN_ENGLISH: &str = "in-english";

/// The texts of one language, and those in English.
#[derive(Clone)]
pub struct Words {
    language: String,
    own: BTreeMap<String, String>,
    english: BTreeMap<String, String>,
}

impl Words {
    /// The texts of a language of the project.
    ///
    /// # Errors
    /// When there is no such file, or none of texts.
    pub fn load(language: &str) -> anyhow::Result<Self> {
        let (own, english) = (texts(language)?, texts("en")?);
        Ok(Self { language: language.to_owned(), own, english })
    }

    /// Its code.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Whether something was said with this text.
    pub fn says(&self, said: &str, key: &str) -> bool {
        let text = self.own.get(key).map(String::as_str).unwrap_or_default();
        let longest = pieces(text).into_iter().max_by_key(|piece| piece.chars().count());
        longest.is_some_and(|piece| said.contains(&piece))
    }

    /// Whether something was said with a form of this text that counts at least one.
    pub fn counts(&self, said: &str, key: &str) -> bool {
        let text = self.own.get(key).map(String::as_str).unwrap_or_default();
        let inside = text.split("{{PLURAL:").nth(1).and_then(|rest| rest.split("}}").next());
        let forms = inside.unwrap_or_default().split('|').skip(1);
        let counting = forms.filter(|form| !form.starts_with("0="));
        counting.flat_map(pieces).any(|piece| said.contains(&piece))
    }

    /// A sentence in English where all should be in another language.
    pub fn english_in(&self, said: &str) -> Option<String> {
        if self.language == "en" {
            return None;
        }
        let own: Vec<String> = self.own.values().flat_map(|text| pieces(text)).collect();
        let line = self.english.get(IN_ENGLISH).map(|text| pieces(text)).unwrap_or_default();
        let meant = |one: &&str| line.first().is_some_and(|start| one.starts_with(start));
        let said: Vec<&str> = said.lines().filter(|one| !meant(one)).collect();
        let said = said.join("\n");
        let mut telling =
            self.english.values().flat_map(|text| pieces(text)).filter(|piece| {
                piece.chars().count() >= TELLING && piece.matches(' ').count() >= 2
            });
        telling.find(|piece| said.contains(piece) && !own.iter().any(|it| it.contains(piece)))
    }
}

fn texts(language: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("i18n").join(format!("{language}.json"));
    let file = std::fs::read_to_string(&path)
        .with_context(|| format!("there are no texts at {}", path.display()))?;
    let all: BTreeMap<String, Value> = serde_json::from_str(&file)?;
    let text = |(key, text): (String, Value)| Some((key, text.as_str()?.to_owned()));
    Ok(all.into_iter().filter_map(text).collect())
}

/// The parts of a text between its values, plurals, links and marks.
fn pieces(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut piece = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '{' if rest.starts_with("{{") => rest.find("}}").map_or(rest.len(), |at| at + 2),
            '<' => rest.find('>').map_or(rest.len(), |at| at + 1),
            '$' => 1 + rest.chars().skip(1).take_while(char::is_ascii_digit).count(),
            '\'' if rest.starts_with("'''") => 3,
            '[' | ']' => 1,
            _ => 0,
        };
        if skipped == 0 {
            piece.push(c);
        } else {
            out.push(std::mem::take(&mut piece));
        }
        rest = rest.get(skipped.max(c.len_utf8())..).unwrap_or_default();
    }
    out.push(piece);
    let trimmed = out.iter().map(|piece| piece.trim().to_owned());
    trimmed.filter(|piece| !piece.is_empty()).collect()
}
