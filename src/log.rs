// SPDX-License-Identifier: AGPL-3.0-or-later
//! The log on standard error.

use anyhow::Context;
use bridge_config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// What other libraries say less of; at `info`, matrix-sdk names rooms.
const QUIET: &str =
    "matrix_sdk=warn,matrix_sdk_base=warn,matrix_sdk_crypto=off,matrix_sdk_sqlite=off";

/// Begins to log as configured.
///
/// # Errors
/// When the level cannot be read, or something logs already.
pub fn start(log: &Log) -> anyhow::Result<()> {
    // They name people and devices; `log.level` can say otherwise.
    let level = format!("{QUIET},{}", log.level);
    let filter = EnvFilter::try_new(level)
        .with_context(|| format!("log.level: {:?} is no level", log.level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot begin: {error}"))
}
