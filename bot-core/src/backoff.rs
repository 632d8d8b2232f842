// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long to wait before the next try, when the platform does not say.
//!
//! Rule: every wait that grows with the number of failures is computed here.

use std::time::Duration;

use crate::clock::Dice;

/// A delay that doubles with each failure, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Doubles from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The delay before the next try, after `failed` earlier failures besides the last one.
    pub fn after(self, failed: u32) -> Duration {
        let factor = 1_u32.checked_shl(failed).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// The same, shortened by up to a quarter, so that many do not knock at once.
    pub fn jittered(self, failed: u32, dice: &dyn Dice) -> Duration {
        let delay = self.after(failed);
        delay.saturating_sub(delay.mul_f64(dice.fraction() / 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_delay_doubles_up_to_its_limit_however_often_it_failed() {
        let backoff = Backoff::new(SECONDS(1), SECONDS(300));
        let delays = [0, 1, 2, 8, 9, 31, 32, u32::MAX].map(|failed| backoff.after(failed));
        assert_eq!(delays, [1, 2, 4, 256, 300, 300, 300, 300].map(SECONDS));
    }

    #[test]
    fn jitter_takes_at_most_a_quarter_away() {
        struct Full;
        impl Dice for Full {
            fn roll(&self, bytes: &mut [u8]) {
                bytes.fill(0xff);
            }
        }
        let delay = Backoff::new(SECONDS(4), SECONDS(300)).jittered(0, &Full);
        assert!(delay >= SECONDS(3) && delay < SECONDS(4), "{delay:?}");
    }
}
