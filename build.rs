// SPDX-License-Identifier: AGPL-3.0-or-later
//! Notes the commit that the binary is built from, for `!source` (AGPL, section 13).

use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "a build script has nothing but the environment")]
fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/refs/heads");
    println!("cargo::rerun-if-env-changed=FREESIDE_COMMIT");
    let commit = std::env::var("FREESIDE_COMMIT").ok().or_else(from_git);
    let commit = commit.unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=FREESIDE_COMMIT={commit}");
}

fn from_git() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
