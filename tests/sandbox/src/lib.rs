// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stateful stand-ins for Telegram and Discord, and a launcher for a real Synapse.
//!
//! Rule: a stand-in refuses what the platform refuses. One that is more lenient
//! than the platform is a bug.

pub mod between;
pub mod contracts;
pub mod discord;
pub mod faults;
pub mod ports;
#[expect(clippy::panic, reason = "tests of lower crates include it, and fail by panicking")]
pub mod postgres;
pub mod proxy;
pub mod stub;
pub mod synapse;
pub mod telegram;
pub mod town;
