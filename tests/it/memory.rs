// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files flow through the bridge; none is held in memory.

use std::path::PathBuf;

use anyhow::Context;
use sandbox::synapse::NewFile;
use sandbox::town::Side;

use crate::town;

/// Just below what the Bot API takes.
const LARGE: usize = 49_900_000;
/// How much the process may grow over what it needs when nothing happens, in bytes.
const MOST: u64 = 32 * 1024 * 1024;

/// A field of `/proc/<pid>/status`, in bytes.
fn memory(process: u32, field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/status")))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    let kilobytes = line.trim_matches(|it: char| !it.is_ascii_digit());
    Ok(kilobytes.parse::<u64>()? * 1024)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_50_mb_crosses_in_less_than_32_mb_of_memory() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.say(Side::Matrix, "before").await?;
    town.expect(Side::Telegram, |line| line.text == "before").await?;
    let process = town.bridge.process().context("the bridge does not run")?;
    // Forgets the peak of the start (proc(5)).
    std::fs::write(format!("/proc/{process}/clear_refs"), "5")?;
    let idle = memory(process, "VmRSS:")?;
    let bytes: Vec<u8> = (0..LARGE).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
    let file = NewFile::new(&bytes, "large.bin", "application/octet-stream");
    town.alice.send_file(&town.room, file, "a large file").await?;
    let seen = town.expect(Side::Telegram, |line| line.text == "a large file").await?;
    assert!(seen.file.as_deref() == Some(bytes.as_slice()), "other bytes have arrived");
    let peak = memory(process, "VmHWM:")?;
    let grown = peak.saturating_sub(idle);
    assert!(grown < MOST, "the peak is {grown} bytes above {idle}");
    town.assert_clean()
}
