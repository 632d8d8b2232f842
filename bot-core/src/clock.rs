// SPDX-License-Identifier: AGPL-3.0-or-later
//! Time as a parameter.
//!
//! Rule: nothing in the core reads the time but through a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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

/// A platform's own clock, as the field `Date` of its last answer gives it (RFC 9110, 6.6.1). Its copies
/// tell the same time.
#[derive(Clone, Debug, Default)]
pub struct ServerClock(Arc<AtomicI64>);

impl ServerClock {
    /// An answer came, with this in its field; what is no date changes nothing.
    pub fn note(&self, field: Option<&str>) {
        if let Some(at) = field.and_then(of_http_date) {
            self.0.store(at.0, Ordering::Relaxed);
        }
    }

    /// When the last answer came; `None` before the first one.
    pub fn answered_at(&self) -> Option<Timestamp> {
        Some(self.0.load(Ordering::Relaxed)).filter(|at| *at > 0).map(Timestamp)
    }
}

fn of_http_date(field: &str) -> Option<Timestamp> {
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
