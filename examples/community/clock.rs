// SPDX-License-Identifier: AGPL-3.0-or-later
//! A clock that another process moves: so many milliseconds ahead of the machine's own, from a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bot_core::clock::{Clock, SystemClock};
use bridge_model::Timestamp;

/// How often a sleeper looks whether time was moved.
const LOOK: Duration = Duration::from_millis(50);

/// The clock.
pub struct FileClock(PathBuf);

impl FileClock {
    /// The clock of the bridge with this configuration.
    pub fn beside(config: &Path) -> Self {
        Self(config.with_file_name("clock"))
    }

    /// How far ahead it is, in milliseconds.
    pub fn ahead(&self) -> i64 {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Moves it; whole at once, so that nobody reads half a number.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_ahead(&self, milliseconds: i64) -> std::io::Result<()> {
        let new = self.0.with_extension("new");
        std::fs::write(&new, milliseconds.to_string())?;
        std::fs::rename(new, &self.0)
    }
}

#[async_trait]
impl Clock for FileClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0.saturating_add(self.ahead()))
    }

    async fn sleep(&self, duration: Duration) {
        let wanted = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = self.now().0.saturating_add(wanted);
        loop {
            let left = u64::try_from(until.saturating_sub(self.now().0)).unwrap_or(0);
            if left == 0 {
                return;
            }
            tokio::time::sleep(LOOK.min(Duration::from_millis(left))).await;
        }
    }
}
