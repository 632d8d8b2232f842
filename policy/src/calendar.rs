// SPDX-License-Identifier: AGPL-3.0-or-later
//! Days and weeks as communities count them.
//!
//! Rule: everything is in UTC, and a week begins on Monday; a community's own time zone is an
//! offset that the caller adds.

use bridge_model::Timestamp;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 3600 * 1000;
/// Milliseconds of a week.
pub const WEEK_MS: i64 = 7 * DAY_MS;

/// 1 January 1970 was a Thursday: the Monday before it was three days earlier.
const FIRST_MONDAY_MS: i64 = -3 * DAY_MS;

/// A date of the Gregorian calendar.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

/// The number of a week since the one of 1 January 1970; earlier ones are negative.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Week(pub i32);

impl Week {
    /// The week that a moment lies in.
    pub fn of(moment: Timestamp) -> Self {
        let weeks = moment.0.saturating_sub(FIRST_MONDAY_MS).div_euclid(WEEK_MS);
        Self(i32::try_from(weeks).unwrap_or(i32::MAX))
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        Timestamp(i64::from(self.0) * WEEK_MS + FIRST_MONDAY_MS)
    }

    /// The one `weeks` later.
    #[must_use]
    pub fn plus(self, weeks: i32) -> Self {
        Self(self.0.saturating_add(weeks))
    }
}

impl Date {
    /// The date of a moment.
    pub fn of(moment: Timestamp) -> Self {
        // Days since 1 March of the year 0, so that the leap day is the last of its year; see
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
        let days = moment.0.div_euclid(DAY_MS) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// Its first moment; see `days_from_civil` in the same paper.
    pub fn begins(self) -> Timestamp {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Timestamp((era * 146_097 + day_of_era - 719_468) * DAY_MS)
    }

    /// Reads `2026-11-26`; `None` for what is no date.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let well_formed =
            parts.next().is_none() && digits(year, 4) && digits(month, 2) && digits(day, 2);
        if !well_formed {
            return None;
        }
        let date =
            Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        // 30 February comes back as 2 March.
        (Self::of(date.begins()) == date).then_some(date)
    }
}

impl std::fmt::Display for Date {
    /// As ISO 8601 writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days_have_their_dates() {
        for (text, moment) in
            [("1970-01-01", 0), ("2000-02-29", 951_782_400_000), ("2026-11-26", 1_795_651_200_000)]
        {
            assert_eq!(Date::parse(text).unwrap().begins(), Timestamp(moment));
            assert_eq!(Date::of(Timestamp(moment + DAY_MS - 1)).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "2026-02-30", "2026-13-01", "26-11-26", "2026-11-26-1", "+026-11-26", "tomorrow"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_week_begins_on_monday() {
        let monday = Date::parse("2026-11-23").unwrap().begins();
        let week = Week::of(monday);
        assert_eq!(week.begins(), monday);
        assert_eq!(Week::of(Timestamp(monday.0 - 1)), week.plus(-1));
        assert_eq!(Week::of(Timestamp(monday.0 + WEEK_MS - 1)), week);
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_its_day_and_its_week(moment in -60_000_000_000_000_i64..250_000_000_000_000) {
            let begins = Date::of(Timestamp(moment)).begins().0;
            prop_assert!((begins..begins + DAY_MS).contains(&moment));
            prop_assert_eq!(Date::parse(&Date::of(Timestamp(moment)).to_string()).is_some(), (0..=9999).contains(&Date::of(Timestamp(moment)).year));
            let week = Week::of(Timestamp(moment)).begins().0;
            prop_assert!((week..week + WEEK_MS).contains(&moment));
        }
    }
}
