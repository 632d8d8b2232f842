// SPDX-License-Identifier: AGPL-3.0-or-later
//! A clock that moves when the test says so, and dice that always show the same.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bot_core::clock::{Clock, Dice};
use bridge_model::Timestamp;
use tokio::sync::{oneshot, watch};

use crate::words::START;

/// How often the core looks what is due.
pub const TICK: Duration = Duration::from_secs(45);

pub struct FakeClock {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

struct State {
    now: Timestamp,
    sleepers: Vec<(i64, oneshot::Sender<()>)>,
    asked: Vec<Duration>,
}

impl Default for FakeClock {
    fn default() -> Self {
        let state = State { now: START, sleepers: Vec::new(), asked: Vec::new() };
        Self { state: Mutex::new(state), changed: watch::Sender::new(0) }
    }
}

impl FakeClock {
    /// Time goes on by this much; whoever slept long enough wakes up.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state.lock().unwrap();
        state.now.0 += i64::try_from(duration.as_millis()).unwrap();
        let now = state.now.0;
        for (until, bell) in std::mem::take(&mut state.sleepers) {
            if until <= now {
                bell.send(()).unwrap_or_default();
            } else if !bell.is_closed() {
                state.sleepers.push((until, bell));
            }
        }
    }

    /// Returns when somebody has gone to sleep for `duration` for the `times`th time.
    pub async fn slept(&self, duration: Duration, times: usize) {
        let mut changed = self.changed.subscribe();
        let wait = async {
            while self.times(duration) < times {
                changed.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), wait).await.is_err() {
            panic!("nobody sleeps for {duration:?}; slept so far: {:?}", self.naps());
        }
    }

    pub fn times(&self, duration: Duration) -> usize {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|nap| **nap == duration).count()
    }

    /// How long couriers slept, in order.
    pub fn naps(&self) -> Vec<Duration> {
        let state = self.state.lock().unwrap();
        // The core itself looks every now and then, and every day, what is due.
        let short = state.asked.iter().filter(|nap| **nap < Duration::from_secs(3600));
        let short = short.filter(|nap| **nap != TICK);
        short.copied().collect()
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    async fn sleep(&self, duration: Duration) {
        let (bell, rung) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap();
            let until = state.now.0 + i64::try_from(duration.as_millis()).unwrap();
            state.sleepers.push((until, bell));
            state.asked.push(duration);
        }
        self.changed.send_modify(|count| *count += 1);
        rung.await.unwrap();
    }
}

/// Counts up, so that codes differ; delays get no jitter because fractions begin at 0.
#[derive(Default)]
pub struct FakeDice(Mutex<u8>);

impl Dice for FakeDice {
    fn roll(&self, bytes: &mut [u8]) {
        bytes.fill(0);
        // Jitter is rolled with four bytes.
        if bytes.len() != 4 {
            let mut count = self.0.lock().unwrap();
            bytes[0] = *count;
            *count += 1;
        }
    }
}
