// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long nothing was heard, and what Telegram does not keep any more.
//!
//! Rule: all moments here are by the clock of the Bot API server; the one of this machine may be wrong.

use std::time::Duration;

use bot_core::order::Missed;
use bot_core::{Mark, Sink};
use bridge_model::{Place, Timestamp};
use tracing::{error, warn};

use crate::NETWORK;

/// The mark under which it is kept when Telegram was heard last: milliseconds, decimal digits.
const HEARD: &str = "heard";
/// Telegram keeps updates so long, <https://core.telegram.org/bots/api#getting-updates>.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Where nothing is said, the moment is stored so often.
const NOTED: Duration = Duration::from_secs(10 * 60);

/// When Telegram was heard last.
pub(super) struct Heard {
    /// An answer came then.
    last: Option<Timestamp>,
    /// The store knows of that one.
    stored: Option<Timestamp>,
}

impl Heard {
    /// As the process before this one has stored it.
    pub(super) async fn stored(sink: &dyn Sink) -> Self {
        let mark = sink.mark(HEARD).await.ok().flatten();
        let digits = mark.and_then(|it| String::from_utf8(it).ok());
        let at = digits.and_then(|it| it.parse().ok()).map(Timestamp);
        Self { last: at, stored: at }
    }

    /// How long nothing was heard before the answer that comes now, in milliseconds; 0 when nobody
    /// knows.
    pub(super) fn silent_for(&self, now: Option<Timestamp>) -> u64 {
        let silent = now.zip(self.last).map(|(now, last)| now.0.saturating_sub(last.0));
        silent.and_then(|silent| u64::try_from(silent).ok()).unwrap_or_default()
    }

    /// What is to be stored now that an answer has come: that it has, and what is lost since the one
    /// before. `says` is whether something else is stored with it.
    pub(super) async fn marks(
        &mut self,
        sink: &dyn Sink,
        now: Option<Timestamp>,
        says: bool,
    ) -> Vec<Mark> {
        let Some(now) = now else { return Vec::new() };
        let mut marks = Vec::new();
        if let Some(since) = self.last.filter(|last| is_over(*last, now, KEPT)) {
            let until = Timestamp(now.0.saturating_sub(millis(KEPT)));
            warn!(network = NETWORK, "updates that Telegram does not keep any more are missing");
            match sink.linked_chats(&NETWORK.into()).await {
                Ok(chats) => marks.extend(chats.into_iter().map(|chat| {
                    let place = Place { network: NETWORK.into(), chat };
                    Mark::Missed(Missed { place, messages: 0, since, until })
                })),
                Err(error) => error!(network = NETWORK, %error, "nobody is told of that"),
            }
        }
        let due = self.stored.is_none_or(|stored| is_over(stored, now, NOTED));
        if due || says || !marks.is_empty() {
            marks.push(Mark::Set { key: HEARD.to_owned(), value: now.0.to_string().into_bytes() });
        }
        if marks.is_empty() {
            self.last = Some(now);
        }
        marks
    }

    /// The store has taken the marks of the answer that came then.
    pub(super) fn is_stored(&mut self, at: Option<Timestamp>) {
        if at.is_some() {
            (self.last, self.stored) = (at, at);
        }
    }
}

fn is_over(since: Timestamp, now: Timestamp, limit: Duration) -> bool {
    now.0.saturating_sub(since.0) > millis(limit)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
