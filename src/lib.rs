// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the command line does: reads the configuration, wires the parts, runs them.
//!
//! Rule: this is the only place that knows which networks exist.

pub mod audit;
pub mod check;
mod convert;
mod draw;
pub mod init;
mod judge;
pub mod keys;
mod lines;
mod log;
pub mod manual;
pub mod monitoring;
mod node;
mod public_media;
pub mod reload;
pub mod store;
mod supervisor;
pub mod upgrade;
mod web;
mod wiring;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bot_core::clock::{Clock, SystemClock};
use bridge_config::{Catalogue, Config};
use bridge_policy::calendar::DAY_MS;
use tokio_util::sync::CancellationToken;

use supervisor::{Asked, Ending, Signals, Supervisor};

pub use bot_core::report::Format;
pub use bot_core::store::export::ExportOptions;
pub use convert::{Side, convert};
pub use draw::draw_sticker;
pub use judge::judge;
pub use lines::Tally;

/// The version, and the commit that it was built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("FREESIDE_COMMIT"), ")");

/// Runs the bridge until it is told to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// What is wrong with the configuration, the store or the last network that ran.
pub fn run(config: &Path) -> anyhow::Result<()> {
    run_by(config, Arc::new(SystemClock))
}

/// The same by another clock, for plays in which weeks go by.
///
/// # Errors
/// As [`run`].
pub fn run_by(config: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<()> {
    let loaded = load(config)?;
    log::start(&loaded.log)?;
    choose_tls()?;
    let supervisor = supervisor()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let asked = runtime.block_on(serve((config, &loaded), clock, &supervisor));
    runtime.shutdown_timeout(supervisor::LAST);
    match asked? {
        Asked::ToEnd => Ok(()),
        Asked::Anew => reload::start_anew(),
    }
}

/// Runs until somebody asks for the end or another start.
async fn serve(
    (path, config): (&Path, &Config),
    clock: Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> anyhow::Result<Asked> {
    let mut signals = Signals::listen()?;
    let stop = CancellationToken::new();
    let mut node = tokio::select! {
        biased;
        node = node::Node::in_turn(config) => node?,
        asked = signals.next() => return Ok(asked),
        // A node that stands by does what it is there for.
        () = async { supervisor.ready(); supervisor.beat(async || true).await } => {
            return Ok(Asked::ToEnd);
        }
    };
    let core = wiring::wire(config, (clock, &node), &stop).await?;
    tracing::info!(version = VERSION, "freeside is running");
    supervisor.ready();
    let health = core.monitor().health();
    let mut running = std::pin::pin!(core.run());
    let asked = loop {
        let asked = tokio::select! {
            ended = &mut running => return ended.map(|()| Asked::ToEnd),
            why = node.lost() => {
                anyhow::bail!("{why}: this node ends, so that nothing is said twice")
            }
            () = supervisor.beat(async || health.is_live().await) => Asked::ToEnd,
            () = core.asked_anew() => Asked::Anew,
            asked = signals.next() => asked,
        };
        if asked == Asked::ToEnd || reload::can_start(path) {
            break asked;
        }
    };
    match asked {
        Asked::ToEnd => supervisor.stopping(),
        Asked::Anew => supervisor.reloading(),
    }
    tracing::info!(?asked, "stopping; a second signal does not wait for what is under way");
    stop.cancel();
    let ended = async {
        tokio::select! {
            biased;
            // First: it closes ports, where the node that takes over listens.
            never = async { drop(running.await); std::future::pending().await } => never,
            () = core.ended() => {}
        }
    };
    match supervisor::rest(ended, signals.end(), supervisor::LAST).await {
        Ending::Rested => node.release().await,
        cut @ (Ending::TooLong | Ending::AskedAgain) => {
            tracing::warn!(?cut, "what is under way is cut off, and looked for at the next start");
            if asked == Asked::ToEnd || cut == Ending::AskedAgain {
                // As `kill -9` would, which loses nothing: a thread that hangs keeps nobody.
                std::process::exit(0);
            }
        }
    }
    Ok(asked)
}

#[expect(clippy::disallowed_methods, reason = "the binary hands the environment down")]
fn supervisor() -> anyhow::Result<Supervisor> {
    let supervisor = Supervisor::of(|name| std::env::var(name).ok());
    supervisor.context("NOTIFY_SOCKET names no socket that can be used")
}

/// Two providers are compiled in; rustls wants to be told which one.
fn choose_tls() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))
}

