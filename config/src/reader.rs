// SPDX-License-Identifier: AGPL-3.0-or-later
//! Takes values out of the TOML tree and collects what is wrong with them.
//!
//! Rule: reading goes on after a mistake, and every key that is asked for is remembered: a
//! key that nobody asked for is unknown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, Position, Wrong};
use crate::near::nearest;
use crate::secret::{self, Secret};

/// One reading of one file.
pub(crate) struct Reader<'a> {
    text: &'a str,
    dir: &'a Path,
    env: &'a dyn Fn(&str) -> Option<String>,
    root: DeTable<'a>,
    errors: RefCell<Vec<ConfigError>>,
    asked: RefCell<BTreeSet<String>>,
}

/// One section of it, or its absence.
pub(crate) struct Section<'r, 'a> {
    reader: &'r Reader<'a>,
    name: &'static str,
    table: Option<&'r DeTable<'a>>,
    position: Option<Position>,
    asked: BTreeSet<&'static str>,
    moved: BTreeSet<&'static str>,
}

/// Where a secret comes from.
pub(crate) struct SecretSource {
    /// The key that names its file.
    pub(crate) key: &'static str,
    /// The variable that may hold it instead.
    pub(crate) variable: &'static str,
    /// How to make one.
    pub(crate) make: &'static str,
}

impl<'a> Reader<'a> {
    /// Parses the text; syntax errors are collected like all others.
    pub(crate) fn new(
        text: &'a str,
        dir: &'a Path,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let (root, broken) = DeTable::parse_recoverable(text);
        let errors = broken.iter().map(|error| ConfigError {
            key: String::new(),
            position: error.span().map(|span| Position::of(text, span.start)),
            problem: format!("this is not TOML: {}", error.message().trim_end_matches('.')),
            mend: "Text stands in double quotes, a section is [name], a setting is key = value."
                .to_owned(),
        });
        let errors = RefCell::new(errors.collect());
        let asked = RefCell::default();
        Self { text, dir, env, root: root.into_inner(), errors, asked }
    }

    /// The file is no TOML at all; what was read of it is not worth checking.
    pub(crate) fn is_broken(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// The section `name`; a missing one is an error when it is required.
    pub(crate) fn section<'r>(&'r self, name: &'static str, required: bool) -> Section<'r, 'a> {
        let found = self.root.get(name);
        let table = found.and_then(|value| value.get_ref().as_table());
        let position = found.map(|value| self.position(value.span()));
        if found.is_some() && table.is_none() {
            let wrong =
                Wrong::new("is not a section", format!("Write [{name}] on a line of its own."));
            self.report(name, position, wrong);
        }
        if found.is_none() && required {
            let mend = format!("Copy [{name}] from config/freeside.example.toml.");
            self.report(name, None, Wrong::new("this section is missing", mend));
        }
        let (asked, moved) = (BTreeSet::new(), BTreeSet::new());
        Section { reader: self, name, table, position, asked, moved }
    }

    /// The section `name`, `None` when the file does not have it.
    pub(crate) fn optional_section<'r>(&'r self, name: &'static str) -> Option<Section<'r, 'a>> {
        self.root.contains_key(name).then(|| self.section(name, false))
    }

    /// A path that starts at the folder of the file.
    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.dir.join(path)
    }

    /// Refuses sections other than `known`.
    pub(crate) fn refuse_others(&self, known: &[&'static str]) {
        for (key, _) in self.root.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let mend = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("Did you mean [{meant}]?"),
                    None => format!("The sections are {}.", known.join(", ")),
                };
                let wrong = Wrong::new("there is no such section", mend);
                self.report(name, Some(self.position(key.span())), wrong);
            }
        }
    }

    /// Remembers a mistake.
    pub(crate) fn report(&self, key: &str, position: Option<Position>, wrong: Wrong) {
        let Wrong { problem, mend } = wrong;
        let error = ConfigError { key: key.to_owned(), position, problem, mend };
        self.errors.borrow_mut().push(error);
    }

    /// All mistakes, and every `section.key` that was asked for.
    pub(crate) fn finish(self) -> (Vec<ConfigError>, BTreeSet<String>) {
        (self.errors.into_inner(), self.asked.into_inner())
    }

    /// The folder of the file; relative paths start there.
    pub(crate) fn dir(&self) -> &Path {
        self.dir
    }

    fn position(&self, span: Range<usize>) -> Position {
        Position::of(self.text, span.start)
    }
}

