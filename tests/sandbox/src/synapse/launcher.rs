// SPDX-License-Identifier: AGPL-3.0-or-later
//! One process of an environment loads Synapse's code once; each Synapse is a copy of it.
//!
//! Rule: the launcher ends with this process, because it watches its standard input. What it
//! understands stands in `launcher.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};

const PROGRAM: &str = include_str!("launcher.py");
/// Time to load the code on a busy machine.
const DEADLINE: Duration = Duration::from_secs(90);
const CONSOLE: &str = "launcher.log";

/// A Synapse that was started, as its launcher knows it.
pub(super) struct Number {
    socket: PathBuf,
    process: u32,
}

/// The running launchers by the Python of their environment.
static RUNNING: Mutex<BTreeMap<PathBuf, Launcher>> = Mutex::new(BTreeMap::new());

struct Launcher {
    process: Child,
    socket: PathBuf,
}

/// Starts the Synapse whose configuration lies in `dir`. The connection is closed when it ends, and
/// it ends when the connection is closed.
pub(super) async fn start(python: &Path, dir: &Path) -> Result<(UnixStream, Number)> {
    let socket = socket(python)?;
    let mut link = connect(python, &socket).await?;
    let dir = dir.to_str().context("the folder of Synapse has an odd name")?;
    link.write_all(format!("start {dir}\n").as_bytes()).await.context("asking for a Synapse")?;
    let mut answer = String::new();
    while !answer.ends_with('\n') {
        let byte = link.read_u8().await.context("the launcher of Synapse ended")?;
        answer.push(char::from(byte));
    }
    let process = answer.trim().parse().context("the launcher names no process")?;
    Ok((link, Number { socket, process }))
}

/// Ends a Synapse at once; returns when it is gone.
pub(super) async fn kill(number: &Number) -> Result<()> {
    let mut link = UnixStream::connect(&number.socket).await.context("the launcher is gone")?;
    link.write_all(format!("kill {}\n", number.process).as_bytes()).await?;
    link.read_to_end(&mut Vec::new()).await.context("waiting for the launcher").map(drop)
}

/// Where the launcher of an environment listens; it is started on first use.
fn socket(python: &Path) -> Result<PathBuf> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = running.get_mut(python)
        && known.process.try_wait().context("watching the launcher of Synapse")?.is_none()
    {
        return Ok(known.socket.clone());
    }
    // It deletes its folder itself: nothing static is ever dropped.
    let dir = tempfile::Builder::new().prefix("freeside-launcher-").tempdir()?.keep();
    let (program, socket) = (dir.join("launcher.py"), dir.join("socket"));
    std::fs::write(&program, PROGRAM).context("writing the launcher of Synapse")?;
    let out = std::fs::File::create(dir.join(CONSOLE)).context("making its log")?;
    let mut command = Command::new(python);
    command.arg(&program).arg(&socket).stdin(Stdio::piped());
    command.stdout(out.try_clone().context("sharing its log")?).stderr(out);
    let process = command.spawn().with_context(|| format!("starting {}", python.display()))?;
    running.insert(python.to_owned(), Launcher { process, socket: socket.clone() });
    Ok(socket)
}

/// Connects as soon as it listens.
async fn connect(python: &Path, socket: &Path) -> Result<UnixStream> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let tried = UnixStream::connect(socket).await;
        if let Ok(link) = tried {
            return Ok(link);
        }
        let ended = || -> Result<bool> {
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(launcher) = running.get_mut(python) else { return Ok(true) };
            Ok(launcher.process.try_wait()?.is_some())
        };
        if ended()? || Instant::now() > deadline {
            let log = socket.with_file_name(CONSOLE);
            let log = std::fs::read_to_string(log).unwrap_or_default();
            bail!("Synapse could not be loaded:\n{log}");
        }
        sleep(Duration::from_millis(20)).await;
    }
}
