// SPDX-License-Identifier: AGPL-3.0-or-later
//! A whole community walks from Telegram and Discord to Matrix: 600 members, three admins, eight
//! weeks, every stage, one step back, one crash, forty people who move, and the end of the bridge.
//!
//! Rule: the bridge is a process of its own (this program, started again with `bridge` as its first
//! argument). Its clock is a file that the play moves; everything else is real: Synapse, the
//! stand-ins with the platforms' terms, kill -9.

mod checks;
mod clock;
mod people;
mod privacy;
mod script;
mod words;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};

use clock::FileClock;

/// Plays eight weeks of a community on this machine, prints what was decided and the report, and
/// ends with exit code 0 only if everything held that a community may rely on.
#[derive(Parser)]
#[command(version, after_help = "Needs Python 3.10 or newer with venv. Takes some minutes.")]
struct Cli {
    /// The language in which the bot speaks, such as `de`.
    #[arg(long, default_value = "en")]
    language: String,
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
    Registration,
    Audit {
        #[arg(long)]
        known: PathBuf,
        #[arg(long)]
        log: PathBuf,
        #[arg(long)]
        events: PathBuf,
    },
    Report {
        #[arg(long, value_parser = freeside::format, default_value = "markdown")]
        format: freeside::Format,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.bridge {
        Some(Inner::Bridge { config, verb: Verb::Run }) => {
            sandbox::town::end_with_parent();
            let clock = FileClock::beside(&config);
            freeside::run_by(&config, Arc::new(clock)).map(|()| ExitCode::SUCCESS)
        }
        Some(Inner::Bridge { config, verb: Verb::Registration }) => {
            freeside::registration(&config).map(|()| ExitCode::SUCCESS)
        }
        Some(Inner::Bridge { config, verb: Verb::Audit { known, log, events } }) => {
            let (logs, events) = (&[log], &[events]);
            let files = freeside::audit::Files { known: Some(&known), logs, events };
            freeside::audit::audit(&config, &files).map(|()| ExitCode::SUCCESS)
        }
        Some(Inner::Bridge { config, verb: Verb::Report { format } }) => {
            freeside::report(&config, format).map(|()| ExitCode::SUCCESS)
        }
        None => play(&cli.language),
    };
    done.unwrap_or_else(|error| {
        // Where standard error is closed, the exit code has to do.
        drop(writeln!(std::io::stderr().lock(), "community: {error:#}"));
        ExitCode::FAILURE
    })
}

fn play(language: &str) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let problems = runtime.block_on(async {
        tokio::select! {
            done = script::play(language) => done,
            stopped = tokio::signal::ctrl_c() => {
                stopped?;
                anyhow::bail!("stopped by hand")
            }
        }
    })?;
    if problems.is_empty() {
        out("\nEverything held.")?;
        return Ok(ExitCode::SUCCESS);
    }
    out("\nThis did not hold:")?;
    problems.iter().try_for_each(|problem| out(&format!("  * {problem}")))?;
    Ok(ExitCode::FAILURE)
}

/// Writes a line to standard output.
pub fn out(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("nobody reads what the play prints")
}