impl<'r, 'a> Section<'r, 'a> {
    /// A text that `check` turns into a value; `None` when it is absent or wrong.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        check: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = self.take(key)?;
        match value.get_ref().as_str() {
            Some(text) => self.checked(key, value.span(), check(text)),
            None => self.wrong_kind(key, value, "text in double quotes"),
        }
    }

    /// As [`Section::optional`]; its absence is a mistake that `mend` mends.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        mend: &str,
        check: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if self.table.is_some_and(|table| !table.contains_key(key)) {
            self.report(key, self.position, Wrong::new("this key is missing", mend));
        }
        self.optional(key, check)
    }

    /// A list of texts; empty when it is absent.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        check: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Vec<T> {
        self.optional_list(key, check).unwrap_or_default()
    }

    /// A list of texts; `None` when it is absent.
    pub(crate) fn optional_list<T>(
        &mut self,
        key: &'static str,
        check: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        const KIND: &str = "a list of texts, such as [\"one\", \"two\"]";
        let value = self.take(key)?;
        let Some(items) = value.get_ref().as_array() else {
            return self.wrong_kind(key, value, KIND);
        };
        let one = |item: &Spanned<DeValue<'_>>| match item.get_ref().as_str() {
            Some(text) => self.checked(key, item.span(), check(text)),
            None => self.wrong_kind(key, item, KIND),
        };
        Some(items.iter().filter_map(one).collect())
    }

    /// `true` or `false`.
    pub(crate) fn switch(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.take(key) else { return default };
        let switch = value.get_ref().as_bool();
        switch.or_else(|| self.wrong_kind(key, value, "true or false")).unwrap_or(default)
    }

    /// A whole number within a range.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> usize {
        let Some(value) = self.take(key) else { return default };
        let Some(number) = value.get_ref().as_integer() else {
            return self.wrong_kind(key, value, "a whole number").unwrap_or(default);
        };
        let parsed = usize::from_str_radix(number.as_str(), number.radix());
        match parsed.ok().filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                let mend = format!("Use a number from {} to {}.", range.start(), range.end());
                let wrong = Wrong::new(format!("{number} is out of range"), mend);
                self.checked(key, value.span(), Err(wrong)).unwrap_or(default)
            }
        }
    }

    /// A secret, from the file that a key names or from the environment.
    pub(crate) fn secret(&mut self, source: &SecretSource) -> Option<Secret> {
        let SecretSource { key, variable, make } = *source;
        let from_env = (self.reader.env)(variable);
        let value = self.take(key);
        self.table?;
        match (value, from_env) {
            (Some(value), Some(_)) => {
                let problem = format!("the secret is given twice, here and in {variable}");
                let wrong = Wrong::new(problem, "Use one of the two.");
                self.checked(key, value.span(), Err(wrong))
            }
            (Some(value), None) => match value.get_ref().as_str() {
                Some(path) => {
                    let read = secret::from_file(&self.reader.dir.join(path), make);
                    self.checked(key, value.span(), read)
                }
                None => self.wrong_kind(key, value, "the path of a file in double quotes"),
            },
            (None, Some(text)) => secret::check(&text)
                .map_err(|what| {
                    self.report(key, None, Wrong::new(format!("{variable} {what}"), make));
                })
                .ok(),
            (None, None) => {
                let mend = format!("Set it to the path of a file, or set {variable}. {make}");
                self.report(key, self.position, Wrong::new("this key is missing", mend));
                None
            }
        }
    }

    /// A secret that may be left out; `None` when something is wrong with it.
    pub(crate) fn optional_secret(&mut self, source: &SecretSource) -> Option<Option<Secret>> {
        let given = self.table.is_some_and(|table| table.get(source.key).is_some());
        if !given && (self.reader.env)(source.variable).is_none() {
            self.skip(source.key);
            return Some(None);
        }
        self.secret(source).map(Some)
    }

    /// Lets a key stand that is of no use with the other settings.
    pub(crate) fn skip(&mut self, key: &'static str) {
        self.asked.insert(key);
    }

    /// Says where a key has gone that older versions knew.
    pub(crate) fn moved(&mut self, key: &'static str, mend: &str) {
        if self.table.is_some_and(|table| table.contains_key(key)) {
            self.moved.insert(key);
            self.wrong(key, Wrong::new("this key has moved", mend));
        }
    }

    /// Remembers a mistake in `key`, at its place.
    pub(crate) fn wrong(&self, key: &'static str, wrong: Wrong) {
        let found = self.table.and_then(|table| table.get(key));
        let position = found.map(|value| self.reader.position(value.span()));
        self.report(key, position.or(self.position), wrong);
    }

    /// Refuses the keys that nobody asked for.
    pub(crate) fn finish(self) {
        let keys = self.asked.iter().map(|key| format!("{}.{key}", self.name));
        self.reader.asked.borrow_mut().extend(keys);
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(name) && !self.moved.contains(name) {
                let position = Some(self.reader.position(key.span()));
                self.reader.report(&format!("{}.{name}", self.name), position, self.unknown(name));
            }
        }
    }

    fn unknown(&self, name: &str) -> Wrong {
        let file = format!("{name}_file");
        if self.asked.contains(file.as_str()) {
            return Wrong::new(
                "a secret must not stand in this file",
                format!("Put it into a file of its own with mode 600 and set {file} to its path."),
            );
        }
        let mend = match nearest(name, self.asked.iter().copied()) {
            Some(meant) => format!("Did you mean `{meant}`?"),
            None => {
                let known: Vec<&str> = self.asked.iter().copied().collect();
                format!("The keys of [{}] are {}.", self.name, known.join(", "))
            }
        };
        Wrong::new("there is no such key", mend)
    }

    fn take(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.asked.insert(key);
        self.table?.get(key)
    }

    fn checked<T>(&self, key: &str, span: Range<usize>, outcome: Result<T, Wrong>) -> Option<T> {
        let place = Some(self.reader.position(span));
        outcome.map_err(|wrong| self.report(key, place, wrong)).ok()
    }

    fn wrong_kind<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Option<T> {
        let kind = value.get_ref().type_str();
        let wrong = Wrong::new(format!("this is of the kind {kind}"), format!("Write {wanted}."));
        self.checked(key, value.span(), Err(wrong))
    }

    fn report(&self, key: &str, position: Option<Position>, wrong: Wrong) {
        self.reader.report(&format!("{}.{key}", self.name), position, wrong);
    }
}
