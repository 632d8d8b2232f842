// SPDX-License-Identifier: AGPL-3.0-or-later
//! The process of one Synapse.
//!
//! Rule: the connection to it stays open as long as it shall run; see `launcher.rs`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::launcher;

const BOOT_DEADLINE: Duration = Duration::from_secs(90);
const STOP_DEADLINE: Duration = Duration::from_secs(20);
const CONSOLE: &str = "console.log";

/// A Synapse process; it dies with this value.
pub(super) struct Child {
    /// Closed by the process when it ends.
    link: UnixStream,
    number: launcher::Number,
}

impl Child {
    /// Starts it; it is not ready yet.
    pub(super) async fn spawn(python: &Path, dir: &Path) -> Result<Self> {
        let (link, number) = launcher::start(python, dir).await?;
        Ok(Self { link, number })
    }

    /// Waits until it answers under `url`.
    pub(super) async fn ready(self, http: &reqwest::Client, url: &str, dir: &Path) -> Result<Self> {
        let versions = format!("{url}/_matrix/client/versions");
        let deadline = Instant::now() + BOOT_DEADLINE;
        loop {
            if self.link.try_read(&mut [0]).is_ok_and(|read| read == 0) {
                bail!("Synapse ended at once:\n{}", log_tail(dir, 4000));
            }
            let request = http.get(&versions).timeout(Duration::from_secs(5));
            if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(self);
            }
            if Instant::now() > deadline {
                bail!("Synapse did not answer within 90 s:\n{}", log_tail(dir, 4000));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends it in order, or by force after 20 s.
    pub(super) async fn stop(mut self) -> Result<()> {
        // A process that is gone already cannot read; waiting for it is enough then.
        let _ = self.link.write_all(b"stop\n").await;
        match timeout(STOP_DEADLINE, self.ended()).await {
            Ok(()) => Ok(()),
            Err(_) => self.kill().await,
        }
    }

    /// Ends it by force.
    pub(super) async fn kill(mut self) -> Result<()> {
        launcher::kill(&self.number).await?;
        timeout(STOP_DEADLINE, self.ended()).await.context("Synapse was killed and did not end")
    }

    /// Waits until the process has closed its end.
    async fn ended(&mut self) {
        while self.link.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
    }
}

/// Registers an admin with the shared secret of the configuration: (address, localpart, password).
pub(super) async fn register_admin(
    python: &Path,
    (url, localpart, password): (&str, &str, &str),
) -> Result<()> {
    let mut register = Command::new(python);
    register.args(["-m", "synapse._scripts.register_new_matrix_user", "--admin"]);
    register.args(["-u", localpart, "-p", password, "-k", "sandbox", url]);
    register.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(BOOT_DEADLINE, register.output())
        .await
        .context("no admin was registered within 90 s")?
        .context("starting the registration")?;
    if !output.status.success() {
        bail!("no admin was registered: {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

/// The last characters of what Synapse logged and printed.
pub(super) fn log_tail(dir: &Path, characters: usize) -> String {
    let read = |name| std::fs::read(dir.join(name)).unwrap_or_default();
    let text = [read("homeserver.log"), read(CONSOLE)].concat();
    let text = String::from_utf8_lossy(&text);
    let skip = text.chars().count().saturating_sub(characters);
    text.chars().skip(skip).collect()
}
