// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ports that another process is told to listen at.
//!
//! Rule: none is one of those that the system gives out by itself (`ip_local_port_range`, from 32768 on),
//! or a connection or a stand-in of another test takes it before the process is there.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;

const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;
/// How many ports are tried for one that is free.
const TRIES: usize = 1_000;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// One at which nothing listens now, and which no other call in this process gives.
///
/// # Errors
/// When none of many is free.
pub fn free_port() -> anyhow::Result<u16> {
    // Test processes beside this one begin elsewhere.
    let begin = std::process::id().wrapping_mul(61);
    let mut tried = std::iter::repeat_with(|| {
        let next = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST.saturating_add(next.checked_rem(COUNT)?)).ok()
    });
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    tried.by_ref().take(TRIES).flatten().find(free).context("no free port")
}
