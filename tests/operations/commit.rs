// SPDX-License-Identifier: AGPL-3.0-or-later
//! The program says which commit it was built from.

use std::process::Command;

fn said(program: &mut Command) -> String {
    let output = program.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_version_names_the_commit() {
    let version = said(Command::new(env!("CARGO_BIN_EXE_freeside")).arg("--version"));
    let commit = version
        .strip_prefix(concat!("freeside ", env!("CARGO_PKG_VERSION"), " ("))
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_else(|| panic!("{version}"));
    let root = env!("CARGO_MANIFEST_DIR");
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    // A package is built without git, and a build can be told its commit.
    let is_hash = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if std::env::var_os("FREESIDE_COMMIT").is_some() || git(&["rev-parse", "HEAD"]).is_none() {
        assert!(!commit.is_empty(), "{version}");
        return;
    }
    assert!(is_hash, "{version}");
    assert_eq!(git(&["rev-parse", "--short=12", "HEAD"]).as_deref(), Some(commit));
}
