// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is wrong with a configuration.
//!
//! Rule: an error never shows a value of the environment or the content of a secret file.

use std::fmt;
use std::path::{Path, PathBuf};

/// Every mistake in one configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    path: PathBuf,
    errors: Vec<ConfigError>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Such as `homeserver.url`; empty for the file as a whole.
    pub key: String,
    /// Where it is; `None` for what is not in the file.
    pub position: Option<Position>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub mend: String,
}

/// A place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

/// What a check says of a value.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) problem: String,
    pub(crate) mend: String,
}

impl Wrong {
    pub(crate) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { problem: problem.into(), mend: mend.into() }
    }
}

impl ConfigErrors {
    pub(crate) fn new(path: &Path, mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(|error| (error.position.is_none(), error.position));
        Self { path: path.to_owned(), errors }
    }

    /// The mistakes, at least one.
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }
}

impl ConfigError {
    pub(crate) fn unreadable(error: &std::io::Error) -> Self {
        Self {
            key: String::new(),
            position: None,
            problem: format!("the file cannot be read: {error}"),
            mend: "Copy config/freeside.example.toml there and change it.".to_owned(),
        }
    }
}

impl ConfigError {
    /// A file that another one names.
    pub(crate) fn lost(error: &std::io::Error) -> Self {
        Self {
            key: String::new(),
            position: None,
            problem: format!("the file cannot be read: {error}"),
            mend: "Write it, or take catalogue.file out of the configuration.".to_owned(),
        }
    }
}

impl Position {
    /// The place of the byte `offset` in `text`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len();
        let mistakes = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "{}: {count} {mistakes}", self.path.display())?;
        self.errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}", self.problem, self.mend)
    }
}
