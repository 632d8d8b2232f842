// SPDX-License-Identifier: AGPL-3.0-or-later
//! The spine: store, couriers, relay and desk, with a fake platform, homeserver and clock.
//!
//! Rule: whatever has to wait waits for a condition with a deadline.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod carry;
mod clock;
mod desk;
mod harness;
mod network;
#[path = "../../../tests/sandbox/src/postgres.rs"]
mod postgres;
mod rooms;
mod store;
mod words;
