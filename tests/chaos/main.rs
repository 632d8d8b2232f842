// SPDX-License-Identifier: AGPL-3.0-or-later
//! People talk on three networks while everything breaks; afterwards each side is compared with what
//! was said.
//!
//! ```text
//! cargo test --test chaos -- [--seed NUMBER] [--seconds NUMBER | --minutes NUMBER]
//!                            [--patience SECONDS]
//! cargo test --test chaos -- --bans NUMBER
//! ```
//!
//! Rule: the same seed does the same things in the same order; how far the bridge has come when they
//! happen differs. Exit code 1 when anything was lost, doubled or out of order.

#![expect(clippy::print_stdout, reason = "a driver says how it went")]

mod bans;
mod dice;
mod ledger;
mod people;
mod trouble;
mod verdict;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use sandbox::town::{Program, Side, Town, TownOptions};
use tokio::time::Instant;

use dice::Dice;
use ledger::Ledger;
use people::People;
use trouble::{Trouble, Wires};
use verdict::Verdict;

/// Acts of people in a second.
const ACTS_A_SECOND: u64 = 8;
/// Acts between two troubles.
const ACTS_A_TROUBLE: u64 = 12;
/// How many seconds the bridge may take to bring everything in order after the last trouble.
const PATIENCE: u64 = 420;

const KNOWN: &str = "--seed, --seconds, --minutes, --patience, --bans";

/// What was typed.
struct Arguments {
    seed: u64,
    time: Duration,
    /// How long the bridge may take afterwards.
    patience: Duration,
    /// Instead of everything else: so many people are banned.
    bans: Option<usize>,
}

impl Arguments {
    fn read(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (time, patience) = (Duration::from_secs(60), Duration::from_secs(PATIENCE));
        let mut read = Self { seed: 1, time, patience, bans: None };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().with_context(|| format!("{word} needs a number"))?;
                value.parse::<u64>().with_context(|| format!("{word} {value}: no number"))
            };
            match word.as_str() {
                "--seed" => read.seed = number()?,
                "--seconds" => read.time = Duration::from_secs(number()?),
                "--minutes" => read.time = Duration::from_secs(number()?.saturating_mul(60)),
                "--patience" => read.patience = Duration::from_secs(number()?),
                "--bans" => read.bans = Some(usize::try_from(number()?.max(1))?),
                _ => bail!("{word} is not known; known are {KNOWN}"),
            }
        }
        Ok(read)
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let Arguments { seed, time, patience, bans } = arguments;
    let mut town = Town::linked(TownOptions {
        program: Program::binary(env!("CARGO_BIN_EXE_freeside")),
        room_version: "12".into(),
        encrypted: false,
        more_config: String::new(),
        progress: &mut |line| println!("{line}"),
    })
    .await?;
    if let Some(count) = bans {
        println!("{}", bans::run(&mut town, count).await?);
        return Ok(());
    }
    println!("chaos: seed {seed}, {} s", time.as_secs());
    let mut dice = Dice::new(seed);
    let people = People::gather(&town).await?;
    let wires = Wires::lay(&mut town).await?;
    let (mut ledger, mut trouble) = (Ledger::default(), Trouble::default());
    let began = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(1000 / ACTS_A_SECOND));
    let mut acts = 0_u64;
    while began.elapsed() < time {
        tick.tick().await;
        people.act(&town, &mut ledger, &mut dice, trouble.homeserver_is_up()).await?;
        acts += 1;
        if acts % ACTS_A_TROUBLE == 0 {
            trouble.happen(&mut town, &wires, &mut dice).await?;
        }
    }
    trouble.end(&mut town, &wires).await?;
    let ended = Instant::now();
    let verdict = settle(&town, &ledger, patience).await?;
    println!(
        "chaos: seed {seed}, {} s: {ledger}; {trouble}: {verdict}; settled after {} s",
        time.as_secs(),
        ended.elapsed().as_secs(),
    );
    if verdict.is_good() {
        return Ok(());
    }
    println!("{}", verdict.details(&ledger));
    let kept = keep(&town, seed).await?;
    bail!("what was said and what is shown differ; the log and the room are in {kept}")
}

/// Keeps what explains a failed run; where.
async fn keep(town: &Town, seed: u64) -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{seed}"));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("freeside.log"), town.bridge.log())?;
    let events = town.alice.messages(&town.room).await?;
    let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    std::fs::write(folder.join("room.txt"), events.join("\n"))?;
    Ok(folder.display().to_string())
}

/// Compares until all is as it should be, or nothing gets better any more.
async fn settle(town: &Town, ledger: &Ledger, patience: Duration) -> anyhow::Result<Verdict> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let deadline = Instant::now() + patience;
    loop {
        tick.tick().await;
        let mut verdict = Verdict::default();
        for side in Side::ALL {
            verdict.compare(ledger, side, &town.lines(side).await?);
        }
        if verdict.is_good() || Instant::now() > deadline {
            return Ok(verdict);
        }
    }
}
