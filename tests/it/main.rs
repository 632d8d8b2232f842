// SPDX-License-Identifier: AGPL-3.0-or-later
//! The real binary between a real Synapse and the stand-ins.
//!
//! Rule: a test says something on one side and expects it on the others.

#![expect(clippy::panic_in_result_fn, reason = "a test asserts and returns errors")]

mod at_rest;
mod at_risk;
mod bad_input;
mod browser;
mod buttons;
mod checking;
mod claiming;
#[path = "../../examples/community/clock.rs"]
mod clock;
mod connections;
mod consent;
mod content;
mod crossing;
mod dashboard;
mod disclosure;
mod discord;
mod encrypted;
mod fidelity;
mod hidden;
mod homeservers;
mod hostile;
mod likeness;
mod limits;
mod linking;
mod matrix;
mod media_proxy;
mod memory;
mod moderation;
mod monitoring;
mod moving;
mod nodes;
mod notices;
mod outages;
mod pages;
mod pictures;
mod policies;
mod power;
mod privacy;
mod reload;
mod removal;
mod reporting;
mod scenes;
mod self_test;
mod setting_up;
mod store;
mod sudden_death;
mod taken_back;
mod together;
mod voting;

use std::time::Duration;

use sandbox::synapse::{Person, Seen};
use sandbox::town::{BOT, Program, Side, Town, TownOptions};

/// What runs the bridge in tests.
pub fn program() -> Program {
    Program::binary(env!("CARGO_BIN_EXE_freeside"))
}

/// The same with a clock that a test moves; Cargo builds it with all tests.
pub fn program_with_clock() -> anyhow::Result<Program> {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_freeside")).with_file_name("examples");
    let path = folder.join("community");
    anyhow::ensure!(path.exists(), "{path:?} is missing: `cargo test --examples` builds it");
    Ok(Program { path, first: vec!["bridge".into()] })
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

/// As [`town`], with a clock that tests set ahead.
pub async fn town_with_clock() -> anyhow::Result<Town> {
    Town::linked(TownOptions {
        program: program_with_clock()?,
        room_version: "12".into(),
        encrypted: false,
        more_config: String::new(),
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

/// The same, and confirmed where the bot shows first what it would do.
pub async fn sure(person: &Person, room: &str, typed: &str) -> anyhow::Result<String> {
    let shown = ask(person, room, typed).await?;
    if shown.contains("Nothing has happened yet.") {
        return ask(person, room, "!freeside confirm").await;
    }
    Ok(shown)
}

/// An admin of each side types a setting that concerns the other sides; the last one's answer.
pub async fn set_by_all(town: &Town, setting: &str) -> anyhow::Result<String> {
    let asked = ask(&town.alice, &town.room, &format!("!freeside set {setting}")).await?;
    anyhow::ensure!(asked.contains("concerns the other side"), "{asked}");
    let typed = town.channel.slash(&town.dora, "freeside", "set", &[("setting", setting)])?;
    let asked = typed.answer().await?.message.content;
    anyhow::ensure!(asked.contains("concerns the other side"), "{asked}");
    let typed = town.group.say(&town.tanja, &format!("/set {setting}"))?;
    let answers = |seen: &sandbox::telegram::Seen| seen.is_bot && seen.reply_to == Some(typed);
    let done = town.group.expect(answers).await?.text;
    anyhow::ensure!(done.contains("is now"), "{done}");
    Ok(done)
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
    is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    eventually_within(Duration::from_secs(60), what, is_so).await
}

/// The same with another patience.
pub async fn eventually_within(
    patience: Duration,
    what: &str,
    mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let deadline = tokio::time::Instant::now() + patience;
    while !is_so().await? {
        let in_time = tokio::time::Instant::now() < deadline;
        anyhow::ensure!(in_time, "not within {} s: {what}", patience.as_secs());
        tick.tick().await;
    }
    Ok(())
}
