// SPDX-License-Identifier: AGPL-3.0-or-later
//! People talk on three networks while everything breaks; afterwards each side is compared with what
//! was said.
//!
//! ```text
//! cargo test --test chaos -- [--seed NUMBER] [--seconds NUMBER | --minutes NUMBER]
//!                            [--troubles NUMBER] [--patience SECONDS]
//!                            [--store sled|postgres] [--nodes NUMBER]
//! cargo test --test chaos -- --bans NUMBER
//! ```
//!
//! Rule: the same seed does the same things in the same order; how far the bridge has come when they
//! happen differs. Exit code 1 when anything was lost, doubled or out of order.

#![expect(clippy::print_stdout, reason = "a driver says how it went")]

mod bans;
mod dice;
mod ledger;
mod nodes;
mod people;
mod trouble;
mod verdict;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sandbox::town::{Program, Side, Town, TownOptions};
use tokio::time::Instant;

use dice::Dice;
use ledger::Ledger;
use nodes::Nodes;
use people::People;
use trouble::{Trouble, Wires};
use verdict::Verdict;

/// Acts of people in a second.
const ACTS_A_SECOND: u64 = 8;
/// Acts between two troubles.
const ACTS_A_TROUBLE: u64 = 12;
/// How many seconds the bridge may take to bring everything in order after the last trouble.
const PATIENCE: u64 = 420;

const KNOWN: &str =
    "--seed, --seconds, --minutes, --troubles, --patience, --store, --nodes, --bans";

/// What was typed.
struct Arguments {
    seed: u64,
    time: Duration,
    /// It goes on until there were so many.
    troubles: u32,
    /// How long the bridge may take afterwards.
    patience: Duration,
    /// The store is in a database.
    database: bool,
    nodes: usize,
    /// Instead of everything else: so many people are banned.
    bans: Option<usize>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (time, patience) = (Duration::from_secs(60), Duration::from_secs(PATIENCE));
        let mut read =
            Self { seed: 1, time, troubles: 0, patience, database: false, nodes: 1, bans: None };
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value"))?;
            let number =
                || value.parse::<u64>().with_context(|| format!("{word} {value}: no whole number"));
            match (word.as_str(), value.as_str()) {
                ("--seed", _) => read.seed = number()?,
                ("--seconds", _) => read.time = Duration::from_secs(number()?),
                ("--minutes", _) => read.time = Duration::from_secs(number()?.saturating_mul(60)),
                ("--troubles", _) => read.troubles = u32::try_from(number()?)?,
                ("--patience", _) => read.patience = Duration::from_secs(number()?),
                ("--store", "sled") => read.database = false,
                ("--store", "postgres") => read.database = true,
                ("--nodes", _) => read.nodes = usize::try_from(number()?.max(1))?,
                ("--bans", _) => read.bans = Some(usize::try_from(number()?.max(1))?),
                _ => bail!("{word} {value} is not known; known are {KNOWN}"),
            }
        }
        ensure!(read.database || read.nodes == 1, "several nodes need --store postgres");
        Ok(read)
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let Arguments { seed, time, patience, .. } = arguments;
    let (mut nodes, store) =
        if arguments.database { Nodes::with_database()? } else { Default::default() };
    let mut town = Town::linked(TownOptions {
        program: Program::binary(env!("CARGO_BIN_EXE_freeside")),
        room_version: "12".into(),
        encrypted: false,
        more_config: store,
        progress: &mut |line| println!("{line}"),
    })
    .await?;
    if let Some(count) = arguments.bans {
        println!("{}", bans::run(&mut town, count).await?);
        return Ok(());
    }
    let kind = if arguments.database { "PostgreSQL" } else { "sled" };
    let title = format!("chaos: seed {seed}, {kind}, nodes: {}", arguments.nodes);
    println!("{title}");
    let mut dice = Dice::new(seed);
    let people = People::gather(&town).await?;
    let wires = Wires::lay(&mut town).await?;
    nodes.gather(&town, arguments.nodes)?;
    let (mut ledger, mut trouble) = (Ledger::default(), Trouble::default());
    let began = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(1000 / ACTS_A_SECOND));
    let mut acts = 0_u64;
    while began.elapsed() < time || trouble.count() < arguments.troubles {
        tick.tick().await;
        people.act(&town, &mut ledger, &mut dice, trouble.homeserver_is_up()).await?;
        acts += 1;
        if acts.is_multiple_of(ACTS_A_TROUBLE) {
            trouble.happen(&mut town, (&wires, &mut nodes), &mut dice).await?;
        }
    }
    trouble.end(&mut town, (&wires, &mut nodes)).await?;
    let lasted = began.elapsed().as_secs();
    let ended = Instant::now();
    let verdict = settle(&mut town, (&mut nodes, &ledger), patience).await?;
    println!(
        "{title}, {lasted} s: {ledger}; {trouble}: {verdict}; settled after {} s",
        ended.elapsed().as_secs(),
    );
    if verdict.is_good() {
        return Ok(());
    }
    println!("{}", verdict.details(&ledger));
    let kept = keep(&town, &nodes, seed).await?;
    bail!("what was said and what is shown differ; the log and the room are in {kept}")
}

/// Keeps what explains a failed run; where.
async fn keep(town: &Town, nodes: &Nodes, seed: u64) -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{seed}"));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("freeside.log"), nodes.log(town))?;
    let events = town.alice.messages(&town.room).await?;
    let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    std::fs::write(folder.join("room.txt"), events.join("\n"))?;
    Ok(folder.display().to_string())
}

/// Compares until all is as it should be, or nothing gets better any more.
async fn settle(
    town: &mut Town,
    (nodes, ledger): (&mut Nodes, &Ledger),
    patience: Duration,
) -> anyhow::Result<Verdict> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let deadline = Instant::now() + patience;
    loop {
        tick.tick().await;
        nodes.revive(town)?;
        let mut verdict = Verdict::default();
        for side in Side::ALL {
            verdict.compare(ledger, side, &town.lines(side).await?);
        }
        if verdict.is_good() || Instant::now() > deadline {
            return Ok(verdict);
        }
    }
}
