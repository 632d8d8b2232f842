// SPDX-License-Identifier: AGPL-3.0-or-later
//! Several kinds of content in one town.
//!
//! Rule: a scene that fails does not hide what comes after it; the error names all that failed.

/// The results of the scenes that were played, each with what it shows.
#[derive(Default)]
pub struct Scenes(Vec<String>);

impl Scenes {
    /// Notes how a scene ended.
    pub fn played(&mut self, what: &str, result: anyhow::Result<()>) {
        self.0.extend(result.err().map(|error| format!("{what}: {error:#}")));
    }

    /// All scenes went well.
    ///
    /// # Errors
    /// What went wrong in which scene.
    pub fn end(self) -> anyhow::Result<()> {
        anyhow::ensure!(self.0.is_empty(), "{}", self.0.join("\n\n"));
        Ok(())
    }
}
