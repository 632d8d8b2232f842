// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keeps what operators are given true: rules and dashboards, packages, documents, the version.
//!
//! Rule: as in tests/tidy.rs, a checker is a function from text to complaints, and next to the test
//! that holds it against the tree stands one that plants a violation.

#[cfg(test)]
#[path = "operations/commit.rs"]
mod commit;
#[cfg(test)]
#[path = "operations/generated.rs"]
mod generated;
#[cfg(test)]
#[path = "operations/packages.rs"]
mod packages;
#[cfg(test)]
#[path = "../src/main.rs"]
#[expect(dead_code, reason = "only the table of the command line is read")]
mod program;
#[cfg(test)]
#[path = "operations/running.rs"]
mod running;
#[cfg(test)]
#[path = "operations/samples.rs"]
mod samples;
#[cfg(test)]
#[path = "operations/watching.rs"]
mod watching;

#[cfg(test)]
mod tree {
    use std::path::{Path, PathBuf};

    /// A file of the source tree.
    pub fn path(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    /// Its text.
    pub fn read(name: &str) -> String {
        std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