/// Says whether the configuration can be used.
///
/// # Errors
/// Every mistake in it.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn check_config(config: &Path) -> anyhow::Result<()> {
    let (checked, catalogue) = usable(config)?;
    let on = |on: bool| if on { "on" } else { "off" };
    println!(
        "{} is fine: homeserver {}, telegram {}, discord {}, {} services known",
        config.display(),
        checked.homeserver.server_name,
        on(checked.telegram.is_some()),
        on(checked.discord.is_some()),
        catalogue.services.len(),
    );
    let (stale, unchecked): (Vec<_>, Vec<_>) =
        catalogue.unchecked(today()).into_iter().partition(|(_, day)| day.is_some());
    let dated = stale.iter().filter_map(|(id, day)| Some(format!("{id} ({})", (*day)?)));
    let stale: Vec<String> = dated.collect();
    let unchecked: Vec<&str> = unchecked.iter().map(|(id, _)| *id).collect();
    let lists = [
        ("entries of the catalogue last checked more than 90 days ago", stale.join(", ")),
        ("entries of the catalogue that nobody has checked", unchecked.join(", ")),
    ];
    for (what, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        println!("{what}: {ids}");
    }
    Ok(())
}

/// The configuration with what it names, where all of that can be used.
fn usable(config: &Path) -> anyhow::Result<(Config, Catalogue)> {
    let config = load(config)?;
    let catalogue = Catalogue::load(config.notices.catalogue.as_deref())?;
    keys::check(&config.store)?;
    Ok((config, catalogue))
}

/// Prints the registration file (application service API, "Registration").
///
/// # Errors
/// Every mistake in the configuration.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn registration(config: &Path) -> anyhow::Result<()> {
    print!("{}", bridge_config::registration_yaml(&load(config)?));
    Ok(())
}

/// The format of that name.
///
/// # Errors
/// The names that there are.
pub fn format(name: &str) -> Result<Format, String> {
    let names = Format::ALL.map(|(name, _)| name).join(", ");
    Format::parse(name).ok_or_else(|| format!("there is {names}"))
}

/// Prints the report of all communities. The store is open in the running bridge, so that is asked.
///
/// # Errors
/// When the configuration cannot be used, or the bridge does not run or does not answer.
pub fn report(config: &Path, format: Format) -> anyhow::Result<()> {
    print_answer(&load(config)?, &format!("report/{}", format.name()))
}

/// Prints the ledger of consent as JSON lines. The running bridge is asked.
///
/// # Errors
/// As [`report`].
pub fn consent(config: &Path) -> anyhow::Result<()> {
    print_answer(&load(config)?, "consent")
}

#[expect(clippy::print_stdout, reason = "this is the answer")]
fn print_answer(config: &Config, what: &str) -> anyhow::Result<()> {
    print!("{}", ask(config, what, None)?);
    Ok(())
}

/// What the running bridge answers; with a body it is to do something.
pub(crate) fn ask(config: &Config, what: &str, body: Option<String>) -> anyhow::Result<String> {
    choose_tls()?;
    ask_again(config, what, body)
}

/// The same, in a process that has asked before.
pub(crate) fn ask_again(
    config: &Config,
    what: &str,
    body: Option<String>,
) -> anyhow::Result<String> {
    let mut listen = config.appservice.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let url = format!("http://{listen}/_freeside/{what}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (status, text) = runtime.block_on(async {
        let token = config.appservice.hs_token.expose();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let request = match body {
            Some(body) => client.post(&url).body(body),
            None => client.get(&url),
        };
        let answer = request.bearer_auth(token).send().await.with_context(|| {
            format!("the bridge does not answer at {listen}: start it with `freeside run`")
        })?;
        anyhow::Ok((answer.status(), answer.text().await?))
    })?;
    anyhow::ensure!(status.is_success(), "the bridge at {listen} says {status}: {text}");
    Ok(text)
}

/// Converts messages from standard input to standard output, line by line.
///
/// # Errors
/// When a line could not be converted, after all the others were.
pub fn convert_lines(from: Side, to: Side) -> anyhow::Result<()> {
    let output = std::io::BufWriter::new(std::io::stdout().lock());
    convert((from, to), std::io::stdin().lock(), output)?.all_good()
}

/// Judges the links of messages, line by line, from a file or from standard input.
///
/// # Errors
/// When the catalogue or the file cannot be used, or a line cannot be read, after all the others
/// were.
pub fn judge_lines(file: Option<&Path>, catalogue: Option<&Path>) -> anyhow::Result<()> {
    let catalogue = Catalogue::load(catalogue)?;
    let output = std::io::BufWriter::new(std::io::stdout().lock());
    let tally = match file {
        Some(path) => {
            let input = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
            judge(&catalogue, today(), std::io::BufReader::new(input), output)?
        }
        None => judge(&catalogue, today(), std::io::stdin().lock(), output)?,
    };
    tally.all_good()
}

/// Days since 1970.
fn today() -> i64 {
    SystemClock.now().0.div_euclid(DAY_MS)
}

#[expect(clippy::disallowed_methods, reason = "the binary hands the environment down")]
pub(crate) fn load(path: &Path) -> anyhow::Result<Config> {
    bridge_config::load(path, &|name| std::env::var(name).ok())
        .with_context(|| format!("the configuration {} cannot be used", path.display()))
}
