// SPDX-License-Identifier: AGPL-3.0-or-later
//! The process of one Synapse.
//!
//! Rule: its standard input stays open as long as it shall run; see `run.py` in
//! `settings.rs`.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

const BOOT_DEADLINE: Duration = Duration::from_secs(90);
const STOP_DEADLINE: Duration = Duration::from_secs(20);
const CONSOLE: &str = "console.log";

/// A Synapse process; it dies with this value.
pub(super) struct Child {
    process: tokio::process::Child,
    stdin: ChildStdin,
}

impl Child {
    /// Starts it; it is not ready yet.
    pub(super) fn spawn(python: &Path, dir: &Path) -> Result<Self> {
        let mut process = command(python, dir)?
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", python.display()))?;
        // `wait` would close it, were it left in the child.
        let stdin = process.stdin.take().context("Synapse has no standard input")?;
        Ok(Self { process, stdin })
    }

    /// Waits until it answers under `url`.
    pub(super) async fn ready(
        mut self,
        http: &reqwest::Client,
        url: &str,
        dir: &Path,
    ) -> Result<Self> {
        let versions = format!("{url}/_matrix/client/versions");
        let deadline = Instant::now() + BOOT_DEADLINE;
        loop {
            if let Some(status) = self.process.try_wait().context("watching Synapse")? {
                bail!("Synapse ended at once ({status}):\n{}", log_tail(dir, 4000));
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
        let _ = self.stdin.write_all(b"stop\n").await;
        let _ = self.stdin.flush().await;
        match timeout(STOP_DEADLINE, self.process.wait()).await {
            Ok(ended) => ended.map(drop).context("waiting for Synapse"),
            Err(_) => self.kill().await,
        }
    }

    /// Ends it by force.
    pub(super) async fn kill(mut self) -> Result<()> {
        self.process.kill().await.context("killing Synapse")
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

fn command(python: &Path, dir: &Path) -> Result<Command> {
    let console = dir.join(CONSOLE);
    let out = File::options().create(true).append(true).open(&console);
    let out = out.with_context(|| format!("opening {}", console.display()))?;
    let mut command = Command::new(python);
    command.args(["run.py", "-c", "homeserver.yaml"]).current_dir(dir);
    command.stdout(out.try_clone().context("sharing the console log")?).stderr(out);
    Ok(command)
}
