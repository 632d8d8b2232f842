// SPDX-License-Identifier: AGPL-3.0-or-later
//! How `freeside reload` asks the running bridge to start anew.
//!
//! Rule: who asks learns when this start was, and so when the next one has come.

use bot_core::clock::Clock;
use tokio::sync::Notify;

/// One start of the bridge, until the next one is asked for.
#[derive(Debug)]
pub struct Restart {
    /// In milliseconds since 1970.
    started: i64,
    asked: Notify,
}

impl Restart {
    /// Begins now.
    pub fn new(clock: &dyn Clock) -> Self {
        Self { started: clock.now().0, asked: Notify::new() }
    }

    /// When this start was, in milliseconds since 1970.
    pub fn started(&self) -> i64 {
        self.started
    }

    /// Asks for the next one.
    pub fn ask(&self) {
        self.asked.notify_one();
    }

    /// Returns when somebody has asked.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }
}
