// SPDX-License-Identifier: AGPL-3.0-or-later
//! One set of features for the crates below sqlx.
//!
//! Rule: there is no code here; what counts is the manifest (`docs/adr/0013-layers.md`).
