// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside config upgrade`: the configuration of an older version, as this one reads it.
//!
//! Rule: the old file is kept beside the new one, which appears whole or not at all.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::init::files;

/// Brings the configuration up to date.
///
/// # Errors
/// When it cannot be read or written, and every mistake that is left in it.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn upgrade(config: &Path) -> anyhow::Result<()> {
    let shown = config.display();
    let text =
        std::fs::read_to_string(config).with_context(|| format!("{shown} cannot be read"))?;
    let Some(new) = bridge_config::upgrade(&text) else {
        println!("{shown} has nothing that older versions wrote otherwise");
        return crate::load(config).map(drop);
    };
    let mode = std::fs::metadata(config)?.permissions();
    let kept = files::keep_old(config)?;
    let written = files::write_new(config, &new.text)?;
    ensure!(written, "{shown} has appeared meanwhile and is left as it is");
    std::fs::set_permissions(config, mode).with_context(|| format!("the mode of {shown}"))?;
    for change in &new.changes {
        println!("{change}");
    }
    println!("{shown} is written; the old one is {}", kept.display());
    crate::load(config).map(drop)
}
