// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long to wait after failures.
//!
//! Rule: doubling with jitter, so that many bridges do not come back in the same second.

use std::time::Duration;

use crate::settings::Patience;

/// Counts failures in a row.
pub(super) struct Backoff {
    patience: Patience,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(patience: &Patience) -> Self {
        Self { patience: patience.clone(), failures: 0 }
    }

    /// The wait after one more failure: from half of the doubled time up to the whole.
    pub(super) fn next(&mut self) -> Duration {
        let doubled = self.patience.first.saturating_mul(2u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        let most = doubled.min(self.patience.longest);
        let share = 0.5 + (self.patience.jitter)().clamp(0.0, 1.0) / 2.0;
        most.mul_f64(share)
    }

    /// The wait after a failure that only somebody can mend: half of the longest up to the whole.
    pub(super) fn longest(&mut self) -> Duration {
        self.failures = u32::MAX;
        self.next()
    }

    /// All is well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod wait_tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(&Patience::new(Arc::new(|| 1.0)));
        let waits: Vec<u64> = (0..11).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        backoff.reset();
        assert_eq!(backoff.next().as_secs(), 1);
    }

    #[test]
    fn jitter_takes_off_at_most_half() {
        let mut backoff = Backoff::new(&Patience::new(Arc::new(|| 0.0)));
        assert_eq!(backoff.next().as_millis(), 500);
    }
}
