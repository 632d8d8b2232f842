// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside health`: asks the running bridge how it is, for scripts and containers without `curl`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

/// How long the bridge may think: its own parts have 5 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// Prints how the running bridge is.
///
/// # Errors
/// When it does not answer, is not ready, or, with `live`, does not live; or when `[monitoring]` is
/// missing.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn health(config: &Path, live: bool) -> anyhow::Result<()> {
    let config = crate::load(config)?;
    let mend = "the configuration has no [monitoring]: nobody can be asked. Add it with \
                listen = \"127.0.0.1:29332\", and start the bridge again";
    let mut listen = config.monitoring.context(mend)?.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    crate::choose_tls()?;
    let url = format!("http://{listen}/health/{}", if live { "live" } else { "ready" });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (status, text) = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let answer = client.get(&url).send().await.with_context(|| {
            format!("the bridge does not answer at {listen}: is it running (`freeside run`)?")
        })?;
        anyhow::Ok((answer.status(), answer.text().await?))
    })?;
    println!("{text}");
    ensure!(status.is_success(), "the bridge is not {}", if live { "live" } else { "ready" });
    Ok(())
}
