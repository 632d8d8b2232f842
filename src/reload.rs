// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside reload`, and what SIGHUP does: the configuration is read again, all of it.
//!
//! Rule: the process comes to rest as at its end and starts anew under the same number, so that every
//! setting counts and nothing is half changed. A configuration that cannot be used changes nothing.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

/// How often it is asked whether another start has come, for two minutes in all: what is under way may
/// take half a minute, and networks answer slowly.
const LOOKS: u32 = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// What Linux writes behind the path of a program whose file was replaced.
const REPLACED: &str = " (deleted)";

/// Has the running bridge start anew, and waits until it has.
///
/// # Errors
/// Every mistake in the configuration; or that the bridge does not run or does not come back.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn reload(path: &Path) -> anyhow::Result<()> {
    let (config, _) = crate::usable(path).context("nothing was changed")?;
    let before = crate::ask(&config, "start", Some(String::new()))?;
    for _ in 0..LOOKS {
        std::thread::sleep(BETWEEN_LOOKS);
        let now = crate::ask_again(&config, "start", None);
        if now.is_ok_and(|now| now != before) {
            println!("the bridge runs with the configuration of now");
            return Ok(());
        }
    }
    let waited = (BETWEEN_LOOKS * LOOKS).as_secs();
    bail!("the bridge did not come back within {waited} s: its log says why")
}

/// Whether a start with the configuration of now can be tried; if not, the log says why.
pub(crate) fn can_start(path: &Path) -> bool {
    match crate::usable(path) {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the configuration cannot be used, so the bridge goes on with the one before"
            );
            false
        }
    }
}

/// Becomes the program of now with the arguments of this process; returns only when that fails.
///
/// # Errors
/// What the system says.
pub(crate) fn start_anew() -> anyhow::Result<()> {
    let own = std::env::current_exe().context("nobody says which program this is")?;
    // An update has put another file there.
    let path = own.to_str().and_then(|path| path.strip_suffix(REPLACED)).map(PathBuf::from);
    let program = path.unwrap_or(own);
    let error = Command::new(&program).args(std::env::args_os().skip(1)).exec();
    bail!("{} could not be started anew: {error}", program.display())
}
