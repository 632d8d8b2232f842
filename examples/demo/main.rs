// SPDX-License-Identifier: AGPL-3.0-or-later
//! The demo: three networks on this machine, the real bridge between them, a conversation.
//!
//! Rule: the bridge is a process of its own (this program, started again with `bridge` as its
//! first argument); everything that is printed is read back from the three servers.

mod acts;
mod columns;
mod hand;
mod play;
mod samples;
mod script;
mod told;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use sandbox::town::{Program, Town, TownOptions};
use tokio::signal::unix::{SignalKind, signal};

/// Starts a real Synapse, stand-ins for Telegram and Discord, and the bridge; plays a
/// conversation of three people; then stays up until Ctrl-C, so that you can try by hand.
#[derive(Parser)]
#[command(
    version,
    after_help = "Needs Python 3.10 or newer with venv. COLUMNS is the width \
of the transcript (otherwise 120); FREESIDE_CACHE is the folder for Synapse."
)]
struct Cli {
    /// End after the conversation: exit code 0 if every line arrived on every side, else 1.
    #[arg(long)]
    once: bool,
    #[command(subcommand)]
    bridge: Option<Inner>,
}

#[derive(Subcommand)]
enum Inner {
    /// The bridge itself.
    #[command(hide = true)]
    Bridge {
        #[arg(long)]
        config: PathBuf,
        #[command(subcommand)]
        verb: Verb,
    },
}

#[derive(Subcommand)]
enum Verb {
    Run,
    CheckConfig,
    Registration,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.bridge {
        Some(Inner::Bridge { config, verb: Verb::Run }) => {
            sandbox::town::end_with_parent();
            freeside::run(&config).map(|()| ExitCode::SUCCESS)
        }
        Some(Inner::Bridge { config, verb: Verb::CheckConfig }) => {
            freeside::check_config(&config).map(|()| ExitCode::SUCCESS)
        }
        Some(Inner::Bridge { config, verb: Verb::Registration }) => {
            freeside::registration(&config).map(|()| ExitCode::SUCCESS)
        }
        None => demo(cli.once),
    };
    done.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    })
}

fn demo(once: bool) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        tokio::select! {
            done = whole(once) => done,
            stopped = stopped() => stopped.map(|()| if once { ExitCode::from(130) } else { ExitCode::SUCCESS }),
        }
    });
    // A thread may still wait for a line of standard input.
    runtime.shutdown_background();
    code
}

async fn whole(once: bool) -> anyhow::Result<ExitCode> {
    let town = start().await?;
    let screen = columns::Screen::new(width());
    let arrived = play::play(&town, screen).await?;
    if once {
        return Ok(if arrived.all { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    hand::stay(&town, arrived.screen).await?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the town and says every ten seconds that it is still at it.
async fn start() -> anyhow::Result<Town> {
    let path = std::env::current_exe().context("the demo does not find its own program")?;
    let mut progress = |line: &str| drop(out(&format!("  {line}")));
    out("Starting stand-ins for Telegram and Discord, a real Synapse, and the bridge.")?;
    let building = Town::linked(TownOptions {
        program: Program { path, first: vec!["bridge".into()] },
        room_version: "12".to_owned(),
        encrypted: false,
        more_config: String::new(),
        progress: &mut progress,
    });
    tokio::pin!(building);
    let begun = tokio::time::Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    tick.tick().await;
    loop {
        tokio::select! {
            built = &mut building => return built,
            _ = tick.tick() => out(&format!("  ... {} s", begun.elapsed().as_secs()))?,
        }
    }
}

/// Ctrl-C, or somebody ends the program or closes the terminal: children end by drop.
async fn stopped() -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
        _ = hung_up.recv() => {}
    }
    out("\nStopping.")
}

#[expect(clippy::disallowed_methods, reason = "only the environment knows the terminal's width")]
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.unwrap_or(120)
}

/// Writes a line to standard output.
pub fn out(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("nobody reads what the demo prints")
}

fn complain(error: &anyhow::Error) {
    // Where standard error is closed, the exit code has to do.
    drop(writeln!(std::io::stderr().lock(), "demo: {error:#}"));
}
