// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every sentence that the bot can say, in every language that it has, from the files in
//! `i18n/` (banana format, as translatewiki.net reads and writes it).
//!
//! Rule: what is inserted is data. It cannot become markup, cannot break the line and
//! cannot turn the direction of the sentence around it.

mod fallback;
mod figures;
#[cfg(test)]
mod glossary;
mod key;
mod parse;
mod plural;
mod render;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bridge_model::RichText;
use bridge_policy::calendar::Date;
use serde_json::Value;

use self::figures::Figures;
pub use self::key::Key;
use self::parse::Node;
use self::plural::Plurals;
use self::render::{Isolation, Renderer};

/// The language that has every sentence.
const SOURCE: &str = "en";

/// Code and content of each language that is compiled in.
const FILES: &[(&str, &str)] = &[
    ("en", include_str!("../../i18n/en.json")),
    ("ar", include_str!("../../i18n/ar.json")),
    ("de", include_str!("../../i18n/de.json")),
    ("es", include_str!("../../i18n/es.json")),
    ("fa", include_str!("../../i18n/fa.json")),
    ("fr", include_str!("../../i18n/fr.json")),
    ("hi", include_str!("../../i18n/hi.json")),
    ("id", include_str!("../../i18n/id.json")),
    ("it", include_str!("../../i18n/it.json")),
    ("pt-br", include_str!("../../i18n/pt-br.json")),
    ("ru", include_str!("../../i18n/ru.json")),
    ("zh-hans", include_str!("../../i18n/zh-hans.json")),
];

/// All sentences in all languages. Clones share them.
#[derive(Clone, Default)]
pub struct I18n(Arc<BTreeMap<String, Catalogue>>);

/// A value that is inserted into a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// Words of any origin, shown as they are.
    Text(String),
    /// A number; decides plurals.
    Number(u64),
    /// An address; the only kind that a link can lead to.
    Url(String),
    /// A moment, shown in the reader's own time where the network can.
    Time(bridge_model::Timestamp),
    /// A day, as the language writes it.
    Day(Date),
}

/// A language file that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum I18nError {
    /// It is no JSON object of texts.
    #[error("i18n/{language}.json: {reason}")]
    File {
        /// The language.
        language: String,
        /// What is wrong.
        reason: String,
    },
    /// One message is malformed.
    #[error("i18n/{language}.json, {key}: {reason}")]
    Message {
        /// The language.
        language: String,
        /// The message.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

struct Catalogue {
    messages: HashMap<String, Vec<Node>>,
    plurals: Plurals,
    figures: Figures,
    right_to_left: bool,
}

impl Arg {
    /// Words of any origin.
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A number.
    pub fn number(number: u64) -> Self {
        Self::Number(number)
    }

    /// A day.
    pub fn day(day: Date) -> Self {
        Self::Day(day)
    }

    /// An address.
    pub fn url(address: impl Into<String>) -> Self {
        Self::Url(address.into())
    }
}

impl I18n {
    /// The languages that are compiled in. A file that cannot be used is logged and left
    /// out; a test keeps that from happening.
    pub fn embedded() -> Self {
        let mut languages = BTreeMap::new();
        for (language, text) in FILES {
            match Catalogue::read(language, text) {
                Ok(catalogue) => {
                    languages.insert((*language).to_owned(), catalogue);
                }
                Err(error) => tracing::error!(%error, "a language file cannot be used"),
            }
        }
        Self(Arc::new(languages))
    }

    /// Reads languages from code and content of their files.
    ///
    /// # Errors
    /// The first file or message that is malformed.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, I18nError> {
        let one = |(language, text): &(&str, &str)| {
            Catalogue::read(language, text).map(|catalogue| ((*language).to_owned(), catalogue))
        };
        Ok(Self(Arc::new(files.iter().map(one).collect::<Result<_, _>>()?)))
    }

    /// The language that is there for `tag`, a BCP 47 tag in any writing; `None` when its readers
    /// are answered in English.
    pub fn closest(&self, tag: &str) -> Option<String> {
        let there = |code: &String| self.0.contains_key(code);
        fallback::chain(tag)
            .into_iter()
            .find(there)
            .filter(|code| code != SOURCE || is_english(tag))
    }

    /// The codes of the languages that are there.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A sentence with its formatting, in `language` or what its readers understand best;
    /// `args` are `$1`, `$2` and so on.
    pub fn say(&self, language: &str, key: Key, args: &[Arg]) -> RichText {
        self.render(language, key.name(), args, Isolation::WhereNeeded)
    }

    /// A sentence without formatting; inserted words stand in isolates (U+2068, U+2069), so
    /// that no direction spills over where there is no markup to hold it.
    pub fn plain(&self, language: &str, key: Key, args: &[Arg]) -> String {
        self.render(language, key.name(), args, Isolation::Always).plain()
    }

    fn render(&self, language: &str, key: &str, args: &[Arg], isolation: Isolation) -> RichText {
        for code in fallback::chain(language) {
            let Some(catalogue) = self.0.get(&code) else { continue };
            let Some(message) = catalogue.messages.get(key) else { continue };
            let isolation = if catalogue.right_to_left { Isolation::Always } else { isolation };
            return Renderer {
                args,
                plurals: &catalogue.plurals,
                figures: &catalogue.figures,
                isolation,
                right_to_left: catalogue.right_to_left,
            }
            .render(message);
        }
        RichText::plain_text(&format!("⧼{key}⧽"))
    }
}

/// Whether a language is written from right to left.
pub fn is_right_to_left(language: &str) -> bool {
    fallback::is_right_to_left(language)
}

fn is_english(tag: &str) -> bool {
    tag.to_ascii_lowercase().starts_with(SOURCE)
}

/// The codes of the languages that are compiled in, English first.
pub fn languages() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(code, _)| *code)
}

impl Catalogue {
    fn read(language: &str, text: &str) -> Result<Self, I18nError> {
        let file = |reason: String| I18nError::File { language: language.to_owned(), reason };
        let read: BTreeMap<String, Value> =
            serde_json::from_str(text).map_err(|error| file(error.to_string()))?;
        let mut messages = HashMap::new();
        for (key, value) in read {
            if key == "@metadata" {
                continue;
            }
            let wrong = |reason: String| I18nError::Message {
                language: language.to_owned(),
                key: key.clone(),
                reason,
            };
            let text = value.as_str().ok_or_else(|| wrong("is no text".to_owned()))?;
            let nodes = parse::parse(text).map_err(|error| wrong(error.to_string()))?;
            messages.insert(key, nodes);
        }
        Ok(Self {
            messages,
            plurals: Plurals::of(language),
            figures: Figures::of(language),
            right_to_left: fallback::is_right_to_left(language),
        })
    }
}

#[cfg(test)]
mod tests;
