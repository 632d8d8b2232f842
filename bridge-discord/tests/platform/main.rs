// SPDX-License-Identifier: AGPL-3.0-or-later
//! The network against the stand-in for Discord.
//!
//! Rule: a test posts as a person and expects what a person would see, or what the
//! core is told.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by a panic, and asks for one variant"
)]

mod delivering;
mod hearing;
mod kinds;
mod listening;
mod recorder;
mod recovering;
mod showing;
mod stage;
mod threading;
mod threads;
mod webhooks;
