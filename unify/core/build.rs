// SPDX-License-Identifier: AGPL-3.0-or-later
//! Does nothing: without it Cargo does not look at the dependencies of build scripts, whose features
//! macros share.
//!
//! Rule: it stays empty.

fn main() {}
