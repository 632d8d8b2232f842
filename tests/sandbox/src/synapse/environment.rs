// SPDX-License-Identifier: AGPL-3.0-or-later
//! The virtual environment that holds Synapse: made once for each machine and
//! each version of the requirements file.
//!
//! Rule: an environment counts only when its marker file is there, and the marker
//! is written last; several processes take turns by a file lock.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tokio::process::Command;

const REQUIREMENTS: &str = include_str!("../../synapse-requirements.txt");
const MARKER: &str = "freeside-ready";
const NEED: &str = "the real Synapse of the tests and the demo needs Python 3.10 or newer with venv \
    (Debian, Ubuntu: `sudo apt install python3 python3-venv`; Fedora: `sudo dnf install python3`; \
    macOS: `brew install python`)";
const INSTALL_DEADLINE: Duration = Duration::from_secs(20 * 60);

/// What old versions need beside themselves: the newest of these that they can be loaded with.
const FOR_OLD: [&str; 2] = ["prometheus-client==0.20.0", "Twisted==24.7.0"];

/// What an environment holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Release<'a> {
    /// The version of the requirements file, with hashes.
    Pinned,
    /// Another version, with what pip finds for it.
    Named(&'a str),
}

impl Release<'_> {
    fn folder(self) -> String {
        match self {
            Self::Pinned => format!("synapse-{}", fingerprint()),
            Self::Named(version) => format!("synapse-at-{version}"),
        }
    }
}

