// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many notices there may be.
//!
//! Rule: notices are few. In any stretch of 24 hours no room hears more than its cap, nobody's
//! messages get more than theirs, and of the same thing nothing is said twice within 30 days.

use bridge_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::DAY_MS;

/// How long nothing is said of the same thing again, in milliseconds.
pub const AGAIN_MS: i64 = 30 * DAY_MS;

/// The caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Notices in one room within 24 hours.
    pub room: u32,
    /// Notices below the messages of one person within 24 hours.
    pub person: u32,
    /// When nothing is said.
    pub quiet: Option<Quiet>,
}

/// Hours in which nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Minutes after midnight, inclusive.
    pub from: u16,
    /// Minutes after midnight, exclusive; smaller than `from` when it goes over midnight.
    pub to: u16,
    /// Minutes by which the clocks of the people are ahead of UTC.
    pub offset: i16,
}

/// What was said in a room lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(Vec<Given>);

/// One notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    at: Timestamp,
    /// A keyed hash of whose message it was.
    person: u64,
    /// A keyed hash of what it was about.
    subject: u64,
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was said lately.
    Said,
    /// The room has heard enough.
    Room,
    /// This person has heard enough.
    Person,
    /// It is quiet now.
    Quiet,
}

impl Limits {
    /// Six for a room, two for a person, between 22 and 7 o'clock nothing.
    pub const DEFAULT: Self =
        Self { room: 6, person: 2, quiet: Some(Quiet { from: 22 * 60, to: 7 * 60, offset: 0 }) };
}

impl Quiet {
    /// It is quiet at this moment.
    pub fn holds(self, now: Timestamp) -> bool {
        let minutes = now.0.div_euclid(60_000) + i64::from(self.offset);
        let minute = minutes.rem_euclid(24 * 60);
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }

    /// Reads `22-7`, `22:30-07:00 +2`, `22 - 7 UTC+5:30`; `None` for what is none.
    pub fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim().to_lowercase().replace(['\u{2013}', '\u{2014}', '\u{2212}'], "-");
        let typed = typed.replace("utc", " ").replace("gmt", " ");
        let (from, rest) = typed.split_once('-')?;
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
        let (to, offset) = rest.split_at_checked(end)?;
        let (from, to) = (minutes(from, 24 * 60)?, minutes(to, 24 * 60)?);
        let offset = offset.trim();
        let sign = if offset.starts_with('-') { -1 } else { 1 };
        let hours = match offset.strip_prefix(['+', '-']) {
            Some(hours) => minutes(hours, 14 * 60)?,
            None if offset.is_empty() => 0,
            None => return None,
        };
        let day = 24 * 60;
        Some(Self { from: from % day, to: to % day, offset: sign * i16::try_from(hours).ok()? })
            .filter(|quiet| quiet.from != quiet.to)
    }
}

/// Hours, or hours and minutes, as minutes.
fn minutes(typed: &str, most: u16) -> Option<u16> {
    let (hours, minutes) = typed.trim().split_once(':').unwrap_or((typed.trim(), "0"));
    let minutes: u16 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    let all = hours.parse::<u16>().ok()?.checked_mul(60)?.checked_add(minutes)?;
    (all <= most).then_some(all)
}

impl std::fmt::Display for Quiet {
    /// As it can be read again: `22:00-07:00 UTC+02:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let sign = if self.offset < 0 { '-' } else { '+' };
        let ahead = time(self.offset.unsigned_abs());
        write!(f, "{}-{} UTC{sign}{ahead}", time(self.from), time(self.to))
    }
}

impl Ledger {
    /// Something was said of it lately.
    pub fn knows(&self, now: Timestamp, subject: u64) -> bool {
        let lately = |given: &Given| now.0.saturating_sub(given.at.0) < AGAIN_MS;
        self.0.iter().any(|given| given.subject == subject && lately(given))
    }

    /// Notices that were given within the last 24 hours.
    pub fn lately(&self, now: Timestamp) -> u64 {
        let lately = |given: &&Given| now.0.saturating_sub(given.at.0) < DAY_MS;
        u64::try_from(self.0.iter().filter(lately).count()).unwrap_or(u64::MAX)
    }

