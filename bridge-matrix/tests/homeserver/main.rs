// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Matrix side against a real Synapse: what we send is what people see, what people send is
//! what we hear. What a healthy Synapse does not do, a stub does.
//!
//! Rule: one binary, because linking matrix-sdk is slow; one Synapse for each test, because a test
//! sees only its own rooms.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking, and wait for one kind of event among many"
)]

mod accounts;
mod changing;
mod hearing;
mod sending;
mod stage;
mod stub;
mod trouble;
mod understanding;
