// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keeps what operators are given true: rules and dashboards, packages, documents, the version.
//!
//! Rule: as in tests/tidy.rs, a checker is a function from text to complaints, and next to the test
//! that holds it against the tree stands one that plants a violation.

#[cfg(test)]
#[path = "operations/commit.rs"]
mod commit;
