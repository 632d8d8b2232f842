// SPDX-License-Identifier: AGPL-3.0-or-later
//! A step on a day that was set before.
//!
//! Rule: the day alone moves nothing. When it comes, the gate is looked at as for a step that is
//! asked for now.

use bridge_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::{DAY_MS, Date};
use crate::stage::Stage;

/// Days before the step on which everybody is told.
pub const TOLD_BEFORE: [u32; 3] = [14, 7, 1];

/// A step that was set for a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The stage that begins then.
    pub to: Stage,
    /// The day.
    pub day: Date,
    /// When it was set, and everybody was told the first time.
    pub set_at: Timestamp,
    /// The community's decision.
    pub decision: String,
}

/// A day that cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSchedule {
    /// There is no next stage.
    Last,
    /// It is today or past.
    Past,
    /// People would be told too late: the first day that can be set.
    TooSoon(Date),
}

impl Schedule {
    /// Sets the step from `from` for `day`, with at least `notice` days in between.
    ///
    /// # Errors
    /// [`NoSchedule`].
    pub fn new(
        from: Stage,
        day: Date,
        (now, notice): (Timestamp, u32),
        decision: &str,
    ) -> Result<Self, NoSchedule> {
        let to = from.next().ok_or(NoSchedule::Last)?;
        if day.begins() <= now {
            return Err(NoSchedule::Past);
        }
        let notice = i64::from(notice) * DAY_MS;
        if day.begins().0 < now.0 + notice {
            // The first day that begins after the notice.
            let first = Date::of(Timestamp(now.0 + notice + DAY_MS - 1));
            return Err(NoSchedule::TooSoon(first));
        }
        Ok(Self { to, day, set_at: now, decision: decision.to_owned() })
    }

    /// The moments at which something is due after `now`: how many days are left then. The last one
    /// is the step itself, with 0.
    pub fn due(&self, now: Timestamp) -> Vec<(u32, Timestamp)> {
        let begins = self.day.begins().0;
        let all = TOLD_BEFORE.into_iter().chain([0]);
        all.map(|days| (days, Timestamp(begins - i64::from(days) * DAY_MS)))
            .filter(|(_, moment)| *moment > now)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn noon() -> Timestamp {
        Timestamp(day("2026-11-26").begins().0 + DAY_MS / 2)
    }

    fn set(text: &str, notice: u32) -> Result<Schedule, NoSchedule> {
        Schedule::new(Stage::MatrixFirst, day(text), (noon(), notice), "https://example.org")
    }

    #[test]
    fn everybody_is_told_two_weeks_one_week_and_one_day_ahead() {
        let days = |text| -> Vec<String> {
            let due = set(text, 0).unwrap().due(noon());
            due.into_iter().map(|(days, at)| format!("{days} {}", Date::of(at))).collect()
        };
        assert_eq!(
            days("2026-12-26"),
            ["14 2026-12-12", "7 2026-12-19", "1 2026-12-25", "0 2026-12-26"]
        );
        assert_eq!(days("2026-11-30"), ["1 2026-11-29", "0 2026-11-30"]);
    }

    #[test]
    fn a_day_that_comes_too_soon_is_answered_with_the_first_that_can_be_set() {
        assert_eq!(set("2026-11-26", 0), Err(NoSchedule::Past));
        assert_eq!(set("2026-12-01", 30), Err(NoSchedule::TooSoon(day("2026-12-27"))));
        assert!(set("2026-12-27", 30).is_ok());
        let last = Schedule::new(Stage::Sunset, day("2027-01-01"), (noon(), 0), "");
        assert_eq!(last, Err(NoSchedule::Last));
    }

    proptest! {
        #[test]
        fn the_first_day_that_is_named_can_be_set(
            now in 0_i64..4_000_000_000_000, ahead in 1_i64..100, notice in 0_u32..90,
        ) {
            let wanted = Date::of(Timestamp(now + ahead * DAY_MS));
            let set = |day| Schedule::new(Stage::ReadOnly, day, (Timestamp(now), notice), "");
            if let Err(NoSchedule::TooSoon(first)) = set(wanted) {
                prop_assert!(wanted < first);
                prop_assert!(set(first).is_ok());
                prop_assert!(first.begins().0 - now >= i64::from(notice) * DAY_MS);
            }
        }
    }
}