/// The Python of an environment with a Synapse, made first if it is not there.
pub(super) async fn ensure(
    (python, release): (Option<&Path>, Release<'_>),
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<PathBuf> {
    ensure_in(&cache_dir()?, (python, release), progress).await
}

async fn ensure_in(
    cache: &Path,
    (python, release): (Option<&Path>, Release<'_>),
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<PathBuf> {
    std::fs::create_dir_all(cache)
        .with_context(|| format!("making the cache folder {}", cache.display()))?;
    let name = release.folder();
    // Synapse runs in another folder, where a relative path would lead nowhere.
    let cache = &std::path::absolute(cache).context("the cache folder")?;
    let home = cache.join(&name);
    let inside = home.join("bin").join("python");
    let _turn = take_turn(&cache.join(format!("{name}.lock")), progress).await?;
    if home.join(MARKER).exists() && runs(&inside).await {
        return Ok(inside);
    }
    let python = find_python(python).await?;
    if home.exists() {
        std::fs::remove_dir_all(&home).with_context(|| format!("removing {}", home.display()))?;
    }
    progress(&format!("Making a Python environment in {}.", home.display()));
    make((&python, release), &home, progress).await?;
    Ok(inside)
}

/// The database of a Synapse of this version that nobody has used yet; made by the first start.
pub(super) fn prepared_database(python: &Path) -> PathBuf {
    let home = python.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    home.join("empty.db")
}

/// Keeps the database of a Synapse that was stopped, whole or not at all: other test processes may
/// be looking for it.
pub(super) async fn keep_database(python: &Path, database: &Path) -> Result<()> {
    let kept = prepared_database(python);
    let part = kept.with_extension(format!("{}.part", rand::random::<u64>()));
    let mut copy = Command::new(python);
    let script = "import sqlite3, sys\n\
                  sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', (sys.argv[2],))";
    copy.args(["-c", script]).arg(database).arg(&part);
    run(copy).await.context("keeping the empty database")?;
    std::fs::rename(&part, &kept).context("keeping the empty database")
}

async fn make(
    (python, release): (&Path, Release<'_>),
    home: &Path,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<()> {
    let mut venv = Command::new(python);
    venv.arg("-m").arg("venv").arg(home);
    run(venv).await.with_context(|| format!("making a virtual environment failed; {NEED}"))?;
    let list = home.join("requirements.txt");
    std::fs::write(&list, REQUIREMENTS).context("writing the requirements file")?;
    progress("Installing Synapse (about 60 MB, once on this machine; half a minute or more).");
    let mut pip = Command::new(home.join("bin").join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--only-binary", ":all:"]);
    match release {
        Release::Pinned => pip.args(["--require-hashes", "--no-deps", "-r"]).arg(&list),
        Release::Named(version) => pip.arg(format!("matrix-synapse=={version}")).args(FOR_OLD),
    };
    run(pip).await.context(
        "pip could not install Synapse; look at its message above: without a network set \
         FREESIDE_CACHE to a folder that has it already, behind a proxy set HTTPS_PROXY",
    )?;
    std::fs::write(home.join(MARKER), b"").context("writing the marker")?;
    progress("Synapse is installed.");
    Ok(())
}

fn fingerprint() -> String {
    let mut hex = data_encoding::HEXLOWER.encode(&Sha256::digest(REQUIREMENTS.as_bytes()));
    hex.truncate(16);
    hex
}

#[expect(clippy::disallowed_methods, reason = "the cache of the tests is named by the environment")]
fn cache_dir() -> Result<PathBuf> {
    let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(dir) = var("FREESIDE_CACHE") {
        return Ok(PathBuf::from(dir));
    }
    if let Some(dir) = var("XDG_CACHE_HOME") {
        return Ok(Path::new(&dir).join("freeside"));
    }
    let home = var("HOME").context("set FREESIDE_CACHE to a folder: there is no HOME")?;
    Ok(Path::new(&home).join(".cache").join("freeside"))
}

/// Waits for the lock; dropping the file gives it back, also when this process dies.
async fn take_turn(path: &Path, progress: &mut (dyn FnMut(&str) + Send)) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))?;
    let deadline = tokio::time::Instant::now() + INSTALL_DEADLINE;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error).context("locking the cache"),
            Err(TryLockError::WouldBlock) => {}
        }
        if tokio::time::Instant::now() > deadline {
            bail!("another process has held {} for 20 minutes", path.display());
        }
        if !told {
            progress("Waiting for another process that installs Synapse.");
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The first Python that Synapse is known to work with; else the newest one.
async fn find_python(wanted: Option<&Path>) -> Result<PathBuf> {
    if let Some(python) = wanted {
        return match version(python).await {
            Some((3, minor)) if minor >= 10 => Ok(python.to_owned()),
            Some((major, minor)) => {
                bail!("{} is Python {major}.{minor}, which is too old: {NEED}", python.display())
            }
            None => bail!("{} is not a Python that runs: {NEED}", python.display()),
        };
    }
    let mut newer = None;
    let mut older = None;
    for name in ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"] {
        match version(Path::new(name)).await {
            Some((3, 10..=13)) => return Ok(PathBuf::from(name)),
            Some((3, minor)) if minor > 13 => newer = newer.or(Some(PathBuf::from(name))),
            Some((major, minor)) => older = older.or(Some(format!("{name} is {major}.{minor}"))),
            None => {}
        }
    }
    match (newer, older) {
        (Some(python), _) => Ok(python),
        (None, Some(older)) => bail!("{older}, which is too old: {NEED}"),
        (None, None) => bail!("there is no python3: {NEED}"),
    }
}

async fn version(python: &Path) -> Option<(u32, u32)> {
    let mut command = Command::new(python);
    command.args(["-c", "import sys; print(*sys.version_info[:2])"]).stdin(Stdio::null());
    let output = command.output().await.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

async fn runs(python: &Path) -> bool {
    version(python).await.is_some()
}

async fn run(mut command: Command) -> Result<()> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(INSTALL_DEADLINE, command.output())
        .await
        .context("took longer than 20 minutes")?
        .context("cannot be started")?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    bail!("{} ({})", String::from_utf8_lossy(&said).trim(), output.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_python_says_what_to_install() {
        let cache = tempfile::tempdir().unwrap();
        let python = (Some(Path::new("/nonexistent/python")), Release::Pinned);
        let error = ensure_in(cache.path(), python, &mut |_| {}).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("/nonexistent/python is not a Python that runs"), "{error}");
        assert!(error.contains("apt install python3 python3-venv"), "{error}");
    }

    #[tokio::test]
    async fn a_python_that_is_too_old_is_refused_with_its_version() {
        let cache = tempfile::tempdir().unwrap();
        let old = cache.path().join("python3");
        std::fs::write(&old, "#!/bin/sh\necho 3 9\n").unwrap();
        make_executable(&old);
        let error =
            ensure_in(cache.path(), (Some(&old), Release::Pinned), &mut |_| {}).await.unwrap_err();
        assert!(format!("{error:#}").contains("is Python 3.9, which is too old"), "{error:#}");
    }

    #[tokio::test]
    async fn a_second_process_waits_for_its_turn_and_says_so() {
        let cache = tempfile::tempdir().unwrap();
        let lock = cache.path().join("x.lock");
        let first = take_turn(&lock, &mut |_| {}).await.unwrap();
        let mut holder = Some(first);
        let mut said = Vec::new();
        // The lock is given back from inside the waiter's own report.
        let _second = take_turn(&lock, &mut |line| {
            said.push(line.to_owned());
            holder.take();
        })
        .await
        .unwrap();
        assert_eq!(said, ["Waiting for another process that installs Synapse."]);
    }

    #[test]
    fn every_requirement_has_a_version_and_a_hash() {
        let mut open = None;
        for line in REQUIREMENTS.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(' ') {
                assert!(line.trim_start().starts_with("--hash=sha256:"), "{line}");
                open = None;
            } else {
                assert_eq!(open, None, "a requirement without a hash");
                assert!(line.contains("=="), "{line}");
                open = Some(line);
            }
        }
        assert_eq!(open, None, "a requirement without a hash");
        assert!(REQUIREMENTS.contains("\nmatrix-synapse==1.163.2 "));
    }

    #[cfg(unix)]
    fn make_executable(path: &Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}
