// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pauses between tries.
//!
//! Rule: they double from one second up to a bound; jitter is added where many would come at
//! once.

use std::time::Duration;

/// Pauses that double.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    longest: Duration,
    tries: u32,
}

impl Pause {
    /// Pauses of at most `longest`.
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { longest, tries: 0 }
    }

    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let time = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(self.tries));
        self.tries = self.tries.saturating_add(1);
        time.min(self.longest)
    }

    /// Begins with a short pause again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}
