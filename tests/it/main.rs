// SPDX-License-Identifier: AGPL-3.0-or-later
//! The real binary between a real Synapse and the stand-ins.
//!
//! Rule: a test says something on one side and expects it on the others.

#![expect(clippy::panic_in_result_fn, reason = "a test asserts and returns errors")]

mod crossing;
mod outages;
mod sudden_death;

use sandbox::town::{Program, Town, TownOptions};

/// What runs the bridge in tests.
pub fn program() -> Program {
    Program::binary(env!("CARGO_BIN_EXE_freeside"))
}

/// Three linked networks, with further lines in the configuration.
pub async fn town(room_version: &str, more_config: &str) -> anyhow::Result<Town> {
    Town::linked(TownOptions {
        program: program(),
        room_version: room_version.into(),
        more_config: more_config.into(),
        progress: &mut |_| {},
    })
    .await
}
