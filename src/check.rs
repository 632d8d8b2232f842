// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside check`: looks at everything that the bridge needs, on a machine where it runs or is about
//! to.
//!
//! Rule: it changes nothing and sends nothing to a chat. What cannot be looked at because of something
//! else that is wrong is left out, so that one fault has one finding.

pub(crate) mod ask;
pub(crate) mod discord;
mod finding;
pub(crate) mod homeserver;
mod local;
pub(crate) mod portals;
mod table;
pub(crate) mod telegram;

use std::path::Path;
use std::process::ExitCode;

use bot_core::clock::{Clock, SystemClock};
use bridge_config::Config;

pub use finding::{Finding, FindingKind, FindingText, Findings, Level, Responsible};

use ask::Asker;

/// The exit code when there are warnings and no errors; 2 is that of a mistyped command.
const ONLY_WARNINGS: u8 = 3;

/// What `freeside check` is asked for.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct CheckArgs {
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
    /// Fewer free megabytes on the disk of the store are an error.
    #[arg(long, value_name = "MB", default_value_t = 500)]
    min_free_mb: u64,
}

/// Looks at everything and prints what was found. The exit code is 0 when all is well, 1 with an error,
/// 3 with warnings only.
///
/// # Errors
/// When nothing can be looked at, for example because no TLS provider can be chosen.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn check(config: &Path, args: CheckArgs) -> anyhow::Result<ExitCode> {
    crate::choose_tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(examine(config, &SystemClock, args.min_free_mb))?;
    if args.json {
        println!("{:#}", found.json());
    } else {
        print!("{found}");
    }
    let (errors, warnings) = (found.count(Level::Error), found.count(Level::Warning));
    Ok(match (errors, warnings) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(ONLY_WARNINGS),
        (..) => ExitCode::FAILURE,
    })
}

/// Looks at everything.
///
/// # Errors
/// As [`check`].
#[expect(clippy::disallowed_methods, reason = "the binary hands the environment down")]
pub async fn examine(path: &Path, clock: &dyn Clock, min_free_mb: u64) -> anyhow::Result<Findings> {
    let mut found = Findings::default();
    let config = match bridge_config::load(path, &|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(errors) => {
            local::mistakes(path, &errors, &mut found);
            return Ok(found);
        }
    };
    found.fine(format!("the configuration {} can be used", path.display()));
    local::modes(path, &config, &mut found);
    local::catalogue(&config, clock, &mut found);
    local::proxies(&config, &mut found).await;
    let running = portals::running(&config, &mut found).await?;
    local::store(&config, running.ours, min_free_mb, &mut found);
    local::media(&config, running.ours, &mut found).await?;
    local::pages(&config, running.ours, &mut found).await?;
    networks(&config, clock, &running, &mut found).await?;
    portals::rights(&running.chats, &mut found);
    Ok(found)
}

/// The homeserver, Telegram and Discord, each through its proxy. What is behind a proxy that does not
/// answer cannot be looked at.
async fn networks(
    config: &Config,
    clock: &dyn Clock,
    running: &portals::Running,
    found: &mut Findings,
) -> anyhow::Result<()> {
    let is_cut_off = |proxy: Option<&reqwest::Url>, found: &Findings| {
        let fact = proxy.map(ToString::to_string);
        let dead = |it: &Finding| it.kind == FindingKind::Proxy && fact.as_deref() == it.fact(1);
        fact.is_some() && found.wrong.iter().any(dead)
    };
    let proxy = config.homeserver.proxy.as_ref();
    if !is_cut_off(proxy, found) {
        let asker = Asker::new(proxy)?;
        homeserver::examine((config, &asker), clock, running.ours, found).await;
    }
    if let Some(telegram) = &config.telegram
        && !is_cut_off(telegram.proxy.as_ref(), found)
    {
        let asker = Asker::new(telegram.proxy.as_ref())?;
        telegram::examine((telegram, &asker), clock, &running.chats, found).await;
    }
    if let Some(discord) = &config.discord
        && !is_cut_off(discord.proxy.as_ref(), found)
    {
        let asker = Asker::new(discord.proxy.as_ref())?;
        discord::examine((discord, &asker), clock, &running.chats, found).await;
    }
    Ok(())
}