    /// Whether a notice may be given now; if so, it is noted as given.
    ///
    /// # Errors
    /// Why it may not.
    pub fn give(
        &mut self,
        limits: &Limits,
        now: Timestamp,
        (person, subject): (u64, u64),
    ) -> Result<(), Refused> {
        if limits.quiet.is_some_and(|quiet| quiet.holds(now)) {
            return Err(Refused::Quiet);
        }
        // A clock that was set back makes nothing younger than now.
        let since = |given: &Given| now.0.saturating_sub(given.at.0);
        self.0.retain(|given| since(given) < AGAIN_MS);
        if self.0.iter().any(|given| given.subject == subject) {
            return Err(Refused::Said);
        }
        let lately = || self.0.iter().filter(|given| since(given) < DAY_MS);
        let most = |cap: u32| usize::try_from(cap).unwrap_or(usize::MAX);
        if lately().filter(|given| given.person == person).count() >= most(limits.person) {
            return Err(Refused::Person);
        }
        if lately().count() >= most(limits.room) {
            return Err(Refused::Room);
        }
        self.0.push(Given { at: now, person, subject });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: Timestamp = Timestamp(20_000 * DAY_MS + DAY_MS / 2);

    fn later(hours: i64) -> Timestamp {
        Timestamp(NOON.0 + hours * 3_600_000)
    }

    #[test]
    fn the_caps_hold() {
        let mut ledger = Ledger::default();
        let limits = Limits { quiet: None, ..Limits::DEFAULT };
        assert_eq!(ledger.give(&limits, NOON, (1, 1)), Ok(()));
        assert_eq!(ledger.give(&limits, NOON, (2, 1)), Err(Refused::Said));
        assert_eq!(ledger.give(&limits, NOON, (1, 2)), Ok(()));
        assert_eq!(ledger.give(&limits, NOON, (1, 3)), Err(Refused::Person));
        for subject in 3..7 {
            assert_eq!(ledger.give(&limits, NOON, (subject, subject)), Ok(()));
        }
        assert_eq!(ledger.give(&limits, NOON, (9, 9)), Err(Refused::Room));
        assert_eq!((ledger.lately(later(23)), ledger.lately(later(24))), (6, 0));
        assert_eq!(ledger.give(&limits, later(24), (1, 9)), Ok(()));
        assert_eq!(ledger.give(&limits, later(30 * 24 - 1), (1, 1)), Err(Refused::Said));
        assert_eq!(ledger.give(&limits, later(30 * 24), (1, 1)), Ok(()));
    }

    #[test]
    fn quiet_hours_are_read_as_people_write_them() {
        let quiet = |from, to, offset| Some(Quiet { from, to, offset });
        for (typed, read) in [
            ("22-7", quiet(22 * 60, 7 * 60, 0)),
            ("22:30 - 07:00 +2", quiet(22 * 60 + 30, 7 * 60, 120)),
            ("23–6 UTC+5:30", quiet(23 * 60, 6 * 60, 330)),
            ("20:00-08:00 utc-3", quiet(20 * 60, 8 * 60, -180)),
            ("24-8", quiet(0, 8 * 60, 0)),
            ("22", None),
            ("22-22", None),
            ("25-7", None),
            ("22-7 CET", None),
            ("22-7 +15", None),
            ("22:75-7", None),
            ("at night", None),
        ] {
            assert_eq!(Quiet::read(typed), read, "{typed}");
            if let Some(read) = read {
                assert_eq!(Quiet::read(&read.to_string()), Some(read));
            }
        }
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_follow_the_clocks_of_people() {
        let quiet = |offset| Quiet { from: 22 * 60, to: 7 * 60, offset };
        let at = |hour: i64| Timestamp(20_000 * DAY_MS + hour * 3_600_000);
        for (hour, offset, holds) in [
            (21, 0, false),
            (22, 0, true),
            (3, 0, true),
            (7, 0, false),
            (21, 60, true),
            (6, 60, false),
        ] {
            assert_eq!(quiet(offset).holds(at(hour)), holds, "{hour} {offset}");
        }
        let none = Quiet { from: 0, to: 0, offset: 0 };
        assert!((0..24).all(|hour| !none.holds(at(hour))));
        let mut ledger = Ledger::default();
        assert_eq!(ledger.give(&Limits::DEFAULT, at(23), (1, 1)), Err(Refused::Quiet));
    }

    proptest! {
        /// Whatever people post and whenever: no window ever holds more than its cap.
        #[test]
        fn no_window_exceeds_its_cap(
            posts in proptest::collection::vec((0_i64..8 * 3_600_000, 0_u64..4, 0_u64..12), 1..200),
            room in 0_u32..8,
            person in 0_u32..4,
            from in 0_u16..1440,
            to in 0_u16..1440,
            offset in -720_i16..840,
        ) {
            let quiet = Quiet { from, to, offset };
            let limits = Limits { room, person, quiet: Some(quiet) };
            let mut ledger = Ledger::default();
            let mut given: Vec<(i64, u64, u64)> = Vec::new();
            let mut now = NOON.0;
            for (wait, who, what) in posts {
                now += wait;
                if ledger.give(&limits, Timestamp(now), (who, what)).is_ok() {
                    prop_assert!(!quiet.holds(Timestamp(now)));
                    given.push((now, who, what));
                }
            }
            for (start, who, what) in &given {
                let within = |long: i64| given.iter().filter(move |(at, ..)| (*start..*start + long).contains(at));
                prop_assert!(within(DAY_MS).count() <= room as usize);
                prop_assert!(within(DAY_MS).filter(|(_, one, _)| one == who).count() <= person as usize);
                prop_assert_eq!(within(AGAIN_MS).filter(|(.., one)| one == what).count(), 1);
            }
        }
    }
}
