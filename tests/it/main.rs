// SPDX-License-Identifier: AGPL-3.0-or-later
//! The real binary between a real Synapse and the stand-ins.
//!
//! Rule: a test says something on one side and expects it on the others.

#![expect(clippy::panic_in_result_fn, reason = "a test asserts and returns errors")]

mod bad_input;
mod buttons;
mod claiming;
mod connections;
mod content;
mod crossing;
mod encrypted;
mod fidelity;
mod hostile;
mod limits;
mod linking;
mod matrix;
mod memory;
mod moving;
mod notices;
mod outages;
mod pictures;
mod reporting;
mod scenes;
mod sudden_death;
mod together;
mod voting;

use std::time::Duration;

use sandbox::synapse::{Person, Seen};
use sandbox::town::{BOT, Program, Side, Town, TownOptions};

/// What runs the bridge in tests.
pub fn program() -> Program {
    Program::binary(env!("CARGO_BIN_EXE_freeside"))
}

/// Three linked networks, with further lines in the configuration.
pub async fn town(room_version: &str, more_config: &str) -> anyhow::Result<Town> {
    Town::linked(TownOptions {
        program: program(),
        room_version: room_version.into(),
        encrypted: false,
        more_config: more_config.into(),
        progress: &mut |_| {},
    })
    .await
}

/// Three networks of which nothing is linked yet.
pub async fn unlinked() -> anyhow::Result<Town> {
    Town::build(TownOptions {
        program: program(),
        room_version: "12".into(),
        encrypted: false,
        more_config: String::new(),
        progress: &mut |_| {},
    })
    .await
}

/// Three linked networks with an encrypted room.
pub async fn encrypted_town() -> anyhow::Result<Town> {
    Town::linked(TownOptions {
        program: program(),
        room_version: "12".into(),
        encrypted: true,
        more_config: String::new(),
        progress: &mut |_| {},
    })
    .await
}

/// The bot's answer to what a person types in a room.
pub async fn ask(person: &Person, room: &str, typed: &str) -> anyhow::Result<String> {
    let asked = person.say(room, typed).await?;
    let answers =
        |seen: &Seen| seen.sender == BOT && seen.reply_to.as_deref() == Some(asked.as_str());
    Ok(person.expect(room, answers).await?.body)
}

/// Says something on one side and waits until both others show it.
pub async fn crosses(town: &Town, side: Side, text: &str) -> anyhow::Result<()> {
    town.say(side, text).await?;
    for other in side.others() {
        town.expect(other, |line| line.text == text).await?;
    }
    Ok(())
}

/// Waits at most a minute until something is so.
pub async fn eventually(
    what: &str,
    mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !is_so().await? {
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "not within a minute: {what}");
        tick.tick().await;
    }
    Ok(())
}
