// SPDX-License-Identifier: AGPL-3.0-or-later
//! The network against the stand-in for Discord.
//!
//! Rule: a test posts as a person and expects what a person would see, or what the
//! core is told.

mod delivering;
mod listening;
mod recorder;
mod stage;
