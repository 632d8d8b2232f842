// SPDX-License-Identifier: AGPL-3.0-or-later
//! Time as a parameter.
//!
//! Rule: nothing in the core reads the time but through a [`Clock`].

use std::time::Duration;

use async_trait::async_trait;
use bridge_model::Timestamp;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The moment that a server gives in the field `Date` of its answer (RFC 9110, 6.6.1), which is how a
/// platform's own clock is known.
pub fn of_http_date(field: &str) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(field).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since.as_millis()).ok()?))
}

/// Gives random bytes.
pub trait Dice: Send + Sync {
    /// Fills `bytes`.
    fn roll(&self, bytes: &mut [u8]);
}

/// The machine's own randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn roll(&self, bytes: &mut [u8]) {
        rand::RngCore::fill_bytes(&mut rand::rng(), bytes);
    }
}

impl dyn Dice + '_ {
    /// A number from 0 to less than 1.
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.roll(&mut bytes);
        f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
