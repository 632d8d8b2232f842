// SPDX-License-Identifier: AGPL-3.0-or-later
//! A secret, and the file that holds one.
//!
//! Rule: a secret leaves this type only where it is used, by [`Secret::expose`]; it is never
//! printed.

use std::fmt;
use std::path::Path;

use crate::error::Wrong;

/// A token or key. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret from somewhere else than the configuration (tests, set-up).
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Reads a secret from a file that nobody else may read.
pub(crate) fn from_file(path: &Path, make: &str) -> Result<Secret, Wrong> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| {
        Wrong::new(format!("the file {shown} cannot be read: {error}"), make.to_owned())
    })?;
    if !metadata.is_file() {
        return Err(Wrong::new(format!("{shown} is not a file"), "Name a file."));
    }
    check_mode(path, &metadata)?;
    let text = std::fs::read_to_string(path).map_err(|error| {
        Wrong::new(
            format!("the file {shown} cannot be read: {error}"),
            "Give the file to the user that runs the bridge.",
        )
    })?;
    check(&text).map_err(|what| Wrong::new(format!("the file {shown} {what}"), make.to_owned()))
}

/// Checks the form of a secret; the error says what it does, such as `is empty`.
pub(crate) fn check(text: &str) -> Result<Secret, &'static str> {
    let secret = text.trim();
    if secret.is_empty() {
        return Err("is empty");
    }
    if !secret.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err("holds more than one word of plain ASCII");
    }
    Ok(Secret(secret.to_owned()))
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Wrong> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Wrong::new(
        format!("others can read the secret in {} (its mode is {mode:03o})", path.display()),
        format!(
            "Run `chmod 600 {}`, and change the secret if others may have read it.",
            path.display()
        ),
    ))
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), Wrong> {
    Ok(())
}
