// SPDX-License-Identifier: AGPL-3.0-or-later
//! The platforms' own API descriptions, when they are at hand.
//!
//! Rule: they are never part of the project. `FREESIDE_CONTRACTS` names their
//! folder; without it the suite says once that nothing was validated.

use std::path::PathBuf;
use std::sync::OnceLock;

/// The folder of the contracts, or `None` after having said so once on standard error.
#[expect(clippy::disallowed_methods, reason = "tests take the folder from the environment")]
#[expect(clippy::print_stderr, reason = "a person must see that nothing was validated")]
pub fn dir() -> Option<PathBuf> {
    static DIR: OnceLock<Option<PathBuf>> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = std::env::var("FREESIDE_CONTRACTS").ok().filter(|dir| !dir.is_empty());
        if dir.is_none() {
            eprintln!(
                "note: FREESIDE_CONTRACTS is not set: requests and answers are NOT validated \
                 against the platforms' contracts"
            );
        }
        dir.map(PathBuf::from)
    })
    .clone()
}

/// Reads one contract as JSON; `None` when no folder is set.
///
/// # Errors
/// When the folder is set but the file is missing or no JSON.
pub fn read(name: &str) -> anyhow::Result<Option<serde_json::Value>> {
    use anyhow::Context;
    let Some(dir) = dir() else { return Ok(None) };
    let path = dir.join(name);
    let text = std::fs::read(&path).with_context(|| format!("contract {}", path.display()))?;
    Ok(Some(serde_json::from_slice(&text).with_context(|| format!("contract {name}"))?))
}
