// SPDX-License-Identifier: AGPL-3.0-or-later
//! Notes the commit that the binary is built from, for `--version` and `!source` (AGPL, section 13).
//!
//! Rule: `FREESIDE_COMMIT` wins, for packages that are built without git. Only what exists is watched:
//! Cargo would build anew each time because of a file that is missing.

use std::path::Path;
use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "a build script has nothing but the environment")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FREESIDE_COMMIT");
    let given = std::env::var("FREESIDE_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(from_git).unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=FREESIDE_COMMIT={commit}");
}

fn from_git() -> Option<String> {
    // A folder that merely lies inside somebody else's repository has no commit of its own.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(".").canonicalize().ok()? {
        return None;
    }
    // The log grows with every commit and checkout; without one the branch's own file changes.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "logs/HEAD"].into_iter().chain(branch.as_deref()) {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
